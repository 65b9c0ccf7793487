/* Connections that are not given back are told, once, with the place where they were taken. */
#include <pthread.h>

#include "support.h"

/* What the pool has told, from whichever thread. */
typedef struct notes {
  pthread_mutex_t lock;
  mp_report_kind kind;
  mp_loan last;
  int count;
  bool destroyed;
} notes;

static void note(void *data, mp_report_kind kind, const mp_loan *loan) {
  notes *self = data;
  pthread_mutex_lock(&self->lock);
  self->kind = kind;
  self->last = *loan;
  self->count++;
  pthread_mutex_unlock(&self->lock);
}

static void destroy(void *data) {
  ((notes *)data)->destroyed = true;
}

static int count_of(notes *self) {
  pthread_mutex_lock(&self->lock);
  int count = self->count;
  pthread_mutex_unlock(&self->lock);
  return count;
}

static mp_loan last_of(notes *self) {
  pthread_mutex_lock(&self->lock);
  mp_loan last = self->last;
  pthread_mutex_unlock(&self->lock);
  return last;
}

static mp_pool *open_noting(notes *self, const char *threshold) {
  *self = (notes){.lock = PTHREAD_MUTEX_INITIALIZER};
  mp_settings *settings = mp_settings_create(NULL);
  assert_true(mp_settings_set_url(settings, server_url(), NULL, NULL));
  assert_true(mp_settings_set(settings, "leak_threshold", threshold, NULL, NULL));
  mp_pool_hooks hooks = {.data = self, .report = note, .destroy = destroy};
  mp_pool *pool = mp_pool_open_with(settings, &hooks, NULL);
  assert_non_null(pool);
  mp_settings_destroy(settings);
  return pool;
}

static void tells_each_loan_that_is_too_long_once(void **state) {
  (void)state;
  notes told;
  mp_pool *pool = open_noting(&told, "100ms");
  mp_holder holder = holder_at("leak.lua:7");
  for (int loan = 1; loan <= 2; loan++) {
    mp_connection *connection = take(pool, &holder);
    run(connection, "select 1,\n\t    2 ");
    wait_for(count_of(&told) == loan);
    usleep(250000);
    assert_int_equal(count_of(&told), loan);
    mp_loan last = last_of(&told);
    assert_int_equal(told.kind, MP_REPORT_LEAK);
    assert_string_equal(last.where, "leak.lua:7");
    assert_string_equal(last.statement, "select 1, 2");
    assert_true(last.seconds >= 0.1 && last.seconds < 5);
    mp_pool_return(pool, connection);
  }
  assert_int_equal(stats_of(pool).leaks, 2);
  mp_pool_release(pool);
  assert_true(told.destroyed);
}

/* More than fit into one turn of the upkeep thread. */
static void tells_all_of_many(void **state) {
  (void)state;
  enum { COUNT = 10 };
  notes told;
  mp_pool *pool = open_noting(&told, "100ms");
  mp_connection *connections[COUNT];
  for (int i = 0; i < COUNT; i++)
    connections[i] = take(pool, NULL);
  wait_for(count_of(&told) == COUNT);
  assert_string_equal(last_of(&told).where, "");
  for (int i = 0; i < COUNT; i++)
    mp_pool_return(pool, connections[i]);
  mp_pool_release(pool);
}

static void says_nothing_of_short_loans(void **state) {
  (void)state;
  notes told;
  mp_pool *pool = open_noting(&told, "700ms");
  for (int64_t end = mp_clock_after(1); mp_clock_now() < end;) {
    mp_pool_return(pool, take(pool, NULL));
    usleep(10000);
  }
  assert_int_equal(count_of(&told), 0);
  mp_pool_release(pool);
}

static void a_lost_one_comes_back_with_a_report(void **state) {
  (void)state;
  notes told;
  mp_pool *pool = open_noting(&told, "0");
  mp_holder holder = holder_at("lost.lua:3");
  mp_connection *connection = take(pool, &holder);
  run(connection, "begin");
  mp_pool_reclaim(pool, connection);
  assert_int_equal(told.count, 1);
  assert_int_equal(told.kind, MP_REPORT_RECLAIMED);
  char text[512];
  mp_report_text(told.kind, &told.last, text, sizeof text);
  assert_text(text, "a connection taken at lost.lua:3 was forgotten, and is given back after ");
  assert_text(text, " s; its last statement: begin");
  wait_for(stats_of(pool).idle == 1);
  assert_ptr_equal(take(pool, NULL), connection);
  assert_int_equal(mp_connection_transaction_status(connection), MP_OUTSIDE);
  assert_int_equal(stats_of(pool).reclaimed, 1);
  assert_int_equal(stats_of(pool).leaks, 0);
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tells_each_loan_that_is_too_long_once),
      cmocka_unit_test(tells_all_of_many),
      cmocka_unit_test(says_nothing_of_short_loans),
      cmocka_unit_test(a_lost_one_comes_back_with_a_report),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
