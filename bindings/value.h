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

enum { MPB_VALUES_SLOTS = 11 };

/* Pushes MPB_VALUES_SLOTS values that have to stay where they are; the caller made room for them. */
void mpb_values_begin(lua_State *L, mpb_runtime *runtime, mpb_values *values);
/* Pauses the collector until mpb_values_end, an error, or the return of the running C function: worth it for many
 * cells, where it would look again and again at a table that only grows. (Going on ends a pause between two cycles: not
 * for few.) Nothing happens where the script has stopped it. */
void mpb_values_pause(lua_State *L, mpb_values *values);
/* Lets the collector go on. The slots stay on the stack; the caller pops them. */
void mpb_values_end(lua_State *L, mpb_values *values);

/* Pushes one value; it may borrow from runtime->scratch, unless it is an array, a range, a composite or an hstore.
 * runtime->text is used. Raises nothing but Lua's memory error. On failure the stack may hold leftovers: the caller
 * cuts it. Errors: decode (an element or a JSON document that is none; a script's own codec failed), memory. */
bool mpb_push_value(lua_State *L, const mpb_values *values, const mp_value *value, mp_error **error);

/* Replaces the value on top of the stack by what the script's own codec for the type makes of it, if there is one. A
 * script's function runs: nothing may lie in scratch memory. Errors: decode (the function failed). */
bool mpb_custom_decode(lua_State *L, const mpb_runtime *runtime, const mp_codec *codec, mp_error **error);

/* Makes tables with the metatable on top of the stack lists, as mp.array does, even empty ones. */
void mpb_mark_list(lua_State *L);

/* ---- to the server ---- */

/* The value at `index` as the parameter `number` (from 1; 0: as a part of one). Nothing is copied: *out borrows from
 * the value on the stack. nil and mp.null are NULL. What has to be written by mpb_write_parameter, once the parameter's
 * type is known, has bytes.data == NULL: a table gives kind ARRAY (made by mp.array) or JSON, a range RANGE, and where
 * the script has codecs of its own, anything else COMPOSITE. Never raises. Errors: usage (the value's type has no SQL
 * form). */
bool mpb_to_value(lua_State *L, int index, int number, mp_value *out, mp_error **error);

static inline bool mpb_is_unwritten(const mp_value *value) {
  return (value->kind == MP_VALUE_JSON || mp_kind_is_container(value->kind)) && value->as.bytes.data == NULL;
}

/* True when the script has codecs of its own, so that any value may have to be written by them. */
bool mpb_has_customs(const mpb_runtime *runtime);
/* True when one of them writes the type. */
bool mpb_is_custom(const mpb_runtime *runtime, const mp_codec *codec);

/* Writes the value at `index` as what a parameter of the codec's type needs: the literal of an array, range or
 * composite, JSON text, or what the script's own codec says. Replaces the content of `storage`, from which *out
 * borrows. Never raises. Errors: usage (the type takes no such value; not rectangular; mixed keys; holes; cycles; a
 * name that the composite does not have; no label of the enum; the script's function failed; ...), memory. */
bool mpb_write_parameter(lua_State *L, int index, const mp_codec *codec, int number, mp_buffer *storage, mp_value *out,
                         mp_error **error);

/* Frees the script's own codecs. */
void mpb_customs_close(mpb_runtime *runtime);

/* ---- for any caller ---- */

/* The type of the value at `index` for messages: "function", "mp.date", "null". Borrowed. */
const char *mpb_type_name(lua_State *L, int index);

#endif
