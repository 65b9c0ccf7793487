/* hstore without a server: both forms of a value, right and wrong, alone and in arrays; and the text we write. */
#include "type_rows.h"

static mp_type_set *types;

static bool decode(uint32_t oid, bool binary, const char *data, size_t size, mp_buffer *scratch, mp_value *out,
                   mp_error **error) {
  const mp_codec *codec = mp_type_set_find(types, oid);
  mp_decode *decoder = binary ? codec->from_binary : codec->from_text;
  return decoder(codec, data, size, &default_context, scratch, out, error);
}

static void assert_same_forms(uint32_t oid, const char *text, const char *bytes, size_t size) {
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_value from_text, from_binary;
  mp_error *error = NULL;
  assert_done(decode(oid, false, text, strlen(text), &scratch, &from_text, &error), &error);
  assert_done(decode(oid, true, bytes, size, &scratch, &from_binary, &error), &error);
  if (!same_value(&from_text, &from_binary)) fail_msg("%s is another value in binary", text);
  mp_buffer_finish(&scratch);
}

#define SAME(oid, text, bytes) assert_same_forms(oid, text, bytes, sizeof(bytes) - 1)

static void it_reads_both_forms_alike(void **state) {
  (void)state;
  SAME(HSTORE, "", "\0\0\0\0");
  SAME(HSTORE, "\"a\"=>\"1\"", "\0\0\0\1\0\0\0\1a\0\0\0\0011");
  SAME(HSTORE, "\"a\"=>NULL", "\0\0\0\1\0\0\0\1a\xff\xff\xff\xff");
  SAME(HSTORE, "\"a\"=>\"NULL\"", "\0\0\0\1\0\0\0\1a\0\0\0\4NULL");
  SAME(HSTORE, "\"\"=>\"\"", "\0\0\0\1\0\0\0\0\0\0\0\0");
  SAME(HSTORE, "\"a\"=>NULL, \"=>\"=>\", \"", "\0\0\0\2\0\0\0\1a\xff\xff\xff\xff\0\0\0\2=>\0\0\0\2, ");
  SAME(HSTORE, "\"\\\"\"=>\"\\\\\", \"\xc3\xa9\"=>\"\\\\\\\"x\"",
       "\0\0\0\2\0\0\0\1\"\0\0\0\1\\\0\0\0\2\xc3\xa9\0\0\0\3\\\"x");
  SAME(HSTORES, "{\"\\\"a\\\"=>\\\"\\\\\\\\\\\"\",NULL}",
       "\0\0\0\1\0\0\0\1\0\0\x4e\x2c\0\0\0\2\0\0\0\1\0\0\0\x0e\0\0\0\1\0\0\0\1a\0\0\0\1\\\xff\xff\xff\xff");
}

/* ---- malformed ---- */

static void assert_refuses(bool binary, const char *data, size_t size) {
  char *exact = malloc(size + (size == 0)); /* a sanitizer sees what is read behind it */
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_value value;
  mp_error *error = NULL;
  assert_non_null(exact);
  memcpy(exact, data, size);
  bool ok = decode(HSTORE, binary, exact, size, &scratch, &value, &error);
  if (ok) fail_msg("%.*s was accepted", (int)size, data);
  assert_refused(ok, &error, MP_ERROR_DECODE, "the server sent a value that is no hstore: ");
  mp_buffer_finish(&scratch);
  free(exact);
}

static void it_refuses_texts_that_no_server_writes(void **state) {
  (void)state;
  static const char *const wrong[] = {"a=>1",
                                      "\"",
                                      "\"a",
                                      "\"a\"",
                                      "\"a\"=",
                                      "\"a\"=>",
                                      "\"a\"=>1",
                                      "\"a\"=>NUL",
                                      "\"a\"=>null",
                                      "\"a\"=>\"",
                                      "\"a\"=>\"b",
                                      "\"a\"=>\"b\\",
                                      "\"a\"=>\"b\\\"",
                                      "\"a\\\"=>\"b\"",
                                      "\"a\"=>\"b\",",
                                      "\"a\"=>\"b\", ",
                                      "\"a\"=>\"b\"x",
                                      "\"a\"=>\"b\",\"c\"=>\"d\"",
                                      ", \"a\"=>\"b\"",
                                      "NULL=>\"a\"",
                                      " ",
                                      "\"a\xff\"=>NULL",
                                      "\"a\"=>\"\xc3\""};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_refuses(false, wrong[i], strlen(wrong[i]));
}

#define REFUSE(bytes) assert_refuses(true, bytes, sizeof(bytes) - 1)

static void it_refuses_bytes_that_lie(void **state) {
  (void)state;
  REFUSE("");
  REFUSE("\0\0\0");
  REFUSE("\0\0\0\1");
  REFUSE("\xff\xff\xff\xff");
  REFUSE("\0\0\0\0\0");                                         /* none, and more */
  REFUSE("\0\0\0\1\xff\xff\xff\xff\0\0\0\1x");                  /* a NULL key */
  REFUSE("\0\0\0\1\xff\xff\xff\xfe\0\0\0\1x");                  /* a length below that of NULL */
  REFUSE("\0\0\0\1\0\0\0\1a\xff\xff\xff\xfe");                  /* the same of a value */
  REFUSE("\0\0\0\1\0\0\0\1a\0\0\0\2x");                         /* a value that is too long */
  REFUSE("\0\0\0\1\x7f\xff\xff\xff\0\0\0\0");                   /* a key that is too long */
  REFUSE("\0\0\0\1\0\0\0\4abcd");                               /* no value */
  REFUSE("\0\0\0\1\0\0\0\3abc\0");                              /* half a length */
  REFUSE("\0\0\0\2\0\0\0\1a\xff\xff\xff\xff");                  /* fewer pairs than promised */
  REFUSE("\0\0\0\1\0\0\0\1a\xff\xff\xff\xff\0\0\0\1b\0\0\0\0"); /* and more */
  REFUSE("\0\0\0\1\0\0\0\1\xff\0\0\0\0");                       /* invalid UTF-8 */
  REFUSE("\0\0\0\1\0\0\0\1a\0\0\0\1\xc3");
  REFUSE("\0\0\0\2\0\0\0\1\xc3\0\0\0\1\xa9\0\0\0\1b\0\0\0\1c"); /* half a character each */
}

/* ---- writing ---- */

static void assert_written(const char *key, const char *value, const char *expected) {
  const mp_bytes name = {key, strlen(key)}, text = {value, value == NULL ? 0 : strlen(value)};
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  mp_hstore_add(&out, &name, &text);
  assert_string_equal(mp_buffer_text(&out), expected);
  mp_buffer_finish(&out);
}

static void it_quotes_what_it_writes(void **state) {
  (void)state;
  assert_written("a", "1", "\"a\"=>\"1\"");
  assert_written("a", NULL, "\"a\"=>NULL");
  assert_written("", "", "\"\"=>\"\"");
  assert_written("NULL", "NULL", "\"NULL\"=>\"NULL\"");
  assert_written("\"=>\"", "\\,'", "\"\\\"=>\\\"\"=>\"\\\\,'\"");
}

static void it_sends_what_was_written_as_text(void **state) {
  (void)state;
  const mp_codec *codec = mp_type_set_find(types, HSTORE);
  const mp_value value = {.kind = MP_VALUE_HSTORE, .as.bytes = {"\"a\"=>NULL", 9}};
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  mp_error *error = NULL;
  size_t size = 0;
  int format = -1;
  assert_done(mp_encode_parameter(codec, &value, 1, &out, &size, &format, &error), &error);
  assert_int_equal(format, MP_FORMAT_TEXT);
  assert_int_equal(size, 9);
  mp_buffer_finish(&out);
}

int main(void) {
  mp_error *error = NULL;
  types = mp_type_set_create(type_rows, sizeof type_rows / sizeof type_rows[0], &error);
  if (types == NULL) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_both_forms_alike),         cmocka_unit_test(it_refuses_texts_that_no_server_writes),
      cmocka_unit_test(it_refuses_bytes_that_lie),         cmocka_unit_test(it_quotes_what_it_writes),
      cmocka_unit_test(it_sends_what_was_written_as_text),
  };
  int failed = cmocka_run_group_tests_name("hstore", tests, NULL, NULL);
  mp_type_set_release(types);
  return failed;
}
