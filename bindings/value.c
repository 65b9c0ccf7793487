/* The kinds of values as Lua sees them: metatables, found by kind, and the kind, found by metatable; their
 * registration. A metatable carries its kind under a key that no script can make, so one look tells what a userdata is.
 */
#include "value.h"

#include <string.h>

#include "value_types.h"

/* Only the addresses count: kind_key is the key of the kind in a metatable, metatable_keys + kind are the keys of the
 * metatables in the registry. */
static const char kind_key = 0;
static const char metatable_keys[MP_VALUE_RANGE + 1] = {0};

/* ---- kinds ---- */

/* The kind of a tagged value, or MP_VALUE_NULL, which no metatable has. */
static mp_value_kind tagged_kind(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return MP_VALUE_NULL;
  lua_rawgetp(L, -1, &kind_key);
  mp_value_kind kind = (mp_value_kind)lua_tointeger(L, -1);
  lua_pop(L, 2);
  return kind;
}

bool mpb_is_null(lua_State *L, int index) {
  return lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL;
}

bool mpb_is_kind(lua_State *L, int index, mp_value_kind kind) {
  return lua_type(L, index) == LUA_TUSERDATA && tagged_kind(L, index) == kind;
}

bool mpb_is_array(lua_State *L, int index) {
  return lua_istable(L, index) && tagged_kind(L, index) == MP_VALUE_ARRAY;
}

const char *mpb_type_name(lua_State *L, int index) {
  if (mpb_is_null(L, index)) return "null";
  if (tagged_kind(L, index) == MP_VALUE_NULL || luaL_getmetafield(L, index, "__name") != LUA_TSTRING) {
    return luaL_typename(L, index);
  }
  const char *name = lua_tostring(L, -1); /* the metatable keeps it */
  lua_pop(L, 1);
  return name;
}

/* The string that a bytes or json userdata holds. */
static mp_bytes wrapped_string(lua_State *L, int index) {
  mp_bytes bytes = {NULL, 0};
  lua_getiuservalue(L, index, 1);
  bytes.data = lua_tolstring(L, -1, &bytes.size);
  lua_pop(L, 1);
  return bytes;
}

bool mpb_value_at(lua_State *L, int index, mp_value *out) {
  if (lua_type(L, index) != LUA_TUSERDATA) return false;
  mp_value_kind kind = tagged_kind(L, index);
  const void *content = lua_touserdata(L, index);
  switch (kind) {
  case MP_VALUE_NUMERIC: out->as.numeric = content; break;
  case MP_VALUE_INTERVAL: out->as.interval = *(const mp_interval *)content; break;
  case MP_VALUE_TIMESTAMPTZ:
  case MP_VALUE_TIMESTAMP:
  case MP_VALUE_DATE:
  case MP_VALUE_TIME: out->as.integer = *(const int64_t *)content; break;
  case MP_VALUE_BYTES:
  case MP_VALUE_JSON: out->as.bytes = wrapped_string(L, index); break;
  default: return false;
  }
  out->kind = kind;
  return true;
}

/* ---- new values ---- */

void mpb_push_metatable(lua_State *L, mp_value_kind kind) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, metatable_keys + kind);
}

/* Making a userdata may collect, and a finaliser of the script may then use the same scratch memory: so the bytes are
 * brought into safety first. */
void mpb_push_bare_copy(lua_State *L, const void *from, size_t size) {
  char small[128];
  if (size <= sizeof small) {
    memcpy(small, from, size);
    memcpy(lua_newuserdatauv(L, size, 0), small, size);
    return;
  }
  const char *safe = lua_pushlstring(L, from, size);
  memcpy(lua_newuserdatauv(L, size, 0), safe, size);
  lua_remove(L, -2);
}

void mpb_push_copy(lua_State *L, mp_value_kind kind, const void *from, size_t size) {
  mpb_push_bare_copy(L, from, size);
  mpb_push_metatable(L, kind);
  lua_setmetatable(L, -2);
}

void mpb_push_time(lua_State *L, mp_value_kind kind, int64_t value) {
  mpb_push_copy(L, kind, &value, sizeof value);
}

void mpb_wrap_string(lua_State *L, mp_value_kind kind) {
  lua_newuserdatauv(L, 0, 1);
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, 1);
  mpb_push_metatable(L, kind);
  lua_setmetatable(L, -2);
}

int mpb_equal_strings(lua_State *L) {
  bool same =
      lua_type(L, 1) == LUA_TUSERDATA && lua_type(L, 2) == LUA_TUSERDATA && tagged_kind(L, 1) == tagged_kind(L, 2);
  if (same) {
    lua_getiuservalue(L, 1, 1);
    lua_getiuservalue(L, 2, 1);
    same = lua_rawequal(L, -1, -2);
  }
  lua_pushboolean(L, same);
  return 1;
}

void mpb_push_text(lua_State *L, mp_buffer *buffer) {
  enum { KEPT = 1 << 20 };
  if (!mp_buffer_ok(buffer)) luaL_error(L, "not enough memory");
  lua_pushlstring(L, buffer->data == NULL ? "" : buffer->data, buffer->size);
  if (buffer->capacity > KEPT) mp_buffer_finish(buffer);
}

int mpb_wrong_type(lua_State *L, int index, const char *what, const char *expected) {
  return mpb_usage(L, NULL, "%s is a %s; expected %s", what, mpb_type_name(L, index), expected);
}

void mpb_mark_list(lua_State *L) {
  lua_pushinteger(L, MP_VALUE_ARRAY);
  lua_rawsetp(L, -2, &kind_key);
}

/* ---- metatables and classes ---- */

static int l_tostring(lua_State *L) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  mp_value value;
  if (!mpb_value_at(L, 1, &value)) return mpb_wrong_type(L, 1, "the argument of tostring", "a value of moonpool");
  mp_buffer_clear(&runtime->text);
  if (!mp_value_text(&value, &runtime->text, mpb_error_slot(L))) return mpb_raise(L);
  mpb_push_text(L, &runtime->text);
  return 1;
}

/* "total: " .. value, as with Lua's own numbers. */
static int l_concat(lua_State *L) {
  mp_value value;
  for (int i = 1; i <= 2; i++) {
    bool fits = lua_isstring(L, i) || mpb_value_at(L, i, &value) || mpb_is_range(L, i);
    if (!fits) return mpb_wrong_type(L, i, "an operand of ..", "a string, a number or a value that has a text");
    luaL_tolstring(L, i, NULL);
  }
  lua_concat(L, 2);
  return 1;
}

bool mpb_push_method(lua_State *L) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) return true;
  lua_pop(L, 1);
  return false;
}

void mpb_new_kind(lua_State *L, mpb_runtime *runtime, mp_value_kind kind, const char *name, const luaL_Reg *metamethods,
                  const luaL_Reg *methods, lua_CFunction index) {
  static const luaL_Reg common[] = {{"__tostring", l_tostring}, {"__concat", l_concat}, {NULL, NULL}};
  lua_newtable(L);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__metatable");
  lua_pushinteger(L, kind);
  lua_rawsetp(L, -2, &kind_key);
  mpb_set_functions(L, runtime, common);
  mpb_set_functions(L, runtime, metamethods);
  if (index != NULL) lua_pushlightuserdata(L, runtime);
  lua_newtable(L);
  mpb_set_functions(L, runtime, methods);
  if (index != NULL) lua_pushcclosure(L, index, 2);
  lua_setfield(L, -2, "__index");
  lua_rawsetp(L, LUA_REGISTRYINDEX, metatable_keys + kind);
}

static int l_is(lua_State *L) {
  mp_value_kind kind = (mp_value_kind)lua_tointeger(L, lua_upvalueindex(2));
  luaL_checkany(L, 1);
  mp_value_kind actual = tagged_kind(L, 1);
  bool is_timestamp = kind == MP_VALUE_TIMESTAMPTZ && actual == MP_VALUE_TIMESTAMP;
  lua_pushboolean(L, actual == kind || is_timestamp);
  return 1;
}

void mpb_new_class(lua_State *L, mpb_runtime *runtime, const char *name, mp_value_kind kind, lua_CFunction create,
                   const luaL_Reg *functions) {
  const luaL_Reg call[] = {{"__call", create}, {NULL, NULL}};
  lua_newtable(L);
  mpb_set_functions(L, runtime, functions);
  lua_pushlightuserdata(L, runtime);
  lua_pushinteger(L, kind);
  lua_pushcclosure(L, l_is, 2);
  lua_setfield(L, -2, "is");
  lua_newtable(L);
  mpb_set_functions(L, runtime, call);
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, name);
}

void mpb_open_values(lua_State *L, mpb_runtime *runtime) {
  luaL_checkstack(L, 8, NULL);
  mpb_open_push(L);
  mpb_open_numeric(L, runtime);
  mpb_open_timestamp(L, runtime);
  mpb_open_date(L, runtime);
  mpb_open_time(L, runtime);
  mpb_open_interval(L, runtime);
  mpb_open_bytes(L, runtime);
  mpb_open_array(L, runtime);
  mpb_open_json(L, runtime);
  mpb_open_uuid(L, runtime);
  mpb_open_range(L, runtime);
  mpb_open_codec(L, runtime);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
}
