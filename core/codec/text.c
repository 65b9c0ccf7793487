/* The text family, whose two forms are the same bytes, and "char", a single byte. */
#include <string.h>

#include "base/utf8.h"
#include "codec/internal.h"

MP__DECODE(mp__text_decode) {
  size_t valid = mp_utf8_check(data, size);
  if (valid < size) return mp__decode_error(codec, error, "invalid UTF-8 at byte %zu", valid + 1);
  out->kind = MP_VALUE_TEXT;
  out->as.bytes = (mp_bytes){data, size};
  return true;
}

bool mp__give_text(const mp_buffer *scratch, mp_value *out, mp_error **error) {
  if (!mp__written(scratch, error)) return false;
  out->kind = MP_VALUE_TEXT;
  out->as.bytes = (mp_bytes){scratch->size == 0 ? "" : scratch->data, scratch->size};
  return true;
}

/* A zero byte is the empty text; a byte that is no ASCII is \377, as servers since 16 print it (older ones send it
 * raw). */
MP__DECODE(mp__char_decode) {
  unsigned char byte = size == 0 ? 0 : (unsigned char)data[0];
  bool octal = size == 4 && byte == '\\';
  if (size > 1 && !octal) return mp__decode_size_error(codec, error, size, 1);
  if (octal || byte < 0x80) {
    out->as.bytes = (mp_bytes){data, byte == 0 ? 0 : size};
  } else {
    char text[4] = {'\\', (char)('0' + (byte >> 6)), (char)('0' + (byte >> 3 & 7)), (char)('0' + (byte & 7))};
    mp_buffer_clear(scratch);
    mp_buffer_add(scratch, text, sizeof text);
    if (!mp__written(scratch, error)) return false;
    out->as.bytes = (mp_bytes){scratch->data, scratch->size};
  }
  if (mp_utf8_check(out->as.bytes.data, out->as.bytes.size) < out->as.bytes.size) {
    return mp__decode_error(codec, error, "invalid UTF-8");
  }
  out->kind = MP_VALUE_TEXT;
  return true;
}

MP__ENCODE(mp__bytes_to_binary) {
  mp_buffer_add(out, value->as.bytes.data, value->as.bytes.size);
  return mp__written(out, error);
}
