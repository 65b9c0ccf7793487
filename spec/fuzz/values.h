/* Values for the fuzz targets of the codec: used whole, compared to the bit. */
#ifndef SPEC_FUZZ_VALUES_H
#define SPEC_FUZZ_VALUES_H

#include "codec/catalog.h"
#include "codec/hstore.h"
#include "support.h"

static bool same_value(const mp_value *a, const mp_value *b);

static bool same_bytes(const mp_bytes *a, const mp_bytes *b) {
  return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

/* As far as both can be read. */
static bool same_array(mp_array a, mp_array b) {
  mp_buffer scratch_a, scratch_b;
  mp_buffer_init(&scratch_a, BUFFER_LIMIT);
  mp_buffer_init(&scratch_b, BUFFER_LIMIT);
  bool same = a.dimensions == b.dimensions;
  for (int i = 0; same && i < a.dimensions; i++)
    same = a.lengths[i] == b.lengths[i];
  for (bool more = same; more;) {
    mp_error *error = NULL;
    mp_value one, other;
    more = mp_array_next(&a, &scratch_a, &one, &error);
    bool also = mp_array_next(&b, &scratch_b, &other, error == NULL ? &error : NULL);
    same = more == also && (!more || same_value(&one, &other));
    more = more && same && error == NULL;
    mp_error_free(error);
  }
  mp_buffer_finish(&scratch_a);
  mp_buffer_finish(&scratch_b);
  return same;
}

static bool same_range(const mp_range *a, const mp_range *b) {
  if (a->is_empty || b->is_empty) return a->is_empty == b->is_empty;
  return a->lower_inclusive == b->lower_inclusive && a->upper_inclusive == b->upper_inclusive &&
         same_bytes(&a->lower, &b->lower) && same_bytes(&a->upper, &b->upper);
}

static bool same_hstore(mp_hstore a, mp_hstore b) {
  mp_buffer scratch_a, scratch_b;
  mp_buffer_init(&scratch_a, BUFFER_LIMIT);
  mp_buffer_init(&scratch_b, BUFFER_LIMIT);
  bool same = a.pairs == b.pairs;
  for (uint32_t i = 0; same && i < a.pairs * 2; i++) {
    mp_bytes one, other;
    if (!mp_hstore_next(&a, &scratch_a, &one, NULL) || !mp_hstore_next(&b, &scratch_b, &other, NULL)) break;
    same = (one.data == NULL) == (other.data == NULL) && same_bytes(&one, &other);
  }
  mp_buffer_finish(&scratch_a);
  mp_buffer_finish(&scratch_b);
  return same;
}

static bool same_value(const mp_value *a, const mp_value *b) {
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
  case MP_VALUE_HSTORE: return same_hstore(a->as.hstore, b->as.hstore);
  case MP_VALUE_GEOMETRY:
    return a->as.geometry.closed == b->as.geometry.closed && a->as.geometry.count == b->as.geometry.count &&
           memcmp(a->as.geometry.numbers, b->as.geometry.numbers, a->as.geometry.count * sizeof(double)) == 0;
  default: return a->as.integer == b->as.integer;
  }
}

static void walk_bound(const mp_range *range, const mp_bytes *bound) {
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_error *error = NULL;
  mp_item item;
  mp_value value;
  if (settle(mp_range_bound(range, bound, &scratch, &item, &error), &error)) {
    settle(mp_item_decode(&item, &scratch, &value, &error), &error);
  }
  mp_buffer_finish(&scratch);
}

static void walk_range(const mp_range *range) {
  if (range->is_empty) return;
  walk_bound(range, &range->lower);
  walk_bound(range, &range->upper);
}

/* The text of what was read: our own decoder finds the same in it. */
static void walk_hstore(const mp_codec *codec, mp_hstore hstore) {
  const mp_hstore start = hstore;
  mp_buffer text, keys, values;
  mp_buffer_init(&text, BUFFER_LIMIT);
  mp_buffer_init(&keys, BUFFER_LIMIT);
  mp_buffer_init(&values, BUFFER_LIMIT);
  bool ok = true;
  for (uint32_t i = 0; ok && i < start.pairs; i++) {
    mp_bytes key, value;
    ok = mp_hstore_next(&hstore, &keys, &key, NULL) && mp_hstore_next(&hstore, &values, &value, NULL);
    if (!ok) break;
    if (i > 0) mp_buffer_adds(&text, ", ");
    mp_hstore_add(&text, &key, &value);
  }
  if (ok && mp_buffer_ok(&text)) {
    mp_value again;
    PROMISE(hstore.at == hstore.end);
    PROMISE(codec->from_text(codec, text.size == 0 ? "" : text.data, text.size, NULL, &keys, &again, NULL));
    PROMISE(same_hstore(start, again.as.hstore));
  }
  mp_buffer_finish(&text);
  mp_buffer_finish(&keys);
  mp_buffer_finish(&values);
}

/* Reads every element, so that a sanitizer sees where each lies. */
static void walk_array(mp_array array) {
  mp_buffer scratch, text;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_buffer_init(&text, BUFFER_LIMIT);
  mp_error *error = NULL;
  mp_value element;
  int64_t most = array.dimensions == 0 ? 0 : 1;
  for (int i = 0; i < array.dimensions; i++)
    most *= array.lengths[i];
  while (mp_array_next(&array, &scratch, &element, &error)) {
    PROMISE(most-- > 0);
    if (element.kind == MP_VALUE_ARRAY) walk_array(element.as.array);
    if (element.kind == MP_VALUE_RANGE) walk_range(&element.as.range);
    if (element.kind == MP_VALUE_HSTORE) walk_hstore(array.element, element.as.hstore);
    if (!mp_kind_is_container(element.kind) && element.kind != MP_VALUE_NULL) mp_value_text(&element, &text, NULL);
  }
  PROMISE(error != NULL || most == 0);
  mp_error_free(error);
  mp_buffer_finish(&scratch);
  mp_buffer_finish(&text);
}

enum { HSTORE = 20001, HSTORES };

/* Types without an OID of their own. Kept for the life of the process. */
static const mp_type_set *looked_up(void) {
  static const mp_type_row rows[] = {
      {HSTORE, 'h', "hstore", "public", "hstore", ',', 0, {"{}", 2}, {"{}", 2}, 0, ""},
      {HSTORES, 'a', "hstore[]", "public", "_hstore", ',', HSTORE, {"{}", 2}, {"{}", 2}, 0, ""},
  };
  static mp_type_set *set;
  if (set == NULL) set = mp_type_set_create(rows, sizeof rows / sizeof rows[0], NULL);
  PROMISE(set != NULL);
  return set;
}

/* One of the codecs, in the order of their OIDs, and behind them those that are looked up. */
UNUSED static const mp_codec *codec_number(unsigned number) {
  enum { LAST = 6000 };
  static const mp_codec *codecs[256];
  static unsigned count;
  if (count == 0) {
    for (uint32_t oid = 1; oid < LAST; oid++)
      if (mp_codec_find(oid)->oid != 0) codecs[count++] = mp_codec_find(oid);
    codecs[count++] = mp_type_set_find(looked_up(), HSTORE);
    codecs[count++] = mp_type_set_find(looked_up(), HSTORES);
    PROMISE(count < 256);
  }
  return codecs[number % count];
}

#endif
