/* Parameters without a server: which form a value is sent in, and what is refused before anything is sent. */
#include "support.h"

/* With expected == NULL only the format counts. */
static void assert_sent(const mp_codec *codec, mp_value value, int format, const char *expected, size_t expected_size) {
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  mp_buffer_adds(&out, "before");
  size_t size = 0;
  int sent = -1;
  mp_error *error = NULL;
  assert_done(mp_encode_parameter(codec, &value, 1, &out, &size, &sent, &error), &error);
  assert_int_equal(sent, format);
  assert_int_equal(out.size, strlen("before") + size + 1);
  assert_int_equal(out.data[out.size - 1], '\0');
  mp_bytes bytes = {out.data + strlen("before"), size};
  assert_bytes(&bytes, expected, expected_size);
  mp_buffer_finish(&out);
}

static void assert_text_sent(uint32_t oid, mp_value value, const char *expected) {
  const mp_codec *codec = oid == 0 ? NULL : mp_codec_find(oid);
  assert_sent(codec, value, MP_FORMAT_TEXT, expected, strlen(expected));
}

static void assert_binary_sent(uint32_t oid, mp_value value, const char *expected, size_t size) {
  assert_sent(mp_codec_find(oid), value, MP_FORMAT_BINARY, expected, size);
}

static mp_value bytes_value(mp_value_kind kind, const char *data, size_t size) {
  return (mp_value){.kind = kind, .as.bytes = {data, size}};
}

static void it_sends_text_while_the_type_is_unknown(void **state) {
  (void)state;
  assert_text_sent(0, (mp_value){.kind = MP_VALUE_BOOL, .as.boolean = true}, "true");
  assert_text_sent(0, integer_value(INT64_MIN), "-9223372036854775808");
  assert_text_sent(0, float_value(1.0), "1");
  assert_text_sent(0, float_value(0.1), "0.1");
  assert_text_sent(0, text_value("Zoë"), "Zoë");
  assert_text_sent(0, bytes_value(MP_VALUE_BYTES, "\0\xff", 2), "\\x00ff");
  assert_text_sent(0, bytes_value(MP_VALUE_BYTES, NULL, 0), "\\x");
  assert_text_sent(0, text_value(""), "");
}

static void it_sends_bytes_where_kind_and_type_agree(void **state) {
  (void)state;
  assert_binary_sent(MP_OID_BOOL, (mp_value){.kind = MP_VALUE_BOOL, .as.boolean = true}, "\1", 1);
  assert_binary_sent(MP_OID_INT2, integer_value(-2), "\xff\xfe", 2);
  assert_binary_sent(MP_OID_INT4, integer_value(258), "\0\0\1\2", 4);
  assert_binary_sent(MP_OID_INT8, integer_value(-1), "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  assert_binary_sent(MP_OID_OID, integer_value(UINT32_MAX), "\xff\xff\xff\xff", 4);
  assert_binary_sent(MP_OID_FLOAT8, integer_value(1), "\x3f\xf0\0\0\0\0\0\0", 8);
  assert_binary_sent(MP_OID_FLOAT4, float_value(0.1), "\x3d\xcc\xcc\xcd", 4);
  assert_binary_sent(MP_OID_NUMERIC, integer_value(10000), "\0\1\0\1\0\0\0\0\0\1", 10);
  assert_binary_sent(MP_OID_NUMERIC, float_value(0.5), "\0\1\xff\xff\0\0\0\1\x13\x88", 10);
  assert_binary_sent(MP_OID_TEXT, text_value("Zoë"), "Zoë", 4);
  assert_binary_sent(MP_OID_JSON, text_value("{}"), "{}", 2);
  assert_binary_sent(MP_OID_JSONB, bytes_value(MP_VALUE_JSON, "{}", 2), "\1{}", 3);
  assert_binary_sent(MP_OID_BYTEA, bytes_value(MP_VALUE_BYTES, "\0\xff", 2), "\0\xff", 2);
  assert_binary_sent(MP_OID_BYTEA, bytes_value(MP_VALUE_TEXT, "\\x\xff\0", 4), "\\x\xff\0", 4);
  assert_binary_sent(MP_OID_BYTEA, bytes_value(MP_VALUE_BYTES, NULL, 0), "", 0);
  assert_binary_sent(MP_OID_UUID, text_value("{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}"),
                     "\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11", 16);
  assert_binary_sent(MP_OID_XID, integer_value(UINT32_MAX), "\xff\xff\xff\xff", 4);
  assert_binary_sent(MP_OID_XID8, integer_value(1), "\0\0\0\0\0\0\0\1", 8);
  assert_binary_sent(MP_OID_DATE, (mp_value){.kind = MP_VALUE_DATE, .as.integer = -1}, "\xff\xff\xff\xff", 4);
}

static void it_leaves_other_pairs_to_the_server(void **state) {
  (void)state;
  assert_text_sent(MP_OID_INT4, text_value("42"), "42");
  assert_text_sent(MP_OID_INT4, float_value(1.0), "1");
  assert_text_sent(MP_OID_INT4, float_value(1.5), "1.5");
  assert_text_sent(MP_OID_TEXT, integer_value(42), "42");
  assert_text_sent(MP_OID_TEXT, bytes_value(MP_VALUE_BYTES, "\1", 1), "\\x01");
  assert_text_sent(MP_OID_NAME, text_value("a"), "a");
  assert_text_sent(MP_OID_XML, text_value("<a/>"), "<a/>");
  assert_text_sent(MP_OID_TIMESTAMPTZ, (mp_value){.kind = MP_VALUE_DATE, .as.integer = 0}, "2000-01-01");
  assert_text_sent(MP_OID_TIMESTAMPTZ, text_value("now"), "now");
  assert_text_sent(1007, text_value("{1,2}"), "{1,2}");
  assert_text_sent(600, text_value("(1,2)"), "(1,2)");
  assert_text_sent(MP_OID_INET, text_value("::1"), "::1");
  assert_text_sent(MP_OID_CIDR, text_value("0x0a"), "0x0a");
  assert_text_sent(MP_OID_INET, text_value("::1.2"), "::1.2");
  assert_text_sent(MP_OID_MONEY, integer_value(12), "12");
  assert_text_sent(MP_OID_BOOL, integer_value(1), "1");
}

static void assert_parameter_refused(uint32_t oid, mp_value value, const char *part) {
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  size_t size = 42;
  int format = 42;
  mp_error *error = NULL;
  const mp_codec *codec = oid == 0 ? NULL : mp_codec_find(oid);
  bool ok = mp_encode_parameter(codec, &value, 3, &out, &size, &format, &error);
  assert_non_null(error);
  assert_non_null(strstr(mp_error_message(error), "parameter $3: "));
  assert_refused(ok, &error, MP_ERROR_USAGE, part);
  assert_int_equal(size, 42);
  assert_int_equal(format, 42);
  assert_false(mp_encode_parameter(codec, &value, 3, &out, &size, &format, NULL));
  mp_buffer_finish(&out);
}

static void it_refuses_what_cannot_be_meant(void **state) {
  (void)state;
  assert_parameter_refused(MP_OID_INT2, integer_value(32768), "out of range for smallint: -32768 to 32767");
  assert_parameter_refused(MP_OID_INT4, integer_value(-2147483649), "out of range for integer");
  assert_parameter_refused(MP_OID_OID, integer_value(-1), "out of range for oid: 0 to 4294967295");
  assert_parameter_refused(MP_OID_FLOAT4, float_value(1e39), "out of range for real");
  assert_parameter_refused(MP_OID_FLOAT4, float_value(1e-50), "out of range for real");
  assert_parameter_refused(MP_OID_UUID, text_value("a0eebc99"), "not a uuid");
  assert_parameter_refused(MP_OID_TEXT, text_value("Zo\xeb"), "not valid UTF-8 at byte 3");
  assert_parameter_refused(0, text_value("Zo\xeb"), "not valid UTF-8 at byte 3");
  assert_parameter_refused(0, bytes_value(MP_VALUE_TEXT, "a\0b", 3), "NUL byte at byte 2");
  assert_parameter_refused(MP_OID_JSONB, bytes_value(MP_VALUE_TEXT, "\"\0\"", 3), "NUL byte at byte 2");
  assert_parameter_refused(MP_OID_XID, integer_value(-1), "out of range for xid: 0 to 4294967295");
  assert_parameter_refused(MP_OID_XID8, integer_value(-1), "out of range for xid8: 0 to 9223372036854775807");
  assert_parameter_refused(MP_OID_INET, text_value("1.2.3.256"), "the text is no inet");
  assert_parameter_refused(MP_OID_CIDR, text_value("1.2.3.4/24"), "the text is no cidr");
  assert_parameter_refused(MP_OID_MACADDR, text_value("08:00:2b:01:02"), "the text is no macaddr");
  assert_parameter_refused(MP_OID_MACADDR8, text_value("08:00:2b:01:02"), "the text is no macaddr8");
  assert_parameter_refused(MP_OID_BIT, text_value("012"), "the text is no bit");
  assert_parameter_refused(MP_OID_VARBIT, text_value("xg"), "the text is no bit varying");
  assert_parameter_refused(600, bytes_value(MP_VALUE_TEXT, "\xff", 1), "not valid UTF-8 at byte 1");
}

static void it_knows_which_texts_depend_on_the_type(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t size;
    bool needs;
  } cases[] = {{"plain", 5, false}, {"Zoë", 4, false}, {"", 0, false},
               {"a\\b", 3, true},   {"a\0b", 3, true}, {"\xff", 1, true}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mp_value value = bytes_value(MP_VALUE_TEXT, cases[i].text, cases[i].size);
    assert_int_equal(mp_value_needs_type(&value), cases[i].needs);
  }
  mp_value bytes = bytes_value(MP_VALUE_BYTES, "\\", 1);
  assert_false(mp_value_needs_type(&bytes));
}

static void it_finds_a_codec_for_every_oid(void **state) {
  (void)state;
  int known = 0;
  for (uint32_t oid = 0; oid < 20000; oid++) {
    const mp_codec *codec = mp_codec_find(oid);
    assert_non_null(codec);
    assert_non_null(codec->from_text);
    assert_non_null(codec->name);
    if (codec->oid == 0) continue;
    known++;
    assert_int_equal(codec->oid, oid);
    bool is_array = codec->kind == MP_VALUE_ARRAY && !codec->is_multirange && !mp_codec_is_vector(codec);
    if (codec->array != 0) assert_int_equal(mp_codec_find(codec->array)->element->oid, oid);
    if (is_array) assert_int_equal(codec->element->array, oid);
    if (is_array) assert_int_equal(codec->from_binary != NULL, codec->element->from_binary != NULL);
  }
  assert_int_equal(known, 2 * 64 + 1 + 4 * 6 + 2); /* scalars, void, ranges and multiranges, records; arrays of all */
  assert_int_equal(mp_codec_find(UINT32_MAX)->oid, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_sends_text_while_the_type_is_unknown),
      cmocka_unit_test(it_sends_bytes_where_kind_and_type_agree),
      cmocka_unit_test(it_leaves_other_pairs_to_the_server),
      cmocka_unit_test(it_refuses_what_cannot_be_meant),
      cmocka_unit_test(it_knows_which_texts_depend_on_the_type),
      cmocka_unit_test(it_finds_a_codec_for_every_oid),
  };
  return cmocka_run_group_tests_name("parameters", tests, NULL, NULL);
}
