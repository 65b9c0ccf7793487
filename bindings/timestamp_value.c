/* mp.timestamp: a moment, in microseconds; and mp.timestamp.without_zone: a calendar's and a clock's face, of which
 * nobody said where it hangs. Both have the same methods, and never mix. */
#include <math.h>

#include "base/clock.h"
#include "value_types.h"

#define EPOCH_1970 INT64_C(-946684800000000) /* microseconds since 2000 */
#define SECOND_US  INT64_C(1000000)

static bool is_timestamp(lua_State *L, int index, mp_value *out) {
  return mpb_value_at(L, index, out) && (out->kind == MP_VALUE_TIMESTAMPTZ || out->kind == MP_VALUE_TIMESTAMP);
}

static mp_value self(lua_State *L, const char *method) {
  mp_value value = {0};
  if (!is_timestamp(L, 1, &value)) mpb_wrong_type(L, 1, method, "an mp.timestamp (is it called with a colon?)");
  return value;
}

static bool is_finite(const mp_value *value) {
  return value->as.integer != INT64_MIN && value->as.integer != INT64_MAX;
}

/* ---- making ---- */

static int push_since_1970(lua_State *L, mp_value_kind kind, int64_t microseconds) {
  const mp_interval since = {.microseconds = microseconds};
  int64_t timestamp;
  if (!mp_timestamp_add(EPOCH_1970, &since, &timestamp, mpb_error_slot(L))) return mpb_raise(L);
  mpb_push_time(L, kind, timestamp);
  return 1;
}

static int from_number(lua_State *L, int index, mp_value_kind kind, const char *what) {
  int64_t microseconds = 0;
  bool fits;
  if (lua_isinteger(L, index)) {
    fits = !__builtin_mul_overflow(lua_tointeger(L, index), SECOND_US, &microseconds);
  } else {
    const double exact = lua_tonumber(L, index) * (double)SECOND_US;
    fits = fabs(exact) < 0x1p63;
    if (fits) microseconds = llround(exact);
  }
  if (fits) return push_since_1970(L, kind, microseconds);
  return mpb_usage(L, "for infinity say mp.timestamp.infinity", "%s: %f seconds since 1970 are out of its range", what,
                   lua_tonumber(L, index));
}

static int from_string(lua_State *L, int index, mp_value_kind kind) {
  size_t size;
  const char *text = lua_tolstring(L, index, &size);
  int64_t timestamp;
  if (!mp_timestamp_parse(text, size, kind == MP_VALUE_TIMESTAMPTZ, &timestamp, mpb_error_slot(L))) return mpb_raise(L);
  mpb_push_time(L, kind, timestamp);
  return 1;
}

static int from_table(lua_State *L, int index, mp_value_kind kind, const char *what) {
  const unsigned offset = kind == MP_VALUE_TIMESTAMPTZ ? MPB_FIELD_OFFSET : 0;
  mp_calendar calendar;
  int64_t timestamp;
  mpb_calendar_from_table(L, index, what, MPB_FIELDS_DATE | MPB_FIELDS_TIME | offset, &calendar);
  if (!mp_calendar_to_timestamp(&calendar, &timestamp, mpb_error_slot(L))) return mpb_raise(L);
  mpb_push_time(L, kind, timestamp);
  return 1;
}

static int create(lua_State *L, int index, mp_value_kind kind, const char *what) {
  lua_settop(L, index);
  if (mpb_is_kind(L, index, kind)) return 1;
  switch (lua_type(L, index)) {
  case LUA_TNUMBER: return from_number(L, index, kind, what);
  case LUA_TSTRING: return from_string(L, index, kind);
  case LUA_TTABLE: return from_table(L, index, kind, what);
  default:
    return mpb_wrong_type(L, index, what,
                          "a string, seconds since 1970, or a table such as { year = 2026, month = 11, day = 24 }");
  }
}

static int l_new(lua_State *L) {
  return create(L, 2, MP_VALUE_TIMESTAMPTZ, "mp.timestamp");
}

static int l_without_zone(lua_State *L) {
  return create(L, 1, MP_VALUE_TIMESTAMP, "mp.timestamp.without_zone");
}

static int l_now(lua_State *L) {
  return push_since_1970(L, MP_VALUE_TIMESTAMPTZ, mp_clock_wall_us());
}

/* ---- reading ---- */

static int l_has_zone(lua_State *L) {
  lua_pushboolean(L, self(L, "the timestamp of :has_zone").kind == MP_VALUE_TIMESTAMPTZ);
  return 1;
}

static int l_is_finite(lua_State *L) {
  const mp_value value = self(L, "the timestamp of :is_finite");
  lua_pushboolean(L, is_finite(&value));
  return 1;
}

static int l_unix(lua_State *L) {
  const mp_value value = self(L, "the timestamp of :unix");
  if (is_finite(&value)) {
    lua_pushnumber(L, ((double)value.as.integer - (double)EPOCH_1970) / (double)SECOND_US);
  } else {
    lua_pushnumber(L, value.as.integer > 0 ? HUGE_VAL : -HUGE_VAL);
  }
  return 1;
}

static int l_unix_microseconds(lua_State *L) {
  const mp_value value = self(L, "the timestamp of :unix_microseconds");
  int64_t microseconds;
  if (!is_finite(&value) || __builtin_sub_overflow(value.as.integer, EPOCH_1970, &microseconds)) {
    return mpb_usage(L, "ask :unix() for a float",
                     "the timestamp is out of the range of integer microseconds since 1970");
  }
  lua_pushinteger(L, microseconds);
  return 1;
}

/* Fields are those of UTC; infinity has none. */
static int l_index(lua_State *L) {
  if (mpb_push_method(L)) return 1;
  const mp_value value = self(L, "the timestamp");
  if (!is_finite(&value)) return 0;
  mp_calendar calendar;
  mp_calendar_from_timestamp(value.as.integer, &calendar);
  return mpb_push_calendar_field(L, 2, MPB_FIELDS_DATE | MPB_FIELDS_TIME, &calendar);
}

void mpb_open_timestamp(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg methods[] = {
      {"has_zone", l_has_zone},
      {"is_finite", l_is_finite},
      {"unix", l_unix},
      {"unix_microseconds", l_unix_microseconds},
      {NULL, NULL},
  };
  static const luaL_Reg functions[] = {{"now", l_now}, {"without_zone", l_without_zone}, {NULL, NULL}};
  mpb_new_kind(L, runtime, MP_VALUE_TIMESTAMPTZ, "mp.timestamp", mpb_time_metamethods, methods, l_index);
  mpb_new_kind(L, runtime, MP_VALUE_TIMESTAMP, "mp.timestamp.without_zone", mpb_time_metamethods, methods, l_index);
  mpb_new_class(L, runtime, "timestamp", MP_VALUE_TIMESTAMPTZ, l_new, functions);
  mpb_push_time(L, MP_VALUE_TIMESTAMPTZ, INT64_MAX);
  lua_setfield(L, -2, "infinity");
  mpb_push_time(L, MP_VALUE_TIMESTAMPTZ, INT64_MIN);
  lua_setfield(L, -2, "minus_infinity");
  lua_pop(L, 1);
}
