/* Waits that nobody could end are refused at once; those that somebody can end are not. */
#include "support.h"

static const int thread_a, thread_b; /* only their addresses matter */

static mp_holder task(const char *where, const void *thread, const mp_holder *parent) {
  mp_holder holder = holder_at(where);
  holder.thread = thread;
  holder.parent = parent;
  return holder;
}

static void assert_refused(mp_pool *pool, const mp_holder *holder, const char *message) {
  mp_error *error = NULL;
  assert_null(mp_checkout_start(pool, holder, mp_clock_after(10), &error));
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE);
  assert_string_equal(mp_error_message(error), message);
  assert_text(mp_error_get(error, MP_ERROR_HINT), "tx:query");
  mp_error_free(error);
}

static void refuses_the_task_that_holds_all(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_holder self = task("transfer.lua:3", &thread_a, NULL);
  mp_connection *connection = take(pool, &self);
  assert_refused(pool, &self,
                 "the pool's only connection is held by this task itself: taken at transfer.lua:3, asked for again at "
                 "transfer.lua:3");
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

static void knows_a_task_by_its_number(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_holder transaction = task("transaction.lua:3", &thread_a, NULL), query = task("query.lua:5", &thread_a, NULL);
  mp_holder other_thread = task("other.lua:7", &thread_b, NULL);
  transaction.task = query.task = other_thread.task = 7;
  mp_connection *connection = take(pool, &transaction);
  assert_refused(pool, &query,
                 "the pool's only connection is held by this task itself: taken at transaction.lua:3, asked for again "
                 "at query.lua:5");
  mp_checkout_destroy(queue_up(pool, &other_thread)); /* numbers count within a thread */
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

static void refuses_a_child_of_those_that_hold_all(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "2");
  mp_holder root = task("root.lua:1", &thread_a, NULL), parent = task("parent.lua:2", &thread_a, &root);
  mp_holder child = task("child.lua:3", &thread_a, &parent);
  mp_connection *a = take(pool, &root), *b = take(pool, &parent);
  mp_error *error = NULL;
  assert_null(mp_checkout_start(pool, &child, mp_clock_after(10), &error));
  assert_string_equal(mp_error_message(error),
                      "all 2 connections of the pool are held by tasks that cannot go on while this one waits: taken "
                      "at root.lua:1, asked for again at child.lua:3");
  assert_text(mp_error_get(error, MP_ERROR_DETAIL), "taken at root.lua:1");
  assert_text(mp_error_get(error, MP_ERROR_DETAIL), "taken at parent.lua:2");
  mp_error_free(error);
  mp_pool_return(pool, a);
  mp_pool_return(pool, b);
  mp_pool_release(pool);
}

static void lets_a_task_wait_for_its_sibling(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_holder root = task("root.lua:1", &thread_a, NULL);
  mp_holder one = task("one.lua:2", &thread_a, &root), two = task("two.lua:3", &thread_a, &root);
  mp_connection *connection = take(pool, &one);
  mp_checkout *waiting = queue_up(pool, &two);
  mp_pool_return(pool, connection);
  assert_int_equal(finish_checkout(waiting, NULL), MP_STEP_DONE);
  mp_pool_return(pool, mp_checkout_take(waiting));
  mp_checkout_destroy(waiting);
  mp_pool_release(pool);
}

static void a_wait_that_blocks_its_thread_is_refused_when_only_that_thread_could_end_it(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_holder parked = task("parked.lua:2", &thread_a, NULL), here = task("here.lua:3", &thread_a, NULL);
  mp_holder elsewhere = task("elsewhere.lua:4", &thread_b, NULL);
  here.blocks_thread = elsewhere.blocks_thread = true;
  mp_connection *connection = take(pool, &parked);
  assert_refused(pool, &here,
                 "the pool's only connection is held by tasks that cannot go on while this one waits: taken at "
                 "parked.lua:2, asked for again at here.lua:3");
  mp_checkout_destroy(queue_up(pool, &elsewhere)); /* the other thread may wait for this one */
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

/* Two tasks hold one each, and the child of each wants another: the second child closes the circle. */
static void refuses_the_wait_that_closes_a_circle(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "2");
  mp_holder one = task("one.lua:1", &thread_a, NULL), two = task("two.lua:2", &thread_b, NULL);
  mp_holder child_one = task("child.lua:3", &thread_a, &one), child_two = task("child.lua:4", &thread_b, &two);
  mp_connection *a = take(pool, &one), *b = take(pool, &two);
  mp_checkout *waiting = queue_up(pool, &child_one);
  mp_error *error = NULL;
  assert_null(mp_checkout_start(pool, &child_two, mp_clock_after(10), &error));
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE);
  mp_error_free(error);
  mp_pool_return(pool, b); /* as its task does when it has had that error */
  assert_int_equal(finish_checkout(waiting, NULL), MP_STEP_DONE);
  mp_pool_return(pool, mp_checkout_take(waiting));
  mp_checkout_destroy(waiting);
  mp_pool_return(pool, a);
  mp_pool_release(pool);
}

static void holders_without_a_name_are_never_a_deadlock(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  mp_error *error = refusal_of(pool, NULL, 0.05);
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_TIMEOUT);
  assert_text(mp_error_get(error, MP_ERROR_DETAIL), "taken at an unknown place");
  mp_error_free(error);
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

static void room_for_one_more_is_no_deadlock(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "2");
  mp_holder self = task("self.lua:1", &thread_a, NULL);
  mp_connection *a = take(pool, &self), *b = take(pool, &self);
  assert_ptr_not_equal(a, b);
  mp_pool_return(pool, a);
  mp_pool_return(pool, b);
  mp_pool_release(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_the_task_that_holds_all),
      cmocka_unit_test(knows_a_task_by_its_number),
      cmocka_unit_test(refuses_a_child_of_those_that_hold_all),
      cmocka_unit_test(lets_a_task_wait_for_its_sibling),
      cmocka_unit_test(a_wait_that_blocks_its_thread_is_refused_when_only_that_thread_could_end_it),
      cmocka_unit_test(refuses_the_wait_that_closes_a_circle),
      cmocka_unit_test(holders_without_a_name_are_never_a_deadlock),
      cmocka_unit_test(room_for_one_more_is_no_deadlock),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
