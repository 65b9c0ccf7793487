/* The search as a state machine: connect, ask who the server is, ask for the transaction, perhaps end its session. */
#include "transaction/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE (200 * MP_MILLISECOND) /* for a transaction in progress, before its session is ended */
#define PAUSE    (50 * MP_MILLISECOND)  /* between two questions after that                           */

typedef enum stage {
  STAGE_CONNECT,   /* waits for a connection                          */
  STAGE_IDENTIFY,  /* which server, in which generation, is this now? */
  STAGE_ASK,       /* what became of the transaction?                 */
  STAGE_TERMINATE, /* its old session is being ended                  */
  STAGE_PAUSE,
  STAGE_OVER,
} stage;

struct mp_outcome {
  mp_pool *pool; /* owned */
  const mp_holder *holder;
  mp_transaction_identity identity;
  mp_error *lost; /* owned */
  int64_t deadline;
  stage stage;
  mp_checkout *checkout;     /* owned */
  mp_connection *connection; /* owned: goes back to the pool */
  int64_t resume_at;         /* with PAUSE */
  bool has_waited, terminated;
  mp_error *failure; /* owned; the last one on the way, for the detail */
  char command[512];
};

static void let_connection_go(mp_outcome *outcome) {
  mp_checkout_destroy(outcome->checkout);
  outcome->checkout = NULL;
  if (outcome->connection != NULL) mp_pool_return(outcome->pool, outcome->connection);
  outcome->connection = NULL;
}

mp_outcome *mp_outcome_start(mp_pool *pool, const mp_holder *holder, const mp_transaction_identity *identity,
                             const mp_error *lost, int64_t deadline, mp_error **error) {
  mp_outcome *outcome = calloc(1, sizeof *outcome);
  if (outcome == NULL) {
    mp_error_set_memory(error);
    return NULL;
  }
  outcome->pool = mp_pool_retain(pool);
  outcome->holder = holder;
  outcome->identity = *identity;
  outcome->lost = mp_error_copy(lost);
  outcome->deadline = deadline;
  outcome->stage = STAGE_PAUSE; /* which is over at once */
  return outcome;
}

void mp_outcome_destroy(mp_outcome *outcome) {
  if (outcome == NULL) return;
  let_connection_go(outcome);
  mp_pool_release(outcome->pool);
  mp_error_free(outcome->lost);
  mp_error_free(outcome->failure);
  free(outcome);
}

/* ---- verdicts ---- */

static mp_step over(mp_outcome *outcome, mp_step step) {
  let_connection_go(outcome);
  outcome->stage = STAGE_OVER;
  return step;
}

static mp_step committed(mp_outcome *outcome) {
  return over(outcome, MP_STEP_DONE);
}

static void add_loss(const mp_outcome *outcome, mp_error **error) {
  if (error == NULL || outcome->lost == NULL) return;
  mp_error_put(*error, MP_ERROR_SQLSTATE, mp_error_get(outcome->lost, MP_ERROR_SQLSTATE));
  mp_error_put(*error, MP_ERROR_DETAIL, mp_error_message(outcome->lost));
}

static mp_step rolled_back(mp_outcome *outcome, mp_error **error) {
  mp_error_set(error, MP_ERROR_CONNECTION, "the connection was lost at COMMIT, and the transaction was rolled back");
  add_loss(outcome, error);
  if (error != NULL) mp_error_put_retryable(*error, true);
  return over(outcome, MP_STEP_FAILED);
}

static mp_step unknown(mp_outcome *outcome, const char *why, mp_error **error) {
  mp_error_set(error, MP_ERROR_UNKNOWN_OUTCOME,
               "the answer to COMMIT was lost: the transaction may be committed or not");
  add_loss(outcome, error);
  if (error != NULL) {
    mp_error_putf(*error, MP_ERROR_DETAIL, "%s; %s", outcome->lost == NULL ? "" : mp_error_message(outcome->lost), why);
    mp_error_put(*error, MP_ERROR_HINT, "look in the database whether its effects are there before doing it again");
  }
  return over(outcome, MP_STEP_FAILED);
}

/* ---- questions ----
 * From here on MP_STEP_WAIT means that the search goes on, in whatever stage it is now. */

static mp_step pause_for(mp_outcome *outcome, int64_t span) {
  outcome->stage = STAGE_PAUSE;
  outcome->resume_at = mp_clock_now() + span;
  return MP_STEP_WAIT;
}

/* It failed on the way: for want of a connection it is tried again, until the deadline. */
static mp_step try_again(mp_outcome *outcome, mp_error **error) {
  mp_error_kind kind = mp_error_kind_of(outcome->failure);
  let_connection_go(outcome);
  if (kind != MP_ERROR_CONNECTION || mp_clock_now() >= outcome->deadline) {
    return unknown(outcome, mp_error_message(outcome->failure), error);
  }
  return pause_for(outcome, PAUSE);
}

static bool start_checkout(mp_outcome *outcome) {
  outcome->stage = STAGE_CONNECT;
  outcome->checkout = mp_checkout_start(outcome->pool, outcome->holder, outcome->deadline, &outcome->failure);
  return outcome->checkout != NULL;
}

static bool start_identify(mp_outcome *outcome) {
  outcome->stage = STAGE_IDENTIFY;
  return mp_connection_ask(outcome->connection, MP_ASK_SESSION, outcome->deadline, &outcome->failure);
}

static bool start_ask(mp_outcome *outcome) {
  outcome->stage = STAGE_ASK;
  snprintf(outcome->command, sizeof outcome->command,
           "select status, case when status = 'committed' and current_setting('track_commit_timestamp')::bool then "
           "pg_catalog.pg_xact_commit_timestamp('%" PRIu64 "'::xid8::xid) < "
           "(select stats_reset from pg_catalog.pg_stat_bgwriter) end "
           "from (select pg_catalog.pg_xact_status('%" PRIu64 "'::xid8) as status offset 0) as it",
           outcome->identity.id, outcome->identity.id);
  return mp_connection_command(outcome->connection, outcome->command, outcome->deadline, &outcome->failure);
}

/* The numbers are the server's own words of before, checked when they were read. */
static bool start_terminate(mp_outcome *outcome) {
  outcome->stage = STAGE_TERMINATE;
  outcome->terminated = true;
  snprintf(outcome->command, sizeof outcome->command,
           "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity "
           "where pid = %d and pg_catalog.date_part('epoch', backend_start) = %.32s",
           outcome->identity.session.pid, outcome->identity.session.started);
  return mp_connection_command(outcome->connection, outcome->command, outcome->deadline, &outcome->failure);
}

/* ---- answers ---- */

static bool same_generation(const mp_outcome *outcome) {
  const mp_session *then = &outcome->identity.session, *now = mp_connection_session(outcome->connection);
  return then->generation[0] != '\0' && strcmp(then->generation, now->generation) == 0;
}

static mp_step on_identified(mp_outcome *outcome, mp_error **error) {
  const mp_session *now = mp_connection_session(outcome->connection);
  if (now->state != MP_SESSION_KNOWN) return unknown(outcome, "the server does not say which one it is", error);
  if (strcmp(now->system, outcome->identity.session.system) != 0) {
    return unknown(outcome, "the pool now leads to another database cluster", error);
  }
  if (now->generation[0] != '\0') return start_ask(outcome) ? MP_STEP_WAIT : try_again(outcome, error);
  return pause_for(outcome, PATIENCE); /* a standby cannot say: perhaps it will be promoted */
}

static bool cell_is(const mp_result *result, int column, const char *text) {
  mp_buffer scratch = {0};
  mp_value value;
  bool is = mp_result_cell(result, 0, column, &scratch, &value, NULL) && value.kind == MP_VALUE_TEXT &&
            value.as.bytes.size == strlen(text) && memcmp(value.as.bytes.data, text, value.as.bytes.size) == 0;
  mp_buffer_finish(&scratch);
  return is;
}

static bool is_true(const mp_result *result, int column) {
  mp_buffer scratch = {0};
  mp_value value;
  bool is =
      mp_result_cell(result, 0, column, &scratch, &value, NULL) && value.kind == MP_VALUE_BOOL && value.as.boolean;
  mp_buffer_finish(&scratch);
  return is;
}

/* The old session is perhaps about to do it, or to notice that we are gone; a while later it is ended. Behind a pooler
 * it is the pooler's to end. */
static mp_step in_progress(mp_outcome *outcome, mp_error **error) {
  if (!same_generation(outcome)) return rolled_back(outcome, error); /* the id is another's now */
  if (outcome->has_waited && outcome->identity.session.is_direct && !outcome->terminated) {
    return start_terminate(outcome) ? MP_STEP_WAIT : try_again(outcome, error);
  }
  int64_t span = outcome->has_waited ? PAUSE : PATIENCE;
  outcome->has_waited = true;
  return pause_for(outcome, span);
}

static mp_step on_asked(mp_outcome *outcome, mp_error **error) {
  mp_result *result = mp_connection_take_result(outcome->connection, NULL);
  if (result == NULL || mp_result_rows(result) != 1) {
    mp_result_destroy(result);
    return unknown(outcome, "the server gave no answer", error);
  }
  bool is_committed = cell_is(result, 0, "committed"), is_aborted = cell_is(result, 0, "aborted");
  bool is_in_progress = cell_is(result, 0, "in progress"), is_older = is_true(result, 1);
  mp_result_destroy(result);
  if (is_aborted) return rolled_back(outcome, error);
  if (is_in_progress) return in_progress(outcome, error);
  if (!is_committed) return unknown(outcome, "the transaction is too old for the server to know", error);
  if (same_generation(outcome) || is_older) return committed(outcome);
  return unknown(outcome, "the server has crashed since, and may have given the transaction's id to another", error);
}

/* "In the future" is what a server says that has not given out the id yet, or not any more. */
static mp_step on_failed(mp_outcome *outcome, mp_error **error) {
  const char *sqlstate = mp_error_get(outcome->failure, MP_ERROR_SQLSTATE);
  bool is_future = outcome->stage == STAGE_ASK && sqlstate != NULL && strcmp(sqlstate, "22023") == 0;
  return is_future ? rolled_back(outcome, error) : try_again(outcome, error);
}

static mp_step on_done(mp_outcome *outcome, mp_error **error) {
  switch (outcome->stage) {
  case STAGE_CONNECT:
    outcome->connection = mp_checkout_take(outcome->checkout);
    mp_checkout_destroy(outcome->checkout);
    outcome->checkout = NULL;
    return start_identify(outcome) ? MP_STEP_WAIT : try_again(outcome, error);
  case STAGE_IDENTIFY: return on_identified(outcome, error);
  case STAGE_ASK: return on_asked(outcome, error);
  default: return pause_for(outcome, PAUSE);
  }
}

static mp_step after_pause(mp_outcome *outcome, mp_want *want, mp_error **error) {
  int64_t now = mp_clock_now();
  if (now >= outcome->deadline) return unknown(outcome, "there was no answer by the deadline", error);
  *want = (mp_want){.fd = -1, .deadline = outcome->resume_at};
  if (now < outcome->resume_at) return MP_STEP_WAIT;
  bool started = outcome->connection == NULL ? start_checkout(outcome) : start_identify(outcome);
  return started ? MP_STEP_DONE : try_again(outcome, error);
}

/* One step of the stage's own work: DONE when it has ended well and the next may be looked at. */
static mp_step advance(mp_outcome *outcome, mp_want *want) {
  if (outcome->stage == STAGE_CONNECT) return mp_checkout_step(outcome->checkout, want, &outcome->failure);
  return mp_connection_step(outcome->connection, want, &outcome->failure);
}

mp_step mp_outcome_step(mp_outcome *outcome, mp_want *want, mp_error **error) {
  for (;;) {
    mp_step step;
    if (outcome->stage == STAGE_PAUSE) {
      step = after_pause(outcome, want, error);
      if (step != MP_STEP_DONE) return step;
      continue;
    }
    step = advance(outcome, want);
    if (step == MP_STEP_WAIT) return MP_STEP_WAIT;
    step = step == MP_STEP_DONE ? on_done(outcome, error) : on_failed(outcome, error);
    if (step != MP_STEP_WAIT) return step;
  }
}
