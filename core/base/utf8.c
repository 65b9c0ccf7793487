/* UTF-8 validation: ASCII eight bytes at a time, the rest by the table of well-formed sequences (Unicode, table 3-7).
 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* How many leading bytes are ASCII. */
static size_t ascii_run(const unsigned char *at, size_t size) {
  size_t i = 0;
  for (; size - i >= 8; i += 8) {
    uint64_t word;
    memcpy(&word, at + i, sizeof word);
    if ((word & UINT64_C(0x8080808080808080)) != 0) break;
  }
  while (i < size && at[i] < 0x80)
    i++;
  return i;
}

static size_t sequence_size(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

/* The second byte carries the bounds: no overlong form (E0, F0), no surrogate (ED), nothing past U+10FFFF (F4). */
static int second_is_right(unsigned char lead, unsigned char second) {
  switch (lead) {
  case 0xE0: return second >= 0xA0 && second <= 0xBF;
  case 0xED: return second >= 0x80 && second <= 0x9F;
  case 0xF0: return second >= 0x90 && second <= 0xBF;
  case 0xF4: return second >= 0x80 && second <= 0x8F;
  default: return (second & 0xC0) == 0x80;
  }
}

/* The size of the well-formed sequence at `at`, or 0. */
static size_t sequence(const unsigned char *at, size_t size) {
  size_t length = sequence_size(at[0]);
  if (length == 0 || length > size || !second_is_right(at[0], at[1])) return 0;
  for (size_t i = 2; i < length; i++) {
    if ((at[i] & 0xC0) != 0x80) return 0;
  }
  return length;
}

size_t mp_utf8_check(const char *text, size_t size) {
  const unsigned char *bytes = (const unsigned char *)text;
  size_t i = 0;
  for (;;) {
    i += ascii_run(bytes + i, size - i);
    if (i == size) return size;
    size_t length = sequence(bytes + i, size - i);
    if (length == 0) return i;
    i += length;
  }
}
