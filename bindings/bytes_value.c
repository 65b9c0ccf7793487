/* mp.bytes: a Lua string that is marked as bytes, for a parameter whose type cannot say so. */
#include "value_types.h"

static mp_value self(lua_State *L, int index, const char *what) {
  mp_value value = {0};
  if (!mpb_value_at(L, index, &value) || value.kind != MP_VALUE_BYTES) mpb_wrong_type(L, index, what, "an mp.bytes");
  return value;
}

static int l_new(lua_State *L) {
  lua_settop(L, 2);
  if (mpb_is_kind(L, 2, MP_VALUE_BYTES)) return 1;
  if (lua_type(L, 2) != LUA_TSTRING) return mpb_wrong_type(L, 2, "mp.bytes", "a string");
  mpb_wrap_string(L, MP_VALUE_BYTES);
  return 1;
}

static int l_string(lua_State *L) {
  self(L, 1, "the value of :string");
  lua_getiuservalue(L, 1, 1);
  return 1;
}

static int l_length(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)self(L, 1, "the operand of #").as.bytes.size);
  return 1;
}

static int l_tostring(lua_State *L) {
  lua_pushfstring(L, "<bytes %I>", (LUAI_UACINT)self(L, 1, "the argument of tostring").as.bytes.size);
  return 1;
}

void mpb_open_bytes(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg metamethods[] = {
      {"__len", l_length},
      {"__eq", mpb_equal_strings},
      {"__tostring", l_tostring},
      {NULL, NULL},
  };
  static const luaL_Reg methods[] = {{"string", l_string}, {NULL, NULL}};
  static const luaL_Reg nothing[] = {{NULL, NULL}};
  mpb_new_kind(L, runtime, MP_VALUE_BYTES, "mp.bytes", metamethods, methods, NULL);
  mpb_new_class(L, runtime, "bytes", MP_VALUE_BYTES, l_new, nothing);
  lua_pop(L, 1);
}
