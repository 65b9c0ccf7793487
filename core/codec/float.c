/* real and double precision: IEEE bits in the binary form, the shortest digits that read back in the text form. The
 * C library's conversions are only ever given digits and an exponent, so that no locale's decimal point matters. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/internal.h"

enum { DECIMAL_TEXT = 48, EXPONENT_LIMIT = 100000 };

#define MANTISSA_LIMIT UINT64_C(1000000000000000000) /* 10^18: one more digit always fits */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Takes one digit. behind_point: 1 when it stands behind the point. */
static void add_digit(mp__decimal *decimal, char digit, int behind_point) {
  if (decimal->mantissa < MANTISSA_LIMIT) {
    decimal->mantissa = decimal->mantissa * 10 + (uint64_t)(digit - '0');
    decimal->exponent -= behind_point;
  } else {
    if (digit != '0') decimal->inexact = true;
    if (decimal->exponent < EXPONENT_LIMIT) decimal->exponent += 1 - behind_point;
  }
}

static const char *read_exponent(const char *at, const char *end, mp__decimal *decimal) {
  bool negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+')) at++;
  if (at == end) return NULL;
  int exponent = 0;
  for (; at < end && is_digit(*at); at++) {
    if (exponent < EXPONENT_LIMIT) exponent = exponent * 10 + (*at - '0');
  }
  decimal->exponent += negative ? -exponent : exponent;
  return at;
}

bool mp__decimal_read(const char *text, size_t size, mp__decimal *out) {
  const char *at = text;
  const char *end = text + size;
  mp__decimal decimal = {.integral = true};
  if (size > INT32_MAX / 2) return false;
  if (at < end && *at == '-') {
    decimal.negative = true;
    at++;
  }
  if (at == end || !is_digit(*at)) return false;
  for (; at < end && is_digit(*at); at++)
    add_digit(&decimal, *at, 0);
  if (at < end && *at == '.') {
    decimal.integral = false;
    at++;
    if (at == end || !is_digit(*at)) return false;
    for (; at < end && is_digit(*at); at++)
      add_digit(&decimal, *at, 1);
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    decimal.integral = false;
    at = read_exponent(at + 1, end, &decimal);
  }
  if (at != end) return false;
  *out = decimal;
  return true;
}

void mp__decimal_strip(mp__decimal *decimal) {
  if (decimal->mantissa == 0) decimal->exponent = 0;
  for (; decimal->mantissa != 0 && decimal->mantissa % 10 == 0; decimal->mantissa /= 10)
    decimal->exponent++;
}

/* Both operands exact, hence one correctly rounded operation (Clinger's fast path). */
static bool exact_operands(const mp__decimal *decimal) {
  return decimal->mantissa <= UINT64_C(1) << DBL_MANT_DIG && decimal->exponent >= -22 && decimal->exponent <= 22;
}

double mp__decimal_to_float(const mp__decimal *decimal) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  double value;
  if (exact_operands(decimal)) {
    double mantissa = (double)decimal->mantissa;
    value = decimal->exponent < 0 ? mantissa / powers[-decimal->exponent] : mantissa * powers[decimal->exponent];
  } else {
    char text[DECIMAL_TEXT];
    snprintf(text, sizeof text, "%" PRIu64 "e%d", decimal->mantissa, decimal->exponent);
    value = strtod(text, NULL);
  }
  return decimal->negative ? -value : value;
}

static float decimal_to_float4(const mp__decimal *decimal) {
  char text[DECIMAL_TEXT];
  snprintf(text, sizeof text, "%s%" PRIu64 "e%d", decimal->negative ? "-" : "", decimal->mantissa, decimal->exponent);
  return strtof(text, NULL);
}

/* A binary format: how its floats are read, and how many digits they take. */
typedef struct format {
  double (*read)(const mp__decimal *decimal);
  int bits;        /* of the mantissa                           */
  int safe_digits; /* every decimal of that many comes back     */
  int full_digits; /* that many tell every float from the next  */
  double smallest; /* of the normal ones                        */
} format;

static double read_float4(const mp__decimal *decimal) {
  return (double)decimal_to_float4(decimal);
}

static const format float8_format = {mp__decimal_to_float, DBL_MANT_DIG, DBL_DIG, DBL_DECIMAL_DIG, DBL_MIN};
static const format float4_format = {read_float4, FLT_MANT_DIG, FLT_DIG, FLT_DECIMAL_DIG, (double)FLT_MIN};

/* `value` with that many significant digits. */
static mp__decimal digits_of(double value, int digits) {
  char text[DECIMAL_TEXT];
  snprintf(text, sizeof text, "%.*e", digits - 1, value);
  mp__decimal decimal = {.negative = signbit(value) != 0, .exponent = -(digits - 1)};
  const char *at = text;
  for (; *at != 'e'; at++) {
    if (is_digit(*at)) decimal.mantissa = decimal.mantissa * 10 + (uint64_t)(*at - '0');
  }
  decimal.exponent += atoi(at + 1);
  return decimal;
}

/* True when the decimal lies exactly between two floats. It comes back as the even one, but the server does not rely on
 * that, and so neither do we. Only a multiple of a small power of ten can lie there. */
static bool is_midpoint(const format *binary, const mp__decimal *decimal, double value) {
  __extension__ typedef unsigned __int128 wide;
  enum { LARGEST_POWER = 23 };
  if (decimal->exponent < 0 || decimal->exponent > LARGEST_POWER) return false;
  int value_exponent;
  double fraction = frexp(fabs(value), &value_exponent);
  wide neighbours = (wide)ldexp(fraction, binary->bits) * 2; /* a midpoint is one more or less, 2^exponent times */
  int exponent = value_exponent - binary->bits - 1;
  wide odd = decimal->mantissa;
  for (int i = 0; i < decimal->exponent; i++)
    odd *= 5;
  int twos = decimal->exponent;
  for (; odd != 0 && odd % 2 == 0; odd /= 2)
    twos++;
  return twos == exponent && (odd == neighbours + 1 || odd == neighbours - 1);
}

static bool comes_back(const format *binary, const mp__decimal *decimal, double value) {
  mp__decimal stripped = *decimal;
  mp__decimal_strip(&stripped);
  return binary->read(decimal) == value && !is_midpoint(binary, &stripped, value);
}

static mp__decimal shortest(const format *binary, double value) {
  /* Where every decimal comes back, a shorter one is found by dropping zeros. */
  int digits = fabs(value) < binary->smallest ? 1 : binary->safe_digits;
  mp__decimal decimal;
  for (;; digits++) {
    decimal = digits_of(value, digits);
    if (digits == binary->full_digits || comes_back(binary, &decimal, value)) break;
    /* Behind a power of two the floats lie further apart than before it: the next decimal up may do. */
    decimal.mantissa++;
    if (comes_back(binary, &decimal, value)) break;
  }
  mp__decimal_strip(&decimal);
  return decimal;
}

mp__decimal mp__float_shortest(double value) {
  return shortest(&float8_format, value);
}

static size_t copy_text(char *to, const char *text) {
  size_t size = strlen(text);
  memcpy(to, text, size + 1);
  return size;
}

static size_t format_special(double value, char *to) {
  if (isnan(value)) return copy_text(to, "NaN");
  return copy_text(to, value > 0 ? "Infinity" : "-Infinity");
}

/* Digits and point, as long as the first digit's place is from -4 to below `limit`; else with an exponent. */
static size_t format_decimal(const mp__decimal *decimal, int limit, char *to) {
  char digits[24];
  int count = snprintf(digits, sizeof digits, "%" PRIu64, decimal->mantissa);
  int place = decimal->mantissa == 0 ? 0 : decimal->exponent + count - 1;
  char *at = to;
  if (decimal->negative) *at++ = '-';
  if (place < -4 || place >= limit) {
    at += sprintf(at, "%c%s%s", digits[0], count > 1 ? "." : "", digits + 1);
    at += sprintf(at, "e%c%02d", place < 0 ? '-' : '+', abs(place));
  } else if (place < 0) {
    at += sprintf(at, "0.%.*s%s", -place - 1, "000", digits);
  } else if (decimal->exponent >= 0) {
    at += sprintf(at, "%s%.*s", digits, decimal->exponent, "00000000000000");
  } else {
    at += sprintf(at, "%.*s.%s", place + 1, digits, digits + place + 1);
  }
  return (size_t)(at - to);
}

size_t mp_float_format(double value, char *to) {
  if (!isfinite(value)) return format_special(value, to);
  mp__decimal decimal = mp__float_shortest(value);
  return format_decimal(&decimal, DBL_DIG, to);
}

size_t mp_float4_format(float value, char *to) {
  if (!isfinite(value)) return format_special((double)value, to);
  mp__decimal decimal = shortest(&float4_format, (double)value);
  return format_decimal(&decimal, FLT_DIG, to);
}

static bool is_text(const char *data, size_t size, const char *text) {
  return size == strlen(text) && memcmp(data, text, size) == 0;
}

static bool read_special(const char *data, size_t size, double *out) {
  if (is_text(data, size, "NaN")) {
    *out = (double)NAN;
  } else if (is_text(data, size, "Infinity")) {
    *out = HUGE_VAL;
  } else if (is_text(data, size, "-Infinity")) {
    *out = -HUGE_VAL;
  } else {
    return false;
  }
  return true;
}

static bool give(double number, mp_value *out) {
  out->kind = MP_VALUE_FLOAT;
  out->as.number = number;
  return true;
}

static bool read_text(const mp_codec *codec, const char *data, size_t size, mp__decimal *decimal, mp_error **error) {
  if (mp__decimal_read(data, size, decimal) && !decimal->inexact) return true;
  return mp__decode_error(codec, error, "not a number with at most 17 digits");
}

bool mp__float8_read(const char *text, size_t size, double *out) {
  if (read_special(text, size, out)) return true;
  mp__decimal decimal;
  if (!mp__decimal_read(text, size, &decimal) || decimal.inexact) return false;
  *out = mp__decimal_to_float(&decimal);
  return !isinf(*out);
}

MP__DECODE(mp__float8_from_text) {
  double number;
  if (read_special(data, size, &number)) return give(number, out);
  mp__decimal decimal;
  if (!read_text(codec, data, size, &decimal, error)) return false;
  number = mp__decimal_to_float(&decimal);
  if (isinf(number)) return mp__decode_error(codec, error, "out of its range");
  return give(number, out);
}

MP__DECODE(mp__float4_from_text) {
  double number;
  if (read_special(data, size, &number)) return give(number, out);
  mp__decimal decimal;
  if (!read_text(codec, data, size, &decimal, error)) return false;
  number = (double)decimal_to_float4(&decimal);
  if (isinf(number)) return mp__decode_error(codec, error, "out of its range");
  return give(number, out);
}

MP__DECODE(mp__float8_from_binary) {
  if (size != 8) return mp__decode_size_error(codec, error, size, 8);
  uint64_t bits = mp_get64(data);
  double number;
  memcpy(&number, &bits, sizeof number);
  /* The text form knows one NaN only. */
  return give(isnan(number) ? (double)NAN : number, out);
}

MP__DECODE(mp__float4_from_binary) {
  if (size != 4) return mp__decode_size_error(codec, error, size, 4);
  uint32_t bits = mp_get32(data);
  float number;
  memcpy(&number, &bits, sizeof number);
  return give(isnan(number) ? (double)NAN : (double)number, out);
}

MP__ENCODE(mp__float8_to_binary) {
  double number = value->kind == MP_VALUE_INTEGER ? (double)value->as.integer : value->as.number;
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  mp_buffer_add64(out, bits);
  return mp__written(out, error);
}

/* Rounded from the decimal digits that the text form would send, as the server rounds them: rounding the double itself
 * rounds twice. */
static float narrow(double number) {
  if (!isfinite(number)) return (float)number;
  mp__decimal decimal = mp__float_shortest(number);
  return decimal_to_float4(&decimal);
}

MP__ENCODE(mp__float4_to_binary) {
  bool integral = value->kind == MP_VALUE_INTEGER;
  double wide = integral ? (double)value->as.integer : value->as.number;
  float number = integral ? (float)value->as.integer : narrow(wide);
  bool lost = (isinf(number) && !isinf(wide)) || (number == 0.0F && wide != 0.0);
  if (lost) {
    return mp_error_set(error, MP_ERROR_USAGE, "the number is out of range for %s: about 1e-45 to 3.4e38 is allowed",
                        codec->name);
  }
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  mp_buffer_add32(out, bits);
  return mp__written(out, error);
}
