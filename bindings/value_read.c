/* To the server: Lua values as parameters. A table or a range waits until the type of its parameter is known. */
#include "value_types.h"

#define EXPECTED "nil, a boolean, a number, a string, a table or a value of moonpool"

static bool read_other(lua_State *L, int index, int number, mp_value *out, mp_error **error) {
  if (mpb_value_at(L, index, out)) return true;
  if (mpb_is_range(L, index) || mpb_has_customs(mpb_runtime_of(L))) {
    *out = (mp_value){.kind = mpb_is_range(L, index) ? MP_VALUE_RANGE : MP_VALUE_COMPOSITE};
    return true;
  }
  if (number > 0) {
    return mp_error_set(error, MP_ERROR_USAGE, "parameter $%d is a %s; expected " EXPECTED, number,
                        mpb_type_name(L, index));
  }
  return mp_error_set(error, MP_ERROR_USAGE, "it contains a %s; expected " EXPECTED, mpb_type_name(L, index));
}

bool mpb_to_value(lua_State *L, int index, int number, mp_value *out, mp_error **error) {
  switch (lua_type(L, index)) {
  case LUA_TNIL: *out = (mp_value){.kind = MP_VALUE_NULL}; return true;
  case LUA_TBOOLEAN: *out = (mp_value){.kind = MP_VALUE_BOOL, .as.boolean = lua_toboolean(L, index)}; return true;
  case LUA_TNUMBER:
    if (lua_isinteger(L, index)) {
      *out = (mp_value){.kind = MP_VALUE_INTEGER, .as.integer = lua_tointeger(L, index)};
    } else {
      *out = (mp_value){.kind = MP_VALUE_FLOAT, .as.number = lua_tonumber(L, index)};
    }
    return true;
  case LUA_TSTRING:
    out->kind = MP_VALUE_TEXT;
    out->as.bytes.data = lua_tolstring(L, index, &out->as.bytes.size);
    return true;
  case LUA_TTABLE: *out = (mp_value){.kind = mpb_is_array(L, index) ? MP_VALUE_ARRAY : MP_VALUE_JSON}; return true;
  default: break;
  }
  if (!mpb_is_null(L, index)) return read_other(L, index, number, out, error);
  *out = (mp_value){.kind = MP_VALUE_NULL};
  return true;
}
