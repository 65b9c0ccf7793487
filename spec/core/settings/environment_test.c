/* The environment and the `.env` file, in real folders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings/settings.h"

static const char *const variables[] = {"DATABASE_URL",
                                        "DATABASE_POOL_SIZE",
                                        "MOONPOOL_NO_ENV",
                                        "MOONPOOL_MAX_SIZE",
                                        "MOONPOOL_IDLE_TIMEOUT",
                                        "PGHOST",
                                        "PGHOSTADDR",
                                        "PGPORT",
                                        "PGUSER",
                                        "PGDATABASE",
                                        "PGSERVICE",
                                        "PGPASSWORD",
                                        "PGCONNECT_TIMEOUT"};

/* Each test: no variable, and a new folder as the current one. */
static int enter_folder(void **state) {
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
    unsetenv(variables[i]);
  char folder[] = "/tmp/moonpool-settings-XXXXXX";
  if (mkdtemp(folder) == NULL || chdir(folder) != 0) return -1;
  *state = strdup(folder);
  return *state == NULL ? -1 : 0;
}

static int leave_folder(void **state) {
  char command[100];
  snprintf(command, sizeof command, "rm -rf %s", (char *)*state);
  free(*state);
  return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static mp_settings *read_environment(bool has_server) {
  mp_error *error = NULL;
  bool found = !has_server;
  mp_settings *settings = mp_settings_create(&error);
  if (!mp_settings_set_environment(settings, true, &found, &error)) fail_msg("%s", mp_error_message(error));
  assert_int_equal(found, has_server);
  return settings;
}

static void assert_host(const char *expected, bool has_server) {
  mp_settings *settings = read_environment(has_server);
  const char *host = mp_settings_get(settings, "host");
  if (expected == NULL) {
    assert_null(host);
  } else {
    assert_string_equal(host, expected);
  }
  mp_settings_destroy(settings);
}

static void assert_refused(const char *message) {
  mp_error *error = NULL;
  bool has_server = true;
  mp_settings *settings = mp_settings_create(&error);
  assert_false(mp_settings_set_environment(settings, true, &has_server, &error));
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE);
  if (strstr(mp_error_message(error), message) == NULL) fail_msg("%s", mp_error_message(error));
  assert_true(has_server);
  mp_error_free(error);
  mp_settings_destroy(settings);
}

static void finds_nothing_in_nothing(void **state) {
  (void)state;
  assert_host(NULL, false);
}

static void reads_variables(void **state) {
  (void)state;
  setenv("DATABASE_URL", "postgres://one/db?max_size=4", 1);
  setenv("MOONPOOL_IDLE_TIMEOUT", "2min", 1);
  mp_settings *settings = read_environment(true);
  assert_string_equal(mp_settings_get(settings, "host"), "one");
  assert_int_equal(mp_settings_pool(settings)->max_size, 4);
  assert_float_equal(mp_settings_pool(settings)->idle_timeout, 120, 0);
  mp_settings_destroy(settings);

  setenv("DATABASE_POOL_SIZE", "5", 1);
  settings = read_environment(true);
  assert_int_equal(mp_settings_pool(settings)->max_size, 5);
  mp_settings_destroy(settings);
}

static void leaves_the_variables_of_libpq_to_libpq(void **state) {
  (void)state;
  setenv("PGPASSWORD", "x", 1);
  assert_host(NULL, false);
  setenv("PGHOST", "two", 1);
  assert_host(NULL, true);
}

static void blames_the_variable(void **state) {
  (void)state;
  static const char *const values[] = {"abc", "-1", "0", ""};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    setenv("DATABASE_POOL_SIZE", values[i], 1);
    assert_refused("DATABASE_POOL_SIZE: max_size must be a whole number from 1 to 10000, not \"");
  }
  setenv("DATABASE_URL", "", 1);
  assert_refused("DATABASE_URL: the URL is empty");
}

static void reads_the_file(void **state) {
  (void)state;
  write_file(".env", "\xEF\xBB\xBF# ours\r\nexport DATABASE_URL = 'postgres://file/db?a' # no\n");
  assert_refused(".env:2: DATABASE_URL: a parameter behind the URL's ? has no =");
  write_file(
      ".env",
      "\n\nPGPASSWORD=\"a\\\"b\\n#c\"\n  PGHOST=h x # y\nA='\n\n'\nDATABASE_POOL_SIZE=7\nPGUSER=a#b\nPGHOST=last");
  mp_settings *settings = read_environment(true);
  assert_string_equal(mp_settings_get(settings, "password"), "a\"b\n#c");
  assert_string_equal(mp_settings_get(settings, "host"), "last");
  assert_string_equal(mp_settings_get(settings, "user"), "a#b");
  assert_int_equal(mp_settings_pool(settings)->max_size, 7);
  mp_settings_destroy(settings);
  assert_null(getenv("PGHOST"));
}

static void cuts_comments_and_blanks(void **state) {
  (void)state;
  write_file(".env", "PGHOST=a b \t # c\r\nPGUSER= # none\nPGDATABASE=   \nPGPORT=5433\nPGPASSWORD=#x");
  mp_settings *settings = read_environment(true);
  assert_string_equal(mp_settings_get(settings, "host"), "a b");
  assert_string_equal(mp_settings_get(settings, "port"), "5433");
  assert_null(mp_settings_get(settings, "user"));
  assert_string_equal(mp_settings_get(settings, "password"), "#x");
  mp_settings_destroy(settings);
}

static void names_the_line_that_it_cannot_read(void **state) {
  (void)state;
  write_file(".env", "A=1\n\nB\n");
  assert_refused(".env:3: a = is missing behind the name");
  write_file(".env", "A='1\n2'\n=x");
  assert_refused(".env:3: this line does not begin with a name");
  write_file(".env", "A='1\n\n");
  assert_refused(".env:1: a quote that is never closed");
  write_file(".env", "A=\"1\"2");
  assert_refused(".env:1: something stands behind the closing quote");
  write_file(".env", "A=1\nDATABASE_POOL_SIZE=abc");
  assert_refused(".env:2: DATABASE_POOL_SIZE: max_size must be");
}

static void prefers_the_environment(void **state) {
  (void)state;
  write_file(".env", "DATABASE_URL=postgres://file/db\nPGHOSTADDR=127.0.0.9\nPGPASSWORD=x\nMOONPOOL_MAX_SIZE=3\n");
  setenv("DATABASE_URL", "postgres://environment/db", 1);
  setenv("MOONPOOL_MAX_SIZE", "4", 1);
  mp_settings *settings = read_environment(true);
  assert_string_equal(mp_settings_get(settings, "host"), "environment");
  assert_null(mp_settings_get(settings, "hostaddr"));
  assert_string_equal(mp_settings_get(settings, "password"), "x");
  assert_int_equal(mp_settings_pool(settings)->max_size, 4);
  mp_settings_destroy(settings);
  setenv("MOONPOOL_NO_ENV", "1", 1);
  settings = read_environment(true);
  assert_null(mp_settings_get(settings, "password"));
  mp_settings_destroy(settings);
}

static void looks_up_to_the_project_and_no_further(void **state) {
  (void)state;
  write_file(".env", "PGHOST=top");
  assert_int_equal(mkdir("a", 0700), 0);
  assert_int_equal(mkdir("a/b", 0700), 0);
  assert_int_equal(chdir("a/b"), 0);
  assert_host(NULL, false); /* no project: a file above is anybody's */
  assert_int_equal(mkdir("../../migrations", 0700), 0);
  assert_host("top", true);
  write_file("../.env", "PGHOST=nearer");
  assert_host("nearer", true);
  assert_int_equal(unlink("../.env"), 0);
  assert_int_equal(mkdir("../.moonpool", 0700), 0);
  assert_host(NULL, false);
  assert_int_equal(mkdir(".env", 0700), 0); /* a folder of that name is no file */
  assert_host(NULL, false);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      in_folder(finds_nothing_in_nothing),
      in_folder(reads_variables),
      in_folder(leaves_the_variables_of_libpq_to_libpq),
      in_folder(blames_the_variable),
      in_folder(reads_the_file),
      in_folder(cuts_comments_and_blanks),
      in_folder(names_the_line_that_it_cannot_read),
      in_folder(prefers_the_environment),
      in_folder(looks_up_to_the_project_and_no_further),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
