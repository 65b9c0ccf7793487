/* A text as an array literal: what is read, and written anew element by element, is read as the same. */
#include "values.h"

static void add_item(mp_buffer *out, const mp_value *element) {
  if (element->kind == MP_VALUE_NULL) {
    mp_buffer_adds(out, "NULL");
  } else {
    mp_array_add_element(out, element->as.bytes.data, element->as.bytes.size, ',');
  }
}

static void add_level(mp_array *array, int level, mp_buffer *scratch, mp_buffer *out) {
  mp_buffer_addc(out, '{');
  int length = level < array->dimensions ? array->lengths[level] : 0;
  for (int i = 0; i < length; i++) {
    if (i > 0) mp_buffer_addc(out, ',');
    if (level + 1 < array->dimensions) {
      add_level(array, level + 1, scratch, out);
      continue;
    }
    mp_error *error = NULL;
    mp_value element;
    bool ok = mp_array_next(array, scratch, &element, &error);
    PROMISE(ok && error == NULL);
    add_item(out, &element);
  }
  mp_buffer_addc(out, '}');
}

/* Text elements are refused for one reason only: that they are no UTF-8. */
static bool is_readable(mp_array array, mp_buffer *scratch) {
  mp_error *error = NULL;
  mp_value element;
  while (mp_array_next(&array, scratch, &element, &error))
    continue;
  bool readable = error == NULL;
  mp_error_free(error);
  return readable;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { TEXT_ARRAY = 1009 };
  const mp_codec *codec = mp_codec_find(TEXT_ARRAY);
  mp_codec_context context = {MP_INTERVAL_POSTGRES};
  mp_buffer scratch, written;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_buffer_init(&written, BUFFER_LIMIT);
  mp_error *error = NULL;
  mp_value value, again;
  bool ok = codec->from_text(codec, (const char *)data, size, &context, &scratch, &value, &error);
  if (settle(ok, &error)) {
    walk_array(value.as.array);
    if (is_readable(value.as.array, &scratch)) {
      mp_array cursor = value.as.array;
      add_level(&cursor, 0, &scratch, &written);
      PROMISE(mp_buffer_ok(&written));
      ok = codec->from_text(codec, written.data, written.size, &context, &scratch, &again, &error);
      PROMISE(ok && same_array(value.as.array, again.as.array));
    }
  }
  mp_buffer_finish(&scratch);
  mp_buffer_finish(&written);
  return 0;
}
