/* From the server: one decoded value becomes one Lua value. */
#include "value_types.h"

static const char guard_key = 0; /* of the value in the registry whose __close lets the collector go on */

static int l_resume(lua_State *L) {
  lua_gc(L, LUA_GCRESTART);
  return 0;
}

void mpb_open_push(lua_State *L) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, l_resume);
  lua_setfield(L, -2, "__close");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &guard_key);
}

void mpb_values_begin(lua_State *L, mpb_runtime *runtime, mpb_values *values) {
  *values = (mpb_values){.runtime = runtime, .base = lua_gettop(L) + 1};
  lua_pushnil(L); /* the guard's place */
  for (int kind = MP_VALUE_NUMERIC; kind <= MP_VALUE_RANGE; kind++)
    mpb_push_metatable(L, (mp_value_kind)kind);
}

void mpb_values_pause(lua_State *L, mpb_values *values) {
  if (values->paused || lua_gc(L, LUA_GCISRUNNING) == 0) return;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &guard_key);
  lua_replace(L, values->base);
  lua_toclose(L, values->base);
  lua_gc(L, LUA_GCSTOP);
  values->paused = true;
}

void mpb_values_end(lua_State *L, mpb_values *values) {
  if (values->paused) lua_closeslot(L, values->base);
  values->paused = false;
}

static void push_decoded(lua_State *L, const mpb_values *values, mp_value_kind kind, const void *from, size_t size) {
  mpb_push_bare_copy(L, from, size);
  lua_pushvalue(L, mpb_metatable_slot(values, kind));
  lua_setmetatable(L, -2);
}

/* ---- any value ---- */

static void push_null(lua_State *L, const mpb_values *values) {
  if (values->null_as_sentinel) {
    lua_pushlightuserdata(L, NULL);
  } else {
    lua_pushnil(L);
  }
}

bool mpb_push_value(lua_State *L, const mpb_values *values, const mp_value *value, mp_error **error) {
  switch (value->kind) {
  case MP_VALUE_NULL: push_null(L, values); return true;
  case MP_VALUE_BOOL: lua_pushboolean(L, value->as.boolean); return true;
  case MP_VALUE_INTEGER: lua_pushinteger(L, value->as.integer); return true;
  case MP_VALUE_FLOAT: lua_pushnumber(L, value->as.number); return true;
  case MP_VALUE_TEXT:
  case MP_VALUE_BYTES:
  case MP_VALUE_UUID: lua_pushlstring(L, value->as.bytes.data, value->as.bytes.size); return true;
  case MP_VALUE_NUMERIC:
    push_decoded(L, values, MP_VALUE_NUMERIC, value->as.numeric, mp_numeric_size(value->as.numeric));
    return true;
  case MP_VALUE_TIMESTAMPTZ:
  case MP_VALUE_TIMESTAMP:
  case MP_VALUE_DATE:
  case MP_VALUE_TIME: push_decoded(L, values, value->kind, &value->as.integer, sizeof value->as.integer); return true;
  case MP_VALUE_INTERVAL:
    push_decoded(L, values, MP_VALUE_INTERVAL, &value->as.interval, sizeof value->as.interval);
    return true;
  case MP_VALUE_JSON: return mpb_push_json(L, values, value->as.bytes.data, value->as.bytes.size, error);
  case MP_VALUE_ARRAY:
  case MP_VALUE_RANGE:
  case MP_VALUE_COMPOSITE: return mpb_push_container(L, values, value, error);
  case MP_VALUE_HSTORE: return mpb_push_hstore(L, values, &value->as.hstore, error);
  case MP_VALUE_GEOMETRY: mpb_push_geometry(L, &value->as.geometry); return true;
  }
  return mp_error_set(error, MP_ERROR_DECODE, "a value of an unknown kind");
}
