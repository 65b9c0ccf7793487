/* A pool that is made larger or smaller, and one that is suspended, while it is in use. */
#include "support.h"

static void resize(mp_pool *pool, int64_t max_size, int64_t min_idle) {
  mp_error *error = NULL;
  mp_pool_resize(pool, max_size, min_idle, &error);
  assert_no_error(error);
}

static void assert_no_resize(mp_pool *pool, int64_t max_size, int64_t min_idle, const char *message) {
  mp_error *error = NULL;
  mp_pool_stats before = stats_of(pool), after;
  assert_false(mp_pool_resize(pool, max_size, min_idle, &error));
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE);
  assert_string_equal(mp_error_message(error), message);
  after = stats_of(pool);
  assert_int_equal(after.max_size, before.max_size);
  assert_int_equal(after.min_idle, before.min_idle);
  mp_error_free(error);
}

/* ---- size ---- */

static void growing_serves_those_who_wait(void **state) {
  (void)state;
  enum { COUNT = 3 };
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connections[COUNT] = {take(pool, NULL)};
  mp_checkout *first = queue_up(pool, NULL), *second = queue_up(pool, NULL);
  resize(pool, COUNT, 0);
  assert_int_equal(finish_checkout(first, NULL), MP_STEP_DONE);
  assert_int_equal(finish_checkout(second, NULL), MP_STEP_DONE);
  connections[1] = mp_checkout_take(first);
  connections[2] = mp_checkout_take(second);
  mp_checkout_destroy(first);
  mp_checkout_destroy(second);
  for (int i = 0; i < COUNT; i++)
    mp_pool_return(pool, connections[i]);
  assert_int_equal(stats_of(pool).max_size, COUNT);
  mp_pool_release(pool);
}

static void shrinking_closes_idle_ones_now_and_others_when_they_come(void **state) {
  (void)state;
  enum { COUNT = 4 };
  mp_pool *pool = open_pool("max_size", "4");
  mp_connection *connections[COUNT];
  for (int i = 0; i < COUNT; i++)
    connections[i] = take(pool, NULL);
  mp_pool_return(pool, connections[3]);
  resize(pool, 2, 0);
  wait_for(count_sessions() == 3);
  assert_answers(connections[0], "select 'in use'", "in use");
  mp_checkout *waiting = queue_up(pool, NULL);
  run(connections[0], "begin");
  mp_pool_return(pool, connections[0]); /* not for the one who waits: it is one too many */
  wait_for(count_sessions() == 2);
  assert_int_equal(stats_of(pool).waiting, 1);
  mp_pool_return(pool, connections[1]);
  assert_int_equal(finish_checkout(waiting, NULL), MP_STEP_DONE);
  assert_ptr_equal(mp_checkout_take(waiting), connections[1]);
  mp_checkout_destroy(waiting);
  assert_int_equal(stats_of(pool).closed_surplus, 2);
  mp_pool_return(pool, connections[1]);
  mp_pool_return(pool, connections[2]);
  assert_int_equal(stats_of(pool).idle, 2);
  mp_pool_release(pool);
}

static void the_spare_ones_follow(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  resize(pool, 5, 3); /* its thread starts with this */
  wait_for(stats_of(pool).idle == 3);
  resize(pool, 2, 0);
  wait_for(count_sessions() == 2);
  assert_int_equal(stats_of(pool).idle, 2);
  mp_pool_release(pool);
}

static void sizes_have_the_bounds_of_the_settings(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "2", "min_idle", "1");
  assert_no_resize(pool, 0, 0, "max_size must be a whole number from 1 to 10000, not \"0\"");
  assert_no_resize(pool, 10001, 0, "max_size must be a whole number from 1 to 10000, not \"10001\"");
  assert_no_resize(pool, INT64_MIN, 0, "max_size must be a whole number from 1 to 10000, not \"-9223372036854775808\"");
  assert_no_resize(pool, 2, -1, "min_idle must be a whole number from 0 to 10000, not \"-1\"");
  assert_no_resize(pool, 2, 3, "min_idle must be at most max_size (2), not 3");
  mp_pool_close(pool);
  assert_no_resize(pool, 3, 0, "the pool is closed");
  mp_pool_release(pool);
}

/* ---- suspended ---- */

static void nothing_is_lent_until_it_goes_on(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "3", "min_idle", "1");
  mp_connection *out = take(pool, NULL), *idle = take(pool, NULL);
  mp_pool_return(pool, idle);
  mp_pool_suspend(pool, "deploy.lua:3");
  assert_true(stats_of(pool).suspended);
  wait_for(count_sessions() == 1);
  assert_null(mp_pool_try_checkout(pool, NULL));
  mp_checkout *first = queue_up(pool, NULL), *second = queue_up(pool, NULL);
  assert_answers(out, "select 'goes on'", "goes on");
  mp_pool_return(pool, out);
  wait_for(count_sessions() == 0);
  assert_int_equal(stats_of(pool).open + stats_of(pool).connecting, 0);
  assert_int_equal(stats_of(pool).waiting, 2);
  mp_pool_resume(pool);
  assert_false(stats_of(pool).suspended);
  assert_int_equal(finish_checkout(first, NULL), MP_STEP_DONE);
  assert_int_equal(finish_checkout(second, NULL), MP_STEP_DONE);
  mp_checkout_destroy(first);
  mp_checkout_destroy(second);
  mp_pool_release(pool);
}

static void a_wait_that_is_too_long_says_why(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_holder holder = holder_at("long.lua:9");
  mp_connection *out = take(pool, &holder);
  run(out, "select 1");
  mp_pool_suspend(pool, "deploy.lua:3");
  mp_pool_suspend(pool, "other.lua:1");
  mp_checkout *front = queue_up(pool, NULL);
  mp_error *error = refusal_of(pool, NULL, 0.2);
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_TIMEOUT);
  assert_text(mp_error_message(error), "no connection within 0.2 s: the pool is suspended since 0.");
  assert_text(mp_error_message(error), " s (deploy.lua:3); 1 checkout in front");
  assert_text(mp_error_get(error, MP_ERROR_DETAIL), "taken at long.lua:9 0.");
  assert_text(mp_error_get(error, MP_ERROR_DETAIL), " s ago, last statement: select 1");
  mp_error_free(error);
  mp_checkout_destroy(front);
  mp_pool_resume(pool);
  mp_pool_resume(pool);
  mp_pool_return(pool, out);
  assert_ptr_equal(take(pool, NULL), out);
  mp_pool_return(pool, out);
  mp_pool_release(pool);
}

static void a_suspended_pool_can_be_closed(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "2");
  mp_connection *out = take(pool, NULL);
  mp_pool_suspend(pool, NULL);
  mp_checkout *waiting = queue_up(pool, NULL);
  mp_pool_close(pool);
  mp_pool_resume(pool);
  assert_int_equal(finish_checkout(waiting, NULL), MP_STEP_FAILED);
  mp_checkout_destroy(waiting);
  mp_pool_return(pool, out);
  mp_pool_release(pool);
}

/* ---- who holds what ---- */

static void tells_all_loans_the_longest_first(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "3");
  mp_holder first = holder_at("a.lua:1"), second = holder_at("b.lua:2");
  mp_connection *a = take(pool, &first), *b = take(pool, &second), *c = take(pool, NULL);
  mp_loan loans[2];
  run(b, "select\n2");
  assert_int_equal(mp_pool_loans(pool, loans, 2), 3);
  assert_string_equal(loans[0].where, "a.lua:1");
  assert_string_equal(loans[0].statement, "");
  assert_string_equal(loans[1].where, "b.lua:2");
  assert_string_equal(loans[1].statement, "select 2");
  assert_true(loans[0].seconds >= loans[1].seconds && loans[1].seconds >= 0);
  mp_pool_return(pool, a);
  mp_pool_return(pool, b);
  assert_int_equal(mp_pool_loans(pool, NULL, 0), 1);
  mp_pool_close(pool);
  assert_int_equal(mp_pool_loans(pool, loans, 2), 0);
  mp_pool_return(pool, c);
  mp_pool_release(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(growing_serves_those_who_wait),
      cmocka_unit_test(shrinking_closes_idle_ones_now_and_others_when_they_come),
      cmocka_unit_test(the_spare_ones_follow),
      cmocka_unit_test(sizes_have_the_bounds_of_the_settings),
      cmocka_unit_test(nothing_is_lent_until_it_goes_on),
      cmocka_unit_test(a_wait_that_is_too_long_says_why),
      cmocka_unit_test(a_suspended_pool_can_be_closed),
      cmocka_unit_test(tells_all_loans_the_longest_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
