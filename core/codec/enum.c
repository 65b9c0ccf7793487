/* Enums: their labels are texts in both forms. What is sent is checked against the labels that the type had when it was
 * looked up; what comes is taken as it is. */
#include <string.h>

#include "base/nearest.h"
#include "codec/internal.h"

enum { FEW = 8 };

static bool has_label(const mp_codec *codec, const mp_bytes *text) {
  for (int i = 0; i < codec->label_count; i++) {
    if (strlen(codec->labels[i]) == text->size && memcmp(codec->labels[i], text->data, text->size) == 0) return true;
  }
  return false;
}

/* The nearest label, or all where they are few. */
static void put_hint(const mp_codec *codec, const mp_bytes *text, mp_error *error) {
  char given[128] = "";
  if (text->size < sizeof given) memcpy(given, text->data, text->size);
  const char *nearest = mp_nearest_name(given, codec->labels, (size_t)codec->label_count);
  if (nearest != NULL) {
    mp_error_putf(error, MP_ERROR_HINT, "did you mean \"%s\"?", nearest);
    return;
  }
  if (codec->label_count == 0 || codec->label_count > FEW) return;
  mp_buffer list;
  mp_buffer_init(&list, SIZE_MAX);
  for (int i = 0; i < codec->label_count; i++)
    mp_buffer_addf(&list, "%s\"%s\"", i == 0 ? "" : ", ", codec->labels[i]);
  if (mp_buffer_ok(&list)) mp_error_putf(error, MP_ERROR_HINT, "its labels are %s", mp_buffer_text(&list));
  mp_buffer_finish(&list);
}

bool mp_codec_check_label(const mp_codec *codec, const mp_value *value, mp_error **error) {
  if (codec->labels == NULL || value->kind != MP_VALUE_TEXT || has_label(codec, &value->as.bytes)) return true;
  mp_error_set(error, MP_ERROR_USAGE, "the text is no label of the enum %s", codec->name);
  if (error != NULL) put_hint(codec, &value->as.bytes, *error);
  return false;
}

MP__ENCODE(mp__enum_to_binary) {
  return mp_codec_check_label(codec, value, error) && mp__bytes_to_binary(codec, value, out, error);
}
