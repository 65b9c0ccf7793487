/* boolean, the integers and the floats, without a server: bounds, malformed input, words. */
#include "support.h"

static void it_reads_booleans(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  assert_true(decode_text(MP_OID_BOOL, "t", &scratch).as.boolean);
  assert_false(decode_text(MP_OID_BOOL, "f", &scratch).as.boolean);
  assert_true(decode_binary(MP_OID_BOOL, "\1", 1, &scratch).as.boolean);
  assert_false(decode_binary(MP_OID_BOOL, "\0", 1, &scratch).as.boolean);
  mp_buffer_finish(&scratch);
  assert_text_refused(MP_OID_BOOL, "");
  assert_text_refused(MP_OID_BOOL, "true");
  assert_binary_refused(MP_OID_BOOL, "\2", 1);
  assert_binary_refused(MP_OID_BOOL, "\1\1", 2);
  assert_binary_refused(MP_OID_BOOL, "", 0);
}

static void it_reads_integers_up_to_their_bounds(void **state) {
  (void)state;
  static const struct {
    mp_type_oid oid;
    const char *text;
    int64_t expected;
  } right[] = {
      {MP_OID_INT2, "-32768", INT16_MIN},
      {MP_OID_INT2, "32767", INT16_MAX},
      {MP_OID_INT4, "-2147483648", INT32_MIN},
      {MP_OID_INT8, "-9223372036854775808", INT64_MIN},
      {MP_OID_INT8, "9223372036854775807", INT64_MAX},
      {MP_OID_OID, "4294967295", UINT32_MAX},
      {MP_OID_INT4, "0", 0},
  };
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
    mp_value value = decode_text(right[i].oid, right[i].text, &scratch);
    assert_int_equal(value.kind, MP_VALUE_INTEGER);
    assert_true(value.as.integer == right[i].expected);
  }
  assert_int_equal(decode_binary(MP_OID_INT2, "\x80\0", 2, &scratch).as.integer, INT16_MIN);
  assert_int_equal(decode_binary(MP_OID_INT4, "\xff\xff\xff\xff", 4, &scratch).as.integer, -1);
  assert_int_equal(decode_binary(MP_OID_OID, "\xff\xff\xff\xff", 4, &scratch).as.integer, UINT32_MAX);
  mp_buffer_finish(&scratch);
}

static void it_refuses_malformed_integers(void **state) {
  (void)state;
  static const char *const wrong[] = {"",
                                      "-",
                                      "+1",
                                      "1 ",
                                      " 1",
                                      "1.0",
                                      "0x1",
                                      "12a",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_text_refused(MP_OID_INT8, wrong[i]);
  assert_text_refused(MP_OID_INT2, "32768");
  assert_text_refused(MP_OID_INT4, "2147483648");
  assert_text_refused(MP_OID_OID, "-1");
  assert_binary_refused(MP_OID_INT2, "\0\0\0\1", 4);
  assert_binary_refused(MP_OID_INT4, "\0\0\1", 3);
  assert_binary_refused(MP_OID_INT8, "\0\0\0\1", 4);
  assert_binary_refused(MP_OID_OID, "", 0);
}

static void it_reads_floats_to_the_bit(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  assert_true(decode_text(MP_OID_FLOAT8, "0.1", &scratch).as.number == 0.1);
  assert_true(decode_text(MP_OID_FLOAT8, "1.7976931348623157e+308", &scratch).as.number == 1.7976931348623157e308);
  assert_true(decode_text(MP_OID_FLOAT8, "5e-324", &scratch).as.number == 5e-324);
  assert_true(decode_text(MP_OID_FLOAT8, "123456789012345680", &scratch).as.number == 123456789012345680.0);
  assert_true(signbit(decode_text(MP_OID_FLOAT8, "-0", &scratch).as.number));
  assert_true(isnan(decode_text(MP_OID_FLOAT8, "NaN", &scratch).as.number));
  assert_true(decode_text(MP_OID_FLOAT8, "-Infinity", &scratch).as.number == -HUGE_VAL);
  assert_true(decode_text(MP_OID_FLOAT4, "0.1", &scratch).as.number == (double)0.1F);
  assert_true(decode_binary(MP_OID_FLOAT4, "\x3d\xcc\xcc\xcd", 4, &scratch).as.number == (double)0.1F);
  mp_buffer_finish(&scratch);
}

static void it_refuses_malformed_floats(void **state) {
  (void)state;
  static const char *const wrong[] = {"",    "-",     ".5",  "5.", "1e",  "1e+",   "nan",
                                      "inf", "0x1p3", "1,5", "1 ", "--1", "1e999", "12345678901234567890123"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_text_refused(MP_OID_FLOAT8, wrong[i]);
  assert_text_refused(MP_OID_FLOAT4, "1e39");
  assert_binary_refused(MP_OID_FLOAT8, "\0\0\0\0", 4);
  assert_binary_refused(MP_OID_FLOAT4, "\0\0\0\0\0", 5);
}

static void it_writes_the_shortest_digits(void **state) {
  (void)state;
  static const struct {
    double value;
    const char *text;
  } right[] = {
      {0.0, "0"},
      {-0.0, "-0"},
      {1.0, "1"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {100.0, "100"},
      {123456789012345.0, "123456789012345"},
      {1e14, "100000000000000"},
      {1e15, "1e+15"},
      {1234567890123456.0, "1.234567890123456e+15"},
      {0.0001, "0.0001"},
      {0.00012, "0.00012"},
      {0.00001, "1e-05"},
      {1e100, "1e+100"},
      {5e-324, "5e-324"},
      {1e23, "9.999999999999999e+22"}, /* lies between two floats: the server does not say 1e+23 */
      {HUGE_VAL, "Infinity"},
      {-HUGE_VAL, "-Infinity"},
  };
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
    mp_value value = float_value(right[i].value);
    assert_value_text(&value, right[i].text);
  }
  mp_value nan = float_value((double)NAN);
  assert_value_text(&nan, "NaN");
}

static void it_writes_float4_with_its_own_digits(void **state) {
  (void)state;
  static const struct {
    float value;
    const char *text;
  } right[] = {
      {0.1F, "0.1"}, {123456.0F, "123456"}, {1e6F, "1e+06"}, {3.4028235e38F, "3.4028235e+38"}, {1e-45F, "1e-45"}};
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
    char text[32];
    size_t size = mp_float4_format(right[i].value, text);
    text[size] = '\0';
    assert_string_equal(text, right[i].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_booleans),
      cmocka_unit_test(it_reads_integers_up_to_their_bounds),
      cmocka_unit_test(it_refuses_malformed_integers),
      cmocka_unit_test(it_reads_floats_to_the_bit),
      cmocka_unit_test(it_refuses_malformed_floats),
      cmocka_unit_test(it_writes_the_shortest_digits),
      cmocka_unit_test(it_writes_float4_with_its_own_digits),
  };
  return cmocka_run_group_tests_name("numbers", tests, NULL, NULL);
}
