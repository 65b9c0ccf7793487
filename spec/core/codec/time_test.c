/* Dates and times without a server: what is read, what is refused, what is written. */
#include "support.h"

static int64_t timestamp_of(const char *text, bool with_zone) {
  int64_t microseconds = 0;
  mp_error *error = NULL;
  assert_done(mp_timestamp_parse(text, strlen(text), with_zone, &microseconds, &error), &error);
  return microseconds;
}

static void it_reads_one_moment_in_many_forms(void **state) {
  (void)state;
  static const char *const forms[] = {
      "2026-11-24T18:39:19.123456Z",      "2026-11-24 18:39:19.123456+00",       "2026-11-24t18:39:19.123456z",
      "2026-11-24T20:39:19.123456+02",    "2026-11-25T00:09:19.123456+05:30",    "2026-11-25T00:09:19.123456+0530",
      "2026-11-24T13:39:19.123456-05:00", "2026-11-25T00:09:34.123456+05:30:15", " 2026-11-24 18:39:19,1234561Z ",
  };
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    assert_true(timestamp_of(forms[i], true) == INT64_C(848860759123456));
  }
}

static void it_reads_the_edges(void **state) {
  (void)state;
  assert_true(timestamp_of("2000-01-01T00:00:00Z", true) == 0);
  assert_true(timestamp_of("1999-12-31 23:59:59.999999", false) == -1);
  assert_true(timestamp_of("2000-01-01", false) == 0);
  assert_true(timestamp_of("2000-01-01 24:00:00", false) == MP_TIME_DAY_US);
  assert_true(timestamp_of("2000-01-01 00:00:60", false) == 60000000);
  assert_true(timestamp_of("2000-01-01 00:01", false) == 60000000);
  assert_true(timestamp_of("2000-01-01 00:00:59.9999996", false) == 60000000);
  assert_true(timestamp_of("infinity", true) == INT64_MAX);
  assert_true(timestamp_of("-infinity", false) == INT64_MIN);
  assert_true(timestamp_of("4714-11-24 00:00:00+00 BC", true) == INT64_C(-211813488000000000));
  assert_true(timestamp_of("294276-12-31 23:59:59.999999+00", true) == INT64_C(9223371331199999999));
}

static void assert_timestamp_refused(const char *text, bool with_zone, const char *part) {
  int64_t microseconds = 42;
  mp_error *error = NULL;
  bool ok = mp_timestamp_parse(text, strlen(text), with_zone, &microseconds, &error);
  if (ok) fail_msg("\"%s\" was accepted", text);
  assert_non_null(mp_error_get(error, MP_ERROR_HINT));
  assert_refused(ok, &error, MP_ERROR_USAGE, part);
  assert_int_equal(microseconds, 42);
}

static void it_refuses_what_is_no_moment(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "",
      "now",
      "2026",
      "2026-11",
      "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z",
      "2026-02-29T00:00:00Z",
      "2026-11-31T00:00:00Z",
      "2026-11-24T25:00:00Z",
      "2026-11-24T24:00:01Z",
      "2026-11-24T18:60:00Z",
      "2026-11-24T18:39:61Z",
      "2026-11-24T18:39:19.Z",
      "2026-11-24T18:39:19+",
      "2026-11-24T18:39:19+2",
      "2026-11-24T18:39:19+16:00",
      "2026-11-24T18:39:19+05:60",
      "2026-11-24T18:39:19ZZ",
      "2026-11-24T18:39:19Z AD",
      "24.11.2026 18:39:19Z",
      "0000-01-01T00:00:00Z",
      "26-11-24T18:39:19Z",
      "4714-11-23 23:59:59+00 BC",
      "294277-01-01 00:00:00+00",
      "9999999-01-01T00:00:00Z",
      "Infinity Z",
      "2026-11-24T1",
      "2026-11-24T",
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_timestamp_refused(wrong[i], true, "is not a timestamp");
  assert_timestamp_refused("2026-11-24T18:39:19", true, "it has no offset from UTC");
  assert_timestamp_refused("2026-11-24T18:39:19Z", false, "which this type does not keep");
}

static void it_reads_dates_and_times(void **state) {
  (void)state;
  int32_t days;
  int64_t microseconds;
  mp_error *error = NULL;
  assert_done(mp_date_parse("2000-03-01", 10, &days, &error), &error);
  assert_int_equal(days, 60);
  assert_done(mp_date_parse("0044-03-15 BC", 13, &days, &error), &error);
  assert_int_equal(days, -746117);
  assert_done(mp_time_parse("18:39:19.5", 10, &microseconds, &error), &error);
  assert_true(microseconds == INT64_C(67159500000));
  assert_done(mp_time_parse("24:00", 5, &microseconds, &error), &error);
  assert_true(microseconds == MP_TIME_DAY_US);
  assert_refused(mp_date_parse("2026-11-24 BCE", 14, &days, &error), &error, MP_ERROR_USAGE,
                 "something follows the date");
  assert_refused(mp_time_parse("18:39:19Z", 9, &microseconds, &error), &error, MP_ERROR_USAGE,
                 "something follows the time");
  assert_refused(mp_time_parse("6 pm", 4, &microseconds, &error), &error, MP_ERROR_USAGE, "HH:MM:SS");
}

static void it_writes_iso_8601(void **state) {
  (void)state;
  static const struct {
    mp_value_kind kind;
    int64_t integer;
    const char *text;
  } cases[] = {
      {MP_VALUE_TIMESTAMPTZ, 0, "2000-01-01T00:00:00Z"},
      {MP_VALUE_TIMESTAMPTZ, 1500000, "2000-01-01T00:00:01.5Z"},
      {MP_VALUE_TIMESTAMP, -1, "1999-12-31T23:59:59.999999"},
      {MP_VALUE_TIMESTAMP, INT64_MAX, "infinity"},
      {MP_VALUE_TIMESTAMPTZ, INT64_MIN, "-infinity"},
      {MP_VALUE_TIMESTAMPTZ, INT64_C(-211813488000000000), "4714-11-24T00:00:00Z BC"},
      {MP_VALUE_TIMESTAMP, INT64_C(9223371331199999999), "294276-12-31T23:59:59.999999"},
      {MP_VALUE_DATE, 0, "2000-01-01"},
      {MP_VALUE_DATE, -746117, "0044-03-15 BC"},
      {MP_VALUE_DATE, 2145031948, "5874897-12-31"},
      {MP_VALUE_DATE, INT32_MIN, "-infinity"},
      {MP_VALUE_TIME, 0, "00:00:00"},
      {MP_VALUE_TIME, INT64_C(67159500000), "18:39:19.5"},
      {MP_VALUE_TIME, MP_TIME_DAY_US, "24:00:00"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mp_value value = {.kind = cases[i].kind, .as.integer = cases[i].integer};
    assert_value_text(&value, cases[i].text);
  }
}

/* The calendar counted out, day by day. */
static void it_knows_every_day_of_a_thousand_years(void **state) {
  (void)state;
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  mp_calendar day = {.year = 1600, .month = 1, .day = 1};
  int32_t days;
  mp_error *error = NULL;
  assert_done(mp_calendar_to_date(&day, &days, &error), &error);
  for (; day.year < 2600; days++) {
    int32_t counted;
    mp_calendar read;
    assert_done(mp_calendar_to_date(&day, &counted, &error), &error);
    assert_int_equal(counted, days);
    mp_calendar_from_date(days, &read);
    assert_true(read.year == day.year && read.month == day.month && read.day == day.day);
    bool leap = (day.year % 4 == 0 && day.year % 100 != 0) || day.year % 400 == 0;
    int length = lengths[day.month - 1] + (leap && day.month == 2);
    if (++day.day <= length) continue;
    day.day = 1;
    if (++day.month <= 12) continue;
    day.month = 1;
    day.year++;
  }
}

static void it_comes_back_from_the_calendar(void **state) {
  (void)state;
  for (int i = 0; i < 100000; i++) {
    int64_t moment = random_between(INT64_C(-211813488000000000), INT64_C(9223371331199999999));
    mp_calendar calendar;
    int64_t back;
    mp_error *error = NULL;
    mp_calendar_from_timestamp(moment, &calendar);
    assert_done(mp_calendar_to_timestamp(&calendar, &back, &error), &error);
    assert_true(back == moment);
  }
}

static void it_checks_a_calendars_fields(void **state) {
  (void)state;
  static const mp_calendar wrong[] = {
      {.year = 2026, .month = 0, .day = 1},
      {.year = 2026, .month = 13, .day = 1},
      {.year = 2026, .month = 1, .day = 0},
      {.year = 2025, .month = 2, .day = 29},
      {.year = 2026, .month = 1, .day = 1, .hour = 25},
      {.year = 2026, .month = 1, .day = 1, .hour = -1},
      {.year = 2026, .month = 1, .day = 1, .minute = 60},
      {.year = 2026, .month = 1, .day = 1, .second = 61},
      {.year = 2026, .month = 1, .day = 1, .microsecond = 1000000},
      {.year = 2026, .month = 1, .day = 1, .offset_seconds = 16 * 3600},
      {.year = 2026, .month = 1, .day = 1, .offset_seconds = INT32_MIN},
      {.year = INT64_MAX, .month = 1, .day = 1},
      {.year = INT64_MIN, .month = 1, .day = 1},
      {.year = -4713, .month = 11, .day = 23},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    int64_t moment;
    mp_error *error = NULL;
    assert_refused(mp_calendar_to_timestamp(&wrong[i], &moment, &error), &error, MP_ERROR_USAGE, "not a date and time");
  }
}

static void it_refuses_bytes_out_of_range(void **state) {
  (void)state;
  assert_binary_refused(MP_OID_TIMESTAMPTZ, "\0\0\0\0", 4);
  assert_binary_refused(MP_OID_TIMESTAMPTZ, "\x80\0\0\0\0\0\0\1", 8);
  assert_binary_refused(MP_OID_TIMESTAMP, "\x7f\xff\xff\xff\xff\xff\xff\xfe", 8);
  assert_binary_refused(MP_OID_DATE, "\x80\0\0\1", 4);
  assert_binary_refused(MP_OID_DATE, "\0\0\0\0\0", 5);
  assert_binary_refused(MP_OID_TIME, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  assert_binary_refused(MP_OID_TIME, "\0\0\0\x14\x1d\xd7\x60\1", 8);
  assert_binary_refused(MP_OID_INTERVAL, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
  assert_text_refused(MP_OID_TIMESTAMPTZ, "2026-11-24 18:39:19");
  assert_text_refused(MP_OID_TIMESTAMPTZ, "Tue Nov 24 18:39:19 2026 UTC");
  assert_text_refused(MP_OID_DATE, "24/11/2026");
  assert_text_refused(MP_OID_TIME, "");
  assert_text_refused(MP_OID_INTERVAL, "soon");
}

int main(void) {
  seed_random();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_one_moment_in_many_forms),
      cmocka_unit_test(it_reads_the_edges),
      cmocka_unit_test(it_refuses_what_is_no_moment),
      cmocka_unit_test(it_reads_dates_and_times),
      cmocka_unit_test(it_writes_iso_8601),
      cmocka_unit_test(it_knows_every_day_of_a_thousand_years),
      cmocka_unit_test(it_comes_back_from_the_calendar),
      cmocka_unit_test(it_checks_a_calendars_fields),
      cmocka_unit_test(it_refuses_bytes_out_of_range),
  };
  return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
