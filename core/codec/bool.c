/* boolean: one byte in both forms. */
#include "codec/internal.h"

MP__DECODE(mp__bool_from_text) {
  if (size != 1 || (data[0] != 't' && data[0] != 'f')) return mp__decode_error(codec, error, "neither t nor f");
  out->kind = MP_VALUE_BOOL;
  out->as.boolean = data[0] == 't';
  return true;
}

MP__DECODE(mp__bool_from_binary) {
  if (size != 1) return mp__decode_size_error(codec, error, size, 1);
  if (data[0] != 0 && data[0] != 1) return mp__decode_error(codec, error, "neither 0 nor 1");
  out->kind = MP_VALUE_BOOL;
  out->as.boolean = data[0] == 1;
  return true;
}

MP__ENCODE(mp__bool_to_binary) {
  mp_buffer_addc(out, value->as.boolean ? 1 : 0);
  return mp__written(out, error);
}
