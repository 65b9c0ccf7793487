/* Servers that refuse, are not there, hang, go away and come back: what ends a wait at once, and what is sat out. The
 * server is a private one that these tests make, stop and start. */
#include <pthread.h>
#include <signal.h>

#include "private_server.h"

/* ---- refusals ---- */

/* All who wait hear of it, long before their deadline, and in the server's own words. */
static void assert_all_refused(mp_pool *pool, const char *sqlstate, const char *message) {
  enum { COUNT = 3 };
  mp_checkout *waiting[COUNT];
  int64_t begun = mp_clock_now();
  for (int i = 0; i < COUNT; i++)
    waiting[i] = mp_checkout_start(pool, NULL, mp_clock_after(20), NULL);
  for (int i = 0; i < COUNT; i++) {
    mp_error *error = NULL;
    assert_int_equal(finish_checkout(waiting[i], &error), MP_STEP_FAILED);
    if (sqlstate != NULL) assert_string_equal(mp_error_get(error, MP_ERROR_SQLSTATE), sqlstate);
    assert_text(mp_error_message(error), message);
    mp_error_free(error);
    mp_checkout_destroy(waiting[i]);
  }
  assert_true(mp_clock_now() - begun < 5 * MP_SECOND);
  mp_pool_release(pool);
}

static void a_wrong_password_ends_the_wait(void **state) {
  fixture *self = *state;
  mp_pool *pool = open_private(self, "user", "guarded", "password", "wrong", "max_size", "2");
  assert_all_refused(pool, "28P01", "password authentication failed for user \"guarded\"");
  pool = open_private(self, "user", "guarded", "password", "right", "max_size", "2");
  mp_pool_return(pool, take(pool, NULL));
  mp_pool_release(pool);
}

static void an_unknown_database_or_role_ends_the_wait(void **state) {
  fixture *self = *state;
  mp_pool *pool = open_private(self, "dbname", "nowhere");
  assert_all_refused(pool, "3D000", "database \"nowhere\" does not exist");
  pool = open_private(self, "user", "nobody_here");
  assert_all_refused(pool, "28000", "nobody_here");
}

static void a_server_that_was_never_there_ends_the_wait(void **state) {
  (void)state;
  const char *const settings[] = {NULL};
  assert_all_refused(open_pool_at("postgres://%2Ftmp%2Fno-such-folder/x", settings), NULL, "/tmp/no-such-folder");
}

static void a_wrong_password_ends_waits_of_a_pool_that_has_worked(void **state) {
  fixture *self = *state;
  mp_pool *pool = open_private(self, "user", "guarded", "password", "right", "max_size", "2");
  mp_connection *connection = take(pool, NULL);
  ask_private(self, "alter role guarded password 'changed'");
  mp_error *error = refusal_of(pool, NULL, 20);
  assert_string_equal(mp_error_get(error, MP_ERROR_SQLSTATE), "28P01");
  mp_error_free(error);
  ask_private(self, "alter role guarded password 'right'");
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

static void with_no_more_from_the_server_it_waits_for_its_own(void **state) {
  fixture *self = *state;
  mp_pool *pool = open_private(self, "user", "scarce", "max_size", "3");
  mp_connection *connection = take(pool, NULL);
  mp_checkout *waiting = queue_up(pool, NULL);
  wait_for(stats_of(pool).connect_failures >= 2);
  mp_pool_return(pool, connection);
  assert_int_equal(finish_checkout(waiting, NULL), MP_STEP_DONE);
  assert_ptr_equal(mp_checkout_take(waiting), connection);
  mp_checkout_destroy(waiting);
  assert_all_refused(open_private(self, "user", "scarce"), "53300", "too many connections");
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

/* ---- outages ---- */

static void a_hanging_server_does_not_outlast_the_deadline(void **state) {
  fixture *self = *state;
  mp_pool *pool = open_private(self, "max_size", "2");
  kill(self->place.pid, SIGSTOP);
  int64_t begun = mp_clock_now();
  mp_error *error = refusal_of(pool, NULL, 0.3);
  int64_t took = mp_clock_now() - begun;
  kill(self->place.pid, SIGCONT);
  assert_in_range(took, 300 * MP_MILLISECOND, 900 * MP_MILLISECOND);
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_TIMEOUT);
  assert_text(mp_error_message(error), "0 in use and 1 being opened");
  mp_error_free(error);
  mp_pool_return(pool, take(pool, NULL));
  mp_pool_release(pool);
}

static void *start_soon(void *argument) {
  usleep(500000);
  start_server(argument);
  return NULL;
}

static void a_restart_is_sat_out(void **state) {
  fixture *self = *state;
  pthread_t thread;
  mp_pool *pool = open_private(self, "max_size", "2");
  mp_connection *a = take(pool, NULL), *b = take(pool, NULL);
  mp_pool_return(pool, a);
  mp_pool_return(pool, b);
  stop_server(self);

  mp_error *error = refusal_of(pool, NULL, 0.4); /* too short a wait: it says what connecting said */
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_TIMEOUT);
  assert_text(mp_error_get(error, MP_ERROR_DETAIL), "the last attempt to connect failed");
  mp_error_free(error);
  assert_int_equal(stats_of(pool).closed_broken, 2);

  assert_int_equal(pthread_create(&thread, NULL, start_soon, self), 0);
  mp_connection *connection = take(pool, NULL);
  pthread_join(thread, NULL);
  assert_answers(connection, "select 'back'", "back");
  assert_in_range(stats_of(pool).connect_failures, 2, 20); /* with pauses in between */
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

/* Ends the standby's recovery, as pg_ctl promote does. */
static void promote(const char *data) {
  char path[512];
  int pid = 0;
  snprintf(path, sizeof path, "%s/promote", data);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fclose(file);
  snprintf(path, sizeof path, "%s/postmaster.pid", data);
  file = fopen(path, "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%d", &pid), 1);
  fclose(file);
  assert_int_equal(kill(pid, SIGUSR1), 0);
}

/* Whether the server answers at all: the pool has never had a connection, so that a missing socket is told at once, and
 * only a deadline means that the server said it was starting. */
static bool is_starting(mp_pool *scout) {
  mp_error *error = refusal_of(scout, NULL, 0.2);
  bool answers = mp_error_kind_of(error) == MP_ERROR_TIMEOUT;
  mp_error_free(error);
  return answers;
}

/* A standby that takes no queries answers 57P03 until it is promoted. */
static void a_server_that_starts_up_is_waited_for(void **state) {
  fixture *self = *state;
  pthread_t thread;
  char data[256];
  mp_pool *scout = open_private(self, "max_size", "1"), *pool = open_private(self, "max_size", "2");
  snprintf(data, sizeof data, "%s", self->place.data);
  stop_server(self);
  write_file(self, "standby.signal", "w", "");
  write_file(self, "postgresql.auto.conf", "a", "hot_standby = off\n");
  assert_int_equal(pthread_create(&thread, NULL, start_soon, self), 0);
  wait_for(is_starting(scout));
  mp_checkout *waiting = queue_up(pool, NULL); /* its first: yet "starting up" is no reason to give up */
  wait_for(stats_of(pool).connect_failures >= 2);
  promote(data);
  assert_int_equal(finish_checkout(waiting, NULL), MP_STEP_DONE);
  pthread_join(thread, NULL);
  mp_pool_return(pool, mp_checkout_take(waiting));
  mp_checkout_destroy(waiting);
  mp_pool_release(pool);
  mp_pool_release(scout);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_wrong_password_ends_the_wait),
      cmocka_unit_test(an_unknown_database_or_role_ends_the_wait),
      cmocka_unit_test(a_server_that_was_never_there_ends_the_wait),
      cmocka_unit_test(a_wrong_password_ends_waits_of_a_pool_that_has_worked),
      cmocka_unit_test(with_no_more_from_the_server_it_waits_for_its_own),
      cmocka_unit_test(a_hanging_server_does_not_outlast_the_deadline),
      cmocka_unit_test(a_restart_is_sat_out),
      cmocka_unit_test(a_server_that_starts_up_is_waited_for),
  };
  return cmocka_run_group_tests(tests, make_server, remove_server);
}
