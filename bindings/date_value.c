/* mp.date: a day of the calendar. */
#include "base/clock.h"
#include "value_types.h"

#define DAYS_TO_2000 10957 /* from 1970-01-01 */

static int64_t self(lua_State *L, const char *method) {
  if (!mpb_is_kind(L, 1, MP_VALUE_DATE)) mpb_wrong_type(L, 1, method, "an mp.date (is it called with a colon?)");
  return *(const int64_t *)lua_touserdata(L, 1);
}

static bool is_finite(int64_t days) {
  return days != INT32_MIN && days != INT32_MAX;
}

static int l_new(lua_State *L) {
  int32_t days;
  bool ok;
  lua_settop(L, 2);
  if (mpb_is_kind(L, 2, MP_VALUE_DATE)) return 1;
  if (lua_type(L, 2) == LUA_TSTRING) {
    size_t size;
    const char *text = lua_tolstring(L, 2, &size);
    ok = mp_date_parse(text, size, &days, mpb_error_slot(L));
  } else if (lua_istable(L, 2)) {
    mp_calendar calendar;
    mpb_calendar_from_table(L, 2, "mp.date", MPB_FIELDS_DATE, &calendar);
    ok = mp_calendar_to_date(&calendar, &days, mpb_error_slot(L));
  } else {
    return mpb_wrong_type(L, 2, "mp.date", "a string such as \"2026-11-24\", or { year = 2026, month = 11, day = 24 }");
  }
  if (!ok) return mpb_raise(L);
  mpb_push_time(L, MP_VALUE_DATE, days);
  return 1;
}

/* Of UTC, whatever the machine's zone. */
static int l_today(lua_State *L) {
  mpb_push_time(L, MP_VALUE_DATE, mp_clock_wall_us() / MP_TIME_DAY_US - DAYS_TO_2000);
  return 1;
}

static int l_is_finite(lua_State *L) {
  lua_pushboolean(L, is_finite(self(L, "the date of :is_finite")));
  return 1;
}

static int l_index(lua_State *L) {
  if (mpb_push_method(L)) return 1;
  const int64_t days = self(L, "the date");
  if (!is_finite(days)) return 0;
  mp_calendar calendar;
  mp_calendar_from_date((int32_t)days, &calendar);
  return mpb_push_calendar_field(L, 2, MPB_FIELDS_DATE, &calendar);
}

void mpb_open_date(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg methods[] = {{"is_finite", l_is_finite}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"today", l_today}, {NULL, NULL}};
  mpb_new_kind(L, runtime, MP_VALUE_DATE, "mp.date", mpb_time_metamethods, methods, l_index);
  mpb_new_class(L, runtime, "date", MP_VALUE_DATE, l_new, functions);
  mpb_push_time(L, MP_VALUE_DATE, INT32_MAX);
  lua_setfield(L, -2, "infinity");
  mpb_push_time(L, MP_VALUE_DATE, INT32_MIN);
  lua_setfield(L, -2, "minus_infinity");
  lua_pop(L, 1);
}
