/* JSON read into a flat tape of nodes, so that a host can build its own values with exact sizes and without a callback,
 * and the pieces from which a host writes JSON. The scanner is yajl's. */
#ifndef MP_CODEC_JSON_H
#define MP_CODEC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

typedef enum mp_json_type {
  MP_JSON_NULL,
  MP_JSON_FALSE,
  MP_JSON_TRUE,
  MP_JSON_INTEGER, /* written without point and exponent, within int64; -0 is the float -0.0             */
  MP_JSON_FLOAT,   /* a number whose shortest float form is the same decimal value                        */
  MP_JSON_NUMBER,  /* any other number: its text, for an exact decimal                                    */
  MP_JSON_STRING,
  MP_JSON_ARRAY,  /* `count` elements follow, each with all that is in it                                */
  MP_JSON_OBJECT, /* `count` pairs follow: a STRING node, then the value                                 */
} mp_json_type;

typedef struct mp_json_node {
  uint32_t type;  /* an mp_json_type */
  uint32_t count; /* ARRAY: elements; OBJECT: pairs; STRING, NUMBER: size in bytes */
  union {
    int64_t integer;
    double number;
    const char *text; /* borrowed from the document or from the tape */
  } as;
} mp_json_node;

typedef struct mp_json_tape {
  mp_json_node *nodes;
  size_t count;
  size_t capacity;
  /* private: unescaped strings, open containers, the parser */
  mp_buffer strings;
  struct mp_json_private *private_;
} mp_json_tape;

enum { MP_JSON_DEPTH = 1000 };

void mp_json_tape_init(mp_json_tape *tape);
void mp_json_tape_finish(mp_json_tape *tape);
/* Replaces the tape's content. Refused: unpaired surrogates, invalid UTF-8, NUL in strings is allowed only as the
 * escape for type json (PostgreSQL keeps it), duplicate keys, more than MP_JSON_DEPTH levels, anything behind the
 * document. Errors: decode (line, column, what is wrong), memory. */
bool mp_json_read(mp_json_tape *tape, const char *text, size_t size, mp_error **error);

/* Append a quoted, escaped string. Errors: usage (invalid UTF-8), memory. */
bool mp_json_write_string(mp_buffer *out, const char *text, size_t size, mp_error **error);
/* Append a float: shortest digits that keep a point or an exponent. Errors: usage (NaN, infinity), memory. */
bool mp_json_write_float(mp_buffer *out, double value, mp_error **error);

#endif
