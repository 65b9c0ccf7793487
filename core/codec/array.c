/* Arrays: a cursor over their elements. The binary form is checked as a whole when the cursor is made, so that each
 * step only reads; the literal of the text form is read next door. */
#include "base/bytes.h"
#include "codec/internal.h"

enum { HEADER = 12, DIMENSION = 8, NULL_SIZE = -1 };

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
    if (end - at < 4) return "it ends within an element";
    int32_t size = (int32_t)mp_get32(at);
    at += 4;
    if (size < NULL_SIZE || size > end - at) return "an element's length is wrong";
    if (size > 0) at += size;
  }
  return at == end ? NULL : "something follows its last element";
}

static const char *read_array(const mp_codec *codec, const char *data, size_t size, mp_array *array) {
  if (size < HEADER) return "it is too short";
  uint32_t dimensions = mp_get32(data);
  if (dimensions > MP_ARRAY_DIMENSIONS) return "it has too many dimensions";
  if (mp_get32(data + 4) > 1) return "its flags are unknown";
  if (mp_get32(data + 8) != codec->element) return "its elements are of another type";
  if ((size - HEADER) / DIMENSION < dimensions) return "it is too short";
  array->dimensions = (int)dimensions;
  array->at = data + HEADER + dimensions * DIMENSION;
  array->end = data + size;
  int64_t elements;
  const char *wrong = read_dimensions(data + HEADER, (size_t)(array->end - array->at), array, &elements);
  return wrong != NULL ? wrong : check_elements(array->at, array->end, elements);
}

static mp_array new_array(const mp_codec *codec, const mp_codec_context *context, bool binary) {
  const mp_codec *element = mp_codec_find(codec->element);
  char delimiter = mp_codec_delimiter(element);
  return (mp_array){.element = element, .context = context, .binary = binary, .delimiter = delimiter};
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

static bool next_binary(mp_array *array, mp_buffer *scratch, mp_value *out, mp_error **error) {
  if (array->at == array->end) return false;
  int32_t size = (int32_t)mp_get32(array->at);
  const char *data = array->at + 4;
  array->at = data + (size > 0 ? size : 0);
  if (size == NULL_SIZE) {
    out->kind = MP_VALUE_NULL;
    return true;
  }
  const mp_codec *element = array->element;
  return element->from_binary(element, data, (size_t)size, array->context, scratch, out, error);
}

/* Only these may hold what a literal must escape; the others' decoders write into scratch what they read from it. */
static bool may_be_escaped(mp_value_kind kind) {
  return kind == MP_VALUE_TEXT || kind == MP_VALUE_BYTES || kind == MP_VALUE_JSON;
}

static bool next_text(mp_array *array, mp_buffer *scratch, mp_value *out, mp_error **error) {
  const mp_codec *element = array->element;
  mp__array_item item;
  if (!mp__array_next_item(array, scratch, &item)) {
    if (!mp_buffer_ok(scratch)) mp_error_set_memory(error);
    return false;
  }
  if (item.text == NULL) {
    out->kind = MP_VALUE_NULL;
    return true;
  }
  if (item.escaped && !may_be_escaped(element->kind)) return mp__decode_error(element, error, "it has a backslash");
  return element->from_text(element, item.text, item.size, array->context, scratch, out, error);
}

bool mp_array_next(mp_array *array, mp_buffer *scratch, mp_value *out, mp_error **error) {
  mp_buffer_clear(scratch);
  return array->binary ? next_binary(array, scratch, out, error) : next_text(array, scratch, out, error);
}
