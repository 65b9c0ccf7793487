/* Integers in network byte order, as the wire has them, at any alignment. */
#ifndef MP_BASE_BYTES_H
#define MP_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t mp_get16(const void *from) {
  uint16_t raw;
  memcpy(&raw, from, sizeof raw);
  return __builtin_bswap16(raw);
}

static inline uint32_t mp_get32(const void *from) {
  uint32_t raw;
  memcpy(&raw, from, sizeof raw);
  return __builtin_bswap32(raw);
}

static inline uint64_t mp_get64(const void *from) {
  uint64_t raw;
  memcpy(&raw, from, sizeof raw);
  return __builtin_bswap64(raw);
}

static inline void mp_put16(void *to, uint16_t value) {
  uint16_t raw = __builtin_bswap16(value);
  memcpy(to, &raw, sizeof raw);
}

static inline void mp_put32(void *to, uint32_t value) {
  uint32_t raw = __builtin_bswap32(value);
  memcpy(to, &raw, sizeof raw);
}

static inline void mp_put64(void *to, uint64_t value) {
  uint64_t raw = __builtin_bswap64(value);
  memcpy(to, &raw, sizeof raw);
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "base/bytes.h swaps bytes: it is written for little-endian machines"
#endif

#endif
