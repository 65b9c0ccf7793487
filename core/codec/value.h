/* A value on its way between the server and a host language: a small tagged union that owns nothing. */
#ifndef MP_CODEC_VALUE_H
#define MP_CODEC_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/numeric.h"

typedef enum mp_value_kind {
  MP_VALUE_NULL,
  MP_VALUE_BOOL,        /* boolean                                                                        */
  MP_VALUE_INTEGER,     /* integer                                                                        */
  MP_VALUE_FLOAT,       /* number; for float4 its exact value, as the server's own cast to float8 has it  */
  MP_VALUE_TEXT,        /* bytes: UTF-8                                                                   */
  MP_VALUE_BYTES,       /* bytes: anything                                                                */
  MP_VALUE_NUMERIC,     /* numeric                                                                        */
  MP_VALUE_UUID,        /* bytes: the lower-case text of 36 characters                                    */
  MP_VALUE_TIMESTAMPTZ, /* integer: microseconds since 2000-01-01 UTC; INT64_MIN, INT64_MAX: -/+infinity   */
  MP_VALUE_TIMESTAMP,   /* integer: the same without a zone                                               */
  MP_VALUE_DATE,        /* integer: days since 2000-01-01; INT32_MIN, INT32_MAX: -/+infinity               */
  MP_VALUE_TIME,        /* integer: microseconds since midnight, 0 to 86,400,000,000                       */
  MP_VALUE_INTERVAL,    /* interval                                                                       */
  MP_VALUE_JSON,        /* bytes: the text of a JSON document                                             */
  MP_VALUE_ARRAY,       /* decoded: array, a cursor; as a parameter: bytes, the array literal's text      */
  MP_VALUE_RANGE,       /* decoded: range; as a parameter: bytes, the range literal's text                */
  MP_VALUE_COMPOSITE,   /* decoded: composite, a cursor; as a parameter: bytes, the literal's text        */
  MP_VALUE_GEOMETRY,    /* geometry                                                                       */
  MP_VALUE_HSTORE,      /* decoded: hstore, a cursor; as a parameter: bytes, its text                     */
} mp_value_kind;

typedef struct mp_bytes {
  const char *data; /* not zero terminated */
  size_t size;
} mp_bytes;

typedef struct mp_interval {
  int64_t microseconds;
  int32_t days;
  int32_t months;
} mp_interval;

enum { MP_ARRAY_DIMENSIONS = 6 }; /* PostgreSQL's MAXDIM */

/* What a cell belongs to; codecs of the text form need some of the session's settings. */
typedef enum mp_interval_style {
  MP_INTERVAL_POSTGRES,
  MP_INTERVAL_POSTGRES_VERBOSE,
  MP_INTERVAL_SQL_STANDARD,
  MP_INTERVAL_ISO_8601,
} mp_interval_style;

typedef struct mp_codec_context {
  mp_interval_style interval_style; /* as ParameterStatus reports it */
} mp_codec_context;

/* Walks the elements of an array in storage order (the last dimension varies fastest), or the ranges of a multirange,
 * which is an array of one dimension. */
typedef struct mp_array {
  const struct mp_codec *element;
  const mp_codec_context *context;      /* borrowed: must outlive the array */
  int dimensions;                       /* 0: an empty array */
  int32_t lengths[MP_ARRAY_DIMENSIONS]; /* of each dimension */
  int32_t lower[MP_ARRAY_DIMENSIONS];   /* the first subscript, usually 1 */
  bool binary;
  bool is_multirange;
  char delimiter;
  const char *at, *end; /* what has not been read yet */
} mp_array;

/* A bound is NULL (no bytes) where the range goes on for ever. */
typedef struct mp_range {
  const struct mp_codec *element;  /* of the bounds                */
  const mp_codec_context *context; /* borrowed: must outlive it    */
  bool binary;
  bool is_empty; /* then there is nothing else               */
  bool lower_inclusive, upper_inclusive;
  mp_bytes lower, upper; /* as they came: text may be quoted  */
} mp_range;

/* Walks the fields of a composite. */
typedef struct mp_composite {
  const struct mp_codec *codec;    /* knows the fields; of a record without a type: none, and all are texts */
  const mp_codec_context *context; /* borrowed: must outlive it */
  bool binary;
  int count, next;      /* fields in all, and how many were taken   */
  const char *at, *end; /* what has not been read yet */
} mp_composite;

/* Walks the keys and values of an hstore (hstore.h). */
typedef struct mp_hstore {
  bool binary;
  uint32_t pairs;
  const char *at, *end; /* what has not been read yet */
} mp_hstore;

/* One element, bound or field, not decoded yet. */
typedef struct mp_item {
  const struct mp_codec *codec;
  const mp_codec_context *context;
  mp_bytes bytes; /* data is NULL for NULL */
  bool binary;
  bool in_scratch; /* the bytes were unescaped into the scratch memory, and go with it */
} mp_item;
typedef enum mp_shape {
  MP_SHAPE_POINT,   /* x, y                                     */
  MP_SHAPE_LINE,    /* A, B, C of Ax + By + C = 0               */
  MP_SHAPE_LSEG,    /* x, y of both ends                        */
  MP_SHAPE_BOX,     /* x, y of the upper right, the lower left  */
  MP_SHAPE_PATH,    /* x, y of each point                       */
  MP_SHAPE_POLYGON, /* x, y of each point                       */
  MP_SHAPE_CIRCLE,  /* x, y of the centre, radius               */
} mp_shape;

typedef struct mp_geometry {
  mp_shape shape;
  bool closed; /* of a path; true for other shapes */
  const double *numbers;
  size_t count;
} mp_geometry;

typedef struct mp_value {
  mp_value_kind kind;
  union {
    bool boolean;
    int64_t integer;
    double number;
    mp_bytes bytes;
    const mp_numeric *numeric;
    mp_interval interval;
    mp_array array;
    mp_range range;
    mp_composite composite;
    mp_geometry geometry;
    mp_hstore hstore;
  } as;
} mp_value;

#endif
