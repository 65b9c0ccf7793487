/* Memory that ends: everything from opening a pool to closing it, with the n-th allocation failing, for n = 1, 2, ...
 * until a run in which none fails; once, and from then on. All of the process may be hit: the pool's own thread, libpq,
 * the C library. Nothing crashes, hangs, leaks or stays on the server, the errors say memory, and the pool works as
 * soon as there is some again.
 *
 * Every n is tried with MOONPOOL_LONG set, otherwise each seventh. */
#include <pwd.h>

#include "../connection/client.h"
#include "codec/json.h"
#include "failing_malloc.h"
#include "transaction/transaction.h"

/* ---- what is done ---- */

static bool read_json(const mp_value *value, mp_error **error) {
  mp_json_tape tape;
  mp_json_tape_init(&tape);
  bool ok = mp_json_read(&tape, value->as.bytes.data, value->as.bytes.size, error);
  mp_json_tape_finish(&tape);
  return ok;
}

static bool use_value(mp_value *value, mp_error **error) {
  mp_buffer text;
  mp_value element;
  if (value->kind == MP_VALUE_NULL) return true;
  if (value->kind == MP_VALUE_JSON) return read_json(value, error);
  mp_buffer_init(&text, 1 << 20);
  bool ok = true;
  if (value->kind == MP_VALUE_ARRAY) {
    mp_error *failure = NULL;
    while (mp_array_next(&value->as.array, &text, &element, &failure))
      continue;
    ok = failure == NULL;
    mp_error_move(error, failure);
  } else {
    ok = mp_value_text(value, &text, error);
  }
  mp_buffer_finish(&text);
  return ok;
}

static bool use_result(const mp_result *result, mp_error **error) {
  mp_buffer scratch;
  mp_buffer_init(&scratch, 1 << 20);
  bool ok = true;
  for (int i = 0; i < mp_result_columns(result) && ok; i++) {
    mp_value value;
    ok = mp_result_cell(result, 0, i, &scratch, &value, error) && use_value(&value, error);
  }
  mp_buffer_finish(&scratch);
  return ok;
}

static bool finish(mp_connection *connection, mp_error **error) {
  if (drive(connection, error) != MP_STEP_DONE) return false;
  mp_error *failure = NULL;
  mp_result *result = mp_connection_take_result(connection, &failure);
  bool ok = result != NULL && use_result(result, &failure);
  mp_result_destroy(result);
  mp_error_move(error, failure);
  return ok;
}

/* A value of each family, each of which comes back in both forms as the statement is used again. */
static const char all_types[] =
    "select $1::text, $2::int8, $3::numeric, $4::timestamptz, $5::interval, $6::uuid, $7::jsonb, $8::int4[], "
    "$9::bytea, $10::float8, $11::bool, $12::date, $13::time, array[1.5, null]::numeric[] as n, '{a,\"b c\"}'::text[] "
    "as t, 'x'::name as x, '{\"k\":[1,2.5,\"\\u00e9\"]}'::json as j, array['{\"a\":1}'::jsonb] as ja";

#define TEXT(text)                                                                                                     \
  {                                                                                                                    \
    .kind = MP_VALUE_TEXT, .as.bytes = { text, sizeof(text) - 1 }                                                      \
  }

static bool ask_for_all(mp_pool *pool, mp_connection *connection, const char *const *before, size_t before_count,
                        mp_error **error) {
  const mp_value values[] = {
      TEXT("text"),
      {.kind = MP_VALUE_INTEGER, .as.integer = 42},
      TEXT("-12345678901234567890.125"),
      {.kind = MP_VALUE_TIMESTAMPTZ, .as.integer = 1234567890},
      {.kind = MP_VALUE_INTERVAL, .as.interval = {.microseconds = 1, .days = 2, .months = 3}},
      TEXT("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
      TEXT("{\"a\":[1,2,{\"b\":\"\\n\"}]}"),
      {.kind = MP_VALUE_ARRAY, .as.bytes = {"{1,2,NULL}", 10}},
      {.kind = MP_VALUE_BYTES, .as.bytes = {"\0\1\2", 3}},
      {.kind = MP_VALUE_FLOAT, .as.number = 1.5},
      {.kind = MP_VALUE_BOOL, .as.boolean = true},
      {.kind = MP_VALUE_DATE, .as.integer = 9000},
      {.kind = MP_VALUE_TIME, .as.integer = 3600000000},
  };
  mp_request request = {.parameters = values,
                        .count = sizeof values / sizeof values[0],
                        .before = before,
                        .before_count = before_count,
                        .ask_xact = before_count > 0,
                        .deadline = mp_clock_after(10)};
  request.statement = mp_statements_get(mp_pool_statements(pool), all_types, strlen(all_types), &request.types, error);
  if (request.statement == NULL) return false;
  bool ok = mp_connection_execute(connection, &request, error) && finish(connection, error);
  mp_types_release(request.types);
  mp_statement_release(request.statement);
  return ok;
}

static bool describe(mp_pool *pool, mp_connection *connection, mp_error **error) {
  static const char sql[] = "select $1::int, $2::text";
  mp_types *types = NULL;
  mp_statement *statement = mp_statements_get(mp_pool_statements(pool), sql, strlen(sql), &types, error);
  if (statement == NULL) return false;
  bool ok = mp_connection_describe(connection, statement, NULL, 0, mp_clock_after(10), error) &&
            drive(connection, error) == MP_STEP_DONE;
  mp_types_release(types);
  mp_statement_release(statement);
  return ok;
}

static bool command(mp_connection *connection, const char *text, mp_error **error) {
  return text == NULL || (mp_connection_command(connection, text, mp_clock_after(10), error) &&
                          drive(connection, error) == MP_STEP_DONE);
}

static bool commit(mp_transaction *transaction, mp_connection *connection, mp_error **error) {
  mp_error *failure = NULL;
  mp_step step = MP_STEP_FAILED;
  if (mp_connection_command(connection, mp_transaction_keep_command(transaction), mp_clock_after(10), &failure)) {
    step = drive(connection, &failure);
  }
  mp_result *result = step == MP_STEP_DONE ? mp_connection_take_result(connection, &failure) : NULL;
  bool ok = failure == NULL || step == MP_STEP_FAILED;
  ok = ok && mp_transaction_judge_commit(transaction, step, result, &failure) == MP_VERDICT_COMMITTED;
  mp_result_destroy(result);
  mp_error_move(error, failure);
  return ok;
}

static bool transact(mp_pool *pool, mp_connection *connection, mp_error **error) {
  mp_transaction *transaction = mp_transaction_create(connection, &(mp_transaction_options){0}, error);
  if (transaction == NULL) return false;
  size_t count;
  bool ok = mp_transaction_push(transaction, error);
  if (ok) {
    const char *const *before = mp_transaction_before(transaction, &count);
    mp_transaction_asked(transaction, count);
    ok = ask_for_all(pool, connection, before, count, error);
    mp_transaction_flushed(transaction);
  }
  ok = ok && command(connection, mp_transaction_undo_command(transaction), error);
  if (ok) mp_transaction_pop(transaction);
  ok = ok && commit(transaction, connection, error);
  mp_transaction_destroy(transaction);
  return ok;
}

/* On one connection: each way to ask for each type, a failing statement, a script, a transaction. */
static bool use(mp_pool *pool, mp_connection *connection, mp_error **error) {
  for (int i = 0; i < 3; i++) {
    if (!ask_for_all(pool, connection, NULL, 0, error)) return false;
  }
  return describe(pool, connection, error) && try_run(connection, "set work_mem = '4MB'; select 1", error) &&
         transact(pool, connection, error);
}

/* ---- settings ---- */

static mp_pool *open_all(const char *url, const char *name, mp_error **error) {
  mp_settings *settings = mp_settings_create(error);
  if (settings == NULL) return NULL;
  bool ok = mp_settings_set_url(settings, url, "test", error) &&
            mp_settings_set(settings, "max_size", "2", NULL, error) &&
            mp_settings_set(settings, "application_name", name, NULL, error);
  mp_pool *pool = ok ? mp_pool_open(settings, error) : NULL;
  mp_settings_destroy(settings);
  return pool;
}

/* ---- one run ---- */

typedef struct run_state {
  const char *url;
  char name[32];
  bool for_ever;
} run_state;

static void check_error(const mp_error *error, long n) {
  if (error == NULL) return;
  mp_error_kind kind = mp_error_kind_of(error);
  bool is_thread = strstr(mp_error_message(error), "cannot start a thread") != NULL;
  if (kind == MP_ERROR_MEMORY || is_thread) return;
  fail_msg("allocation %ld: %s: %s", n, mp_error_kind_name(kind), mp_error_message(error));
}

/* Memory is back: the same pool works. */
static void assert_works(mp_pool *pool, long n) {
  mp_error *error = NULL;
  mp_connection *connection = try_take(pool, NULL, 10, &error);
  if (connection == NULL || !use(pool, connection, &error)) {
    fail_msg("after allocation %ld had failed: %s", n, mp_error_message(error));
  }
  mp_pool_return(pool, connection);
}

/* Returns whether an allocation failed. */
static bool run_failing(const run_state *run, long n) {
  mp_error *error = NULL;
  malloc_fails_at(n, run->for_ever);
  mp_pool *pool = open_all(run->url, run->name, &error);
  mp_connection *connection = pool == NULL ? NULL : try_take(pool, NULL, 10, &error);
  bool ok = connection != NULL && use(pool, connection, &error);
  if (connection != NULL) mp_pool_return(pool, connection);
  bool failed = malloc_fails_no_more() > 0;
  if (ok != (error == NULL)) fail_msg("allocation %ld: %s", n, ok ? "an error that is none" : "no error");
  if (!failed && !ok) fail_msg("nothing has failed: %s", mp_error_message(error));
  check_error(error, n);
  mp_error_free(error);
  if (pool != NULL && failed) assert_works(pool, n);
  mp_pool_release(pool);
  return failed;
}

static void fail_everywhere(bool for_ever) {
  run_state run = {.url = server_url(), .for_ever = for_ever};
  snprintf(run.name, sizeof run.name, "pool-test-%d", (int)getpid());
  getpwnam("nobody of this name"); /* what the C library and libpq make once for the process is there then */
  for (int i = 0; i < 2; i++)
    run_failing(&run, 0);
  long live = atomic_load(&failing_malloc.live), stride = getenv("MOONPOOL_LONG") != NULL ? 1 : 7, n = 1;
  while (run_failing(&run, n)) {
    n += stride;
    if (n / stride % 50 == 0) wait_for(count_sessions() == 0);
  }
  wait_for(count_sessions() == 0);
  wait_for(atomic_load(&failing_malloc.live) <= live);
  print_message("%s: %ld allocations, every %ld of which has failed\n", for_ever ? "for ever" : "once", n, stride);
}

static void an_allocation_that_fails_once_does_no_harm(void **state) {
  (void)state;
  fail_everywhere(false);
}

static void memory_that_ends_does_no_harm(void **state) {
  (void)state;
  fail_everywhere(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_allocation_that_fails_once_does_no_harm),
      cmocka_unit_test(memory_that_ends_does_no_harm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
