/* JSON: the tape against a document's shape, numbers that lose nothing, and what is refused with its place. */
#include "support.h"

/* The tape written back as compact JSON, with each number's type in front: i, f or n. */
static const mp_json_node *write_node(const mp_json_node *node, mp_buffer *out) {
  char text[32];
  mp_error *error = NULL;
  const mp_json_node *next = node + 1;
  switch ((mp_json_type)node->type) {
  case MP_JSON_NULL: mp_buffer_adds(out, "null"); break;
  case MP_JSON_FALSE: mp_buffer_adds(out, "false"); break;
  case MP_JSON_TRUE: mp_buffer_adds(out, "true"); break;
  case MP_JSON_INTEGER: mp_buffer_addf(out, "i%lld", (long long)node->as.integer); break;
  case MP_JSON_FLOAT:
    mp_buffer_addc(out, 'f');
    mp_buffer_add(out, text, mp_float_format(node->as.number, text));
    break;
  case MP_JSON_NUMBER:
    mp_buffer_addc(out, 'n');
    mp_buffer_add(out, node->as.text, node->count);
    break;
  case MP_JSON_STRING: assert_done(mp_json_write_string(out, node->as.text, node->count, &error), &error); break;
  case MP_JSON_ARRAY:
    mp_buffer_addc(out, '[');
    for (uint32_t i = 0; i < node->count; i++) {
      if (i > 0) mp_buffer_addc(out, ',');
      next = write_node(next, out);
    }
    mp_buffer_addc(out, ']');
    break;
  case MP_JSON_OBJECT:
    mp_buffer_addc(out, '{');
    for (uint32_t i = 0; i < node->count; i++) {
      if (i > 0) mp_buffer_addc(out, ',');
      next = write_node(next, out);
      mp_buffer_addc(out, ':');
      next = write_node(next, out);
    }
    mp_buffer_addc(out, '}');
    break;
  }
  return next;
}

static void assert_read(mp_json_tape *tape, const char *text, const char *expected) {
  mp_error *error = NULL;
  assert_done(mp_json_read(tape, text, strlen(text), &error), &error);
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  const mp_json_node *end = write_node(tape->nodes, &out);
  assert_ptr_equal(end, tape->nodes + tape->count);
  assert_string_equal(mp_buffer_text(&out), expected);
  mp_buffer_finish(&out);
}

static void it_reads_every_kind_of_value(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"null", "null"},
      {" true ", "true"},
      {"false", "false"},
      {"\"\"", "\"\""},
      {"[]", "[]"},
      {"{}", "{}"},
      {"[1,[2,[]],{\"a\":{}}]", "[i1,[i2,[]],{\"a\":{}}]"},
      {"{\"a\":[1,2],\"b\":{\"a\":null},\"\":0}", "{\"a\":[i1,i2],\"b\":{\"a\":null},\"\":i0}"},
      {"\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "\"a\\\"\\\\/\\b\\f\\n\\r\\tz\""},
      {"\"\\u00e9\\u20ac\\ud83c\\udfb2\"", "\"é€🎲\""},
      {"[\"plain\",\"one\\ntwo\",\"plain\",\"\\u0041\"]", "[\"plain\",\"one\\ntwo\",\"plain\",\"A\"]"},
      {"\"\\u0000\"", "\"\\u0000\""},
      {"\"\\\\ud800\"", "\"\\\\ud800\""}, /* an escaped backslash, no escape of a surrogate */
      {"\t\r\n[ 1 , 2 ]\n", "[i1,i2]"},
  };
  mp_json_tape tape;
  mp_json_tape_init(&tape);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_read(&tape, cases[i][0], cases[i][1]);
  mp_json_tape_finish(&tape);
}

static void it_loses_no_digit_of_a_number(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"0", "i0"},
      {"-0", "f-0"},
      {"-1", "i-1"},
      {"9223372036854775807", "i9223372036854775807"},
      {"-9223372036854775808", "i-9223372036854775808"},
      {"9223372036854775808", "n9223372036854775808"},
      {"9007199254740993", "i9007199254740993"},
      {"100000000000000000000", "f1e+20"},
      {"100000000000000000001", "n100000000000000000001"},
      {"1.0", "f1"},
      {"0.1", "f0.1"},
      {"1.10", "f1.1"},
      {"1e2", "f100"},
      {"1E+2", "f100"},
      {"-0.0", "f-0"},
      {"0.30000000000000004", "f0.30000000000000004"},
      {"0.300000000000000040", "f0.30000000000000004"},
      {"0.3000000000000000444", "n0.3000000000000000444"},
      {"0.12345678901234567", "n0.12345678901234567"}, /* the nearest float is shorter */
      {"3.141592653589793238462643383279", "n3.141592653589793238462643383279"},
      {"1.5000000000000000000000000000000000", "f1.5"},
      {"1e400", "n1e400"},
      {"1e-400", "n1e-400"},
      {"5e-324", "f5e-324"},
      {"4.9e-324", "n4.9e-324"},
      {"1.7976931348623157e308", "f1.7976931348623157e+308"},
      {"0e999", "f0"},
      {"863916840761000000.0", "n863916840761000000.0"}, /* between two floats: each is written in other digits */
      {"1e23", "n1e23"},
      {"100.0", "f100"},
  };
  mp_json_tape tape;
  mp_json_tape_init(&tape);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_read(&tape, cases[i][0], cases[i][1]);
  mp_json_tape_finish(&tape);
}

/* What says FLOAT prints as the same decimal value: numeric is the judge. */
static void it_calls_only_exact_numbers_floats(void **state) {
  (void)state;
  mp_json_tape tape;
  mp_json_tape_init(&tape);
  mp_buffer written, exact;
  mp_buffer_init(&written, BUFFER_LIMIT);
  mp_buffer_init(&exact, BUFFER_LIMIT);
  mp_error *error = NULL;
  int floats = 0;
  for (int i = 0; i < 30000; i++) {
    char text[64];
    int size = 0;
    text[size++] = (char)('1' + random_below(9));
    text[size++] = '.';
    for (int digits = 1 + random_below(20); digits > 0; digits--)
      text[size++] = (char)('0' + random_below(10));
    snprintf(text + size, sizeof text - (size_t)size, "e%d", random_below(80) - 40);
    assert_done(mp_json_read(&tape, text, strlen(text), &error), &error);
    assert_done(mp_numeric_parse(text, strlen(text), &exact, &error), &error);
    double nearest = strtod(text, NULL);
    assert_done(mp_numeric_from_float(nearest, &written, &error), &error);
    bool same = mp_numeric_compare(mp_numeric_in(&exact), mp_numeric_in(&written)) == 0;
    if ((tape.nodes[0].type == MP_JSON_FLOAT) != same) fail_msg("%s is type %u", text, tape.nodes[0].type);
    if (same) assert_true(tape.nodes[0].as.number == nearest);
    floats += same;
  }
  assert_in_range(floats, 1000, 29000);
  mp_buffer_finish(&written);
  mp_buffer_finish(&exact);
  mp_json_tape_finish(&tape);
}

static void assert_json_refused(const char *text, size_t size, const char *part) {
  mp_json_tape tape;
  mp_json_tape_init(&tape);
  mp_error *error = NULL;
  bool ok = mp_json_read(&tape, text, size, &error);
  if (ok) fail_msg("%.*s was accepted", (int)size, text);
  assert_refused(ok, &error, MP_ERROR_DECODE, part);
  mp_json_tape_finish(&tape);
}

static void it_refuses_what_is_no_json(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "",        " ",     "nul",    "True",     "'a'",       "[1,]", "[,1]",    "[1 2]",     "{\"a\":1,}", "{a:1}",
      "{\"a\"}", "{1:2}", "[",      "{",        "]",         "\"",   "\"\\x\"", "\"\\u12\"", "\"a\nb\"",   "1 2",
      "[]]",     "01",    "-",      "1.",       ".5",        "1e",   "+1",      "0x10",      "NaN",        "Infinity",
      "// a\n1", "[1]x",  "\"\t\"", "{\"a\":}", "{\"a\" 1}", "[}",   "-a",      "1.e5",      "\"\\\"",
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_json_refused(wrong[i], strlen(wrong[i]), "JSON, line ");
  }
  assert_json_refused("1 \"a", 4, "column 3: something follows the document");
  assert_json_refused("[] \n x", 6, "line 2, column 2: something follows the document");
  assert_json_refused("1\0", 2, "JSON, line ");
  assert_json_refused("[\"a\0b\"]", 7, "JSON, line ");
}

static void it_says_where_and_what(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"[1,\n \"é\", x]", "JSON, line 2, column 7: "},
      {"[1,\n", "JSON, line 2, column 1: the document ends too early"},
      {"\"abc", "JSON, line 1, column 5: the document ends too early"},
      {"[1, 2}", "JSON, line 1, column 6: "},
      {"{\"a\":1,\"a\":2}", "column 13: two keys of one name"},
      {"[\"a\n\"]", "line 1, column 4: invalid character inside string"},
      {"\"\xff\"", "JSON, line 1, column 2: invalid UTF-8"},
      {"[\n\"\\ud800\"]", "JSON, line 2, column 2: half of a surrogate pair"},
      {"\"\\udc00\"", "half of a surrogate pair"},
      {"\"\\ud800\\u0041\"", "half of a surrogate pair"},
      {"\"\\ud800\\ud800\"", "half of a surrogate pair"},
      {"\"\\udbff\"", "half of a surrogate pair"},
      {"\"\\uDFFF\"", "half of a surrogate pair"},
      {"{\"a\":1,\"b\":2,\"a\":3}", "two keys of one name"},
      {"{\"a\":1,\"\\u0061\":3}", "two keys of one name"},
      {"[{\"x\":{\"a\":1,\"a\":1}}]", "two keys of one name"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_json_refused(cases[i][0], strlen(cases[i][0]), cases[i][1]);
  }
}

/* An object of `count` keys; the last is the first again when `twice`. */
static char *many_keys(int count, bool twice) {
  mp_buffer text;
  mp_buffer_init(&text, BUFFER_LIMIT);
  mp_buffer_addc(&text, '{');
  for (int i = 0; i < count; i++)
    mp_buffer_addf(&text, "%s\"key %d\":%d", i > 0 ? "," : "", i, i);
  if (twice) mp_buffer_adds(&text, ",\"key 0\":0");
  mp_buffer_addc(&text, '}');
  return mp_buffer_take_text(&text);
}

static void it_finds_a_duplicate_among_any_number_of_keys(void **state) {
  (void)state;
  for (int count = 1; count < 10000; count = count * 3 / 2 + 1) {
    mp_json_tape tape;
    mp_json_tape_init(&tape);
    mp_error *error = NULL;
    char *right = many_keys(count, false);
    assert_done(mp_json_read(&tape, right, strlen(right), &error), &error);
    assert_int_equal(tape.nodes[0].count, count);
    char *wrong = many_keys(count, true);
    assert_json_refused(wrong, strlen(wrong), "two keys of one name");
    free(right);
    free(wrong);
    mp_json_tape_finish(&tape);
  }
}

static void it_reads_a_thousand_levels_and_no_more(void **state) {
  (void)state;
  char text[2 * MP_JSON_DEPTH + 2];
  memset(text, '[', MP_JSON_DEPTH + 1);
  memset(text + MP_JSON_DEPTH + 1, ']', MP_JSON_DEPTH + 1);
  mp_json_tape tape;
  mp_json_tape_init(&tape);
  mp_error *error = NULL;
  assert_done(mp_json_read(&tape, text + 1, 2 * MP_JSON_DEPTH, &error), &error);
  assert_int_equal(tape.count, MP_JSON_DEPTH);
  mp_json_tape_finish(&tape);
  assert_json_refused(text, 2 * MP_JSON_DEPTH + 2, "nested too deeply");
}

static void it_can_be_used_again_after_a_failure(void **state) {
  (void)state;
  mp_json_tape tape;
  mp_json_tape_init(&tape);
  mp_error *error = NULL;
  for (int i = 0; i < 3; i++) {
    assert_refused(mp_json_read(&tape, "[\"\\n\",{\"a\":1,\"a\"", 17, &error), &error, MP_ERROR_DECODE, "JSON");
    assert_int_equal(tape.count, 0);
    assert_read(&tape, "{\"b\":\"\\t\"}", "{\"b\":\"\\t\"}");
  }
  mp_json_tape_finish(&tape);
  mp_json_tape_finish(&tape);
}

static void it_writes_floats_that_stay_floats(void **state) {
  (void)state;
  static const struct {
    double value;
    const char *text;
  } cases[] = {{1.0, "1.0"}, {-0.0, "-0.0"}, {0.1, "0.1"}, {1e20, "1e+20"}, {123456.0, "123456.0"}};
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  mp_error *error = NULL;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mp_buffer_clear(&out);
    assert_done(mp_json_write_float(&out, cases[i].value, &error), &error);
    assert_string_equal(mp_buffer_text(&out), cases[i].text);
  }
  assert_refused(mp_json_write_float(&out, (double)NAN, &error), &error, MP_ERROR_USAGE, "JSON has no NaN");
  assert_refused(mp_json_write_float(&out, -HUGE_VAL, &error), &error, MP_ERROR_USAGE, "JSON has no infinity");
  mp_buffer_finish(&out);
}

static void it_escapes_strings(void **state) {
  (void)state;
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  mp_error *error = NULL;
  assert_done(mp_json_write_string(&out, "a\"\\\n\x01\x1f\0/é\x7f", 11, &error), &error);
  assert_string_equal(mp_buffer_text(&out), "\"a\\\"\\\\\\n\\u0001\\u001f\\u0000/é\x7f\"");
  assert_refused(mp_json_write_string(&out, "a\xff", 2, &error), &error, MP_ERROR_USAGE,
                 "not valid UTF-8 at its byte 2");
  mp_buffer_finish(&out);
}

int main(void) {
  seed_random();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_every_kind_of_value),
      cmocka_unit_test(it_loses_no_digit_of_a_number),
      cmocka_unit_test(it_calls_only_exact_numbers_floats),
      cmocka_unit_test(it_refuses_what_is_no_json),
      cmocka_unit_test(it_says_where_and_what),
      cmocka_unit_test(it_finds_a_duplicate_among_any_number_of_keys),
      cmocka_unit_test(it_reads_a_thousand_levels_and_no_more),
      cmocka_unit_test(it_can_be_used_again_after_a_failure),
      cmocka_unit_test(it_writes_floats_that_stay_floats),
      cmocka_unit_test(it_escapes_strings),
  };
  return cmocka_run_group_tests_name("JSON", tests, NULL, NULL);
}
