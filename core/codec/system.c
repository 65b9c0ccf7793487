/* What the server counts and points with: transaction ids and snapshots, places in the log and in a table; and void,
 * which is nothing. */
#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "codec/internal.h"

/* A transaction id of 64 bits that an integer cannot hold is a numeric. */
static bool give_wide(const mp_codec *codec, const char *text, size_t size, const mp_codec_context *context,
                      mp_buffer *scratch, mp_value *out, mp_error **error) {
  uint64_t id = 0;
  bool ok = size > 0;
  for (size_t i = 0; ok && i < size; i++) {
    unsigned digit = (unsigned)(text[i] - '0');
    ok = digit <= 9 && !__builtin_mul_overflow(id, 10, &id) && !__builtin_add_overflow(id, digit, &id);
  }
  if (!ok) return mp__decode_error(codec, error, "not an integer of 64 bits");
  if (id > INT64_MAX) return mp__numeric_from_text(codec, text, size, context, scratch, out, error);
  *out = (mp_value){.kind = MP_VALUE_INTEGER, .as.integer = (int64_t)id};
  return true;
}

MP__DECODE(mp__xid8_from_text) {
  return give_wide(codec, data, size, context, scratch, out, error);
}

MP__DECODE(mp__xid8_from_binary) {
  if (size != 8) return mp__decode_size_error(codec, error, size, 8);
  char text[24];
  size_t length = (size_t)snprintf(text, sizeof text, "%" PRIu64, mp_get64(data));
  return give_wide(codec, text, length, context, scratch, out, error);
}

MP__DECODE(mp__lsn_from_binary) {
  if (size != 8) return mp__decode_size_error(codec, error, size, 8);
  mp_buffer_addf(scratch, "%" PRIX32 "/%" PRIX32, mp_get32(data), mp_get32(data + 4));
  return mp__give_text(scratch, out, error);
}

MP__DECODE(mp__tid_from_binary) {
  if (size != 6) return mp__decode_size_error(codec, error, size, 6);
  mp_buffer_addf(scratch, "(%" PRIu32 ",%u)", mp_get32(data), mp_get16(data + 4));
  return mp__give_text(scratch, out, error);
}

/* "xmin:xmax:xid,xid" */
MP__DECODE(mp__snapshot_from_binary) {
  enum { COUNT = 4, HEADER = COUNT + 16, ID = 8 };
  if (size < HEADER) return mp__decode_error(codec, error, "it is too short");
  size_t count = mp_get32(data);
  if (count != (size - HEADER) / ID || size % ID != HEADER % ID) {
    return mp__decode_error(codec, error, "its count of transactions is wrong");
  }
  mp_buffer_addf(scratch, "%" PRIu64 ":%" PRIu64 ":", mp_get64(data + COUNT), mp_get64(data + COUNT + ID));
  for (size_t i = 0; i < count; i++)
    mp_buffer_addf(scratch, i == 0 ? "%" PRIu64 : ",%" PRIu64, mp_get64(data + HEADER + i * ID));
  return mp__give_text(scratch, out, error);
}

MP__DECODE(mp__void_decode) {
  (void)data;
  if (size != 0) return mp__decode_size_error(codec, error, size, 0);
  out->kind = MP_VALUE_NULL;
  return true;
}
