/* The private server, as Lua's commands see it. */
#include "local.h"

#include <stdio.h>
#include <stdlib.h>

#include "error.h"
#include "local/cluster.h"

static void say(void *context, const char *text) {
  (void)context;
  fprintf(stderr, "moonpool: %s\n", text);
}

static const char *text_option(lua_State *L, const char *name) {
  int type = lua_getfield(L, 1, name);
  if (type != LUA_TNIL && type != LUA_TSTRING) {
    mpb_usage(L, NULL, "option %s is a %s; expected a string", name, luaL_typename(L, -1));
  }
  return lua_tostring(L, -1); /* the value stays on the stack, which keeps the text */
}

static bool flag_option(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  bool set = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return set;
}

/* Reads { folder =, programs =, throw_away =, quiet = }, all optional; strings are left on the stack. */
static void read_options(lua_State *L, mp_local_options *options) {
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_newtable(L);
    lua_replace(L, 1);
  }
  if (!lua_istable(L, 1)) mpb_bad_argument(L, 1, "the argument", "a table of options");
  *options = (mp_local_options){.throw_away = flag_option(L, "throw_away")};
  if (!flag_option(L, "quiet")) options->say = say;
  options->folder = text_option(L, "folder");
  options->programs = text_option(L, "programs");
}

static int push_copy_of_place(lua_State *L) {
  const mp_local_place *place = lua_touserdata(L, 1);
  lua_createtable(L, 0, 8);
  const struct {
    const char *name, *text;
  } texts[] = {{"folder", place->folder},
               {"data", place->data},
               {"log", place->log},
               {"socket", place->socket},
               {"url", place->url}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    lua_pushstring(L, texts[i].text);
    lua_setfield(L, -2, texts[i].name);
  }
  lua_pushinteger(L, place->port);
  lua_setfield(L, -2, "port");
  lua_pushinteger(L, place->version);
  lua_setfield(L, -2, "version");
  if (place->pid != 0) {
    lua_pushinteger(L, place->pid);
    lua_setfield(L, -2, "pid");
  }
  return 1;
}

/* Pushes the place as a table; it is freed even when memory ends meanwhile. */
static int push_place(lua_State *L, mp_local_place *place) {
  lua_pushcfunction(L, push_copy_of_place);
  lua_pushlightuserdata(L, place);
  int status = lua_pcall(L, 1, 1, 0);
  mp_local_place_finish(place);
  return status == LUA_OK ? 1 : lua_error(L);
}

typedef bool look(const mp_local_options *options, mp_local_place *place, mp_error **error);

static int with_place(lua_State *L, look *function) {
  mp_local_options options;
  mp_local_place place = {0};
  read_options(L, &options);
  mpb_need_stack(L, 8);
  if (!function(&options, &place, mpb_error_slot(L))) return mpb_raise(L);
  return push_place(L, &place);
}

static int l_start(lua_State *L) {
  return with_place(L, mp_local_start);
}

static int l_status(lua_State *L) {
  return with_place(L, mp_local_status);
}

static int l_stop(lua_State *L) {
  mp_local_options options;
  read_options(L, &options);
  if (!mp_local_stop(&options, mpb_error_slot(L))) return mpb_raise(L);
  return 0;
}

static int l_project(lua_State *L) {
  char *folder = mp_local_project();
  if (folder == NULL) return 0;
  mp_buffer *keep = &mpb_runtime_of(L)->text;
  mp_buffer_clear(keep);
  mp_buffer_adds(keep, folder);
  free(folder);
  if (!mp_buffer_ok(keep)) return luaL_error(L, "out of memory");
  lua_pushlstring(L, keep->data, keep->size);
  return 1;
}

void mpb_open_local(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg functions[] = {{"local_start", l_start},
                                       {"local_status", l_status},
                                       {"local_stop", l_stop},
                                       {"project", l_project},
                                       {NULL, NULL}};
  mpb_set_functions(L, runtime, functions);
}
