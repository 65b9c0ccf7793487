/* What comes back, in whatever state, is lent clean or not at all. */
#include "support.h"

static void rolls_back_what_was_left_open(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  int pid = mp_connection_server_pid(connection);
  run(connection, "create temp table kept (n int)");
  run(connection, "begin");
  run(connection, "insert into kept values (1)");
  mp_pool_return(pool, connection);
  connection = take(pool, NULL);
  assert_int_equal(mp_connection_server_pid(connection), pid);
  assert_int_equal(mp_connection_transaction_status(connection), MP_OUTSIDE);
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

static void rolls_back_a_failed_transaction(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  run(connection, "begin");
  assert_false(try_run(connection, "select 1/0", NULL));
  assert_int_equal(mp_connection_transaction_status(connection), MP_INSIDE_FAILED);
  mp_pool_return(pool, connection);
  connection = take(pool, NULL);
  assert_answers(connection, "select 'fine'", "fine");
  mp_pool_return(pool, connection);
  assert_int_equal(stats_of(pool).connects, 1);
  mp_pool_release(pool);
}

static void undoes_what_the_session_was_told(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  int pid = mp_connection_server_pid(connection);
  run(connection, "set statement_timeout = '77s'");
  run(connection, "create temp table leftover (n int)");
  run(connection, "begin");
  mp_pool_return(pool, connection);
  connection = take(pool, NULL);
  assert_int_equal(mp_connection_server_pid(connection), pid);
  assert_answers(connection, "select current_setting('statement_timeout')", "0");
  assert_answers(connection, "select coalesce(to_regclass('leftover')::text, 'gone')", "gone");
  mp_pool_return(pool, connection);
  wait_for(stats_of(pool).resets > 0);
  mp_pool_release(pool);
}

static void replaces_one_that_comes_back_busy(void **state) {
  (void)state;
  mp_want want;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  int pid = mp_connection_server_pid(connection);
  assert_true(start_plain(pool, connection, "select pg_sleep(60)"));
  assert_int_equal(mp_connection_step(connection, &want, NULL), MP_STEP_WAIT);
  assert_false(mp_connection_needs_reset(connection));
  wait_for(ask("select count(*) from pg_stat_activity where pid = %d and state = 'active'", pid) == 1);
  mp_pool_return(pool, connection);
  wait_for(ask("select count(*) from pg_stat_activity where pid = %d", pid) == 0); /* cancelled, not left to run on */
  connection = take(pool, NULL);
  assert_int_not_equal(mp_connection_server_pid(connection), pid);
  assert_int_equal(stats_of(pool).closed_broken, 1);
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

static void replaces_one_that_broke_in_use(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  mp_checkout *waiting = queue_up(pool, NULL);
  mp_error *error = NULL;
  ask("select pg_terminate_backend(%d)", mp_connection_server_pid(connection));
  assert_false(try_run(connection, "select pg_sleep(10)", &error));
  mp_error_free(error);
  assert_int_equal(mp_connection_state_of(connection), MP_CONNECTION_BROKEN);
  mp_pool_return(pool, connection);
  assert_int_equal(finish_checkout(waiting, NULL), MP_STEP_DONE); /* the next in line gets a new one */
  connection = mp_checkout_take(waiting);
  mp_checkout_destroy(waiting);
  assert_answers(connection, "select 'alive'", "alive");
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

/* Its holder did not notice, but the upkeep thread did, or will. */
static void replaces_one_that_broke_unseen_in_use(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  int pid = mp_connection_server_pid(connection);
  ask("select pg_terminate_backend(%d)", pid);
  wait_for(ask("select count(*) from pg_stat_activity where pid = %d", pid) == 0);
  usleep(20000); /* most likely it has; either way holds */
  mp_pool_return(pool, connection);
  wait_for(stats_of(pool).closed_broken == 1);
  connection = take(pool, NULL);
  assert_answers(connection, "select 'alive'", "alive");
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

static void replaces_one_whose_loss_was_only_looked_at(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  ask("select pg_terminate_backend(%d)", mp_connection_server_pid(connection));
  wait_for(!mp_connection_is_alive(connection)); /* this closes the socket, so that no event will come of it */
  mp_pool_return(pool, connection);
  assert_int_equal(stats_of(pool).closed_broken, 1);
  mp_pool_release(pool);
}

static void replaces_those_that_were_killed_while_idle(void **state) {
  (void)state;
  enum { COUNT = 3 };
  mp_pool *pool = open_pool("max_size", "3");
  mp_connection *connections[COUNT];
  for (int i = 0; i < COUNT; i++)
    connections[i] = take(pool, NULL);
  for (int i = 0; i < COUNT; i++)
    mp_pool_return(pool, connections[i]);
  ask("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'pool-test-%d'",
      (int)getpid());
  wait_for(stats_of(pool).closed_broken == COUNT); /* without anybody asking for one */
  assert_int_equal(stats_of(pool).open, 0);
  for (int i = 0; i < COUNT; i++) {
    connections[i] = take(pool, NULL);
    assert_answers(connections[i], "select 'alive'", "alive");
  }
  for (int i = 0; i < COUNT; i++)
    mp_pool_return(pool, connections[i]);
  mp_pool_release(pool);
}

static void a_waiter_gets_it_once_it_is_clean(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  run(connection, "set work_mem = '5MB'");
  mp_checkout *waiting = queue_up(pool, NULL);
  mp_pool_return(pool, connection);
  assert_int_equal(finish_checkout(waiting, NULL), MP_STEP_DONE);
  assert_ptr_equal(mp_checkout_take(waiting), connection);
  mp_checkout_destroy(waiting);
  assert_answers(connection, "select (setting = reset_val)::text from pg_settings where name = 'work_mem'", "true");
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rolls_back_what_was_left_open),
      cmocka_unit_test(rolls_back_a_failed_transaction),
      cmocka_unit_test(undoes_what_the_session_was_told),
      cmocka_unit_test(replaces_one_that_comes_back_busy),
      cmocka_unit_test(replaces_one_that_broke_in_use),
      cmocka_unit_test(replaces_one_that_broke_unseen_in_use),
      cmocka_unit_test(replaces_one_whose_loss_was_only_looked_at),
      cmocka_unit_test(replaces_those_that_were_killed_while_idle),
      cmocka_unit_test(a_waiter_gets_it_once_it_is_clean),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
