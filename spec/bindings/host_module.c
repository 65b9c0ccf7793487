/* A module of Lua's that calls its host back. It links no Lua: it finds that of libmoonpool, as other modules do. */
#include <lauxlib.h>

#include "moonpool.h"

__attribute__((visibility("default"))) int luaopen_host_module(lua_State *L);

static mp_runtime *runtime_at(lua_State *L, int index) {
  return (mp_runtime *)(uintptr_t)luaL_checkinteger(L, index);
}

/* run(runtime, text) -> true, or false and the message. */
static int l_run(lua_State *L) {
  size_t size;
  mp_error *error = NULL;
  const char *text = luaL_checklstring(L, 2, &size);
  lua_pushboolean(L, mp_run_string(runtime_at(L, 1), text, size, "again", &error));
  lua_pushstring(L, mp_error_message(error));
  mp_error_free(error);
  return 2;
}

/* close(runtime) */
static int l_close(lua_State *L) {
  mp_runtime_close(runtime_at(L, 1));
  return 0;
}

int luaopen_host_module(lua_State *L) {
  static const luaL_Reg functions[] = {{"run", l_run}, {"close", l_close}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
