/* Errors on their way to Lua: a table with the fields of mp_error and a metatable that prints it. */
#ifndef MPB_ERROR_H
#define MPB_ERROR_H

#include "runtime.h"

/* Where core functions store their error in this state; empty now. Never holds one across a call of Lua. */
mp_error **mpb_error_slot(lua_State *L);
/* Raises what is in the slot, at the nearest line of the user's script. Never returns. */
int mpb_raise(lua_State *L);
/* Raises a usage error; hint may be NULL. Never returns. */
int mpb_usage(lua_State *L, const char *hint, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Raises: argument `index` (as the script counts them, without self) of what is a <type>; expected <what>. */
int mpb_bad_argument(lua_State *L, int index, const char *name, const char *expected);

/* Makes room for so many more values on Lua's stack, as luaL_checkstack does, which says "stack overflow" where memory
 * has ended. Raises a Lua error that names both. */
void mpb_need_stack(lua_State *L, int slots);

/* Pushes the error as a table; the caller still owns it. May raise Lua's memory error. */
void mpb_push_error(lua_State *L, const mp_error *error);
/* Stores a copy of the error table at `index` in *error; false when the value is none. Raises nothing but Lua's memory
 * error. */
bool mpb_to_error(lua_State *L, int index, mp_error **error);
/* Writes "file:line" of the nearest line of the user's script, or "" when there is none. */
void mpb_where(lua_State *L, char *to, size_t size);

/* Adds `error` (make an error from a table of fields) and `is_error` to the module table on top of the stack. */
void mpb_open_errors(lua_State *L, mpb_runtime *runtime);

#endif
