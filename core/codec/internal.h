/* What the codec's own files share: the decoders and encoders of each family, decimal numbers taken apart, and how an
 * error is said. Nothing here is for callers of the codec. */
#ifndef MP_CODEC_INTERNAL_H
#define MP_CODEC_INTERNAL_H

#include "codec/codec.h"

#define MP__UNUSED __attribute__((unused))

/* The heads of an mp_decode and of an mp_encode: most decoders need neither context nor scratch. */
#define MP__DECODE(name)                                                                                               \
  bool name(const mp_codec *codec MP__UNUSED, const char *data, size_t size,                                           \
            const mp_codec_context *context MP__UNUSED, mp_buffer *scratch MP__UNUSED, mp_value *out,                  \
            mp_error **error)
#define MP__ENCODE(name)                                                                                               \
  bool name(const mp_codec *codec MP__UNUSED, const mp_value *value, mp_buffer *out, mp_error **error)

mp_decode mp__bool_from_text, mp__bool_from_binary;
mp_decode mp__integer_from_text, mp__int2_from_binary, mp__int4_from_binary, mp__int8_from_binary, mp__oid_from_binary;
mp_decode mp__float4_from_text, mp__float4_from_binary, mp__float8_from_text, mp__float8_from_binary;
mp_decode mp__numeric_from_text, mp__numeric_from_binary;
mp_decode mp__text_decode, mp__char_decode; /* both forms are the same bytes */
mp_decode mp__bytea_from_text, mp__bytea_from_binary;
mp_decode mp__uuid_from_text, mp__uuid_from_binary;
mp_decode mp__timestamptz_from_text, mp__timestamp_from_text, mp__timestamp_from_binary;
mp_decode mp__date_from_text, mp__date_from_binary, mp__time_from_text, mp__time_from_binary;
mp_decode mp__interval_from_text, mp__interval_from_binary;
mp_decode mp__json_decode, mp__jsonb_from_binary;
mp_decode mp__jsonpath_from_binary;
mp_decode mp__array_from_text, mp__array_from_binary, mp__vector_from_text, mp__vector_from_binary;
mp_decode mp__range_from_text, mp__range_from_binary, mp__multirange_from_text, mp__multirange_from_binary;
mp_decode mp__composite_from_text, mp__composite_from_binary;
mp_decode mp__hstore_from_text, mp__hstore_from_binary;
mp_decode mp__timetz_from_binary;
mp_decode mp__inet_from_binary, mp__macaddr_from_binary, mp__bits_from_binary;
mp_decode mp__geometry_from_text, mp__geometry_from_binary;
mp_decode mp__tsvector_from_binary;
mp_decode mp__xid8_from_text, mp__xid8_from_binary, mp__lsn_from_binary, mp__tid_from_binary, mp__snapshot_from_binary;
mp_decode mp__void_decode;

mp_encode mp__bool_to_binary, mp__integer_to_binary, mp__float4_to_binary, mp__float8_to_binary, mp__numeric_to_binary;
mp_encode mp__bytes_to_binary, mp__uuid_to_binary, mp__int64_to_binary, mp__date_to_binary, mp__interval_to_binary;
mp_encode mp__jsonb_to_binary, mp__enum_to_binary;

mp_check mp__inet_check, mp__cidr_check, mp__macaddr_check, mp__macaddr8_check, mp__bits_check;

/* Sets a decode error "<type>: <format>" and returns false. Says what is wrong, never the value. */
bool mp__decode_error(const mp_codec *codec, mp_error **error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool mp__decode_size_error(const mp_codec *codec, mp_error **error, size_t size, size_t expected);
/* False, with the error set, when a buffer ran out of memory or over its limit. */
bool mp__written(const mp_buffer *out, mp_error **error);
/* The text that a decoder has written into scratch, as its value. */
bool mp__give_text(const mp_buffer *scratch, mp_value *out, mp_error **error);
/* How many bytes of a user's text an error message shows (for "%.*s"): never half a character. */
int mp__shown(const char *text, size_t size);

/* A decimal number: (-1)^negative * mantissa * 10^exponent. */
typedef struct mp__decimal {
  uint64_t mantissa;
  int exponent;
  bool negative;
  bool integral; /* written without point and exponent      */
  bool inexact;  /* more digits than a mantissa holds: some were left out */
} mp__decimal;

/* Reads [-]digits[.digits][e[+-]digits], all of it. Takes no notice of the locale. */
bool mp__decimal_read(const char *text, size_t size, mp__decimal *out);
/* A float8 in the server's text form; false when it is none, or out of range. */
bool mp__float8_read(const char *text, size_t size, double *out);
double mp__decimal_to_float(const mp__decimal *decimal); /* the nearest; infinity past the range */
/* The same value with the fewest digits: no trailing zero. */
void mp__decimal_strip(mp__decimal *decimal);
/* The shortest decimal that reads back to a finite `value`. */
mp__decimal mp__float_shortest(double value);

/* Calendar arithmetic and texts; a reader returns NULL, or what is wrong with the text. */
int64_t mp__days_from_civil(int64_t year, int month, int day); /* since 2000-01-01 */
bool mp__timestamp_in_range(int64_t microseconds);             /* infinity is */
bool mp__date_in_range(int64_t days);
const char *mp__timestamp_read(const char *text, size_t size, bool with_zone, int64_t *microseconds);
const char *mp__date_read(const char *text, size_t size, int32_t *days);
const char *mp__time_read(const char *text, size_t size, int64_t *microseconds);
bool mp__interval_read(const char *text, size_t size, mp_interval_style style, mp_interval *out);

/* Numerics: room for `limbs` limbs at the start of `out`, and its end: trims, checks the range, sets the size. */
mp_numeric *mp__numeric_start(mp_buffer *out, size_t limbs, mp_error **error);
bool mp__numeric_end(mp_buffer *out, mp_error **error);
bool mp__numeric_special(uint16_t sign, mp_buffer *out, mp_error **error);
static inline bool mp__numeric_is_special(const mp_numeric *number) {
  return (number->sign & 0xC000) == 0xC000;
}

/* Where a literal's elements begin, and its shape; false when it is none (dimensions is untouched). */
bool mp__array_read_shape(mp_array *array, const char *text, size_t size);
/* The next element of a checked literal: its text, unescaped into scratch if it must be. False at the end. */
typedef struct mp__array_item {
  const char *text;
  size_t size;
  bool escaped; /* text is NULL for a NULL element */
} mp__array_item;
bool mp__array_next_item(mp_array *array, mp_buffer *scratch, mp__array_item *out);

/* What follows its own length, as elements, fields and bounds do in the binary form: moves *at behind it. *out has no
 * data for NULL. False when it does not fit before `end`. */
bool mp__take_sized(const char **at, const char *end, mp_bytes *out);

/* Moves *at to the first of `ends` outside of quotes. False when there is none. */
bool mp__quoted_skip(const char **at, const char *end, const char *ends);
/* The text of a field or bound as it came, without quotes and escapes. False without memory. */
bool mp__quoted_read(const mp_bytes *piece, mp_buffer *scratch, mp_item *out);
/* The text of the next range of a multirange; false at the end. */
bool mp__multirange_next(mp_array *array, mp_bytes *out);

#endif
