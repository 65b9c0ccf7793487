/* A server that lies: every decoder is given truncated, altered and random bytes. It may refuse them or find a value in
 * them, and then the value can be used; a sanitizer sees every read outside of what was sent. */
#include "type_rows.h"

enum { ROUNDS = 4000, MOST = 96 };

/* Of all types that have a codec, and one that has none. */
static uint32_t oids[280] = {99999};
static size_t oid_count = 1;

static void find_oids(void) {
  for (uint32_t oid = 1; oid < 10000; oid++) {
    if (mp_codec_find(oid)->oid == 0) continue;
    assert_true(oid_count < sizeof oids / sizeof oids[0]);
    oids[oid_count++] = oid;
  }
  static const uint32_t looked_up[] = {MOOD,  MOODS,       ADDRESS, ADDRESSES, SMALL,  SPAN,
                                       SPANS, SPANS_ARRAY, DEEP,    HSTORE,    HSTORES};
  for (size_t i = 0; i < sizeof looked_up / sizeof looked_up[0]; i++)
    oids[oid_count++] = looked_up[i];
}

static mp_type_set *types; /* of those that were looked up */

static const mp_codec *codec_of(uint32_t oid) {
  const mp_codec *codec = mp_type_set_find(types, oid);
  return codec == NULL ? mp_codec_find(oid) : codec;
}

/* Honest values that the alterations start from. */
static const char *const texts[] = {
    "t",
    "-32768",
    "1.7976931348623157e+308",
    "-12345678901234567890.123456789",
    "NaN",
    "infinity",
    "\\x00ff10",
    "a\\\\b\\001",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "2026-11-24 18:39:19.123456+05:30:15 BC",
    "2026-11-24",
    "18:39:19.123456",
    "1 year 2 mons 3 days 04:05:06.789",
    "@ 1 year 2 mons ago",
    "-1-2 +3 -4:05:06",
    "P1Y2M3DT4H5M6.5S",
    "{\"a\":[1,2.5,\"\\u00e9\"],\"b\":null}",
    "[2:3][1:2]={{1,NULL},{\"a b\",\"\\\\x41\"}}",
    "{1.5,2.25,NULL}",
    "{\"2026-11-24 18:39:19+00\",infinity}",
    "[1,5)",
    "[\"a \"\"b\"\" \\\\\",\"2026-11-24 18:39:19+00\"]",
    "empty",
    "{[1,3),(5,7],[9,)}",
    "(1,\"a \"\"b\"\" \\\\ (,)\",\"{1,NULL}\")",
    "{\"(1,\\\"x,y\\\",{2})\",NULL}",
    "(\"(1,x,{2})\",\"{\"\"(1,,)\"\"}\",\"[1.5,2)\",\"{[1,2),[3,4)}\")",
    "2001:db8::1/64",
    "08:00:2b:01:02:03:04:05",
    "1 -2 3",
    "(1.5,-2e-7)",
    "<(NaN,-0),3>",
    "[(1,2),(3,4),(5,6)]",
    "((1,2),(3,4)),((1,2))",
    "{1,2,3}",
    "{(1,1),(0,0);(2,2),(1,1)}",
    "18446744073709551615",
    "\"a\"=>\"1\", \"b \\\"\\\\\"=>NULL, \"\"=>\"\"",
    "{\"\\\"a\\\"=>\\\"b\\\\\\\\\\\"\\\"\",NULL,\"\"}",
};

static const struct {
  const char *bytes;
  size_t size;
} binaries[] = {
    {"\1", 1},
    {"\0\0\0\1", 4},
    {"\0\0\0\0\0\0\0\1", 8},
    {"\0\3\0\1\x40\0\0\4\0\1\x09\x29\x16\x2e", 14},
    {"\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4", 16},
    {"\1{\"a\":1}", 8},
    {"\0\0\0\1\0\0\0\1\0\0\0\x17\0\0\0\2\0\0\0\1\0\0\0\4\0\0\0\7\xff\xff\xff\xff", 32},
    {"\0\0\0\2\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\2\0\0\0\1\0\0\0\1a\0\0\0\1b", 38},
    {"\6\0\0\0\4\0\0\0\1\0\0\0\4\0\0\0\5", 17},
    {"\1", 1},
    {"\x18", 1},
    {"\0\0\0\2\0\0\0\x11\2\0\0\0\4\0\0\0\1\0\0\0\4\0\0\0\5\0\0\0\1\x18", 30},
    {"\0\0\0\3\0\0\0\x17\0\0\0\4\0\0\0\1\0\0\0\x19\xff\xff\xff\xff\0\0\3\xef\0\0\0\x0c\0\0\0\0\0\0\0\0\0\0\0\x17", 44},
    {"\2\x20\0\4\1\2\3\4", 8},                                          /* inet */
    {"\3\x40\1\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 20},         /* cidr */
    {"\0\0\0\x0b\xff\xe0", 6},                                          /* bits */
    {"\x3f\xf0\0\0\0\0\0\0\x7f\xf8\0\0\0\0\0\1", 16},                   /* point */
    {"\1\0\0\0\1\x3f\xf0\0\0\0\0\0\0\x3f\xf0\0\0\0\0\0\0", 21},         /* path */
    {"\0\0\0\2a\0\0\2\xc0\1\0\2b\0\0\0", 15},                           /* tsvector */
    {"\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\5", 28}, /* snapshot */
    {"\0\0\0\1\0\0\0\0\0\0\0\x1a\0\0\0\1\0\0\0\0\0\0\0\4\0\0\0\7", 28}, /* oidvector */
    {"\0\0\0\2\0\0\0\1a\0\0\0\1\\\0\0\0\0\xff\xff\xff\xff", 22},        /* hstore */
    {"\0\0\0\1\0\0\0\0\0\0\6\xa4\0\0\0\1\0\0\0\1\0\0\0\x0a\0\1\0\0\0\0\0\0\0\5", 34},
};

static void use_value(const mp_value *value);

static void use_item(const mp_item *item, mp_buffer *scratch) {
  mp_value value;
  mp_error *error = NULL;
  if (mp_item_decode(item, scratch, &value, &error)) {
    use_value(&value);
  } else {
    assert_int_equal(mp_error_kind_of(error), MP_ERROR_DECODE);
  }
  mp_error_free(error);
}

static void use_range(const mp_range *range, mp_buffer *scratch) {
  mp_item item;
  mp_error *error = NULL;
  if (range->is_empty) return;
  assert_true(mp_range_bound(range, &range->lower, scratch, &item, &error));
  use_item(&item, scratch);
  assert_true(mp_range_bound(range, &range->upper, scratch, &item, &error));
  use_item(&item, scratch);
}

static void use_hstore(mp_hstore hstore, mp_buffer *scratch) {
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  mp_error *error = NULL;
  for (uint32_t i = 0; i < hstore.pairs; i++) {
    mp_bytes key, value;
    assert_done(mp_hstore_next(&hstore, scratch, &key, &error), &error);
    assert_non_null(key.data);
    mp_buffer_add(&out, key.data, key.size);
    assert_done(mp_hstore_next(&hstore, scratch, &value, &error), &error);
    if (value.data != NULL) mp_buffer_add(&out, value.data, value.size);
  }
  assert_ptr_equal(hstore.at, hstore.end);
  mp_buffer_finish(&out);
}

static void use_container(mp_value value) {
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_item item;
  mp_error *error = NULL;
  switch (value.kind) {
  case MP_VALUE_ARRAY:
    assert_in_range(value.as.array.dimensions, 0, MP_ARRAY_DIMENSIONS);
    while (mp_array_next_item(&value.as.array, &scratch, &item, &error))
      use_item(&item, &scratch);
    break;
  case MP_VALUE_RANGE: use_range(&value.as.range, &scratch); break;
  case MP_VALUE_HSTORE: use_hstore(value.as.hstore, &scratch); break;
  default:
    while (mp_composite_next_item(&value.as.composite, &scratch, &item, &error))
      use_item(&item, &scratch);
    break;
  }
  assert_null(error);
  mp_buffer_finish(&scratch);
}

/* Reads every byte of it. */
static void use_value(const mp_value *value) {
  if (value->kind == MP_VALUE_NULL) return;
  if (mp_kind_is_container(value->kind)) {
    use_container(*value);
    return;
  }
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  mp_error *error = NULL;
  bool ok = mp_value_text(value, &out, &error);
  if (!ok) assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE); /* a NUL byte in a text */
  mp_error_free(error);
  error = NULL;
  if (value->kind == MP_VALUE_JSON) {
    mp_json_tape tape;
    mp_json_tape_init(&tape);
    mp_json_read(&tape, value->as.bytes.data, value->as.bytes.size, &error);
    mp_error_free(error);
    mp_json_tape_finish(&tape);
  }
  mp_buffer_finish(&out);
}

static void decode(const mp_codec *codec, mp_decode *decoder, const char *data, size_t size, mp_interval_style style) {
  if (decoder == NULL) return;
  mp_codec_context context = {style};
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_value value;
  mp_error *error = NULL;
  if (decoder(codec, data, size, &context, &scratch, &value, &error)) {
    use_value(&value);
  } else {
    assert_non_null(error);
    assert_int_equal(mp_error_kind_of(error), MP_ERROR_DECODE);
  }
  mp_error_free(error);
  mp_buffer_finish(&scratch);
}

/* All decoders on these bytes, in a block of exactly their size. */
static void give_to_all(const char *bytes, size_t size) {
  char *copy = malloc(size > 0 ? size : 1);
  assert_non_null(copy);
  memcpy(copy, bytes, size);
  for (size_t i = 0; i < oid_count; i++) {
    const mp_codec *codec = codec_of(oids[i]);
    mp_interval_style style = (mp_interval_style)(size % 4);
    decode(codec, codec->from_text, copy, size, style);
    decode(codec, codec->from_binary, copy, size, style);
  }
  free(copy);
}

static void each_honest_value(void (*act)(const char *bytes, size_t size)) {
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    act(texts[i], strlen(texts[i]));
  for (size_t i = 0; i < sizeof binaries / sizeof binaries[0]; i++)
    act(binaries[i].bytes, binaries[i].size);
}

static void truncate_everywhere(const char *bytes, size_t size) {
  for (size_t i = 0; i <= size; i++)
    give_to_all(bytes, i);
}

static void flip_every_bit(const char *bytes, size_t size) {
  char copy[MOST];
  memcpy(copy, bytes, size);
  for (size_t i = 0; i < size * 8; i++) {
    copy[i / 8] = (char)(copy[i / 8] ^ (1 << i % 8));
    give_to_all(copy, size);
    copy[i / 8] = bytes[i / 8];
  }
}

static void it_survives_truncation(void **state) {
  (void)state;
  each_honest_value(truncate_everywhere);
}

static void it_survives_flipped_bits(void **state) {
  (void)state;
  each_honest_value(flip_every_bit);
}

static void it_survives_random_bytes(void **state) {
  (void)state;
  static const char common[] = "0123456789-+.:eE{}[],\"\\ PTYMDHSZ\0\0\0\0\0\1\1\2\x17\xff\xff";
  for (int i = 0; i < ROUNDS; i++) {
    char bytes[MOST];
    size_t size = (size_t)random_below(MOST);
    for (size_t j = 0; j < size; j++) {
      bytes[j] = random_below(4) ? common[random_below((int)sizeof common)] : (char)random_bits();
    }
    give_to_all(bytes, size);
  }
}

static void it_survives_pieces_of_values_put_together(void **state) {
  (void)state;
  for (int i = 0; i < ROUNDS; i++) {
    char bytes[MOST];
    size_t size = 0;
    for (int pieces = 1 + random_below(4); pieces > 0; pieces--) {
      const char *text = texts[random_below((int)(sizeof texts / sizeof texts[0]))];
      size_t start = (size_t)random_below((int)strlen(text));
      size_t length = (size_t)random_below((int)(strlen(text) - start) + 1);
      if (size + length > sizeof bytes) break;
      memcpy(bytes + size, text + start, length);
      size += length;
    }
    give_to_all(bytes, size);
  }
}

/* Memory that ends: buffers with every small limit. What comes out is whole, or an error of kind memory. */
static void write_with_limit(const mp_codec *codec, const mp_value *value, size_t limit) {
  mp_buffer out;
  mp_buffer_init(&out, limit);
  mp_error *error = NULL;
  size_t size = 0;
  int format;
  if (!mp_encode_parameter(codec, value, 1, &out, &size, &format, &error)) {
    assert_true(mp_error_kind_of(error) == MP_ERROR_MEMORY || mp_error_kind_of(error) == MP_ERROR_USAGE);
  } else {
    assert_int_equal(out.size, size + 1);
  }
  mp_error_free(error);
  mp_buffer_finish(&out);
}

static void take_items(mp_value value, mp_buffer *scratch) {
  mp_item item;
  mp_error *error = NULL;
  if (value.kind == MP_VALUE_ARRAY) {
    while (mp_array_next_item(&value.as.array, scratch, &item, &error))
      continue;
  } else if (value.kind == MP_VALUE_COMPOSITE) {
    while (mp_composite_next_item(&value.as.composite, scratch, &item, &error))
      continue;
  } else if (value.kind == MP_VALUE_HSTORE) {
    mp_bytes text;
    for (uint32_t i = 0; error == NULL && i < 2 * value.as.hstore.pairs; i++)
      mp_hstore_next(&value.as.hstore, scratch, &text, &error);
  } else if (!value.as.range.is_empty) {
    mp_range_bound(&value.as.range, &value.as.range.lower, scratch, &item, &error);
  }
  if (error != NULL) assert_int_equal(mp_error_kind_of(error), MP_ERROR_MEMORY);
  mp_error_free(error);
}

static void decode_with_limit(const mp_codec *codec, mp_decode *decoder, const char *bytes, size_t size, size_t limit) {
  if (decoder == NULL) return;
  mp_buffer scratch;
  mp_buffer_init(&scratch, limit);
  mp_value value;
  mp_error *error = NULL;
  if (!decoder(codec, bytes, size, &default_context, &scratch, &value, &error)) {
    assert_true(mp_error_kind_of(error) == MP_ERROR_MEMORY || mp_error_kind_of(error) == MP_ERROR_DECODE);
    mp_error_free(error);
  } else if (mp_kind_is_container(value.kind)) {
    take_items(value, &scratch);
  } else {
    write_with_limit(codec, &value, limit);
  }
  mp_buffer_finish(&scratch);
}

static void end_memory_everywhere(const char *bytes, size_t size) {
  for (size_t limit = 0; limit < 48; limit++) {
    for (size_t i = 0; i < oid_count; i++) {
      const mp_codec *codec = codec_of(oids[i]);
      decode_with_limit(codec, codec->from_text, bytes, size, limit);
      decode_with_limit(codec, codec->from_binary, bytes, size, limit);
    }
  }
}

static void it_reports_the_end_of_memory(void **state) {
  (void)state;
  each_honest_value(end_memory_everywhere);
}

/* More memory is never asked for than a small multiple of what was sent. */
static void it_asks_for_no_memory_on_a_lies_behalf(void **state) {
  (void)state;
  for (size_t i = 0; i < oid_count; i++) {
    const mp_codec *codec = codec_of(oids[i]);
    if (codec->from_binary == NULL) continue;
    mp_buffer scratch;
    mp_buffer_init(&scratch, 128 * 1024 + 1024); /* a numeric's header can promise 65,535 limbs, no more */
    mp_value value;
    mp_error *error = NULL;
    char bytes[64];
    memset(bytes, 0xff, sizeof bytes);
    if (!codec->from_binary(codec, bytes, sizeof bytes, &default_context, &scratch, &value, &error)) {
      assert_int_equal(mp_error_kind_of(error), MP_ERROR_DECODE);
    }
    mp_error_free(error);
    mp_buffer_finish(&scratch);
  }
}

int main(void) {
  seed_random();
  mp_error *error = NULL;
  types = mp_type_set_create(type_rows, sizeof type_rows / sizeof type_rows[0], &error);
  if (types == NULL) return 1;
  find_oids();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_survives_truncation),       cmocka_unit_test(it_survives_flipped_bits),
      cmocka_unit_test(it_survives_random_bytes),     cmocka_unit_test(it_survives_pieces_of_values_put_together),
      cmocka_unit_test(it_reports_the_end_of_memory), cmocka_unit_test(it_asks_for_no_memory_on_a_lies_behalf),
  };
  int failed = cmocka_run_group_tests_name("hostile bytes", tests, NULL, NULL);
  mp_type_set_release(types);
  return failed;
}
