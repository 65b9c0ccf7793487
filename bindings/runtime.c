/* Registration of functions and metatables. */
#include "runtime.h"

void mpb_set_functions(lua_State *L, mpb_runtime *runtime, const luaL_Reg *functions) {
  for (; functions->name != NULL; functions++) {
    lua_pushlightuserdata(L, runtime);
    lua_pushcclosure(L, functions->func, 1);
    lua_setfield(L, -2, functions->name);
  }
}

void mpb_new_metatable(lua_State *L, mpb_runtime *runtime, const char *name, const luaL_Reg *metamethods,
                       const luaL_Reg *methods) {
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, name);
  mpb_set_functions(L, runtime, metamethods);
  if (methods != NULL) {
    lua_newtable(L);
    mpb_set_functions(L, runtime, methods);
    lua_setfield(L, -2, "__index");
  }
  lua_pushstring(L, name);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__name");
  lua_setfield(L, -2, "__metatable");
}

void mpb_set_metatable(lua_State *L, const char *name) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, name);
  lua_setmetatable(L, -2);
}

void *mpb_test_userdata(lua_State *L, int index, const char *name) {
  void *content = lua_touserdata(L, index);
  if (content == NULL || !lua_getmetatable(L, index)) return NULL;
  lua_rawgetp(L, LUA_REGISTRYINDEX, name);
  const bool is_one = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is_one ? content : NULL;
}
