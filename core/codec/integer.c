/* smallint, integer, bigint, oid, and transaction ids and command numbers as parameters or results: big endian in the
 * binary form. A value out of the type's range is an error both ways. */
#include <inttypes.h>

#include "base/bytes.h"
#include "codec/internal.h"

static int64_t lowest(mp_type_oid oid) {
  switch (oid) {
  case MP_OID_INT2: return INT16_MIN;
  case MP_OID_INT4: return INT32_MIN;
  case MP_OID_OID:
  case MP_OID_XID:
  case MP_OID_CID:
  case MP_OID_XID8: return 0;
  default: return INT64_MIN;
  }
}

static int64_t highest(mp_type_oid oid) {
  switch (oid) {
  case MP_OID_INT2: return INT16_MAX;
  case MP_OID_INT4: return INT32_MAX;
  case MP_OID_OID:
  case MP_OID_XID:
  case MP_OID_CID: return UINT32_MAX;
  default: return INT64_MAX;
  }
}

static bool in_range(const mp_codec *codec, int64_t value) {
  mp_type_oid oid = (mp_type_oid)codec->oid;
  return value >= lowest(oid) && value <= highest(oid);
}

static bool parse(const char *text, size_t size, int64_t *out) {
  const char *end = text + size;
  bool negative = size > 0 && *text == '-';
  if (negative) text++;
  if (text == end) return false;
  int64_t value = 0; /* counted downwards, since the lowest has no positive */
  for (; text < end; text++) {
    if (*text < '0' || *text > '9') return false;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, *text - '0', &value)) return false;
  }
  return negative ? (*out = value, true) : !__builtin_sub_overflow(0, value, out);
}

MP__DECODE(mp__integer_from_text) {
  int64_t value;
  if (!parse(data, size, &value)) return mp__decode_error(codec, error, "not an integer");
  if (!in_range(codec, value)) return mp__decode_error(codec, error, "out of its range");
  out->kind = MP_VALUE_INTEGER;
  out->as.integer = value;
  return true;
}

MP__DECODE(mp__int2_from_binary) {
  if (size != 2) return mp__decode_size_error(codec, error, size, 2);
  out->kind = MP_VALUE_INTEGER;
  out->as.integer = (int16_t)mp_get16(data);
  return true;
}

MP__DECODE(mp__int4_from_binary) {
  if (size != 4) return mp__decode_size_error(codec, error, size, 4);
  out->kind = MP_VALUE_INTEGER;
  out->as.integer = (int32_t)mp_get32(data);
  return true;
}

MP__DECODE(mp__int8_from_binary) {
  if (size != 8) return mp__decode_size_error(codec, error, size, 8);
  out->kind = MP_VALUE_INTEGER;
  out->as.integer = (int64_t)mp_get64(data);
  return true;
}

MP__DECODE(mp__oid_from_binary) {
  if (size != 4) return mp__decode_size_error(codec, error, size, 4);
  out->kind = MP_VALUE_INTEGER;
  out->as.integer = mp_get32(data);
  return true;
}

MP__ENCODE(mp__integer_to_binary) {
  int64_t integer = value->as.integer;
  mp_type_oid oid = (mp_type_oid)codec->oid;
  if (!in_range(codec, integer)) {
    return mp_error_set(error, MP_ERROR_USAGE,
                        "the integer is out of range for %s: %" PRId64 " to %" PRId64 " is allowed", codec->name,
                        lowest(oid), highest(oid));
  }
  switch (oid) {
  case MP_OID_INT2: mp_buffer_add16(out, (uint16_t)integer); break;
  case MP_OID_INT8:
  case MP_OID_XID8: mp_buffer_add64(out, (uint64_t)integer); break;
  default: mp_buffer_add32(out, (uint32_t)integer); break;
  }
  return mp__written(out, error);
}
