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
  luaL_newmetatable(L, name);
  mpb_set_functions(L, runtime, metamethods);
  if (methods != NULL) {
    lua_newtable(L);
    mpb_set_functions(L, runtime, methods);
    lua_setfield(L, -2, "__index");
  }
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__metatable");
}
