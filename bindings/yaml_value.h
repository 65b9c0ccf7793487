/* What the files of mp.yaml share: maps that keep the order of their keys, the decoder, and its options.
 *
 * A map is a plain table whose metatable, its layout, is also the list of its keys. Maps of a document that have the
 * same keys in the same order share one, so that order costs next to nothing. */
#ifndef MPB_YAML_VALUE_H
#define MPB_YAML_VALUE_H

#include "value_types.h"
#include "yaml/yaml.h"

void mpb_open_yaml(lua_State *L, mpb_runtime *runtime); /* the module table is on top of the stack */

/* ---- layouts (yaml_map.c) ---- */

enum { MPB_LAYOUT_FIELDS = 4 }; /* that a layout has besides the keys */
/* Makes a layout of the list of keys on top of the stack, which stays there. */
void mpb_make_layout(lua_State *L);
/* Pushes the list of keys of the map at `index`; false, and nothing pushed, when it is no such map. Never raises. */
bool mpb_push_layout_keys(lua_State *L, int index);
/* Pushes the table { [key] = place } of a layout's list of keys, for the map at `index`. May raise memory errors. */
void mpb_push_layout_places(lua_State *L, int index);
bool mpb_is_map(lua_State *L, int index);
/* Adds map, is_map to the table on top of the stack, and what layouts need to the registry. */
void mpb_open_yaml_map(lua_State *L, mpb_runtime *runtime);

/* Layouts of small maps by their keys, for one document. */
typedef struct mpb_layout {
  uint64_t hash;
  uint32_t first, count; /* of its keys' identities; the n-th layout is at n in the list of layouts */
} mpb_layout;

typedef struct mpb_layouts {
  mpb_layout *list;
  uint32_t *slots; /* number of a layout, or 0 */
  uint64_t *keys;  /* identities of keys       */
  uint32_t count, capacity, slot_count;
  size_t key_count, key_capacity;
} mpb_layouts;

enum {
  MPB_SMALL_MAP = 32,     /* more keys than that are not looked for among the layouts              */
  MPB_MOST_LAYOUTS = 4096 /* where there are so many, maps differ: further ones are not kept there */
};

void mpb_layouts_finish(mpb_layouts *layouts);
/* What tells a key (at an absolute index) from others: false for what only a table can tell. */
bool mpb_key_identity(lua_State *L, int index, uint64_t *identity);
/* The number of the layout with these keys, or 0. */
uint32_t mpb_layouts_find(const mpb_layouts *layouts, const uint64_t *keys, uint32_t count);
/* The number of a new one; 0: no memory. */
uint32_t mpb_layouts_add(mpb_layouts *layouts, const uint64_t *keys, uint32_t count);

/* ---- strings (yaml_strings.c) ---- */

typedef struct mpb_yaml_strings mpb_yaml_strings;

mpb_yaml_strings *mpb_yaml_strings_new(void); /* owned (free); NULL: no memory */
/* Pushes a string. `list`: the stack index of a table that keeps the strings; strings may be NULL. */
void mpb_yaml_push_string(lua_State *L, mpb_yaml_strings *strings, int list, const char *text, size_t size);

/* ---- decoding (yaml_read.c, yaml_build.c) ---- */

typedef struct mpb_yaml_box {
  mp_yaml_reader *reader;    /* owned                   */
  mpb_yaml_strings *strings; /* owned; NULL: not worth it */
  mpb_layouts layouts;
} mpb_yaml_box;

/* A list or map that is being read: where in it we are. The chain is the path of a mistake. */
typedef struct mpb_yaml_frame {
  const struct mpb_yaml_frame *up;
  lua_Integer place; /* in a list; 0: in a map                               */
  int key;           /* in a map: the key's stack index; 0: there is none yet */
} mpb_yaml_frame;

typedef struct mpb_yaml_decoder {
  lua_State *L;
  mpb_yaml_box *box;
  mpb_values values;
  mp_yaml_event event;
  mp_error **error;
  size_t copies_left;
  int layouts, anchors; /* stack indices of lists: layouts, values of anchors               */
  int strings;          /* and of strings                                                   */
  int tag;              /* of the function for tags, or 0                                   */
  int positions, keys;  /* of the tables of positions (of values, of keys), or 0            */
} mpb_yaml_decoder;

/* Pushes the value that begins with the current event. Raises only what the script's function raises and Lua's memory
 * error. Errors: yaml, with the path; memory. */
bool mpb_yaml_push(mpb_yaml_decoder *decoder, const mpb_yaml_frame *up);
/* As mp_yaml_next. */
bool mpb_yaml_advance(mpb_yaml_decoder *decoder, const mpb_yaml_frame *up);
/* Puts the path into the error that is set. Returns false. */
bool mpb_yaml_fail_at(lua_State *L, mp_error **error, const mpb_yaml_frame *up);

/* Pushes a text that equal keys share and others do not (yaml_key.c); for those that Lua cannot compare. index:
 * absolute. Replaces the content of scratch. False without memory. */
bool mpb_yaml_push_key_text(lua_State *L, int index, mp_buffer *scratch);

/* Replaces the value on top of the stack by a copy that shares no list or map with it (yaml_copy.c). */
bool mpb_yaml_copy(mpb_yaml_decoder *decoder);

static inline lua_Integer mpb_yaml_position(mp_yaml_mark mark) {
  const lua_Integer most = (1 << 24) - 1;
  return ((lua_Integer)mark.line << 24) + (mark.column > most ? most : (lua_Integer)mark.column);
}

/* ---- encoding (yaml_write.c) ---- */

/* Adds encode to the table on top of the stack. */
void mpb_open_yaml_write(lua_State *L, mpb_runtime *runtime);

#endif
