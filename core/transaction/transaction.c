/* Levels of a transaction, and the verdict on COMMIT. */
#include "transaction/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct level {
  unsigned serial;
  bool asked;    /* its command is under way */
  bool sent;     /* the server has it        */
  char open[96]; /* the command that opens it */
} level;

struct mp_transaction {
  mp_connection *connection;
  level *levels;
  const char **before; /* as many as levels */
  int count, capacity;
  unsigned last_serial;
  char command[96];
  bool read_only;
  mp_xact xact; /* once ASSIGNED it stays */
};

static const char *const isolation_names[] = {
    [MP_ISOLATION_READ_UNCOMMITTED] = "read uncommitted",
    [MP_ISOLATION_READ_COMMITTED] = "read committed",
    [MP_ISOLATION_REPEATABLE_READ] = "repeatable read",
    [MP_ISOLATION_SERIALIZABLE] = "serializable",
};

bool mp_isolation_named(const char *name, mp_isolation *out) {
  for (int i = MP_ISOLATION_READ_UNCOMMITTED; i <= MP_ISOLATION_SERIALIZABLE; i++) {
    if (strcmp(isolation_names[i], name) != 0) continue;
    *out = (mp_isolation)i;
    return true;
  }
  return false;
}

static bool grow(mp_transaction *transaction, mp_error **error) {
  if (transaction->count < transaction->capacity) return true;
  int capacity = transaction->capacity == 0 ? 4 : transaction->capacity * 2;
  level *levels = realloc(transaction->levels, (size_t)capacity * sizeof *levels);
  if (levels == NULL) return mp_error_set_memory(error);
  transaction->levels = levels;
  const char **before = realloc(transaction->before, (size_t)capacity * sizeof *before);
  if (before == NULL) return mp_error_set_memory(error);
  transaction->before = before;
  transaction->capacity = capacity;
  return true;
}

static level *add_level(mp_transaction *transaction, mp_error **error) {
  if (!grow(transaction, error)) return NULL;
  level *added = &transaction->levels[transaction->count++];
  *added = (level){.serial = ++transaction->last_serial};
  return added;
}

mp_transaction *mp_transaction_create(mp_connection *connection, const mp_transaction_options *options,
                                      mp_error **error) {
  mp_transaction *transaction = calloc(1, sizeof *transaction);
  if (transaction == NULL) {
    mp_error_set_memory(error);
    return NULL;
  }
  transaction->connection = connection;
  transaction->read_only = options->read_only;
  transaction->xact.state = MP_XACT_NONE;
  level *first = add_level(transaction, error);
  if (first == NULL) {
    mp_transaction_destroy(transaction);
    return NULL;
  }
  bool has_isolation = options->isolation != MP_ISOLATION_DEFAULT;
  snprintf(first->open, sizeof first->open, "begin%s%s%s%s", has_isolation ? " isolation level " : "",
           has_isolation ? isolation_names[options->isolation] : "", options->read_only ? " read only" : "",
           options->deferrable ? " deferrable" : "");
  return transaction;
}

void mp_transaction_destroy(mp_transaction *transaction) {
  if (transaction == NULL) return;
  free(transaction->levels);
  free(transaction->before);
  free(transaction);
}

int mp_transaction_level(const mp_transaction *transaction) {
  return transaction->count;
}

unsigned mp_transaction_serial(const mp_transaction *transaction, int number) {
  return number < 1 || number > transaction->count ? 0 : transaction->levels[number - 1].serial;
}

bool mp_transaction_push(mp_transaction *transaction, mp_error **error) {
  level *added = add_level(transaction, error);
  if (added == NULL) return false;
  snprintf(added->open, sizeof added->open, "savepoint mp_%u", added->serial);
  return true;
}

const char *const *mp_transaction_before(mp_transaction *transaction, size_t *count) {
  *count = 0;
  for (int i = 0; i < transaction->count; i++) {
    if (!transaction->levels[i].sent) transaction->before[(*count)++] = transaction->levels[i].open;
  }
  return transaction->before;
}

void mp_transaction_asked(mp_transaction *transaction, size_t count) {
  for (int i = 0; i < transaction->count && count > 0; i++) {
    if (transaction->levels[i].sent) continue;
    transaction->levels[i].asked = true;
    count--;
  }
}

void mp_transaction_flushed(mp_transaction *transaction) {
  bool inside = mp_connection_transaction_status(transaction->connection) != MP_OUTSIDE;
  for (int i = 0; i < transaction->count; i++) {
    level *each = &transaction->levels[i];
    each->sent = each->sent || (each->asked && inside);
    each->asked = false;
  }
  if (transaction->xact.state != MP_XACT_ASSIGNED) transaction->xact = mp_connection_xact(transaction->connection);
}

bool mp_transaction_wants_id(const mp_transaction *transaction) {
  return !transaction->read_only && transaction->xact.state != MP_XACT_ASSIGNED;
}

bool mp_transaction_question(const mp_transaction *transaction, mp_question *question) {
  mp_session_state session = mp_connection_session(transaction->connection)->state;
  if (transaction->read_only || transaction->xact.state != MP_XACT_UNASKED || session == MP_SESSION_UNAVAILABLE) {
    return false;
  }
  *question = session == MP_SESSION_KNOWN ? MP_ASK_XACT : MP_ASK_SESSION;
  return true;
}

const char *mp_transaction_keep_command(mp_transaction *transaction) {
  const level *last = &transaction->levels[transaction->count - 1];
  if (!last->sent) return NULL;
  if (transaction->count == 1) return "commit";
  snprintf(transaction->command, sizeof transaction->command, "release savepoint mp_%u", last->serial);
  return transaction->command;
}

/* A savepoint outlives ROLLBACK TO, so it is released as well, in the same text. */
const char *mp_transaction_undo_command(mp_transaction *transaction) {
  const level *last = &transaction->levels[transaction->count - 1];
  if (!last->sent) return NULL;
  if (transaction->count == 1) return "rollback";
  snprintf(transaction->command, sizeof transaction->command, "rollback to savepoint mp_%u; release savepoint mp_%u",
           last->serial, last->serial);
  return transaction->command;
}

void mp_transaction_pop(mp_transaction *transaction) {
  transaction->count--;
}

bool mp_transaction_has_failed(const mp_transaction *transaction) {
  return mp_connection_transaction_status(transaction->connection) == MP_INSIDE_FAILED;
}

/* A transaction that has written nothing has nothing to commit, and may be run again. */
static mp_verdict lost(const mp_transaction *transaction, mp_error **error) {
  if (!transaction->read_only && transaction->xact.state != MP_XACT_NONE) return MP_VERDICT_LOST;
  if (error != NULL) mp_error_put_retryable(*error, true);
  return MP_VERDICT_REFUSED;
}

mp_verdict mp_transaction_judge_commit(const mp_transaction *transaction, mp_step step, const mp_result *result,
                                       mp_error **error) {
  if (step == MP_STEP_FAILED) {
    bool is_lost = mp_connection_state_of(transaction->connection) == MP_CONNECTION_BROKEN;
    return is_lost ? lost(transaction, error) : MP_VERDICT_REFUSED;
  }
  if (result != NULL && strcmp(mp_result_tag(result), "COMMIT") == 0) return MP_VERDICT_COMMITTED;
  mp_error_set(error, MP_ERROR_TRANSACTION, "the server rolled the transaction back instead of committing it");
  return MP_VERDICT_REFUSED;
}

mp_transaction_identity mp_transaction_identify(const mp_transaction *transaction) {
  mp_transaction_identity identity = {.session = *mp_connection_session(transaction->connection)};
  if (transaction->xact.state == MP_XACT_ASSIGNED) identity.id = transaction->xact.id;
  return identity;
}
