/* uuid: sixteen bytes in the binary form, 36 characters of lower case in the text form and as a value. */
#include "base/uuid.h"

#include "codec/internal.h"

static bool is_canonical(const char *text, size_t size) {
  if (size != MP_UUID_TEXT) return false;
  for (int i = 0; i < MP_UUID_TEXT; i++) {
    bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (hyphen ? text[i] != '-' : !digit) return false;
  }
  return true;
}

MP__DECODE(mp__uuid_from_text) {
  if (!is_canonical(data, size)) return mp__decode_error(codec, error, "not 32 hexadecimal digits with hyphens");
  out->kind = MP_VALUE_UUID;
  out->as.bytes = (mp_bytes){data, size};
  return true;
}

MP__DECODE(mp__uuid_from_binary) {
  if (size != MP_UUID_SIZE) return mp__decode_size_error(codec, error, size, MP_UUID_SIZE);
  mp_buffer_clear(scratch);
  char *text = mp_buffer_reserve(scratch, MP_UUID_TEXT);
  if (text == NULL) return mp_error_set_memory(error);
  mp_uuid_format((const unsigned char *)data, text);
  out->kind = MP_VALUE_UUID;
  out->as.bytes = (mp_bytes){text, MP_UUID_TEXT};
  return true;
}

MP__ENCODE(mp__uuid_to_binary) {
  unsigned char uuid[MP_UUID_SIZE];
  if (!mp_uuid_parse(value->as.bytes.data, value->as.bytes.size, uuid)) {
    mp_error_set(error, MP_ERROR_USAGE, "the text is not a uuid");
    if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "write it as a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    return false;
  }
  mp_buffer_add(out, uuid, sizeof uuid);
  return mp__written(out, error);
}
