/* Numerics without a server: text, wire, conversions, order, and the edges of arithmetic. */
#include "numeric.h"

static void it_reads_and_writes_the_servers_words(void **state) {
  (void)state;
  static const char *const pairs[][2] = {
      {"0", "0"},
      {"-0.00", "0.00"},
      {" 12.50 ", "12.50"},
      {"+7", "7"},
      {".5", "0.5"},
      {"5.", "5"},
      {"1e3", "1000"},
      {"1.5e-7", "0.00000015"},
      {"1e-7", "0.0000001"},
      {"12e2", "1200"},
      {"00012.3400", "12.3400"},
      {"10000", "10000"},
      {"99999999", "99999999"},
      {"0.0001", "0.0001"},
      {"0.00001", "0.00001"},
      {"-123456789.987654321", "-123456789.987654321"},
      {"nan", "NaN"},
      {"Infinity", "Infinity"},
      {"-inf", "-Infinity"},
      {"+INF", "Infinity"},
      {"1.5e+2", "150"},
      {"0e5", "0"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    mp_buffer number = numeric_of(pairs[i][0]);
    assert_numeric(&number, pairs[i][1]);
    mp_buffer_finish(&number);
  }
}

static void it_refuses_what_is_no_number(void **state) {
  (void)state;
  static const char *const wrong[] = {"",     " ",     ".",   "-",    "1e",  "1e+", "1.2.3",
                                      "0x10", "1_000", "12a", "-nan", "+-1", "e5",  "1 2"};
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    mp_error *error = NULL;
    bool ok = mp_numeric_parse(wrong[i], strlen(wrong[i]), &out, &error);
    if (ok) fail_msg("\"%s\" was accepted", wrong[i]);
    assert_refused(ok, &error, MP_ERROR_USAGE, "is not a number");
  }
  mp_buffer_finish(&out);
}

static void it_keeps_to_the_servers_range(void **state) {
  (void)state;
  static const char *const wrong[] = {"1e131072", "1e-16384", "1e1000001", "1e99999999999999999999"};
  static const char *const right[] = {"1e131071", "1e-16383", "0e-16383"};
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  mp_error *error = NULL;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    bool ok = mp_numeric_parse(wrong[i], strlen(wrong[i]), &out, &error);
    assert_refused(ok, &error, MP_ERROR_USAGE, "131072 digits before the point");
  }
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
    assert_done(mp_numeric_parse(right[i], strlen(right[i]), &out, &error), &error);
  }
  mp_buffer_finish(&out);
}

static void it_refuses_malformed_bytes(void **state) {
  (void)state;
  assert_binary_refused(MP_OID_NUMERIC, "", 0);
  assert_binary_refused(MP_OID_NUMERIC, "\0\0\0\0\0\0\0", 7);
  assert_binary_refused(MP_OID_NUMERIC, "\0\1\0\0\0\0\0\0", 8);              /* a limb is missing         */
  assert_binary_refused(MP_OID_NUMERIC, "\0\0\0\0\0\0\0\0\0", 9);            /* one byte too many         */
  assert_binary_refused(MP_OID_NUMERIC, "\xff\xff\0\0\0\0\0\0", 8);          /* 65,535 limbs promised     */
  assert_binary_refused(MP_OID_NUMERIC, "\0\1\0\0\0\0\0\0\x27\x10", 10);     /* a limb of 10,000          */
  assert_binary_refused(MP_OID_NUMERIC, "\0\1\0\0\x12\x34\0\0\0\1", 10);     /* an unknown sign           */
  assert_binary_refused(MP_OID_NUMERIC, "\0\0\0\0\0\0\x40\0", 8);            /* a scale of 16,384         */
  assert_binary_refused(MP_OID_NUMERIC, "\0\1\0\0\xc0\0\0\0\0\1", 10);       /* digits behind NaN         */
  assert_binary_refused(MP_OID_NUMERIC, "\0\1\xff\xff\0\0\0\0\0\1", 10);     /* a fraction, but no scale  */
  assert_binary_refused(MP_OID_NUMERIC, "\0\1\xff\xff\0\0\0\2\x04\xd2", 10); /* 0.1234 with a scale of 2  */
}

static void it_trims_what_the_server_would_not_send(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  /* 0000 0012 0000 with the weight 2 is 12 0000 */
  decode_binary(MP_OID_NUMERIC, "\0\3\0\2\0\0\0\0\0\0\0\x0c\0\0", 14, &scratch);
  assert_numeric(&scratch, "120000");
  decode_binary(MP_OID_NUMERIC, "\0\1\0\2\x40\0\0\1\0\0", 10, &scratch); /* -0.0 */
  assert_numeric(&scratch, "0.0");
  mp_buffer_finish(&scratch);
}

static void it_converts_to_integers_exactly_or_not_at_all(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool fits;
    int64_t value;
  } cases[] = {
      {"0", true, 0},
      {"1.000", true, 1},
      {"-9223372036854775808", true, INT64_MIN},
      {"9223372036854775807", true, INT64_MAX},
      {"9223372036854775808", false, 0},
      {"-9223372036854775809", false, 0},
      {"1e30", false, 0},
      {"10000000000000000", true, 10000000000000000},
      {"0.5", false, 0},
      {"NaN", false, 0},
      {"Infinity", false, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mp_buffer number = numeric_of(cases[i].text);
    int64_t value = 0;
    assert_int_equal(mp_numeric_to_integer(mp_numeric_in(&number), &value), cases[i].fits);
    assert_true(value == cases[i].value);
    mp_buffer_finish(&number);
  }
}

static void it_comes_from_every_integer(void **state) {
  (void)state;
  static const struct {
    int64_t value;
    const char *text;
  } cases[] = {{0, "0"},
               {-1, "-1"},
               {9999, "9999"},
               {10000, "10000"},
               {INT64_MIN, "-9223372036854775808"},
               {INT64_MAX, "9223372036854775807"}};
  mp_buffer number;
  mp_buffer_init(&number, BUFFER_LIMIT);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mp_error *error = NULL;
    assert_done(mp_numeric_from_integer(cases[i].value, &number, &error), &error);
    assert_numeric(&number, cases[i].text);
  }
  mp_buffer_finish(&number);
}

/* The C library's strtod is the judge. */
static void it_converts_to_the_nearest_float(void **state) {
  (void)state;
  for (int i = 0; i < 20000; i++) {
    char text[900];
    int size = 0;
    int digits = 1 + random_below(random_below(50) ? 30 : 850);
    if (random_below(2)) text[size++] = '-';
    for (int digit = 0; digit < digits; digit++)
      text[size++] = (char)('0' + (digit == 0 ? 1 + random_below(9) : random_below(10)));
    snprintf(text + size, sizeof text - (size_t)size, "e%d", random_below(400) - 200);
    mp_buffer number = numeric_of(text);
    double value = mp_numeric_to_float(mp_numeric_in(&number));
    if (value != strtod(text, NULL)) fail_msg("%s became %.17g", text, value);
    mp_buffer_finish(&number);
  }
}

/* Just above the middle of two floats, by a digit that stands 900 places further on. */
static void it_sees_the_last_digit_of_a_long_number(void **state) {
  (void)state;
  char text[1000];
  int size = snprintf(text, sizeof text, "9007199254740993.%0900d", 0);
  mp_buffer middle = numeric_of(text);
  text[size - 1] = '1';
  mp_buffer above = numeric_of(text);
  assert_true(mp_numeric_to_float(mp_numeric_in(&middle)) == 9007199254740992.0);
  assert_true(mp_numeric_to_float(mp_numeric_in(&above)) == 9007199254740994.0);
  mp_buffer_finish(&middle);
  mp_buffer_finish(&above);
}

static void it_comes_from_a_floats_shortest_form(void **state) {
  (void)state;
  static const struct {
    double value;
    const char *text;
  } cases[] = {{0.1, "0.1"},         {1e20, "100000000000000000000"}, {-0.0, "0"}, {1e-7, "0.0000001"},
               {(double)NAN, "NaN"}, {-HUGE_VAL, "-Infinity"}};
  mp_buffer number;
  mp_buffer_init(&number, BUFFER_LIMIT);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mp_error *error = NULL;
    assert_done(mp_numeric_from_float(cases[i].value, &number, &error), &error);
    assert_numeric(&number, cases[i].text);
  }
  mp_buffer_finish(&number);
}

static void it_orders_as_the_server_does(void **state) {
  (void)state;
  static const char *const ascending[] = {"-Infinity", "-1e100", "-10000",   "-9999.5", "-1",     "-0.5",
                                          "0",         "0.0001", "0.5",      "1",       "1.0001", "9999",
                                          "10000",     "1e100",  "Infinity", "NaN"};
  int count = (int)(sizeof ascending / sizeof ascending[0]);
  for (int i = 0; i < count; i++) {
    for (int j = 0; j < count; j++) {
      mp_buffer a = numeric_of(ascending[i]);
      mp_buffer b = numeric_of(ascending[j]);
      assert_int_equal(mp_numeric_compare(mp_numeric_in(&a), mp_numeric_in(&b)), (i > j) - (i < j));
      mp_buffer_finish(&a);
      mp_buffer_finish(&b);
    }
  }
  mp_buffer a = numeric_of("1.50");
  mp_buffer b = numeric_of("1.5");
  assert_int_equal(mp_numeric_compare(mp_numeric_in(&a), mp_numeric_in(&b)), 0);
  mp_buffer_finish(&a);
  mp_buffer_finish(&b);
}

static void it_rounds_half_away_from_zero(void **state) {
  (void)state;
  static const struct {
    const char *number;
    int scale;
    const char *expected;
  } cases[] = {
      {"2.5", 0, "3"},
      {"-2.5", 0, "-3"},
      {"2.4999", 0, "2"},
      {"0.5", 0, "1"},
      {"0.4", 0, "0"},
      {"9999.9999", 3, "10000.000"},
      {"1.25", 1, "1.3"},
      {"7", -1, "10"},
      {"4", -1, "0"},
      {"5000", -4, "10000"},
      {"4999", -4, "0"},
      {"123456", -3, "123000"},
      {"1.5", 4, "1.5000"},
      {"NaN", 2, "NaN"},
      {"-Infinity", 0, "-Infinity"},
      {"0.00004", 4, "0.0000"},
      {"-0.00004", 4, "0.0000"},
      {"0.00005", 4, "0.0001"},
      {"99999999.5", 0, "100000000"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mp_buffer number = numeric_of(cases[i].number);
    mp_buffer out;
    mp_buffer_init(&out, BUFFER_LIMIT);
    mp_error *error = NULL;
    assert_done(mp_numeric_round(mp_numeric_in(&number), cases[i].scale, &out, &error), &error);
    assert_numeric(&out, cases[i].expected);
    mp_buffer_finish(&number);
    mp_buffer_finish(&out);
  }
}

static void it_refuses_what_arithmetic_cannot_do(void **state) {
  (void)state;
  mp_buffer one = numeric_of("1");
  mp_buffer zero = numeric_of("0.0");
  mp_buffer huge = numeric_of("1e131071");
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  const mp_numeric *a = mp_numeric_in(&one);
  mp_error *error = NULL;
  assert_refused(mp_numeric_divide(a, mp_numeric_in(&zero), 2, &out, &error), &error, MP_ERROR_USAGE,
                 "division by zero");
  assert_refused(mp_numeric_divide(a, a, -1, &out, &error), &error, MP_ERROR_USAGE, "0 to 16383");
  assert_refused(mp_numeric_round(a, 16384, &out, &error), &error, MP_ERROR_USAGE, "-131072 to 16383");
  assert_refused(mp_numeric_multiply(mp_numeric_in(&huge), mp_numeric_in(&huge), &out, &error), &error, MP_ERROR_USAGE,
                 "too large");
  mp_buffer nines = numeric_of("9e131071");
  assert_refused(mp_numeric_add(mp_numeric_in(&nines), mp_numeric_in(&nines), &out, &error), &error, MP_ERROR_USAGE,
                 "too large");
  mp_buffer_finish(&nines);
  mp_buffer_finish(&one);
  mp_buffer_finish(&zero);
  mp_buffer_finish(&huge);
  mp_buffer_finish(&out);
}

int main(void) {
  seed_random();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_and_writes_the_servers_words),
      cmocka_unit_test(it_refuses_what_is_no_number),
      cmocka_unit_test(it_keeps_to_the_servers_range),
      cmocka_unit_test(it_refuses_malformed_bytes),
      cmocka_unit_test(it_trims_what_the_server_would_not_send),
      cmocka_unit_test(it_converts_to_integers_exactly_or_not_at_all),
      cmocka_unit_test(it_comes_from_every_integer),
      cmocka_unit_test(it_converts_to_the_nearest_float),
      cmocka_unit_test(it_sees_the_last_digit_of_a_long_number),
      cmocka_unit_test(it_comes_from_a_floats_shortest_form),
      cmocka_unit_test(it_orders_as_the_server_does),
      cmocka_unit_test(it_rounds_half_away_from_zero),
      cmocka_unit_test(it_refuses_what_arithmetic_cannot_do),
  };
  return cmocka_run_group_tests_name("numeric", tests, NULL, NULL);
}
