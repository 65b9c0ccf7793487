/* The core as the host library sees it: see host_core.h. */
#include "host_core.h"

#include <string.h>

#include "connect.h"
#include "database.h"
#include "error.h"
#include "value.h"

int luaopen_moonpool(lua_State *L);
int luaopen_moonpool_core(lua_State *L);

/* ---- pools ---- */

static mp_pool *real(mpb_core_pool *pool) {
  return (mp_pool *)pool;
}

mpb_core_pool *mpb_core_pool_open(const char *url, mp_error **error) {
  mp_pool *pool = NULL;
  mp_settings *settings = mp_settings_create(error);
  if (settings == NULL) return NULL;
  if (!mpb_add_environment(settings, url != NULL, NULL, error)) goto done;
  if (url != NULL && !mp_settings_set_url(settings, url, "mp_pool_open", error)) goto done;
  pool = mp_pool_open(settings, error);

done:
  mp_settings_destroy(settings);
  return (mpb_core_pool *)pool;
}

mpb_core_pool *mpb_core_pool_retain(mpb_core_pool *pool) {
  return (mpb_core_pool *)mp_pool_retain(real(pool));
}

void mpb_core_pool_close(mpb_core_pool *pool) {
  mp_pool_close(real(pool));
}

void mpb_core_pool_release(mpb_core_pool *pool) {
  mp_pool_release(real(pool));
}

/* ---- states ---- */

static void preload(lua_State *L, const char *name, lua_CFunction open) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, open);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

void mpb_core_open(lua_State *L, mpb_core_pool *pool) {
  lua_pushlightuserdata(L, real(pool));
  lua_setfield(L, LUA_REGISTRYINDEX, MPB_HOST_POOL);
  preload(L, "moonpool", luaopen_moonpool);
  preload(L, "moonpool.core", luaopen_moonpool_core);
  lua_pushcfunction(L, luaopen_moonpool_core);
  lua_call(L, 0, 0);
  lua_getfield(L, LUA_REGISTRYINDEX, MPB_RUNTIME);
  const mpb_runtime *runtime = lua_touserdata(L, -1);
  if (runtime->scripts[0] == '\0') {
    luaL_error(L, "Moonpool's Lua files were not found beside the library, nor under share/lua/5.4");
  }
}

int mpb_core_raise_usage(lua_State *L, const char *hint, const char *message) {
  return mpb_usage(L, hint, "%s", message);
}

void mpb_core_where(lua_State *L, char *to, size_t size) {
  mpb_where(L, to, size);
}

const char *mpb_core_type_name(lua_State *L, int index) {
  return mpb_type_name(L, index);
}

bool mpb_core_error_of(lua_State *L, int index, mp_error **error) {
  return mpb_to_error(L, index, error);
}

/* ---- errors ---- */

bool mpb_core_fail_usage(mp_error **error, const char *hint, const char *format, ...) {
  if (error == NULL) return false;
  va_list arguments;
  va_start(arguments, format);
  mp_error_set_v(error, MP_ERROR_USAGE, format, arguments);
  va_end(arguments);
  mp_error_put(*error, MP_ERROR_HINT, hint);
  return false;
}

bool mpb_core_fail_script(mp_error **error, const char *where, const char *message, const char *context) {
  mp_error_set(error, MP_ERROR_SCRIPT, "%s", message);
  if (where[0] != '\0') mp_error_put(*error, MP_ERROR_WHERE, where);
  mp_error_put(*error, MP_ERROR_CONTEXT, context);
  return false;
}

bool mpb_core_fail_memory(mp_error **error) {
  return mp_error_set_memory(error);
}

void mpb_core_error_move(mp_error **to, mp_error *from) {
  mp_error_move(to, from);
}

void mpb_core_error_free(mp_error *error) {
  mp_error_free(error);
}

const char *mpb_core_error_kind(const mp_error *error) {
  return mp_error_kind_name(mp_error_kind_of(error));
}

const char *mpb_core_error_field(const mp_error *error, const char *name) {
  if (strcmp(name, "message") == 0) return mp_error_message(error);
  for (int i = 0; i < MP_ERROR_FIELDS; i++) {
    if (strcmp(mp_error_field_name((mp_error_field)i), name) == 0) return mp_error_get(error, (mp_error_field)i);
  }
  return NULL;
}

int mpb_core_error_position(const mp_error *error) {
  return mp_error_position(error);
}

bool mpb_core_error_retryable(const mp_error *error) {
  return mp_error_retryable(error);
}

const char *mpb_core_error_text(mp_error *error) {
  return mp_error_text(error);
}
