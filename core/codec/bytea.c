/* bytea: raw in the binary form; in the text form hexadecimal or with escapes, whatever bytea_output says. */
#include <string.h>

#include "codec/internal.h"

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static bool read_hex(const char *at, const char *end, char **to) {
  if ((end - at) % 2 != 0) return false;
  for (; at < end; at += 2) {
    int high = hex_digit(at[0]);
    int low = hex_digit(at[1]);
    if (high < 0 || low < 0) return false;
    *(*to)++ = (char)(high << 4 | low);
  }
  return true;
}

static bool is_octal(const char *at, const char *end) {
  return end - at >= 4 && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' && at[3] >= '0' && at[3] <= '7';
}

static bool read_escapes(const char *at, const char *end, char **to) {
  while (at < end) {
    if (*at != '\\') {
      *(*to)++ = *at++;
    } else if (end - at >= 2 && at[1] == '\\') {
      *(*to)++ = '\\';
      at += 2;
    } else if (is_octal(at, end)) {
      *(*to)++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
      at += 4;
    } else {
      return false;
    }
  }
  return true;
}

MP__DECODE(mp__bytea_from_text) {
  /* An array's element may lie in the scratch already; then it is read in place, since bytes never outgrow their text.
   */
  bool in_place = size > 0 && data == scratch->data;
  if (!in_place) mp_buffer_clear(scratch);
  char *start = in_place ? scratch->data : mp_buffer_reserve(scratch, size + 1);
  if (start == NULL) return mp_error_set_memory(error);
  char *to = start;
  bool is_hex = size >= 2 && data[0] == '\\' && data[1] == 'x';
  bool ok = is_hex ? read_hex(data + 2, data + size, &to) : read_escapes(data, data + size, &to);
  if (!ok) return mp__decode_error(codec, error, "neither hexadecimal nor escaped bytes");
  out->kind = MP_VALUE_BYTES;
  out->as.bytes = (mp_bytes){start, (size_t)(to - start)};
  return true;
}

MP__DECODE(mp__bytea_from_binary) {
  (void)error;
  out->kind = MP_VALUE_BYTES;
  out->as.bytes = (mp_bytes){data, size};
  return true;
}
