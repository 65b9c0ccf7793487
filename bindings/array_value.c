/* mp.array: marks a table as a list, so that an empty one is an array in JSON, and a parameter's table an SQL array.
 * The table stays the same table. */
#include "value_types.h"

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
  if (lua_getmetatable(L, 2) && !mpb_is_array(L, 2)) {
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
  mpb_new_class(L, runtime, "array", MP_VALUE_ARRAY, l_new, nothing);
  lua_pop(L, 1);
}
