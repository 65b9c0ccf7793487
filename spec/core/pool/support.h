/* Helpers of the pool's tests: a pool on the server that MOONPOOL_TEST_URL names, checkouts that wait in poll(2), and a
 * plain connection of libpq that looks at the server from outside. */
#ifndef SPEC_POOL_SUPPORT_H
#define SPEC_POOL_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "pool/pool.h"

#define UNUSED __attribute__((unused))

/* ---- the server from outside ---- */

/* The server's URL; or the test is skipped, since nobody said where a server is. */
UNUSED static const char *server_url(void) {
  const char *url = getenv("MOONPOOL_TEST_URL");
  if (url == NULL) {
    print_message("skipped: MOONPOOL_TEST_URL does not name a server\n");
    skip();
  }
  return url;
}

UNUSED static int64_t ask_at(const char *url, const char *format, va_list arguments) {
  char sql[512];
  vsnprintf(sql, sizeof sql, format, arguments);
  PGconn *server = PQconnectdb(url);
  if (PQstatus(server) != CONNECTION_OK) fail_msg("%s", PQerrorMessage(server));
  PGresult *result = PQexec(server, sql);
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) fail_msg("%s: %s", sql, PQerrorMessage(server));
  int64_t answer = PQntuples(result) > 0 ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
  PQclear(result);
  PQfinish(server);
  return answer;
}

/* The number that a query answers, asked on a connection of its own. */
UNUSED __attribute__((format(printf, 1, 2))) static int64_t ask(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int64_t answer = ask_at(server_url(), format, arguments);
  va_end(arguments);
  return answer;
}

/* Sessions of this process's pools, as the server counts them. */
UNUSED static int64_t count_sessions(void) {
  return ask("select count(*) from pg_stat_activity where application_name = 'pool-test-%d'", (int)getpid());
}

/* Waits, by asking the server every few milliseconds, until a condition holds. */
#define wait_for(condition)                                                                                            \
  do {                                                                                                                 \
    int64_t limit_ = mp_clock_after(10);                                                                               \
    while (!(condition)) {                                                                                             \
      if (mp_clock_now() > limit_) fail_msg("still not true after 10 s: %s", #condition);                              \
      usleep(2000);                                                                                                    \
    }                                                                                                                  \
  } while (0)

/* ---- pools ---- */

UNUSED static void assert_no_error(mp_error *error) {
  if (error == NULL) return;
  char *text = mp_error_describe(error);
  fail_msg("%s", text);
}

/* settings: pairs of name and value, ended by NULL. */
UNUSED static mp_pool *open_pool_at(const char *url, const char *const *settings) {
  mp_error *error = NULL;
  char name[32];
  snprintf(name, sizeof name, "pool-test-%d", (int)getpid());
  mp_settings *all = mp_settings_create(&error);
  mp_settings_set_url(all, url, "test", &error);
  assert_no_error(error);
  mp_settings_set(all, "application_name", name, "test", &error);
  for (; *settings != NULL; settings += 2)
    mp_settings_set(all, settings[0], settings[1], "test", &error);
  assert_no_error(error);
  mp_pool *pool = mp_pool_open(all, &error);
  assert_no_error(error);
  mp_settings_destroy(all);
  return pool;
}

#define open_pool(...) open_pool_at(server_url(), (const char *const[]){__VA_ARGS__, NULL})

UNUSED static mp_pool_stats stats_of(mp_pool *pool) {
  mp_pool_stats stats;
  mp_pool_stats_read(pool, &stats);
  return stats;
}

/* ---- checkouts ---- */

/* Steps until something is decided. */
UNUSED static mp_step finish_checkout(mp_checkout *checkout, mp_error **error) {
  mp_want want;
  mp_step step;
  while ((step = mp_checkout_step(checkout, &want, error)) == MP_STEP_WAIT)
    mp_wait_poll(&want);
  return step;
}

/* A connection within some seconds, or NULL with an error. */
UNUSED static mp_connection *try_take(mp_pool *pool, const mp_holder *holder, double seconds, mp_error **error) {
  mp_checkout *checkout = mp_checkout_start(pool, holder, mp_clock_after(seconds), error);
  if (checkout == NULL) return NULL;
  bool done = finish_checkout(checkout, error) == MP_STEP_DONE;
  mp_connection *connection = done ? mp_checkout_take(checkout) : NULL;
  mp_checkout_destroy(checkout);
  return connection;
}

UNUSED static mp_connection *take(mp_pool *pool, const mp_holder *holder) {
  mp_error *error = NULL;
  mp_connection *connection = try_take(pool, holder, 10, &error);
  assert_no_error(error);
  return connection;
}

/* A checkout with its first step made. */
UNUSED static mp_checkout *begin_checkout(mp_pool *pool, const mp_holder *holder, mp_step *step) {
  mp_error *error = NULL;
  mp_want want;
  mp_checkout *checkout = mp_checkout_start(pool, holder, mp_clock_after(10), &error);
  assert_no_error(error);
  *step = mp_checkout_step(checkout, &want, &error);
  assert_no_error(error);
  return checkout;
}

/* The same, and it has to wait. */
UNUSED static mp_checkout *queue_up(mp_pool *pool, const mp_holder *holder) {
  mp_step step;
  mp_checkout *checkout = begin_checkout(pool, holder, &step);
  assert_int_equal(step, MP_STEP_WAIT);
  return checkout;
}

UNUSED static mp_error *refusal_of(mp_pool *pool, const mp_holder *holder, double seconds) {
  mp_error *error = NULL;
  assert_null(try_take(pool, holder, seconds, &error));
  assert_non_null(error);
  return error;
}

UNUSED static void assert_text(const char *text, const char *part) {
  if (text == NULL || strstr(text, part) == NULL) fail_msg("\"%s\" is not in: %s", part, text == NULL ? "NULL" : text);
}

UNUSED static mp_holder holder_at(const char *where) {
  mp_holder holder = {0};
  snprintf(holder.where, sizeof holder.where, "%s", where);
  return holder;
}

/* ---- statements ---- */

UNUSED static bool start(mp_connection *connection, const char *sql) {
  return mp_connection_script(connection, sql, mp_clock_after(10), NULL);
}

UNUSED static bool finish_work(mp_connection *connection, mp_error **error) {
  mp_want want;
  mp_step step;
  while ((step = mp_connection_step(connection, &want, error)) == MP_STEP_WAIT)
    mp_wait_poll(&want);
  return step == MP_STEP_DONE;
}

UNUSED static bool try_run(mp_connection *connection, const char *sql, mp_error **error) {
  return mp_connection_script(connection, sql, mp_clock_after(10), error) && finish_work(connection, error);
}

/* Starts a statement as scripts do; one that is plain leaves nothing in the session. False when the session has ended.
 */
UNUSED static bool start_plain(mp_pool *pool, mp_connection *connection, const char *sql) {
  mp_types *types = NULL;
  mp_statement *statement = mp_statements_get(mp_pool_statements(pool), sql, strlen(sql), &types, NULL);
  mp_request request = {.statement = statement, .types = types, .deadline = mp_clock_after(60)};
  bool started = statement != NULL && mp_connection_execute(connection, &request, NULL);
  mp_types_release(types);
  mp_statement_release(statement);
  return started;
}

UNUSED static void run(mp_connection *connection, const char *sql) {
  mp_error *error = NULL;
  try_run(connection, sql, &error);
  assert_no_error(error);
}

/* What a query answers in its only cell. */
UNUSED static void assert_answers(mp_connection *connection, const char *sql, const char *expected) {
  mp_error *error = NULL;
  mp_buffer scratch;
  mp_value value;
  run(connection, sql);
  mp_result *result = mp_connection_take_result(connection, &error);
  assert_no_error(error);
  mp_buffer_init(&scratch, 1 << 16);
  assert_true(mp_result_cell(result, 0, 0, &scratch, &value, &error));
  assert_int_equal(value.kind, MP_VALUE_TEXT);
  assert_int_equal(value.as.bytes.size, strlen(expected));
  assert_memory_equal(value.as.bytes.data, expected, value.as.bytes.size);
  mp_buffer_finish(&scratch);
  mp_result_destroy(result);
}

#endif
