/* numeric: its text form, its wire form, and the ways from and to integers and floats. Arithmetic is next door. */
#include "codec/numeric.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "codec/internal.h"

enum { BASE = 10000, LIMB_DIGITS = 4, MAX_WEIGHT = MP_NUMERIC_MAX_WHOLE_DIGITS / LIMB_DIGITS - 1, HEADER = 8 };
enum { EXPONENT_LIMIT = 1000000 };

static mp_numeric *numeric_at(mp_buffer *out) {
  return (mp_numeric *)(void *)out->data;
}

mp_numeric *mp__numeric_start(mp_buffer *out, size_t limbs, mp_error **error) {
  mp_buffer_clear(out);
  size_t size = sizeof(mp_numeric) + limbs * sizeof(int16_t);
  mp_numeric *number = (mp_numeric *)(void *)mp_buffer_reserve(out, size);
  if (number == NULL) {
    mp_error_set_memory(error);
    return NULL;
  }
  *number = (mp_numeric){.count = (uint32_t)limbs};
  mp_buffer_commit(out, size);
  return number;
}

static void trim(mp_numeric *number) {
  uint32_t leading = 0;
  while (leading < number->count && number->limbs[leading] == 0)
    leading++;
  while (number->count > leading && number->limbs[number->count - 1] == 0)
    number->count--;
  number->count -= leading;
  if (leading > 0) memmove(number->limbs, number->limbs + leading, number->count * sizeof number->limbs[0]);
  number->weight -= (int32_t)leading;
  if (number->count == 0) {
    number->weight = 0;
    number->sign = MP_NUMERIC_POSITIVE;
  }
}

bool mp__numeric_end(mp_buffer *out, mp_error **error) {
  assert(out->size >= sizeof(mp_numeric));
  mp_numeric *number = numeric_at(out);
  trim(number);
  if (number->weight > MAX_WEIGHT) {
    return mp_error_set(error, MP_ERROR_USAGE,
                        "the number is too large for numeric: %d digits before the point are allowed",
                        MP_NUMERIC_MAX_WHOLE_DIGITS);
  }
  out->size = mp_numeric_size(number);
  return true;
}

bool mp__numeric_special(uint16_t sign, mp_buffer *out, mp_error **error) {
  mp_numeric *number = mp__numeric_start(out, 0, error);
  if (number == NULL) return false;
  number->sign = sign;
  return true;
}

/* ---- text ---- */

/* A number's text taken apart: `digits` points at the first digit that counts. */
typedef struct parts {
  const char *digits, *end; /* digits and at most one point       */
  long whole, behind;       /* how many stand before and behind it */
  long exponent;
  uint16_t sign;
} parts;

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_word(const char *text, const char *end, const char *word) {
  return (size_t)(end - text) == strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

static bool special_sign(const char *text, const char *end, uint16_t *sign) {
  bool negative = text < end && *text == '-';
  bool has_sign = text < end && (*text == '-' || *text == '+');
  if (!has_sign && is_word(text, end, "NaN")) {
    *sign = MP_NUMERIC_NAN;
    return true;
  }
  if (has_sign) text++;
  if (!is_word(text, end, "Infinity") && !is_word(text, end, "inf")) return false;
  *sign = negative ? MP_NUMERIC_MINUS_INFINITY : MP_NUMERIC_INFINITY;
  return true;
}

static bool take_exponent(const char **at, const char *end, long *exponent) {
  bool negative = *at < end && **at == '-';
  if (*at < end && (**at == '-' || **at == '+')) (*at)++;
  if (*at == end || !is_digit(**at)) return false;
  for (; *at < end && is_digit(**at); (*at)++) {
    if (*exponent < EXPONENT_LIMIT) *exponent = *exponent * 10 + (**at - '0');
  }
  if (negative) *exponent = -*exponent;
  return true;
}

static bool take_apart(const char *at, const char *end, parts *out) {
  out->sign = at < end && *at == '-' ? MP_NUMERIC_NEGATIVE : MP_NUMERIC_POSITIVE;
  if (at < end && (*at == '-' || *at == '+')) at++;
  const char *start = at;
  out->digits = at;
  while (at < end && is_digit(*at))
    at++;
  out->whole = at - start;
  if (at < end && *at == '.') {
    const char *point = at++;
    while (at < end && is_digit(*at))
      at++;
    out->behind = at - point - 1;
  }
  if (out->whole + out->behind == 0) return false;
  out->end = at;
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    if (!take_exponent(&at, end, &out->exponent)) return false;
  }
  for (; out->whole > 0 && *out->digits == '0'; out->digits++)
    out->whole--;
  return at == end;
}

static int32_t floor_div4(long value) {
  return (int32_t)(value >= 0 ? value / LIMB_DIGITS : -((-value + LIMB_DIGITS - 1) / LIMB_DIGITS));
}

/* Digits go into limbs so that the decimal point falls between two of them. */
static void fill_limbs(const parts *text, mp_numeric *number, int lead) {
  int limb = 0;
  int have = lead;
  uint32_t index = 0;
  for (const char *at = text->digits; at < text->end; at++) {
    if (*at == '.') continue;
    limb = limb * 10 + (*at - '0');
    if (++have < LIMB_DIGITS) continue;
    number->limbs[index++] = (int16_t)limb;
    limb = have = 0;
  }
  if (have == 0) return;
  while (have++ < LIMB_DIGITS)
    limb *= 10;
  number->limbs[index] = (int16_t)limb;
}

static bool build(const parts *text, mp_buffer *out, mp_error **error) {
  long scale = text->behind > text->exponent ? text->behind - text->exponent : 0;
  if (scale > MP_NUMERIC_MAX_SCALE || labs(text->exponent) > EXPONENT_LIMIT) {
    return mp_error_set(error, MP_ERROR_USAGE,
                        "the number is out of numeric's range: %d digits before the point, %d behind it are allowed",
                        MP_NUMERIC_MAX_WHOLE_DIGITS, MP_NUMERIC_MAX_SCALE);
  }
  long first = text->whole - 1 + text->exponent; /* the decimal place of the first digit */
  int32_t weight = floor_div4(first);
  int lead = (int)(((long)weight + 1) * LIMB_DIGITS - 1 - first);
  size_t limbs = ((size_t)(lead + text->whole + text->behind) + LIMB_DIGITS - 1) / LIMB_DIGITS;
  mp_numeric *number = mp__numeric_start(out, limbs, error);
  if (number == NULL) return false;
  number->weight = weight;
  number->sign = text->sign;
  number->scale = (uint16_t)scale;
  fill_limbs(text, number, lead);
  return mp__numeric_end(out, error);
}

bool mp_numeric_parse(const char *text, size_t size, mp_buffer *out, mp_error **error) {
  const char *at = text;
  const char *end = text + size;
  while (at < end && is_space(*at))
    at++;
  while (end > at && is_space(end[-1]))
    end--;
  parts taken = {0};
  if (take_apart(at, end, &taken)) return build(&taken, out, error);
  uint16_t sign;
  if (special_sign(at, end, &sign)) return mp__numeric_special(sign, out, error);
  mp_error_set(error, MP_ERROR_USAGE, "\"%.*s\" is not a number", mp__shown(text, size), text);
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "write it as -12.50, 1e-7, NaN or Infinity");
  return false;
}

static const char *special_name(uint16_t sign) {
  switch (sign) {
  case MP_NUMERIC_INFINITY: return "Infinity";
  case MP_NUMERIC_MINUS_INFINITY: return "-Infinity";
  default: return "NaN";
  }
}

static int limb_of(const mp_numeric *number, int32_t place) {
  int64_t index = (int64_t)number->weight - place;
  return index >= 0 && index < (int64_t)number->count ? number->limbs[index] : 0;
}

static char *put_limb(char *to, int limb) {
  to[0] = (char)('0' + limb / 1000);
  to[1] = (char)('0' + limb / 100 % 10);
  to[2] = (char)('0' + limb / 10 % 10);
  to[3] = (char)('0' + limb % 10);
  return to + LIMB_DIGITS;
}

static char *put_whole(const mp_numeric *number, char *to) {
  char *start = to;
  for (int32_t place = number->weight; place >= 0; place--)
    to = put_limb(to, limb_of(number, place));
  char *first = start;
  while (first < to && *first == '0')
    first++;
  memmove(start, first, (size_t)(to - first));
  to -= first - start;
  if (to == start) *to++ = '0';
  return to;
}

void mp_numeric_format(const mp_numeric *number, mp_buffer *out) {
  if (mp__numeric_is_special(number)) {
    mp_buffer_adds(out, special_name(number->sign));
    return;
  }
  size_t whole = number->weight < 0 ? 1 : ((size_t)number->weight + 1) * LIMB_DIGITS;
  char *start = mp_buffer_reserve(out, whole + number->scale + 2 + LIMB_DIGITS);
  if (start == NULL) return;
  char *to = start;
  if (number->sign == MP_NUMERIC_NEGATIVE) *to++ = '-';
  to = put_whole(number, to);
  if (number->scale > 0) {
    *to++ = '.';
    char *fraction = to;
    for (int32_t place = -1; to < fraction + number->scale; place--)
      to = put_limb(to, limb_of(number, place));
    to = fraction + number->scale;
  }
  mp_buffer_commit(out, (size_t)(to - start));
}

/* ---- the wire ---- */

static const char *wrong_header(uint16_t sign, uint16_t scale, size_t count) {
  switch (sign) {
  case MP_NUMERIC_POSITIVE:
  case MP_NUMERIC_NEGATIVE: return scale > MP_NUMERIC_MAX_SCALE ? "its scale is out of range" : NULL;
  case MP_NUMERIC_NAN:
  case MP_NUMERIC_INFINITY:
  case MP_NUMERIC_MINUS_INFINITY: return count > 0 ? "digits behind NaN or Infinity" : NULL;
  default: return "its sign is unknown";
  }
}

/* The scale says how many digits are shown: none may be hidden behind it. */
static bool scale_covers(const mp_numeric *number) {
  static const int units[LIMB_DIGITS] = {BASE, 1000, 100, 10};
  if (number->count == 0) return true;
  int64_t fraction_limbs = (int64_t)number->count - 1 - number->weight;
  if (fraction_limbs * LIMB_DIGITS <= number->scale) return true;
  int over = (int)(number->scale % LIMB_DIGITS);
  bool ends_in_last = over > 0 && fraction_limbs == number->scale / LIMB_DIGITS + 1;
  return ends_in_last && number->limbs[number->count - 1] % units[over] == 0;
}

static const char *decode(const char *bytes, size_t size, mp_numeric *number) {
  size_t count = number->count;
  uint16_t sign = mp_get16(bytes + 4);
  uint16_t scale = mp_get16(bytes + 6);
  const char *wrong = size != HEADER + 2 * count ? "its length is wrong" : wrong_header(sign, scale, count);
  if (wrong != NULL) return wrong;
  number->sign = sign;
  if (mp__numeric_is_special(number)) return NULL;
  number->scale = scale;
  number->weight = (int16_t)mp_get16(bytes + 2);
  for (size_t i = 0; i < count; i++) {
    uint16_t limb = mp_get16(bytes + HEADER + 2 * i);
    if (limb >= BASE) return "a group of digits is out of range";
    number->limbs[i] = (int16_t)limb;
  }
  trim(number);
  return scale_covers(number) ? NULL : "digits behind its scale";
}

bool mp_numeric_decode(const char *bytes, size_t size, mp_buffer *out, mp_error **error) {
  if (size < HEADER) return mp_error_set(error, MP_ERROR_DECODE, "numeric: its length is wrong");
  size_t count = mp_get16(bytes);
  mp_numeric *number = mp__numeric_start(out, count, error);
  if (number == NULL) return false;
  const char *wrong = decode(bytes, size, number);
  if (wrong != NULL) return mp_error_set(error, MP_ERROR_DECODE, "numeric: %s", wrong);
  out->size = mp_numeric_size(number);
  return true;
}

void mp_numeric_encode(const mp_numeric *number, mp_buffer *out) {
  assert(number->count <= UINT16_MAX && number->weight >= INT16_MIN && number->weight <= INT16_MAX);
  mp_buffer_add16(out, (uint16_t)number->count);
  mp_buffer_add16(out, (uint16_t)number->weight);
  mp_buffer_add16(out, number->sign);
  mp_buffer_add16(out, number->scale);
  for (uint32_t i = 0; i < number->count; i++)
    mp_buffer_add16(out, (uint16_t)number->limbs[i]);
}

/* ---- integers and floats ---- */

bool mp_numeric_from_integer(int64_t value, mp_buffer *out, mp_error **error) {
  enum { LIMBS = 5 };
  mp_numeric *number = mp__numeric_start(out, LIMBS, error);
  if (number == NULL) return false;
  uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
  number->sign = value < 0 ? MP_NUMERIC_NEGATIVE : MP_NUMERIC_POSITIVE;
  number->weight = LIMBS - 1;
  for (int i = LIMBS - 1; i >= 0; i--) {
    number->limbs[i] = (int16_t)(rest % BASE);
    rest /= BASE;
  }
  return mp__numeric_end(out, error);
}

bool mp_numeric_from_float(double value, mp_buffer *out, mp_error **error) {
  char text[32];
  return mp_numeric_parse(text, mp_float_format(value, text), out, error);
}

bool mp_numeric_to_integer(const mp_numeric *number, int64_t *out) {
  bool has_fraction = number->count > 0 && (int64_t)number->count - 1 > number->weight;
  if (mp__numeric_is_special(number) || has_fraction) return false;
  int64_t value = 0; /* counted downwards, since the lowest has no positive */
  for (int32_t place = number->weight; place >= 0; place--) {
    if (__builtin_mul_overflow(value, BASE, &value)) return false;
    if (__builtin_sub_overflow(value, limb_of(number, place), &value)) return false;
  }
  if (number->sign != MP_NUMERIC_NEGATIVE && __builtin_sub_overflow(0, value, &value)) return false;
  *out = value;
  return true;
}

static double special_float(uint16_t sign) {
  switch (sign) {
  case MP_NUMERIC_INFINITY: return __builtin_huge_val();
  case MP_NUMERIC_MINUS_INFINITY: return -__builtin_huge_val();
  default: return (double)__builtin_nanf("");
  }
}

/* Past 767 digits only "something follows" can decide how a float is rounded. */
static double long_to_float(const mp_numeric *number) {
  enum { LIMBS = 200 };
  char text[(LIMBS + 8) * LIMB_DIGITS];
  char *to = text;
  if (number->sign == MP_NUMERIC_NEGATIVE) *to++ = '-';
  uint32_t count = number->count < LIMBS ? number->count : LIMBS;
  for (uint32_t i = 0; i < count; i++)
    to = put_limb(to, number->limbs[i]);
  int32_t place = number->weight - (int32_t)count + 1;
  if (count < number->count) {
    to = put_limb(to, 1);
    place--;
  }
  sprintf(to, "e%d", place * LIMB_DIGITS);
  return strtod(text, NULL);
}

double mp_numeric_to_float(const mp_numeric *number) {
  if (mp__numeric_is_special(number)) return special_float(number->sign);
  if (number->count > 4) return long_to_float(number);
  mp__decimal decimal = {.negative = number->sign == MP_NUMERIC_NEGATIVE};
  for (uint32_t i = 0; i < number->count; i++)
    decimal.mantissa = decimal.mantissa * BASE + (uint64_t)number->limbs[i];
  decimal.exponent = (number->weight - (int32_t)number->count + 1) * LIMB_DIGITS;
  mp__decimal_strip(&decimal);
  return mp__decimal_to_float(&decimal);
}

/* ---- the codec ---- */

static bool give(const mp_buffer *scratch, mp_value *out) {
  out->kind = MP_VALUE_NUMERIC;
  out->as.numeric = mp_numeric_in(scratch);
  return true;
}

MP__DECODE(mp__numeric_from_text) {
  mp_error *reason = NULL;
  if (mp_numeric_parse(data, size, scratch, &reason)) return give(scratch, out);
  bool memory = mp_error_kind_of(reason) == MP_ERROR_MEMORY;
  mp_error_free(reason);
  return memory ? mp_error_set_memory(error) : mp__decode_error(codec, error, "not a number, or out of its range");
}

MP__DECODE(mp__numeric_from_binary) {
  if (!mp_numeric_decode(data, size, scratch, error)) return false;
  return give(scratch, out);
}

MP__ENCODE(mp__numeric_to_binary) {
  if (value->kind == MP_VALUE_NUMERIC) {
    mp_numeric_encode(value->as.numeric, out);
    return mp__written(out, error);
  }
  mp_buffer number;
  mp_buffer_init(&number, 4096);
  bool ok = value->kind == MP_VALUE_INTEGER ? mp_numeric_from_integer(value->as.integer, &number, error)
                                            : mp_numeric_from_float(value->as.number, &number, error);
  if (ok) mp_numeric_encode(mp_numeric_in(&number), out);
  mp_buffer_finish(&number);
  return ok && mp__written(out, error);
}
