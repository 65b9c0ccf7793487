/* Ranges, multiranges and composites: their literals and their bytes, right and wrong. */
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
  SAME(3904, "[1,5)", "\2\0\0\0\4\0\0\0\1\0\0\0\4\0\0\0\5");
  SAME(3904, "(1,5]", "\4\0\0\0\4\0\0\0\1\0\0\0\4\0\0\0\5");
  SAME(3904, "[1,)", "\x12\0\0\0\4\0\0\0\1");
  SAME(3904, "(,5)", "\x08\0\0\0\4\0\0\0\5");
  SAME(3904, "(,)", "\x18");
  SAME(3904, "empty", "\1");
  SAME(3904, "EMPTY", "\1");
  SAME(4451, "{}", "\0\0\0\0");
  SAME(4451, "{[1,5),[7,)}", "\0\0\0\2\0\0\0\x11\2\0\0\0\4\0\0\0\1\0\0\0\4\0\0\0\5\0\0\0\x09\x12\0\0\0\4\0\0\0\7");
  SAME(ADDRESS, "(1,,{})",
       "\0\0\0\3\0\0\0\x17\0\0\0\4\0\0\0\1\0\0\0\x19\xff\xff\xff\xff\0\0\3\xef\0\0\0\x0c\0\0\0\0\0\0\0\0\0\0\0\x17");
  SAME(ADDRESS, "(,\"a \"\"b\"\" \\\\\",)",
       "\0\0\0\3\0\0\0\x17\xff\xff\xff\xff\0\0\0\x19\0\0\0\7a \"b\" \\\0\0\3\xef\xff\xff\xff\xff");
  SAME(ADDRESS, "(,\"\",)", "\0\0\0\3\0\0\0\x17\xff\xff\xff\xff\0\0\0\x19\0\0\0\0\0\0\3\xef\xff\xff\xff\xff");
}

static void assert_refuses(uint32_t oid, bool binary, const char *data, size_t size) {
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_value value;
  mp_error *error = NULL;
  bool ok = decode(oid, binary, data, size, &scratch, &value, &error);
  if (ok) fail_msg("%.*s was accepted", (int)size, data);
  assert_refused(ok, &error, MP_ERROR_DECODE, "");
  mp_buffer_finish(&scratch);
}

static void it_refuses_malformed_literals(void **state) {
  (void)state;
  static const char *const ranges[] = {"",      "[",      "[1",      "[1,",     "[1,5",    "1,5)",     "[1;5)",
                                       "[1,5}", "[1,5)x", "[1,5,7)", "[\"1,5)", "[1,5\\)", "emptyish", "empt"};
  static const char *const multiranges[] = {"",         "{",          "}",        "[1,5)",    "{[1,5)",
                                            "{[1,5),}", "{[1,5)x}",   "{,[1,5)}", "{[1,5)}x", "{[1,5)[7,9)}",
                                            "{empty}",  "{\"[1,5)\"}"};
  static const char *const composites[] = {"",          "(",        ")",  "1,2,3",     "(1,2,3",    "(1,2)",
                                           "(1,2,3,4)", "(1,2,3)x", "()", "(1,\"2,3)", "(1,2,3\\)", "{1,2,3}"};
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
    assert_refuses(3904, false, ranges[i], strlen(ranges[i]));
  for (size_t i = 0; i < sizeof multiranges / sizeof multiranges[0]; i++)
    assert_refuses(4451, false, multiranges[i], strlen(multiranges[i]));
  for (size_t i = 0; i < sizeof composites / sizeof composites[0]; i++)
    assert_refuses(ADDRESS, false, composites[i], strlen(composites[i]));
}

#define REFUSE(oid, bytes) assert_refuses(oid, true, bytes, sizeof(bytes) - 1)

static void it_refuses_bytes_that_lie(void **state) {
  (void)state;
  REFUSE(3904, "");
  REFUSE(3904, "\x20");
  REFUSE(3904, "\x80");
  REFUSE(3904, "\1\0");                               /* empty, and more */
  REFUSE(3904, "\2\0\0\0\4\0\0\0\1");                 /* one bound     */
  REFUSE(3904, "\2\xff\xff\xff\xff\0\0\0\4\0\0\0\5"); /* a NULL bound  */
  REFUSE(3904, "\x12\x7f\xff\xff\xff\0\0\0\1");       /* too long      */
  REFUSE(3904, "\x12\0\0\0\4\0\0\0\1\0");             /* more          */
  REFUSE(4451, "\0\0\0");
  REFUSE(4451, "\xff\xff\xff\xff");
  REFUSE(4451, "\0\0\0\1\xff\xff\xff\xff");
  REFUSE(4451, "\0\0\0\1\0\0\0\1\x18\0");
  REFUSE(ADDRESS, "\0\0\0\2");
  REFUSE(ADDRESS, "\xff\xff\xff\xff");
  REFUSE(ADDRESS, "\0\0\0\3\0\0\0\x17");
  /* a field of another type, one that is too long, and one too many */
  REFUSE(ADDRESS, "\0\0\0\3\0\0\0\x14\xff\xff\xff\xff\0\0\0\x19\xff\xff\xff\xff\0\0\3\xef\xff\xff\xff\xff");
  REFUSE(ADDRESS, "\0\0\0\3\0\0\0\x17\xff\xff\xff\xff\0\0\0\x19\0\0\0\7abc\0\0\3\xef\xff\xff\xff\xff");
  REFUSE(ADDRESS, "\0\0\0\3\0\0\0\x17\xff\xff\xff\xff\0\0\0\x19\xff\xff\xff\xff\0\0\3\xef\xff\xff\xff\xff\0\0\0\0");
}

static void assert_quoted(const char *text, const char *expected) {
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  mp_quoted_add(&out, text, strlen(text));
  assert_string_equal(mp_buffer_text(&out), expected);
  mp_buffer_finish(&out);
}

static void it_quotes_what_needs_it(void **state) {
  (void)state;
  assert_quoted("abc-1.5", "abc-1.5");
  assert_quoted("", "\"\"");
  assert_quoted("a b", "\"a b\"");
  assert_quoted("a\"b\\", "\"a\"\"b\\\\\"");
  assert_quoted("(", "\"(\"");
  assert_quoted("]", "\"]\"");
  assert_quoted(",", "\",\"");
  assert_quoted("{}", "{}");
  assert_quoted("NULL", "NULL"); /* here that is a text like any other */
}

static void it_takes_quotes_anywhere(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_value value, field;
  mp_item item;
  mp_error *error = NULL;
  const char *text = "(1,a\"b, \"\"c\"d\\,e,)";
  assert_done(decode(ADDRESS, false, text, strlen(text), &scratch, &value, &error), &error);
  assert_true(mp_composite_next_item(&value.as.composite, &scratch, &item, &error));
  assert_true(mp_composite_next_item(&value.as.composite, &scratch, &item, &error));
  assert_true(item.in_scratch);
  assert_done(mp_item_decode(&item, &scratch, &field, &error), &error);
  assert_bytes(&field.as.bytes, "ab, \"cd,e", 9);
  assert_true(mp_composite_next_item(&value.as.composite, &scratch, &item, &error));
  assert_null(item.bytes.data);
  assert_false(mp_composite_next_item(&value.as.composite, &scratch, &item, &error));
  assert_null(error);
  mp_buffer_finish(&scratch);
}

int main(void) {
  mp_error *error = NULL;
  types = mp_type_set_create(type_rows, sizeof type_rows / sizeof type_rows[0], &error);
  if (types == NULL) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_both_forms_alike), cmocka_unit_test(it_refuses_malformed_literals),
      cmocka_unit_test(it_refuses_bytes_that_lie), cmocka_unit_test(it_quotes_what_needs_it),
      cmocka_unit_test(it_takes_quotes_anywhere),
  };
  int failed = cmocka_run_group_tests_name("ranges and composites", tests, NULL, NULL);
  mp_type_set_release(types);
  return failed;
}
