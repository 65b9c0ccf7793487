/* mp.numeric: exact decimals. Arithmetic is exact and takes integers too; a float has to be converted by the script,
 * and a division has to say its scale, so that no digit is lost unseen. */
#include "value_types.h"

#define FLOAT_HINT "say mp.numeric(value) first: it takes the shortest decimal that is the float"

static bool is_numeric(lua_State *L, int index) {
  return mpb_is_kind(L, index, MP_VALUE_NUMERIC);
}

static const mp_numeric *self(lua_State *L, const char *method) {
  if (!is_numeric(L, 1)) mpb_wrong_type(L, 1, method, "an mp.numeric (is it called with a colon?)");
  return lua_touserdata(L, 1);
}

static int push_result(lua_State *L, bool ok, const mp_buffer *result) {
  if (!ok) return mpb_raise(L);
  const mp_numeric *number = mp_numeric_in(result);
  mpb_push_copy(L, MP_VALUE_NUMERIC, number, mp_numeric_size(number));
  return 1;
}

/* The operand at `index`: a numeric, or an integer, which is made one in `storage`. Raises on anything else. */
static const mp_numeric *operand(lua_State *L, int index, mp_buffer *storage) {
  if (is_numeric(L, index)) return lua_touserdata(L, index);
  if (lua_type(L, index) == LUA_TNUMBER && !lua_isinteger(L, index)) {
    mpb_usage(L, FLOAT_HINT, "a numeric and a float cannot be mixed: one is exact and the other is not");
  }
  if (!lua_isinteger(L, index)) mpb_wrong_type(L, index, "an operand of a numeric", "an mp.numeric or an integer");
  if (!mp_numeric_from_integer(lua_tointeger(L, index), storage, mpb_error_slot(L))) mpb_raise(L);
  return mp_numeric_in(storage);
}

typedef bool operation(const mp_numeric *a, const mp_numeric *b, mp_buffer *out, mp_error **error);

/* At most one operand is an integer, so one buffer is enough for both. */
static int calculate(lua_State *L, operation *run) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  const mp_numeric *a = operand(L, 1, &runtime->text);
  const mp_numeric *b = operand(L, 2, &runtime->text);
  bool ok = run(a, b, &runtime->scratch, mpb_error_slot(L));
  return push_result(L, ok, &runtime->scratch);
}

static int l_add(lua_State *L) {
  return calculate(L, mp_numeric_add);
}

static int l_subtract(lua_State *L) {
  return calculate(L, mp_numeric_subtract);
}

static int l_multiply(lua_State *L) {
  return calculate(L, mp_numeric_multiply);
}

static int l_divide_operator(lua_State *L) {
  return mpb_usage(L, "say a:div(b, scale), with the number of digits behind the point",
                   "a numeric is not divided by /, since the quotient may have no end");
}

static int l_negate(lua_State *L) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  bool ok = mp_numeric_negate(self(L, "the operand of -"), &runtime->scratch, mpb_error_slot(L));
  return push_result(L, ok, &runtime->scratch);
}

static int compare(lua_State *L) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  const mp_numeric *a = operand(L, 1, &runtime->text);
  return mp_numeric_compare(a, operand(L, 2, &runtime->text));
}

/* == asks only two userdata; another kind is different, and no error. */
static int l_equal(lua_State *L) {
  lua_pushboolean(L, is_numeric(L, 1) && is_numeric(L, 2) && compare(L) == 0);
  return 1;
}

static int l_eq(lua_State *L) {
  self(L, "the number of :eq");
  lua_pushboolean(L, compare(L) == 0);
  return 1;
}

static int l_lt(lua_State *L) {
  lua_pushboolean(L, compare(L) < 0);
  return 1;
}

static int l_le(lua_State *L) {
  lua_pushboolean(L, compare(L) <= 0);
  return 1;
}

static int l_gt(lua_State *L) {
  lua_pushboolean(L, compare(L) > 0);
  return 1;
}

static int l_ge(lua_State *L) {
  lua_pushboolean(L, compare(L) >= 0);
  return 1;
}

/* The scale at `index`; the core judges it. Far values are cut, and stay wrong. */
static int scale_at(lua_State *L, int index, const char *what) {
  int exact = 0;
  lua_Integer scale = lua_tointegerx(L, index, &exact);
  if (!exact || lua_type(L, index) != LUA_TNUMBER)
    mpb_wrong_type(L, index, what, "an integer: digits behind the point");
  if (scale > INT32_MAX / 2) return INT32_MAX / 2;
  return scale < -INT32_MAX / 2 ? -INT32_MAX / 2 : (int)scale;
}

static int l_div(lua_State *L) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  const mp_numeric *a = self(L, "the number of :div");
  int scale = scale_at(L, 3, "the scale of :div");
  const mp_numeric *b = operand(L, 2, &runtime->text);
  bool ok = mp_numeric_divide(a, b, scale, &runtime->scratch, mpb_error_slot(L));
  return push_result(L, ok, &runtime->scratch);
}

static int l_round(lua_State *L) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  const mp_numeric *number = self(L, "the number of :round");
  int scale = lua_isnoneornil(L, 2) ? 0 : scale_at(L, 2, "the scale of :round");
  bool ok = mp_numeric_round(number, scale, &runtime->scratch, mpb_error_slot(L));
  return push_result(L, ok, &runtime->scratch);
}

static int l_scale(lua_State *L) {
  lua_pushinteger(L, self(L, "the number of :scale")->scale);
  return 1;
}

static int l_is_nan(lua_State *L) {
  lua_pushboolean(L, self(L, "the number of :is_nan")->sign == MP_NUMERIC_NAN);
  return 1;
}

static int l_tonumber(lua_State *L) {
  lua_pushnumber(L, mp_numeric_to_float(self(L, "the number of :tonumber")));
  return 1;
}

static int l_tointeger(lua_State *L) {
  int64_t integer;
  if (mp_numeric_to_integer(self(L, "the number of :tointeger"), &integer)) {
    lua_pushinteger(L, integer);
  } else {
    lua_pushnil(L);
  }
  return 1;
}

static int l_new(lua_State *L) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  mp_error **error = mpb_error_slot(L);
  bool ok = false;
  lua_settop(L, 2);
  if (is_numeric(L, 2)) return 1;
  if (lua_type(L, 2) == LUA_TSTRING) {
    size_t size;
    const char *text = lua_tolstring(L, 2, &size);
    ok = mp_numeric_parse(text, size, &runtime->scratch, error);
  } else if (lua_isinteger(L, 2)) {
    ok = mp_numeric_from_integer(lua_tointeger(L, 2), &runtime->scratch, error);
  } else if (lua_type(L, 2) == LUA_TNUMBER) {
    ok = mp_numeric_from_float(lua_tonumber(L, 2), &runtime->scratch, error);
  } else {
    return mpb_wrong_type(L, 2, "the argument of mp.numeric", "a number or a string such as \"12.50\"");
  }
  return push_result(L, ok, &runtime->scratch);
}

void mpb_open_numeric(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg metamethods[] = {
      {"__add", l_add},    {"__sub", l_subtract}, {"__mul", l_multiply}, {"__div", l_divide_operator},
      {"__unm", l_negate}, {"__eq", l_equal},     {"__lt", l_lt},        {"__le", l_le},
      {NULL, NULL},
  };
  static const luaL_Reg methods[] = {
      {"eq", l_eq},
      {"lt", l_lt},
      {"le", l_le},
      {"gt", l_gt},
      {"ge", l_ge},
      {"div", l_div},
      {"round", l_round},
      {"scale", l_scale},
      {"is_nan", l_is_nan},
      {"tonumber", l_tonumber},
      {"tointeger", l_tointeger},
      {NULL, NULL},
  };
  static const luaL_Reg functions[] = {{NULL, NULL}};
  mpb_new_kind(L, runtime, MP_VALUE_NUMERIC, "mp.numeric", metamethods, methods, NULL);
  mpb_new_class(L, runtime, "numeric", MP_VALUE_NUMERIC, l_new, functions);
  lua_pop(L, 1);
}
