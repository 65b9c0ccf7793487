/* The end of a transaction or savepoint: COMMIT and its kin, and what became of a COMMIT without an answer. */
#include "call.h"

#include "error.h"

#define LEAST_SEARCH 5.0 /* seconds to find out what became of a COMMIT, though the transaction's time is over */

/* The innermost level is over, whatever became of the command that ended it. */
static void close_level(mpb_lease *lease) {
  mp_transaction_pop(lease->transaction);
  if (mp_transaction_level(lease->transaction) > 0) return;
  mp_transaction_destroy(lease->transaction);
  lease->transaction = NULL;
  lease->deadline = MP_FOREVER;
}

/* `retryable`: COMMIT was not sent. */
static void fail_at_end(lua_State *L, mpb_call *call, bool retryable) {
  mpb_lease *lease = call->lease;
  if (retryable) mp_error_put_retryable(mpb_runtime_of(L)->error, true);
  mpb_call_let_connection_go(call);
  close_level(lease);
  mpb_call_fail(L, call);
}

/* COMMIT goes out once it is known what to look for if its answer does not come. */
static bool asks_first(lua_State *L, mpb_call *call) {
  mp_transaction *transaction = call->lease->transaction;
  mp_question question;
  if (mp_transaction_level(transaction) > 1 || !mp_transaction_question(transaction, &question)) return false;
  mpb_call_use_connection(call, STAGE_ASK);
  if (!mp_connection_ask(call->connection, question, call->deadline, mpb_error_slot(L))) fail_at_end(L, call, true);
  return true;
}

/* A transaction that has failed, or whose time is over, is undone, whatever was wanted. */
void mpb_call_end_level(lua_State *L, mpb_call *call) {
  mp_transaction *transaction = call->lease->transaction;
  call->late = call->keep && call->lease->deadline <= mp_clock_now();
  call->undone = call->late || (call->keep && mp_transaction_has_failed(transaction));
  if (call->late) call->deadline = mp_clock_after(MPB_ROLLBACK_PATIENCE);
  bool keep = call->keep && !call->undone;
  call->operation.shielded = true;
  if (keep && mpb_call_has_pipeline(call) && asks_first(L, call)) return;
  const char *command = keep ? mp_transaction_keep_command(transaction) : mp_transaction_undo_command(transaction);
  mpb_call_use_connection(call, STAGE_END);
  if (command == NULL) {
    call->stage = STAGE_DONE;
    return;
  }
  bool was_lost = mp_connection_state_of(call->connection) == MP_CONNECTION_BROKEN;
  if (mp_connection_command(call->connection, command, call->deadline, mpb_error_slot(L))) return;
  if (was_lost) fail_at_end(L, call, true);
  call->operation.step = MP_STEP_FAILED; /* some of it may have gone out */
  mp_error_move(&call->operation.error, mpb_runtime_of(L)->error);
  mpb_runtime_of(L)->error = NULL;
  mpb_call_on_level_ended(L, call);
}

static mp_step advance_outcome(void *self, mp_want *want, mp_error **error) {
  return mp_outcome_step(((mpb_call *)self)->outcome, want, error);
}

/* The connection is lost and goes back at once: the search may need its place in the pool. */
static void find_out(lua_State *L, mpb_call *call) {
  mpb_lease *lease = call->lease;
  mp_transaction_identity identity = mp_transaction_identify(lease->transaction);
  double patience = mp_settings_pool(mp_pool_settings_of(call->pool))->checkout_timeout;
  int64_t least = mp_clock_after(LEAST_SEARCH);
  int64_t deadline = call->deadline < least ? least : call->deadline;
  if (call->deadline == MP_FOREVER) deadline = mp_clock_after(patience);
  mpb_call_let_connection_go(call);
  mpb_lease_lose_connection(lease);
  mp_error *lost = call->operation.error;
  call->operation.error = NULL;
  call->outcome = mp_outcome_start(call->pool, &lease->holder, &identity, lost, deadline, mpb_error_slot(L));
  mp_error_free(lost);
  if (call->outcome == NULL) fail_at_end(L, call, false);
  call->stage = STAGE_FIND_OUT;
  call->operation.advance = advance_outcome;
  call->operation.cancel = NULL;
  call->operation.what = "outcome";
}

static void on_commit_answered(lua_State *L, mpb_call *call) {
  mp_transaction *transaction = call->lease->transaction;
  if (call->operation.step == MP_STEP_DONE) call->result = mp_connection_take_result(call->connection, NULL);
  mp_verdict verdict =
      mp_transaction_judge_commit(transaction, call->operation.step, call->result, &call->operation.error);
  if (verdict == MP_VERDICT_LOST) {
    find_out(L, call);
    return;
  }
  call->stage = STAGE_DONE;
  if (verdict == MP_VERDICT_COMMITTED) return;
  mpb_call_keep_error(L, call);
  fail_at_end(L, call, false);
}

void mpb_call_on_level_ended(lua_State *L, mpb_call *call) {
  bool is_commit = call->keep && !call->undone && mp_transaction_level(call->lease->transaction) == 1;
  if (is_commit) {
    on_commit_answered(L, call);
    return;
  }
  call->stage = STAGE_DONE;
  if (call->operation.step == MP_STEP_DONE) return;
  mpb_call_keep_error(L, call);
  fail_at_end(L, call, false);
}

void mpb_call_on_asked(lua_State *L, mpb_call *call) {
  mp_transaction_flushed(call->lease->transaction);
  if (call->operation.step == MP_STEP_DONE) {
    mpb_call_end_level(L, call);
    return;
  }
  mpb_call_keep_error(L, call);
  fail_at_end(L, call, true);
}

void mpb_call_on_found_out(lua_State *L, mpb_call *call) {
  call->stage = STAGE_DONE;
  if (call->operation.step == MP_STEP_DONE) return;
  mpb_call_keep_error(L, call);
  close_level(call->lease);
  mpb_call_fail(L, call);
}

int mpb_call_end_answer(lua_State *L, mpb_call *call) {
  bool undone = call->undone, late = call->late;
  mpb_call_let_connection_go(call);
  close_level(call->lease);
  mpb_call_release(call);
  if (!undone) return 0;
  mp_error **error = mpb_error_slot(L);
  if (late) {
    mp_error_set(error, MP_ERROR_TIMEOUT, "the transaction was rolled back, since its time was over");
    return mpb_raise(L);
  }
  mp_error_set(error, MP_ERROR_TRANSACTION,
               "the transaction was rolled back, since a statement in it had failed and the failure was swallowed");
  mp_error_put(*error, MP_ERROR_HINT, "run what may fail in a tx:transaction(...) of its own");
  return mpb_raise(L);
}
