/* The pool in numbers. */
#include "pool/internal.h"

void mp_pool_stats_read(mp_pool *pool, mp_pool_stats *out) {
  *out = (mp_pool_stats){.max_size = pool->limits->max_size};
  if (mp__is_forked(pool)) return;
  pthread_mutex_lock(&pool->lock);
  const mp__slots *slots = &pool->slots;
  *out = pool->stats;
  out->suspended = pool->suspended_at != 0;
  out->max_size = slots->capacity;
  out->min_idle = pool->min_idle;
  out->idle = mp__slots_count(slots, MP__SLOT_IDLE) + mp__slots_count(slots, MP__SLOT_CHECKING);
  out->in_use = mp__slots_count(slots, MP__SLOT_LENT);
  out->returning = mp__slots_count(slots, MP__SLOT_RETURNING);
  out->connecting = mp__slots_count(slots, MP__SLOT_OPENING);
  out->open = out->idle + out->in_use + out->returning;
  out->waiting = pool->queue.count;
  pthread_mutex_unlock(&pool->lock);
}
