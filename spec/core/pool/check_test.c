/* Connections that are idle for long: the server has to answer before they are lent, and nobody waits for that. A
 * server that vanishes without a word is a backend that is stopped. */
#include <signal.h>

#include "support.h"

static void stop(mp_connection *connection) {
  assert_int_equal(kill(mp_connection_server_pid(connection), SIGSTOP), 0);
}

static void asks_while_nobody_waits(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1", "health_check", "100ms");
  mp_connection *connection = take(pool, NULL);
  int pid = mp_connection_server_pid(connection);
  mp_pool_return(pool, connection);
  wait_for(stats_of(pool).checks >= 3 && stats_of(pool).idle == 1);
  connection = take(pool, NULL);
  assert_int_equal(mp_connection_server_pid(connection), pid);
  assert_false(mp_connection_needs_reset(connection));
  mp_pool_return(pool, connection);
  assert_int_equal(stats_of(pool).connects, 1);
  mp_pool_release(pool);
}

static void never_asks_when_told_so(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1", "health_check", "0");
  mp_pool_return(pool, take(pool, NULL));
  usleep(200000);
  mp_pool_return(pool, take(pool, NULL));
  assert_int_equal(stats_of(pool).checks, 0);
  mp_pool_release(pool);
}

static void a_silent_one_is_replaced_and_nobody_waits_for_it(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "2", "health_check", "100ms", "connect_timeout", "1s");
  mp_connection *connection = take(pool, NULL);
  int pid = mp_connection_server_pid(connection);
  stop(connection);
  mp_pool_return(pool, connection);
  wait_for(stats_of(pool).checks == 1);
  int64_t begun = mp_clock_now();
  connection = take(pool, NULL);
  assert_true(mp_clock_now() - begun < 700 * MP_MILLISECOND);
  assert_int_not_equal(mp_connection_server_pid(connection), pid);
  assert_answers(connection, "select 'alive'", "alive");
  wait_for(stats_of(pool).closed_broken == 1);
  kill(pid, SIGCONT);
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

/* The upkeep thread waits for the first one's answer, and has asked no other. */
static void one_that_nobody_has_asked_is_not_lent(void **state) {
  (void)state;
  enum { COUNT = 3 };
  mp_pool *pool = open_pool("max_size", "4", "health_check", "100ms", "connect_timeout", "1s");
  mp_connection *connections[COUNT];
  int pids[COUNT];
  for (int i = 0; i < COUNT; i++) {
    connections[i] = take(pool, NULL);
    pids[i] = mp_connection_server_pid(connections[i]);
  }
  for (int i = 0; i < COUNT; i++) {
    stop(connections[i]);
    mp_pool_return(pool, connections[i]);
  }
  usleep(150000);
  assert_int_equal(stats_of(pool).checks, 1);
  mp_connection *connection = take(pool, NULL);
  assert_int_equal(stats_of(pool).checks, COUNT);
  assert_answers(connection, "select 'alive'", "alive");
  wait_for(stats_of(pool).closed_broken == COUNT);
  for (int i = 0; i < COUNT; i++)
    kill(pids[i], SIGCONT);
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

static void checking_opens_no_spare_ones_and_keeps_the_order(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "4", "min_idle", "2", "health_check", "400ms");
  wait_for(stats_of(pool).idle == 2);
  mp_connection *used_last = take(pool, NULL);
  wait_for(stats_of(pool).idle == 2);
  mp_pool_return(pool, used_last);
  for (int round = 1; round <= 2; round++) {
    wait_for(stats_of(pool).checks >= 3 * round && stats_of(pool).idle == 3);
    mp_connection *connection = take(pool, NULL);
    assert_ptr_equal(connection, used_last);
    mp_pool_return(pool, connection);
  }
  assert_int_equal(stats_of(pool).connects, 3);
  mp_pool_release(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(asks_while_nobody_waits),
      cmocka_unit_test(never_asks_when_told_so),
      cmocka_unit_test(a_silent_one_is_replaced_and_nobody_waits_for_it),
      cmocka_unit_test(one_that_nobody_has_asked_is_not_lent),
      cmocka_unit_test(checking_opens_no_spare_ones_and_keeps_the_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
