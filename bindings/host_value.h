/* The public header's values, to and from the Lua stack. */
#ifndef MPB_HOST_VALUE_H
#define MPB_HOST_VALUE_H

#include <lua.h>

#include "moonpool.h"

/* Pushes the argument number `number`. May raise Lua's memory error. Errors: usage (it is no value). */
bool mpb_push_host_value(lua_State *L, const mp_value *value, size_t number, mp_error **error);
bool mpb_is_host_value(lua_State *L, int index);
/* Of such a one. A string borrows from the stack. Never raises. */
mp_value mpb_host_value_at(lua_State *L, int index);

#endif
