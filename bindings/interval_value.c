/* mp.interval: months, days and microseconds, kept apart as the server keeps them, since neither a month nor a day has
 * a fixed length. */
#include <math.h>
#include <string.h>

#include "value_types.h"

/* What a script may give, and what it counts in. */
typedef struct unit {
  const char *name;
  enum { MONTHS, DAYS, MICROSECONDS } part;
  int64_t size;
} unit;

static const unit units[] = {
    {"years", MONTHS, 12},
    {"months", MONTHS, 1},
    {"weeks", DAYS, 7},
    {"days", DAYS, 1},
    {"hours", MICROSECONDS, INT64_C(3600000000)},
    {"minutes", MICROSECONDS, 60000000},
    {"seconds", MICROSECONDS, 1000000},
    {"microseconds", MICROSECONDS, 1},
};
#define UNIT_NAMES "years, months, weeks, days, hours, minutes, seconds, microseconds"

static const unit *unit_of_key(lua_State *L, int key) {
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    if (lua_type(L, key) == LUA_TSTRING && strcmp(lua_tostring(L, key), units[i].name) == 0) return &units[i];
  }
  return NULL;
}

/* Only seconds may have a fraction, since only they are counted in something smaller without a doubt. */
static bool amount(lua_State *L, int index, const unit *in, int64_t *out) {
  int exact = 0;
  if (lua_type(L, index) != LUA_TNUMBER) return false;
  const lua_Integer whole = lua_tointegerx(L, index, &exact);
  if (exact) return !__builtin_mul_overflow(whole, in->size, out);
  const double product = lua_tonumber(L, index) * (double)in->size;
  if (in->size != 1000000 || !(fabs(product) < 0x1p63)) return false;
  *out = llround(product);
  return true;
}

static bool add_part(mp_interval *interval, const unit *in, int64_t value) {
  switch (in->part) {
  case MONTHS: return !__builtin_add_overflow(interval->months, value, &interval->months);
  case DAYS: return !__builtin_add_overflow(interval->days, value, &interval->days);
  case MICROSECONDS: return !__builtin_add_overflow(interval->microseconds, value, &interval->microseconds);
  }
  return false;
}

static mp_interval from_table(lua_State *L, int index) {
  mp_interval interval = {0};
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    const unit *in = unit_of_key(L, -2);
    int64_t value;
    if (in == NULL) {
      lua_pushvalue(L, -2);
      mpb_usage(L, NULL, "mp.interval has no field %s; its fields are " UNIT_NAMES, luaL_tolstring(L, -1, NULL));
    } else if (!amount(L, -1, in, &value) || !add_part(&interval, in, value)) {
      mpb_usage(L, NULL, "%s of mp.interval is %s; expected an integer within its range%s", in->name,
                luaL_tolstring(L, -1, NULL), in->size == 1000000 ? ", or a float" : "");
    }
    lua_pop(L, 1);
  }
  return interval;
}

static int l_new(lua_State *L) {
  mp_interval interval;
  lua_settop(L, 2);
  if (mpb_is_kind(L, 2, MP_VALUE_INTERVAL)) return 1;
  if (lua_type(L, 2) == LUA_TSTRING) {
    size_t size;
    const char *text = lua_tolstring(L, 2, &size);
    if (!mp_interval_parse(text, size, MP_INTERVAL_POSTGRES, &interval, mpb_error_slot(L))) return mpb_raise(L);
  } else if (lua_istable(L, 2)) {
    interval = from_table(L, 2);
  } else {
    return mpb_wrong_type(L, 2, "mp.interval", "a string such as \"1 day 02:00\", or { days = 1, hours = 2 }");
  }
  mpb_push_copy(L, MP_VALUE_INTERVAL, &interval, sizeof interval);
  return 1;
}

/* The three parts as they are kept. */
static int l_index(lua_State *L) {
  if (mpb_push_method(L)) return 1;
  if (!mpb_is_kind(L, 1, MP_VALUE_INTERVAL)) return mpb_wrong_type(L, 1, "the interval", "an mp.interval");
  const mp_interval *interval = lua_touserdata(L, 1);
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(name, "months") == 0) {
    lua_pushinteger(L, interval->months);
  } else if (strcmp(name, "days") == 0) {
    lua_pushinteger(L, interval->days);
  } else if (strcmp(name, "microseconds") == 0) {
    lua_pushinteger(L, interval->microseconds);
  } else {
    lua_pushnil(L);
  }
  return 1;
}

void mpb_open_interval(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg nothing[] = {{NULL, NULL}};
  mpb_new_kind(L, runtime, MP_VALUE_INTERVAL, "mp.interval", mpb_time_metamethods, nothing, l_index);
  mpb_new_class(L, runtime, "interval", MP_VALUE_INTERVAL, l_new, nothing);
  lua_pop(L, 1);
}
