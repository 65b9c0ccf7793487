/* What lending and giving back cost on the wire, seen from the wire: the server stands behind a proxy, which counts,
 * and can be silent. */
#include "proxy.h"
#include "support.h"

static int start_proxy(void **state) {
  const char *url = getenv("MOONPOOL_TEST_URL");
  if (url == NULL) return 0; /* the tests say so */
  PGconn *server = PQconnectdb(url);
  if (PQstatus(server) == CONNECTION_OK && PQhost(server)[0] == '/') {
    *state = proxy_start(PQhost(server), (int)strtol(PQport(server), NULL, 10));
  }
  PQfinish(server);
  return 0;
}

static int end_proxy(void **state) {
  if (*state != NULL) proxy_end(*state);
  return 0;
}

static mp_pool *open_behind(const proxy *relay) {
  char url[128];
  server_url();
  if (relay == NULL) {
    print_message("skipped: the server of MOONPOOL_TEST_URL has no Unix socket\n");
    skip();
  }
  snprintf(url, sizeof url, "postgresql://moonpool@127.0.0.1:%d/moonpool?sslmode=disable", relay->port);
  const char *const settings[] = {"max_size", "2", NULL};
  return open_pool_at(url, settings);
}

/* Two connections, one of them idle and one lent in a state that has to be undone on the server. */
static void assert_costs_no_round_trip(proxy *relay, const char *traces) {
  mp_pool *pool = open_behind(relay);
  mp_connection *changed = take(pool, NULL), *other = take(pool, NULL);
  mp_pool_return(pool, other);
  run(changed, traces);
  proxy_set(relay, PROXY_SILENT);
  mp_pool_return(pool, changed);
  assert_ptr_equal(mp_pool_try_checkout(pool, NULL), other); /* no byte can have been answered meanwhile */
  mp_pool_return(pool, other);
  assert_int_equal(stats_of(pool).returning, 1);
  proxy_set(relay, PROXY_PASS);
  wait_for(stats_of(pool).idle == 2);
  assert_int_equal(stats_of(pool).resets, 1);
  mp_pool_release(pool);
}

static void a_reset_costs_its_caller_no_round_trip(void **state) {
  assert_costs_no_round_trip(*state, "set work_mem = '5MB'");
}

static void a_rollback_costs_its_caller_no_round_trip(void **state) {
  assert_costs_no_round_trip(*state, "begin");
}

static int64_t bytes_of(proxy *relay, mp_pool *pool, int rounds) {
  int64_t before = atomic_load(&relay->up_bytes) + atomic_load(&relay->down_bytes);
  for (int i = 0; i < rounds; i++)
    mp_pool_return(pool, take(pool, NULL));
  mp_connection *connection = take(pool, NULL);
  assert_true(start_plain(pool, connection, "select 1") && finish_work(connection, NULL));
  mp_pool_return(pool, connection);
  return atomic_load(&relay->up_bytes) + atomic_load(&relay->down_bytes) - before;
}

static void lending_and_giving_back_send_nothing(void **state) {
  proxy *relay = *state;
  mp_pool *pool = open_behind(relay);
  mp_pool_return(pool, take(pool, NULL));
  for (int i = 0; i < 3; i++)
    bytes_of(relay, pool, 0); /* the third time it is prepared */
  int64_t bytes = bytes_of(relay, pool, 0);
  assert_true(bytes > 0);
  assert_int_equal(bytes_of(relay, pool, 100), bytes);
  usleep(600000); /* longer than an idle one is lent unseen */
  assert_int_equal(bytes_of(relay, pool, 1), bytes);
  mp_pool_release(pool);
}

/* A line that was reset says so by an error, not by its end. */
static void notices_lines_that_were_reset(void **state) {
  proxy *relay = *state;
  mp_pool *pool = open_behind(relay);
  mp_connection *connection = take(pool, NULL);
  mp_pool_return(pool, take(pool, NULL));
  proxy_set(relay, PROXY_REFUSE);
  wait_for(stats_of(pool).idle == 0);
  proxy_set(relay, PROXY_PASS);
  mp_pool_return(pool, connection);
  assert_int_equal(stats_of(pool).idle, 0);
  connection = take(pool, NULL);
  run(connection, "select 1");
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_reset_costs_its_caller_no_round_trip),
      cmocka_unit_test(a_rollback_costs_its_caller_no_round_trip),
      cmocka_unit_test(lending_and_giving_back_send_nothing),
      cmocka_unit_test(notices_lines_that_were_reset),
  };
  return cmocka_run_group_tests(tests, start_proxy, end_proxy);
}
