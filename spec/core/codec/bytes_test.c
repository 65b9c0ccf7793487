/* The text family, bytea, uuid, json and xml without a server. */
#include "support.h"

static void it_reads_text_as_it_is(void **state) {
  (void)state;
  static const mp_type_oid family[] = {MP_OID_TEXT, MP_OID_VARCHAR, MP_OID_BPCHAR, MP_OID_NAME, MP_OID_XML};
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  for (size_t i = 0; i < sizeof family / sizeof family[0]; i++) {
    mp_value value = decode_text(family[i], "Zoë\n", &scratch);
    assert_int_equal(value.kind, MP_VALUE_TEXT);
    assert_bytes(&value.as.bytes, "Zoë\n", 5);
    assert_text_refused(family[i], "Zo\xeb");
    assert_binary_refused(family[i], "\xc3", 1);
  }
  mp_buffer_finish(&scratch);
}

static void it_gives_the_text_of_unknown_types(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_value value = decode_text(99999, "(1,2)", &scratch); /* of an extension */
  assert_bytes(&value.as.bytes, "(1,2)", 5);
  assert_null(mp_codec_find(99999)->from_binary);
  mp_buffer_finish(&scratch);
}

static void it_reads_a_single_char(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t size;
    const char *text;
  } cases[] = {{"r", 1, "r"},        {"\0", 1, ""},         {"", 0, ""},
               {"\xff", 1, "\\377"}, {"\\377", 4, "\\377"}, {"\x80", 1, "\\200"}};
  const mp_codec *codec = mp_codec_find(MP_OID_CHAR);
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mp_value value;
    mp_error *error = NULL;
    bool ok = codec->from_binary(codec, cases[i].bytes, cases[i].size, &default_context, &scratch, &value, &error);
    assert_done(ok, &error);
    assert_bytes(&value.as.bytes, cases[i].text, strlen(cases[i].text));
  }
  mp_buffer_finish(&scratch);
  assert_binary_refused(MP_OID_CHAR, "ab", 2);
  assert_binary_refused(MP_OID_CHAR, "\\\xff\xff\xff", 4);
}

static void it_reads_both_forms_of_bytea(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *bytes;
    size_t size;
  } cases[] = {
      {"\\x", "", 0},
      {"\\x00fFA1", "\0\xff\xa1", 3},
      {"", "", 0},
      {"abc", "abc", 3},
      {"a\\\\b", "a\\b", 3},
      {"\\000\\377x",
       "\0\xff"
       "x",
       3},
      {"\\134x41", "\\x41", 4},
  };
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mp_value value = decode_text(MP_OID_BYTEA, cases[i].text, &scratch);
    assert_int_equal(value.kind, MP_VALUE_BYTES);
    assert_bytes(&value.as.bytes, cases[i].bytes, cases[i].size);
  }
  mp_buffer_finish(&scratch);
}

static void it_refuses_malformed_bytea(void **state) {
  (void)state;
  static const char *const wrong[] = {"\\x0", "\\xzz", "\\x 00", "\\", "\\1", "\\12", "\\400", "\\089", "\\a", "abc\\"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_text_refused(MP_OID_BYTEA, wrong[i]);
}

static void it_reads_uuids(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  static const unsigned char bytes[] = {0xa0, 0xee, 0xbc, 0x99, 0x9c, 0x0b, 0x4e, 0xf8,
                                        0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38, 0x0a, 0x11};
  mp_value value = decode_binary(MP_OID_UUID, bytes, sizeof bytes, &scratch);
  assert_bytes(&value.as.bytes, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", 36);
  mp_buffer_finish(&scratch);
  assert_binary_refused(MP_OID_UUID, bytes, 15);
  assert_text_refused(MP_OID_UUID, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11");
  assert_text_refused(MP_OID_UUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1");
  assert_text_refused(MP_OID_UUID, "a0eebc999-c0b-4ef8-bb6d-6bb9bd380a11");
}

static void it_takes_the_version_off_jsonb(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_value value = decode_binary(MP_OID_JSONB, "\1{}", 3, &scratch);
  assert_int_equal(value.kind, MP_VALUE_JSON);
  assert_bytes(&value.as.bytes, "{}", 2);
  mp_buffer_finish(&scratch);
  assert_binary_refused(MP_OID_JSONB, "", 0);
  assert_binary_refused(MP_OID_JSONB, "\2{}", 3);
  assert_binary_refused(MP_OID_JSONB, "{}", 2);
  assert_binary_refused(MP_OID_JSONB, "\1\xff", 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_text_as_it_is),         cmocka_unit_test(it_gives_the_text_of_unknown_types),
      cmocka_unit_test(it_reads_a_single_char),         cmocka_unit_test(it_reads_both_forms_of_bytea),
      cmocka_unit_test(it_refuses_malformed_bytea),     cmocka_unit_test(it_reads_uuids),
      cmocka_unit_test(it_takes_the_version_off_jsonb),
  };
  return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
