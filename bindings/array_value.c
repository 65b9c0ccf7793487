/* mp.array: marks a table as a list, so that an empty one is an array in JSON, and a parameter's table an SQL array.
 * The table stays the same table. One whose subscripts do not begin at 1 has a metatable of its own, which knows them.
 */
#include <string.h>

#include "value_types.h"

static const char lower_key = 0; /* of the subscripts in such a metatable */

void mpb_mark_array(lua_State *L, const int32_t *lower, int dimensions) {
  lua_createtable(L, 0, 4);
  mpb_mark_list(L);
  lua_pushliteral(L, "mp.array");
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__name");
  lua_setfield(L, -2, "__metatable");
  lua_pushlstring(L, (const char *)lower, (size_t)dimensions * sizeof *lower);
  lua_rawsetp(L, -2, &lower_key);
  lua_setmetatable(L, -2);
}

int mpb_array_lower(lua_State *L, int index, int32_t *lower) {
  size_t size = 0;
  if (!lua_getmetatable(L, index)) return 0;
  if (lua_rawgetp(L, -1, &lower_key) == LUA_TSTRING) {
    const char *kept = lua_tolstring(L, -1, &size);
    memcpy(lower, kept, size);
  }
  lua_pop(L, 2);
  return (int)(size / sizeof *lower);
}

/* lower(list) -> the first subscript of each dimension; 1 for one that was made here. */
static int l_lower(lua_State *L) {
  int32_t lower[MP_ARRAY_DIMENSIONS];
  lua_settop(L, 1);
  if (!lua_istable(L, 1)) return mpb_wrong_type(L, 1, "the argument of mp.array.lower", "a list");
  const int dimensions = mpb_array_lower(L, 1, lower);
  for (int i = 0; i < dimensions; i++)
    lua_pushinteger(L, lower[i]);
  if (dimensions == 0) lua_pushinteger(L, 1);
  return dimensions == 0 ? 1 : dimensions;
}

/* mp.array({ 1, nil, 3, nil }, 4): nil within the count becomes mp.null, so that the list has no holes. */
static void fill_holes(lua_State *L, int table, lua_Integer count) {
  for (lua_Integer i = 1; i <= count; i++) {
    if (lua_rawgeti(L, table, i) == LUA_TNIL) {
      lua_pushlightuserdata(L, NULL);
      lua_rawseti(L, table, i);
    }
    lua_pop(L, 1);
  }
}

static int l_new(lua_State *L) {
  lua_settop(L, 3);
  if (!lua_istable(L, 2)) return mpb_wrong_type(L, 2, "mp.array", "a table");
  const bool is_marked = mpb_is_array(L, 2);
  if (!is_marked && lua_getmetatable(L, 2)) {
    return mpb_usage(L, NULL, "mp.array: the table has a metatable already");
  }
  if (!lua_isnil(L, 3)) {
    int exact = 0;
    const lua_Integer count = lua_tointegerx(L, 3, &exact);
    if (!exact || count < 0 || count > INT32_MAX) {
      return mpb_usage(L, NULL, "the count of mp.array is %s; expected an integer of 0 or more",
                       luaL_tolstring(L, 3, NULL));
    }
    fill_holes(L, 2, count);
  }
  lua_settop(L, 2);
  if (is_marked) return 1;
  mpb_push_metatable(L, MP_VALUE_ARRAY);
  lua_setmetatable(L, 2);
  return 1;
}

/* The list has the kind's metatable, but nothing of a userdata: the length, the elements and the text are a table's. */
void mpb_open_array(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg nothing[] = {{NULL, NULL}};
  mpb_new_kind(L, runtime, MP_VALUE_ARRAY, "mp.array", nothing, nothing, NULL);
  mpb_push_metatable(L, MP_VALUE_ARRAY);
  static const char *const unfit[] = {"__tostring", "__concat", "__index"};
  for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
    lua_pushnil(L);
    lua_setfield(L, -2, unfit[i]);
  }
  lua_pop(L, 1);
  static const luaL_Reg functions[] = {{"lower", l_lower}, {NULL, NULL}};
  mpb_new_class(L, runtime, "array", MP_VALUE_ARRAY, l_new, functions);
  lua_pop(L, 1);
}
