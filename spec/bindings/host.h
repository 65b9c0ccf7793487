/* Helpers of the tests of libmoonpool, which know its header only, as a host does. */
#ifndef SPEC_HOST_H
#define SPEC_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "moonpool.h"

#define UNUSED __attribute__((unused))

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

/* A block that cannot be had is an error to be handled, in the builds with a sanitizer too. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
UNUSED const char *__asan_default_options(void) {
  return "allocator_may_return_null=1";
}
__attribute__((visibility("default"))) const char *__tsan_default_options(void);
UNUSED const char *__tsan_default_options(void) {
  return "allocator_may_return_null=1";
}

/* The server's URL; or the test is skipped, since nobody said where a server is. */
UNUSED static const char *server_url(void) {
  const char *url = getenv("MOONPOOL_TEST_URL");
  if (url == NULL) {
    print_message("skipped: MOONPOOL_TEST_URL does not name a server\n");
    skip();
  }
  return url;
}

UNUSED static void assert_no_error(mp_error *error) {
  if (error != NULL) fail_msg("%s", mp_error_text(error));
}

/* settings: of an URL, "max_size=4", or "". */
UNUSED static mp_pool *open_pool_at(const char *url, const char *settings) {
  char all[1024];
  mp_error *error = NULL;
  snprintf(all, sizeof all, "%s%c%s", url, strchr(url, '?') == NULL ? '?' : '&', settings);
  mp_pool *pool = mp_pool_open(all, &error);
  assert_no_error(error);
  assert_non_null(pool);
  return pool;
}

UNUSED static mp_pool *open_pool(const char *settings) {
  return open_pool_at(server_url(), settings);
}

/* Of a server that is not there: for what needs none. */
UNUSED static mp_pool *open_idle_pool(void) {
  return open_pool_at("postgres://localhost/nobody", "");
}

UNUSED static mp_runtime *open_runtime(mp_pool *pool) {
  mp_error *error = NULL;
  mp_runtime *runtime = mp_runtime_open(pool, NULL, &error);
  assert_no_error(error);
  assert_non_null(runtime);
  return runtime;
}

UNUSED static bool try_run(mp_runtime *runtime, const char *text, mp_error **error) {
  return mp_run_string(runtime, text, strlen(text), "host.lua", error);
}

UNUSED static void run(mp_runtime *runtime, const char *text) {
  mp_error *error = NULL;
  const bool done = try_run(runtime, text, &error);
  assert_no_error(error);
  assert_true(done);
}

/* The error of a script that has to fail; the caller's. */
UNUSED static mp_error *failure_of(mp_runtime *runtime, const char *text) {
  mp_error *error = NULL;
  assert_false(try_run(runtime, text, &error));
  assert_non_null(error);
  return error;
}

/* The integer that a global function without arguments returns. */
UNUSED static int64_t integer_of(mp_runtime *runtime, const char *function) {
  mp_error *error = NULL;
  mp_value result = mp_nil();
  mp_call(runtime, function, NULL, 0, &result, 1, &error);
  assert_no_error(error);
  assert_int_equal(result.type, MP_INTEGER);
  return result.as.integer;
}

/* Checks kind and message, and frees the error. */
#define assert_fails(error, kind, message)                                                                             \
  do {                                                                                                                 \
    assert_non_null(error);                                                                                            \
    assert_string_equal(mp_error_message(error), message);                                                             \
    assert_string_equal(mp_error_kind(error), kind);                                                                   \
    mp_error_free(error);                                                                                              \
    (error) = NULL;                                                                                                    \
  } while (0)

#endif
