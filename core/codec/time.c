/* timestamptz, timestamp, date and time: ISO 8601 and the server's own text form, read and written, and the binary
 * forms, which count from 2000-01-01. timetz is a text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/internal.h"
#include "codec/time.h"

typedef struct cursor {
  const char *at, *end;
} cursor;

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool take(cursor *text, char c) {
  if (text->at == text->end || *text->at != c) return false;
  text->at++;
  return true;
}

/* Takes from `least` to `most` digits. */
static bool take_number(cursor *text, int least, int most, int *out) {
  int count = 0;
  int number = 0;
  while (count < most && text->at < text->end && is_digit(*text->at)) {
    number = number * 10 + (*text->at++ - '0');
    count++;
  }
  *out = number;
  return count >= least;
}

static cursor trimmed(const char *text, size_t size) {
  cursor all = {text, text + size};
  while (all.at < all.end && *all.at == ' ')
    all.at++;
  while (all.end > all.at && all.end[-1] == ' ')
    all.end--;
  return all;
}

/* -1, 1 for "-infinity", "infinity"; 0 for anything else. */
static int infinity(const cursor *text) {
  size_t size = (size_t)(text->end - text->at);
  if (size == 8 && memcmp(text->at, "infinity", 8) == 0) return 1;
  return size == 9 && memcmp(text->at, "-infinity", 9) == 0 ? -1 : 0;
}

static const char *read_date(cursor *text, mp_calendar *out) {
  enum { YEAR_DIGITS = 7 };
  int year;
  bool ok = take_number(text, 4, YEAR_DIGITS, &year) && take(text, '-') && take_number(text, 2, 2, &out->month) &&
            take(text, '-') && take_number(text, 2, 2, &out->day);
  out->year = year;
  return ok ? NULL : "a date is written YYYY-MM-DD";
}

/* Digits past the microsecond are rounded. */
static const char *read_fraction(cursor *text, mp_calendar *out) {
  if (!take(text, '.') && !take(text, ',')) return NULL;
  int unit = 100000;
  bool any = false;
  int rounding = 0;
  for (; text->at < text->end && is_digit(*text->at); text->at++) {
    int digit = *text->at - '0';
    out->microsecond += digit * unit;
    if (unit == 0 && rounding == 0) rounding = digit >= 5 ? 1 : -1;
    unit /= 10;
    any = true;
  }
  if (!any) return "digits must follow the decimal point";
  if (rounding == 1) out->microsecond++;
  if (out->microsecond < 1000000) return NULL;
  out->microsecond = 0;
  out->second++;
  return NULL;
}

static const char *read_time(cursor *text, mp_calendar *out) {
  bool ok = take_number(text, 2, 2, &out->hour) && take(text, ':') && take_number(text, 2, 2, &out->minute);
  if (!ok) return "a time is written HH:MM:SS";
  if (!take(text, ':')) return NULL;
  if (!take_number(text, 2, 2, &out->second)) return "a time is written HH:MM:SS";
  return read_fraction(text, out);
}

/* "Z", "+02", "+0530", "+05:30", "+05:30:15". *found says whether there was one. */
static const char *read_offset(cursor *text, mp_calendar *out, bool *found) {
  *found = true;
  if (take(text, 'Z') || take(text, 'z')) return NULL;
  bool west = text->at < text->end && *text->at == '-';
  if (!take(text, '+') && !take(text, '-')) {
    *found = false;
    return NULL;
  }
  int hours = 0;
  int minutes = 0;
  int seconds = 0;
  bool ok = take_number(text, 2, 2, &hours);
  if (ok && (take(text, ':') || (text->at < text->end && is_digit(*text->at)))) {
    ok = take_number(text, 2, 2, &minutes);
    if (ok && take(text, ':')) ok = take_number(text, 2, 2, &seconds);
  }
  if (!ok || minutes > 59 || seconds > 59) return "an offset is written +HH:MM";
  int offset = hours * 3600 + minutes * 60 + seconds;
  out->offset_seconds = west ? -offset : offset;
  return NULL;
}

static void read_era(cursor *text, mp_calendar *out) {
  if (text->end - text->at != 3 || memcmp(text->at, " BC", 3) != 0) return;
  text->at += 3;
  out->year = 1 - out->year;
}

static const char *read_moment(cursor *text, bool with_zone, mp_calendar *out) {
  const char *wrong = read_date(text, out);
  if (wrong != NULL) return wrong;
  bool year_zero = out->year == 0;
  bool has_time = (text->end - text->at > 1 && *text->at == ' ' && is_digit(text->at[1])) ||
                  (text->at < text->end && (*text->at == 'T' || *text->at == 't'));
  if (has_time) {
    text->at++;
    wrong = read_time(text, out);
    if (wrong != NULL) return wrong;
  }
  bool has_offset;
  wrong = read_offset(text, out, &has_offset);
  if (wrong != NULL) return wrong;
  read_era(text, out);
  if (text->at != text->end) return "something follows the time";
  if (year_zero) return "there is no year 0: before 1 came 1 BC";
  if (with_zone && !has_offset) return "it has no offset from UTC";
  return !with_zone && has_offset ? "it has an offset from UTC, which this type does not keep" : NULL;
}

static const char *timestamp_of(const mp_calendar *calendar, int64_t *microseconds) {
  return mp_calendar_to_timestamp(calendar, microseconds, NULL) ? NULL : "there is no such day or time";
}

const char *mp__timestamp_read(const char *data, size_t size, bool with_zone, int64_t *microseconds) {
  cursor text = trimmed(data, size);
  int sign = infinity(&text);
  if (sign != 0) {
    *microseconds = sign > 0 ? INT64_MAX : INT64_MIN;
    return NULL;
  }
  mp_calendar calendar = {0};
  const char *wrong = read_moment(&text, with_zone, &calendar);
  return wrong != NULL ? wrong : timestamp_of(&calendar, microseconds);
}

const char *mp__date_read(const char *data, size_t size, int32_t *days) {
  cursor text = trimmed(data, size);
  int sign = infinity(&text);
  if (sign != 0) {
    *days = sign > 0 ? INT32_MAX : INT32_MIN;
    return NULL;
  }
  mp_calendar calendar = {0};
  const char *wrong = read_date(&text, &calendar);
  if (wrong != NULL) return wrong;
  if (calendar.year == 0) return "there is no year 0: before 1 came 1 BC";
  read_era(&text, &calendar);
  if (text.at != text.end) return "something follows the date";
  return mp_calendar_to_date(&calendar, days, NULL) ? NULL : "there is no such day";
}

const char *mp__time_read(const char *data, size_t size, int64_t *microseconds) {
  cursor text = trimmed(data, size);
  mp_calendar calendar = {.year = 2000, .month = 1, .day = 1};
  const char *wrong = read_time(&text, &calendar);
  if (wrong != NULL) return wrong;
  if (text.at != text.end) return "something follows the time";
  return timestamp_of(&calendar, microseconds);
}

static bool refuse(const char *text, size_t size, const char *type, const char *wrong, const char *hint,
                   mp_error **error) {
  mp_error_set(error, MP_ERROR_USAGE, "\"%.*s\" is not a %s: %s", mp__shown(text, size), text, type, wrong);
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, hint);
  return false;
}

bool mp_timestamp_parse(const char *text, size_t size, bool with_zone, int64_t *microseconds, mp_error **error) {
  const char *wrong = mp__timestamp_read(text, size, with_zone, microseconds);
  if (wrong == NULL) return true;
  return with_zone ? refuse(text, size, "timestamp with time zone", wrong,
                            "write it as 2026-11-24T18:39:19.5Z, or with +02:00", error)
                   : refuse(text, size, "timestamp", wrong, "write it as 2026-11-24T18:39:19.5", error);
}

bool mp_date_parse(const char *text, size_t size, int32_t *days, mp_error **error) {
  const char *wrong = mp__date_read(text, size, days);
  return wrong == NULL || refuse(text, size, "date", wrong, "write it as 2026-11-24", error);
}

bool mp_time_parse(const char *text, size_t size, int64_t *microseconds, mp_error **error) {
  const char *wrong = mp__time_read(text, size, microseconds);
  return wrong == NULL || refuse(text, size, "time", wrong, "write it as 18:39:19.5", error);
}

/* ---- writing ---- */

static bool add_infinity(bool positive, bool negative, mp_buffer *out) {
  if (positive || negative) mp_buffer_adds(out, positive ? "infinity" : "-infinity");
  return positive || negative;
}

static void add_date(const mp_calendar *calendar, mp_buffer *out) {
  long long year = calendar->year > 0 ? calendar->year : 1 - calendar->year;
  char text[48];
  int size = snprintf(text, sizeof text, "%04lld-%02d-%02d", year, calendar->month, calendar->day);
  mp_buffer_add(out, text, (size_t)size);
}

static void add_time(int hour, int minute, int second, int microsecond, mp_buffer *out) {
  char text[64];
  int size = snprintf(text, sizeof text, "%02d:%02d:%02d", hour, minute, second);
  if (microsecond != 0) {
    size += snprintf(text + size, sizeof text - (size_t)size, ".%06d", microsecond);
    while (text[size - 1] == '0')
      size--;
  }
  mp_buffer_add(out, text, (size_t)size);
}

static void add_era(const mp_calendar *calendar, mp_buffer *out) {
  if (calendar->year <= 0) mp_buffer_adds(out, " BC");
}

void mp_timestamp_format(int64_t microseconds, bool with_zone, mp_buffer *out) {
  if (add_infinity(microseconds == INT64_MAX, microseconds == INT64_MIN, out)) return;
  mp_calendar calendar;
  mp_calendar_from_timestamp(microseconds, &calendar);
  add_date(&calendar, out);
  mp_buffer_addc(out, 'T');
  add_time(calendar.hour, calendar.minute, calendar.second, calendar.microsecond, out);
  if (with_zone) mp_buffer_addc(out, 'Z');
  add_era(&calendar, out);
}

void mp_date_format(int32_t days, mp_buffer *out) {
  if (add_infinity(days == INT32_MAX, days == INT32_MIN, out)) return;
  mp_calendar calendar;
  mp_calendar_from_date(days, &calendar);
  add_date(&calendar, out);
  add_era(&calendar, out);
}

void mp_time_format(int64_t microseconds, mp_buffer *out) {
  int seconds = (int)(microseconds / 1000000);
  add_time(seconds / 3600, seconds / 60 % 60, seconds % 60, (int)(microseconds % 1000000), out);
}

/* ---- the codecs ---- */

static bool give(mp_value_kind kind, int64_t integer, mp_value *out) {
  out->kind = kind;
  out->as.integer = integer;
  return true;
}

MP__DECODE(mp__timestamptz_from_text) {
  int64_t microseconds;
  const char *wrong = mp__timestamp_read(data, size, true, &microseconds);
  if (wrong != NULL) return mp__decode_error(codec, error, "%s", wrong);
  return give(MP_VALUE_TIMESTAMPTZ, microseconds, out);
}

MP__DECODE(mp__timestamp_from_text) {
  int64_t microseconds;
  const char *wrong = mp__timestamp_read(data, size, false, &microseconds);
  if (wrong != NULL) return mp__decode_error(codec, error, "%s", wrong);
  return give(MP_VALUE_TIMESTAMP, microseconds, out);
}

MP__DECODE(mp__timestamp_from_binary) {
  if (size != 8) return mp__decode_size_error(codec, error, size, 8);
  int64_t microseconds = (int64_t)mp_get64(data);
  if (!mp__timestamp_in_range(microseconds)) return mp__decode_error(codec, error, "out of its range");
  return give(codec->kind, microseconds, out);
}

MP__DECODE(mp__date_from_text) {
  int32_t days;
  const char *wrong = mp__date_read(data, size, &days);
  if (wrong != NULL) return mp__decode_error(codec, error, "%s", wrong);
  return give(MP_VALUE_DATE, days, out);
}

MP__DECODE(mp__date_from_binary) {
  if (size != 4) return mp__decode_size_error(codec, error, size, 4);
  int32_t days = (int32_t)mp_get32(data);
  if (!mp__date_in_range(days)) return mp__decode_error(codec, error, "out of its range");
  return give(MP_VALUE_DATE, days, out);
}

MP__DECODE(mp__time_from_text) {
  int64_t microseconds;
  const char *wrong = mp__time_read(data, size, &microseconds);
  if (wrong != NULL) return mp__decode_error(codec, error, "%s", wrong);
  return give(MP_VALUE_TIME, microseconds, out);
}

MP__DECODE(mp__time_from_binary) {
  if (size != 8) return mp__decode_size_error(codec, error, size, 8);
  int64_t microseconds = (int64_t)mp_get64(data);
  if (microseconds < 0 || microseconds > MP_TIME_DAY_US) return mp__decode_error(codec, error, "out of its range");
  return give(MP_VALUE_TIME, microseconds, out);
}

/* "+02", "-03:30", "+00:19:32"; the server counts westwards. */
static void add_offset(int west, mp_buffer *out) {
  int seconds = abs(west);
  mp_buffer_addf(out, "%c%02d", west > 0 ? '-' : '+', seconds / 3600);
  if (seconds % 3600 != 0) mp_buffer_addf(out, ":%02d", seconds / 60 % 60);
  if (seconds % 60 != 0) mp_buffer_addf(out, ":%02d", seconds % 60);
}

MP__DECODE(mp__timetz_from_binary) {
  enum { MOST_WEST = 16 * 3600 };
  if (size != 12) return mp__decode_size_error(codec, error, size, 12);
  int64_t microseconds = (int64_t)mp_get64(data);
  int32_t west = (int32_t)mp_get32(data + 8);
  bool ok = microseconds >= 0 && microseconds <= MP_TIME_DAY_US && west > -MOST_WEST && west < MOST_WEST;
  if (!ok) return mp__decode_error(codec, error, "out of its range");
  mp_time_format(microseconds, scratch);
  add_offset(west, scratch);
  return mp__give_text(scratch, out, error);
}

MP__ENCODE(mp__int64_to_binary) {
  mp_buffer_add64(out, (uint64_t)value->as.integer);
  return mp__written(out, error);
}

MP__ENCODE(mp__date_to_binary) {
  mp_buffer_add32(out, (uint32_t)(int32_t)value->as.integer);
  return mp__written(out, error);
}
