/* The types of networks, bits, geometry, text search and the server's own, without a server: each value in both forms,
 * and bytes that are none. */
#include "support.h"

typedef struct both {
  uint32_t oid;
  const char *text;
  const char *bytes;
  size_t size;
} both;

#define DOUBLE_0       "\0\0\0\0\0\0\0\0"
#define DOUBLE_MINUS_0 "\x80\0\0\0\0\0\0\0"
#define DOUBLE_1       "\x3f\xf0\0\0\0\0\0\0"
#define DOUBLE_NAN     "\x7f\xf8\0\0\0\0\0\1"
#define SIZED(bytes)   bytes, sizeof(bytes) - 1

static const both values[] = {
    {MP_OID_INET, "10.1.2.3", SIZED("\2\x20\0\4\x0a\1\2\3")},
    {MP_OID_INET, "10.1.2.3/8", SIZED("\2\x08\0\4\x0a\1\2\3")},
    {MP_OID_CIDR, "10.1.2.3/32", SIZED("\2\x20\1\4\x0a\1\2\3")},
    {MP_OID_INET, "::", SIZED("\3\x80\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    {MP_OID_INET, "::1/64", SIZED("\3\x40\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1")},
    {MP_OID_CIDR, "::/128", SIZED("\3\x80\1\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    {MP_OID_INET, "::ffff:1.2.3.4", SIZED("\3\x80\0\x10\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4")},
    {MP_OID_INET, "1:0:0:2::3", SIZED("\3\x80\0\x10\0\1\0\0\0\0\0\2\0\0\0\0\0\0\0\3")},
    {MP_OID_MACADDR, "08:00:2b:01:02:ff", SIZED("\x08\0\x2b\1\2\xff")},
    {MP_OID_MACADDR8, "08:00:2b:01:02:03:04:ff", SIZED("\x08\0\x2b\1\2\3\4\xff")},
    {MP_OID_VARBIT, "", SIZED("\0\0\0\0")},
    {MP_OID_VARBIT, "1", SIZED("\0\0\0\1\x80")},
    {MP_OID_BIT, "10000000", SIZED("\0\0\0\x08\x80")},
    {MP_OID_BIT, "000000001", SIZED("\0\0\0\x09\0\x80")},
    {MP_OID_POINT, "(1,-0)", SIZED(DOUBLE_1 DOUBLE_MINUS_0)},
    {MP_OID_POINT, "(NaN,0)", SIZED(DOUBLE_NAN DOUBLE_0)},
    {MP_OID_LINE, "{1,-0,0}", SIZED(DOUBLE_1 DOUBLE_MINUS_0 DOUBLE_0)},
    {MP_OID_LSEG, "[(1,0),(0,1)]", SIZED(DOUBLE_1 DOUBLE_0 DOUBLE_0 DOUBLE_1)},
    {MP_OID_BOX, "(1,1),(0,0)", SIZED(DOUBLE_1 DOUBLE_1 DOUBLE_0 DOUBLE_0)},
    {MP_OID_PATH, "[(1,0)]", SIZED("\0\0\0\0\1" DOUBLE_1 DOUBLE_0)},
    {MP_OID_PATH, "((1,0),(0,1))", SIZED("\1\0\0\0\2" DOUBLE_1 DOUBLE_0 DOUBLE_0 DOUBLE_1)},
    {MP_OID_POLYGON, "((1,0))", SIZED("\0\0\0\1" DOUBLE_1 DOUBLE_0)},
    {MP_OID_CIRCLE, "<(1,0),NaN>", SIZED(DOUBLE_1 DOUBLE_0 DOUBLE_NAN)},
    {MP_OID_TSVECTOR, "", SIZED("\0\0\0\0")},
    {MP_OID_TSVECTOR, "'it''s\\\\':1A,2B,3C,16383 'z'", SIZED("\0\0\0\2it's\\\0\0\4\xc0\1\x80\2\x40\3\x3f\xffz\0\0\0")},
    {MP_OID_JSONPATH, "$.\"a\"", SIZED("\1$.\"a\"")},
    {MP_OID_TIMETZ, "00:00:00+00", SIZED("\0\0\0\0\0\0\0\0\0\0\0\0")},
    {MP_OID_TIMETZ, "24:00:00-15:59:59", SIZED("\0\0\0\x14\x1d\xd7\x60\0\0\0\xe0\xff")},
    {MP_OID_TIMETZ, "00:00:00.00001+05:30", SIZED("\0\0\0\0\0\0\0\x0a\xff\xff\xb2\xa8")},
    {MP_OID_TIMETZ, "00:00:00+00:00:01", SIZED("\0\0\0\0\0\0\0\0\xff\xff\xff\xff")},
    {MP_OID_XID, "4294967295", SIZED("\xff\xff\xff\xff")},
    {MP_OID_CID, "0", SIZED("\0\0\0\0")},
    {MP_OID_XID8, "9223372036854775807", SIZED("\x7f\xff\xff\xff\xff\xff\xff\xff")},
    {MP_OID_XID8, "9223372036854775808", SIZED(DOUBLE_MINUS_0)},
    {MP_OID_XID8, "18446744073709551615", SIZED("\xff\xff\xff\xff\xff\xff\xff\xff")},
    {MP_OID_TID, "(4294967295,65535)", SIZED("\xff\xff\xff\xff\xff\xff")},
    {MP_OID_PG_LSN, "FFFFFFFF/A", SIZED("\xff\xff\xff\xff\0\0\0\x0a")},
    {MP_OID_PG_SNAPSHOT, "1:9:", SIZED("\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x09")},
    {MP_OID_TXID_SNAPSHOT, "1:9:5,7",
     SIZED("\0\0\0\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\7")},
    {MP_OID_OIDVECTOR, "", SIZED("\0\0\0\1\0\0\0\0\0\0\0\x1a\0\0\0\0\0\0\0\0")},
    {MP_OID_OIDVECTOR, "4294967295 0",
     SIZED("\0\0\0\1\0\0\0\0\0\0\0\x1a\0\0\0\2\0\0\0\0\0\0\0\4\xff\xff\xff\xff\0\0\0\4\0\0\0\0")},
    {MP_OID_INT2VECTOR, "-1", SIZED("\0\0\0\1\0\0\0\0\0\0\0\x15\0\0\0\1\0\0\0\0\0\0\0\2\xff\xff")},
};

static void it_reads_each_value_alike_in_both_forms(void **state) {
  (void)state;
  mp_buffer scratch_text, scratch_binary;
  mp_buffer_init(&scratch_text, BUFFER_LIMIT);
  mp_buffer_init(&scratch_binary, BUFFER_LIMIT);
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    mp_value text = decode_text(values[i].oid, values[i].text, &scratch_text);
    mp_value binary = decode_binary(values[i].oid, values[i].bytes, values[i].size, &scratch_binary);
    if (text.kind == MP_VALUE_ARRAY) text.as.array.lower[0] = 0; /* so it is in vectors */
    if (!same_value(&text, &binary)) fail_msg("%s", values[i].text);
    if (text.kind != MP_VALUE_ARRAY) assert_value_text(&binary, values[i].text);
  }
  mp_buffer_finish(&scratch_text);
  mp_buffer_finish(&scratch_binary);
}

static void it_refuses_every_part_of_a_binary_value(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    bool any_end = values[i].oid == MP_OID_JSONPATH;
    for (size_t size = 0; size < values[i].size && !any_end; size++)
      assert_binary_refused(values[i].oid, values[i].bytes, size);
    char longer[64];
    memcpy(longer, values[i].bytes, values[i].size);
    longer[values[i].size] = 1;
    if (!any_end) assert_binary_refused(values[i].oid, longer, values[i].size + 1);
  }
}

static void it_refuses_bytes_that_are_no_value(void **state) {
  (void)state;
  assert_binary_refused(MP_OID_INET, "\4\x20\0\4\1\2\3\4", 8);                               /* a family */
  assert_binary_refused(MP_OID_INET, "\2\x21\0\4\1\2\3\4", 8);                               /* 33 bits */
  assert_binary_refused(MP_OID_INET, "\2\x20\0\5\1\2\3\4", 8);                               /* 5 octets */
  assert_binary_refused(MP_OID_VARBIT, "\xff\xff\xff\xff\1", 5);                             /* a length without end */
  assert_binary_refused(MP_OID_PATH, "\1\0\0\0\0", 5);                                       /* no points */
  assert_binary_refused(MP_OID_POLYGON, "\xff\xff\xff\xff", 4);                              /* a count without end */
  assert_binary_refused(MP_OID_TSVECTOR, "\0\0\0\1\xff\0\0\0", 8);                           /* invalid UTF-8 */
  assert_binary_refused(MP_OID_TSVECTOR, "\xff\xff\xff\xff\0\0\0", 7);                       /* a count without end */
  assert_binary_refused(MP_OID_JSONPATH, "\2$", 2);                                          /* a version */
  assert_binary_refused(MP_OID_JSONPATH, "", 0);                                             /* none */
  assert_binary_refused(MP_OID_TIMETZ, "\xff\0\0\0\0\0\0\0\0\0\0\0", 12);                    /* a time */
  assert_binary_refused(MP_OID_TIMETZ, "\0\0\0\0\0\0\0\0\0\0\xe1\0", 12);                    /* an offset of 16 hours */
  assert_binary_refused(MP_OID_OIDVECTOR, "\0\0\0\1\0\0\0\0\0\0\0\x15\0\0\0\0\0\0\0\0", 20); /* other elements */
  assert_binary_refused(MP_OID_OIDVECTOR, "\0\0\0\2\0\0\0\0\0\0\0\x1a\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\4\0\0\0\1",
                        36);
  assert_binary_refused(MP_OID_VOID, "x", 1);
}

static void it_refuses_texts_that_are_no_value(void **state) {
  (void)state;
  static const struct {
    mp_type_oid oid;
    const char *text;
  } cases[] = {
      {MP_OID_POINT, ""},          {MP_OID_POINT, "(1,2"},      {MP_OID_POINT, "(1,2) "},
      {MP_OID_POINT, "(1,)"},      {MP_OID_POINT, "(1,2,3)"},   {MP_OID_POINT, "(x,2)"},
      {MP_OID_POINT, "(1,1e999)"}, {MP_OID_POINT, "(1,,2)"},    {MP_OID_LINE, "{1,2}"},
      {MP_OID_LSEG, "[(1,2)]"},    {MP_OID_BOX, "(1,2)"},       {MP_OID_BOX, "(1,2),(3,4)x"},
      {MP_OID_PATH, "[(1,2))"},    {MP_OID_PATH, "((1,2)]"},    {MP_OID_PATH, "[]"},
      {MP_OID_PATH, "[(1,2)]x"},   {MP_OID_POLYGON, "[(1,2)]"}, {MP_OID_POLYGON, "((1,2),)"},
      {MP_OID_POLYGON, "((1,2)"},  {MP_OID_POLYGON, "(1,2)"},   {MP_OID_CIRCLE, "<(1,2)>"},
      {MP_OID_XID, "-1"},          {MP_OID_XID, "4294967296"},  {MP_OID_XID8, "-1"},
      {MP_OID_XID8, ""},           {MP_OID_XID8, "1 "},         {MP_OID_XID8, "18446744073709551616"},
      {MP_OID_OIDVECTOR, "1,2"},   {MP_OID_OIDVECTOR, " 1"},    {MP_OID_OIDVECTOR, "1 "},
      {MP_OID_OIDVECTOR, "1  2"},  {MP_OID_OIDVECTOR, "{1}"},   {MP_OID_VOID, "x"},
      {MP_OID_TSQUERY, "\xff"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_text_refused(cases[i].oid, cases[i].text);
}

static void it_reads_arrays_with_another_delimiter(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_value value = decode_text(1020, "{(1,1),(0,0);NULL;\"(2,2),(1,1)\"}", &scratch);
  mp_error *error = NULL;
  mp_value element;
  assert_int_equal(value.as.array.lengths[0], 3);
  assert_true(mp_array_next(&value.as.array, &scratch, &element, &error));
  assert_value_text(&element, "(1,1),(0,0)");
  assert_true(mp_array_next(&value.as.array, &scratch, &element, &error));
  assert_int_equal(element.kind, MP_VALUE_NULL);
  assert_true(mp_array_next(&value.as.array, &scratch, &element, &error));
  assert_value_text(&element, "(2,2),(1,1)");
  assert_false(mp_array_next(&value.as.array, &scratch, &element, &error));
  assert_null(error);
  mp_buffer_finish(&scratch);
}

static void it_gives_void_as_nothing(void **state) {
  (void)state;
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  assert_int_equal(decode_text(MP_OID_VOID, "", &scratch).kind, MP_VALUE_NULL);
  assert_int_equal(decode_binary(MP_OID_VOID, "", 0, &scratch).kind, MP_VALUE_NULL);
  mp_buffer_finish(&scratch);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_each_value_alike_in_both_forms),
      cmocka_unit_test(it_refuses_every_part_of_a_binary_value),
      cmocka_unit_test(it_refuses_bytes_that_are_no_value),
      cmocka_unit_test(it_refuses_texts_that_are_no_value),
      cmocka_unit_test(it_reads_arrays_with_another_delimiter),
      cmocka_unit_test(it_gives_void_as_nothing),
  };
  return cmocka_run_group_tests_name("scalars", tests, NULL, NULL);
}
