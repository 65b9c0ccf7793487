/* The module: `moonpool.core` is what C provides, `moonpool` is scripts/moonpool/init.lua on top of it. */
#include <dlfcn.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "connect.h"
#include "database.h"
#include "error.h"
#include "local.h"
#include "pool.h"
#include "scheduler.h"
#include "tools.h"
#include "value.h"
#include "yaml_value.h"

static const char runtime_type[] = "moonpool.runtime";
#define CORE_TABLE "moonpool.the_core" /* of the registry */

__attribute__((visibility("default"))) int luaopen_moonpool(lua_State *L);
__attribute__((visibility("default"))) int luaopen_moonpool_core(lua_State *L);

/* ---- the runtime ---- */

/* The first userdata of the state, hence the last to be finalised: everything else may still need it before. */
static int runtime_gc(lua_State *L) {
  mpb_runtime *runtime = lua_touserdata(L, 1);
  mpb_scheduler_close(runtime);
  mpb_arguments_close(runtime);
  mpb_customs_close(runtime);
  mp_error_free(runtime->error);
  runtime->error = NULL;
  mp_buffer_finish(&runtime->scratch);
  mp_buffer_finish(&runtime->text);
  return 0;
}

static mpb_runtime *new_runtime(lua_State *L) {
  mpb_runtime *runtime = lua_newuserdatauv(L, sizeof *runtime, 0);
  memset(runtime, 0, sizeof *runtime);
  mp_buffer_init(&runtime->scratch, SIZE_MAX);
  mp_buffer_init(&runtime->text, SIZE_MAX);
  luaL_newmetatable(L, runtime_type);
  lua_pushcfunction(L, runtime_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, MPB_RUNTIME);
  if (!mpb_open_arguments(runtime)) luaL_error(L, "out of memory");
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  runtime->main = lua_tothread(L, -1);
  lua_pop(L, 1);
  return runtime;
}

/* ---- where our Lua files are ---- */

static bool has_scripts(const char *folder) {
  char path[PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/moonpool/init.lua", folder);
  return access(path, R_OK) == 0;
}

/* Beside this library in the build tree, under share/ in a prefix: the module is in lib/lua/5.4 there, libmoonpool.so
 * in lib, or in lib/<machine> where the system has it so. */
static void find_scripts(mpb_runtime *runtime) {
  static const char *const places[] = {"/scripts", "/../../../share/lua/5.4", "/../share/lua/5.4",
                                       "/../../share/lua/5.4"};
  char library[PATH_MAX], candidate[PATH_MAX + 64], real[PATH_MAX];
  Dl_info info;
  if (dladdr((const void *)(uintptr_t)&luaopen_moonpool, &info) == 0 || realpath(info.dli_fname, library) == NULL)
    return;
  char *slash = strrchr(library, '/');
  if (slash == NULL) return;
  *slash = '\0';
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    snprintf(candidate, sizeof candidate, "%s%s", library, places[i]);
    if (!has_scripts(candidate) || realpath(candidate, real) == NULL || strlen(real) >= sizeof runtime->scripts)
      continue;
    memcpy(runtime->scripts, real, strlen(real) + 1);
    return;
  }
}

/* A searcher for the Lua files beside ours, so that package.path stays the user's. */
static int l_search(lua_State *L) {
  const mpb_runtime *runtime = mpb_runtime_of(L);
  const char *name = luaL_checkstring(L, 1);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchpath");
  lua_pushstring(L, name);
  lua_pushfstring(L, "%s/?.lua;%s/?/init.lua", runtime->scripts, runtime->scripts);
  lua_call(L, 2, 2);
  if (lua_isnil(L, -2)) return 1; /* why not, for require's message */
  lua_pop(L, 1);
  const char *path = lua_tostring(L, -1);
  if (luaL_loadfile(L, path) != LUA_OK) {
    return luaL_error(L, "error loading module '%s' from file '%s':\n\t%s", name, path, lua_tostring(L, -1));
  }
  lua_pushvalue(L, -2);
  return 2;
}

/* What belongs to this library comes from its own folder, before package.path is looked at: never the file of another
 * version, nor one of the working folder. */
static int l_search_own(lua_State *L) {
  return strncmp(luaL_checkstring(L, 1), "moonpool.", 9) == 0 ? l_search(L) : 0;
}

enum { AFTER_PRELOAD = 2 };

/* Inserts a searcher at a place in package.searchers, the table on top of the stack. */
static void add_searcher(lua_State *L, mpb_runtime *runtime, lua_CFunction searcher, lua_Integer place) {
  for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i >= place; i--) {
    lua_rawgeti(L, -1, i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushlightuserdata(L, runtime);
  lua_pushcclosure(L, searcher, 1);
  lua_rawseti(L, -2, place);
}

static void add_searchers(lua_State *L, mpb_runtime *runtime) {
  if (runtime->scripts[0] == '\0') return;
  lua_getglobal(L, "package");
  if (lua_istable(L, -1) && lua_getfield(L, -1, "searchers") == LUA_TTABLE) {
    add_searcher(L, runtime, l_search_own, AFTER_PRELOAD);
    add_searcher(L, runtime, l_search, (lua_Integer)lua_rawlen(L, -1) + 1);
  }
  lua_settop(L, 0);
}

/* ---- opening ---- */

static void open_core(lua_State *L) {
  if (sodium_init() < 0) luaL_error(L, "libsodium cannot be initialised");
  mpb_runtime *runtime = new_runtime(L);
  find_scripts(runtime);
  add_searchers(L, runtime);
  lua_newtable(L);
  mpb_open_errors(L, runtime);
  mpb_open_scheduler(L, runtime);
  mpb_open_values(L, runtime);
  mpb_open_yaml(L, runtime);
  mpb_open_calls(L, runtime);
  mpb_open_database(L, runtime);
  mpb_open_pool(L, runtime);
  mpb_open_connect(L, runtime);
  mpb_open_local(L, runtime);
  mpb_open_tools(L, runtime);
  lua_pushstring(L, MP_VERSION);
  lua_setfield(L, -2, "version");
}

/* One runtime per state, also for a host that empties package.loaded and requires anew, as busted does. */
int luaopen_moonpool_core(lua_State *L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, LUA_REGISTRYINDEX, CORE_TABLE) != LUA_TTABLE) {
    lua_settop(L, 0);
    open_core(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_insert(L, -2);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, CORE_TABLE);
  }
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "moonpool.core");
  return 1;
}

int luaopen_moonpool(lua_State *L) {
  lua_pushcfunction(L, luaopen_moonpool_core);
  lua_call(L, 0, 0);
  mpb_runtime *runtime = NULL;
  lua_getfield(L, LUA_REGISTRYINDEX, MPB_RUNTIME);
  runtime = lua_touserdata(L, -1);
  if (runtime->scripts[0] == '\0') {
    return luaL_error(L, "moonpool: its Lua files were not found beside the module, nor under share/lua/5.4");
  }
  lua_pushfstring(L, "%s/moonpool/init.lua", runtime->scripts);
  if (luaL_loadfile(L, lua_tostring(L, -1)) != LUA_OK) return lua_error(L);
  lua_call(L, 0, 1);
  return 1;
}
