/* What the files of the YAML reader share. */
#ifndef MP_YAML_INTERNAL_H
#define MP_YAML_INTERNAL_H

#include <yaml.h>

#include "yaml/yaml.h"

/* ---- text.c ---- */

/* The document as UTF-8 without a byte-order mark. */
typedef struct mp__yaml_text {
  const char *data; /* borrowed from the caller, or from `own` */
  size_t size;
  mp_buffer own;
} mp__yaml_text;

/* Errors: yaml (invalid bytes, with their offset), memory. On failure too, finish it. */
bool mp__yaml_text_init(mp__yaml_text *text, const char *bytes, size_t size, mp_error **error);
void mp__yaml_text_finish(mp__yaml_text *text);
/* Sets the error for a text of more bytes than the limit, with the place where that many end. Returns false. */
bool mp__yaml_refuse_size(const char *bytes, size_t size, size_t limit, mp_error **error);
/* Refuses directives that would make libyaml slow. Errors: yaml. */
bool mp__yaml_check_directives(const mp__yaml_text *text, mp_error **error);
/* Puts line, column and the line itself into an error. */
void mp__yaml_put_place(const mp__yaml_text *text, mp_yaml_mark mark, mp_error *error);
/* Where a line begins; the end of the text where there is no such line. */
const char *mp__yaml_line_start(const mp__yaml_text *text, uint32_t line);
/* The place of a byte of the text. */
mp_yaml_mark mp__yaml_mark_of(const mp__yaml_text *text, size_t offset);

/* ---- disguise.c ---- */

/* What stands in, while libyaml reads, for characters that it would take for something else. */
typedef struct mp__yaml_disguise {
  bool is_worn, has_stand_ins;
  mp_buffer text; /* the whole document, as libyaml sees it: with the same characters in each line */
  char next_line[2], line[3], paragraph[3], question[3], colon[3];
} mp__yaml_disguise;

/* False without memory. On failure too, finish it. */
bool mp__yaml_disguise_init(mp__yaml_disguise *disguise, const char *text, size_t size);
/* Makes a text that libyaml gave what it was, in place, with a zero behind it. Returns its size. */
size_t mp__yaml_disguise_take_off(const mp__yaml_disguise *disguise, char *text, size_t size);
void mp__yaml_disguise_finish(mp__yaml_disguise *disguise);

/* ---- scalar.c: the core schema ---- */

typedef enum mp__yaml_word {
  MP__YAML_TEXT, /* none of the others */
  MP__YAML_NULL,
  MP__YAML_TRUE,
  MP__YAML_FALSE,
  MP__YAML_INTEGER, /* [-+]digits, 0o and 0x */
  MP__YAML_FLOAT,   /* with a point or an exponent */
  MP__YAML_INFINITY,
  MP__YAML_NAN,
} mp__yaml_word;

mp__yaml_word mp__yaml_classify(const char *text, size_t size);
/* The value of a plain scalar. scratch: holds a NUMERIC. False, and what is wrong, for a number that nothing holds;
 * *wrong is NULL without memory. */
bool mp__yaml_resolve(const char *text, size_t size, bool exact, mp_buffer *scratch, mp_value *out, const char **wrong);

/* ---- tag.c ---- */

typedef enum mp__yaml_tag {
  MP__TAG_NONE,
  MP__TAG_PLAIN_TEXT, /* "!" */
  MP__TAG_STR,
  MP__TAG_INT,
  MP__TAG_FLOAT,
  MP__TAG_BOOL,
  MP__TAG_NULL,
  MP__TAG_BINARY,
  MP__TAG_TIMESTAMP,
  MP__TAG_MERGE,
  MP__TAG_SEQ,
  MP__TAG_MAP,
  MP__TAG_FOREIGN,
} mp__yaml_tag;

mp__yaml_tag mp__yaml_tag_of(const char *tag);
/* "!!int" for the long form. Writes at most `size` bytes. */
void mp__yaml_tag_shown(const char *tag, char *to, size_t size);
/* The value of a scalar with a tag of YAML's own. As mp__yaml_resolve. */
bool mp__yaml_resolve_as(mp__yaml_tag tag, const char *text, size_t size, bool exact, mp_buffer *scratch, mp_value *out,
                         const char **wrong);

/* ---- anchors.c ---- */

typedef struct mp__yaml_anchor {
  uint32_t nodes;  /* that a copy makes                     */
  uint32_t height; /* levels of lists and maps in it        */
  bool is_open;    /* still being read: it cannot be copied */
} mp__yaml_anchor;

/* The anchors of a document by name; a later one takes the name over. */
typedef struct mp__yaml_anchors {
  mp__yaml_anchor *list; /* number - 1 is the index */
  uint32_t count, capacity;
  struct mp__yaml_name *slots; /* open addressing; a power of two */
  uint32_t slot_count;
  unsigned char key[16]; /* of the hash: names come from strangers */
} mp__yaml_anchors;

void mp__yaml_anchors_init(mp__yaml_anchors *anchors);
void mp__yaml_anchors_finish(mp__yaml_anchors *anchors);
void mp__yaml_anchors_clear(mp__yaml_anchors *anchors);
uint32_t mp__yaml_anchor_add(mp__yaml_anchors *anchors, const char *name);        /* its number; 0: no memory */
uint32_t mp__yaml_anchor_find(const mp__yaml_anchors *anchors, const char *name); /* its number; 0: none */

/* ---- complaint.c ---- */

/* libyaml's complaint as an error in the words of an author. seen: the text as libyaml has it. */
bool mp__yaml_complain(const yaml_parser_t *parser, const mp__yaml_text *text, const mp__yaml_text *seen,
                       mp_error **error);

#endif
