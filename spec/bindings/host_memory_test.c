/* A host's whole day when memory ends: at one allocation after the other, once and for good. Whatever fails says so,
 * and all that was taken is given back. */
#include "../support/failing_malloc.h"
#include "host.h"

static const char script[] = "local mp = require 'moonpool'\n"
                             "local db = mp.connect()\n"
                             "function show(n) return tostring(mp.numeric(n) + 1), db:stats().open end\n"
                             "assert(not pcall(db.query, db, 7))";

/* Returns whether all was well. */
static bool live(mp_error **error) {
  const mp_value argument = mp_integer(3);
  mp_value results[2];
  mp_pool *pool = mp_pool_open("postgres://localhost/nobody?max_size=2", error);
  mp_runtime *runtime = mp_runtime_open(pool, NULL, error);
  bool done = mp_run_string(runtime, script, sizeof script - 1, "day", error) &&
              mp_call(runtime, "show", &argument, 1, results, 2, error);
  if (done) done = strcmp(results[0].as.string.data, "4") == 0 && results[1].as.integer == 0;
  mp_runtime_close(runtime);
  mp_pool_close(pool);
  return done;
}

/* Lua and the C library may know no better than that a file cannot be read. */
static bool is_about_memory(mp_error *error) {
  return strcmp(mp_error_kind(error), "memory") == 0 || strstr(mp_error_text(error), "Cannot allocate memory") != NULL;
}

/* Returns how many have failed. */
static long live_with_failure(long n, bool for_ever) {
  mp_error *error = NULL;
  malloc_fails_at(n, for_ever);
  const bool done = live(&error);
  const long failed = malloc_fails_no_more();
  if (!done) assert_non_null(error);
  if (failed == 0) assert_no_error(error);
  if (error != NULL && !is_about_memory(error)) fail_msg("allocation %ld: %s", n, mp_error_text(error));
  mp_error_free(error);
  return failed;
}

/* A sanitizer makes the blocks of strdup itself, uncounted, and finds at the end what was not given back. */
static long count_blocks(void) {
#ifdef SANITIZED
  return 0;
#else
  return atomic_load(&failing_malloc.live);
#endif
}

/* Each allocation of the first few hundred, then more and more seldom one, until there are no more. The first time the
 * C library keeps something of its own, such as the translation of a message. */
static void fail_one_after_the_other(bool for_ever) {
  long n = 0, failed;
  do {
    n += 1 + n / 200;
    live_with_failure(n, for_ever);
    const long before = count_blocks();
    failed = live_with_failure(n, for_ever);
    if (count_blocks() != before) fail_msg("allocation %ld: something was not given back", n);
  } while (failed > 0);
  assert_true(n > 100);
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  mp_error *error = NULL;
  assert_true(live(&error)); /* what is kept for the life of the process is made here */
  fail_one_after_the_other(false);
  fail_one_after_the_other(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_may_fail)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
