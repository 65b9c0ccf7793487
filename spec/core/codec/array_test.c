/* Arrays without a server: shapes, quoting, and every way in which a literal or its bytes can lie. */
#include "support.h"

/* Reads a literal of text[] and writes its elements back, each followed by "|". */
static void assert_elements(const char *literal, int dimensions, const char *expected) {
  mp_buffer scratch, found;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_buffer_init(&found, BUFFER_LIMIT);
  mp_array array = decode_text(1009, literal, &scratch).as.array;
  assert_int_equal(array.dimensions, dimensions);
  mp_value element;
  mp_error *error = NULL;
  while (mp_array_next(&array, &scratch, &element, &error)) {
    if (element.kind == MP_VALUE_NULL) {
      mp_buffer_adds(&found, "<null>");
    } else {
      mp_buffer_add(&found, element.as.bytes.data, element.as.bytes.size);
    }
    mp_buffer_addc(&found, '|');
  }
  assert_null(error);
  assert_string_equal(mp_buffer_text(&found), expected);
  mp_buffer_finish(&scratch);
  mp_buffer_finish(&found);
}

static void it_reads_literals(void **state) {
  (void)state;
  assert_elements("{}", 0, "");
  assert_elements("{a}", 1, "a|");
  assert_elements("{a,b c,d}", 1, "a|b c|d|");
  assert_elements("{NULL,\"NULL\",null,nulls}", 1, "<null>|NULL|<null>|nulls|");
  assert_elements("{\"\",\"a\\\"b\",\"a\\\\b\",\"{x,y}\"}", 1, "|a\"b|a\\b|{x,y}|");
  assert_elements("{{a,b},{c,NULL}}", 2, "a|b|c|<null>|");
  assert_elements("{{{1},{2}},{{3},{4}}}", 3, "1|2|3|4|");
  assert_elements("[2:3]={a,b}", 1, "a|b|");
  assert_elements("[-1:0][5:5]={{a},{b}}", 2, "a|b|");
  assert_elements("{\\NULL}", 1, "NULL|");
}

static void it_keeps_lengths_and_bounds(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_array array = decode_text(1007, "[-2:-1][3:5]={{1,2,3},{4,5,6}}", &scratch).as.array;
  assert_int_equal(array.lengths[0], 2);
  assert_int_equal(array.lengths[1], 3);
  assert_int_equal(array.lower[0], -2);
  assert_int_equal(array.lower[1], 3);
  array = decode_text(1007, "{{1,2,3}}", &scratch).as.array;
  assert_int_equal(array.lengths[0], 1);
  assert_int_equal(array.lengths[1], 3);
  assert_int_equal(array.lower[0], 1);
  mp_buffer_finish(&scratch);
}

static void it_refuses_malformed_literals(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "",
      "a",
      "{",
      "}",
      "{a",
      "{a}}",
      "{a}x",
      "{,}",
      "{a,}",
      "{,a}",
      "{a,,b}",
      "{{a},b}",
      "{a,{b}}",
      "{{a},{b,c}}",
      "{{}}",
      "{{a},{}}",
      "{\"a}",
      "{\"a\"b}",
      "{a\"b\"}",
      "{a\\",
      "{\"a\\",
      "{a{b}}",
      "[1:2]={a}",
      "[2:1]={a}",
      "[1]={a}",
      "[1:1={a}",
      "[1:1]{a}",
      "[1:1][1:1]={a}",
      "[1:1]={}",
      "{}{}",
      "{a} ",
      " {a}",
      "[99999999999:99999999999]={a}",
      "[1:4294967297]={a}",
      "{{{{{{{a}}}}}}}",
      "[1:1][1:1][1:1][1:1][1:1][1:1][1:1]={{{{{{{a}}}}}}}",
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_text_refused(1009, wrong[i]);
}

static void it_reports_an_element_that_is_wrong(void **state) {
  (void)state;
  static const struct {
    uint32_t oid;
    const char *literal;
  } wrong[] = {{1007, "{1,x}"},     {1007, "{1,\"\\2\"}"},  {1231, "{1,\"2\\3\"}"},
               {2951, "{\"\\a\"}"}, {1001, "{\"\\\\xz\"}"}, {1009, "{ok,\"\\\xff\"}"}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    mp_buffer scratch;
    mp_buffer_init(&scratch, BUFFER_LIMIT);
    mp_array array = decode_text(wrong[i].oid, wrong[i].literal, &scratch).as.array;
    mp_value element;
    mp_error *error = NULL;
    while (mp_array_next(&array, &scratch, &element, &error))
      continue;
    assert_refused(false, &error, MP_ERROR_DECODE, "the server sent");
    mp_buffer_finish(&scratch);
  }
}

static void it_reads_escaped_bytea_in_place(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_array array = decode_text(1001, "{\"\\\\x00ff\",\"\\\\\\\\\\\\001\",abc}", &scratch).as.array;
  mp_value element;
  mp_error *error = NULL;
  assert_true(mp_array_next(&array, &scratch, &element, &error));
  assert_bytes(&element.as.bytes, "\0\xff", 2);
  assert_true(mp_array_next(&array, &scratch, &element, &error));
  assert_bytes(&element.as.bytes, "\\\1", 2);
  assert_true(mp_array_next(&array, &scratch, &element, &error));
  assert_bytes(&element.as.bytes, "abc", 3);
  assert_false(mp_array_next(&array, &scratch, &element, &error));
  assert_null(error);
  mp_buffer_finish(&scratch);
}

/* int4[] in binary, {7,NULL}; each case changes some bytes of it. */
static const unsigned char right[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0,    0,    0,    2,
                                      0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 7,  0xff, 0xff, 0xff, 0xff};

static void it_reads_bytes(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_array array = decode_binary(1007, right, sizeof right, &scratch).as.array;
  mp_value element;
  mp_error *error = NULL;
  assert_true(mp_array_next(&array, &scratch, &element, &error));
  assert_int_equal(element.as.integer, 7);
  assert_true(mp_array_next(&array, &scratch, &element, &error));
  assert_int_equal(element.kind, MP_VALUE_NULL);
  assert_false(mp_array_next(&array, &scratch, &element, &error));
  assert_null(error);
  array = decode_binary(1007, "\0\0\0\0\0\0\0\0\0\0\0\x17", 12, &scratch).as.array;
  assert_int_equal(array.dimensions, 0);
  assert_false(mp_array_next(&array, &scratch, &element, &error));
  mp_buffer_finish(&scratch);
}

static void it_refuses_bytes_that_lie(void **state) {
  (void)state;
  static const struct {
    size_t at;
    const char *bytes;
    size_t size;
  } lies[] = {
      {0, "\0\0\0\7", 4},          /* seven dimensions           */
      {0, "\xff\xff\xff\xff", 4},  /* minus one                  */
      {0, "\0\0\0\2", 4},          /* two, but one is there      */
      {0, "\0\0\0\0", 4},          /* none, but elements follow  */
      {4, "\0\0\0\2", 4},          /* unknown flags              */
      {8, "\0\0\0\x19", 4},        /* elements of another type   */
      {12, "\0\0\0\3", 4},         /* one element too many       */
      {12, "\0\0\0\1", 4},         /* one too few                */
      {12, "\x7f\xff\xff\xff", 4}, /* two thousand million       */
      {12, "\xff\xff\xff\xff", 4}, /* minus one                  */
      {12, "\0\0\0\0", 4},         /* none                       */
      {20, "\0\0\0\5", 4},         /* an element too long        */
      {20, "\x7f\xff\xff\xff", 4}, /* much too long              */
      {20, "\xff\xff\xff\xfe", 4}, /* minus two                  */
  };
  for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
    unsigned char bytes[sizeof right];
    memcpy(bytes, right, sizeof right);
    memcpy(bytes + lies[i].at, lies[i].bytes, lies[i].size);
    assert_binary_refused(1007, bytes, sizeof bytes);
  }
  for (size_t size = 0; size < sizeof right; size++)
    assert_binary_refused(1007, right, size);
}

/* Six dimensions whose product overflows 64 bits. */
static void it_refuses_a_product_that_overflows(void **state) {
  (void)state;
  unsigned char bytes[12 + 6 * 8 + 4] = {0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 23};
  for (int i = 0; i < 6; i++)
    memcpy(bytes + 12 + 8 * i, "\x7f\xff\xff\xff\0\0\0\1", 8);
  assert_binary_refused(1007, bytes, sizeof bytes);
  for (int i = 0; i < 6; i++)
    memcpy(bytes + 12 + 8 * i, "\0\1\0\0\0\0\0\1", 8); /* 2^96 */
  assert_binary_refused(1007, bytes, sizeof bytes);
}

static void it_quotes_elements_that_need_it(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"a", "a"},         {"", "\"\""},       {"NULL", "\"NULL\""}, {"nUlL", "\"nUlL\""},   {"nulls", "nulls"},
      {"a b", "\"a b\""}, {"a,b", "\"a,b\""}, {"{", "\"{\""},       {"a\"b", "\"a\\\"b\""}, {"\\x41", "\"\\\\x41\""},
      {"\n", "\"\n\""},   {"-1.5", "-1.5"},   {"ä", "ä"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mp_buffer out;
    mp_buffer_init(&out, BUFFER_LIMIT);
    mp_array_add_element(&out, cases[i][0], strlen(cases[i][0]), ',');
    assert_string_equal(mp_buffer_text(&out), cases[i][1]);
    mp_buffer_finish(&out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_literals),
      cmocka_unit_test(it_keeps_lengths_and_bounds),
      cmocka_unit_test(it_refuses_malformed_literals),
      cmocka_unit_test(it_reports_an_element_that_is_wrong),
      cmocka_unit_test(it_reads_escaped_bytea_in_place),
      cmocka_unit_test(it_reads_bytes),
      cmocka_unit_test(it_refuses_bytes_that_lie),
      cmocka_unit_test(it_refuses_a_product_that_overflows),
      cmocka_unit_test(it_quotes_elements_that_need_it),
  };
  return cmocka_run_group_tests_name("arrays", tests, NULL, NULL);
}
