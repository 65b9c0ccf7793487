/* Ranges, `[1,5)`, and multiranges, `{[1,3),[5,7)}`, which are arrays of ranges in all but their literals. Both forms
 * are checked as a whole before the bounds are decoded one by one. */
#include <strings.h>

#include "base/bytes.h"
#include "codec/internal.h"

/* The flags of the binary form. */
enum {
  IS_EMPTY = 0x01,
  LOWER_INCLUSIVE = 0x02,
  UPPER_INCLUSIVE = 0x04,
  LOWER_INFINITE = 0x08,
  UPPER_INFINITE = 0x10,
  KNOWN_FLAGS = 0x1f
};

static void set_range(const mp_codec *codec, const mp_codec_context *context, bool binary, mp_value *out) {
  out->kind = MP_VALUE_RANGE;
  out->as.range = (mp_range){.element = codec->element, .context = context, .binary = binary};
}

/* A range that goes on for ever includes no bound. */
static void set_bounds(mp_range *range, const mp_bytes *lower, const mp_bytes *upper, bool lower_in, bool upper_in) {
  range->lower = *lower;
  range->upper = *upper;
  range->lower_inclusive = lower_in && lower->data != NULL;
  range->upper_inclusive = upper_in && upper->data != NULL;
}

MP__DECODE(mp__range_from_binary) {
  if (size < 1) return mp__decode_error(codec, error, "it is empty");
  const char *at = data + 1, *end = data + size;
  unsigned flags = (unsigned char)data[0];
  mp_bytes lower = {0}, upper = {0};
  if ((flags & ~(unsigned)KNOWN_FLAGS) != 0) return mp__decode_error(codec, error, "its flags are unknown");
  bool has_lower = (flags & (IS_EMPTY | LOWER_INFINITE)) == 0, has_upper = (flags & (IS_EMPTY | UPPER_INFINITE)) == 0;
  if (has_lower && (!mp__take_sized(&at, end, &lower) || lower.data == NULL)) {
    return mp__decode_error(codec, error, "its lower bound's length is wrong");
  }
  if (has_upper && (!mp__take_sized(&at, end, &upper) || upper.data == NULL)) {
    return mp__decode_error(codec, error, "its upper bound's length is wrong");
  }
  if (at != end) return mp__decode_error(codec, error, "something follows its bounds");
  set_range(codec, context, true, out);
  out->as.range.is_empty = (flags & IS_EMPTY) != 0;
  set_bounds(&out->as.range, &lower, &upper, (flags & LOWER_INCLUSIVE) != 0, (flags & UPPER_INCLUSIVE) != 0);
  return true;
}

/* One bound's text, up to one of `ends`; nothing at all is no bound. */
static bool take_bound(const char **at, const char *end, const char *ends, mp_bytes *out) {
  const char *start = *at;
  if (!mp__quoted_skip(at, end, ends)) return false;
  *out = (mp_bytes){*at == start ? NULL : start, (size_t)(*at - start)};
  return true;
}

MP__DECODE(mp__range_from_text) {
  const char *at = data, *end = data + size;
  mp_bytes lower, upper;
  if (size == 5 && strncasecmp(data, "empty", 5) == 0) {
    set_range(codec, context, false, out);
    out->as.range.is_empty = true;
    return true;
  }
  bool ok = size > 0 && (*at == '[' || *at == '(');
  if (ok) at++;
  ok = ok && take_bound(&at, end, ",", &lower);
  if (ok) at++;
  ok = ok && take_bound(&at, end, ",)]", &upper) && *at != ',' && at + 1 == end;
  if (!ok) return mp__decode_error(codec, error, "not a range literal");
  set_range(codec, context, false, out);
  set_bounds(&out->as.range, &lower, &upper, data[0] == '[', *at == ']');
  return true;
}

bool mp_range_bound(const mp_range *range, const mp_bytes *bound, mp_buffer *scratch, mp_item *out, mp_error **error) {
  mp_buffer_clear(scratch);
  *out = (mp_item){.codec = range->element, .context = range->context, .binary = range->binary, .bytes = *bound};
  if (bound->data == NULL || range->binary) return true;
  return mp__quoted_read(bound, scratch, out) || mp_error_set_memory(error);
}

/* ---- multiranges ---- */

static void set_multirange(const mp_codec *codec, const mp_codec_context *context, int32_t count, mp_value *out) {
  out->kind = MP_VALUE_ARRAY;
  out->as.array = (mp_array){.element = codec->element, .context = context, .is_multirange = true};
  out->as.array.dimensions = count > 0 ? 1 : 0;
  out->as.array.lengths[0] = count;
  out->as.array.lower[0] = 1;
}

MP__DECODE(mp__multirange_from_binary) {
  if (size < 4) return mp__decode_error(codec, error, "it is too short");
  const char *at = data + 4, *end = data + size;
  uint32_t count = mp_get32(data);
  if (count > (size - 4) / 4) return mp__decode_error(codec, error, "it promises more ranges than it has");
  for (uint32_t i = 0; i < count; i++) {
    mp_bytes range;
    if (mp__take_sized(&at, end, &range) && range.data != NULL) continue;
    return mp__decode_error(codec, error, "a range's length is wrong");
  }
  if (at != end) return mp__decode_error(codec, error, "something follows its last range");
  set_multirange(codec, context, (int32_t)count, out);
  out->as.array.binary = true;
  out->as.array.at = data + 4;
  out->as.array.end = end;
  return true;
}

/* Moves *at behind one range. */
static bool skip_range(const char **at, const char *end) {
  if (*at == end || (**at != '[' && **at != '(')) return false;
  (*at)++;
  if (!mp__quoted_skip(at, end, ")]")) return false;
  (*at)++;
  return true;
}

MP__DECODE(mp__multirange_from_text) {
  if (size < 2 || data[0] != '{' || data[size - 1] != '}') {
    return mp__decode_error(codec, error, "not a multirange literal");
  }
  const char *at = data + 1, *end = data + size - 1;
  int32_t count = 0;
  for (bool more = at < end; more; count++) {
    if (!skip_range(&at, end)) return mp__decode_error(codec, error, "not a multirange literal");
    more = at < end;
    if (more && *at++ != ',') return mp__decode_error(codec, error, "not a multirange literal");
  }
  set_multirange(codec, context, count, out);
  out->as.array.at = data + 1;
  out->as.array.end = end;
  return true;
}

bool mp__multirange_next(mp_array *array, mp_bytes *out) {
  if (array->at < array->end && *array->at == ',') array->at++;
  const char *start = array->at;
  if (!skip_range(&array->at, array->end)) return false;
  *out = (mp_bytes){start, (size_t)(array->at - start)};
  return true;
}
