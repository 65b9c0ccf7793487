/* The verbs of the command line. Each is a Lua module, moonpool.command.<verb>; here are only their names, so that a
 * plain script starts without a look at the disk. */
#include "main.h"

#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

static const char *const verbs[] = {"doctor", "local", "migrate", "psql", "schema", "yaml"};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

bool mpb_verb_exists(const char *name) {
  for (size_t i = 0; i < VERBS; i++)
    if (strcmp(name, verbs[i]) == 0) return true;
  return false;
}

/* Pushes the function `name` of moonpool.command; its require fails inside of the protected call. */
static int l_call_command(lua_State *L) {
  const int arguments = lua_gettop(L) - 1;
  lua_getglobal(L, "require");
  lua_pushliteral(L, "moonpool.command");
  lua_call(L, 1, 1);
  lua_pushvalue(L, 1);
  lua_gettable(L, -2);
  lua_replace(L, 1);
  lua_pop(L, 1);
  lua_call(L, arguments, 1);
  return 1;
}

static int call_command(lua_State *L, const char *program, int arguments) {
  int code = EXIT_FAILURE;
  const int status = mpb_call(L, arguments, 1);
  if (mpb_report(L, program, status)) {
    code = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  return code;
}

int mpb_verb_run(lua_State *L, const char *program, int argc, char **argv) {
  lua_pushcfunction(L, l_call_command);
  lua_pushliteral(L, "run");
  lua_pushstring(L, argv[1]);
  lua_createtable(L, argc - 2, 0);
  for (int i = 2; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1);
  }
  return call_command(L, program, 3);
}

int mpb_verb_help(lua_State *L, const char *program) {
  lua_pushcfunction(L, l_call_command);
  lua_pushliteral(L, "help");
  lua_createtable(L, VERBS, 0);
  for (int i = 0; i < VERBS; i++) {
    lua_pushstring(L, verbs[i]);
    lua_rawseti(L, -2, i + 1);
  }
  return call_command(L, program, 2);
}
