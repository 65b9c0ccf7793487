/* The core schema of YAML 1.2: what a plain word means. `no`, `on`, `012` (twelve) and `1:30` mean nothing special. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/internal.h"
#include "yaml/internal.h"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_word(const char *text, size_t size, const char *const *words) {
  for (; *words != NULL; words++) {
    if (strlen(*words) == size && memcmp(text, *words, size) == 0) return true;
  }
  return false;
}

static mp__yaml_word classify_letters(const char *text, size_t size) {
  static const char *const nulls[] = {"null", "Null", "NULL", "~", NULL};
  static const char *const trues[] = {"true", "True", "TRUE", NULL};
  static const char *const falses[] = {"false", "False", "FALSE", NULL};
  if (size > 5) return MP__YAML_TEXT;
  if (is_word(text, size, nulls)) return MP__YAML_NULL;
  if (is_word(text, size, trues)) return MP__YAML_TRUE;
  return is_word(text, size, falses) ? MP__YAML_FALSE : MP__YAML_TEXT;
}

static mp__yaml_word classify_special(const char *text, size_t size, bool is_signed) {
  static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
  static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
  if (is_word(text, size, infinities)) return MP__YAML_INFINITY;
  return !is_signed && is_word(text, size, nans) ? MP__YAML_NAN : MP__YAML_TEXT;
}

static mp__yaml_word classify_based(const char *text, size_t size) {
  const bool is_hex = text[1] == 'x';
  for (size_t i = 2; i < size; i++) {
    const char c = text[i], low = (char)(c | 0x20);
    const bool fits = is_hex ? is_digit(c) || (low >= 'a' && low <= 'f') : c >= '0' && c <= '7';
    if (!fits) return MP__YAML_TEXT;
  }
  return size > 2 ? MP__YAML_INTEGER : MP__YAML_TEXT;
}

static const char *skip_digits(const char *at, const char *end) {
  while (at < end && is_digit(*at))
    at++;
  return at;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static mp__yaml_word classify_number(const char *text, const char *end) {
  const char *at = skip_digits(text, end);
  const bool has_whole = at > text;
  bool is_float = false;
  if (at < end && *at == '.') {
    const char *fraction = at + 1;
    at = skip_digits(fraction, end);
    is_float = true;
    if (!has_whole && at == fraction) return MP__YAML_TEXT;
  } else if (!has_whole) {
    return MP__YAML_TEXT;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    if (at < end && (*at == '-' || *at == '+')) at++;
    const char *exponent = at;
    at = skip_digits(exponent, end);
    is_float = true;
    if (at == exponent) return MP__YAML_TEXT;
  }
  if (at != end) return MP__YAML_TEXT;
  return is_float ? MP__YAML_FLOAT : MP__YAML_INTEGER;
}

mp__yaml_word mp__yaml_classify(const char *text, size_t size) {
  if (size == 0) return MP__YAML_NULL;
  const char *at = text;
  switch (*text) {
  case 'n':
  case 'N':
  case '~':
  case 't':
  case 'T':
  case 'f':
  case 'F': return classify_letters(text, size);
  case '0':
    if (size > 1 && (text[1] == 'x' || text[1] == 'o')) return classify_based(text, size);
    return classify_number(text, text + size);
  case '-':
  case '+': at++; break;
  default:
    if (*text != '.' && !is_digit(*text)) return MP__YAML_TEXT;
  }
  if (at < text + size && *at == '.') {
    const mp__yaml_word special = classify_special(at, (size_t)(text + size - at), at > text);
    if (special != MP__YAML_TEXT) return special;
  }
  return classify_number(at, text + size);
}

/* ---- values ---- */

static bool read_based(const char *text, size_t size, int64_t *out) {
  const unsigned shift = text[1] == 'x' ? 4 : 3;
  uint64_t value = 0;
  for (size_t i = 2; i < size; i++) {
    if (value >> (63 - shift) != 0) return false;
    const unsigned digit = is_digit(text[i]) ? (unsigned)(text[i] - '0') : (unsigned)((text[i] | 0x20) - 'a' + 10);
    value = value << shift | digit;
  }
  *out = (int64_t)value;
  return true;
}

static bool read_decimal(const char *text, size_t size, int64_t *out) {
  const char *at = text, *end = text + size;
  const bool negative = *at == '-';
  if (*at == '-' || *at == '+') at++;
  int64_t value = 0; /* counted downwards, since the lowest has no positive */
  for (; at < end; at++) {
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, *at - '0', &value)) return false;
  }
  return negative ? (*out = value, true) : !__builtin_sub_overflow(0, value, out);
}

/* Hexadecimal or octal digits of any number as decimal ones. Its time grows with the square of the length. */
static bool to_decimal_digits(const char *text, size_t size, mp_buffer *digits) {
  const unsigned base = text[1] == 'x' ? 16 : 8;
  for (size_t i = 2; i < size; i++) {
    unsigned carry = is_digit(text[i]) ? (unsigned)(text[i] - '0') : (unsigned)((text[i] | 0x20) - 'a' + 10);
    for (size_t j = 0; j < digits->size; j++) { /* the lowest first */
      carry += base * (unsigned)digits->data[j];
      digits->data[j] = (char)(carry % 10);
      carry /= 10;
    }
    for (; carry > 0; carry /= 10)
      mp_buffer_addc(digits, (char)(carry % 10));
  }
  for (size_t i = 0, j = digits->size; i < j; i++) { /* turned round */
    const char low = digits->data[i];
    digits->data[i] = (char)('0' + digits->data[--j]);
    if (i < j) digits->data[j] = (char)('0' + low);
  }
  return mp_buffer_ok(digits);
}

static bool read_numeric(const char *text, size_t size, mp_buffer *scratch, mp_value *out, const char **wrong) {
  mp_error *error = NULL;
  if (!mp_numeric_parse(text, size, scratch, &error)) {
    *wrong = mp_error_kind_of(error) == MP_ERROR_MEMORY ? NULL : "has more digits than a numeric holds";
    mp_error_free(error);
    return false;
  }
  *out = (mp_value){.kind = MP_VALUE_NUMERIC, .as.numeric = mp_numeric_in(scratch)};
  return true;
}

static bool read_large_based(const char *text, size_t size, mp_buffer *scratch, mp_value *out, const char **wrong) {
  enum { MOST = 2000 };
  *wrong = "has more digits than are read: 2,000 in base 8 or 16";
  if (size > MOST) return false;
  mp_buffer digits;
  mp_buffer_init(&digits, 2 * MOST);
  const bool made = to_decimal_digits(text, size, &digits);
  const bool ok = made && read_numeric(digits.data, digits.size, scratch, out, wrong);
  if (!made) *wrong = NULL;
  mp_buffer_finish(&digits);
  return ok;
}

static bool read_integer(const char *text, size_t size, mp_buffer *scratch, mp_value *out, const char **wrong) {
  const bool is_based = text[0] == '0' && size > 1 && !is_digit(text[1]);
  out->kind = MP_VALUE_INTEGER;
  if (is_based) {
    return read_based(text, size, &out->as.integer) || read_large_based(text, size, scratch, out, wrong);
  }
  return read_decimal(text, size, &out->as.integer) || read_numeric(text, size, scratch, out, wrong);
}

/* A number of any length in the form that the C library rounds rightly: digits, and an exponent without a point. */
static bool read_long_float(const char *text, size_t size, double *out) {
  char *digits = malloc(size + 32);
  if (digits == NULL) return false;
  char *to = digits;
  long exponent = 0;
  bool behind_point = false;
  size_t i = 0;
  for (; i < size && text[i] != 'e' && text[i] != 'E'; i++) {
    if (text[i] == '.') {
      behind_point = true;
    } else if (text[i] != '+') {
      *to++ = text[i];
      if (behind_point) exponent--;
    }
  }
  if (i < size) {
    errno = 0;
    const long said = strtol(text + i + 1, NULL, 10); /* libyaml ends scalars with a zero */
    if (__builtin_add_overflow(exponent, said, &exponent)) exponent = said;
  }
  snprintf(to, 32, "e%ld", exponent);
  *out = strtod(digits, NULL);
  free(digits);
  return true;
}

static bool read_float(const char *text, size_t size, mp_value *out, const char **wrong) {
  mp__decimal decimal;
  out->kind = MP_VALUE_FLOAT;
  if (mp__decimal_read(text, size, &decimal) && !decimal.inexact) {
    out->as.number = mp__decimal_to_float(&decimal);
  } else if (!read_long_float(text, size, &out->as.number)) {
    *wrong = NULL;
    return false;
  }
  *wrong = "is beyond what a float holds";
  return isfinite(out->as.number);
}

bool mp__yaml_resolve(const char *text, size_t size, bool exact, mp_buffer *scratch, mp_value *out,
                      const char **wrong) {
  switch (mp__yaml_classify(text, size)) {
  case MP__YAML_TEXT: *out = (mp_value){.kind = MP_VALUE_TEXT, .as.bytes = {text, size}}; return true;
  case MP__YAML_NULL: out->kind = MP_VALUE_NULL; return true;
  case MP__YAML_TRUE: *out = (mp_value){.kind = MP_VALUE_BOOL, .as.boolean = true}; return true;
  case MP__YAML_FALSE: *out = (mp_value){.kind = MP_VALUE_BOOL, .as.boolean = false}; return true;
  case MP__YAML_INTEGER: return read_integer(text, size, scratch, out, wrong);
  case MP__YAML_FLOAT:
    return exact ? read_numeric(text, size, scratch, out, wrong) : read_float(text, size, out, wrong);
  case MP__YAML_INFINITY:
    *out = (mp_value){.kind = MP_VALUE_FLOAT, .as.number = *text == '-' ? -HUGE_VAL : HUGE_VAL};
    return true;
  case MP__YAML_NAN: *out = (mp_value){.kind = MP_VALUE_FLOAT, .as.number = (double)NAN}; return true;
  }
  return false;
}
