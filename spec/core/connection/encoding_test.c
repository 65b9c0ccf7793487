/* Sessions speak UTF-8: one that was set to something else takes no statement until it does again. */
#include "client.h"

static void assert_refused(mp_pool *pool, mp_connection *connection, start_work *begin) {
  outcome end = run_on(pool, connection, begin, "select 'x'", 5);
  assert_failed(&end, "select", MP_ERROR_USAGE, "client_encoding is LATIN1");
  assert_int_equal(end.left, MP_CONNECTION_IDLE);
  outcome_finish(&end);
}

static void set(mp_pool *pool, mp_connection *connection, const char *sql) {
  outcome end = run_on(pool, connection, start_statement, sql, 5);
  assert_no_error(end.error);
  outcome_finish(&end);
}

static void another_encoding_is_refused(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  set(pool, connection, "set client_encoding = 'latin1'");
  assert_refused(pool, connection, start_statement);
  assert_refused(pool, connection, start_script);
  set(pool, connection, "reset client_encoding");
  assert_answers(connection, "select 'ä'", "ä");
  set(pool, connection, "set client_encoding = 'latin1'");
  mp_pool_return(pool, connection);
  connection = take(pool, NULL);
  assert_answers(connection, "select 'ä'", "ä");
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(another_encoding_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
