/* The fields of dates and times, named as os.date("*t") names them: read from a table, and given by name. */
#include <limits.h>
#include <string.h>

#include "value_types.h"

enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, MICROSECOND, OFFSET, FIELDS };

static const char *const names[FIELDS] = {"year", "month", "day", "hour", "min", "sec", "microsecond", "offset"};

static int find(const char *name, unsigned allowed) {
  for (int i = 0; i < FIELDS; i++) {
    if ((allowed >> i & 1) != 0 && strcmp(name, names[i]) == 0) return i;
  }
  return FIELDS;
}

static void name_allowed(unsigned allowed, char *to, size_t size) {
  size_t at = 0;
  to[0] = '\0';
  for (int i = 0; i < FIELDS; i++) {
    if ((allowed >> i & 1) == 0 || at + strlen(names[i]) + 3 > size) continue;
    if (at > 0) at += strlen(strcpy(to + at, ", "));
    at += strlen(strcpy(to + at, names[i]));
  }
}

/* The key of lua_next at -2 is a field's name, or that is an error. */
static int field_of_key(lua_State *L, const char *what, unsigned allowed) {
  int field = lua_type(L, -2) == LUA_TSTRING ? find(lua_tostring(L, -2), allowed) : FIELDS;
  if (field < FIELDS) return field;
  char list[128];
  name_allowed(allowed, list, sizeof list);
  lua_pushvalue(L, -2);
  mpb_usage(L, NULL, "%s has no field %s; its fields are %s", what, luaL_tolstring(L, -1, NULL), list);
  return FIELDS;
}

static int64_t integer_of_value(lua_State *L, const char *what, int field) {
  int exact = 0;
  lua_Integer value = lua_tointegerx(L, -1, &exact);
  if (exact && lua_type(L, -1) == LUA_TNUMBER && (field == YEAR || (value >= INT_MIN && value <= INT_MAX)))
    return value;
  lua_pushvalue(L, -1);
  const char *shown = lua_type(L, -1) == LUA_TNUMBER ? lua_tostring(L, -1) : mpb_type_name(L, -1);
  mpb_usage(L, NULL, "%s of %s is %s; expected an integer", names[field], what, shown);
  return 0;
}

void mpb_calendar_from_table(lua_State *L, int index, const char *what, unsigned allowed, mp_calendar *out) {
  int64_t values[FIELDS] = {0};
  unsigned found = 0;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    int field = field_of_key(L, what, allowed);
    values[field] = integer_of_value(L, what, field);
    found |= 1u << field;
    lua_pop(L, 1);
  }
  unsigned missing = allowed & MPB_FIELDS_DATE & ~found;
  if (missing != 0) mpb_usage(L, NULL, "%s needs the field %s", what, names[__builtin_ctz(missing)]);
  *out = (mp_calendar){
      .year = values[YEAR],
      .month = (int)values[MONTH],
      .day = (int)values[DAY],
      .hour = (int)values[HOUR],
      .minute = (int)values[MINUTE],
      .second = (int)values[SECOND],
      .microsecond = (int)values[MICROSECOND],
      .offset_seconds = (int)values[OFFSET],
  };
}

int mpb_push_calendar_field(lua_State *L, int key, unsigned allowed, const mp_calendar *calendar) {
  switch (lua_type(L, key) == LUA_TSTRING ? find(lua_tostring(L, key), allowed) : FIELDS) {
  case YEAR: lua_pushinteger(L, calendar->year); break;
  case MONTH: lua_pushinteger(L, calendar->month); break;
  case DAY: lua_pushinteger(L, calendar->day); break;
  case HOUR: lua_pushinteger(L, calendar->hour); break;
  case MINUTE: lua_pushinteger(L, calendar->minute); break;
  case SECOND: lua_pushinteger(L, calendar->second); break;
  case MICROSECOND: lua_pushinteger(L, calendar->microsecond); break;
  default: lua_pushnil(L); break;
  }
  return 1;
}
