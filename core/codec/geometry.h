/* Points, lines and shapes: numbers by shape, and the server's text form of them. */
#ifndef MP_CODEC_GEOMETRY_H
#define MP_CODEC_GEOMETRY_H

#include "base/buffer.h"
#include "codec/value.h"

/* The shape that the values of a type have. oid: of a codec whose kind is GEOMETRY. */
mp_shape mp_geometry_shape(uint32_t oid);

/* How many numbers a shape has; 0: two for each of its points. */
size_t mp_geometry_numbers(mp_shape shape);

/* Appends the text form, which the server reads back to the same bits: "(1,2)", "<(0,0),5>", "[(0,0),(1,1)]", ... */
void mp_geometry_format(const mp_geometry *geometry, mp_buffer *out);

#endif
