/* mp.time: a time of day, from 00:00:00 to 24:00:00. */
#include "value_types.h"

static int64_t self(lua_State *L) {
  if (!mpb_is_kind(L, 1, MP_VALUE_TIME)) mpb_wrong_type(L, 1, "the time", "an mp.time");
  return *(const int64_t *)lua_touserdata(L, 1);
}

/* A time of day is judged as that of a day that has nothing special about it. */
static bool from_table(lua_State *L, int index, int64_t *microseconds, mp_error **error) {
  mp_calendar calendar;
  mpb_calendar_from_table(L, index, "mp.time", MPB_FIELDS_TIME, &calendar);
  calendar.year = 2000;
  calendar.month = calendar.day = 1;
  return mp_calendar_to_timestamp(&calendar, microseconds, error);
}

static int l_new(lua_State *L) {
  int64_t microseconds;
  bool ok;
  lua_settop(L, 2);
  if (mpb_is_kind(L, 2, MP_VALUE_TIME)) return 1;
  if (lua_type(L, 2) == LUA_TSTRING) {
    size_t size;
    const char *text = lua_tolstring(L, 2, &size);
    ok = mp_time_parse(text, size, &microseconds, mpb_error_slot(L));
  } else if (lua_istable(L, 2)) {
    ok = from_table(L, 2, &microseconds, mpb_error_slot(L));
  } else {
    return mpb_wrong_type(L, 2, "mp.time", "a string such as \"18:39:19\", or { hour = 18, min = 39, sec = 19 }");
  }
  if (!ok) return mpb_raise(L);
  mpb_push_time(L, MP_VALUE_TIME, microseconds);
  return 1;
}

/* The end of the day is hour 24, which no calendar would say. */
static int l_index(lua_State *L) {
  if (mpb_push_method(L)) return 1;
  const int64_t microseconds = self(L);
  mp_calendar calendar;
  mp_calendar_from_timestamp(microseconds, &calendar);
  if (microseconds == MP_TIME_DAY_US) calendar.hour = 24;
  return mpb_push_calendar_field(L, 2, MPB_FIELDS_TIME, &calendar);
}

void mpb_open_time(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg nothing[] = {{NULL, NULL}};
  mpb_new_kind(L, runtime, MP_VALUE_TIME, "mp.time", mpb_time_metamethods, nothing, l_index);
  mpb_new_class(L, runtime, "time", MP_VALUE_TIME, l_new, nothing);
  lua_pop(L, 1);
}
