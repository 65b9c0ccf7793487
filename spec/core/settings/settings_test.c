/* The table: names, bounds, messages, and what libpq is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/trace.h"
#include "settings/settings.h"

static mp_settings *settings_of(const char *name, const char *value) {
  mp_error *error = NULL;
  mp_settings *settings = mp_settings_create(&error);
  assert_non_null(settings);
  if (!mp_settings_set(settings, name, value, "option", &error)) fail_msg("%s", mp_error_message(error));
  return settings;
}

static void assert_refused(const char *name, const char *value, const char *message, const char *hint) {
  mp_error *error = NULL;
  mp_settings *settings = mp_settings_create(&error);
  mp_pool_settings before = *mp_settings_pool(settings);
  assert_false(mp_settings_set(settings, name, value, "option", &error));
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE);
  assert_string_equal(mp_error_message(error), message);
  if (hint == NULL) {
    assert_null(mp_error_get(error, MP_ERROR_HINT));
  } else {
    assert_string_equal(mp_error_get(error, MP_ERROR_HINT), hint);
  }
  assert_memory_equal(&before, mp_settings_pool(settings), sizeof before);
  mp_error_free(error);
  assert_false(mp_settings_set(settings, name, value, NULL, NULL));
  mp_settings_destroy(settings);
}

static void assert_seconds(const char *value, double expected) {
  mp_settings *settings = settings_of("checkout_timeout", value);
  assert_float_equal(mp_settings_pool(settings)->checkout_timeout, expected, 1e-9);
  mp_settings_destroy(settings);
}

static void assert_origin(const mp_settings *settings, const char *name, const char *expected) {
  const char *origin = mp_settings_origin(settings, name);
  if (expected == NULL) {
    assert_null(origin);
  } else {
    assert_non_null(origin);
    assert_string_equal(origin, expected);
  }
}

static void remembers_where_values_came_from(void **state) {
  (void)state;
  mp_settings *settings = settings_of("max_size", "7");
  assert_origin(settings, "max_size", "option");
  assert_origin(settings, "min_idle", NULL);
  assert_origin(settings, "host", NULL);
  assert_origin(settings, "no such setting", NULL);
  assert_true(mp_settings_set_url(settings, "postgres://ada@there/x?min_idle=2", "an URL", NULL));
  mp_settings *copy = mp_settings_copy(settings, NULL);
  assert_true(mp_settings_set(settings, "host", "", "nobody", NULL));
  assert_true(mp_settings_set(settings, "user", "bob", NULL, NULL));
  assert_false(mp_settings_set(settings, "port", "0", "a mistake", NULL));
  assert_false(mp_settings_set(settings, "max_size", "0", "a mistake", NULL));
  assert_origin(settings, "host", NULL);
  assert_origin(settings, "user", NULL);
  assert_origin(settings, "port", NULL);
  assert_origin(settings, "max_size", "option");
  assert_origin(settings, "database", "an URL");
  mp_settings_destroy(settings);
  assert_origin(copy, "host", "an URL");
  assert_origin(copy, "min_idle", "an URL");
  assert_origin(copy, "max_size", "option");
  mp_settings_destroy(copy);
}

static void reads_lists_of_topics(void **state) {
  (void)state;
  mp_settings *settings = settings_of("trace", "wire,pool");
  assert_int_equal(mp_settings_pool(settings)->trace, MP_TRACE_WIRE | MP_TRACE_POOL);
  assert_true(mp_settings_set(settings, "trace", "", NULL, NULL));
  assert_int_equal(mp_settings_pool(settings)->trace, 0);
  mp_settings_destroy(settings);
  assert_refused("trace", "pool,wier", "option: trace must be a list of pool, wire and task, not \"pool,wier\"",
                 "did you mean \"wire\"?");
  assert_refused("trace", "everything", "option: trace must be a list of pool, wire and task, not \"everything\"",
                 NULL);
  assert_refused("trace", "a very long name that can be no topic of ours,pool",
                 "option: trace must be a list of pool, wire and task, not \"a very long name that can be no topic of "
                 "ours,pool\"",
                 NULL);
}

static void begins_with_the_defaults(void **state) {
  (void)state;
  mp_settings *settings = mp_settings_create(NULL);
  const mp_pool_settings *pool = mp_settings_pool(settings);
  assert_int_equal(pool->max_size, 10);
  assert_int_equal(pool->min_idle, 0);
  assert_float_equal(pool->connect_timeout, 10, 0);
  assert_float_equal(pool->health_check, 30, 0);
  assert_float_equal(pool->leak_threshold, 0, 0);
  assert_int_equal(pool->statement_cache, 256);
  assert_true(pool->pipeline);
  assert_false(pool->numeric_as_float);
  const char *const *keywords, *const *values;
  mp_settings_libpq(settings, &keywords, &values);
  assert_null(keywords[0]);
  assert_null(values[0]);
  mp_settings_destroy(settings);
}

static void reads_durations(void **state) {
  (void)state;
  assert_seconds("500ms", 0.5);
  assert_seconds("1.5", 1.5);
  assert_seconds("2s", 2);
  assert_seconds("1min", 60);
  assert_seconds("0.25h", 900);
  assert_seconds("31536000", 31536000);
}

static void refuses_what_is_no_duration(void **state) {
  (void)state;
  const char *const values[] = {"-1", "nan", "inf",  "",    " 1",  "1 ", "1.",   ".5",
                                "0",  "1e3", "0x10", "1,5", "1 s", "5m", "soon", "99999999999999999999999999"};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    char message[200];
    snprintf(message, sizeof message,
             "option: checkout_timeout must be seconds from 0.001 to 31536000, or with a unit (500ms, 2s, 1min, 1h), "
             "not \"%s\"",
             values[i]);
    assert_refused("checkout_timeout", values[i], message, NULL);
  }
  mp_settings_destroy(settings_of("idle_timeout", "0"));
}

static void refuses_what_is_no_count(void **state) {
  (void)state;
  const char *const values[] = {"abc", "-1", "0", "", "10001", "1.5", "+5", "5 ", "184467440737095516160"};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    char message[200];
    snprintf(message, sizeof message, "option: max_size must be a whole number from 1 to 10000, not \"%s\"", values[i]);
    assert_refused("max_size", values[i], message, NULL);
  }
  mp_settings *settings = settings_of("max_size", "10000");
  assert_int_equal(mp_settings_pool(settings)->max_size, 10000);
  mp_settings_destroy(settings);
}

static void cuts_a_long_value_at_a_character(void **state) {
  (void)state;
  char value[200] = "x", message[300];
  for (int i = 0; i < 60; i++)
    strcat(value, "\xC3\xA4");
  snprintf(message, sizeof message, "option: prepare must be auto or never, not \"%.59s\"", value);
  assert_refused("prepare", value, message, NULL);
}

static void keeps_the_path_of_a_password_file(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_settings *settings = settings_of("password_file", "/run/secrets/a b");
  mp_settings *copy = mp_settings_copy(settings, NULL);
  assert_string_equal(mp_settings_password_file(copy), "/run/secrets/a b");
  assert_true(mp_settings_set(settings, "password_file", "", NULL, NULL));
  assert_null(mp_settings_password_file(settings));
  assert_string_equal(mp_settings_password_file(copy), "/run/secrets/a b");
  assert_true(mp_settings_set_url(settings, "postgres://h/d?password_file=/x", NULL, NULL));
  assert_string_equal(mp_settings_password_file(settings), "/x");
  assert_false(mp_settings_set(settings, "password_fil", "x", NULL, &error));
  assert_string_equal(mp_error_get(error, MP_ERROR_HINT), "did you mean \"password_file\"?");
  mp_error_free(error);
  mp_settings_destroy(copy);
  mp_settings_destroy(settings);
}

static void reads_words(void **state) {
  (void)state;
  mp_settings *settings = settings_of("prepare", "never");
  assert_int_equal(mp_settings_pool(settings)->prepare, MP_PREPARE_NEVER);
  assert_true(mp_settings_set(settings, "numeric", "float", NULL, NULL));
  assert_true(mp_settings_pool(settings)->numeric_as_float);
  assert_true(mp_settings_set(settings, "pipeline", "off", NULL, NULL));
  assert_false(mp_settings_pool(settings)->pipeline);
  assert_true(mp_settings_set(settings, "pipeline", "true", NULL, NULL));
  assert_true(mp_settings_pool(settings)->pipeline);
  mp_settings_destroy(settings);
  settings = settings_of("schema_drift", "warn");
  assert_int_equal(mp_settings_pool(settings)->schema_drift, MP_DRIFT_WARN);
  assert_true(mp_settings_set(settings, "schema_drift", "refuse", NULL, NULL));
  assert_int_equal(mp_settings_pool(settings)->schema_drift, MP_DRIFT_REFUSE);
  mp_settings_destroy(settings);
  assert_refused("schema_drift", "yes", "option: schema_drift must be refuse, warn or ignore, not \"yes\"", NULL);
  assert_refused("pipeline", "", "option: pipeline must be true or false, not \"\"", NULL);
  assert_refused("pipeline", "off no", "option: pipeline must be true or false, not \"off no\"", NULL);
  assert_refused("numeric", "double", "option: numeric must be exact or float, not \"double\"", NULL);
}

static void gives_libpq_its_keywords(void **state) {
  (void)state;
  mp_settings *settings = settings_of("database", "one");
  assert_true(mp_settings_set(settings, "host", "a", NULL, NULL));
  assert_true(mp_settings_set(settings, "user", "bob", NULL, NULL));
  assert_true(mp_settings_set(settings, "dbname", "two", NULL, NULL));
  assert_true(mp_settings_set(settings, "user", "", NULL, NULL));
  const char *const *keywords, *const *values;
  mp_settings_libpq(settings, &keywords, &values);
  size_t count = 0;
  while (keywords[count] != NULL)
    count++;
  assert_int_equal(count, 2);
  assert_null(values[count]);
  assert_string_equal(mp_settings_get(settings, "dbname"), "two");
  assert_string_equal(mp_settings_get(settings, "host"), "a");
  assert_null(mp_settings_get(settings, "user"));
  assert_null(mp_settings_get(settings, "nonsense"));
  mp_settings_destroy(settings);
}

static void names_the_nearest_setting(void **state) {
  (void)state;
  assert_refused("max_sise", "5", "option: there is no setting \"max_sise\"", "did you mean \"max_size\"?");
  assert_refused("prot", "5", "option: there is no setting \"prot\"", "did you mean \"port\"?");
  assert_refused("pasword", "secret", "option: there is no setting \"pasword\"", "did you mean \"password\"?");
  assert_refused("xyzzy", "5", "option: there is no setting \"xyzzy\"", NULL);
  assert_refused("", "5", "option: there is no setting \"\"", NULL);
}

static void checks_what_libpq_would_find_late(void **state) {
  (void)state;
  assert_refused("port", "99999", "option: port must be a whole number from 1 to 65535, not \"99999\"", NULL);
  assert_refused("port", "5432,abc", "option: port must be a whole number from 1 to 65535, not \"5432,abc\"", NULL);
  assert_refused("sslmode", "on",
                 "option: sslmode must be one of: disable allow prefer require verify-ca verify-full; not \"on\"",
                 NULL);
  assert_refused("target_session_attrs", "rw",
                 "option: target_session_attrs must be one of: any read-write read-only primary standby "
                 "prefer-standby; not \"rw\"",
                 NULL);
  mp_settings_destroy(settings_of("port", "5432,,5433"));
  mp_settings_destroy(settings_of("sslmode", "verify-full"));
}

static void checks_the_whole(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_settings *settings = settings_of("min_idle", "20");
  assert_false(mp_settings_check(settings, &error));
  assert_string_equal(mp_error_message(error), "min_idle must be at most max_size (10), not 20");
  mp_error_free(error);
  assert_true(mp_settings_set(settings, "max_size", "20", NULL, NULL));
  assert_true(mp_settings_check(settings, NULL));
  mp_settings_destroy(settings);
}

static void copies_are_independent(void **state) {
  (void)state;
  mp_settings *one = settings_of("host", "a");
  assert_true(mp_settings_set(one, "max_size", "3", NULL, NULL));
  mp_settings *two = mp_settings_copy(one, NULL);
  assert_true(mp_settings_set(one, "host", "b", NULL, NULL));
  assert_true(mp_settings_set(one, "max_size", "4", NULL, NULL));
  assert_string_equal(mp_settings_get(two, "host"), "a");
  assert_int_equal(mp_settings_pool(two)->max_size, 3);
  mp_settings_destroy(one);
  mp_settings_destroy(two);
  mp_settings_destroy(NULL);
}

static void finds_the_nearest_name(void **state) {
  (void)state;
  const char *const names[] = {"users", "teams", "dashboards"};
  assert_string_equal(mp_nearest_name("user", names, 3), "users");
  assert_string_equal(mp_nearest_name("USERS", names, 3), "users");
  assert_string_equal(mp_nearest_name("uesrs", names, 3), "users");
  assert_string_equal(mp_nearest_name("dashbords", names, 3), "dashboards");
  assert_null(mp_nearest_name("metrics", names, 3));
  assert_null(mp_nearest_name("", names, 3));
  char longest[200];
  memset(longest, 'a', sizeof longest);
  longest[199] = '\0';
  assert_null(mp_nearest_name(longest, names, 3));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(begins_with_the_defaults),
      cmocka_unit_test(reads_lists_of_topics),
      cmocka_unit_test(remembers_where_values_came_from),
      cmocka_unit_test(reads_durations),
      cmocka_unit_test(refuses_what_is_no_duration),
      cmocka_unit_test(refuses_what_is_no_count),
      cmocka_unit_test(cuts_a_long_value_at_a_character),
      cmocka_unit_test(keeps_the_path_of_a_password_file),
      cmocka_unit_test(reads_words),
      cmocka_unit_test(gives_libpq_its_keywords),
      cmocka_unit_test(names_the_nearest_setting),
      cmocka_unit_test(checks_what_libpq_would_find_late),
      cmocka_unit_test(checks_the_whole),
      cmocka_unit_test(copies_are_independent),
      cmocka_unit_test(finds_the_nearest_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
