/* Who gets a connection: the first in the queue, or whoever asks while nobody waits. While somebody waits there is no
 * idle one. Idle ones are lent last in, first out, so that the rest can grow old and be closed. */
#include <assert.h>

#include "pool/internal.h"

static void lend(mp_pool *pool, mp__slot *slot, const mp_holder *holder, int64_t now) {
  mp__slot_move(&pool->slots, slot, MP__SLOT_LENT);
  slot->holder = holder;
  slot->since = now;
  slot->is_reported = false;
  pool->stats.checkouts++;
  if (now + pool->leak_span < pool->upkeep.deadline) mp__upkeep_wake(pool);
}

static const char *reason_of(const mp_pool *pool, const int64_t *counter) {
  if (counter == &pool->stats.closed_idle) return "idle";
  if (counter == &pool->stats.closed_surplus) return "surplus";
  return counter == &pool->stats.closed_lifetime ? "lifetime" : "broken";
}

void mp__pool_doom(mp_pool *pool, mp__slot *slot, int64_t *counter) {
  mp__slot_move(&pool->slots, slot, MP__SLOT_DYING);
  ++*counter;
  mp__pool_trace(pool, "close c%u why=%s", mp_connection_number(slot->connection), reason_of(pool, counter));
  mp__upkeep_wake(pool);
}

/* So shortly after its return that a look could not tell more than the last answer did. Who asks in a loop is spared
 * the look's system call. */
#define JUST_BACK (5 * MP_MILLISECOND)

/* One that is not usable is no longer idle afterwards. */
static bool is_usable(mp_pool *pool, mp__slot *slot, int64_t now) {
  if (now >= slot->expires) {
    mp__pool_doom(pool, slot, &pool->stats.closed_lifetime);
  } else if (now - slot->since < JUST_BACK && !slot->suspect) {
    return true;
  } else if (!mp_connection_is_alive(slot->connection)) {
    mp__pool_doom(pool, slot, &pool->stats.closed_broken);
  } else if (mp__check_is_due(pool, slot, now)) {
    mp__check_begin(pool, slot);
  } else {
    return true;
  }
  return false;
}

mp__slot *mp__pool_take_idle(mp_pool *pool, const mp_holder *holder, int64_t now) {
  for (;;) { /* a suspended pool has no idle ones */
    mp__slot *slot = pool->slots.lists[MP__SLOT_IDLE].first;
    if (slot == NULL) return NULL;
    if (!is_usable(pool, slot, now)) continue;
    lend(pool, slot, holder, now);
    mp__pool_trace(pool, "checkout c%u t%llu", mp_connection_number(slot->connection), mp__task_of(holder));
    if (mp__slots_count(&pool->slots, MP__SLOT_IDLE) < pool->min_idle) mp__opening_check(pool, now);
    return slot;
  }
}

void mp__queue_count_wait(mp_pool *pool, const mp_checkout *checkout, int64_t now) {
  mp_pool_stats *stats = &pool->stats;
  double seconds = (double)(now - checkout->started) / (double)MP_SECOND;
  stats->waits++;
  stats->wait_seconds += seconds;
  if (seconds > stats->wait_seconds_max) stats->wait_seconds_max = seconds;
}

void mp__queue_add(mp_pool *pool, mp_checkout *checkout) {
  mp__queue *queue = &pool->queue;
  assert(mp__slots_count(&pool->slots, MP__SLOT_IDLE) == 0);
  checkout->state = MP__CHECKOUT_WAITING;
  checkout->previous = queue->last;
  if (queue->last != NULL) {
    queue->last->next = checkout;
  } else {
    queue->first = checkout;
  }
  queue->last = checkout;
  mp__pool_trace(pool, "wait t%llu in_front=%lld", mp__task_of(checkout->holder), (long long)queue->count);
  queue->count++;
}

void mp__queue_remove(mp_pool *pool, mp_checkout *checkout) {
  mp__queue *queue = &pool->queue;
  assert(checkout->state == MP__CHECKOUT_WAITING);
  if (checkout->previous != NULL) {
    checkout->previous->next = checkout->next;
  } else {
    queue->first = checkout->next;
  }
  if (checkout->next != NULL) {
    checkout->next->previous = checkout->previous;
  } else {
    queue->last = checkout->previous;
  }
  queue->count--;
  if (checkout->waker.write_fd >= 0) queue->wakers--;
}

/* The checkout is not touched after its state has changed and the lock was given up: its owner may destroy it. */
static void leave_queue(mp_pool *pool, mp_checkout *checkout) {
  mp__queue_remove(pool, checkout);
  if (checkout->waker.write_fd >= 0) mp_waker_wake(&checkout->waker);
}

void mp__queue_fail(mp_pool *pool, const mp_error *error) {
  while (pool->queue.first != NULL) {
    mp_checkout *checkout = pool->queue.first;
    leave_queue(pool, checkout);
    mp__pool_trace(pool, "fail t%llu error=\"%s\"", mp__task_of(checkout->holder), mp_error_message(error));
    checkout->state = MP__CHECKOUT_FAILED;
    checkout->error = mp_error_copy(error);
  }
}

static void grant(mp_pool *pool, mp__slot *slot) {
  mp_checkout *checkout = pool->queue.first;
  int64_t now = mp_clock_now();
  leave_queue(pool, checkout);
  lend(pool, slot, checkout->holder, now);
  mp__pool_trace(pool, "grant c%u t%llu waited=%.6f", mp_connection_number(slot->connection),
                 mp__task_of(checkout->holder), mp__seconds(checkout->started, now));
  checkout->state = MP__CHECKOUT_GRANTED;
  checkout->slot = slot;
  mp__queue_count_wait(pool, checkout, now);
}

/* Checking does not make it younger; and `now` is from one of two clocks, a few milliseconds apart. */
static void become_idle(mp_pool *pool, mp__slot *slot, int64_t now) {
  const mp__slot *newest = pool->slots.lists[MP__SLOT_IDLE].first;
  slot->checked = now;
  if (slot->state != MP__SLOT_CHECKING) {
    slot->since = newest != NULL && newest->since >= now ? newest->since + 1 : now;
  }
  mp__slot_move(&pool->slots, slot, MP__SLOT_IDLE);
}

void mp__pool_offer(mp_pool *pool, mp__slot *slot, int64_t now) {
  slot->holder = NULL;
  if (now >= slot->expires) {
    mp__pool_doom(pool, slot, &pool->stats.closed_lifetime);
  } else if (mp__pool_has_surplus(pool)) {
    mp__pool_doom(pool, slot, &pool->stats.closed_surplus);
  } else if (pool->queue.first != NULL) {
    grant(pool, slot);
  } else {
    become_idle(pool, slot, now);
    if (mp__upkeep_due(pool, slot) < pool->upkeep.deadline) mp__upkeep_wake(pool);
  }
}
