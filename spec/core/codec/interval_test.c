/* Intervals without a server: styles, durations, order, and what is refused. */
#include "support.h"

static void assert_interval(const char *text, mp_interval_style style, int32_t months, int32_t days, int64_t us) {
  mp_interval interval;
  mp_error *error = NULL;
  assert_done(mp_interval_parse(text, strlen(text), style, &interval, &error), &error);
  if (interval.months != months || interval.days != days || interval.microseconds != us) {
    fail_msg("\"%s\" became %d months, %d days, %lld us", text, interval.months, interval.days,
             (long long)interval.microseconds);
  }
}

static void it_reads_the_four_styles(void **state) {
  (void)state;
  const int64_t time = INT64_C(14706789000); /* 04:05:06.789 */
  assert_interval("1 year 2 mons 3 days 04:05:06.789", MP_INTERVAL_POSTGRES, 14, 3, time);
  assert_interval("-1 years -2 mons +3 days -04:05:06.789", MP_INTERVAL_POSTGRES, -14, 3, -time);
  assert_interval("00:00:00", MP_INTERVAL_POSTGRES, 0, 0, 0);
  assert_interval("@ 1 year 2 mons -3 days 4 hours 5 mins 6.789 secs ago", MP_INTERVAL_POSTGRES_VERBOSE, -14, 3, -time);
  assert_interval("@ 0", MP_INTERVAL_POSTGRES_VERBOSE, 0, 0, 0);
  assert_interval("1-2", MP_INTERVAL_SQL_STANDARD, 14, 0, 0);
  assert_interval("-3 4:05:06.789", MP_INTERVAL_SQL_STANDARD, 0, -3, -time);
  assert_interval("-1-2 +3 -4:05:06.789", MP_INTERVAL_SQL_STANDARD, -14, 3, -time);
  assert_interval("0", MP_INTERVAL_SQL_STANDARD, 0, 0, 0);
  assert_interval("P1Y2M3DT4H5M6.789S", MP_INTERVAL_ISO_8601, 14, 3, time);
  assert_interval("P-1Y-2M3DT-4H-5M-6.789S", MP_INTERVAL_ISO_8601, -14, 3, -time);
  assert_interval("PT0S", MP_INTERVAL_ISO_8601, 0, 0, 0);
  assert_interval("PT-0.5S", MP_INTERVAL_ISO_8601, 0, 0, -500000);
}

static void it_reads_what_people_write(void **state) {
  (void)state;
  assert_interval("90 minutes", MP_INTERVAL_POSTGRES, 0, 0, INT64_C(5400000000));
  assert_interval("1.5 hours", MP_INTERVAL_POSTGRES, 0, 0, INT64_C(5400000000));
  assert_interval("2 weeks", MP_INTERVAL_POSTGRES, 0, 14, 0);
  assert_interval("P2W", MP_INTERVAL_POSTGRES, 0, 14, 0);
  assert_interval("1h30m", MP_INTERVAL_POSTGRES, 0, 0, INT64_C(5400000000));
  assert_interval("1 DAY ago", MP_INTERVAL_POSTGRES, 0, -1, 0);
  assert_interval("250 milliseconds", MP_INTERVAL_POSTGRES, 0, 0, 250000);
  assert_interval("12", MP_INTERVAL_POSTGRES, 0, 0, 12000000);
  assert_interval("1.5 days", MP_INTERVAL_POSTGRES, 0, 1, INT64_C(43200000000));
  assert_interval("0.5 months", MP_INTERVAL_POSTGRES, 0, 15, 0);
  assert_interval("infinity", MP_INTERVAL_POSTGRES, INT32_MAX, INT32_MAX, INT64_MAX);
}

static void it_refuses_what_is_no_interval(void **state) {
  (void)state;
  static const char *const wrong[] = {"",
                                      " ",
                                      "soon",
                                      "1 fortnight",
                                      "ago",
                                      "P",
                                      "PT",
                                      "P1",
                                      "P1H",
                                      "PT1D",
                                      "P1Y2",
                                      "1:2:3:4",
                                      "1-13",
                                      "1:60",
                                      "1-",
                                      "1:",
                                      "--1 day",
                                      "1 day,",
                                      "999999999999 years",
                                      "9999999999 days",
                                      "99999999999999999999 seconds",
                                      "9223372036855 seconds"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    mp_interval interval;
    mp_error *error = NULL;
    bool ok = mp_interval_parse(wrong[i], strlen(wrong[i]), MP_INTERVAL_POSTGRES, &interval, &error);
    if (ok) fail_msg("\"%s\" was accepted", wrong[i]);
    assert_refused(ok, &error, MP_ERROR_USAGE, "is not an interval");
  }
}

static void it_writes_durations(void **state) {
  (void)state;
  static const struct {
    mp_interval interval;
    const char *text;
  } cases[] = {
      {{0, 0, 0}, "PT0S"},
      {{INT64_C(14706789000), 3, 14}, "P1Y2M3DT4H5M6.789S"},
      {{-500000, 0, 0}, "PT-0.5S"},
      {{0, -1, 0}, "P-1D"},
      {{0, 0, -13}, "P-1Y-1M"},
      {{3600000000, 0, 0}, "PT1H"},
      {{INT64_MIN, 0, 0}, "PT-2562047788H-54.775808S"},
      {{INT64_MAX, INT32_MAX, INT32_MAX}, "infinity"},
      {{INT64_MIN, INT32_MIN, INT32_MIN}, "-infinity"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    mp_value value = {.kind = MP_VALUE_INTERVAL, .as.interval = cases[i].interval};
    assert_value_text(&value, cases[i].text);
  }
}

static void it_orders_months_as_30_days(void **state) {
  (void)state;
  static const mp_interval ascending[] = {{INT64_MIN, INT32_MIN, INT32_MIN},
                                          {0, 0, -1},
                                          {-1, 0, 0},
                                          {0, 0, 0},
                                          {1, 0, 0},
                                          {0, 1, 0},
                                          {1, 29, 0},
                                          {0, 0, 1},
                                          {1, 30, 0},
                                          {0, 0, 12},
                                          {INT64_MAX, INT32_MAX, INT32_MAX}};
  int count = (int)(sizeof ascending / sizeof ascending[0]);
  for (int i = 0; i < count; i++) {
    for (int j = 0; j < count; j++) {
      assert_int_equal(mp_interval_compare(&ascending[i], &ascending[j]), (i > j) - (i < j));
    }
  }
  mp_interval month = {0, 0, 1};
  mp_interval hours = {30 * MP_TIME_DAY_US, 0, 0};
  assert_int_equal(mp_interval_compare(&month, &hours), 0);
}

static void it_refuses_a_sum_out_of_range(void **state) {
  (void)state;
  static const mp_interval far[] = {
      {INT64_MAX, 0, 0}, {0, INT32_MAX, 0}, {0, 0, INT32_MAX}, {0, 0, INT32_MIN}, {INT64_MIN, 0, 0}};
  for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
    int64_t sum;
    mp_error *error = NULL;
    assert_refused(mp_timestamp_add(0, &far[i], &sum, &error), &error, MP_ERROR_USAGE, "out of range");
  }
  int64_t sum;
  mp_error *error = NULL;
  assert_done(mp_timestamp_add(INT64_MAX, &far[4], &sum, &error), &error);
  assert_true(sum == INT64_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_the_four_styles),       cmocka_unit_test(it_reads_what_people_write),
      cmocka_unit_test(it_refuses_what_is_no_interval), cmocka_unit_test(it_writes_durations),
      cmocka_unit_test(it_orders_months_as_30_days),    cmocka_unit_test(it_refuses_a_sum_out_of_range),
  };
  return cmocka_run_group_tests_name("interval", tests, NULL, NULL);
}
