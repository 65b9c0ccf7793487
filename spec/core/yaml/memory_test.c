/* The YAML reader when memory ends: at each allocation in turn, once and for good, ours and libyaml's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failing_malloc.h"
#include "yaml/yaml.h"

/* Reads all events; true when there was no error. */
static bool read_all(const char *text, size_t size, mp_error **error) {
  const mp_yaml_options options = {.merge = true, .foreign_tags = true};
  mp_yaml_event event = {.type = MP_YAML_DOCUMENT};
  mp_yaml_reader *reader = mp_yaml_open(text, size, &options, error);
  bool ok = reader != NULL;
  while (ok && event.type != MP_YAML_END)
    ok = mp_yaml_next(reader, &event, error);
  mp_yaml_close(reader);
  return ok;
}

/* Reads with the n-th allocation failing until none fails. */
static void read_until_all_is_there(const char *text, size_t size, bool is_valid, bool for_ever) {
  for (long n = 1;; n++) {
    mp_error *error = NULL;
    malloc_fails_at(n, for_ever);
    const bool ok = read_all(text, size, &error);
    const long failed = malloc_fails_no_more();
    if (failed > 0 && ok) fail_msg("allocation %ld failed unseen", n);
    const bool is_memory = !ok && mp_error_kind_of(error) == MP_ERROR_MEMORY;
    if (failed > 0 && is_valid && !is_memory) fail_msg("%s: allocation %ld: %s", text, n, mp_error_message(error));
    if (failed == 0 && ok != is_valid) fail_msg("%s: %s", text, ok ? "is valid" : mp_error_message(error));
    assert_true(ok == (error == NULL));
    mp_error_free(error);
    if (failed == 0) return;
  }
}

static void try_document(const char *text, size_t size, bool is_valid) {
  char *exact = malloc(size + 1);
  memcpy(exact, text, size + 1);
  const long live = atomic_load(&failing_malloc.live);
  read_until_all_is_there(exact, size, is_valid, false);
  read_until_all_is_there(exact, size, is_valid, true);
#ifndef __SANITIZE_ADDRESS__ /* which serves strdup itself, and looks for leaks itself */
  assert_int_equal(atomic_load(&failing_malloc.live), live);
#else
  (void)live;
#endif
  free(exact);
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  static const char *const valid[] = {
      "",
      "a: 1\nb: [1.5, 'x', \"y\\n\", null]\n",
      "a: 123456789012345678901234567890\nb: 0xFFFFFFFFFFFFFFFFFFFF\nc: 0.10000000000000000000001\n",
      "a: !!binary aGVsbG8=\nb: !!timestamp 2026-11-24\nc: !env x\nd: |\n  x\n   y\n",
      "a: &a {x: 1}\nb: *a\n<<: *a\n? &c [1]\n: 2\n--- &a1 1\n",
      "%YAML 1.1\n%TAG !t! tag:x,2000:\n---\n!t!x y\n",
      "a: x\xE2\x80\xA8y\n",
      "{?a: ?b}\n  ",
      "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]",
  };
  static const char *const invalid[] = {"[1", "a: *x", "a: \xFF", "a: b: c", "\t", "%TAG", "&x [*x]", "!!int x"};
  for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++)
    try_document(valid[i], strlen(valid[i]), true);
  for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
    try_document(invalid[i], strlen(invalid[i]), false);
  try_document("\xFF\xFE"
               "a\0:\0 \0001\0",
               10, true);
  try_document("\xFF\xFE"
               "a\0:\0\0\xD8",
               8, false);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_may_fail)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
