/* UTF-8 as PostgreSQL accepts it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

/* In a block of exactly its size, so that a sanitizer sees a read behind the end. */
static size_t check(const char *text, size_t size) {
  char *copy = malloc(size > 0 ? size : 1);
  assert_non_null(copy);
  memcpy(copy, text, size);
  size_t valid = mp_utf8_check(copy, size);
  free(copy);
  return valid;
}

static void it_accepts_characters_of_every_length(void **state) {
  (void)state;
  static const char *const texts[] = {"",
                                      "a",
                                      "plain ASCII, longer than a word",
                                      "\xc2\x80",
                                      "\xdf\xbf",
                                      "\xe0\xa0\x80",
                                      "\xed\x9f\xbf",
                                      "\xee\x80\x80",
                                      "\xef\xbf\xbf",
                                      "\xf0\x90\x80\x80",
                                      "\xf4\x8f\xbf\xbf",
                                      "eight by\xe2\x82\xactes and more"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    assert_int_equal(check(texts[i], strlen(texts[i])), strlen(texts[i]));
  }
  assert_int_equal(check("a\0b", 3), 3);
}

static void it_says_where_the_first_wrong_byte_is(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t at;
  } wrong[] = {
      {"\x80", 0},                 /* a continuation alone   */
      {"ab\xff", 2},               /* never a byte of UTF-8  */
      {"\xc0\x80", 0},             /* overlong               */
      {"\xc1\xbf", 0},             /* overlong               */
      {"x\xe0\x9f\xbf", 1},        /* overlong               */
      {"\xf0\x8f\xbf\xbf", 0},     /* overlong               */
      {"12345678\xed\xa0\x80", 8}, /* a surrogate            */
      {"\xf4\x90\x80\x80", 0},     /* past U+10FFFF          */
      {"\xf5\x80\x80\x80", 0},     /* past U+10FFFF          */
      {"\xe2\x82", 0},             /* cut off                */
      {"\xf0\x9f\x8e", 0},         /* cut off                */
      {"\xc3", 0},                 /* cut off                */
      {"\xe2\x28\xa1", 0},         /* no continuation second */
      {"\xe2\x82\x28", 0},         /* no continuation third  */
      {"\xf0\x9f\x8e\x28", 0},     /* no continuation fourth */
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_int_equal(check(wrong[i].text, strlen(wrong[i].text)), wrong[i].at);
  }
}

/* Decodes and judges the plain way. */
static int is_valid_pair(unsigned first, unsigned second) {
  if (first < 0x80) return second < 0x80;
  return first >= 0xC2 && first <= 0xDF && second >= 0x80 && second <= 0xBF;
}

static void it_judges_every_pair_of_bytes(void **state) {
  (void)state;
  for (unsigned first = 0; first < 256; first++) {
    for (unsigned second = 0; second < 256; second++) {
      char text[2] = {(char)first, (char)second};
      assert_int_equal(check(text, 2) == 2, is_valid_pair(first, second));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_accepts_characters_of_every_length),
      cmocka_unit_test(it_says_where_the_first_wrong_byte_is),
      cmocka_unit_test(it_judges_every_pair_of_bytes),
  };
  return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
