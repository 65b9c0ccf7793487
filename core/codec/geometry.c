/* point, line, lseg, box, path, polygon and circle. Both forms have the same numbers in the same order; the text form
 * is told by a pattern, in which each # is a number. */
#include "codec/geometry.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/internal.h"

enum { NUMBER = sizeof(double) };

static const char point_pattern[] = "(#,#)";

/* Of the shapes with a fixed count of numbers. */
static const struct {
  size_t numbers;
  const char *pattern;
} fixed[] = {
    [MP_SHAPE_POINT] = {2, point_pattern}, [MP_SHAPE_LINE] = {3, "{#,#,#}"},     [MP_SHAPE_LSEG] = {4, "[(#,#),(#,#)]"},
    [MP_SHAPE_BOX] = {4, "(#,#),(#,#)"},   [MP_SHAPE_CIRCLE] = {3, "<(#,#),#>"}, [MP_SHAPE_PATH] = {0, NULL},
    [MP_SHAPE_POLYGON] = {0, NULL},
};

mp_shape mp_geometry_shape(uint32_t oid) {
  switch (oid) {
  case MP_OID_POINT: return MP_SHAPE_POINT;
  case MP_OID_LINE: return MP_SHAPE_LINE;
  case MP_OID_LSEG: return MP_SHAPE_LSEG;
  case MP_OID_BOX: return MP_SHAPE_BOX;
  case MP_OID_PATH: return MP_SHAPE_PATH;
  case MP_OID_POLYGON: return MP_SHAPE_POLYGON;
  default: assert(oid == MP_OID_CIRCLE); return MP_SHAPE_CIRCLE;
  }
}

size_t mp_geometry_numbers(mp_shape shape) {
  return fixed[shape].numbers;
}

/* The numbers lie in scratch. */
static bool give(const mp_codec *codec, bool closed, mp_buffer *scratch, mp_value *out, mp_error **error) {
  if (!mp__written(scratch, error)) return false;
  out->kind = MP_VALUE_GEOMETRY;
  out->as.geometry = (mp_geometry){.shape = mp_geometry_shape(codec->oid),
                                   .closed = closed,
                                   .numbers = (const double *)(const void *)scratch->data,
                                   .count = scratch->size / NUMBER};
  return true;
}

/* ---- text ---- */

/* Takes what a pattern says, and appends its numbers. */
static bool take_pattern(const char **at, const char *end, const char *pattern, mp_buffer *numbers) {
  for (; *pattern != '\0'; pattern++) {
    if (*pattern != '#') {
      if (*at == end || *(*at)++ != *pattern) return false;
      continue;
    }
    const char *stop = memchr(*at, pattern[1], (size_t)(end - *at));
    double number;
    if (stop == NULL || !mp__float8_read(*at, (size_t)(stop - *at), &number)) return false;
    mp_buffer_add(numbers, &number, sizeof number);
    *at = stop;
  }
  return true;
}

/* "(x,y),(x,y)" up to the bracket. */
static bool take_points(const char **at, const char *end, char bracket, mp_buffer *numbers) {
  do {
    if (!take_pattern(at, end, point_pattern, numbers) || *at == end) return false;
  } while (*(*at)++ == ',');
  return (*at)[-1] == bracket && *at == end;
}

MP__DECODE(mp__geometry_from_text) {
  const char *at = data;
  const char *end = data + size;
  mp_shape shape = mp_geometry_shape(codec->oid);
  bool open = size > 0 && data[0] == '[' && shape == MP_SHAPE_PATH;
  bool ok;
  if (fixed[shape].pattern != NULL) {
    ok = take_pattern(&at, end, fixed[shape].pattern, scratch) && at == end;
  } else {
    ok = size > 0 && *at++ == (open ? '[' : '(') && take_points(&at, end, open ? ']' : ')', scratch);
  }
  if (!ok && mp_buffer_ok(scratch)) return mp__decode_error(codec, error, "not the text of one");
  return give(codec, !open, scratch, out, error);
}

/* ---- binary ---- */

static void add_number(const char *from, mp_buffer *numbers) {
  uint64_t bits = mp_get64(from);
  double number;
  memcpy(&number, &bits, sizeof number);
  if (isnan(number)) number = (double)NAN; /* the text form knows one NaN only */
  mp_buffer_add(numbers, &number, sizeof number);
}

MP__DECODE(mp__geometry_from_binary) {
  mp_shape shape = mp_geometry_shape(codec->oid);
  const char *at = data;
  bool closed = true;
  size_t expected = fixed[shape].numbers * NUMBER;
  if (expected == 0) {
    size_t header = shape == MP_SHAPE_PATH ? 5 : 4;
    if (size < header) return mp__decode_error(codec, error, "it is too short");
    if (shape == MP_SHAPE_PATH) closed = *at++ != 0;
    uint32_t points = mp_get32(at);
    if (points == 0) return mp__decode_error(codec, error, "it has no points");
    expected = header + (size_t)points * 2 * NUMBER;
    at += 4;
  }
  if (size != expected) return mp__decode_size_error(codec, error, size, expected);
  for (; at < data + size; at += NUMBER)
    add_number(at, scratch);
  return give(codec, closed, scratch, out, error);
}

/* ---- writing ---- */

static void add_pattern(const char *pattern, const double *numbers, mp_buffer *out) {
  for (; *pattern != '\0'; pattern++) {
    char text[32];
    if (*pattern == '#') {
      mp_buffer_add(out, text, mp_float_format(*numbers++, text));
    } else {
      mp_buffer_addc(out, *pattern);
    }
  }
}

void mp_geometry_format(const mp_geometry *geometry, mp_buffer *out) {
  if (fixed[geometry->shape].pattern != NULL) {
    add_pattern(fixed[geometry->shape].pattern, geometry->numbers, out);
    return;
  }
  mp_buffer_addc(out, geometry->closed ? '(' : '[');
  for (size_t i = 0; i < geometry->count; i += 2) {
    if (i > 0) mp_buffer_addc(out, ',');
    add_pattern(point_pattern, geometry->numbers + i, out);
  }
  mp_buffer_addc(out, geometry->closed ? ')' : ']');
}
