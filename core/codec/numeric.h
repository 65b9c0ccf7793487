/* Exact decimals as PostgreSQL's numeric has them: base 10,000 limbs, NaN and both infinities, a display scale.
 * Results are written into a buffer whose content then is one mp_numeric (mp_numeric_in), replacing what was there; an
 * operand must not lie in it. */
#ifndef MP_CODEC_NUMERIC_H
#define MP_CODEC_NUMERIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

typedef enum mp_numeric_sign {
  MP_NUMERIC_POSITIVE = 0x0000,
  MP_NUMERIC_NEGATIVE = 0x4000,
  MP_NUMERIC_NAN = 0xC000,
  MP_NUMERIC_INFINITY = 0xD000,
  MP_NUMERIC_MINUS_INFINITY = 0xF000,
} mp_numeric_sign; /* the wire's own codes */

typedef struct mp_numeric {
  int32_t weight;  /* the first limb counts 10000^weight                  */
  uint16_t sign;   /* an mp_numeric_sign                                  */
  uint16_t scale;  /* digits shown behind the point, 0 to 16,383          */
  uint32_t count;  /* of limbs; neither the first nor the last is zero    */
  int16_t limbs[]; /* 0 to 9,999 each                                     */
} mp_numeric;

enum { MP_NUMERIC_MAX_SCALE = 16383, MP_NUMERIC_MAX_WHOLE_DIGITS = 131072 }; /* PostgreSQL's own limits */

static inline size_t mp_numeric_size(const mp_numeric *number) {
  return sizeof *number + number->count * sizeof number->limbs[0];
}
static inline const mp_numeric *mp_numeric_in(const mp_buffer *buffer) {
  return (const mp_numeric *)(const void *)buffer->data;
}

/* Reads what PostgreSQL's numeric input reads: "-12.50", "1e-7", "NaN", "Infinity", surrounding blanks.
 * Errors: usage (the text is shown, shortened), memory. */
bool mp_numeric_parse(const char *text, size_t size, mp_buffer *out, mp_error **error);
/* Appends the text form, to the letter that of the server. */
void mp_numeric_format(const mp_numeric *number, mp_buffer *out);
/* The wire's binary form. Errors: decode, memory. */
bool mp_numeric_decode(const char *bytes, size_t size, mp_buffer *out, mp_error **error);
void mp_numeric_encode(const mp_numeric *number, mp_buffer *out); /* appends */

bool mp_numeric_from_integer(int64_t value, mp_buffer *out, mp_error **error);
/* The shortest decimal form of the float, as the server prints it. */
bool mp_numeric_from_float(double value, mp_buffer *out, mp_error **error);
/* False when the number has a fraction or does not fit. */
bool mp_numeric_to_integer(const mp_numeric *number, int64_t *out);
double mp_numeric_to_float(const mp_numeric *number); /* the nearest */

/* -1, 0, 1; NaN equals itself and is greater than all, as in PostgreSQL's order. The scale does not matter. */
int mp_numeric_compare(const mp_numeric *a, const mp_numeric *b);
/* Exact; the scale is that of PostgreSQL's operators. Errors: usage (out of PostgreSQL's range), memory. */
bool mp_numeric_add(const mp_numeric *a, const mp_numeric *b, mp_buffer *out, mp_error **error);
bool mp_numeric_subtract(const mp_numeric *a, const mp_numeric *b, mp_buffer *out, mp_error **error);
bool mp_numeric_multiply(const mp_numeric *a, const mp_numeric *b, mp_buffer *out, mp_error **error);
/* Rounded half away from zero to `scale` digits behind the point. Errors: usage (division by zero, scale). */
bool mp_numeric_divide(const mp_numeric *a, const mp_numeric *b, int scale, mp_buffer *out, mp_error **error);
/* round(number, scale) of the server; a negative scale rounds before the point. */
bool mp_numeric_round(const mp_numeric *number, int scale, mp_buffer *out, mp_error **error);
bool mp_numeric_negate(const mp_numeric *number, mp_buffer *out, mp_error **error);

#endif
