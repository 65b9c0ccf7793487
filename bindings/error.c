/* mp_error -> Lua table, and back for printing. */
#include "error.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char error_type[] = "moonpool.error";

mp_error **mpb_error_slot(lua_State *L) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  mp_error_free(runtime->error);
  runtime->error = NULL;
  return &runtime->error;
}

/* ---- place ---- */

/* The libraries among the scripts; what else is there is a program, and its lines are what its user wants to see. */
static const char *const libraries[] = {"/moonpool/", "/buster/types/"};
enum { LIBRARIES = sizeof libraries / sizeof libraries[0] };

/* A first look, without the file system. */
static bool may_be_ours(const char *source) {
  if (source[0] != '@') return false;
  for (int i = 0; i < LIBRARIES; i++) {
    if (strstr(source, libraries[i] + 1) != NULL) return true;
  }
  return false;
}

static bool is_below(const mpb_runtime *runtime, const char *path) {
  const size_t size = strlen(runtime->scripts);
  if (size == 0 || strncmp(path, runtime->scripts, size) != 0) return false;
  for (int i = 0; i < LIBRARIES; i++) {
    if (strncmp(path + size, libraries[i], strlen(libraries[i])) == 0) return true;
  }
  return false;
}

/* A script of ours may have been found through a symbolic link or a ".." of the executable, and the real path takes
 * many system calls: each name is looked at once. */
static const char own_sources_key;

static bool is_ours(lua_State *L, const char *source) {
  if (!may_be_ours(source)) return false;
  mpb_need_stack(L, 4);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &own_sources_key);
  lua_pushstring(L, source);
  lua_pushvalue(L, -1);
  if (lua_rawget(L, -3) == LUA_TNIL) {
    char path[PATH_MAX];
    lua_pop(L, 1);
    lua_pushboolean(L, realpath(source + 1, path) != NULL && is_below(mpb_runtime_of(L), path));
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, -5);
  }
  const bool ours = lua_toboolean(L, -1);
  lua_pop(L, 3);
  return ours;
}

/* "source:line", as far as it fits. By hand, since it is on the way of each statement of a pool. */
static void write_place(char *to, size_t size, const char *source, int line) {
  char digits[16];
  size_t at = sizeof digits, length = strlen(source);
  do {
    digits[--at] = (char)('0' + line % 10);
    line /= 10;
  } while (line > 0);
  digits[--at] = ':';
  if (length + sizeof digits - at >= size) length = size - 1 - (sizeof digits - at);
  memcpy(to, source, length);
  memcpy(to + length, digits + at, sizeof digits - at);
  to[length + sizeof digits - at] = '\0';
}

void mpb_where(lua_State *L, char *to, size_t size) {
  lua_Debug frame;
  to[0] = '\0';
  for (int level = 0; lua_getstack(L, level, &frame); level++) {
    if (lua_getinfo(L, "Sl", &frame) == 0 || frame.currentline <= 0 || is_ours(L, frame.source)) continue;
    write_place(to, size, frame.short_src, frame.currentline);
    return;
  }
}

/* ---- to Lua ---- */

void mpb_need_stack(lua_State *L, int slots) {
  if (!lua_checkstack(L, slots)) luaL_error(L, "not enough memory for Lua's stack, or calls that are too deep");
}

void mpb_push_error(lua_State *L, const mp_error *error) {
  mpb_need_stack(L, 4);
  lua_createtable(L, 0, 8);
  lua_pushstring(L, mp_error_kind_name(mp_error_kind_of(error)));
  lua_setfield(L, -2, "kind");
  for (int i = 0; i < MP_ERROR_FIELDS; i++) {
    const char *text = i == MP_ERROR_MESSAGE ? mp_error_message(error) : mp_error_get(error, (mp_error_field)i);
    if (text == NULL) continue;
    lua_pushstring(L, text);
    lua_setfield(L, -2, mp_error_field_name((mp_error_field)i));
  }
  if (mp_error_position(error) > 0) {
    lua_pushinteger(L, mp_error_position(error));
    lua_setfield(L, -2, "position");
  }
  if (mp_error_line(error) > 0) {
    lua_pushinteger(L, mp_error_line(error));
    lua_setfield(L, -2, "line");
    lua_pushinteger(L, mp_error_column(error));
    lua_setfield(L, -2, "column");
  }
  lua_pushboolean(L, mp_error_retryable(error));
  lua_setfield(L, -2, "retryable");
  mpb_set_metatable(L, error_type);
}

int mpb_raise(lua_State *L) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  if (runtime->error == NULL) return luaL_error(L, "moonpool: an error was raised that nobody had made");
  if (mp_error_get(runtime->error, MP_ERROR_WHERE) == NULL) {
    char where[LUA_IDSIZE + 16];
    mpb_where(L, where, sizeof where);
    if (where[0] != '\0') mp_error_put(runtime->error, MP_ERROR_WHERE, where);
  }
  mpb_push_error(L, runtime->error);
  mp_error_free(runtime->error);
  runtime->error = NULL;
  return lua_error(L);
}

int mpb_usage(lua_State *L, const char *hint, const char *format, ...) {
  mp_error **error = mpb_error_slot(L);
  va_list arguments;
  va_start(arguments, format);
  mp_error_set_v(error, MP_ERROR_USAGE, format, arguments);
  va_end(arguments);
  if (hint != NULL) mp_error_put(*error, MP_ERROR_HINT, hint);
  return mpb_raise(L);
}

int mpb_bad_argument(lua_State *L, int index, const char *name, const char *expected) {
  const char *type = lua_isnone(L, index) ? "nil" : luaL_typename(L, index);
  return mpb_usage(L, NULL, "%s is a %s; expected %s", name, type, expected);
}

/* ---- from Lua ---- */

static mp_error_kind kind_of_table(lua_State *L, int index) {
  mp_error_kind kind = MP_ERROR_USAGE;
  if (lua_getfield(L, index, "kind") == LUA_TSTRING) mp_error_kind_named(lua_tostring(L, -1), &kind);
  lua_pop(L, 1);
  return kind;
}

/* A field that is a number from 1, or 0. */
static int number_of_table(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  const lua_Integer number = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
  lua_pop(L, 1);
  return number > 0 && number <= INT_MAX ? (int)number : 0;
}

/* The table at `index` (absolute) as an error in the slot. */
static void error_from_table(lua_State *L, int index, mp_error **slot) {
  mp_error_set(slot, kind_of_table(L, index), "%s", "");
  for (int i = 0; i < MP_ERROR_FIELDS; i++) {
    if (lua_getfield(L, index, mp_error_field_name((mp_error_field)i)) == LUA_TSTRING) {
      mp_error_put(*slot, (mp_error_field)i, lua_tostring(L, -1));
    }
    lua_pop(L, 1);
  }
  mp_error_put_position(*slot, number_of_table(L, index, "position"));
  mp_error_put_place(*slot, number_of_table(L, index, "line"), number_of_table(L, index, "column"));
  lua_getfield(L, index, "retryable");
  mp_error_put_retryable(*slot, lua_toboolean(L, -1));
  lua_pop(L, 1);
}

static bool is_error(lua_State *L, int index) {
  if (!lua_istable(L, index) || !lua_getmetatable(L, index)) return false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, error_type);
  bool is = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is;
}

bool mpb_to_error(lua_State *L, int index, mp_error **error) {
  if (!is_error(L, index)) return false;
  mpb_need_stack(L, 4);
  error_from_table(L, index, error);
  return true;
}

static int l_tostring(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  mp_error **slot = mpb_error_slot(L);
  error_from_table(L, 1, slot);
  char *text = mp_error_describe(*slot);
  mp_error_free(*slot);
  *slot = NULL;
  if (text == NULL) return luaL_error(L, "out of memory");
  mp_buffer *keep = &mpb_runtime_of(L)->text; /* owns the text while lua_pushstring may raise */
  mp_buffer_clear(keep);
  mp_buffer_adds(keep, text);
  free(text);
  if (!mp_buffer_ok(keep)) return luaL_error(L, "out of memory");
  lua_pushlstring(L, keep->data, keep->size);
  return 1;
}

/* error .. "text" and "text" .. error: what a person writes to add to a message. */
static int l_concat(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  luaL_tolstring(L, 2, NULL);
  lua_concat(L, 2);
  return 1;
}

static int refuse_kind(lua_State *L) {
  luaL_Buffer kinds;
  luaL_buffinit(L, &kinds);
  for (int i = 0; i < MP_ERROR_KINDS; i++) {
    if (i > 0) luaL_addstring(&kinds, ", ");
    luaL_addstring(&kinds, mp_error_kind_name((mp_error_kind)i));
  }
  luaL_pushresult(&kinds);
  return mpb_usage(L, NULL, "an error needs a kind, one of %s", lua_tostring(L, -1));
}

static int l_new(lua_State *L) {
  if (!lua_istable(L, 1)) return mpb_bad_argument(L, 1, "the argument of error", "a table of fields");
  if (lua_getfield(L, 1, "message") != LUA_TSTRING) return mpb_usage(L, NULL, "an error needs a message, a string");
  mp_error_kind kind;
  if (lua_getfield(L, 1, "kind") != LUA_TSTRING || !mp_error_kind_named(lua_tostring(L, -1), &kind)) {
    return refuse_kind(L);
  }
  if (lua_getfield(L, 1, "where") == LUA_TNIL) {
    char where[LUA_IDSIZE + 16];
    mpb_where(L, where, sizeof where);
    if (where[0] != '\0') {
      lua_pushstring(L, where);
      lua_setfield(L, 1, "where");
    }
  }
  lua_settop(L, 1);
  mpb_set_metatable(L, error_type);
  return 1;
}

static int l_is_error(lua_State *L) {
  lua_pushboolean(L, is_error(L, 1));
  return 1;
}

void mpb_open_errors(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg metamethods[] = {{"__tostring", l_tostring}, {"__concat", l_concat}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"error", l_new}, {"is_error", l_is_error}, {NULL, NULL}};
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &own_sources_key);
  mpb_new_metatable(L, runtime, error_type, metamethods, NULL);
  lua_pop(L, 1);
  mpb_set_functions(L, runtime, functions);
}
