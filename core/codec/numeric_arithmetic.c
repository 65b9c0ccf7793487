/* Arithmetic on numerics as the server does it: schoolbook methods on limbs of base 10,000, exact, with the scale of
 * the server's operators, and its rules for NaN and infinity. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/internal.h"

enum { BASE = 10000, LIMB_DIGITS = 4, MAX_WEIGHT = MP_NUMERIC_MAX_WHOLE_DIGITS / LIMB_DIGITS - 1 };

static bool is_nan(const mp_numeric *number) {
  return number->sign == MP_NUMERIC_NAN;
}

static bool is_infinite(const mp_numeric *number) {
  return number->sign == MP_NUMERIC_INFINITY || number->sign == MP_NUMERIC_MINUS_INFINITY;
}

/* -1, 0 or 1; not for NaN. */
static int sign_of(const mp_numeric *number) {
  if (number->sign == MP_NUMERIC_INFINITY) return 1;
  if (number->sign == MP_NUMERIC_MINUS_INFINITY) return -1;
  if (number->count == 0) return 0;
  return number->sign == MP_NUMERIC_NEGATIVE ? -1 : 1;
}

static uint16_t infinity(int sign) {
  return sign < 0 ? MP_NUMERIC_MINUS_INFINITY : MP_NUMERIC_INFINITY;
}

static uint16_t finite_sign(bool negative) {
  return negative ? MP_NUMERIC_NEGATIVE : MP_NUMERIC_POSITIVE;
}

static int limb_of(const mp_numeric *number, int64_t place) {
  int64_t index = number->weight - place;
  return index >= 0 && index < (int64_t)number->count ? number->limbs[index] : 0;
}

/* The place of the last limb. */
static int64_t lowest_place(const mp_numeric *number) {
  return (int64_t)number->weight - (int64_t)number->count + 1;
}

static int compare_magnitude(const mp_numeric *a, const mp_numeric *b) {
  if (a->count == 0 || b->count == 0) return (a->count > 0) - (b->count > 0);
  if (a->weight != b->weight) return a->weight < b->weight ? -1 : 1;
  uint32_t shared = a->count < b->count ? a->count : b->count;
  for (uint32_t i = 0; i < shared; i++) {
    if (a->limbs[i] != b->limbs[i]) return a->limbs[i] < b->limbs[i] ? -1 : 1;
  }
  return (a->count > b->count) - (a->count < b->count);
}

/* Where a number stands in PostgreSQL's order of -Infinity, the finite ones, Infinity, NaN. */
static int rank(const mp_numeric *number) {
  switch (number->sign) {
  case MP_NUMERIC_MINUS_INFINITY: return 0;
  case MP_NUMERIC_INFINITY: return 2;
  case MP_NUMERIC_NAN: return 3;
  default: return 1;
  }
}

int mp_numeric_compare(const mp_numeric *a, const mp_numeric *b) {
  int difference = rank(a) - rank(b);
  if (difference != 0) return difference < 0 ? -1 : 1;
  if (mp__numeric_is_special(a)) return 0;
  int sign_a = sign_of(a);
  int sign_b = sign_of(b);
  if (sign_a != sign_b) return sign_a < sign_b ? -1 : 1;
  return sign_a < 0 ? compare_magnitude(b, a) : compare_magnitude(a, b);
}

static uint16_t larger_scale(const mp_numeric *a, const mp_numeric *b) {
  return a->scale > b->scale ? a->scale : b->scale;
}

/* |big| + |small|, or |big| - |small| where |big| >= |small|. */
static bool combine(const mp_numeric *big, const mp_numeric *small, bool add, uint16_t sign, mp_buffer *out,
                    mp_error **error) {
  assert(add || compare_magnitude(big, small) >= 0);
  uint16_t scale = larger_scale(big, small);
  int64_t top = (big->weight > small->weight ? big->weight : small->weight) + 1;
  int64_t low = lowest_place(big) < lowest_place(small) ? lowest_place(big) : lowest_place(small);
  mp_numeric *sum = mp__numeric_start(out, (size_t)(top - low + 1), error);
  if (sum == NULL) return false;
  int carry = 0;
  for (int64_t place = low; place <= top; place++) {
    int limb = limb_of(big, place) + carry + (add ? limb_of(small, place) : -limb_of(small, place));
    carry = limb >= BASE ? 1 : limb < 0 ? -1 : 0;
    sum->limbs[top - place] = (int16_t)(limb - carry * BASE);
  }
  sum->weight = (int32_t)top;
  sum->sign = sign;
  sum->scale = scale;
  return mp__numeric_end(out, error);
}

/* a + b, or a - b when `negate`. */
static bool add_signed(const mp_numeric *a, const mp_numeric *b, bool negate, mp_buffer *out, mp_error **error) {
  if (is_nan(a) || is_nan(b)) return mp__numeric_special(MP_NUMERIC_NAN, out, error);
  int sign_b = negate ? -sign_of(b) : sign_of(b);
  if (is_infinite(a) && is_infinite(b) && sign_of(a) != sign_b) return mp__numeric_special(MP_NUMERIC_NAN, out, error);
  if (is_infinite(a)) return mp__numeric_special(a->sign, out, error);
  if (is_infinite(b)) return mp__numeric_special(infinity(sign_b), out, error);
  bool a_is_bigger = compare_magnitude(a, b) >= 0;
  const mp_numeric *big = a_is_bigger ? a : b;
  const mp_numeric *small = a_is_bigger ? b : a;
  bool negative = a_is_bigger ? sign_of(a) < 0 : sign_b < 0;
  bool add = sign_of(a) * sign_b >= 0;
  return combine(big, small, add, finite_sign(negative), out, error);
}

bool mp_numeric_add(const mp_numeric *a, const mp_numeric *b, mp_buffer *out, mp_error **error) {
  return add_signed(a, b, false, out, error);
}

bool mp_numeric_subtract(const mp_numeric *a, const mp_numeric *b, mp_buffer *out, mp_error **error) {
  return add_signed(a, b, true, out, error);
}

static bool too_large(mp_error **error) {
  return mp_error_set(error, MP_ERROR_USAGE,
                      "the result is too large for numeric: %d digits before the point are allowed",
                      MP_NUMERIC_MAX_WHOLE_DIGITS);
}

static void multiply_limbs(const mp_numeric *a, const mp_numeric *b, mp_numeric *product) {
  memset(product->limbs, 0, product->count * sizeof product->limbs[0]);
  for (uint32_t i = a->count; i-- > 0;) {
    int carry = 0;
    for (uint32_t j = b->count; j-- > 0;) {
      int limb = product->limbs[i + j + 1] + a->limbs[i] * b->limbs[j] + carry;
      carry = limb / BASE;
      product->limbs[i + j + 1] = (int16_t)(limb % BASE);
    }
    product->limbs[i] = (int16_t)carry;
  }
}

static bool multiply_finite(const mp_numeric *a, const mp_numeric *b, mp_buffer *out, mp_error **error) {
  bool is_zero = a->count == 0 || b->count == 0;
  if (!is_zero && a->weight + b->weight > MAX_WEIGHT) return too_large(error);
  mp_numeric *product = mp__numeric_start(out, is_zero ? 0 : (size_t)a->count + b->count, error);
  if (product == NULL) return false;
  if (!is_zero) multiply_limbs(a, b, product);
  product->weight = a->weight + b->weight + 1;
  product->sign = finite_sign(sign_of(a) * sign_of(b) < 0);
  int scale = a->scale + b->scale;
  product->scale = (uint16_t)scale;
  if (!mp__numeric_end(out, error)) return false;
  if (scale <= MP_NUMERIC_MAX_SCALE) return true;
  mp_buffer rounded;
  mp_buffer_init(&rounded, out->limit);
  bool ok = mp_numeric_round(mp_numeric_in(out), MP_NUMERIC_MAX_SCALE, &rounded, error);
  mp_buffer_finish(out);
  *out = rounded;
  return ok;
}

bool mp_numeric_multiply(const mp_numeric *a, const mp_numeric *b, mp_buffer *out, mp_error **error) {
  if (is_nan(a) || is_nan(b)) return mp__numeric_special(MP_NUMERIC_NAN, out, error);
  if (!is_infinite(a) && !is_infinite(b)) return multiply_finite(a, b, out, error);
  int sign = sign_of(a) * sign_of(b);
  return mp__numeric_special(sign == 0 ? MP_NUMERIC_NAN : infinity(sign), out, error);
}

/* ---- division ---- */

/* Divides u by v, both normalised (Knuth's algorithm D): v has n >= 2 limbs, u has count + n, quotient has count. u is
 * overwritten. */
static void divide_long(int32_t *u, const int32_t *v, size_t n, int16_t *quotient, size_t count) {
  assert(n >= 2 && v[0] >= BASE / 2);
  for (size_t j = 0; j < count; j++) {
    int32_t top = u[j] * BASE + u[j + 1];
    int32_t guess = top / v[0];
    int32_t rest = top % v[0];
    while (guess * v[1] > rest * BASE + u[j + 2]) { /* then it is at most one too high */
      guess--;
      rest += v[0];
    }
    int32_t borrow = 0;
    for (size_t i = n; i-- > 0;) {
      int32_t limb = u[j + i + 1] - guess * v[i] - borrow;
      borrow = limb < 0 ? (BASE - 1 - limb) / BASE : 0;
      u[j + i + 1] = limb + borrow * BASE;
    }
    u[j] -= borrow;
    if (u[j] < 0) { /* it was: add the divisor back */
      guess--;
      int32_t carry = 0;
      for (size_t i = n; i-- > 0;) {
        int32_t limb = u[j + i + 1] + v[i] + carry;
        carry = limb >= BASE;
        u[j + i + 1] = limb - carry * BASE;
      }
      u[j] += carry;
    }
    quotient[j] = (int16_t)guess;
  }
}

static void divide_short(const int32_t *u, int32_t v, int16_t *quotient, size_t count) {
  int32_t rest = u[0];
  for (size_t j = 0; j < count; j++) {
    int32_t limb = rest * BASE + u[j + 1];
    quotient[j] = (int16_t)(limb / v);
    rest = limb % v;
  }
}

/* to[0 .. size) = the limbs of `from`, as far as they go, times `factor`; to[0] takes the carry when `shift` is 1. */
static void scale_limbs(const mp_numeric *from, int32_t factor, size_t shift, int32_t *to, size_t size) {
  int32_t carry = 0;
  for (size_t i = size; i-- > shift;) {
    int32_t limb = i - shift < from->count ? from->limbs[i - shift] * factor : 0;
    limb += carry;
    carry = limb / BASE;
    to[i] = limb % BASE;
  }
  if (shift == 1) to[0] = carry;
}

/* The first `count` limbs of |a| / |b|, cut off; the first has the place a->weight - b->weight. */
static bool divide_limbs(const mp_numeric *a, const mp_numeric *b, int16_t *quotient, size_t count, mp_error **error) {
  size_t n = b->count;
  int32_t *u = malloc((count + n + n) * sizeof *u);
  if (u == NULL) return mp_error_set_memory(error);
  int32_t *v = u + count + n;
  int32_t factor = n == 1 ? 1 : BASE / (b->limbs[0] + 1);
  scale_limbs(a, factor, 1, u, count + n);
  scale_limbs(b, factor, 0, v, n);
  if (n == 1) {
    divide_short(u, v[0], quotient, count);
  } else {
    divide_long(u, v, n, quotient, count);
  }
  free(u);
  return true;
}

static bool divide_finite(const mp_numeric *a, const mp_numeric *b, int scale, mp_buffer *out, mp_error **error) {
  /* One digit more than wanted decides the rounding, since halves go away from zero. */
  int64_t low = -((int64_t)scale + LIMB_DIGITS) / LIMB_DIGITS;
  int64_t top = (int64_t)a->weight - b->weight;
  size_t count = a->count > 0 && top >= low ? (size_t)(top - low + 1) : 0;
  mp_buffer cut;
  mp_buffer_init(&cut, out->limit);
  bool ok = false;
  mp_numeric *quotient = mp__numeric_start(&cut, count, error);
  if (quotient == NULL) goto done;
  quotient->weight = (int32_t)top;
  quotient->sign = finite_sign(sign_of(a) * sign_of(b) < 0);
  quotient->scale = (uint16_t)scale;
  if (count > 0 && !divide_limbs(a, b, quotient->limbs, count, error)) goto done;
  ok = mp__numeric_end(&cut, error) && mp_numeric_round(mp_numeric_in(&cut), scale, out, error);
done:
  mp_buffer_finish(&cut);
  return ok;
}

static bool zero(int scale, mp_buffer *out, mp_error **error) {
  mp_numeric *number = mp__numeric_start(out, 0, error);
  if (number == NULL) return false;
  number->scale = (uint16_t)scale;
  return true;
}

bool mp_numeric_divide(const mp_numeric *a, const mp_numeric *b, int scale, mp_buffer *out, mp_error **error) {
  if (scale < 0 || scale > MP_NUMERIC_MAX_SCALE) {
    return mp_error_set(error, MP_ERROR_USAGE, "a quotient's scale of %d is not allowed: 0 to %d is", scale,
                        MP_NUMERIC_MAX_SCALE);
  }
  if (is_nan(a) || is_nan(b)) return mp__numeric_special(MP_NUMERIC_NAN, out, error);
  if (sign_of(b) == 0) return mp_error_set(error, MP_ERROR_USAGE, "division by zero");
  if (is_infinite(a) && is_infinite(b)) return mp__numeric_special(MP_NUMERIC_NAN, out, error);
  if (is_infinite(a)) return mp__numeric_special(infinity(sign_of(a) * sign_of(b)), out, error);
  if (is_infinite(b)) return zero(scale, out, error);
  return divide_finite(a, b, scale, out, error);
}

/* ---- rounding ---- */

static int64_t floor_div(int64_t value, int64_t by) {
  return value >= 0 ? value / by : -((-value + by - 1) / by);
}

/* The number's limbs from `place` up, cut at `unit` within the last and, if `up`, raised by it. */
static bool cut(const mp_numeric *number, int64_t place, int unit, bool up, mp_buffer *out, mp_error **error) {
  int64_t top = (number->weight > place ? number->weight : place) + 1;
  mp_numeric *rounded = mp__numeric_start(out, (size_t)(top - place + 1), error);
  if (rounded == NULL) return false;
  int carry = up ? unit : 0;
  for (int64_t at = place; at <= top; at++) {
    int limb = limb_of(number, at);
    if (at == place) limb -= limb % unit;
    limb += carry;
    carry = limb >= BASE;
    rounded->limbs[top - at] = (int16_t)(limb - carry * BASE);
  }
  rounded->weight = (int32_t)top;
  rounded->sign = number->sign;
  return true;
}

bool mp_numeric_round(const mp_numeric *number, int scale, mp_buffer *out, mp_error **error) {
  static const int units[LIMB_DIGITS] = {1, 10, 100, 1000};
  if (scale < -MP_NUMERIC_MAX_WHOLE_DIGITS || scale > MP_NUMERIC_MAX_SCALE) {
    return mp_error_set(error, MP_ERROR_USAGE, "rounding to %d digits is not allowed: %d to %d is", scale,
                        -MP_NUMERIC_MAX_WHOLE_DIGITS, MP_NUMERIC_MAX_SCALE);
  }
  if (mp__numeric_is_special(number)) return mp__numeric_special(number->sign, out, error);
  int64_t place = floor_div(-(int64_t)scale, LIMB_DIGITS);
  int digit = (int)(-(int64_t)scale - place * LIMB_DIGITS);
  int unit = units[digit];
  bool up = digit == 0 ? limb_of(number, place - 1) >= BASE / 2 : limb_of(number, place) % unit * 2 >= unit;
  if (!cut(number, place, unit, up, out, error)) return false;
  ((mp_numeric *)(void *)out->data)->scale = (uint16_t)(scale > 0 ? scale : 0);
  return mp__numeric_end(out, error);
}

bool mp_numeric_negate(const mp_numeric *number, mp_buffer *out, mp_error **error) {
  mp_numeric *negated = mp__numeric_start(out, number->count, error);
  if (negated == NULL) return false;
  memcpy(negated, number, mp_numeric_size(number));
  if (is_infinite(number)) {
    negated->sign = infinity(-sign_of(number));
  } else if (!is_nan(number)) {
    negated->sign = finite_sign(sign_of(number) > 0);
  }
  return true;
}
