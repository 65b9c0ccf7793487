/* interval: read in the server's four styles, written as an ISO 8601 duration, which the server reads the same under
 * any IntervalStyle. Months, days and microseconds are kept apart, as the server keeps them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "codec/internal.h"
#include "codec/time.h"

#define SECOND_US INT64_C(1000000)
#define MICRO     INT64_C(1000000) /* a fraction is counted in millionths */

enum { DAY_SECONDS = 86400, MONTH_DAYS = 30 };

typedef struct cursor {
  const char *at, *end;
} cursor;

/* A number with its sign apart, so that "-0.5" and "-0-3" keep it. */
typedef struct quantity {
  bool negative;
  bool has_sign;
  int64_t whole;    /* >= 0 */
  int64_t fraction; /* millionths */
} quantity;

typedef struct total {
  int64_t months, days, microseconds;
  bool overflow;
} total;

typedef enum unit { YEAR, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, NO_UNIT } unit;

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take(cursor *text, char c) {
  if (text->at == text->end || *text->at != c) return false;
  text->at++;
  return true;
}

static bool take_whole(cursor *text, int64_t *out) {
  if (text->at == text->end || !is_digit(*text->at)) return false;
  int64_t number = 0;
  for (; text->at < text->end && is_digit(*text->at); text->at++) {
    if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *text->at - '0', &number)) {
      return false;
    }
  }
  *out = number;
  return true;
}

/* Digits past the millionth are rounded. */
static void take_fraction(cursor *text, quantity *out) {
  int64_t place = MICRO / 10;
  if (!take(text, '.')) return;
  for (; text->at < text->end && is_digit(*text->at); text->at++) {
    int digit = *text->at - '0';
    if (place == 0 && digit >= 5) out->fraction++;
    if (place == 0) break;
    out->fraction += digit * place;
    place /= 10;
  }
  while (text->at < text->end && is_digit(*text->at))
    text->at++;
}

static bool take_quantity(cursor *text, quantity *out) {
  *out = (quantity){0};
  out->negative = text->at < text->end && *text->at == '-';
  out->has_sign = take(text, '-') || take(text, '+');
  bool has_whole = take_whole(text, &out->whole);
  bool has_point = text->end - text->at > 1 && *text->at == '.' && is_digit(text->at[1]);
  if (!has_whole && !has_point) return false;
  take_fraction(text, out);
  return true;
}

/* *sum += sign * count * size */
static void add(total *to, int64_t *sum, bool negative, int64_t count, int64_t size) {
  int64_t product;
  if (__builtin_mul_overflow(count, negative ? -size : size, &product) || __builtin_add_overflow(*sum, product, sum)) {
    to->overflow = true;
  }
}

static void add_microseconds(total *to, const quantity *number, int64_t size) {
  add(to, &to->microseconds, number->negative, number->whole, size);
  /* At most a week's microseconds times a million fits. */
  int64_t part = number->fraction * (size / 1000) / (MICRO / 1000);
  add(to, &to->microseconds, number->negative, part, 1);
}

static void add_days(total *to, const quantity *number, int64_t size) {
  add(to, &to->days, number->negative, number->whole, size);
  int64_t millionths = number->fraction * size;
  add(to, &to->days, number->negative, millionths / MICRO, 1);
  add(to, &to->microseconds, number->negative, millionths % MICRO * DAY_SECONDS, 1);
}

static void add_months(total *to, const quantity *number) {
  add(to, &to->months, number->negative, number->whole, 1);
  quantity days = {.negative = number->negative, .fraction = number->fraction};
  add_days(to, &days, MONTH_DAYS);
}

static void add_years(total *to, const quantity *number) {
  add(to, &to->months, number->negative, number->whole, 12);
  add(to, &to->months, number->negative, (number->fraction * 12 + MICRO / 2) / MICRO, 1);
}

static void add_unit(total *to, const quantity *number, unit what) {
  switch (what) {
  case YEAR: add_years(to, number); break;
  case MONTH: add_months(to, number); break;
  case WEEK: add_days(to, number, 7); break;
  case DAY: add_days(to, number, 1); break;
  case HOUR: add_microseconds(to, number, 3600 * SECOND_US); break;
  case MINUTE: add_microseconds(to, number, 60 * SECOND_US); break;
  case SECOND: add_microseconds(to, number, SECOND_US); break;
  case MILLISECOND: add_microseconds(to, number, 1000); break;
  case MICROSECOND: add(to, &to->microseconds, number->negative, number->whole, 1); break;
  case NO_UNIT: break;
  }
}

/* ---- ISO 8601 durations ---- */

static unit iso_unit(char c, bool in_time) {
  switch (c) {
  case 'Y': return in_time ? NO_UNIT : YEAR;
  case 'M': return in_time ? MINUTE : MONTH;
  case 'W': return in_time ? NO_UNIT : WEEK;
  case 'D': return in_time ? NO_UNIT : DAY;
  case 'H': return in_time ? HOUR : NO_UNIT;
  case 'S': return in_time ? SECOND : NO_UNIT;
  default: return NO_UNIT;
  }
}

static bool read_iso(cursor *text, total *out) {
  bool in_time = false;
  bool any = false;
  while (text->at < text->end) {
    if (!in_time && take(text, 'T')) {
      in_time = true;
      any = false;
      continue;
    }
    quantity number;
    if (!take_quantity(text, &number) || text->at == text->end) return false;
    unit what = iso_unit(*text->at++, in_time);
    if (what == NO_UNIT) return false;
    add_unit(out, &number, what);
    any = true;
  }
  return any;
}

/* ---- words and numbers ---- */

static unit word_unit(const char *word, size_t size) {
  static const struct {
    const char *name;
    unit what;
  } names[] = {
      {"year", YEAR},
      {"years", YEAR},
      {"yr", YEAR},
      {"yrs", YEAR},
      {"y", YEAR},
      {"mon", MONTH},
      {"mons", MONTH},
      {"month", MONTH},
      {"months", MONTH},
      {"week", WEEK},
      {"weeks", WEEK},
      {"w", WEEK},
      {"day", DAY},
      {"days", DAY},
      {"d", DAY},
      {"hour", HOUR},
      {"hours", HOUR},
      {"hr", HOUR},
      {"hrs", HOUR},
      {"h", HOUR},
      {"minute", MINUTE},
      {"minutes", MINUTE},
      {"min", MINUTE},
      {"mins", MINUTE},
      {"m", MINUTE},
      {"second", SECOND},
      {"seconds", SECOND},
      {"sec", SECOND},
      {"secs", SECOND},
      {"s", SECOND},
      {"ms", MILLISECOND},
      {"millisecond", MILLISECOND},
      {"us", MICROSECOND},
      {"milliseconds", MILLISECOND},
      {"microsecond", MICROSECOND},
      {"microseconds", MICROSECOND},
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strlen(names[i].name) == size && strncasecmp(names[i].name, word, size) == 0) return names[i].what;
  }
  return NO_UNIT;
}

static void skip_blanks(cursor *text) {
  while (text->at < text->end && *text->at == ' ')
    text->at++;
}

static mp_bytes take_word(cursor *text) {
  const char *start = text->at;
  while (text->at < text->end && is_letter(*text->at))
    text->at++;
  return (mp_bytes){start, (size_t)(text->at - start)};
}

/* "hours" has been read; ":MM[:SS[.ffffff]]" follows. One sign holds for all. */
static bool read_clock(cursor *text, const quantity *hours, total *out) {
  quantity minutes = {.negative = hours->negative};
  quantity seconds = minutes;
  if (!take(text, ':') || !take_whole(text, &minutes.whole)) return false;
  if (take(text, ':')) {
    if (!take_whole(text, &seconds.whole)) return false;
    take_fraction(text, &seconds);
  }
  if (minutes.whole > 59 || seconds.whole > 60) return false;
  add_unit(out, hours, HOUR);
  add_unit(out, &minutes, MINUTE);
  add_unit(out, &seconds, SECOND);
  return true;
}

/* "years" has been read; "-months" follows. */
static bool read_year_month(cursor *text, const quantity *years, total *out) {
  quantity months = {.negative = years->negative};
  if (!take(text, '-') || !take_whole(text, &months.whole) || months.whole > 11) return false;
  add_unit(out, years, YEAR);
  add_unit(out, &months, MONTH);
  return true;
}

/* A bare number counts days where a time follows ("3 04:05:06"), else seconds. */
static unit bare_unit(const cursor *text) {
  const char *at = text->at;
  while (at < text->end && *at != ':')
    at++;
  return at < text->end ? DAY : SECOND;
}

static bool read_item(cursor *text, bool all_negative, total *out) {
  quantity number;
  if (!take_quantity(text, &number)) return false;
  if (all_negative) number.negative = true;
  bool whole = number.fraction == 0;
  if (whole && text->at < text->end && *text->at == ':') return read_clock(text, &number, out);
  if (whole && text->at < text->end && *text->at == '-') return read_year_month(text, &number, out);
  skip_blanks(text);
  mp_bytes word = take_word(text);
  unit what = word.size > 0 ? word_unit(word.data, word.size) : bare_unit(text);
  if (what == NO_UNIT) return false;
  add_unit(out, &number, what);
  return true;
}

static void negate(total *sum) {
  sum->overflow |= __builtin_sub_overflow(0, sum->months, &sum->months);
  sum->overflow |= __builtin_sub_overflow(0, sum->days, &sum->days);
  sum->overflow |= __builtin_sub_overflow(0, sum->microseconds, &sum->microseconds);
}

static bool take_ago(cursor *text) {
  bool ago = text->end - text->at == 3 && strncasecmp(text->at, "ago", 3) == 0;
  if (ago) text->at = text->end;
  return ago;
}

/* In the SQL standard's style one leading minus with no other sign behind it holds for the whole interval. */
static bool is_all_negative(const cursor *text, mp_interval_style style) {
  if (style != MP_INTERVAL_SQL_STANDARD || text->at == text->end || *text->at != '-') return false;
  for (const char *at = text->at + 1; at < text->end; at++) {
    if ((*at == '-' || *at == '+') && at[-1] == ' ') return false;
  }
  return true;
}

static bool read_words(cursor *text, mp_interval_style style, total *out) {
  bool all_negative = is_all_negative(text, style);
  bool any = false;
  if (take(text, '@')) skip_blanks(text);
  while (text->at < text->end) {
    if (any && take_ago(text)) {
      negate(out);
      break;
    }
    if (!read_item(text, all_negative, out)) return false;
    any = true;
    skip_blanks(text);
  }
  return any;
}

static bool is_word(const cursor *text, const char *word) {
  size_t size = strlen(word);
  return (size_t)(text->end - text->at) == size && memcmp(text->at, word, size) == 0;
}

static const mp_interval infinite = {INT64_MAX, INT32_MAX, INT32_MAX}; /* as servers since 17 keep it */
static const mp_interval minus_infinite = {INT64_MIN, INT32_MIN, INT32_MIN};

static bool is_same(const mp_interval *a, const mp_interval *b) {
  return a->microseconds == b->microseconds && a->days == b->days && a->months == b->months;
}

bool mp__interval_read(const char *data, size_t size, mp_interval_style style, mp_interval *out) {
  cursor text = {data, data + size};
  skip_blanks(&text);
  while (text.end > text.at && text.end[-1] == ' ')
    text.end--;
  if (is_word(&text, "infinity") || is_word(&text, "-infinity")) {
    *out = *text.at == '-' ? minus_infinite : infinite;
    return true;
  }
  total sum = {0};
  bool ok = take(&text, 'P') ? read_iso(&text, &sum) : read_words(&text, style, &sum);
  ok = ok && !sum.overflow && sum.months >= INT32_MIN && sum.months <= INT32_MAX && sum.days >= INT32_MIN &&
       sum.days <= INT32_MAX;
  if (ok) *out = (mp_interval){sum.microseconds, (int32_t)sum.days, (int32_t)sum.months};
  return ok;
}

bool mp_interval_parse(const char *text, size_t size, mp_interval_style style, mp_interval *out, mp_error **error) {
  if (mp__interval_read(text, size, style, out)) return true;
  mp_error_set(error, MP_ERROR_USAGE, "\"%.*s\" is not an interval, or out of range", mp__shown(text, size), text);
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "write it as 1 day 02:30:00, 90 minutes, or P1DT2H30M");
  return false;
}

/* ---- writing ---- */

static void add_part(int64_t count, char letter, mp_buffer *out) {
  if (count != 0) mp_buffer_addf(out, "%" PRId64 "%c", count, letter);
}

static void add_seconds(int64_t microseconds, mp_buffer *out) {
  if (microseconds == 0) return;
  int64_t magnitude = microseconds < 0 ? -microseconds : microseconds;
  char text[48];
  int size = snprintf(text, sizeof text, "%s%" PRId64, microseconds < 0 ? "-" : "", magnitude / SECOND_US);
  if (magnitude % SECOND_US != 0) {
    size += snprintf(text + size, sizeof text - (size_t)size, ".%06" PRId64, magnitude % SECOND_US);
    while (text[size - 1] == '0')
      size--;
  }
  mp_buffer_add(out, text, (size_t)size);
  mp_buffer_addc(out, 'S');
}

void mp_interval_format(const mp_interval *interval, mp_buffer *out) {
  if (is_same(interval, &infinite) || is_same(interval, &minus_infinite)) {
    mp_buffer_adds(out, interval->months < 0 ? "-infinity" : "infinity");
    return;
  }
  int64_t time = interval->microseconds;
  mp_buffer_addc(out, 'P');
  add_part(interval->months / 12, 'Y', out);
  add_part(interval->months % 12, 'M', out);
  add_part(interval->days, 'D', out);
  if (time != 0) {
    mp_buffer_addc(out, 'T');
    add_part(time / (3600 * SECOND_US), 'H', out);
    add_part(time / (60 * SECOND_US) % 60, 'M', out);
    add_seconds(time % (60 * SECOND_US), out);
  } else if (interval->months == 0 && interval->days == 0) {
    mp_buffer_adds(out, "T0S");
  }
}

/* Days and the microseconds of the last one, so that no product overflows. */
static int64_t whole_days(const mp_interval *interval, int64_t *rest) {
  int64_t days = interval->microseconds / MP_TIME_DAY_US;
  *rest = interval->microseconds % MP_TIME_DAY_US;
  if (*rest < 0) {
    *rest += MP_TIME_DAY_US;
    days--;
  }
  return days + interval->days + (int64_t)interval->months * MONTH_DAYS;
}

int mp_interval_compare(const mp_interval *a, const mp_interval *b) {
  int64_t rest_a;
  int64_t rest_b;
  int64_t days_a = whole_days(a, &rest_a);
  int64_t days_b = whole_days(b, &rest_b);
  if (days_a != days_b) return days_a < days_b ? -1 : 1;
  return (rest_a > rest_b) - (rest_a < rest_b);
}

/* ---- the codec ---- */

MP__DECODE(mp__interval_from_text) {
  mp_interval interval;
  if (!mp__interval_read(data, size, context->interval_style, &interval)) {
    return mp__decode_error(codec, error, "not in the session's IntervalStyle, or out of its range");
  }
  out->kind = MP_VALUE_INTERVAL;
  out->as.interval = interval;
  return true;
}

MP__DECODE(mp__interval_from_binary) {
  if (size != 16) return mp__decode_size_error(codec, error, size, 16);
  out->kind = MP_VALUE_INTERVAL;
  out->as.interval = (mp_interval){
      .microseconds = (int64_t)mp_get64(data),
      .days = (int32_t)mp_get32(data + 8),
      .months = (int32_t)mp_get32(data + 12),
  };
  return true;
}

MP__ENCODE(mp__interval_to_binary) {
  mp_buffer_add64(out, (uint64_t)value->as.interval.microseconds);
  mp_buffer_add32(out, (uint32_t)value->as.interval.days);
  mp_buffer_add32(out, (uint32_t)value->as.interval.months);
  return mp__written(out, error);
}
