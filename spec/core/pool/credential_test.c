/* Secrets that change while the pool is in use: from the host, from its function, from a file. */
#include <pthread.h>

#include "private_server.h"

static void set_password(fixture *self, const char *password) {
  ask_private(self, "alter role guarded password '%s'", password);
}

/* A function that gives one password after the other, and the last one from then on. */
typedef struct source {
  const char *passwords[3];
  const char *user;
  int asked;
  bool fails;
} source;

static bool give(void *data, mp_credential *credential, mp_error **error) {
  source *self = data;
  int index = self->asked++ < 2 ? self->asked - 1 : 2;
  if (self->fails) return mp_error_set(error, MP_ERROR_CONNECTION, "the vault is out of reach");
  while (index > 0 && self->passwords[index] == NULL)
    index--;
  return mp_credential_set(credential, self->user, self->passwords[index], error);
}

static mp_pool *open_with(fixture *self, const char *user, const mp_pool_hooks *hooks, const char *file) {
  mp_error *error = NULL;
  mp_settings *settings = mp_settings_create(NULL);
  assert_true(mp_settings_set_url(settings, self->place.url, NULL, NULL));
  assert_true(mp_settings_set(settings, "max_size", "2", NULL, NULL));
  assert_true(mp_settings_set(settings, "password", "of no use", NULL, NULL));
  if (user != NULL) assert_true(mp_settings_set(settings, "user", user, NULL, NULL));
  if (file != NULL) assert_true(mp_settings_set(settings, "password_file", file, NULL, NULL));
  mp_pool *pool = mp_pool_open_with(settings, hooks, &error);
  assert_no_error(error);
  mp_settings_destroy(settings);
  return pool;
}

static mp_pool *open_asking(fixture *self, source *secrets) {
  return open_with(self, secrets->user == NULL ? "guarded" : NULL,
                   &(mp_pool_hooks){.data = secrets, .credential = give}, NULL);
}

static void assert_guarded(mp_pool *pool) {
  mp_connection *connection = take(pool, NULL);
  assert_answers(connection, "select current_user::text", "guarded");
  mp_pool_return(pool, connection);
}

static void assert_refused(mp_pool *pool, const char *sqlstate, const char *message) {
  mp_error *error = refusal_of(pool, NULL, 10);
  char *text = mp_error_describe(error);
  assert_text(mp_error_message(error), message);
  if (sqlstate != NULL) assert_string_equal(mp_error_get(error, MP_ERROR_SQLSTATE), sqlstate);
  assert_null(strstr(text, "secret"));
  free(text);
  mp_error_free(error);
}

/* ---- a function ---- */

static void a_function_is_asked_for_each_connection(void **state) {
  source secrets = {.passwords = {"right"}, .user = "guarded"};
  mp_pool *pool = open_asking(*state, &secrets);
  mp_connection *a = take(pool, NULL), *b = take(pool, NULL);
  assert_answers(b, "select current_user::text", "guarded");
  assert_int_equal(secrets.asked, 2);
  mp_pool_return(pool, a);
  mp_pool_return(pool, b);
  mp_pool_release(pool);
}

static void a_function_is_asked_once_more_when_it_was_refused(void **state) {
  source secrets = {.passwords = {"secret old", "right"}};
  mp_pool *pool = open_asking(*state, &secrets);
  assert_guarded(pool);
  assert_int_equal(secrets.asked, 2);
  assert_int_equal(stats_of(pool).connect_failures, 1);
  mp_pool_release(pool);
}

static void a_second_refusal_ends_the_wait(void **state) {
  source secrets = {.passwords = {"secret old", "secret older"}};
  mp_pool *pool = open_asking(*state, &secrets);
  assert_refused(pool, "28P01", "password authentication failed for user \"guarded\"");
  assert_int_equal(secrets.asked, 2);
  assert_refused(pool, "28P01", "password authentication failed for user \"guarded\"");
  assert_int_equal(secrets.asked, 4);
  mp_pool_release(pool);
}

static void a_function_may_fail(void **state) {
  source secrets = {.fails = true};
  mp_pool *pool = open_asking(*state, &secrets);
  assert_refused(pool, NULL, "the vault is out of reach");
  secrets.fails = false;
  secrets.passwords[0] = "right";
  assert_guarded(pool);
  mp_pool_release(pool);
}

/* ---- what the host has set ---- */

static void nothing_is_opened_before_the_host_has_set_one(void **state) {
  mp_pool *pool = open_with(*state, NULL, &(mp_pool_hooks){.sets_credential = true}, NULL);
  mp_checkout *waiting = queue_up(pool, NULL);
  usleep(50000);
  assert_int_equal(stats_of(pool).connecting + stats_of(pool).connect_failures, 0);
  assert_true(mp_pool_set_credential(pool, "guarded", "right", NULL));
  assert_int_equal(finish_checkout(waiting, NULL), MP_STEP_DONE);
  mp_checkout_destroy(waiting);
  assert_guarded(pool);
  mp_pool_release(pool);
}

static void a_rotation_goes_unseen(void **state) {
  fixture *self = *state;
  mp_pool *pool = open_with(self, "guarded", &(mp_pool_hooks){.sets_credential = true}, NULL);
  assert_true(mp_pool_set_credential(pool, NULL, "right", NULL));
  mp_connection *old = take(pool, NULL);
  set_password(self, "rotated");
  assert_refused(pool, "28P01", "failed for user \"guarded\"");
  assert_true(mp_pool_set_credential(pool, NULL, "rotated", NULL));
  assert_guarded(pool);
  assert_answers(old, "select 'goes on'", "goes on");
  set_password(self, "right");
  mp_pool_return(pool, old);
  mp_pool_release(pool);
}

/* The attempt with the old one is under way when the new one is set. */
static void a_refusal_of_an_older_one_ends_no_wait(void **state) {
  fixture *self = *state;
  for (int round = 0; round < 20; round++) {
    mp_pool *pool = open_with(self, "guarded", &(mp_pool_hooks){.sets_credential = true}, NULL);
    assert_true(mp_pool_set_credential(pool, NULL, "secret old", NULL));
    mp_checkout *waiting = queue_up(pool, NULL);
    assert_true(mp_pool_set_credential(pool, NULL, "right", NULL));
    assert_int_equal(finish_checkout(waiting, NULL), MP_STEP_DONE);
    mp_checkout_destroy(waiting);
    mp_pool_release(pool);
  }
}

/* ---- a file ---- */

static void the_file_is_read_for_each_connection(void **state) {
  fixture *self = *state;
  char path[512];
  snprintf(path, sizeof path, "%s/secret", self->place.data);
  write_file(self, "secret", "w", "right\n");
  mp_pool *pool = open_with(self, "guarded", &(mp_pool_hooks){0}, path);
  mp_connection *old = take(pool, NULL);
  set_password(self, "rotated");
  write_file(self, "secret", "w", "rotated\r\n");
  assert_guarded(pool);
  set_password(self, "right");
  mp_pool_return(pool, old);
  mp_pool_release(pool);
}

static void a_file_that_is_of_no_use_is_told(void **state) {
  fixture *self = *state;
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"", "/bad: it is empty"}, {"\n", "/bad: it is empty"}, {"secret wrong", "password authentication failed"}};
  char path[512], *large = malloc(70000);
  snprintf(path, sizeof path, "%s/bad", self->place.data);
  mp_pool *pool = open_with(self, "guarded", &(mp_pool_hooks){0}, path);
  assert_refused(pool, NULL, "/bad: No such file or directory");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    write_file(self, "bad", "w", cases[i].text);
    assert_refused(pool, NULL, cases[i].message);
  }
  memset(large, 'x', 69999);
  large[69999] = '\0';
  write_file(self, "bad", "w", large);
  assert_refused(pool, NULL, "/bad: it is too long for a password");
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fwrite("a\0b", 1, 3, file);
  fclose(file);
  assert_refused(pool, NULL, "/bad: it has a NUL byte");
  write_file(self, "bad", "w", "right");
  assert_guarded(pool);
  free(large);
  mp_pool_release(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_function_is_asked_for_each_connection),
      cmocka_unit_test(a_function_is_asked_once_more_when_it_was_refused),
      cmocka_unit_test(a_second_refusal_ends_the_wait),
      cmocka_unit_test(a_function_may_fail),
      cmocka_unit_test(nothing_is_opened_before_the_host_has_set_one),
      cmocka_unit_test(a_rotation_goes_unseen),
      cmocka_unit_test(a_refusal_of_an_older_one_ends_no_wait),
      cmocka_unit_test(the_file_is_read_for_each_connection),
      cmocka_unit_test(a_file_that_is_of_no_use_is_told),
  };
  return cmocka_run_group_tests(tests, make_server, remove_server);
}
