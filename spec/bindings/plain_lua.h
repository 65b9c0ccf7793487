/* A host of the module in C: a Lua state that can load it, as stock lua5.4 is, with what a test adds. */
#ifndef SPEC_BINDINGS_PLAIN_LUA_H
#define SPEC_BINDINGS_PLAIN_LUA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/* Returns: a new state with URL for a global (lua_close). functions: the test's own. Without a server the test is
 * skipped.
 */
static lua_State *open_plain_lua(const luaL_Reg *functions) {
  if (getenv("MOONPOOL_TEST_URL") == NULL) {
    print_message("skipped: MOONPOOL_TEST_URL does not name a server\n");
    skip();
  }
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  for (; functions->name != NULL; functions++)
    lua_register(L, functions->name, functions->func);
  lua_pushstring(L, getenv("MOONPOOL_TEST_URL"));
  lua_setglobal(L, "URL");
  lua_pushstring(L, MODULE_FOLDER "/?.so");
  lua_setglobal(L, "PLACE");
  assert_int_equal(luaL_dostring(L, "package.cpath = PLACE"), LUA_OK);
  return L;
}

static bool run_script(lua_State *L, const char *script) {
  return luaL_dostring(L, script) == LUA_OK;
}

#endif
