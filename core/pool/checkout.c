/* One caller's wait for a connection: a place in the queue, and a waker that can be waited for like a socket. */
#include <assert.h>
#include <stdlib.h>

#include "pool/internal.h"

/* A waker takes two descriptors. With many in the queue those behind look from time to time, until they come nearer. */
enum { MOST_WAKERS = 128 };
#define LOOK_AGAIN (10 * MP_MILLISECOND)

static bool begin(mp_pool *pool, mp_checkout *checkout, mp_error **error) {
  if (pool->closed) return mp__pool_closed_error(error);
  checkout->slot = mp__pool_take_idle(pool, checkout->holder, checkout->started);
  if (checkout->slot != NULL) {
    checkout->state = MP__CHECKOUT_GRANTED;
    return true;
  }
  if (mp__is_deadlock(pool, checkout->holder)) {
    return mp__diagnose_deadlock(pool, checkout->holder, checkout->started, error);
  }
  if (!mp__upkeep_start(pool, error)) return false;
  mp__queue_add(pool, checkout);
  mp__opening_asked(pool, checkout->started);
  return true;
}

mp_checkout *mp_checkout_start(mp_pool *pool, const mp_holder *holder, int64_t deadline, mp_error **error) {
  if (mp__is_forked(pool)) {
    mp__pool_forked_error(error);
    return NULL;
  }
  mp_checkout *checkout = calloc(1, sizeof *checkout);
  if (checkout == NULL) {
    mp_error_set_memory(error);
    return NULL;
  }
  checkout->pool = pool;
  checkout->holder = holder;
  checkout->started = mp_clock_now();
  checkout->deadline = deadline;
  checkout->waker = (mp_waker){-1, -1};
  pthread_mutex_lock(&pool->lock);
  bool ok = begin(pool, checkout, error);
  if (ok) pool->checkouts++;
  pthread_mutex_unlock(&pool->lock);
  if (ok) return checkout;
  free(checkout);
  return NULL;
}

static mp_step time_out(mp_checkout *checkout, int64_t now, mp_error **error) {
  mp_pool *pool = checkout->pool;
  mp__diagnose_timeout(pool, checkout, now, error);
  mp__queue_remove(pool, checkout);
  checkout->state = MP__CHECKOUT_FAILED;
  pool->stats.timeouts++;
  mp__pool_trace(pool, "timeout t%llu waited=%.6f", mp__task_of(checkout->holder), mp__seconds(checkout->started, now));
  mp__queue_count_wait(pool, checkout, now);
  return MP_STEP_FAILED;
}

static mp_step wait_on(mp_checkout *checkout, mp_want *want, mp_error **error) {
  mp__queue *queue = &checkout->pool->queue;
  int64_t now = mp_clock_now();
  if (now >= checkout->deadline) return time_out(checkout, now, error);
  bool has_waker = checkout->waker.read_fd >= 0;
  if (!has_waker && queue->wakers < MOST_WAKERS && mp_waker_open(&checkout->waker, NULL)) {
    queue->wakers++;
    has_waker = true;
  }
  *want = (mp_want){.fd = checkout->waker.read_fd, .events = MP_WANT_READ, .deadline = checkout->deadline};
  if (!has_waker && now + LOOK_AGAIN < want->deadline) want->deadline = now + LOOK_AGAIN;
  return MP_STEP_WAIT;
}

static mp_step step(mp_checkout *checkout, mp_want *want, mp_error **error) {
  switch (checkout->state) {
  case MP__CHECKOUT_WAITING: return wait_on(checkout, want, error);
  case MP__CHECKOUT_FAILED:
    mp_error_move(error, checkout->error);
    checkout->error = NULL;
    return MP_STEP_FAILED;
  default: return MP_STEP_DONE;
  }
}

static mp_step run_hooks(mp_checkout *checkout, mp_error **error) {
  mp__slot *slot = checkout->slot;
  if (checkout->state != MP__CHECKOUT_GRANTED || slot->is_lent_out) return MP_STEP_DONE;
  if (mp__hooks_lend(checkout->pool, slot, error)) return MP_STEP_DONE;
  checkout->state = MP__CHECKOUT_FAILED;
  mp_pool_return(checkout->pool, slot->connection);
  return MP_STEP_FAILED;
}

mp_step mp_checkout_step(mp_checkout *checkout, mp_want *want, mp_error **error) {
  pthread_mutex_lock(&checkout->pool->lock);
  mp_step result = step(checkout, want, error);
  pthread_mutex_unlock(&checkout->pool->lock);
  return result == MP_STEP_DONE && mp__has_hooks(checkout->pool) ? run_hooks(checkout, error) : result;
}

mp_connection *mp_checkout_take(mp_checkout *checkout) {
  assert(checkout->state == MP__CHECKOUT_GRANTED);
  checkout->state = MP__CHECKOUT_TAKEN;
  return checkout->slot->connection;
}

void mp_checkout_destroy(mp_checkout *checkout) {
  if (checkout == NULL || mp__is_forked(checkout->pool)) return;
  mp_pool *pool = checkout->pool;
  pthread_mutex_lock(&pool->lock);
  if (checkout->state == MP__CHECKOUT_WAITING) mp__queue_remove(pool, checkout);
  mp_connection *unused = checkout->state == MP__CHECKOUT_GRANTED ? checkout->slot->connection : NULL;
  pthread_mutex_unlock(&pool->lock);
  mp_pool_return(pool, unused);
  pthread_mutex_lock(&pool->lock);
  pool->checkouts--;
  mp__pool_unlock(pool);
  mp_waker_close(&checkout->waker);
  mp_error_free(checkout->error);
  free(checkout);
}
