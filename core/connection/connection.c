/* The state machine's frame: life, steps, cancelling, and what others may ask. */
#include "connection/connection.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/trace.h"
#include "connection/internal.h"

static const double CANCEL_PATIENCE = 5; /* seconds */
static const double CANCEL_PAUSE = 0.05; /* seconds, before it is asked again; each time twice as long */

static const char *const state_names[] = {
    [MP_CONNECTION_NEW] = "new",
    [MP_CONNECTION_RESOLVING] = "resolving",
    [MP_CONNECTION_CONNECTING] = "connecting",
    [MP_CONNECTION_IDLE] = "idle",
    [MP_CONNECTION_BUSY] = "busy",
    [MP_CONNECTION_CANCELLING] = "cancelling",
    [MP_CONNECTION_BROKEN] = "broken",
};

/* Every edge of the machine; BROKEN can be reached from anywhere. */
static bool is_edge(mp_connection_state from, mp_connection_state to) {
  switch (to) {
  case MP_CONNECTION_NEW: return false;
  case MP_CONNECTION_RESOLVING: return from == MP_CONNECTION_NEW;
  case MP_CONNECTION_CONNECTING: return from == MP_CONNECTION_NEW || from == MP_CONNECTION_RESOLVING;
  case MP_CONNECTION_IDLE:
    return from == MP_CONNECTION_CONNECTING || from == MP_CONNECTION_BUSY || from == MP_CONNECTION_CANCELLING;
  case MP_CONNECTION_BUSY: return from == MP_CONNECTION_IDLE;
  case MP_CONNECTION_CANCELLING: return from == MP_CONNECTION_BUSY;
  case MP_CONNECTION_BROKEN: return true;
  }
  return false;
}

void mp__connection_set_state(mp_connection *connection, mp_connection_state state) {
  assert(is_edge(connection->state, state));
  (void)is_edge;
  connection->state = state;
}

mp_step mp__connection_break(mp_connection *connection, mp_error **error) {
  mp__libpq_error(connection->pg, MP_ERROR_CONNECTION, error);
  mp__connection_set_state(connection, MP_CONNECTION_BROKEN);
  return MP_STEP_FAILED;
}

static void start_trace(mp_connection *connection, unsigned topics) {
  if (topics != 0) connection->number = mp_trace_number();
  if ((topics & MP_TRACE_WIRE) != 0) connection->wire = mp__wire_open(connection->number);
}

mp_connection *mp_connection_create(const mp_settings *settings, mp_statements *statements, mp_error **error) {
  mp_connection *connection = calloc(1, sizeof *connection);
  if (connection != NULL) {
    connection->settings = settings;
    connection->statements = statements;
    connection->parameters.bytes.limit = INT32_MAX;
    connection->leaving_fd = -1;
    if (mp__last_init(&connection->last)) {
      if (mp__prepared_init(connection)) {
        start_trace(connection, mp_settings_pool(settings)->trace);
        return connection;
      }
      mp__last_finish(&connection->last);
    }
  }
  free(connection);
  mp_error_set_memory(error);
  return NULL;
}

void mp_connection_set_credential(mp_connection *connection, mp_credential *credential) {
  mp_credential_wipe(&connection->credential);
  connection->credential = *credential;
  *credential = (mp_credential){0};
}

/* ---- cancelling ---- */

static void run_cancel(void *data) {
  char message[256];
  PQcancel(data, message, sizeof message); /* whether it worked shows in the statement's own answer */
}

static void destroy_cancel(void *data) {
  PQfreeCancel(data);
}

static mp_background *start_cancel(mp_connection *connection) {
  PGcancel *cancel = PQgetCancel(connection->pg);
  return cancel == NULL ? NULL : mp_background_start(run_cancel, destroy_cancel, cancel, NULL);
}

void mp_connection_cancel(mp_connection *connection) {
  if (connection->state != MP_CONNECTION_BUSY) return;
  connection->cancel = start_cancel(connection);
  connection->cancel_deadline = mp_clock_after(CANCEL_PATIENCE);
  connection->cancel_pause = CANCEL_PAUSE;
  connection->cancel_again = mp_clock_after(CANCEL_PAUSE);
  mp__connection_set_state(connection, MP_CONNECTION_CANCELLING);
}

/* One that overtakes its statement on the way to the server hits nothing, and nobody is told: so it is asked again
 * while the answer is awaited. */
static void repeat_cancel(mp_connection *connection, mp_want *want) {
  if (mp_clock_now() >= connection->cancel_again) {
    if (connection->cancel == NULL || mp_background_is_done(connection->cancel)) {
      mp_background_release(connection->cancel);
      connection->cancel = start_cancel(connection);
    }
    connection->cancel_pause *= 2;
    connection->cancel_again = mp_clock_after(connection->cancel_pause);
  }
  if (connection->cancel_again < want->deadline) want->deadline = connection->cancel_again;
}

void mp_connection_close(mp_connection *connection) {
  if (connection == NULL) return;
  if (connection->state == MP_CONNECTION_BUSY) mp_background_release(start_cancel(connection));
  mp__dial_destroy(connection->dial);
  mp_credential_wipe(&connection->credential);
  mp__work_clear(connection);
  mp__prepared_forget_all(connection);
  mp_lru_finish(&connection->known);
  mp__parameters_finish(&connection->parameters);
  mp_type_set_release(connection->own_types);
  PQfinish(connection->pg);
  mp__wire_close(connection->wire);
  mp__leave_finish(connection);
  mp__last_finish(&connection->last);
  free(connection);
}

/* ---- steps ---- */

static mp_step give_up_cancelling(mp_connection *connection, mp_error **error) {
  mp_error_set(error, connection->timed_out ? MP_ERROR_TIMEOUT : MP_ERROR_CANCELLED,
               "the server did not answer to a cancel within %.0f s; the connection is given up", CANCEL_PATIENCE);
  if (error != NULL && connection->statement != NULL) {
    mp_error_put(*error, MP_ERROR_STATEMENT, mp_statement_source(connection->statement));
  }
  mp__connection_set_state(connection, MP_CONNECTION_BROKEN);
  return MP_STEP_FAILED;
}

mp_step mp__work_step(mp_connection *connection, mp_want *want, mp_error **error) {
  mp_step step = mp__receive(connection, want, error);
  if (step != MP_STEP_WAIT) return step;
  bool is_late = want->deadline != MP_FOREVER && mp_clock_now() >= want->deadline;
  if (connection->state == MP_CONNECTION_CANCELLING) {
    if (is_late) return give_up_cancelling(connection, error);
    if (!connection->complete) repeat_cancel(connection, want);
  } else if (is_late) {
    connection->timed_out = true;
    mp_connection_cancel(connection);
    want->deadline = connection->cancel_again;
  }
  return MP_STEP_WAIT;
}

mp_step mp_connection_step(mp_connection *connection, mp_want *want, mp_error **error) {
  if (connection->is_leaving) return mp__leave_step(connection, want);
  switch (connection->state) {
  case MP_CONNECTION_RESOLVING:
  case MP_CONNECTION_CONNECTING: return mp__dial_step(connection, want, error);
  case MP_CONNECTION_BUSY:
  case MP_CONNECTION_CANCELLING: return mp__work_step(connection, want, error);
  case MP_CONNECTION_IDLE: return MP_STEP_DONE;
  case MP_CONNECTION_NEW:
  case MP_CONNECTION_BROKEN: break;
  }
  mp_error_set(error, MP_ERROR_CONNECTION, "the connection is %s", mp_connection_state_name(connection->state));
  return MP_STEP_FAILED;
}

bool mp_connection_is_stale(const mp_connection *connection) {
  return connection->stale;
}

mp_result *mp_connection_take_result(mp_connection *connection, mp_error **error) {
  PGresult *answer = connection->answer;
  connection->answer = NULL;
  return answer == NULL ? NULL : mp__result_create(answer, connection, error);
}

/* ---- questions ---- */

mp_connection_state mp_connection_state_of(const mp_connection *connection) {
  return connection->state;
}

const char *mp_connection_state_name(mp_connection_state state) {
  return state_names[state];
}

mp_transaction_status mp_connection_transaction_status(const mp_connection *connection) {
  switch (PQtransactionStatus(connection->pg)) {
  case PQTRANS_INTRANS: return MP_INSIDE;
  case PQTRANS_INERROR: return MP_INSIDE_FAILED;
  case PQTRANS_IDLE:
  case PQTRANS_ACTIVE:
  case PQTRANS_UNKNOWN: break;
  }
  return MP_OUTSIDE;
}

const mp_session *mp_connection_session(const mp_connection *connection) {
  return &connection->session;
}

mp_xact mp_connection_xact(const mp_connection *connection) {
  return connection->xact;
}

bool mp_connection_needs_reset(const mp_connection *connection) {
  return connection->needs_reset || mp__has_other_encoding(connection);
}

bool mp_connection_is_spoiled(const mp_connection *connection) {
  return connection->spoiled;
}

void mp_connection_keep_session(mp_connection *connection) {
  connection->needs_reset = connection->spoiled = false;
}

bool mp_connection_is_alive(mp_connection *connection) {
  if (connection->state == MP_CONNECTION_BROKEN || PQstatus(connection->pg) != CONNECTION_OK) return false;
  char byte;
  ssize_t size = recv(PQsocket(connection->pg), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  bool has_nothing = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  if (has_nothing) return true; /* the usual case */
  /* A notice or a new setting is harmless; the last words of a server that is going away are not. libpq looks at its
   * end in any case, and closes the socket. */
  bool is_read = PQconsumeInput(connection->pg) && PQconsumeInput(connection->pg);
  return size > 0 && is_read && PQstatus(connection->pg) == CONNECTION_OK;
}

int mp_connection_server_pid(const mp_connection *connection) {
  return PQbackendPID(connection->pg);
}

int mp_connection_server_version(const mp_connection *connection) {
  return PQserverVersion(connection->pg);
}

int mp_connection_fd(const mp_connection *connection) {
  return connection->pg == NULL ? -1 : PQsocket(connection->pg);
}

static const char *about_tls(PGconn *pg, const char *attribute) {
  return PQsslInUse(pg) ? PQsslAttribute(pg, attribute) : NULL;
}

const char *mp_connection_about(const mp_connection *connection, const char *name) {
  static const struct {
    const char *name;
    char *(*get)(const PGconn *pg);
  } known[] = {{"host", PQhost}, {"hostaddr", PQhostaddr}, {"port", PQport}, {"user", PQuser}, {"dbname", PQdb}};
  if (connection->pg == NULL) return NULL;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strcmp(known[i].name, name) == 0) return known[i].get(connection->pg);
  }
  if (strcmp(name, "tls") == 0) return about_tls(connection->pg, "protocol");
  if (strcmp(name, "cipher") == 0) return about_tls(connection->pg, "cipher");
  return PQparameterStatus(connection->pg, name);
}

int mp_connection_library_version(void) {
  return PQlibVersion();
}

unsigned mp_connection_number(const mp_connection *connection) {
  return connection->number;
}

void mp_connection_set_owner(mp_connection *connection, void *owner) {
  connection->owner = owner;
}

void *mp_connection_owner(const mp_connection *connection) {
  return connection->owner;
}
