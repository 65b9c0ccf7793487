/* YAML 1.2 as a row of typed events, in the order of the text: a host builds its own values from them in one pass.
 * libyaml scans; here plain words get their type by the core schema, tags are honoured, aliases are resolved to the
 * anchors that they mean, and limits are kept, each per reader. */
#ifndef MP_YAML_YAML_H
#define MP_YAML_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "codec/value.h"

/* What a document may not exceed. 0 takes the default. */
typedef struct mp_yaml_limits {
  size_t bytes;         /* of the text                                                                        */
  size_t depth;         /* of lists and maps within each other; never more than MP_YAML_DEPTH                 */
  size_t nodes;         /* lists, maps and scalars (keys too), what aliases repeat included                   */
  size_t key;           /* bytes of a key; of a key that is a list or a map: characters of its text           */
  size_t amplification; /* nodes with what aliases repeat, for each node that is written; only where one does */
} mp_yaml_limits;

enum {
  MP_YAML_BYTES = 16 << 20,
  MP_YAML_DEPTH = 1000,
  MP_YAML_DEFAULT_DEPTH = 100,
  MP_YAML_NODES = 1000000,
  MP_YAML_KEY = 1024,
  MP_YAML_AMPLIFICATION = 100,
};

typedef struct mp_yaml_options {
  mp_yaml_limits limits;
  bool exact_decimals; /* a number with a point or an exponent is a NUMERIC, and not the nearest FLOAT */
  bool merge;          /* an untagged plain << as a key is a merge key                                */
  bool foreign_tags;   /* tags that are not YAML's own are given with the event, and not refused      */
} mp_yaml_options;

typedef enum mp_yaml_type {
  MP_YAML_DOCUMENT,     /* one begins              */
  MP_YAML_DOCUMENT_END, /* and ends                */
  MP_YAML_END,          /* of the text             */
  MP_YAML_SCALAR,
  MP_YAML_LIST,
  MP_YAML_MAP,   /* a key and a value by turns follow */
  MP_YAML_CLOSE, /* of the list or map                */
  MP_YAML_ALIAS, /* a copy of what stands at `anchor` */
} mp_yaml_type;

typedef struct mp_yaml_mark {
  uint32_t line, column; /* from 1, the column in characters */
} mp_yaml_mark;

typedef struct mp_yaml_event {
  mp_yaml_type type;
  mp_yaml_mark mark; /* where it begins                                                                              */
  uint32_t anchor;   /* the number of the anchor that the node has or the alias means, from 1 in a document; or 0     */
  bool is_merge_key; /* of a SCALAR                                                                                   */
  const char *tag;   /* one that is not YAML's own ("!env"), or NULL; a scalar is TEXT then. Borrowed until the next */
  mp_value value;    /* of a SCALAR: NULL BOOL INTEGER FLOAT NUMERIC TEXT BYTES TIMESTAMPTZ DATE. Borrowed likewise   */
} mp_yaml_event;

typedef struct mp_yaml_reader mp_yaml_reader;

/* Reads UTF-8, UTF-16 or UTF-32, with a byte-order mark or without; the text is borrowed. NULL: error. Errors: yaml
 * (too large; bytes that are no text, with their offset), memory. Returns: owned. */
mp_yaml_reader *mp_yaml_open(const char *text, size_t size, const mp_yaml_options *options, mp_error **error);
void mp_yaml_close(mp_yaml_reader *reader); /* NULL is fine */

/* The next event. After MP_YAML_END, and after an error, there is none to ask for. Errors: yaml, with line, column and
 * the line itself (syntax, limits, tags, aliases); memory. */
bool mp_yaml_next(mp_yaml_reader *reader, mp_yaml_event *event, mp_error **error);

/* Sets an error of kind yaml for a place in the text, for what the host itself refuses. Returns false. */
bool mp_yaml_fail(const mp_yaml_reader *reader, mp_yaml_mark mark, mp_error **error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Appends a piece of a document as errors show it: control characters as pictures (U+2400 and on), a character that the
 * piece has not whole as "...". */
void mp_yaml_show(mp_buffer *out, const char *text, size_t size);

/* The text as UTF-8, borrowed from the reader. */
const char *mp_yaml_text(const mp_yaml_reader *reader, size_t *size);

#endif
