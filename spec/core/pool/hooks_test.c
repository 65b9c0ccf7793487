/* A host's functions around each loan. */
#include "support.h"

typedef struct host {
  int connected, lent, returned;
  bool refuses_connect, refuses_checkout, leaves_transaction;
  bool destroyed;
} host;

static bool on_connect(void *data, mp_connection *connection, mp_error **error) {
  host *self = data;
  self->connected++;
  if (self->refuses_connect) return mp_error_set(error, MP_ERROR_USAGE, "no session for you");
  if (self->leaves_transaction) run(connection, "begin");
  return try_run(connection, "set work_mem = '7MB'", error);
}

static bool on_checkout(void *data, mp_connection *connection, mp_error **error) {
  host *self = data;
  self->lent++;
  assert_int_equal(mp_connection_state_of(connection), MP_CONNECTION_IDLE);
  return self->refuses_checkout ? mp_error_set(error, MP_ERROR_USAGE, "not today") : true;
}

static void on_return(void *data, mp_connection *connection) {
  host *self = data;
  assert_non_null(connection);
  self->returned++;
}

static void on_end(void *data) {
  ((host *)data)->destroyed = true;
}

static mp_pool *open_hooked(host *self) {
  mp_settings *settings = mp_settings_create(NULL);
  assert_true(mp_settings_set_url(settings, server_url(), NULL, NULL));
  assert_true(mp_settings_set(settings, "max_size", "1", NULL, NULL));
  mp_pool_hooks hooks = {
      .data = self, .connect = on_connect, .checkout = on_checkout, .give_back = on_return, .destroy = on_end};
  mp_pool *pool = mp_pool_open_with(settings, &hooks, NULL);
  assert_non_null(pool);
  mp_settings_destroy(settings);
  return pool;
}

static void assert_counts(const host *self, int connected, int lent, int returned) {
  assert_int_equal(self->connected, connected);
  assert_int_equal(self->lent, lent);
  assert_int_equal(self->returned, returned);
}

static void what_is_set_up_belongs_to_the_session(void **state) {
  (void)state;
  host self = {0};
  mp_pool *pool = open_hooked(&self);
  mp_pool_return(pool, take(pool, NULL));
  assert_counts(&self, 1, 1, 1);
  mp_connection *connection = mp_pool_try_checkout(pool, NULL); /* idle: it was not reset */
  assert_non_null(connection);
  assert_false(mp_pool_is_session_new(connection));
  assert_answers(connection, "show work_mem", "7MB");
  mp_pool_return(pool, connection); /* reset, since a script may have changed anything */
  assert_counts(&self, 1, 2, 2);
  connection = take(pool, NULL);
  assert_answers(connection, "show work_mem", "7MB");
  assert_counts(&self, 2, 3, 2);
  mp_pool_return(pool, connection);
  assert_int_equal(stats_of(pool).connects, 1);
  mp_pool_release(pool);
  assert_true(self.destroyed);
}

static void assert_no_loan(mp_pool *pool, mp_error_kind kind, const char *message) {
  mp_error *error = refusal_of(pool, NULL, 10);
  assert_int_equal(mp_error_kind_of(error), kind);
  assert_string_equal(mp_error_message(error), message);
  mp_error_free(error);
  wait_for(stats_of(pool).idle == 1);
  assert_null(mp_pool_try_checkout(pool, NULL));
  wait_for(stats_of(pool).idle == 1);
}

static void a_failed_hook_is_the_borrowers_error(void **state) {
  (void)state;
  host self = {.refuses_connect = true};
  mp_pool *pool = open_hooked(&self);
  assert_no_loan(pool, MP_ERROR_USAGE, "no session for you");
  self.refuses_connect = false;
  self.leaves_transaction = true;
  assert_no_loan(pool, MP_ERROR_TRANSACTION, "setting up the session has left a transaction open");
  self.leaves_transaction = false;
  self.refuses_checkout = true;
  assert_no_loan(pool, MP_ERROR_USAGE, "not today");
  self.refuses_checkout = false;
  assert_int_equal(self.returned, 0);
  mp_connection *connection = take(pool, NULL);
  assert_answers(connection, "show work_mem", "7MB");
  mp_pool_return(pool, connection);
  assert_int_equal(stats_of(pool).connects, 1);
  mp_pool_release(pool);
}

static void a_checkout_that_is_given_up_runs_none(void **state) {
  (void)state;
  host self = {0};
  mp_pool *pool = open_hooked(&self);
  mp_pool_return(pool, take(pool, NULL));
  mp_checkout *checkout = mp_checkout_start(pool, NULL, mp_clock_after(10), NULL);
  mp_checkout_destroy(checkout);
  assert_counts(&self, 1, 1, 1);
  mp_pool_release(pool);
}

static void the_data_is_consumed_by_a_failure_too(void **state) {
  (void)state;
  host self = {0};
  mp_settings *settings = mp_settings_create(NULL);
  assert_true(mp_settings_set(settings, "max_size", "1", NULL, NULL));
  assert_true(mp_settings_set(settings, "min_idle", "2", NULL, NULL));
  assert_null(mp_pool_open_with(settings, &(mp_pool_hooks){.data = &self, .destroy = on_end}, NULL));
  assert_true(self.destroyed);
  mp_settings_destroy(settings);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_set_up_belongs_to_the_session),
      cmocka_unit_test(a_failed_hook_is_the_borrowers_error),
      cmocka_unit_test(a_checkout_that_is_given_up_runs_none),
      cmocka_unit_test(the_data_is_consumed_by_a_failure_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
