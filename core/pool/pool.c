/* The pool's life, the fast way to borrow, and the way back. */
#include <assert.h>
#include <stdlib.h>

#include "pool/internal.h"

#define LONGEST_SPAN (MP_FOREVER / 4) /* leaves room to add a time of the clock */

static int64_t span_of(double seconds) {
  if (!(seconds > 0) || seconds >= (double)(LONGEST_SPAN / MP_SECOND)) return LONGEST_SPAN;
  return (int64_t)(seconds * (double)MP_SECOND);
}

static void destroy(mp_pool *pool) {
  if (pool->hooks.destroy != NULL) pool->hooks.destroy(pool->hooks.data);
  mp_error_free(pool->opening.last);
  mp_credential_wipe(&pool->credential);
  mp__upkeep_finish(pool);
  mp__slots_finish(&pool->slots);
  mp_statements_destroy(pool->statements);
  mp_settings_destroy(pool->settings);
  mp__fork_guard_finish(&pool->guard);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}

static bool init(mp_pool *pool, const mp_settings *settings, mp_error **error) {
  pool->settings = mp_settings_copy(settings, error);
  if (pool->settings == NULL) return false;
  pool->statements = mp_statements_create(error);
  if (pool->statements == NULL) return false;
  pool->limits = mp_settings_pool(pool->settings);
  pool->idle_span = span_of(pool->limits->idle_timeout);
  pool->lifetime_span = span_of(pool->limits->max_lifetime);
  pool->check_span = span_of(pool->limits->health_check);
  pool->leak_span = span_of(pool->limits->leak_threshold);
  pool->slots.capacity = pool->limits->max_size;
  pool->min_idle = pool->limits->min_idle;
  if (pool->min_idle == 0) return true;
  pthread_mutex_lock(&pool->lock);
  bool started = mp__upkeep_start(pool, error);
  pthread_mutex_unlock(&pool->lock);
  return started;
}

mp_pool *mp_pool_open(const mp_settings *settings, mp_error **error) {
  return mp_pool_open_with(settings, &(mp_pool_hooks){0}, error);
}

mp_pool *mp_pool_open_with(const mp_settings *settings, const mp_pool_hooks *hooks, mp_error **error) {
  mp_pool *pool = calloc(1, sizeof *pool);
  if (pool == NULL || pthread_mutex_init(&pool->lock, NULL) != 0) {
    free(pool);
    mp_error_set_memory(error);
    if (hooks->destroy != NULL) hooks->destroy(hooks->data);
    return NULL;
  }
  pool->hooks = *hooks;
  pool->handles = 1;
  pool->upkeep = (mp__upkeep){.waker = {-1, -1}, .watch = -1};
  mp__fork_guard_init(&pool->guard);
  if (!mp_settings_check(settings, error) || !init(pool, settings, error)) {
    destroy(pool);
    return NULL;
  }
  return pool;
}

bool mp__pool_closed_error(mp_error **error) {
  return mp_error_set(error, MP_ERROR_USAGE, "the pool is closed");
}

bool mp__pool_forked_error(mp_error **error) {
  mp_error_set(error, MP_ERROR_USAGE, "the pool belongs to the parent of this process");
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "open a pool of its own after fork()");
  return false;
}

void mp__pool_unlock(mp_pool *pool) {
  bool is_last =
      pool->closed && pool->handles == 0 && pool->checkouts == 0 && mp__slots_count(&pool->slots, MP__SLOT_LENT) == 0;
  pthread_mutex_unlock(&pool->lock);
  if (is_last) destroy(pool);
}

/* Of a closed pool: takes a connection that nobody holds off its slot; NULL when there is none. */
static mp_connection *take_remaining(mp_pool *pool) {
  static const mp__slot_state ours[] = {MP__SLOT_IDLE, MP__SLOT_CHECKING, MP__SLOT_OPENING, MP__SLOT_RETURNING,
                                        MP__SLOT_DYING};
  for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
    for (mp__slot *slot; (slot = pool->slots.lists[ours[i]].first) != NULL;) {
      mp_connection *connection = slot->connection;
      slot->connection = NULL;
      mp__slot_move(&pool->slots, slot, MP__SLOT_FREE);
      if (connection != NULL) return connection;
    }
  }
  return NULL;
}

static void close_remaining(mp_pool *pool) {
  mp_connection *connection;
  do {
    pthread_mutex_lock(&pool->lock);
    connection = take_remaining(pool);
    pthread_mutex_unlock(&pool->lock);
    if (connection != NULL) mp__pool_trace(pool, "close c%u why=closed", mp_connection_number(connection));
    mp_connection_close(connection);
  } while (connection != NULL);
}

void mp_pool_close(mp_pool *pool) {
  mp_error *error = NULL;
  if (mp__is_forked(pool)) return;
  mp__pool_closed_error(&error);
  pthread_mutex_lock(&pool->lock);
  bool was_closed = pool->closed;
  pool->closed = true;
  mp__queue_fail(pool, error);
  pthread_mutex_unlock(&pool->lock);
  mp_error_free(error);
  if (was_closed) return;
  mp__upkeep_stop(pool);
  close_remaining(pool);
}

bool mp_pool_is_closed(mp_pool *pool) {
  if (mp__is_forked(pool)) return true;
  pthread_mutex_lock(&pool->lock);
  bool closed = pool->closed;
  pthread_mutex_unlock(&pool->lock);
  return closed;
}

bool mp_pool_is_forked(const mp_pool *pool) {
  return mp__is_forked(pool);
}

mp_pool *mp_pool_retain(mp_pool *pool) {
  if (mp__is_forked(pool)) return pool;
  pthread_mutex_lock(&pool->lock);
  pool->handles++;
  pthread_mutex_unlock(&pool->lock);
  return pool;
}

/* The last handle is kept until the pool is closed: nobody else can free it meanwhile. */
void mp_pool_release(mp_pool *pool) {
  if (pool == NULL || mp__is_forked(pool)) return;
  pthread_mutex_lock(&pool->lock);
  if (pool->handles == 1 && !pool->closed) {
    pthread_mutex_unlock(&pool->lock);
    mp_pool_close(pool);
    pthread_mutex_lock(&pool->lock);
  }
  pool->handles--;
  mp__pool_unlock(pool);
}

const mp_settings *mp_pool_settings_of(const mp_pool *pool) {
  return pool->settings;
}

mp_statements *mp_pool_statements(const mp_pool *pool) {
  return pool->statements;
}

mp_connection *mp_pool_try_checkout(mp_pool *pool, const mp_holder *holder) {
  if (mp__is_forked(pool)) return NULL;
  int64_t now = mp__clock_near();
  pthread_mutex_lock(&pool->lock);
  mp__slot *slot = pool->closed ? NULL : mp__pool_take_idle(pool, holder, now);
  mp_connection *connection = slot == NULL ? NULL : slot->connection;
  pthread_mutex_unlock(&pool->lock);
  if (connection == NULL || !mp__has_hooks(pool) || mp__hooks_lend(pool, slot, NULL)) return connection;
  mp_pool_return(pool, connection);
  return NULL;
}

static bool is_broken(mp__slot *slot, mp__condition condition) {
  if (condition == MP__UNUSABLE) return true;
  return condition == MP__CLEAN && slot->suspect && !mp_connection_is_alive(slot->connection);
}

static void put_back(mp_pool *pool, mp__slot *slot, mp__condition condition, int64_t now) {
  mp__pool_trace(pool, "return c%u t%llu held=%.3f", mp_connection_number(slot->connection), mp__task_of(slot->holder),
                 mp__seconds(slot->since, mp_clock_now()));
  slot->holder = NULL;
  if (is_broken(slot, condition)) {
    mp__pool_doom(pool, slot, &pool->stats.closed_broken);
  } else if (now >= slot->expires) {
    mp__pool_doom(pool, slot, &pool->stats.closed_lifetime);
  } else if (condition == MP__CLEANING) {
    mp__slot_move(&pool->slots, slot, MP__SLOT_RETURNING);
    mp__upkeep_wake(pool);
  } else {
    slot->suspect = false;
    mp__pool_offer(pool, slot, now);
  }
}

/* Of a closed pool. The slot stays LENT, which keeps the pool in memory, until its connection is closed. */
static void close_late(mp_pool *pool, mp__slot *slot) {
  mp__pool_trace(pool, "close c%u why=closed", mp_connection_number(slot->connection));
  mp_connection_close(slot->connection);
  pthread_mutex_lock(&pool->lock);
  slot->connection = NULL;
  mp__slot_move(&pool->slots, slot, MP__SLOT_FREE);
  mp__pool_unlock(pool);
}

void mp_pool_return(mp_pool *pool, mp_connection *connection) {
  if (connection == NULL || mp__is_forked(pool)) return;
  mp__slot *slot = mp_connection_owner(connection);
  mp__hooks_return(pool, slot);
  mp__condition condition = mp__clean_start(slot);
  int64_t now = mp__clock_near();
  pthread_mutex_lock(&pool->lock);
  assert(slot->state == MP__SLOT_LENT && slot->connection == connection);
  bool is_closed = pool->closed;
  if (!is_closed) put_back(pool, slot, condition, now);
  pthread_mutex_unlock(&pool->lock);
  if (is_closed) close_late(pool, slot);
}
