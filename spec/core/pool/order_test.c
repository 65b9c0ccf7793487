/* Who gets which connection, and when: order, deadlines, closing, and the numbers. */
#include "support.h"

static void lends_what_was_used_last(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "3");
  mp_connection *a = take(pool, NULL), *b = take(pool, NULL);
  mp_pool_return(pool, a);
  mp_pool_return(pool, b);
  assert_ptr_equal(mp_pool_try_checkout(pool, NULL), b);
  assert_ptr_equal(take(pool, NULL), a);
  assert_null(mp_pool_try_checkout(pool, NULL));
  mp_pool_return(pool, a);
  mp_pool_return(pool, b);
  assert_int_equal(stats_of(pool).connects, 2);
  mp_pool_release(pool);
}

static void serves_waiters_in_order(void **state) {
  (void)state;
  enum { COUNT = 5 };
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  mp_checkout *waiting[COUNT];
  mp_error *error = NULL;
  for (int i = 0; i < COUNT; i++)
    waiting[i] = queue_up(pool, NULL);
  assert_int_equal(stats_of(pool).waiting, COUNT);
  for (int i = 0; i < COUNT; i++) {
    mp_want want;
    mp_pool_return(pool, connection);
    assert_null(mp_pool_try_checkout(pool, NULL)); /* no way past those who wait */
    for (int later = i + 1; later < COUNT; later++) {
      assert_int_equal(mp_checkout_step(waiting[later], &want, &error), MP_STEP_WAIT);
    }
    assert_int_equal(mp_checkout_step(waiting[i], &want, &error), MP_STEP_DONE);
    assert_ptr_equal(mp_checkout_take(waiting[i]), connection);
    mp_checkout_destroy(waiting[i]);
  }
  mp_pool_return(pool, connection);
  assert_int_equal(stats_of(pool).waits, COUNT + 1); /* the first one waited for its connecting */
  mp_pool_release(pool);
}

static void passes_over_who_gave_up(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  mp_checkout *first = queue_up(pool, NULL), *second = queue_up(pool, NULL), *third = queue_up(pool, NULL);
  mp_checkout_destroy(second);
  mp_pool_return(pool, connection);
  mp_checkout_destroy(first); /* it had the connection, and never took it */
  assert_int_equal(finish_checkout(third, NULL), MP_STEP_DONE);
  assert_ptr_equal(mp_checkout_take(third), connection);
  mp_checkout_destroy(third);
  mp_pool_return(pool, connection);
  assert_int_equal(stats_of(pool).idle, 1);
  mp_pool_release(pool);
}

static void waiters_behind_the_wakers_are_served(void **state) {
  (void)state;
  enum { COUNT = 300 };
  static mp_checkout *waiting[COUNT];
  mp_pool *pool = open_pool("max_size", "2");
  mp_connection *a = take(pool, NULL), *b = take(pool, NULL);
  for (int i = 0; i < COUNT; i++)
    waiting[i] = queue_up(pool, NULL);
  mp_pool_return(pool, a);
  mp_pool_return(pool, b);
  for (int i = 0; i < COUNT; i++) {
    assert_int_equal(finish_checkout(waiting[i], NULL), MP_STEP_DONE);
    mp_pool_return(pool, mp_checkout_take(waiting[i]));
    mp_checkout_destroy(waiting[i]);
  }
  assert_int_equal(stats_of(pool).connects, 2);
  mp_pool_release(pool);
}

static void those_far_behind_look_from_time_to_time(void **state) {
  (void)state;
  enum { COUNT = 150 };
  static mp_checkout *waiting[COUNT];
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  mp_want first, last;
  for (int i = 0; i < COUNT; i++)
    waiting[i] = queue_up(pool, NULL);
  assert_int_equal(mp_checkout_step(waiting[0], &first, NULL), MP_STEP_WAIT);
  assert_int_equal(mp_checkout_step(waiting[COUNT - 1], &last, NULL), MP_STEP_WAIT);
  assert_true(first.fd >= 0 && first.deadline > mp_clock_after(5));
  assert_true(last.fd < 0 && last.deadline < mp_clock_after(0.1));
  for (int i = 0; i < COUNT - 1; i++)
    mp_checkout_destroy(waiting[i]);
  assert_int_equal(mp_checkout_step(waiting[COUNT - 1], &last, NULL), MP_STEP_WAIT);
  assert_true(last.fd >= 0); /* it has come nearer */
  mp_checkout_destroy(waiting[COUNT - 1]);
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

static void times_out_with_a_diagnosis(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "2");
  mp_holder first = holder_at("report.lua:12"), second = holder_at("export.lua:7"), late = holder_at("late.lua:3");
  first.thread = second.thread = late.thread = pool;
  mp_connection *a = take(pool, &first), *b = take(pool, &second);
  run(b, "select 'slow work'");
  mp_checkout *in_front = queue_up(pool, NULL);
  int64_t begun = mp_clock_now();
  mp_error *error = refusal_of(pool, &late, 0.25);
  int64_t took = mp_clock_now() - begun;
  assert_in_range(took, 250 * MP_MILLISECOND, 1000 * MP_MILLISECOND);
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_TIMEOUT);
  assert_string_equal(mp_error_message(error),
                      "no connection within 0.25 s: of at most 2, 2 in use and 0 being opened; 1 checkout in front");
  assert_text(mp_error_get(error, MP_ERROR_DETAIL), "taken at report.lua:12 0.");
  assert_text(mp_error_get(error, MP_ERROR_DETAIL), "taken at export.lua:7 0.");
  assert_text(mp_error_get(error, MP_ERROR_DETAIL), "last statement: select 'slow work'");
  assert_text(mp_error_get(error, MP_ERROR_HINT), "max_size");
  mp_error_free(error);
  mp_checkout_destroy(in_front);
  assert_int_equal(stats_of(pool).timeouts, 1);
  assert_int_equal(stats_of(pool).waiting, 0);
  mp_pool_return(pool, a);
  mp_pool_return(pool, b);
  mp_pool_release(pool);
}

static void a_deadline_that_has_passed_still_gets_what_is_idle(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_pool_return(pool, take(pool, NULL));
  mp_connection *connection = try_take(pool, NULL, 0, NULL);
  assert_non_null(connection);
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

static void closing_ends_the_waits(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "2");
  mp_connection *lent = take(pool, NULL);
  mp_pool_return(pool, take(pool, NULL));
  mp_connection *other = take(pool, NULL);
  mp_checkout *waiting = queue_up(pool, NULL);
  mp_error *error = NULL;
  mp_pool_close(pool);
  mp_pool_close(pool);
  assert_true(mp_pool_is_closed(pool));
  assert_int_equal(finish_checkout(waiting, &error), MP_STEP_FAILED);
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE);
  assert_string_equal(mp_error_message(error), "the pool is closed");
  mp_checkout_destroy(waiting);
  assert_null(mp_checkout_start(pool, NULL, MP_FOREVER, &error));
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE);
  mp_error_free(error);
  assert_null(mp_pool_try_checkout(pool, NULL));
  run(lent, "select 1"); /* its holder may go on */
  mp_pool_return(pool, other);
  mp_pool_release(pool);
  mp_pool_return(pool, lent); /* the memory goes with it */
  wait_for(count_sessions() == 0);
}

static void idle_sessions_end_when_it_closes(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "3");
  mp_connection *a = take(pool, NULL), *b = take(pool, NULL);
  mp_pool_return(pool, a);
  mp_pool_return(pool, b);
  assert_int_equal(count_sessions(), 2);
  mp_pool_close(pool);
  wait_for(count_sessions() == 0);
  mp_pool_release(pool);
}

static void closing_while_connecting(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) {
    mp_pool *pool = open_pool("max_size", "4");
    mp_step step; /* done, where the upkeep is quicker than we are */
    mp_checkout *a = begin_checkout(pool, NULL, &step), *b = begin_checkout(pool, NULL, &step);
    usleep((useconds_t)(i * 200));
    mp_checkout_destroy(a);
    mp_pool_close(pool);
    mp_checkout_destroy(b);
    mp_pool_release(pool);
  }
  wait_for(count_sessions() == 0);
}

static void counts(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "3");
  mp_connection *a = take(pool, NULL), *b = take(pool, NULL);
  mp_pool_return(pool, a);
  mp_pool_stats stats = stats_of(pool);
  assert_int_equal(stats.max_size, 3);
  assert_int_equal(stats.open, 2);
  assert_int_equal(stats.idle, 1);
  assert_int_equal(stats.in_use, 1);
  assert_int_equal(stats.connecting + stats.returning + stats.waiting, 0);
  assert_int_equal(stats.checkouts, 2);
  assert_int_equal(stats.connects, 2);
  assert_true(stats.wait_seconds > 0 && stats.wait_seconds_max <= stats.wait_seconds);
  mp_pool_return(pool, b);
  mp_pool_release(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lends_what_was_used_last),
      cmocka_unit_test(serves_waiters_in_order),
      cmocka_unit_test(passes_over_who_gave_up),
      cmocka_unit_test(waiters_behind_the_wakers_are_served),
      cmocka_unit_test(those_far_behind_look_from_time_to_time),
      cmocka_unit_test(times_out_with_a_diagnosis),
      cmocka_unit_test(a_deadline_that_has_passed_still_gets_what_is_idle),
      cmocka_unit_test(closing_ends_the_waits),
      cmocka_unit_test(idle_sessions_end_when_it_closes),
      cmocka_unit_test(closing_while_connecting),
      cmocka_unit_test(counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
