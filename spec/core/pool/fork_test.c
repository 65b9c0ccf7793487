/* A forked child has its parent's pool in memory, and must leave the sockets alone. */
#include <sys/wait.h>

#include "support.h"

/* What the child does with all it has inherited, as the end of a script would. Returns its exit code. */
static int use_in_child(mp_pool *pool, mp_connection *lent, mp_checkout *checkout) {
  mp_error *error = NULL;
  if (mp_pool_try_checkout(pool, NULL) != NULL) return 1;
  if (mp_checkout_start(pool, NULL, mp_clock_after(1), &error) != NULL) return 2;
  if (mp_error_kind_of(error) != MP_ERROR_USAGE || strstr(mp_error_message(error), "parent") == NULL) return 3;
  mp_error_free(error);
  mp_pool_return(pool, lent);
  mp_checkout_destroy(checkout);
  mp_pool_close(pool);
  mp_pool_release(pool);
  return 0;
}

static void a_child_leaves_its_parents_sessions_alone(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "2");
  mp_connection *lent = take(pool, NULL), *other = take(pool, NULL);
  run(lent, "begin");
  mp_checkout *waiting = queue_up(pool, NULL);
  pid_t child = fork();
  if (child == 0) _exit(use_in_child(pool, lent, waiting));
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_answers(lent, "select 'still here'", "still here");
  assert_int_equal(mp_connection_transaction_status(lent), MP_INSIDE);
  mp_pool_return(pool, other);
  assert_int_equal(finish_checkout(waiting, NULL), MP_STEP_DONE);
  mp_pool_return(pool, mp_checkout_take(waiting));
  mp_checkout_destroy(waiting);
  mp_pool_return(pool, lent);
  mp_pool_release(pool);
  wait_for(count_sessions() == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_child_leaves_its_parents_sessions_alone)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
