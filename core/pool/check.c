/* Whether a connection that was idle is still there. Its socket tells at once, for a system call of 0.3 us, when the
 * server has hung up; that is looked at before each loan, but for one right after a return. A server that has vanished
 * without a word is told only by its silence. That takes a round trip, for which no borrower should have to wait: the
 * upkeep thread asks in good time, and a borrower who finds a connection that nobody has asked goes on to the next, and
 * waits only when there is none. */
#include "pool/internal.h"

#define PATIENCE 5.0 /* seconds for the answer, if connecting may take as long */

static const char QUESTION[] = "-- moonpool asks whether the server answers";

bool mp__check_is_due(const mp_pool *pool, const mp__slot *slot, int64_t now) {
  return now - slot->checked >= pool->check_span;
}

int64_t mp__check_time(const mp_pool *pool, const mp__slot *slot) {
  return slot->checked + pool->check_span / 4 * 3;
}

void mp__check_begin(mp_pool *pool, mp__slot *slot) {
  mp__slot_move(&pool->slots, slot, MP__SLOT_CHECKING);
  mp__pool_trace(pool, "check c%u", mp_connection_number(slot->connection));
  slot->is_asked = false;
  slot->patience = mp_clock_after(pool->limits->connect_timeout < PATIENCE ? pool->limits->connect_timeout : PATIENCE);
  pool->stats.checks++;
  mp__upkeep_wake(pool);
}

/* One at a time, so that the others can be lent; and so early that it is done before a borrower would have to wait. */
int64_t mp__check_idle(mp_pool *pool, int64_t now) {
  int64_t next = MP_FOREVER;
  mp__slot *due = NULL;
  for (mp__slot *slot = pool->slots.lists[MP__SLOT_IDLE].first; slot != NULL; slot = slot->next) {
    int64_t time = mp__check_time(pool, slot);
    if (time >= next) continue;
    next = time;
    due = slot;
  }
  if (mp__slots_count(&pool->slots, MP__SLOT_CHECKING) > 0) return MP_FOREVER; /* its end is reason for another turn */
  if (next <= now) mp__check_begin(pool, due);
  return next;
}

mp_step mp__check_step(mp__slot *slot, mp_want *want) {
  if (!slot->is_asked) {
    slot->is_asked = true;
    if (!mp_connection_command(slot->connection, QUESTION, MP_FOREVER, NULL)) return MP_STEP_FAILED;
  }
  mp_step step = mp_connection_step(slot->connection, want, NULL);
  if (step != MP_STEP_WAIT) return step;
  if (mp_clock_now() >= slot->patience) return MP_STEP_FAILED;
  want->deadline = slot->patience;
  return step;
}
