/* What its owner may change while the pool is in use: how many connections it has, and whether it lends any. */
#include <stdio.h>

#include "pool/internal.h"

/* ---- size ---- */

/* Asked of a copy of the settings, whose bounds and messages these are. */
static bool check_sizes(const mp_pool *pool, int64_t max_size, int64_t min_idle, mp_error **error) {
  char max_text[32], min_text[32];
  snprintf(max_text, sizeof max_text, "%lld", (long long)max_size);
  snprintf(min_text, sizeof min_text, "%lld", (long long)min_idle);
  mp_settings *copy = mp_settings_copy(pool->settings, error);
  bool ok = copy != NULL && mp_settings_set(copy, "max_size", max_text, NULL, error) &&
            mp_settings_set(copy, "min_idle", min_text, NULL, error) && mp_settings_check(copy, error);
  mp_settings_destroy(copy);
  return ok;
}

bool mp__pool_has_surplus(const mp_pool *pool) {
  const mp__slots *slots = &pool->slots;
  int64_t staying = mp__slots_live(slots) - mp__slots_count(slots, MP__SLOT_DYING);
  return pool->suspended_at != 0 || staying > slots->capacity;
}

/* The longest idle go first. Those in use are closed when they come back. */
static void close_surplus(mp_pool *pool) {
  const mp__slot_list *idle = &pool->slots.lists[MP__SLOT_IDLE];
  while (idle->last != NULL && mp__pool_has_surplus(pool))
    mp__pool_doom(pool, idle->last, &pool->stats.closed_surplus);
}

static bool resize(mp_pool *pool, int64_t max_size, int64_t min_idle, mp_error **error) {
  if (pool->closed) return mp__pool_closed_error(error);
  if (min_idle > 0 && !mp__upkeep_start(pool, error)) return false;
  pool->slots.capacity = max_size;
  pool->min_idle = min_idle;
  close_surplus(pool);
  mp__opening_check(pool, mp_clock_now());
  return true;
}

bool mp_pool_resize(mp_pool *pool, int64_t max_size, int64_t min_idle, mp_error **error) {
  if (mp__is_forked(pool)) return mp__pool_forked_error(error);
  if (!check_sizes(pool, max_size, min_idle, error)) return false;
  pthread_mutex_lock(&pool->lock);
  bool ok = resize(pool, max_size, min_idle, error);
  pthread_mutex_unlock(&pool->lock);
  return ok;
}

/* ---- lending at all ---- */

void mp_pool_suspend(mp_pool *pool, const char *where) {
  if (mp__is_forked(pool)) return;
  pthread_mutex_lock(&pool->lock);
  if (pool->suspended_at == 0) {
    pool->suspended_at = mp_clock_now();
    snprintf(pool->suspended_where, sizeof pool->suspended_where, "%s", where == NULL ? "" : where);
    close_surplus(pool);
  }
  pthread_mutex_unlock(&pool->lock);
}

void mp_pool_resume(mp_pool *pool) {
  if (mp__is_forked(pool)) return;
  pthread_mutex_lock(&pool->lock);
  if (pool->suspended_at != 0) {
    pool->suspended_at = 0;
    pool->opening.retry_at = mp_clock_now(); /* the server may be another one by now */
    mp__opening_check(pool, pool->opening.retry_at);
  }
  pthread_mutex_unlock(&pool->lock);
}
