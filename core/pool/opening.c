/* When connections are opened, and what a failure to open one means for those who wait. */
#include <string.h>

#include "base/lru.h"
#include "pool/internal.h"

#define FIRST_PAUSE      (50 * MP_MILLISECOND)
#define LONGEST_PAUSE    (200 * MP_MILLISECOND)
#define BACKGROUND_PAUSE (10 * MP_SECOND) /* when nobody waits: only min_idle is to be kept */

/* Whoever waits should get one, and min_idle more should be there. Those on their way back do not count: how long they
 * will need is not known. Nor do those that are checked, for somebody who waits. */
static int64_t wanted(const mp_pool *pool) {
  const mp__slots *slots = &pool->slots;
  if (pool->suspended_at != 0) return 0;
  if (pool->hooks.sets_credential && pool->credential_serial == 0) return 0;
  int64_t room = slots->capacity - mp__slots_live(slots);
  int64_t coming = mp__slots_count(slots, MP__SLOT_IDLE) + mp__slots_count(slots, MP__SLOT_OPENING);
  int64_t spare = pool->min_idle - mp__slots_count(slots, MP__SLOT_CHECKING);
  int64_t lacking = pool->queue.count + (spare > 0 ? spare : 0) - coming;
  return lacking < room ? lacking : room;
}

int64_t mp__opening_missing(const mp_pool *pool, int64_t now, int64_t *retry_at) {
  *retry_at = MP_FOREVER;
  int64_t count = wanted(pool);
  if (count <= 0) return 0;
  if (pool->opening.failures == 0) return count;
  if (mp__slots_count(&pool->slots, MP__SLOT_OPENING) > 0) return 0; /* one at a time, until one succeeds */
  if (now >= pool->opening.retry_at) return 1;
  *retry_at = pool->opening.retry_at;
  return 0;
}

void mp__opening_check(mp_pool *pool, int64_t now) {
  int64_t retry_at;
  if (mp__opening_missing(pool, now, &retry_at) > 0) mp__upkeep_wake(pool);
}

/* The pause that an earlier failure has set is not for somebody who comes now. */
void mp__opening_asked(mp_pool *pool, int64_t now) {
  if (pool->queue.count == 1) pool->opening.retry_at = now;
  mp__opening_check(pool, now);
}

static double fraction(int64_t seed) {
  return (double)(mp_hash_bytes(&seed, sizeof seed) >> 11U) * 0x1p-53;
}

void mp__opening_succeeded(mp_pool *pool, mp__slot *slot, int64_t now) {
  mp__opening *opening = &pool->opening;
  opening->ever = true;
  opening->failures = 0;
  mp_error_free(opening->last);
  opening->last = NULL;
  pool->stats.connects++;
  slot->suspect = slot->is_lent_out = false;
  slot->is_new = true;
  slot->expires = now + pool->lifetime_span - (int64_t)(0.1 * fraction(now) * (double)pool->lifetime_span);
}

static bool begins(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Whether trying again cannot help, or (a server that was never seen) is not worth a wait. */
static bool is_final(const mp__opening *opening, const mp_error *error) {
  const char *sqlstate = mp_error_get(error, MP_ERROR_SQLSTATE);
  if (mp_error_kind_of(error) == MP_ERROR_MEMORY || mp_error_kind_of(error) == MP_ERROR_USAGE) return true;
  if (sqlstate != NULL && strcmp(sqlstate, "57P03") == 0) return false; /* starting up, or shutting down */
  if (sqlstate == NULL) return !opening->ever;
  bool is_refusal = begins(sqlstate, "28") || strcmp(sqlstate, "3D000") == 0 || strcmp(sqlstate, "42704") == 0;
  return is_refusal || !opening->ever;
}

/* 50 ms, then twice as long each time, up to 200 ms: who waits shall not wait much longer than the server is away. And
 * each up to half as long again, lest many clients of a server that comes back all come in one moment. */
static int64_t pause_after(const mp_pool *pool, int64_t now) {
  if (pool->queue.count == 0) return BACKGROUND_PAUSE;
  int64_t pause = FIRST_PAUSE;
  for (int64_t i = 1; i < pool->opening.failures && pause < LONGEST_PAUSE; i++)
    pause *= 2;
  if (pause > LONGEST_PAUSE) pause = LONGEST_PAUSE;
  return (int64_t)((double)pause * (1 + fraction(now) / 2));
}

void mp__opening_failed(mp_pool *pool, mp_error *error, int64_t now) {
  mp__opening *opening = &pool->opening;
  pool->stats.connect_failures++;
  if (is_final(opening, error) && pool->suspended_at == 0) mp__queue_fail(pool, error);
  if (opening->failures == 0 || now >= opening->retry_at) { /* attempts side by side fail as one */
    opening->failures++;
    opening->retry_at = now + pause_after(pool, now);
  }
  opening->failed_at = now;
  mp_error_move(&opening->last, error);
}
