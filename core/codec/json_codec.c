/* json and jsonb: a value is the document's text. The binary forms of jsonb, and of jsonpath, which is a text, have a
 * version byte in front. */
#include "base/utf8.h"
#include "codec/internal.h"

enum { JSONB_VERSION = 1, JSONPATH_VERSION = 1 };

MP__DECODE(mp__json_decode) {
  size_t valid = mp_utf8_check(data, size);
  if (valid < size) return mp__decode_error(codec, error, "invalid UTF-8 at byte %zu", valid + 1);
  out->kind = MP_VALUE_JSON;
  out->as.bytes = (mp_bytes){data, size};
  return true;
}

MP__DECODE(mp__jsonb_from_binary) {
  if (size < 1 || data[0] != JSONB_VERSION) return mp__decode_error(codec, error, "of an unknown version");
  return mp__json_decode(codec, data + 1, size - 1, context, scratch, out, error);
}

MP__ENCODE(mp__jsonb_to_binary) {
  mp_buffer_addc(out, JSONB_VERSION);
  mp_buffer_add(out, value->as.bytes.data, value->as.bytes.size);
  return mp__written(out, error);
}

MP__DECODE(mp__jsonpath_from_binary) {
  if (size < 1 || data[0] != JSONPATH_VERSION) return mp__decode_error(codec, error, "of an unknown version");
  return mp__text_decode(codec, data + 1, size - 1, context, scratch, out, error);
}
