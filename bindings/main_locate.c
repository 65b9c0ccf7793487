/* Where the executable finds the module and the Lua files that belong to it: from its own path, symbolic links
 * resolved, in the build tree (all in one folder) or in a prefix (bin, lib, share). A script sees nothing of it but
 * one searcher more, behind Lua's own. */
#include "main.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

static bool has_prefix(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_ours(const char *name) {
  return strcmp(name, "moonpool") == 0 || has_prefix(name, "moonpool.") || has_prefix(name, "buster.");
}

/* Pushes the folder of the executable, or nil where /proc does not say it. */
static void push_own_folder(lua_State *L) {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  const char *slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
  if (slash == NULL)
    lua_pushnil(L);
  else
    lua_pushlstring(L, path, (size_t)(slash - path));
}

/* Pushes the module's path and the search path of the Lua files. */
static void push_places(lua_State *L) {
  push_own_folder(L);
  const char *folder = luaL_optstring(L, -1, ".");
  const bool is_build_tree = access(lua_pushfstring(L, "%s/scripts/moonpool", folder), F_OK) == 0;
  lua_pop(L, 1);
  if (is_build_tree) {
    lua_pushfstring(L, "%s/moonpool.so", folder);
    lua_pushfstring(L, "%s/scripts/?.lua;%s/scripts/?/init.lua", folder, folder);
  } else {
    lua_pushfstring(L, "%s/../lib/lua/5.4/moonpool.so", folder);
    lua_pushfstring(L, "%s/../share/lua/5.4/?.lua;%s/../share/lua/5.4/?/init.lua", folder, folder);
  }
  lua_remove(L, -3);
}

/* The module and its core are two functions of one library. Leaves loader and path, or a message for `require`. */
static int find_in_library(lua_State *L, const char *name, int module, int loadlib) {
  lua_pushvalue(L, loadlib);
  lua_pushvalue(L, module);
  lua_pushfstring(L, "luaopen_%s", luaL_gsub(L, name, ".", "_"));
  lua_remove(L, -2);
  lua_call(L, 2, 3);
  if (!lua_isnil(L, -3)) {
    lua_pop(L, 2);
    lua_pushvalue(L, module);
    return 2;
  }
  if (access(lua_tostring(L, module), F_OK) == 0)
    return luaL_error(L, "error loading module '%s' from file '%s':\n\t%s", name, lua_tostring(L, module),
                      lua_tostring(L, -2));
  lua_pushfstring(L, "no file '%s'", lua_tostring(L, module));
  return 1;
}

static int find_lua_file(lua_State *L, const char *name, int path, int searchpath) {
  lua_pushvalue(L, searchpath);
  lua_pushstring(L, name);
  lua_pushvalue(L, path);
  lua_call(L, 2, 2);
  if (lua_isnil(L, -2)) return 1;
  const char *file = lua_tostring(L, -2);
  if (luaL_loadfile(L, file) != LUA_OK)
    return luaL_error(L, "error loading module '%s' from file '%s':\n\t%s", name, file, lua_tostring(L, -1));
  lua_pushstring(L, file);
  return 2;
}

/* upvalues: package.loadlib and package.searchpath, as they were before any script ran. */
static int l_search(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  if (!is_ours(name)) return 0;
  lua_settop(L, 1);
  push_places(L);
  if (strcmp(name, "moonpool") == 0 || strcmp(name, "moonpool.core") == 0)
    return find_in_library(L, name, 2, lua_upvalueindex(1));
  return find_lua_file(L, name, 3, lua_upvalueindex(2));
}

void mpb_locate_open(lua_State *L) {
  lua_getglobal(L, LUA_LOADLIBNAME);
  lua_getfield(L, -1, "searchers");
  lua_getfield(L, -2, "loadlib");
  lua_getfield(L, -3, "searchpath");
  lua_pushcclosure(L, l_search, 2);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 2);
}
