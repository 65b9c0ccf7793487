/* JSON when memory ends: at each allocation in turn, once and for good. yajl, which does not look for that, must never
 * see it, and what it is given beforehand must be enough for the worst of documents. */
#include "failing_malloc.h"
#include "support.h"

/* Reads with the n-th allocation failing until none fails; returns that n. */
static long read_until_all_is_there(const char *text, size_t size, bool is_valid, bool for_ever) {
  for (long n = 1;; n++) {
    mp_json_tape tape;
    mp_error *error = NULL;
    mp_json_tape_init(&tape);
    malloc_fails_at(n, for_ever);
    bool ok = mp_json_read(&tape, text, size, &error);
    long failed = malloc_fails_no_more();
    if (failed > 0 && ok) fail_msg("allocation %ld failed unseen", n);
    bool is_memory = !ok && mp_error_kind_of(error) == MP_ERROR_MEMORY;
    if (failed > 0 && is_valid) assert_true(is_memory);
    if (failed > 0 && !is_valid) assert_false(ok); /* vasprintf goes on when its last realloc fails */
    if (failed == 0) assert_true(ok == is_valid);
    mp_error_free(error);
    mp_json_tape_finish(&tape);
    if (failed == 0) return n;
  }
}

static void try_document(const char *text, size_t size, bool is_valid) {
  char *exact = malloc(size);
  memcpy(exact, text, size);
  long live = atomic_load(&failing_malloc.live);
  long once = read_until_all_is_there(exact, size, is_valid, false);
  long for_ever = read_until_all_is_there(exact, size, is_valid, true);
  assert_int_equal(once, for_ever);
  assert_int_equal(atomic_load(&failing_malloc.live), live);
  free(exact);
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  static const char *const valid[] = {
      "null",
      "17",
      "1.5",
      "123456789012345678901234567890.5",
      "\"plain\"",
      "\"\\u00e9\\n\"",
      "[1,2,[3,{\"a\":\"\\t\",\"b\":[]}],-0,1e400]",
      "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,\"k\":11,\"l\":12,\"m\":13}",
  };
  static const char *const invalid[] = {"",    "[",   "{\"a\"",           "\"abc", "\"a\\u00", "[1,]",
                                        "nul", "1 2", "{\"a\":1,\"a\":2}"};
  for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++)
    try_document(valid[i], strlen(valid[i]), true);
  for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
    try_document(invalid[i], strlen(invalid[i]), false);
}

/* ---- the worst documents: yajl's buffers grow as far as they can ---- */

static char *repeated(const char *before, const char *piece, size_t count, const char *after) {
  size_t size = strlen(before) + count * strlen(piece) + strlen(after) + 1;
  char *text = malloc(size), *at = stpcpy(text, before);
  for (size_t i = 0; i < count; i++)
    at = stpcpy(at, piece);
  strcpy(at, after);
  return text;
}

static void read_repeated(const char *before, const char *piece, size_t count, const char *after, bool is_valid) {
  mp_json_tape tape;
  mp_error *error = NULL;
  char *text = repeated(before, piece, count, after);
  mp_json_tape_init(&tape);
  bool ok = mp_json_read(&tape, text, strlen(text), &error);
  if (ok != is_valid) fail_msg("%.40s: %s", text, ok ? "is valid" : mp_error_message(error));
  mp_error_free(error);
  mp_json_tape_finish(&tape);
  free(text);
}

static void what_yajl_is_given_is_enough(void **state) {
  (void)state;
  static const size_t counts[] = {0,     1,     2,     100,   1000,  1023,  1024,   1025,   2040,   2045,
                                  2046,  2047,  2048,  2049,  4095,  4096,  4097,   8191,   8192,   8193,
                                  16384, 32767, 32768, 65535, 65536, 65537, 262143, 262144, 262145, 1048577};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    size_t count = counts[i];
    read_repeated("\"", "a", count, "\\n\"", true);
    read_repeated("\"\\n", "a", count, "\"", true);
    read_repeated("\"", "\\n", count, "\"", true);
    read_repeated("\"", "\\u00e9", count, "\"", true);
    read_repeated("\"", "a", count, "", false);
    read_repeated("\"\\n", "a", count, "", false);
    read_repeated("[\"\\n\", \"", "\\t", count, "", false);
    read_repeated("[\"", "\\t", count, "\", \"no end", false);
    read_repeated("1", "0", count, "", true);
    read_repeated("{\"", "\\t", count, "\":1}", true);
    if (count > 0 && count <= MP_JSON_DEPTH) read_repeated("", "[", count, "", false);
  }
  read_repeated("", "[\"\\n\",", MP_JSON_DEPTH, "", false);
  read_repeated("", "[", MP_JSON_DEPTH + 1, "", false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_allocation_may_fail),
      cmocka_unit_test(what_yajl_is_given_is_enough),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
