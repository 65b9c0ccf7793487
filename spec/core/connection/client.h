/* Helpers of the tests of core/connection: a statement through a pool, driven to its end, and what became of it. */
#ifndef SPEC_CONNECTION_CLIENT_H
#define SPEC_CONNECTION_CLIENT_H

#include "../pool/support.h"

typedef struct outcome {
  mp_step step;
  mp_error *error;   /* owned */
  mp_result *result; /* owned */
  mp_connection_state left;
  int64_t took;
} outcome;

UNUSED static void outcome_finish(outcome *self) {
  mp_error_free(self->error);
  mp_result_destroy(self->result);
  *self = (outcome){0};
}

UNUSED static mp_step drive(mp_connection *connection, mp_error **error) {
  mp_want want;
  mp_step step;
  int64_t limit = mp_clock_after(30);
  while ((step = mp_connection_step(connection, &want, error)) == MP_STEP_WAIT) {
    if (mp_clock_now() > limit) fail_msg("a step still waits after 30 s");
    if (want.deadline > limit) want.deadline = limit;
    mp_wait_poll(&want);
  }
  return step;
}

/* A statement whose parameters, $1 to $n, are all the text "x". */
UNUSED static bool start_statement(mp_pool *pool, mp_connection *connection, const char *sql, double seconds,
                                   mp_error **error) {
  mp_value values[8];
  for (size_t i = 0; i < 8; i++)
    values[i] = (mp_value){.kind = MP_VALUE_TEXT, .as.bytes = {"x", 1}};
  mp_request request = {.parameters = values, .deadline = mp_clock_after(seconds)};
  mp_statements *statements = mp_pool_statements(pool);
  request.statement = mp_statements_get(statements, sql, strlen(sql), &request.types, error);
  if (request.statement == NULL) return false;
  request.count = (size_t)mp_statement_sql(request.statement)->positions;
  bool ok = mp_connection_execute(connection, &request, error);
  mp_types_release(request.types);
  mp_statement_release(request.statement);
  return ok;
}

typedef bool start_work(mp_pool *pool, mp_connection *connection, const char *sql, double seconds, mp_error **error);

UNUSED static bool start_script(mp_pool *pool, mp_connection *connection, const char *sql, double seconds,
                                mp_error **error) {
  (void)pool;
  return mp_connection_script(connection, sql, mp_clock_after(seconds), error);
}

/* Runs it on a connection that is held. */
UNUSED static outcome run_on(mp_pool *pool, mp_connection *connection, start_work *begin, const char *sql,
                             double seconds) {
  outcome end = {.step = MP_STEP_FAILED};
  int64_t begun = mp_clock_now();
  if (begin(pool, connection, sql, seconds, &end.error)) end.step = drive(connection, &end.error);
  if (end.step == MP_STEP_DONE) end.result = mp_connection_take_result(connection, &end.error);
  end.took = mp_clock_now() - begun;
  end.left = mp_connection_state_of(connection);
  return end;
}

/* Runs it on a connection of the pool, which goes back. */
UNUSED static outcome run_in(mp_pool *pool, start_work *begin, const char *sql, double seconds) {
  outcome end = {.step = MP_STEP_FAILED, .left = MP_CONNECTION_NEW};
  int64_t begun = mp_clock_now();
  mp_connection *connection = try_take(pool, NULL, 10, &end.error);
  if (connection != NULL) {
    end = run_on(pool, connection, begin, sql, seconds);
    mp_pool_return(pool, connection);
  }
  end.took = mp_clock_now() - begun;
  return end;
}

/* The text of the only cell. */
UNUSED static void assert_cell(const mp_result *result, const char *expected) {
  mp_error *error = NULL;
  mp_value value;
  mp_buffer scratch;
  mp_buffer_init(&scratch, 1 << 16);
  assert_non_null(result);
  assert_int_equal(mp_result_rows(result), 1);
  assert_int_equal(mp_result_columns(result), 1);
  bool ok = mp_result_cell(result, 0, 0, &scratch, &value, &error);
  assert_no_error(error);
  assert_true(ok);
  assert_int_equal(value.as.bytes.size, strlen(expected));
  assert_memory_equal(value.as.bytes.data, expected, strlen(expected));
  mp_buffer_finish(&scratch);
}

UNUSED static void assert_failed(const outcome *end, const char *what, mp_error_kind kind, const char *says) {
  if (end->step != MP_STEP_FAILED || end->error == NULL) fail_msg("%s: it did not fail", what);
  if (mp_error_kind_of(end->error) != kind || strstr(mp_error_message(end->error), says) == NULL) {
    fail_msg("%s: expected %s with \"%s\", got %s: %s", what, mp_error_kind_name(kind), says,
             mp_error_kind_name(mp_error_kind_of(end->error)), mp_error_message(end->error));
  }
}

#endif
