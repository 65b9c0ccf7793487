/* bit and bit varying: a text of 0 and 1; in the binary form a count of bits, then the bits from the highest on. */
#include <ctype.h>

#include "base/bytes.h"
#include "codec/internal.h"

enum { HEADER = 4 };

MP__DECODE(mp__bits_from_binary) {
  if (size < HEADER) return mp__decode_error(codec, error, "it is too short");
  uint32_t bits = mp_get32(data);
  size_t expected = HEADER + bits / 8 + (bits % 8 != 0);
  if (size != expected) return mp__decode_size_error(codec, error, size, expected);
  char *text = mp_buffer_reserve(scratch, (size_t)bits + 1); /* never none, for an empty one */
  if (text == NULL) return mp_error_set_memory(error);
  for (uint32_t i = 0; i < bits; i++)
    text[i] = (char)('0' + ((unsigned char)data[HEADER + i / 8] >> (7 - i % 8) & 1));
  mp_buffer_commit(scratch, bits);
  return mp__give_text(scratch, out, error);
}

/* 0101, b0101 or x5, as the server takes them. */
bool mp__bits_check(const char *text, size_t size) {
  const char *at = text;
  const char *end = text + size;
  bool hexadecimal = at < end && (*at == 'x' || *at == 'X');
  if (hexadecimal || (at < end && (*at == 'b' || *at == 'B'))) at++;
  while (at < end && (hexadecimal ? isxdigit((unsigned char)*at) != 0 : *at == '0' || *at == '1'))
    at++;
  return at == end;
}
