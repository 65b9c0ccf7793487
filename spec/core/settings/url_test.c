/* URLs and keyword=value strings: libpq's own parser is the judge of what they mean, the messages are ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "settings/settings.h"

/* Ours and libpq's reading are the same, keyword by keyword. */
static void assert_read_as_libpq_does(const char *url) {
  mp_error *error = NULL;
  mp_settings *settings = mp_settings_create(&error);
  if (!mp_settings_set_url(settings, url, "DATABASE_URL", &error)) fail_msg("%s: %s", url, mp_error_message(error));
  char *message = NULL;
  PQconninfoOption *options = PQconninfoParse(url, &message);
  if (options == NULL) fail_msg("libpq: %s: %s", url, message);
  for (PQconninfoOption *option = options; option->keyword != NULL; option++) {
    const char *value = mp_settings_get(settings, option->keyword);
    const char *expected = option->val != NULL && option->val[0] != '\0' ? option->val : NULL;
    bool is_same = value == NULL || expected == NULL ? value == expected : strcmp(value, expected) == 0;
    if (!is_same) fail_msg("%s: %s is %s, libpq says %s", url, option->keyword, value, expected);
  }
  PQconninfoFree(options);
  mp_settings_destroy(settings);
}

static void assert_refused(const char *url, const char *message) {
  mp_error *error = NULL;
  mp_settings *settings = mp_settings_create(&error);
  assert_true(mp_settings_set(settings, "host", "before", NULL, NULL));
  if (mp_settings_set_url(settings, url, "DATABASE_URL", &error)) fail_msg("accepted: %s", url);
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE);
  if (strncmp(mp_error_message(error), "DATABASE_URL: ", 14) != 0) fail_msg("%s", mp_error_message(error));
  assert_string_equal(mp_error_message(error) + 14, message);
  char *described = mp_error_describe(error);
  assert_null(strstr(described, "s3cret"));
  free(described);
  assert_string_equal(mp_settings_get(settings, "host"), "before");
  assert_null(mp_settings_get(settings, "user"));
  mp_error_free(error);
  assert_false(mp_settings_set_url(settings, url, NULL, NULL));
  mp_settings_destroy(settings);
}

static void reads_what_libpq_reads(void **state) {
  (void)state;
  const char *const urls[] = {
      "postgres://",
      "postgresql://localhost",
      "postgres:///db",
      "postgres://bob@/db",
      "postgres://bob:se%63r%40t@host:5433/my%20db?sslmode=require&application_name=a%3Db",
      "postgres://:secret@host",
      "postgres://@host",
      "postgres://a,b:5433,c/db",
      "postgres://a:1,b:2/db?target_session_attrs=read-write",
      "postgres://[::1]:5433/db",
      "postgres://bob@[fe80::1%25eth0],[::2]/db",
      "postgres://%2Fvar%2Frun%2Fpostgresql/db",
      "postgres://bob@%2Ftmp:5433/db",
      "postgres:///db?host=/tmp&port=5433&user=bob",
      "postgres://host/db?ssl=true",
      "postgres://host?user=bob",
      "postgres://host/db?",
      "postgres://host/db/with/slashes",
      "postgres://h\xC3\xB6st/d\xC3\xA4tabase",
      "postgres://host:/db",
      "host=localhost dbname=db",
      "  host = localhost  port='5433' ",
      "password='a \\'b\\' \\\\ c' user=b\\ ob",
      "host=a,b port=1,2",
      "user='' dbname=x",
  };
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    assert_read_as_libpq_does(urls[i]);
  }
}

static void takes_our_own_settings(void **state) {
  (void)state;
  mp_settings *settings = mp_settings_create(NULL);
  assert_true(mp_settings_set_url(settings, "postgres://a/b?max_size=3&idle_timeout=2min&sslmode=allow", NULL, NULL));
  assert_int_equal(mp_settings_pool(settings)->max_size, 3);
  assert_float_equal(mp_settings_pool(settings)->idle_timeout, 120, 0);
  assert_true(mp_settings_set_url(settings, "host=c max_size=4", NULL, NULL));
  assert_int_equal(mp_settings_pool(settings)->max_size, 4);
  assert_string_equal(mp_settings_get(settings, "host"), "c");
  assert_string_equal(mp_settings_get(settings, "dbname"), "b");
  mp_settings_destroy(settings);
}

static void names_the_part_that_is_wrong(void **state) {
  (void)state;
  assert_refused("", "the URL is empty");
  assert_refused(" \n", "the URL is empty");
  assert_refused("mysql://bob:s3cret@host/db", "the URL's scheme must be postgres or postgresql, not \"mysql\"");
  assert_refused("Postgres://host", "the URL's scheme must be postgres or postgresql, not \"Postgres\"");
  assert_refused("postgres:host", "this is neither an URL nor keyword=value");
  assert_refused("s3cret", "this is neither an URL nor keyword=value");
  assert_refused("postgres://host:99999/db", "port must be a whole number from 1 to 65535, not \"99999\"");
  assert_refused("postgres://host:0/db", "port must be a whole number from 1 to 65535, not \"0\"");
  assert_refused("postgres://a:1,b:x/db",
                 "the URL's port must be a whole number from 1 to 65535, and holds something else");
  assert_refused("postgres://bob:s3cret%zz@host/db",
                 "the URL's password has a % without two hexadecimal digits behind it");
  assert_refused("postgres://bob:s3cret%4@host/db",
                 "the URL's password has a % without two hexadecimal digits behind it");
  assert_refused("postgres://bob@ho%00st/db", "the URL's host has a zero byte (%00)");
  assert_refused("postgres://bob@host/d%", "the URL's dbname has a % without two hexadecimal digits behind it");
  assert_refused("postgres://[::1/db", "the URL's IPv6 address has no closing ]");
  assert_refused("postgres://[]/db", "the URL's IPv6 address in [ ] is empty");
  assert_refused("postgres://[::1]x/db",
                 "the URL goes on behind the ] of its IPv6 address: only : / ? or , may follow");
  assert_refused("postgres://host/db?sslmode", "a parameter behind the URL's ? has no =");
  assert_refused("postgres://host/db?sslmode=a=b", "a parameter behind the URL's ? has two =");
  assert_refused("postgres://host/db?max_sise=3", "there is no setting \"max_sise\"");
  assert_refused("postgres://host/db?max_size=0", "max_size must be a whole number from 1 to 10000, not \"0\"");
}

static void never_shows_a_password_that_was_not_encoded(void **state) {
  (void)state;
  static const char message[] = "the URL's user, password or database holds a character that must be percent-encoded";
  assert_refused("postgres://bob:a@s3cret@host/db", message);
  assert_refused("postgres://bob:a/s3cret@host/db", message);
  assert_refused("postgres://bob:s3cret/a@host/db", message);
  assert_refused("postgres://bob:12/s3cret@host/db", message);
  assert_refused("postgres://bob:s3cret?x/y@host/db", message);
}

static void names_the_keyword_that_is_wrong(void **state) {
  (void)state;
  assert_refused("postgres://user:s3cret",
                 "the URL's port must be a whole number from 1 to 65535, and holds something else");
  assert_refused("password=my s3cret host=x", "a keyword=value is expected behind the value of \"password\"");
  assert_refused("password=my s3cret", "a keyword=value is expected behind the value of \"password\"");
  assert_refused("password='my s3cret", "the closing quote is missing behind \"password\"");
  assert_refused("=s3cret", "the connection string does not begin with keyword=value");
  assert_refused("s3cret host=x", "the connection string does not begin with keyword=value");
  assert_refused("hots=x", "there is no setting \"hots\"");
  assert_refused("host=x port=abc", "port must be a whole number from 1 to 65535, not \"abc\"");
}

/* Random texts of the grammar's pieces: where both accept, both read the same; nothing crashes. */
static void agrees_with_libpq_on_random_texts(void **state) {
  (void)state;
  static const char *const pieces[] = {"a", "b%20", ":",    "5",   ",",       "/",     "?", "&",
                                       "=", "user", "host", "%41", "[::1]",   "'",     " ", "\\",
                                       "-", "max",  ".",    "#",   "dbname=", "port=", "@"};
  unsigned seed = 11;
  int both = 0;
  for (int round = 0; round < 30000; round++) {
    char url[200] = "";
    if (round % 3 > 0) strcpy(url, "postgres://");
    for (int i = 0; i < 1 + round % 9; i++) {
      seed = seed * 1103515245U + 12345U;
      strcat(url, pieces[(seed >> 16) % (sizeof pieces / sizeof pieces[0])]);
    }
    mp_settings *settings = mp_settings_create(NULL);
    bool is_ours = mp_settings_set_url(settings, url, NULL, NULL);
    mp_settings_destroy(settings);
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    if (is_ours && options == NULL) fail_msg("only we accept: %s", url);
    if (is_ours) {
      both++;
      assert_read_as_libpq_does(url);
    }
    PQconninfoFree(options);
  }
  assert_true(both > 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_what_libpq_reads),          cmocka_unit_test(takes_our_own_settings),
      cmocka_unit_test(names_the_part_that_is_wrong),    cmocka_unit_test(never_shows_a_password_that_was_not_encoded),
      cmocka_unit_test(names_the_keyword_that_is_wrong), cmocka_unit_test(agrees_with_libpq_on_random_texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
