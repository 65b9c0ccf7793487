/* Arrays: a cursor over their elements. The binary form is checked as a whole when the cursor is made, so that each
 * step only reads; the literal of the text form is read next door. */
#include "base/bytes.h"
#include "codec/internal.h"

enum { HEADER = 12, DIMENSION = 8 };

static const char *read_dimensions(const char *at, size_t left, mp_array *array, int64_t *elements) {
  *elements = array->dimensions == 0 ? 0 : 1;
  for (int i = 0; i < array->dimensions; i++, at += DIMENSION) {
    int32_t length = (int32_t)mp_get32(at);
    if (length < 1) return "a dimension's length is wrong";
    array->lengths[i] = length;
    array->lower[i] = (int32_t)mp_get32(at + 4);
    *elements *= length;
    /* Each element takes four bytes at least: no product can grow past the size of what is here. */
    if (*elements > (int64_t)(left / 4)) return "its dimensions promise more than it has";
  }
  return NULL;
}

static const char *check_elements(const char *at, const char *end, int64_t elements) {
  for (; elements > 0; elements--) {
    mp_bytes element;
    if (end - at < 4) return "it ends within an element";
    if (!mp__take_sized(&at, end, &element)) return "an element's length is wrong";
  }
  return at == end ? NULL : "something follows its last element";
}

static const char *read_array(const mp_codec *codec, const char *data, size_t size, mp_array *array) {
  if (size < HEADER) return "it is too short";
  uint32_t dimensions = mp_get32(data);
  if (dimensions > MP_ARRAY_DIMENSIONS) return "it has too many dimensions";
  if (mp_get32(data + 4) > 1) return "its flags are unknown";
  if (mp_get32(data + 8) != codec->element->oid) return "its elements are of another type";
  if ((size - HEADER) / DIMENSION < dimensions) return "it is too short";
  array->dimensions = (int)dimensions;
  array->at = data + HEADER + dimensions * DIMENSION;
  array->end = data + size;
  int64_t elements;
  const char *wrong = read_dimensions(data + HEADER, (size_t)(array->end - array->at), array, &elements);
  return wrong != NULL ? wrong : check_elements(array->at, array->end, elements);
}

static mp_array new_array(const mp_codec *codec, const mp_codec_context *context, bool binary) {
  return (mp_array){
      .element = codec->element, .context = context, .binary = binary, .delimiter = mp_codec_delimiter(codec->element)};
}

MP__DECODE(mp__array_from_binary) {
  mp_array array = new_array(codec, context, true);
  const char *wrong = read_array(codec, data, size, &array);
  if (wrong != NULL) return mp__decode_error(codec, error, "%s", wrong);
  out->kind = MP_VALUE_ARRAY;
  out->as.array = array;
  return true;
}

MP__DECODE(mp__array_from_text) {
  mp_array array = new_array(codec, context, false);
  if (!mp__array_read_shape(&array, data, size)) return mp__decode_error(codec, error, "not an array literal");
  out->kind = MP_VALUE_ARRAY;
  out->as.array = array;
  return true;
}

static bool next_text(mp_array *array, mp_buffer *scratch, mp_item *out, mp_error **error) {
  mp__array_item item;
  if (!mp__array_next_item(array, scratch, &item)) {
    if (!mp_buffer_ok(scratch)) mp_error_set_memory(error);
    return false;
  }
  out->bytes = (mp_bytes){item.text, item.size};
  out->in_scratch = item.escaped;
  return true;
}

bool mp_array_next_item(mp_array *array, mp_buffer *scratch, mp_item *out, mp_error **error) {
  mp_buffer_clear(scratch);
  *out = (mp_item){.codec = array->element, .context = array->context, .binary = array->binary};
  if (array->at == array->end) return false;
  if (array->binary) return mp__take_sized(&array->at, array->end, &out->bytes);
  return array->is_multirange ? mp__multirange_next(array, &out->bytes) : next_text(array, scratch, out, error);
}

bool mp_array_next(mp_array *array, mp_buffer *scratch, mp_value *out, mp_error **error) {
  mp_item item;
  return mp_array_next_item(array, scratch, &item, error) && mp_item_decode(&item, scratch, out, error);
}
