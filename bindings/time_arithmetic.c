/* The operators of timestamps, dates, times of day and intervals. Lua calls the first operand's metamethod whichever
 * kind the second is, so all four kinds have the same ones, and each looks at both operands. */
#include "value_types.h"

/* ---- operands ---- */

/* One of our values or an integer; anything else has kind NULL. */
static mp_value operand(lua_State *L, int index) {
  mp_value value = {.kind = MP_VALUE_NULL};
  if (lua_isinteger(L, index)) {
    value.kind = MP_VALUE_INTEGER;
    value.as.integer = lua_tointeger(L, index);
  } else {
    mpb_value_at(L, index, &value);
  }
  return value;
}

static bool is_timestamp(const mp_value *value) {
  return value->kind == MP_VALUE_TIMESTAMPTZ || value->kind == MP_VALUE_TIMESTAMP;
}

static bool is_infinite(const mp_value *value) {
  int64_t integer = value->as.integer;
  if (value->kind == MP_VALUE_DATE) return integer == INT32_MIN || integer == INT32_MAX;
  return integer == INT64_MIN || integer == INT64_MAX;
}

static const char *hint_for(const mp_value *a, const mp_value *b) {
  if (is_timestamp(a) && is_timestamp(b)) return "two timestamps must both have a zone, or both none";
  if (is_timestamp(a) || is_timestamp(b)) return "add or subtract an mp.interval, such as mp.interval{ hours = 1 }";
  if (a->kind == MP_VALUE_DATE || b->kind == MP_VALUE_DATE) return "add or subtract an integer: days";
  return NULL;
}

static int refuse(lua_State *L, const char *sign, const mp_value *a, const mp_value *b) {
  return mpb_usage(L, hint_for(a, b), "%s %s %s is not possible", mpb_type_name(L, 1), sign, mpb_type_name(L, 2));
}

static int out_of_range(lua_State *L, const char *what) {
  return mpb_usage(L, NULL, "the result is out of the range of %s", what);
}

/* ---- intervals ---- */

static int push_interval(lua_State *L, bool overflow, mp_interval interval) {
  if (overflow) return out_of_range(L, "intervals");
  mpb_push_copy(L, MP_VALUE_INTERVAL, &interval, sizeof interval);
  return 1;
}

static bool negate(mp_interval *interval) {
  bool overflow = __builtin_sub_overflow(0, interval->months, &interval->months);
  overflow |= __builtin_sub_overflow(0, interval->days, &interval->days);
  return overflow | __builtin_sub_overflow(0, interval->microseconds, &interval->microseconds);
}

static int add_intervals(lua_State *L, mp_interval a, const mp_interval *b) {
  bool overflow = __builtin_add_overflow(a.months, b->months, &a.months);
  overflow |= __builtin_add_overflow(a.days, b->days, &a.days);
  overflow |= __builtin_add_overflow(a.microseconds, b->microseconds, &a.microseconds);
  return push_interval(L, overflow, a);
}

static int multiply_interval(lua_State *L, mp_interval interval, int64_t factor) {
  bool overflow = __builtin_mul_overflow(interval.months, factor, &interval.months);
  overflow |= __builtin_mul_overflow(interval.days, factor, &interval.days);
  overflow |= __builtin_mul_overflow(interval.microseconds, factor, &interval.microseconds);
  return push_interval(L, overflow, interval);
}

/* ---- timestamps and dates ---- */

static int add_to_timestamp(lua_State *L, const mp_value *timestamp, const mp_interval *interval) {
  int64_t sum;
  if (!mp_timestamp_add(timestamp->as.integer, interval, &sum, mpb_error_slot(L))) return mpb_raise(L);
  mpb_push_time(L, timestamp->kind, sum);
  return 1;
}

/* Whole days and the rest, as the server has it; months would have no fixed length. */
static int subtract_timestamps(lua_State *L, const mp_value *a, const mp_value *b) {
  int64_t difference;
  if (is_infinite(a) || is_infinite(b)) return mpb_usage(L, NULL, "infinite timestamps cannot be subtracted");
  if (__builtin_sub_overflow(a->as.integer, b->as.integer, &difference)) return out_of_range(L, "intervals");
  mp_interval interval = {.days = (int32_t)(difference / MP_TIME_DAY_US), .microseconds = difference % MP_TIME_DAY_US};
  return push_interval(L, false, interval);
}

/* The calendar's way there and back is the range check. */
static int add_to_date(lua_State *L, const mp_value *date, int64_t days) {
  int64_t sum = date->as.integer;
  if (!is_infinite(date)) {
    mp_calendar calendar;
    int32_t checked;
    if (__builtin_add_overflow(sum, days, &sum) || sum <= INT32_MIN || sum >= INT32_MAX)
      return out_of_range(L, "dates");
    mp_calendar_from_date((int32_t)sum, &calendar);
    if (!mp_calendar_to_date(&calendar, &checked, NULL)) return out_of_range(L, "dates");
  }
  mpb_push_time(L, MP_VALUE_DATE, sum);
  return 1;
}

static int subtract_dates(lua_State *L, const mp_value *a, const mp_value *b) {
  if (is_infinite(a) || is_infinite(b)) return mpb_usage(L, NULL, "infinite dates cannot be subtracted");
  lua_pushinteger(L, a->as.integer - b->as.integer);
  return 1;
}

/* ---- operators ---- */

static int l_add(lua_State *L) {
  mp_value a = operand(L, 1);
  mp_value b = operand(L, 2);
  if (is_timestamp(&a) && b.kind == MP_VALUE_INTERVAL) return add_to_timestamp(L, &a, &b.as.interval);
  if (a.kind == MP_VALUE_INTERVAL && is_timestamp(&b)) return add_to_timestamp(L, &b, &a.as.interval);
  if (a.kind == MP_VALUE_INTERVAL && b.kind == MP_VALUE_INTERVAL)
    return add_intervals(L, a.as.interval, &b.as.interval);
  if (a.kind == MP_VALUE_DATE && b.kind == MP_VALUE_INTEGER) return add_to_date(L, &a, b.as.integer);
  if (a.kind == MP_VALUE_INTEGER && b.kind == MP_VALUE_DATE) return add_to_date(L, &b, a.as.integer);
  return refuse(L, "+", &a, &b);
}

static int l_subtract(lua_State *L) {
  mp_value a = operand(L, 1);
  mp_value b = operand(L, 2);
  if (is_timestamp(&a) && a.kind == b.kind) return subtract_timestamps(L, &a, &b);
  if (a.kind == MP_VALUE_DATE && b.kind == MP_VALUE_DATE) return subtract_dates(L, &a, &b);
  if (a.kind == MP_VALUE_DATE && b.kind == MP_VALUE_INTEGER) {
    int64_t days;
    if (__builtin_sub_overflow(0, b.as.integer, &days)) return out_of_range(L, "dates");
    return add_to_date(L, &a, days);
  }
  bool has_interval = b.kind == MP_VALUE_INTERVAL && (is_timestamp(&a) || a.kind == MP_VALUE_INTERVAL);
  if (!has_interval) return refuse(L, "-", &a, &b);
  if (negate(&b.as.interval)) return out_of_range(L, "intervals");
  if (a.kind == MP_VALUE_INTERVAL) return add_intervals(L, a.as.interval, &b.as.interval);
  return add_to_timestamp(L, &a, &b.as.interval);
}

static int l_multiply(lua_State *L) {
  mp_value a = operand(L, 1);
  mp_value b = operand(L, 2);
  if (a.kind == MP_VALUE_INTERVAL && b.kind == MP_VALUE_INTEGER)
    return multiply_interval(L, a.as.interval, b.as.integer);
  if (a.kind == MP_VALUE_INTEGER && b.kind == MP_VALUE_INTERVAL)
    return multiply_interval(L, b.as.interval, a.as.integer);
  return refuse(L, "*", &a, &b);
}

static int l_negate(lua_State *L) {
  mp_value value = operand(L, 1);
  if (value.kind != MP_VALUE_INTERVAL) return mpb_usage(L, NULL, "%s has no negative", mpb_type_name(L, 1));
  bool overflow = negate(&value.as.interval);
  return push_interval(L, overflow, value.as.interval);
}

static int compare(const mp_value *a, const mp_value *b) {
  if (a->kind == MP_VALUE_INTERVAL) return mp_interval_compare(&a->as.interval, &b->as.interval);
  return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
}

static int l_equal(lua_State *L) {
  mp_value a = operand(L, 1);
  mp_value b = operand(L, 2);
  lua_pushboolean(L, a.kind == b.kind && compare(&a, &b) == 0);
  return 1;
}

static int compare_ordered(lua_State *L) {
  mp_value a = operand(L, 1);
  mp_value b = operand(L, 2);
  if (a.kind == b.kind) return compare(&a, &b);
  const char *hint = is_timestamp(&a) && is_timestamp(&b) ? hint_for(&a, &b) : NULL;
  return mpb_usage(L, hint, "%s and %s cannot be compared", mpb_type_name(L, 1), mpb_type_name(L, 2));
}

static int l_less(lua_State *L) {
  lua_pushboolean(L, compare_ordered(L) < 0);
  return 1;
}

static int l_less_or_equal(lua_State *L) {
  lua_pushboolean(L, compare_ordered(L) <= 0);
  return 1;
}

const luaL_Reg mpb_time_metamethods[] = {
    {"__add", l_add},  {"__sub", l_subtract}, {"__mul", l_multiply},     {"__unm", l_negate},
    {"__eq", l_equal}, {"__lt", l_less},      {"__le", l_less_or_equal}, {NULL, NULL},
};
