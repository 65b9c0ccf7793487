/* The pieces from which a host writes a YAML document in block style, as a person would write it: plain words where
 * they mean themselves, quotes where they would not, literal blocks for texts of several lines. What is written reads
 * back as the same values, here and by readers of YAML 1.1. */
#ifndef MP_YAML_WRITE_H
#define MP_YAML_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

typedef struct mp_yaml_style {
  int indent; /* 1 to 9                                                                     */
  int width;  /* columns behind which a text of one line is folded at a blank; 0: nowhere   */
} mp_yaml_style;

/* Where a value stands. */
typedef enum mp_yaml_stand {
  MP_YAML_ALONE,       /* it is the document                       */
  MP_YAML_BEHIND_KEY,  /* "key:" has been written                  */
  MP_YAML_BEHIND_DASH, /* "- " has been written, or "? ", or ": "  */
} mp_yaml_stand;

typedef struct mp_yaml_place {
  mp_yaml_stand stand;
  int column; /* of the list or map that it is in, from 0 */
} mp_yaml_place;

/* The column of a list or map at that place. */
int mp_yaml_column(const mp_yaml_style *style, mp_yaml_place place);
/* Begins a line, unless the first item or key of a list or map stands in the line where it begins. */
void mp_yaml_write_line(mp_buffer *out, mp_yaml_place place, int column, bool is_first);

/* Appends a text as a value, with the blank behind a key. Errors: usage (invalid UTF-8), memory. */
bool mp_yaml_write_text(mp_buffer *out, const mp_yaml_style *style, mp_yaml_place place, const char *text, size_t size,
                        mp_error **error);
/* Appends a text as a key, always in one line. */
bool mp_yaml_write_key(mp_buffer *out, const char *text, size_t size, mp_error **error);
/* True when a key that takes so many bytes may stand before its colon without a "? ". */
static inline bool mp_yaml_is_simple_key(size_t written) {
  enum { LONGEST = 1000 }; /* readers look for the colon within 1,024 characters */
  return written <= LONGEST;
}
/* Appends "!!binary ..." */
void mp_yaml_write_bytes(mp_buffer *out, const char *bytes, size_t size);
/* Appends a float: the shortest digits, .inf or .nan. Errors: memory. */
bool mp_yaml_write_float(mp_buffer *out, double value, mp_error **error);

#endif
