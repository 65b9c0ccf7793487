/* Calendar arithmetic on the proleptic Gregorian calendar: days and microseconds to fields and back, within the
 * server's ranges. Days are counted in eras of 400 years that begin on 1 March, so that a leap day is the last of its
 * year. */
#include <assert.h>

#include "codec/internal.h"
#include "codec/time.h"

enum {
  ERA_YEARS = 400,
  ERA_DAYS = 146097,
  DAYS_TO_2000 = 730425, /* from 0000-03-01 to 2000-01-01 */
  FIRST_DAY = -2451545,  /* 4714-11-24 BC, day 0 of the Julian count */
  LAST_DAY = 2145031948, /* 5874897-12-31 */
};

#define SECOND_US       INT64_C(1000000)
#define FIRST_TIMESTAMP (FIRST_DAY * MP_TIME_DAY_US)
#define END_TIMESTAMP   INT64_C(9223371331200000000) /* 294277-01-01 */

static int64_t floor_div(int64_t value, int64_t by) {
  int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

int64_t mp__days_from_civil(int64_t year, int month, int day) {
  if (month <= 2) year--;
  int64_t era = floor_div(year, ERA_YEARS);
  int64_t year_of_era = year - era * ERA_YEARS;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * ERA_DAYS + day_of_era - DAYS_TO_2000;
}

static void civil_from_days(int64_t days, mp_calendar *out) {
  days += DAYS_TO_2000;
  int64_t era = floor_div(days, ERA_DAYS);
  int64_t day_of_era = days - era * ERA_DAYS;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
  out->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
  out->month = (int)(month < 10 ? month + 3 : month - 9);
  out->year = year_of_era + era * ERA_YEARS + (out->month <= 2 ? 1 : 0);
}

static bool is_leap(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_length(int64_t year, int month) {
  assert(month >= 1 && month <= 12);
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : lengths[month - 1];
}

bool mp__timestamp_in_range(int64_t microseconds) {
  if (microseconds == INT64_MIN || microseconds == INT64_MAX) return true;
  return microseconds >= FIRST_TIMESTAMP && microseconds < END_TIMESTAMP;
}

bool mp__date_in_range(int64_t days) {
  return days == INT32_MIN || days == INT32_MAX || (days >= FIRST_DAY && days <= LAST_DAY);
}

static const char *wrong_day(const mp_calendar *calendar) {
  enum { YEAR_LIMIT = 6000000 };
  if (calendar->year < -YEAR_LIMIT || calendar->year > YEAR_LIMIT) return "the year is out of range";
  if (calendar->month < 1 || calendar->month > 12) return "the month must be 1 to 12";
  if (calendar->day < 1 || calendar->day > month_length(calendar->year, calendar->month)) {
    return "the month does not have that day";
  }
  return NULL;
}

static const char *wrong_clock(const mp_calendar *calendar) {
  /* 24:00:00 is the end of a day, and second 60 the start of the next minute, as the server has it. */
  bool past_day = calendar->hour == 24 && (calendar->minute | calendar->second | calendar->microsecond) != 0;
  bool past_minute = calendar->second == 60 && calendar->microsecond > 0;
  if (calendar->hour < 0 || calendar->hour > 24 || past_day) return "the hour must be 0 to 24";
  if (calendar->minute < 0 || calendar->minute > 59) return "the minute must be 0 to 59";
  if (calendar->second < 0 || calendar->second > 60 || past_minute) return "the second must be 0 to 60";
  if (calendar->microsecond < 0 || calendar->microsecond > 999999) return "the microsecond must be 0 to 999999";
  return NULL;
}

static const char *wrong_offset(const mp_calendar *calendar) {
  enum { LIMIT = 16 * 3600 };
  bool within = calendar->offset_seconds > -LIMIT && calendar->offset_seconds < LIMIT;
  return within ? NULL : "the offset must be within 16 hours";
}

static const char *wrong_moment(const mp_calendar *calendar) {
  const char *wrong = wrong_day(calendar);
  if (wrong == NULL) wrong = wrong_clock(calendar);
  return wrong != NULL ? wrong : wrong_offset(calendar);
}

static bool refuse(mp_error **error, const char *wrong) {
  return mp_error_set(error, MP_ERROR_USAGE, "not a date and time: %s", wrong);
}

bool mp_calendar_to_timestamp(const mp_calendar *calendar, int64_t *microseconds, mp_error **error) {
  const char *wrong = wrong_moment(calendar);
  if (wrong != NULL) return refuse(error, wrong);
  int64_t days = mp__days_from_civil(calendar->year, calendar->month, calendar->day);
  if (days < FIRST_DAY - 1 || days > END_TIMESTAMP / MP_TIME_DAY_US) return refuse(error, "the year is out of range");
  int64_t seconds = calendar->hour * 3600 + calendar->minute * 60 + calendar->second - calendar->offset_seconds;
  int64_t within = seconds * SECOND_US + calendar->microsecond;
  int64_t timestamp;
  bool overflow = __builtin_add_overflow(days * MP_TIME_DAY_US, within, &timestamp);
  if (overflow || timestamp < FIRST_TIMESTAMP || timestamp >= END_TIMESTAMP) {
    return refuse(error, "the year is out of range");
  }
  *microseconds = timestamp;
  return true;
}

void mp_calendar_from_timestamp(int64_t microseconds, mp_calendar *calendar) {
  *calendar = (mp_calendar){0};
  int64_t days = floor_div(microseconds, MP_TIME_DAY_US);
  civil_from_days(days, calendar);
  int64_t seconds = floor_div(microseconds, SECOND_US);
  calendar->microsecond = (int)(microseconds - seconds * SECOND_US);
  int64_t second_of_day = seconds - days * 86400;
  calendar->hour = (int)(second_of_day / 3600);
  calendar->minute = (int)(second_of_day / 60 % 60);
  calendar->second = (int)(second_of_day % 60);
}

bool mp_calendar_to_date(const mp_calendar *calendar, int32_t *days, mp_error **error) {
  const char *wrong = wrong_day(calendar);
  if (wrong != NULL) return mp_error_set(error, MP_ERROR_USAGE, "not a date: %s", wrong);
  int64_t date = mp__days_from_civil(calendar->year, calendar->month, calendar->day);
  if (date < FIRST_DAY || date > LAST_DAY) {
    return mp_error_set(error, MP_ERROR_USAGE, "not a date: the year is out of range");
  }
  *days = (int32_t)date;
  return true;
}

void mp_calendar_from_date(int32_t days, mp_calendar *calendar) {
  *calendar = (mp_calendar){0};
  civil_from_days(days, calendar);
}

/* The same day of another month, or that month's last day. */
static void add_months(mp_calendar *calendar, int32_t months) {
  int64_t month = calendar->year * 12 + calendar->month - 1 + months;
  calendar->year = floor_div(month, 12);
  calendar->month = (int)(month - calendar->year * 12) + 1;
  int last = month_length(calendar->year, calendar->month);
  if (calendar->day > last) calendar->day = last;
}

static bool out_of_range(mp_error **error) {
  return mp_error_set(error, MP_ERROR_USAGE, "the timestamp is out of range: 4714-11-24 BC to 294276-12-31 is allowed");
}

bool mp_timestamp_add(int64_t microseconds, const mp_interval *interval, int64_t *out, mp_error **error) {
  if (microseconds == INT64_MIN || microseconds == INT64_MAX) {
    *out = microseconds;
    return true;
  }
  int64_t sum = microseconds;
  if (interval->months != 0) {
    mp_calendar calendar;
    mp_calendar_from_timestamp(sum, &calendar);
    add_months(&calendar, interval->months);
    if (!mp_calendar_to_timestamp(&calendar, &sum, NULL)) return out_of_range(error);
  }
  int64_t days_us;
  if (__builtin_mul_overflow(interval->days, MP_TIME_DAY_US, &days_us) || __builtin_add_overflow(sum, days_us, &sum) ||
      __builtin_add_overflow(sum, interval->microseconds, &sum)) {
    return out_of_range(error);
  }
  if (sum < FIRST_TIMESTAMP || sum >= END_TIMESTAMP) return out_of_range(error);
  *out = sum;
  return true;
}
