/* UUIDs: the forms that PostgreSQL reads, the one it prints, and new ones of versions 4 and 7. */
#include "base/uuid.h"

#include <sodium.h>
#include <stdatomic.h>

#include "base/clock.h"

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool mp_uuid_parse(const char *text, size_t size, unsigned char *out) {
  const char *at = text;
  const char *end = text + size;
  if (size >= 2 && *at == '{' && end[-1] == '}') {
    at++;
    end--;
  }
  unsigned char bytes[MP_UUID_SIZE];
  for (int i = 0; i < MP_UUID_SIZE; i++) {
    if (end - at < 2) return false;
    int high = hex_digit(at[0]);
    int low = hex_digit(at[1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = (unsigned char)(high << 4 | low);
    at += 2;
    bool group_ends = i % 2 == 1 && i < MP_UUID_SIZE - 1;
    if (group_ends && at < end && *at == '-') at++;
  }
  if (at != end) return false;
  for (int i = 0; i < MP_UUID_SIZE; i++)
    out[i] = bytes[i];
  return true;
}

void mp_uuid_format(const unsigned char *uuid, char *out) {
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < MP_UUID_SIZE; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = digits[uuid[i] >> 4];
    *out++ = digits[uuid[i] & 15];
  }
}

static void fill(unsigned char *out, unsigned char version) {
  /* Only the first call does anything, and it may come from any thread. Its failure (no source of randomness) makes
   * randombytes_buf end the process, which is right: a predictable id is worse. */
  if (sodium_init() < 0) sodium_misuse();
  randombytes_buf(out, MP_UUID_SIZE);
  out[6] = (unsigned char)((out[6] & 0x0F) | version << 4);
  out[8] = (unsigned char)((out[8] & 0x3F) | 0x80);
}

void mp_uuid_random(unsigned char *out) {
  fill(out, 4);
}

/* The wall clock in 1/4096 of a millisecond: the 48 bits of time and the 12 bits after the version, as RFC 9562,
 * section 6.2, method 3 has them. Never the same twice nor a smaller one in a process, whatever the clock does. */
static uint64_t next_tick(void) {
  static _Atomic uint64_t last;
  uint64_t now = (uint64_t)mp_clock_wall_us();
  uint64_t tick = now / 1000 << 12 | now % 1000 * 4096 / 1000;
  uint64_t before = atomic_load(&last);
  uint64_t next;
  do
    next = tick > before ? tick : before + 1;
  while (!atomic_compare_exchange_weak(&last, &before, next));
  return next;
}

void mp_uuid_ordered(unsigned char *out) {
  fill(out, 7);
  uint64_t tick = next_tick();
  for (int i = 0; i < 6; i++)
    out[i] = (unsigned char)(tick >> (52 - 8 * i));
  out[6] = (unsigned char)(0x70 | (tick >> 8 & 0x0F));
  out[7] = (unsigned char)tick;
}
