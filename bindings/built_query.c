/* Statements that are no text. Lua prints a query once, and keeps that with it: see moonpool.query.Compiled in
 * scripts/moonpool/query/render. What happens for each later run is done here. */
#include "built_query.h"

#include "database.h"
#include "error.h"

enum { HANDLE_INDEX = 1, QUERY_INDEX = 2, ARGUMENTS_INDEX = 3 };

static const char builder_key; /* of the registry: Lua's function for queries */

int mpb_l_on_query(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &builder_key);
  return 0;
}

void mpb_push_builder(lua_State *L, bool is_first) {
  int top = lua_gettop(L);
  luaL_checkstack(L, top + 3, "too many arguments");
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &builder_key) != LUA_TFUNCTION) {
    mpb_bad_argument(L, QUERY_INDEX, "the statement", "a string of SQL or a query");
  }
  lua_pushboolean(L, is_first);
  lua_getiuservalue(L, HANDLE_INDEX, MPB_KNOWN_VALUE);
  for (int i = 1; i <= top; i++)
    lua_pushvalue(L, i);
}

void mpb_replace_query(lua_State *L, int count) {
  lua_rotate(L, QUERY_INDEX, -count);
  lua_pop(L, count);
}

/* Is the query one that can have been printed? A table of a schema has columns for fields, and none of ours. */
static bool is_statement(lua_State *L) {
  bool is = lua_istable(L, QUERY_INDEX) && luaL_getmetafield(L, QUERY_INDEX, "is_statement") != LUA_TNIL;
  if (is) lua_pop(L, 1);
  return is;
}

/* compiled: the stack index of what was printed. */
static bool is_schema_known(lua_State *L, int compiled) {
  if (lua_getfield(L, compiled, "schemas") == LUA_TTABLE) return false;
  lua_getiuservalue(L, HANDLE_INDEX, MPB_KNOWN_VALUE);
  if (lua_getfield(L, compiled, "schema") != LUA_TTABLE) return true;
  return lua_rawget(L, -2) == LUA_TBOOLEAN;
}

static lua_Unsigned count_keys(lua_State *L, int index) {
  lua_Unsigned count = 0;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    count++;
    lua_pop(L, 1);
  }
  return count;
}

/* Puts the values of the query's parameters, whose list is at `params`, in their places behind `base`. */
static bool fill_in(lua_State *L, int params, int base) {
  lua_Unsigned count = lua_rawlen(L, params);
  if (lua_gettop(L) < ARGUMENTS_INDEX || !lua_istable(L, ARGUMENTS_INDEX)) return false;
  if (count_keys(L, ARGUMENTS_INDEX) != count) return false;
  for (lua_Unsigned i = 1; i <= count; i++) {
    lua_rawgeti(L, params, (lua_Integer)i);
    lua_getfield(L, -1, "number");
    int number = (int)lua_tointeger(L, -1);
    lua_getfield(L, -2, "name");
    if (lua_rawget(L, ARGUMENTS_INDEX) == LUA_TNIL) return false;
    if (lua_getmetatable(L, -1)) { /* it may be an expression, which is no value */
      lua_pop(L, 1);
      if (lua_istable(L, -1)) return false;
    }
    lua_replace(L, base + number);
    lua_pop(L, 2);
  }
  return true;
}

static bool push_built(lua_State *L, int given) {
  int compiled = lua_gettop(L) + 1, values = compiled + 1, params = compiled + 2, text = compiled + 3;
  if (lua_getfield(L, QUERY_INDEX, "compiled") != LUA_TTABLE || !is_schema_known(L, compiled)) return false;
  lua_settop(L, compiled);
  lua_getfield(L, compiled, "values");
  bool has_params = lua_getfield(L, compiled, "params") == LUA_TTABLE;
  if (given != (has_params ? 2 : 1)) return false;
  lua_getfield(L, compiled, "text");
  int count = (int)lua_rawlen(L, values);
  luaL_checkstack(L, count + 8, "too many parameters");
  for (int i = 1; i <= count; i++)
    lua_rawgeti(L, values, i);
  return !has_params || fill_in(L, params, text);
}

bool mpb_put_built(lua_State *L) {
  int top = lua_gettop(L);
  if (!is_statement(L)) return false;
  if (!push_built(L, top - HANDLE_INDEX)) {
    lua_settop(L, top);
    return false;
  }
  mpb_replace_query(L, top - HANDLE_INDEX + 3); /* with what was printed, its values and its params */
  return true;
}

static int built(lua_State *L, int status, lua_KContext context) {
  (void)status;
  return lua_gettop(L) - (int)context;
}

int mpb_l_build(lua_State *L) {
  int given = lua_gettop(L);
  mpb_check_database(L, HANDLE_INDEX);
  if (given < QUERY_INDEX) mpb_bad_argument(L, QUERY_INDEX, "the statement", "a string of SQL or a query");
  if (lua_type(L, QUERY_INDEX) == LUA_TSTRING) return given - HANDLE_INDEX;
  mpb_push_builder(L, false);
  lua_callk(L, given + 2, LUA_MULTRET, given, built);
  return built(L, LUA_OK, given);
}
