/* A text as a document of a shape: it is read, or its mistakes are told; what is written is read as the same. What has
 * to hold is in shape_fuzz.lua. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "support.h"

int luaopen_moonpool_core(lua_State *L);
const char *__asan_default_options(void);

/* What the state keeps from one input for the next looks like a leak, and to look into each takes longer than it. */
const char *__asan_default_options(void) {
  return "detect_leaks=0";
}

/* A state with the script's function on its stack. */
static lua_State *open_state(void) {
  lua_State *L = luaL_newstate();
  PROMISE(L != NULL);
  luaL_openlibs(L);
  luaL_requiref(L, "moonpool.core", luaopen_moonpool_core, 0);
  lua_getglobal(L, "package");
  lua_pushliteral(L, SOURCE "/scripts/?.lua;" SOURCE "/scripts/?/init.lua");
  lua_setfield(L, -2, "path");
  if (luaL_dofile(L, SOURCE "/spec/fuzz/shape_fuzz.lua") != LUA_OK)
    fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
  PROMISE(lua_isfunction(L, -1));
  return L;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lua_State *L; /* for all inputs: to make one takes longer than an input */
  if (L == NULL) L = open_state();
  lua_pushvalue(L, -1);
  lua_pushlstring(L, (const char *)data, size);
  const bool kept = lua_pcall(L, 1, 0, 0) == LUA_OK;
  if (!kept) fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
  PROMISE(kept);
  return 0;
}
