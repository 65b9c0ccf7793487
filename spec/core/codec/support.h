/* Helpers of the codec's tests: values built and compared, random numbers from a seed that is printed, and the server
 * that MOONPOOL_TEST_URL names. */
#ifndef SPEC_CODEC_SUPPORT_H
#define SPEC_CODEC_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "codec/codec.h"
#include "codec/hstore.h"
#include "codec/json.h"
#include "codec/time.h"

#define UNUSED __attribute__((unused))

enum { BUFFER_LIMIT = 64 << 20 };

/* ---- random values ---- */

static uint64_t random_state;

UNUSED static void seed_random(void) {
  const char *given = getenv("MOONPOOL_TEST_SEED");
  random_state = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761U + 1;
  print_message("seed: MOONPOOL_TEST_SEED=%llu\n", (unsigned long long)random_state);
}

UNUSED static uint64_t random_bits(void) { /* splitmix64 */
  uint64_t z = random_state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

/* 0 <= result < below */
UNUSED static int random_below(int below) {
  return (int)(random_bits() % (uint64_t)below);
}

/* Of random magnitude: small ones are as likely as large ones. */
UNUSED static int64_t random_integer(int bits) {
  int64_t value = (int64_t)(random_bits() >> (64 - 1 - random_below(bits - 1)));
  return random_below(2) ? -value - random_below(2) : value;
}

UNUSED static int64_t random_between(int64_t low, int64_t high) {
  return (int64_t)((uint64_t)low + random_bits() % ((uint64_t)high - (uint64_t)low + 1));
}

/* ---- errors ---- */

UNUSED static void assert_done(bool ok, mp_error **error) {
  if (!ok) fail_msg("unexpected error: %s", *error == NULL ? "none was set" : mp_error_message(*error));
  assert_null(*error);
}

/* Frees the error. */
UNUSED static void assert_refused(bool ok, mp_error **error, mp_error_kind kind, const char *part) {
  assert_false(ok);
  assert_non_null(*error);
  assert_string_equal(mp_error_kind_name(mp_error_kind_of(*error)), mp_error_kind_name(kind));
  if (strstr(mp_error_message(*error), part) == NULL) {
    fail_msg("\"%s\" does not say \"%s\"", mp_error_message(*error), part);
  }
  mp_error_free(*error);
  *error = NULL;
}

/* ---- decoding ---- */

static const mp_codec_context default_context = {MP_INTERVAL_POSTGRES};

UNUSED static mp_value decode_text(uint32_t oid, const char *text, mp_buffer *scratch) {
  const mp_codec *codec = mp_codec_find(oid);
  mp_value value;
  mp_error *error = NULL;
  mp_buffer_clear(scratch);
  bool ok = codec->from_text(codec, text, strlen(text), &default_context, scratch, &value, &error);
  assert_done(ok, &error);
  return value;
}

UNUSED static mp_value decode_binary(uint32_t oid, const void *bytes, size_t size, mp_buffer *scratch) {
  const mp_codec *codec = mp_codec_find(oid);
  mp_value value;
  mp_error *error = NULL;
  mp_buffer_clear(scratch);
  bool ok = codec->from_binary(codec, bytes, size, &default_context, scratch, &value, &error);
  assert_done(ok, &error);
  return value;
}

UNUSED static void assert_text_refused(uint32_t oid, const char *text) {
  const mp_codec *codec = mp_codec_find(oid);
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_value value;
  mp_error *error = NULL;
  bool ok = codec->from_text(codec, text, strlen(text), &default_context, &scratch, &value, &error);
  if (ok) fail_msg("%s: \"%s\" was accepted", codec->name, text);
  assert_refused(ok, &error, MP_ERROR_DECODE, codec->name);
  mp_buffer_finish(&scratch);
}

UNUSED static void assert_binary_refused(uint32_t oid, const void *bytes, size_t size) {
  const mp_codec *codec = mp_codec_find(oid);
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_value value;
  mp_error *error = NULL;
  bool ok = codec->from_binary(codec, bytes, size, &default_context, &scratch, &value, &error);
  assert_refused(ok, &error, MP_ERROR_DECODE, "");
  mp_buffer_finish(&scratch);
}

UNUSED static mp_value text_value(const char *text) {
  return (mp_value){.kind = MP_VALUE_TEXT, .as.bytes = {text, strlen(text)}};
}

UNUSED static mp_value integer_value(int64_t integer) {
  return (mp_value){.kind = MP_VALUE_INTEGER, .as.integer = integer};
}

UNUSED static mp_value float_value(double number) {
  return (mp_value){.kind = MP_VALUE_FLOAT, .as.number = number};
}

UNUSED static void assert_bytes(const mp_bytes *bytes, const char *expected, size_t size) {
  if (bytes->size != size || memcmp(bytes->data, expected, size) != 0) {
    fail_msg("\"%.*s\" is not \"%.*s\"", (int)bytes->size, bytes->data, (int)size, expected);
  }
}

UNUSED static void assert_value_text(const mp_value *value, const char *expected) {
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  mp_error *error = NULL;
  assert_done(mp_value_text(value, &out, &error), &error);
  assert_string_equal(mp_buffer_text(&out), expected);
  mp_buffer_finish(&out);
}

/* ---- comparing ---- */

UNUSED static bool same_bytes(const mp_bytes *a, const mp_bytes *b) {
  return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static bool same_value(const mp_value *a, const mp_value *b);

UNUSED static bool same_array(mp_array a, mp_array b) {
  if (a.dimensions != b.dimensions || a.element != b.element) return false;
  for (int i = 0; i < a.dimensions; i++) {
    if (a.lengths[i] != b.lengths[i] || a.lower[i] != b.lower[i]) return false;
  }
  mp_buffer scratch_a, scratch_b;
  mp_buffer_init(&scratch_a, BUFFER_LIMIT);
  mp_buffer_init(&scratch_b, BUFFER_LIMIT);
  mp_error *error = NULL;
  mp_value element_a, element_b;
  bool same = true;
  while (same && mp_array_next(&a, &scratch_a, &element_a, &error)) {
    same = mp_array_next(&b, &scratch_b, &element_b, &error) && same_value(&element_a, &element_b);
  }
  same = same && error == NULL && !mp_array_next(&b, &scratch_b, &element_b, &error) && error == NULL;
  mp_error_free(error);
  mp_buffer_finish(&scratch_a);
  mp_buffer_finish(&scratch_b);
  return same;
}

UNUSED static bool same_item(const mp_item *a, mp_buffer *scratch_a, const mp_item *b, mp_buffer *scratch_b) {
  mp_value value_a, value_b;
  mp_error *error = NULL;
  assert_done(mp_item_decode(a, scratch_a, &value_a, &error), &error);
  assert_done(mp_item_decode(b, scratch_b, &value_b, &error), &error);
  return same_value(&value_a, &value_b);
}

UNUSED static bool same_bound(const mp_range *a, const mp_bytes *bound_a, const mp_range *b, const mp_bytes *bound_b) {
  mp_buffer scratch_a, scratch_b;
  mp_buffer_init(&scratch_a, BUFFER_LIMIT);
  mp_buffer_init(&scratch_b, BUFFER_LIMIT);
  mp_item item_a, item_b;
  mp_error *error = NULL;
  assert_done(mp_range_bound(a, bound_a, &scratch_a, &item_a, &error), &error);
  assert_done(mp_range_bound(b, bound_b, &scratch_b, &item_b, &error), &error);
  bool same = same_item(&item_a, &scratch_a, &item_b, &scratch_b);
  mp_buffer_finish(&scratch_a);
  mp_buffer_finish(&scratch_b);
  return same;
}

UNUSED static bool same_range(const mp_range *a, const mp_range *b) {
  if (a->is_empty || b->is_empty) return a->is_empty == b->is_empty;
  return a->lower_inclusive == b->lower_inclusive && a->upper_inclusive == b->upper_inclusive &&
         same_bound(a, &a->lower, b, &b->lower) && same_bound(a, &a->upper, b, &b->upper);
}

UNUSED static bool same_composite(mp_composite a, mp_composite b) {
  mp_buffer scratch_a, scratch_b;
  mp_buffer_init(&scratch_a, BUFFER_LIMIT);
  mp_buffer_init(&scratch_b, BUFFER_LIMIT);
  mp_item item_a, item_b;
  mp_error *error = NULL;
  bool same = a.count == b.count;
  while (same && mp_composite_next_item(&a, &scratch_a, &item_a, &error)) {
    same =
        mp_composite_next_item(&b, &scratch_b, &item_b, &error) && same_item(&item_a, &scratch_a, &item_b, &scratch_b);
  }
  assert_null(error);
  mp_buffer_finish(&scratch_a);
  mp_buffer_finish(&scratch_b);
  return same;
}

UNUSED static bool same_hstore(mp_hstore a, mp_hstore b) {
  mp_buffer scratch_a, scratch_b;
  mp_buffer_init(&scratch_a, BUFFER_LIMIT);
  mp_buffer_init(&scratch_b, BUFFER_LIMIT);
  mp_bytes text_a, text_b;
  mp_error *error = NULL;
  bool same = a.pairs == b.pairs;
  for (uint32_t i = 0; same && i < 2 * a.pairs; i++) {
    assert_done(mp_hstore_next(&a, &scratch_a, &text_a, &error), &error);
    assert_done(mp_hstore_next(&b, &scratch_b, &text_b, &error), &error);
    same = (text_a.data == NULL) == (text_b.data == NULL) && same_bytes(&text_a, &text_b);
  }
  mp_buffer_finish(&scratch_a);
  mp_buffer_finish(&scratch_b);
  return same && a.at == a.end && b.at == b.end;
}

/* To the bit: -0 is not 0, and a numeric's scale counts. */
UNUSED static bool same_value(const mp_value *a, const mp_value *b) {
  if (a->kind != b->kind) return false;
  switch (a->kind) {
  case MP_VALUE_NULL: return true;
  case MP_VALUE_BOOL: return a->as.boolean == b->as.boolean;
  case MP_VALUE_FLOAT: return memcmp(&a->as.number, &b->as.number, sizeof(double)) == 0;
  case MP_VALUE_TEXT:
  case MP_VALUE_BYTES:
  case MP_VALUE_UUID:
  case MP_VALUE_JSON: return same_bytes(&a->as.bytes, &b->as.bytes);
  case MP_VALUE_NUMERIC:
    return mp_numeric_size(a->as.numeric) == mp_numeric_size(b->as.numeric) &&
           memcmp(a->as.numeric, b->as.numeric, mp_numeric_size(a->as.numeric)) == 0;
  case MP_VALUE_INTERVAL:
    return a->as.interval.months == b->as.interval.months && a->as.interval.days == b->as.interval.days &&
           a->as.interval.microseconds == b->as.interval.microseconds;
  case MP_VALUE_ARRAY: return same_array(a->as.array, b->as.array);
  case MP_VALUE_RANGE: return same_range(&a->as.range, &b->as.range);
  case MP_VALUE_COMPOSITE: return same_composite(a->as.composite, b->as.composite);
  case MP_VALUE_HSTORE: return same_hstore(a->as.hstore, b->as.hstore);
  case MP_VALUE_GEOMETRY:
    return a->as.geometry.shape == b->as.geometry.shape && a->as.geometry.closed == b->as.geometry.closed &&
           a->as.geometry.count == b->as.geometry.count &&
           memcmp(a->as.geometry.numbers, b->as.geometry.numbers, a->as.geometry.count * sizeof(double)) == 0;
  default: return a->as.integer == b->as.integer;
  }
}

#endif
