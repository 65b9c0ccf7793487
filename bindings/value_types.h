/* What the files of the value types share. Each type is a userdata without user values that holds exactly its value:
 * numeric an mp_numeric; timestamp, date and time an int64_t; interval an mp_interval. bytes and json hold a Lua string
 * as their user value. An array is a plain table with a metatable. */
#ifndef MPB_VALUE_TYPES_H
#define MPB_VALUE_TYPES_H

#include "codec/time.h"
#include "error.h"
#include "value.h"

/* ---- kinds (value.c) ---- */

/* Reads one of our userdata; false, and nothing written, for anything else. Borrowed while the value is on the stack.
 */
bool mpb_value_at(lua_State *L, int index, mp_value *out);
bool mpb_is_kind(lua_State *L, int index, mp_value_kind kind);
bool mpb_is_array(lua_State *L, int index); /* a table that mp.array or a result made */
bool mpb_is_null(lua_State *L, int index);  /* mp.null, not nil */

/* Push a new userdata, the bare one without a metatable yet. `from` may lie in scratch memory. */
void mpb_push_bare_copy(lua_State *L, const void *from, size_t size);
void mpb_push_copy(lua_State *L, mp_value_kind kind, const void *from, size_t size);
void mpb_push_time(lua_State *L, mp_value_kind kind, int64_t value);
/* Replaces the string on top of the stack by a userdata that holds it. */
void mpb_wrap_string(lua_State *L, mp_value_kind kind);
void mpb_push_metatable(lua_State *L, mp_value_kind kind);

/* Makes the metatable of a kind; __tostring and __concat are there already. `name` is what messages call it.
 * index: the __index of a type with fields, which starts with mpb_push_method; or NULL: there are only methods. */
void mpb_new_kind(lua_State *L, mpb_runtime *runtime, mp_value_kind kind, const char *name, const luaL_Reg *metamethods,
                  const luaL_Reg *methods, lua_CFunction index);
/* In an __index: pushes the method that the key at index 2 names; false, and nothing pushed, if there is none. */
bool mpb_push_method(lua_State *L);

/* Sets module[name] to a table of `functions` that can be called: `create` finds its argument at index 2. The class is
 * left on the stack. It has a function `is` that tells values of the kind. */
void mpb_new_class(lua_State *L, mpb_runtime *runtime, const char *name, mp_value_kind kind, lua_CFunction create,
                   const luaL_Reg *functions);

/* Raises: <what> is a <type>; expected <expected>. */
int mpb_wrong_type(lua_State *L, int index, const char *what, const char *expected);

/* For __eq of userdata that hold strings: the same kind, and the same bytes. */
int mpb_equal_strings(lua_State *L);

/* Pushes the text that `buffer` holds, and gives its memory back if it is much. */
void mpb_push_text(lua_State *L, mp_buffer *buffer);

/* ---- one function per type; the module table is on top of the stack ---- */

void mpb_open_numeric(lua_State *L, mpb_runtime *runtime);
void mpb_open_timestamp(lua_State *L, mpb_runtime *runtime);
void mpb_open_date(lua_State *L, mpb_runtime *runtime);
void mpb_open_time(lua_State *L, mpb_runtime *runtime);
void mpb_open_interval(lua_State *L, mpb_runtime *runtime);
void mpb_open_bytes(lua_State *L, mpb_runtime *runtime);
void mpb_open_array(lua_State *L, mpb_runtime *runtime);
void mpb_open_json(lua_State *L, mpb_runtime *runtime);
void mpb_open_uuid(lua_State *L, mpb_runtime *runtime);
void mpb_open_range(lua_State *L, mpb_runtime *runtime);
void mpb_open_codec(lua_State *L, mpb_runtime *runtime);

/* ---- dates and times (calendar_fields.c, time_arithmetic.c) ---- */

/* Sets of fields: bits of the enum. */
enum {
  MPB_FIELDS_DATE = 0x07, /* year, month, day              */
  MPB_FIELDS_TIME = 0x78, /* hour, min, sec, microsecond   */
  MPB_FIELD_OFFSET = 0x80 /* seconds east of UTC           */
};

/* Reads { year = ..., month = ... }; the fields of the date are required if they are allowed. Raises usage errors. */
void mpb_calendar_from_table(lua_State *L, int index, const char *what, unsigned allowed, mp_calendar *out);
/* Pushes the field named by the string at `key`, or nil if there is none of that name among `allowed`. */
int mpb_push_calendar_field(lua_State *L, int key, unsigned allowed, const mp_calendar *calendar);

/* The metamethods that timestamp, date, time and interval have in common: each tells by its operands what to do. */
extern const luaL_Reg mpb_time_metamethods[];

/* ---- JSON (json_read.c) ---- */

/* Pushes what a JSON document says. As mpb_push_value otherwise; `text` is anchored by the caller, and no scratch. */
bool mpb_push_json(lua_State *L, const mpb_values *values, const char *text, size_t size, mp_error **error);
void mpb_open_json_read(lua_State *L);
void mpb_open_push(lua_State *L);

/* The stack index of a kind's metatable while decoding. */
static inline int mpb_metatable_slot(const mpb_values *values, mp_value_kind kind) {
  return values->base + 1 + (int)kind - (int)MP_VALUE_NUMERIC;
}

/* ---- arrays, ranges and composites (container_push.c) ---- */

/* Pushes a decoded array, range or composite. As mpb_push_value otherwise. */
bool mpb_push_container(lua_State *L, const mpb_values *values, const mp_value *value, mp_error **error);

/* Replaces the two values on top of the stack (nil: no bound) by a range of them, without a metatable yet. */
typedef struct mpb_range {
  bool is_empty, lower_inclusive, upper_inclusive;
} mpb_range;
void mpb_push_bare_range(lua_State *L, const mpb_range *range);
bool mpb_is_range(lua_State *L, int index);

/* Marks the table on top of the stack as an array whose dimensions begin at these subscripts. */
void mpb_mark_array(lua_State *L, const int32_t *lower, int dimensions);
/* The subscripts that a marked table has; 0 when all are 1. */
int mpb_array_lower(lua_State *L, int index, int32_t *lower);

/* ---- tables (table_shape.c, json_write.c, array_write.c, composite_write.c, range_write.c) ---- */

typedef enum mpb_shape {
  MPB_SHAPE_EMPTY,
  MPB_SHAPE_LIST,   /* keys 1 to length, no other  */
  MPB_SHAPE_RECORD, /* keys are strings            */
  MPB_SHAPE_BAD,    /* neither; the error says why */
} mpb_shape;

/* Looks at all keys of the table, without metamethods. Never raises. Errors: usage. */
mpb_shape mpb_table_shape(lua_State *L, int index, lua_Integer *length, mp_error **error);

/* Appends the JSON text of any value; object keys are sorted. Never raises. Errors: usage, memory. */
bool mpb_json_write(lua_State *L, int index, mp_buffer *out, mp_error **error);
/* Append a literal: of a list, of a list of ranges, of a table of fields, of an mp.range. The codec: of the array (one
 * without elements, of a type that is not known, takes any), of the multirange, of the composite; of the bounds. Never
 * raise. Errors: usage, memory. */
bool mpb_array_write(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, mp_error **error);
bool mpb_multirange_write(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, mp_error **error);
bool mpb_composite_write(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, mp_error **error);
bool mpb_range_write(lua_State *L, int index, const mp_codec *element, mp_buffer *out, mp_error **error);

/* Appends the text of any value for the codec's type (value_write.c); NULL appends nothing. Never raises. Errors:
 * usage, memory. */
bool mpb_value_write(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, bool *is_null, mp_error **error);
/* Pushes what the script's own codec for the type makes of the value at `index`, and says in *done that there is one.
 * Errors: usage (the function failed). */
bool mpb_custom_encode(lua_State *L, int index, const mp_codec *codec, bool *done, mp_error **error);

/* ---- hstore (hstore_value.c) ---- */

/* Pushes a decoded hstore. As mpb_push_value otherwise. */
bool mpb_push_hstore(lua_State *L, const mpb_values *values, const mp_hstore *hstore, mp_error **error);
/* Appends the text of a table with string keys. Never raises. Errors: usage (a key is no string; a key or value that no
 * text can be, with the key), memory. */
bool mpb_hstore_write(lua_State *L, int index, mp_buffer *out, mp_error **error);

/* ---- geometry (geometry_value.c) ---- */

void mpb_push_geometry(lua_State *L, const mp_geometry *geometry);
/* Appends the text of a table that is a value of the codec's type. Never raises. Errors: usage, memory. */
bool mpb_geometry_write(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, mp_error **error);
/* True for a table whose keys are strings, as far as its first one tells. index: not relative. */
bool mpb_is_record(lua_State *L, int index);

#endif
