/* Dates and times: calendar arithmetic and ISO 8601, on the server's own scales (see value.h). Proleptic Gregorian. */
#ifndef MP_CODEC_TIME_H
#define MP_CODEC_TIME_H

#include "base/buffer.h"
#include "base/error.h"
#include "codec/value.h"

#define MP_TIME_DAY_US INT64_C(86400000000)
/* PostgreSQL's ranges: 4714-11-24 BC .. 294276-12-31 AD for timestamps, .. 5874897-12-31 AD for dates. */

typedef struct mp_calendar {
  int64_t year; /* astronomical: 0 is 1 BC */
  int month, day, hour, minute, second, microsecond;
  int offset_seconds; /* east of UTC; 0 for UTC and for types without a zone */
} mp_calendar;

bool mp_calendar_to_timestamp(const mp_calendar *calendar, int64_t *microseconds, mp_error **error);
void mp_calendar_from_timestamp(int64_t microseconds, mp_calendar *calendar); /* not for infinity */
bool mp_calendar_to_date(const mp_calendar *calendar, int32_t *days, mp_error **error);
void mp_calendar_from_date(int32_t days, mp_calendar *calendar);

/* Read ISO 8601 ("2026-11-24T18:39:19.123456Z", "+02", "+05:30", "+05:30:15", a blank instead of the T, "24:00:00",
 * years of more than four digits), and the server's text form ("2026-11-24 18:39:19+00", " BC", "infinity").
 * A timestamptz without an offset is refused, and so is a timestamp with one, which it would lose.
 * Errors: usage (text shown, what is right). */
bool mp_timestamp_parse(const char *text, size_t size, bool with_zone, int64_t *microseconds, mp_error **error);
bool mp_date_parse(const char *text, size_t size, int32_t *days, mp_error **error);
bool mp_time_parse(const char *text, size_t size, int64_t *microseconds, mp_error **error);
/* All four styles of the server, and ISO 8601 durations ("P1Y2M3DT4H5M6.5S", also weeks and negative parts). */
bool mp_interval_parse(const char *text, size_t size, mp_interval_style style, mp_interval *out, mp_error **error);

/* Append ISO 8601, which the server reads back to the same value: "2026-11-24T18:39:19.5Z" with zone, without "Z"
 * otherwise; "infinity"; " BC" for years before 1. Fractions without trailing zeros. */
void mp_timestamp_format(int64_t microseconds, bool with_zone, mp_buffer *out);
void mp_date_format(int32_t days, mp_buffer *out);
void mp_time_format(int64_t microseconds, mp_buffer *out);
void mp_interval_format(const mp_interval *interval, mp_buffer *out);

/* timestamp + interval as the server does it in UTC: months (clamped to the month's last day), days, microseconds.
 * Errors: usage (out of range). */
bool mp_timestamp_add(int64_t microseconds, const mp_interval *interval, int64_t *out, mp_error **error);
/* PostgreSQL's order: a month counts 30 days, a day 24 hours. */
int mp_interval_compare(const mp_interval *a, const mp_interval *b);

#endif
