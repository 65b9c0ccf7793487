/* How many connections there are, and for how long. */
#include "support.h"

static void closes_what_is_idle_for_too_long(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "3", "idle_timeout", "200ms");
  mp_connection *a = take(pool, NULL), *b = take(pool, NULL);
  mp_pool_return(pool, a);
  wait_for(stats_of(pool).closed_idle == 1);
  assert_int_equal(stats_of(pool).open, 1);
  run(b, "select pg_sleep(0.3)"); /* in use: no limit */
  assert_int_equal(stats_of(pool).open, 1);
  mp_pool_return(pool, b);
  wait_for(stats_of(pool).closed_idle == 2);
  wait_for(count_sessions() == 0);
  mp_pool_release(pool);
}

static void what_is_used_now_and_then_stays(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1", "idle_timeout", "300ms");
  for (int i = 0; i < 8; i++) {
    mp_pool_return(pool, take(pool, NULL));
    usleep(100000);
  }
  assert_int_equal(stats_of(pool).connects, 1);
  assert_int_equal(stats_of(pool).closed_idle, 0);
  mp_pool_release(pool);
}

static void replaces_those_past_their_lifetime(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1", "max_lifetime", "200ms");
  mp_connection *connection = take(pool, NULL);
  run(connection, "select pg_sleep(0.3)"); /* never closed under its holder */
  mp_pool_return(pool, connection);
  assert_int_equal(stats_of(pool).closed_lifetime, 1);
  mp_pool_return(pool, take(pool, NULL));
  wait_for(stats_of(pool).closed_lifetime == 2); /* this one while it was idle */
  assert_int_equal(stats_of(pool).connects, 2);
  mp_pool_release(pool);
}

static void keeps_some_idle(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "3", "min_idle", "2", "idle_timeout", "100ms");
  wait_for(stats_of(pool).idle == 2); /* before anybody asked */
  mp_connection *a = take(pool, NULL);
  wait_for(stats_of(pool).open == 3 && stats_of(pool).idle == 2);
  mp_pool_return(pool, a);
  wait_for(stats_of(pool).closed_idle == 1); /* one more than is wanted */
  usleep(250000);
  assert_int_equal(stats_of(pool).idle, 2);
  assert_int_equal(stats_of(pool).closed_idle, 1);
  ask("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'pool-test-%d'",
      (int)getpid());
  wait_for(stats_of(pool).closed_broken == 2 && stats_of(pool).idle == 2);
  mp_pool_release(pool);
}

static void never_opens_more_than_it_may(void **state) {
  (void)state;
  enum { COUNT = 12, SIZE = 3 };
  mp_pool *pool = open_pool("max_size", "3", "min_idle", "2");
  mp_checkout *checkouts[COUNT];
  for (int i = 0; i < COUNT; i++)
    checkouts[i] = mp_checkout_start(pool, NULL, mp_clock_after(10), NULL);
  for (int i = 0; i < COUNT; i++) {
    assert_int_equal(finish_checkout(checkouts[i], NULL), MP_STEP_DONE);
    assert_true(count_sessions() <= SIZE);
    mp_pool_return(pool, mp_checkout_take(checkouts[i]));
    mp_checkout_destroy(checkouts[i]);
  }
  assert_int_equal(stats_of(pool).connects, SIZE);
  mp_pool_release(pool);
}

static void min_idle_above_max_size_is_refused(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_settings *settings = mp_settings_create(NULL);
  assert_true(mp_settings_set(settings, "max_size", "2", "test", NULL));
  assert_true(mp_settings_set(settings, "min_idle", "3", "test", NULL));
  assert_null(mp_pool_open(settings, &error));
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE);
  assert_text(mp_error_message(error), "min_idle");
  mp_error_free(error);
  mp_settings_destroy(settings);
}

static void a_pool_that_nobody_used_leaves_nothing(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "3");
  assert_ptr_equal(mp_pool_retain(pool), pool);
  mp_pool_release(pool);
  assert_false(mp_pool_is_closed(pool));
  assert_int_equal(stats_of(pool).connects, 0);
  mp_pool_release(pool);
  mp_pool_release(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closes_what_is_idle_for_too_long),       cmocka_unit_test(what_is_used_now_and_then_stays),
      cmocka_unit_test(replaces_those_past_their_lifetime),     cmocka_unit_test(keeps_some_idle),
      cmocka_unit_test(never_opens_more_than_it_may),           cmocka_unit_test(min_idle_above_max_size_is_refused),
      cmocka_unit_test(a_pool_that_nobody_used_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
