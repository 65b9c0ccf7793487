/* mp.range: two bounds, either of which may be absent, and whether they belong to it. A userdata with the bounds as its
 * user values, which never change. */
#include <string.h>

#include "value_types.h"

static const char *const bounds_names[] = {"[)", "[]", "(]", "()", NULL};

enum { LOWER = 1, UPPER = 2 };

void mpb_push_bare_range(lua_State *L, const mpb_range *range) {
  *(mpb_range *)lua_newuserdatauv(L, sizeof *range, 2) = *range;
  lua_insert(L, -3);
  lua_setiuservalue(L, -3, UPPER);
  lua_setiuservalue(L, -2, LOWER);
}

bool mpb_is_range(lua_State *L, int index) {
  return mpb_is_kind(L, index, MP_VALUE_RANGE);
}

static const mpb_range *check_range(lua_State *L, int index) {
  if (!mpb_is_range(L, index)) mpb_wrong_type(L, index, "the range", "an mp.range");
  return lua_touserdata(L, index);
}

static void push_range(lua_State *L, const mpb_range *range) {
  mpb_push_bare_range(L, range);
  mpb_push_metatable(L, MP_VALUE_RANGE);
  lua_setmetatable(L, -2);
}

/* ---- making ---- */

static void take_bound(lua_State *L, int index) {
  if (lua_isnil(L, index) || mpb_is_null(L, index)) {
    lua_pushnil(L);
    lua_replace(L, index);
    return;
  }
  mp_value value;
  bool is_other = mpb_has_customs(mpb_runtime_of(L)) && !mpb_is_range(L, index); /* a codec may know it */
  bool fits = !mpb_is_range(L, index) && mpb_to_value(L, index, 0, &value, NULL) && !mpb_is_unwritten(&value);
  if (!fits && !is_other) mpb_wrong_type(L, index, "a bound of mp.range", "a plain value, or nil for no bound");
}

static int l_new(lua_State *L) {
  lua_settop(L, 4);
  const char *bounds = lua_isnil(L, 4) ? "[)" : lua_type(L, 4) == LUA_TSTRING ? lua_tostring(L, 4) : "";
  bool known = false;
  for (size_t i = 0; bounds_names[i] != NULL; i++)
    known = known || strcmp(bounds, bounds_names[i]) == 0;
  if (!known) {
    return mpb_usage(L, NULL, "the bounds of mp.range are %s; expected \"[)\", \"[]\", \"(]\" or \"()\"",
                     luaL_tolstring(L, 4, NULL));
  }
  if (lua_istable(L, 2) && !mpb_has_customs(mpb_runtime_of(L))) {
    return mpb_usage(L, "say mp.range(1, 5), or mp.range(1, 5, \"[]\")", "mp.range takes its bounds one by one");
  }
  take_bound(L, 2);
  take_bound(L, 3);
  mpb_range range = {.lower_inclusive = bounds[0] == '[' && !lua_isnil(L, 2),
                     .upper_inclusive = bounds[1] == ']' && !lua_isnil(L, 3)};
  lua_settop(L, 3);
  push_range(L, &range);
  return 1;
}

/* ---- looking ---- */

static int l_index(lua_State *L) {
  if (mpb_push_method(L)) return 1;
  const mpb_range *range = check_range(L, 1);
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(name, "lower") == 0) {
    lua_getiuservalue(L, 1, LOWER);
  } else if (strcmp(name, "upper") == 0) {
    lua_getiuservalue(L, 1, UPPER);
  } else if (strcmp(name, "lower_inclusive") == 0) {
    lua_pushboolean(L, range->lower_inclusive);
  } else if (strcmp(name, "upper_inclusive") == 0) {
    lua_pushboolean(L, range->upper_inclusive);
  } else if (strcmp(name, "is_empty") == 0) {
    lua_pushboolean(L, range->is_empty);
  } else {
    lua_pushnil(L);
  }
  return 1;
}

static bool same_bound(lua_State *L, int number) {
  lua_getiuservalue(L, 1, number);
  lua_getiuservalue(L, 2, number);
  bool same = lua_compare(L, -1, -2, LUA_OPEQ);
  lua_pop(L, 2);
  return same;
}

static int l_eq(lua_State *L) {
  bool same = mpb_is_range(L, 1) && mpb_is_range(L, 2);
  if (same) {
    const mpb_range *a = lua_touserdata(L, 1), *b = lua_touserdata(L, 2);
    same = a->is_empty == b->is_empty && a->lower_inclusive == b->lower_inclusive &&
           a->upper_inclusive == b->upper_inclusive && same_bound(L, LOWER) && same_bound(L, UPPER);
  }
  lua_pushboolean(L, same);
  return 1;
}

/* The text of a bound, quoted for a range where it must be. */
static void push_bound_text(lua_State *L, int number) {
  mp_buffer *text = &mpb_runtime_of(L)->text;
  char digits[32];
  size_t size;
  const int type = lua_getiuservalue(L, 1, number);
  if (type == LUA_TNIL) {
    lua_pushliteral(L, "");
    return;
  }
  if (type == LUA_TNUMBER && !lua_isinteger(L, -1)) { /* as PostgreSQL writes it, and not as Lua does */
    lua_pushlstring(L, digits, mp_float_format(lua_tonumber(L, -1), digits));
  }
  const char *bound = luaL_tolstring(L, -1, &size);
  mp_buffer_clear(text);
  mp_quoted_add(text, bound, size);
  mpb_push_text(L, text);
}

static int l_tostring(lua_State *L) {
  const mpb_range *range = check_range(L, 1);
  lua_settop(L, 1);
  if (range->is_empty) {
    lua_pushliteral(L, "empty");
    return 1;
  }
  push_bound_text(L, LOWER);
  const char *lower = lua_tostring(L, -1);
  push_bound_text(L, UPPER);
  lua_pushfstring(L, "%s%s,%s%s", range->lower_inclusive ? "[" : "(", lower, lua_tostring(L, -1),
                  range->upper_inclusive ? "]" : ")");
  return 1;
}

/* Numbers and numerics have one order; other values only among themselves. */
static bool is_comparable(lua_State *L, int a, int b) {
  const int type = lua_type(L, a);
  bool is_number = type == LUA_TNUMBER || mpb_is_kind(L, a, MP_VALUE_NUMERIC);
  if (is_number) return lua_type(L, b) == LUA_TNUMBER || mpb_is_kind(L, b, MP_VALUE_NUMERIC);
  if (type != lua_type(L, b)) return false;
  bool has_a = lua_getmetatable(L, a), has_b = lua_getmetatable(L, b);
  bool same = has_a == has_b && (!has_a || lua_rawequal(L, -1, -2));
  lua_pop(L, has_a + has_b);
  return same;
}

/* The value at 2 is on the right side of a bound. */
static bool is_inside(lua_State *L, int number, bool inclusive) {
  if (lua_getiuservalue(L, 1, number) == LUA_TNIL) return true;
  const int bound = lua_gettop(L);
  if (!is_comparable(L, bound, 2)) {
    mpb_usage(L, NULL, "a %s cannot be in a range of %s", mpb_type_name(L, 2), mpb_type_name(L, bound));
  }
  const int first = number == LOWER ? bound : 2, second = number == LOWER ? 2 : bound;
  return lua_compare(L, first, second, inclusive ? LUA_OPLE : LUA_OPLT);
}

static int l_contains(lua_State *L) {
  const mpb_range *range = check_range(L, 1);
  lua_settop(L, 2);
  if (lua_isnil(L, 2)) return mpb_usage(L, NULL, "range:contains needs a value");
  lua_pushboolean(L, !range->is_empty && is_inside(L, LOWER, range->lower_inclusive) &&
                         is_inside(L, UPPER, range->upper_inclusive));
  return 1;
}

void mpb_open_range(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg metamethods[] = {{"__eq", l_eq}, {"__tostring", l_tostring}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"contains", l_contains}, {NULL, NULL}};
  static const luaL_Reg nothing[] = {{NULL, NULL}};
  mpb_new_kind(L, runtime, MP_VALUE_RANGE, "mp.range", metamethods, methods, l_index);
  mpb_new_class(L, runtime, "range", MP_VALUE_RANGE, l_new, nothing);
  lua_pushnil(L);
  lua_pushnil(L);
  push_range(L, &(mpb_range){.is_empty = true});
  lua_setfield(L, -2, "empty");
  lua_pop(L, 1);
}
