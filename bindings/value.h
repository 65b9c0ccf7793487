/* Values between the Lua stack and the codec. Cells of a result become Lua values in one step each; parameters become
 * mp_values that borrow from the stack. Where making a Lua value may collect, and so run a finaliser of the script that
 * uses Moonpool too, nothing is kept in the runtime's scratch memory. What a script sees of the value types
 * (mp.numeric, mp.timestamp, ...) is in <type>_value.c. */
#ifndef MPB_VALUE_H
#define MPB_VALUE_H

#include "codec/codec.h"
#include "runtime.h"

/* Adds numeric, timestamp, date, time, interval, bytes, array, json, uuid and null to the module table on top of the
 * stack. Once per state, before anything else here. */
void mpb_open_values(lua_State *L, mpb_runtime *runtime);

/* ---- from the server ---- */

/* Decoding in progress: keeps the metatables at known places of the stack. */
typedef struct mpb_values {
  mpb_runtime *runtime;
  int base;              /* stack index of the first slot                                            */
  bool null_as_sentinel; /* NULL becomes mp.null and not nil: for rows as arrays. Set by the caller. */
  bool paused;
} mpb_values;

enum { MPB_VALUES_SLOTS = 10 };

/* Pushes MPB_VALUES_SLOTS values that have to stay where they are; the caller made room for them. */
void mpb_values_begin(lua_State *L, mpb_runtime *runtime, mpb_values *values);
/* Pauses the collector until mpb_values_end, an error, or the return of the running C function: worth it for many
 * cells, where it would look again and again at a table that only grows. (Going on ends a pause between two cycles: not
 * for few.) Nothing happens where the script has stopped it. */
void mpb_values_pause(lua_State *L, mpb_values *values);
/* Lets the collector go on. The slots stay on the stack; the caller pops them. */
void mpb_values_end(lua_State *L, mpb_values *values);

/* Pushes one value; it may borrow from runtime->scratch, unless it is an array. runtime->text is used.
 * Raises nothing but Lua's memory error. On failure the stack may hold leftovers: the caller cuts it.
 * Errors: decode (an element or a JSON document that is none), memory. */
bool mpb_push_value(lua_State *L, const mpb_values *values, const mp_value *value, mp_error **error);

/* Makes tables with the metatable on top of the stack lists, as mp.array does, even empty ones. */
void mpb_mark_list(lua_State *L);

/* ---- to the server ---- */

/* The value at `index` as the parameter `number` (from 1; 0: as an element of an array). Nothing is copied: *out
 * borrows from the value on the stack. nil and mp.null are NULL. A table gives kind ARRAY (made by mp.array) or JSON
 * with bytes.data == NULL: it has to be written by mpb_table_to_value once the parameter's type is known. Never raises.
 * Errors: usage (the value's type has no SQL form). */
bool mpb_to_value(lua_State *L, int index, int number, mp_value *out, mp_error **error);

static inline bool mpb_is_unwritten(const mp_value *value) {
  return (value->kind == MP_VALUE_ARRAY || value->kind == MP_VALUE_JSON) && value->as.bytes.data == NULL;
}

/* Writes the table at `index` as what a parameter of the codec's type needs: an array literal, or JSON text. Replaces
 * the content of `storage`, from which *out borrows. Never raises.
 * Errors: usage (the type takes no table; not rectangular; mixed keys; holes; cycles; ...), memory. */
bool mpb_table_to_value(lua_State *L, int index, const mp_codec *codec, int number, mp_buffer *storage, mp_value *out,
                        mp_error **error);

/* ---- for any caller ---- */

/* The type of the value at `index` for messages: "function", "mp.date", "null". Borrowed. */
const char *mpb_type_name(lua_State *L, int index);

#endif
