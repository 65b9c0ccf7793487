/* oidvector and int2vector, of the system's catalogs: arrays of one dimension that begin at 0. Their text form has
 * blanks between the elements and nothing around them. */
#include "base/bytes.h"
#include "codec/internal.h"

static mp_array new_vector(const mp_codec *codec, const mp_codec_context *context) {
  return (mp_array){.element = codec->element, .context = context, .delimiter = ' '};
}

static bool give(const mp_array *array, mp_value *out) {
  out->kind = MP_VALUE_ARRAY;
  out->as.array = *array;
  return true;
}

MP__DECODE(mp__vector_from_text) {
  mp_array array = new_vector(codec, context);
  array.at = data;
  array.end = data + size;
  array.dimensions = size > 0 ? 1 : 0;
  array.lengths[0] = 1;
  for (size_t i = 0; i < size; i++) {
    bool is_blank = data[i] == ' ';
    bool at_number = i + 1 < size && i > 0 && data[i - 1] != ' ';
    if (is_blank ? !at_number : data[i] != '-' && (data[i] < '0' || data[i] > '9')) {
      return mp__decode_error(codec, error, "not a list of integers");
    }
    array.lengths[0] += is_blank;
  }
  return give(&array, out);
}

/* An empty one has a dimension without elements. */
static bool is_empty(const mp_codec *codec, const char *data, size_t size) {
  enum { EMPTY = 20 };
  return size == EMPTY && mp_get32(data) == 1 && mp_get32(data + 4) == 0 && mp_get32(data + 8) == codec->element->oid &&
         mp_get32(data + 12) == 0;
}

MP__DECODE(mp__vector_from_binary) {
  if (is_empty(codec, data, size)) {
    mp_array array = new_vector(codec, context);
    return give(&array, out);
  }
  mp_value value;
  if (!mp__array_from_binary(codec, data, size, context, scratch, &value, error)) return false;
  if (value.as.array.dimensions > 1) return mp__decode_error(codec, error, "it has more than one dimension");
  *out = value;
  return true;
}
