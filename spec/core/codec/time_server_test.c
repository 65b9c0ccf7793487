/* What a person may write for a time or an interval, and time arithmetic, against the server's own reading. */
#include "server.h"

/* The server's answer to a query of one text parameter or two. */
static char *ask(PGconn *server, const char *sql, const char *first, const char *second) {
  const char *parameters[] = {first, second};
  PGresult *result = PQexecParams(server, sql, second == NULL ? 1 : 2, NULL, parameters, NULL, NULL, 0);
  if (PQresultStatus(result) != PGRES_TUPLES_OK) fail_msg("%s, %s: %s", sql, first, PQerrorMessage(server));
  char *answer = strdup(PQgetvalue(result, 0, 0));
  assert_non_null(answer);
  PQclear(result);
  return answer;
}

static void assert_same_as_server(PGconn *server, const char *sql, const char *given, const mp_value *ours) {
  mp_buffer text;
  mp_buffer_init(&text, BUFFER_LIMIT);
  mp_error *error = NULL;
  assert_done(mp_value_text(ours, &text, &error), &error);
  char *expected = ask(server, sql, given, NULL);
  char *read = ask(server, sql, mp_buffer_text(&text), NULL);
  if (strcmp(read, expected) != 0) fail_msg("\"%s\" is %s to the server, but %s to us", given, expected, read);
  free(expected);
  free(read);
  mp_buffer_finish(&text);
}

static void it_reads_intervals_as_the_server_does(void **state) {
  (void)state;
  static const char *const texts[] = {
      "1 day 02:30:00",
      "90 minutes",
      "1.5 hours",
      "-1 day",
      "1 year -2 months",
      "3 4:05:06",
      "P1Y2M3DT4H5M6.5S",
      "P2W",
      "1 week 2 days",
      "0.5 weeks",
      "1.5 days",
      "1.25 months",
      "0.1 months",
      "1.5 years",
      "1 day ago",
      "@ 1 hour 2 mins ago",
      "-04:05:06.7",
      "+1 day -00:00:01",
      "1h 30m",
      "250 ms",
      "17 us",
      "12",
      "12.5",
      "-0.25",
      "0",
      "1-2",
      "-1-2",
      "PT-0.5S",
      "P-1Y2M",
      "2 yrs 1 mon",
      "100 hours",
      "1 s",
      "P1DT36H",
      "0.000001 seconds",
  };
  PGconn *server = server_open();
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    mp_value value = {.kind = MP_VALUE_INTERVAL};
    mp_error *error = NULL;
    bool ok = mp_interval_parse(texts[i], strlen(texts[i]), MP_INTERVAL_POSTGRES, &value.as.interval, &error);
    if (!ok) fail_msg("%s", mp_error_message(error));
    assert_same_as_server(server, "select $1::interval::text", texts[i], &value);
  }
  PQfinish(server);
}

static void it_reads_timestamps_as_the_server_does(void **state) {
  (void)state;
  static const char *const texts[] = {
      "2026-11-24T18:39:19.123456Z",
      "2026-11-24 18:39:19+02",
      "2026-11-24T18:39:19+05:30",
      "2026-11-24T18:39:19-0330",
      "2026-11-24T18:39Z",
      "2026-11-24T24:00:00Z",
      "2026-12-31T23:59:60Z",
      "12345-06-07T08:09:10Z",
      "0001-01-01T00:00:00Z",
      "0001-12-31 23:59:59+00 BC",
      "2026-11-24T18:39:19.9999996Z",
      "2026-11-24T18:39:19.5+15:59:59",
      "infinity",
      "-infinity",
      "2024-02-29T00:00:00Z",
  };
  PGconn *server = server_open();
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    mp_value value = {.kind = MP_VALUE_TIMESTAMPTZ};
    mp_error *error = NULL;
    assert_done(mp_timestamp_parse(texts[i], strlen(texts[i]), true, &value.as.integer, &error), &error);
    assert_same_as_server(server, "select $1::timestamptz::text", texts[i], &value);
  }
  PQfinish(server);
}

static char *text_of(const mp_value *value) {
  mp_buffer text;
  mp_buffer_init(&text, BUFFER_LIMIT);
  mp_error *error = NULL;
  assert_done(mp_value_text(value, &text, &error), &error);
  return mp_buffer_take_text(&text);
}

static mp_value random_interval(void) {
  mp_interval interval = {random_integer(48), (int32_t)random_integer(14), (int32_t)random_integer(10)};
  return (mp_value){.kind = MP_VALUE_INTERVAL, .as.interval = interval};
}

static void it_adds_intervals_as_the_server_does(void **state) {
  (void)state;
  PGconn *server = server_open();
  for (int i = 0; i < 500; i++) {
    mp_value moment = {.kind = MP_VALUE_TIMESTAMP, .as.integer = random_integer(58)};
    mp_value interval = random_interval();
    mp_value sum = {.kind = MP_VALUE_TIMESTAMP};
    mp_error *error = NULL;
    assert_done(mp_timestamp_add(moment.as.integer, &interval.as.interval, &sum.as.integer, &error), &error);
    char *moment_text = text_of(&moment);
    char *interval_text = text_of(&interval);
    char *expected = ask(server, "select ($1::timestamp + $2::interval)::text", moment_text, interval_text);
    char *sum_text = text_of(&sum);
    char *ours = ask(server, "select $1::timestamp::text", sum_text, NULL);
    if (strcmp(ours, expected) != 0) fail_msg("%s + %s: %s, not %s", moment_text, interval_text, expected, ours);
    free(moment_text);
    free(interval_text);
    free(expected);
    free(sum_text);
    free(ours);
  }
  PQfinish(server);
}

static void it_compares_intervals_as_the_server_does(void **state) {
  (void)state;
  PGconn *server = server_open();
  for (int i = 0; i < 300; i++) {
    mp_value a = random_interval();
    mp_value b = random_interval();
    char *text_a = text_of(&a);
    char *text_b = text_of(&b);
    char *expected =
        ask(server, "select ($1::interval > $2::interval)::int - ($1::interval < $2::interval)::int", text_a, text_b);
    assert_int_equal(mp_interval_compare(&a.as.interval, &b.as.interval), atoi(expected));
    free(text_a);
    free(text_b);
    free(expected);
  }
  PQfinish(server);
}

int main(void) {
  seed_random();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_intervals_as_the_server_does),
      cmocka_unit_test(it_reads_timestamps_as_the_server_does),
      cmocka_unit_test(it_adds_intervals_as_the_server_does),
      cmocka_unit_test(it_compares_intervals_as_the_server_does),
  };
  return cmocka_run_group_tests_name("time and the server", tests, NULL, NULL);
}
