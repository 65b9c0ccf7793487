/* What a Lua table is when it has to be written: a list, a record, or a mistake. Looks at every key, since a hole or a
 * stray key would otherwise be lost without a word. */
#include "value_types.h"
#include "yaml_value.h"

typedef struct census {
  lua_Integer integers; /* keys of 1 and more                */
  lua_Integer largest;
  bool strings;
} census;

static mpb_shape refuse(mp_error **error, const char *hint) {
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, hint);
  return MPB_SHAPE_BAD;
}

static mpb_shape refuse_key(lua_State *L, int key, mp_error **error) {
  if (lua_type(L, key) == LUA_TNUMBER) {
    if (lua_isinteger(L, key)) {
      mp_error_set(error, MP_ERROR_USAGE, "a table has the key %lld", (long long)lua_tointeger(L, key));
    } else {
      mp_error_set(error, MP_ERROR_USAGE, "a table has the key %.14g", lua_tonumber(L, key));
    }
  } else {
    mp_error_set(error, MP_ERROR_USAGE, "a table has a %s as a key", mpb_type_name(L, key));
  }
  return refuse(error, "the keys of a table are 1, 2, 3, ... for a list, or strings for an object");
}

static mpb_shape refuse_mixture(lua_State *L, int key, mp_error **error) {
  if (lua_type(L, key) == LUA_TSTRING) {
    mp_error_set(error, MP_ERROR_USAGE, "a list has the key \"%.60s\" too", lua_tostring(L, key));
  } else {
    mp_error_set(error, MP_ERROR_USAGE, "an object has the key %lld too", (long long)lua_tointeger(L, key));
  }
  return refuse(error, "a table is either a list (keys 1, 2, 3, ...) or an object (string keys)");
}

static mpb_shape refuse_hole(lua_State *L, int index, mp_error **error) {
  lua_Integer hole = 1;
  while (lua_rawgeti(L, index, hole) != LUA_TNIL) {
    lua_pop(L, 1);
    hole++;
  }
  lua_pop(L, 1);
  mp_error_set(error, MP_ERROR_USAGE, "a list has nothing at %lld, but more behind it", (long long)hole);
  return refuse(error, "write mp.null where there is no value, or mp.array({ ... }, count)");
}

mpb_shape mpb_table_shape(lua_State *L, int index, lua_Integer *length, mp_error **error) {
  census found = {0};
  const bool is_map = mpb_is_map(L, index); /* whose keys are no places, also where they are 1, 2, 3, ... */
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    lua_pop(L, 1);
    const bool is_string = lua_type(L, -1) == LUA_TSTRING;
    const bool is_place = !is_map && lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1;
    if (!is_string && !is_place) return refuse_key(L, -1, error);
    if (is_string ? found.integers > 0 : found.strings) return refuse_mixture(L, -1, error);
    if (is_string) {
      found.strings = true;
      continue;
    }
    found.integers++;
    if (lua_tointeger(L, -1) > found.largest) found.largest = lua_tointeger(L, -1);
  }
  if (found.integers != found.largest) return refuse_hole(L, index, error);
  *length = found.integers;
  return found.strings ? MPB_SHAPE_RECORD : found.integers > 0 ? MPB_SHAPE_LIST : MPB_SHAPE_EMPTY;
}
