/* The public header's values, to and from the Lua stack. */
#include "host_value.h"

#include "host_core.h"

static bool push_string(lua_State *L, const mp_value *value, size_t number, mp_error **error) {
  const char *data = value->as.string.data;
  const size_t size = value->as.string.size;
  if (data == NULL && size > 0) {
    return mpb_core_fail_usage(error, NULL, "argument %zu is a string of %zu bytes at NULL", number, size);
  }
  lua_pushlstring(L, data, size);
  return true;
}

bool mpb_push_host_value(lua_State *L, const mp_value *value, size_t number, mp_error **error) {
  switch (value->type) {
  case MP_NIL: lua_pushnil(L); return true;
  case MP_BOOLEAN: lua_pushboolean(L, value->as.boolean); return true;
  case MP_INTEGER: lua_pushinteger(L, value->as.integer); return true;
  case MP_FLOAT: lua_pushnumber(L, value->as.number); return true;
  case MP_STRING: return push_string(L, value, number, error);
  }
  return mpb_core_fail_usage(error, "make values by mp_integer(), mp_string() and so on",
                             "argument %zu has the type %d, which is none of mp_type", number, (int)value->type);
}

bool mpb_is_host_value(lua_State *L, int index) {
  switch (lua_type(L, index)) {
  case LUA_TNIL:
  case LUA_TBOOLEAN:
  case LUA_TNUMBER:
  case LUA_TSTRING: return true;
  default: return false;
  }
}

static mp_value string_at(lua_State *L, int index) {
  size_t size;
  const char *data = lua_tolstring(L, index, &size);
  return mp_bytes(data, size);
}

mp_value mpb_host_value_at(lua_State *L, int index) {
  switch (lua_type(L, index)) {
  case LUA_TBOOLEAN: return mp_boolean(lua_toboolean(L, index));
  case LUA_TNUMBER:
    return lua_isinteger(L, index) ? mp_integer(lua_tointeger(L, index)) : mp_float(lua_tonumber(L, index));
  case LUA_TSTRING: return string_at(L, index);
  default: return mp_nil();
  }
}
