/* Many threads on one pool: nobody shares a connection, nobody starves, and no limit is passed. Meant for the builds
 * with a sanitizer, where it shows what no assertion can. */
#include <pthread.h>
#include <stdatomic.h>

#include "support.h"

enum { THREADS = 8, SIZE = 3, ROUNDS = 150 };

typedef struct worker {
  mp_pool *pool;
  atomic_int *in_use; /* by all threads together */
  unsigned seed;
  int done, most, failed;
} worker;

static mp_connection *borrow(worker *self, const mp_holder *holder) {
  mp_connection *connection = self->seed % 2 == 0 ? mp_pool_try_checkout(self->pool, holder) : NULL;
  return connection != NULL ? connection : try_take(self->pool, holder, 30, NULL);
}

/* Leaves the connection as scripts do: clean, in a transaction, with a setting, busy, or killed by its own statement.
 */
static bool use(worker *self, mp_connection *connection) {
  switch (rand_r(&self->seed) % 12) {
  case 0: return try_run(connection, "begin", NULL);
  case 1: return try_run(connection, "set work_mem = '5MB'", NULL);
  case 2: return start(connection, "select pg_sleep(0.01)");
  case 3: return !try_run(connection, "select pg_terminate_backend(pg_backend_pid())", NULL);
  case 4: return true;
  default: return try_run(connection, "select 1", NULL);
  }
}

static void *work(void *argument) {
  worker *self = argument;
  mp_holder holder = {.thread = self};
  for (int i = 0; i < ROUNDS; i++) {
    mp_connection *connection = borrow(self, &holder);
    if (connection == NULL) {
      self->failed++;
      continue;
    }
    int now = atomic_fetch_add(self->in_use, 1) + 1;
    if (now > self->most) self->most = now;
    if (!use(self, connection)) self->failed++;
    atomic_fetch_sub(self->in_use, 1);
    mp_pool_return(self->pool, connection);
    self->done++;
  }
  return NULL;
}

static void threads_share_it(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "3", "min_idle", "1", "idle_timeout", "20ms", "max_lifetime", "500ms");
  atomic_int in_use = 0;
  pthread_t threads[THREADS];
  worker workers[THREADS];
  for (unsigned i = 0; i < THREADS; i++) {
    workers[i] = (worker){.pool = pool, .in_use = &in_use, .seed = i + 1};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(workers[i].failed, 0);
    assert_int_equal(workers[i].done, ROUNDS);
    assert_true(workers[i].most <= SIZE);
  }
  mp_pool_stats stats = stats_of(pool);
  assert_int_equal(stats.checkouts, THREADS * ROUNDS);
  assert_int_equal(stats.in_use + stats.waiting, 0);
  assert_true(stats.open + stats.connecting <= SIZE);
  mp_pool_release(pool);
  wait_for(count_sessions() == 0);
}

static void *give_back_late(void *argument) {
  worker *self = argument;
  mp_holder holder = {.thread = self};
  for (;;) {
    mp_error *error = NULL;
    mp_connection *connection = try_take(self->pool, &holder, 30, &error);
    if (connection == NULL) {
      if (mp_error_kind_of(error) != MP_ERROR_USAGE) self->failed++;
      mp_error_free(error);
      break;
    }
    try_run(connection, "select pg_sleep(0.001)", NULL);
    mp_pool_return(self->pool, connection);
    self->done++;
  }
  mp_pool_release(self->pool);
  return NULL;
}

static void closing_under_load_ends_everybody(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "3");
  pthread_t threads[THREADS];
  worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.pool = mp_pool_retain(pool)};
    assert_int_equal(pthread_create(&threads[i], NULL, give_back_late, &workers[i]), 0);
  }
  wait_for(stats_of(pool).checkouts > 100);
  mp_pool_close(pool);
  mp_pool_release(pool);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(workers[i].failed, 0);
  }
  wait_for(count_sessions() == 0);
}

/* The size goes up and down and the pool is suspended now and then; nobody notices, but for the wait. */
static void steering_under_load_disturbs_nobody(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size", "3", "health_check", "5ms", "leak_threshold", "1h");
  atomic_int in_use = 0;
  pthread_t threads[THREADS];
  worker workers[THREADS];
  for (unsigned i = 0; i < THREADS; i++) {
    workers[i] = (worker){.pool = pool, .in_use = &in_use, .seed = i + 1};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  mp_loan loans[SIZE];
  for (int round = 0; stats_of(pool).checkouts < THREADS * ROUNDS / 2; round++) {
    assert_true(mp_pool_resize(pool, 1 + round % SIZE, round % 2, NULL));
    if (round % 4 == 0) mp_pool_suspend(pool, "threads");
    usleep(3000);
    mp_pool_resume(pool);
    mp_pool_loans(pool, loans, SIZE);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(workers[i].failed, 0);
    assert_int_equal(workers[i].done, ROUNDS);
  }
  assert_true(stats_of(pool).closed_surplus > 0);
  mp_pool_release(pool);
  wait_for(count_sessions() == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_share_it),
      cmocka_unit_test(closing_under_load_ends_everybody),
      cmocka_unit_test(steering_under_load_disturbs_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
