/* Connecting: every address of every host in turn, without a call that blocks.
 *
 * libpq resolves names inside PQconnectPoll, so they are resolved here, on a thread, and given as hostaddr. Each
 * address has its share of the time that is left, so that one that drops packets does not take it all. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection/internal.h"

enum { MOST_ADDRESSES = 64, MOST_KEYWORDS = 96 };

typedef struct address {
  char *host;    /* owned; a name, a socket folder, or "" for libpq's default */
  char *port;    /* owned */
  char *numeric; /* owned; NULL: a socket, or not resolved yet */
} address;

/* What the resolver's thread works on; nobody else touches it until it is done. */
typedef struct lookup {
  address asked[MOST_ADDRESSES];
  size_t asked_count;
  address found[MOST_ADDRESSES];
  size_t found_count;
  char failure[256]; /* of the last name that was not found */
  bool no_memory;    /* for an address */
} lookup;

struct mp__dial {
  int64_t deadline;       /* of all */
  int64_t share_deadline; /* of the address that is tried now */
  lookup *lookup;         /* owned by the job once it has started */
  mp_background *job;
  size_t next;       /* the address to try next */
  int pass;          /* prefer-standby looks twice: for a standby, then for any */
  mp_buffer reasons; /* why the addresses so far were of no use */
  bool checking;     /* prepare = "never": a setting is asked for before the first use */
};

/* ---- addresses ---- */

static void address_free(address *entry) {
  free(entry->host);
  free(entry->port);
  free(entry->numeric);
  *entry = (address){0};
}

static void lookup_destroy(void *data) {
  lookup *names = data;
  if (names == NULL) return;
  for (size_t i = 0; i < names->asked_count; i++)
    address_free(&names->asked[i]);
  for (size_t i = 0; i < names->found_count; i++)
    address_free(&names->found[i]);
  free(names);
}

static bool add_address(address *list, size_t *count, const char *host, const char *port, const char *numeric) {
  if (*count == MOST_ADDRESSES) return true; /* more are not tried */
  address *entry = &list[*count];
  entry->host = strdup(host);
  entry->port = strdup(port);
  entry->numeric = numeric == NULL ? NULL : strdup(numeric);
  (*count)++;
  return entry->host != NULL && entry->port != NULL && (numeric == NULL || entry->numeric != NULL);
}

static bool is_name(const char *host) {
  return host[0] != '\0' && host[0] != '/' && host[0] != '@';
}

static void add_found(lookup *names, const address *asked, const char *numeric) {
  bool ok = add_address(names->found, &names->found_count, asked->host, asked->port, numeric);
  names->no_memory = names->no_memory || !ok;
}

static void resolve_one(lookup *names, const address *asked) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
  int code = getaddrinfo(asked->host, NULL, &hints, &list);
  names->no_memory = names->no_memory || code == EAI_MEMORY;
  if (code != 0) {
    snprintf(names->failure, sizeof names->failure, "could not translate host name \"%s\" to address: %s", asked->host,
             gai_strerror(code));
    return;
  }
  for (struct addrinfo *at = list; at != NULL; at = at->ai_next) {
    char numeric[NI_MAXHOST];
    if (getnameinfo(at->ai_addr, at->ai_addrlen, numeric, sizeof numeric, NULL, 0, NI_NUMERICHOST) != 0) continue;
    add_found(names, asked, numeric);
  }
  freeaddrinfo(list);
}

static void run_lookup(void *data) {
  lookup *names = data;
  for (size_t i = 0; i < names->asked_count; i++) {
    const address *asked = &names->asked[i];
    if (asked->numeric == NULL && is_name(asked->host)) {
      resolve_one(names, asked);
    } else {
      add_found(names, asked, asked->numeric);
    }
  }
}

/* The part number `index` of a list with commas, or its only part; "" behind its end. Returns false without memory. */
static bool list_part(const char *list, size_t index, char **part) {
  const char *at = list;
  for (size_t i = 0; i < index && at != NULL; i++) {
    at = strchr(at, ',');
    if (at != NULL) at++;
  }
  if (at == NULL) at = strchr(list, ',') == NULL ? list : "";
  *part = strndup(at, strcspn(at, ","));
  return *part != NULL;
}

static size_t list_count(const char *list) {
  size_t count = 1;
  for (; *list != '\0'; list++)
    count += *list == ',' ? 1 : 0;
  return count;
}

/* A keyword's value: from our settings, or libpq's default (its environment, a service file). */
static const char *effective(const mp_connection *connection, const PQconninfoOption *defaults, const char *keyword) {
  const char *own = mp_settings_get(connection->settings, keyword);
  if (own != NULL && own[0] != '\0') return own;
  for (; defaults != NULL && defaults->keyword != NULL; defaults++) {
    if (strcmp(defaults->keyword, keyword) == 0) return defaults->val == NULL ? "" : defaults->val;
  }
  return "";
}

static bool collect(const mp_connection *connection, lookup *names, mp_error **error) {
  PQconninfoOption *defaults = PQconndefaults();
  if (defaults == NULL) return mp_error_set_memory(error);
  const char *hosts = effective(connection, defaults, "host");
  const char *numerics = effective(connection, defaults, "hostaddr");
  const char *ports = effective(connection, defaults, "port");
  size_t count = numerics[0] != '\0' ? list_count(numerics) : list_count(hosts);
  bool ok = true;
  for (size_t i = 0; i < count && ok; i++) {
    char *host = NULL, *numeric = NULL, *port = NULL;
    ok = list_part(hosts, i, &host) && list_part(numerics, i, &numeric) && list_part(ports, i, &port) &&
         add_address(names->asked, &names->asked_count, host, port, numeric[0] == '\0' ? NULL : numeric);
    free(host);
    free(numeric);
    free(port);
  }
  PQconninfoFree(defaults);
  return ok || mp_error_set_memory(error);
}

static bool needs_lookup(const lookup *names) {
  for (size_t i = 0; i < names->asked_count; i++) {
    if (names->asked[i].numeric == NULL && is_name(names->asked[i].host)) return true;
  }
  return false;
}

/* ---- start and end ---- */

static bool is_prefer_standby(const mp_connection *connection) {
  const char *wanted = mp_settings_get(connection->settings, "target_session_attrs");
  return wanted != NULL && strcmp(wanted, "prefer-standby") == 0;
}

void mp__dial_destroy(mp__dial *dial) {
  if (dial == NULL) return;
  if (dial->job != NULL) {
    mp_background_release(dial->job); /* frees the lookup when its thread is done */
  } else {
    lookup_destroy(dial->lookup);
  }
  mp_buffer_finish(&dial->reasons);
  free(dial);
}

bool mp_connection_connect(mp_connection *connection, int64_t deadline, mp_error **error) {
  if (connection->state != MP_CONNECTION_NEW) {
    return mp_error_set(error, MP_ERROR_USAGE, "the connection is %s already",
                        mp_connection_state_name(connection->state));
  }
  mp__dial *dial = calloc(1, sizeof *dial);
  lookup *names = calloc(1, sizeof *names);
  if (dial == NULL || names == NULL) {
    free(dial);
    free(names);
    return mp_error_set_memory(error);
  }
  int64_t own = mp_clock_after(mp_settings_pool(connection->settings)->connect_timeout);
  dial->deadline = own < deadline ? own : deadline;
  dial->lookup = names;
  mp_buffer_init(&dial->reasons, 16384);
  connection->dial = dial;
  if (!collect(connection, names, error)) return false;
  if (!needs_lookup(names)) {
    run_lookup(names);
    mp__connection_set_state(connection, MP_CONNECTION_CONNECTING);
    return true;
  }
  dial->job = mp_background_start(run_lookup, lookup_destroy, names, error);
  if (dial->job == NULL) {
    dial->lookup = NULL; /* destroyed with the job */
    return false;
  }
  mp__connection_set_state(connection, MP_CONNECTION_RESOLVING);
  return true;
}

/* ---- one address ---- */

static void quiet(void *argument, const PGresult *notice) {
  (void)argument;
  (void)notice;
}

/* ISO dates and all digits of floats are what the codecs read; the user's own options may still say more. */
static bool session_options(const mp_connection *connection, mp_buffer *text) {
  if (mp_settings_pool(connection->settings)->prepare == MP_PREPARE_NEVER) return false; /* PgBouncer refuses any */
  const char *own = mp_settings_get(connection->settings, "options");
  if (own == NULL) own = getenv("PGOPTIONS");
  mp_buffer_addf(text, "-c datestyle=ISO -c extra_float_digits=1%s%s", own == NULL ? "" : " ", own == NULL ? "" : own);
  return true;
}

/* By what start() gives itself. */
static bool is_replaced(const mp_connection *connection, const char *keyword) {
  static const char *const replaced[] = {"host",    "hostaddr",        "port",
                                         "options", "client_encoding", "target_session_attrs"};
  if (strcmp(keyword, "user") == 0) return connection->credential.user != NULL;
  if (strcmp(keyword, "password") == 0) return connection->credential.password != NULL;
  for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++) {
    if (strcmp(keyword, replaced[i]) == 0) return true;
  }
  return false;
}

static const char *session_attributes(const mp_connection *connection) {
  if (!is_prefer_standby(connection)) return mp_settings_get(connection->settings, "target_session_attrs");
  return connection->dial->pass == 0 ? "standby" : "any";
}

/* An empty value lets libpq's own default stand. */
static PGconn *start(const mp_connection *connection, const address *target) {
  const char *keywords[MOST_KEYWORDS], *values[MOST_KEYWORDS];
  const char *const *own_keywords, *const *own_values;
  mp_buffer options;
  mp_buffer_init(&options, 65536);
  bool has_options = session_options(connection, &options);
  const char *attributes = session_attributes(connection);
  const struct {
    const char *keyword, *value;
  } ours[] = {
      {"host", target->host},
      {"hostaddr", target->numeric == NULL ? "" : target->numeric},
      {"port", target->port},
      {"client_encoding", "UTF8"},
      {"fallback_application_name", "moonpool"},
      {"options", has_options ? mp_buffer_text(&options) : ""},
      {"target_session_attrs", attributes == NULL ? "" : attributes},
      {"user", connection->credential.user == NULL ? "" : connection->credential.user},
      {"password", connection->credential.password == NULL ? "" : connection->credential.password},
  };
  size_t count = 0;
  for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++, count++) {
    keywords[count] = ours[i].keyword;
    values[count] = ours[i].value;
  }
  mp_settings_libpq(connection->settings, &own_keywords, &own_values);
  for (size_t i = 0; own_keywords[i] != NULL && count + 1 < MOST_KEYWORDS; i++) {
    if (is_replaced(connection, own_keywords[i])) continue;
    keywords[count] = own_keywords[i];
    values[count++] = own_values[i];
  }
  keywords[count] = values[count] = NULL;
  PGconn *pg = mp_buffer_ok(&options) ? PQconnectStartParams(keywords, values, 0) : NULL;
  mp_buffer_finish(&options);
  if (pg == NULL) return NULL;
  mp__wire_watch(connection->wire, pg);
  PQsetErrorVerbosity(pg, PQERRORS_VERBOSE); /* the only way to the SQLSTATE of a refused connection */
  PQsetNoticeReceiver(pg, quiet, NULL);
  return pg;
}

/* Cuts "FATAL:  28P01: message\nLOCATION:  ..." down to "FATAL: message", and copies the code. */
static void tidy_message(char *message, char *sqlstate) {
  char *location = strstr(message, "\nLOCATION: ");
  if (location != NULL) *location = '\0';
  size_t size = strlen(message);
  while (size > 0 && strchr(" \n\t", message[size - 1]) != NULL)
    message[--size] = '\0';
  static const char code_characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (char *at = strstr(message, ":  "); at != NULL; at = strstr(at + 1, ":  ")) {
    if (strspn(at + 3, code_characters) != 5 || strncmp(at + 8, ": ", 2) != 0) continue;
    memcpy(sqlstate, at + 3, 5);
    sqlstate[5] = '\0';
    memmove(at + 2, at + 10, strlen(at + 10) + 1);
    return;
  }
}

static bool is_final(const char *sqlstate) {
  return strncmp(sqlstate, "28", 2) == 0 || strncmp(sqlstate, "3D", 2) == 0;
}

static void note_reason(mp__dial *dial, const char *reason) {
  if (dial->reasons.size + strlen(reason) + 2 > dial->reasons.limit) return; /* enough was said */
  if (dial->reasons.size > 0) mp_buffer_adds(&dial->reasons, "\n");
  mp_buffer_adds(&dial->reasons, reason);
}

/* ---- the end of the attempt ---- */

static mp_step fail_without_memory(mp_connection *connection, mp_error **error) {
  mp_error_set_memory(error);
  mp__connection_set_state(connection, MP_CONNECTION_BROKEN);
  return MP_STEP_FAILED;
}

static mp_step fail(mp_connection *connection, mp_error_kind kind, const char *sqlstate, mp_error **error) {
  const char *reasons = mp_buffer_text(&connection->dial->reasons);
  if (reasons == NULL) return fail_without_memory(connection, error);
  mp_error_set(error, kind, "%s", reasons);
  if (error != NULL && sqlstate[0] != '\0') mp_error_put(*error, MP_ERROR_SQLSTATE, sqlstate);
  mp__connection_set_state(connection, MP_CONNECTION_BROKEN);
  return MP_STEP_FAILED;
}

static mp_step succeed(mp_connection *connection) {
  PQsetErrorVerbosity(connection->pg, PQERRORS_DEFAULT);
  mp__dial_destroy(connection->dial);
  connection->dial = NULL;
  mp_credential_wipe(&connection->credential);
  mp__connection_set_state(connection, MP_CONNECTION_IDLE);
  return MP_STEP_DONE;
}

static void describe_target(const address *target, char *to, size_t size) {
  const char *port = target->port[0] == '\0' ? "5432" : target->port;
  if (target->numeric != NULL && strcmp(target->numeric, target->host) != 0 && target->host[0] != '\0') {
    snprintf(to, size, "server at \"%s\" (%s), port %s", target->host, target->numeric, port);
  } else if (target->numeric != NULL) {
    snprintf(to, size, "server at \"%s\", port %s", target->numeric, port);
  } else {
    snprintf(to, size, "server on socket \"%s/.s.PGSQL.%s\"", target->host, port);
  }
}

/* ---- checks before the first use ---- */

static const char HINT_ROLE[] = "set it for the role: alter role ... set ...";

static mp_step refuse_session(mp_connection *connection, const char *setting, const char *value, const char *wanted,
                              mp_error **error) {
  mp_error_set(error, MP_ERROR_CONNECTION, "the session's %s is %s; with prepare = \"never\" it has to be %s already",
               setting, value, wanted);
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, HINT_ROLE);
  mp__connection_set_state(connection, MP_CONNECTION_BROKEN);
  return MP_STEP_FAILED;
}

static mp_step check_answer(mp_connection *connection, mp_want *want, mp_error **error) {
  PGconn *pg = connection->pg;
  *want = (mp_want){PQsocket(pg), MP_WANT_READ, connection->dial->deadline};
  if (!PQconsumeInput(pg)) return mp__connection_break(connection, error);
  if (PQisBusy(pg)) return MP_STEP_WAIT;
  PGresult *answer = PQgetResult(pg);
  bool known = answer != NULL && PQresultStatus(answer) == PGRES_TUPLES_OK && PQntuples(answer) == 1;
  int digits = known ? atoi(PQgetvalue(answer, 0, 0)) : 0;
  PQclear(answer);
  while ((answer = PQgetResult(pg)) != NULL)
    PQclear(answer);
  if (!known) return mp__connection_break(connection, error);
  if (digits < 1) return refuse_session(connection, "extra_float_digits", "below 1", "1 or more", error);
  return succeed(connection);
}

/* Without `options` the session's settings are what the server or a pooler made them. */
static mp_step check_session(mp_connection *connection, mp_want *want, mp_error **error) {
  const char *style = PQparameterStatus(connection->pg, "DateStyle");
  if (style == NULL || strncmp(style, "ISO", 3) != 0) {
    return refuse_session(connection, "DateStyle", style == NULL ? "not told" : style, "ISO", error);
  }
  mp__wire_text(connection->wire, "show extra_float_digits");
  if (!PQsendQuery(connection->pg, "show extra_float_digits")) return mp__connection_break(connection, error);
  connection->dial->checking = true;
  return check_answer(connection, want, error);
}

/* ---- steps ---- */

static void hang_up(mp_connection *connection) {
  PQfinish(connection->pg);
  connection->pg = NULL;
}

/* Starts on the next address. Returns false when there is none left. */
static bool next_address(mp_connection *connection, mp_error **error) {
  mp__dial *dial = connection->dial;
  lookup *names = dial->lookup;
  if (dial->next == names->found_count && dial->pass == 0 && is_prefer_standby(connection)) {
    dial->pass = 1;
    dial->next = 0;
  }
  if (dial->next == names->found_count) return false;
  const address *target = &names->found[dial->next++];
  int64_t now = mp_clock_now(), left = (int64_t)(names->found_count - dial->next) + 1;
  dial->share_deadline = dial->deadline == MP_FOREVER ? MP_FOREVER : now + (dial->deadline - now) / left;
  connection->pg = start(connection, target);
  if (connection->pg == NULL) return mp_error_set_memory(error);
  return true;
}

static mp_step on_refused(mp_connection *connection, mp_error **error, bool *again) {
  char sqlstate[6] = "", *message = strdup(PQerrorMessage(connection->pg));
  if (message == NULL) return fail_without_memory(connection, error);
  tidy_message(message, sqlstate);
  bool no_memory = sqlstate[0] == '\0' && mp__is_memory_message(message);
  note_reason(connection->dial, message);
  free(message);
  if (no_memory) return fail_without_memory(connection, error);
  hang_up(connection);
  *again = !is_final(sqlstate) && connection->dial->next < connection->dial->lookup->found_count;
  if (!*again && !is_final(sqlstate) && connection->dial->pass == 0 && is_prefer_standby(connection)) *again = true;
  return *again ? MP_STEP_WAIT : fail(connection, MP_ERROR_CONNECTION, sqlstate, error);
}

static void on_share_over(mp_connection *connection) {
  char target[512], reason[640];
  describe_target(&connection->dial->lookup->found[connection->dial->next - 1], target, sizeof target);
  snprintf(reason, sizeof reason, "connection to %s failed: no answer in time", target);
  note_reason(connection->dial, reason);
  hang_up(connection);
}

static mp_step poll_address(mp_connection *connection, mp_want *want, mp_error **error, bool *again) {
  *again = false;
  PostgresPollingStatusType status = PQstatus(connection->pg) == CONNECTION_BAD ? PGRES_POLLING_FAILED
                                     : connection->waited                       ? PQconnectPoll(connection->pg)
                                                                                : PGRES_POLLING_WRITING;
  connection->waited = true;
  if (status == PGRES_POLLING_FAILED) return on_refused(connection, error, again);
  if (status == PGRES_POLLING_OK) {
    if (PQsetnonblocking(connection->pg, 1) != 0) return mp__connection_break(connection, error);
    bool never = mp_settings_pool(connection->settings)->prepare == MP_PREPARE_NEVER;
    return never ? check_session(connection, want, error) : succeed(connection);
  }
  if (mp_clock_now() >= connection->dial->share_deadline) {
    on_share_over(connection);
    *again = true;
    return MP_STEP_WAIT;
  }
  int events = status == PGRES_POLLING_READING ? MP_WANT_READ : MP_WANT_WRITE;
  *want = (mp_want){PQsocket(connection->pg), events, connection->dial->share_deadline};
  return MP_STEP_WAIT;
}

static mp_step connecting_step(mp_connection *connection, mp_want *want, mp_error **error) {
  if (connection->dial->checking) return check_answer(connection, want, error);
  if (connection->dial->lookup->no_memory) return fail_without_memory(connection, error);
  for (bool again = true; again;) {
    if (connection->pg == NULL) {
      mp_error *failure = NULL;
      connection->waited = false;
      if (!next_address(connection, &failure)) {
        if (failure != NULL) {
          mp_error_move(error, failure);
          mp__connection_set_state(connection, MP_CONNECTION_BROKEN);
          return MP_STEP_FAILED;
        }
        bool late = mp_clock_now() >= connection->dial->deadline;
        return fail(connection, late ? MP_ERROR_TIMEOUT : MP_ERROR_CONNECTION, "", error);
      }
    }
    mp_step step = poll_address(connection, want, error, &again);
    if (!again) return step;
  }
  return MP_STEP_WAIT;
}

mp_step mp__dial_step(mp_connection *connection, mp_want *want, mp_error **error) {
  mp__dial *dial = connection->dial;
  if (connection->state == MP_CONNECTION_CONNECTING) return connecting_step(connection, want, error);
  if (!mp_background_is_done(dial->job)) {
    if (mp_clock_now() >= dial->deadline) {
      note_reason(dial, "the host name was not resolved in time");
      return fail(connection, MP_ERROR_TIMEOUT, "", error);
    }
    *want = (mp_want){mp_background_fd(dial->job), MP_WANT_READ, dial->deadline};
    return MP_STEP_WAIT;
  }
  if (dial->lookup->failure[0] != '\0') note_reason(dial, dial->lookup->failure);
  mp__connection_set_state(connection, MP_CONNECTION_CONNECTING);
  return connecting_step(connection, want, error);
}
