/* Finds the wait that nobody could end: every connection is lent to a task which itself waits, in the end, for one. */
#include "pool/internal.h"

bool mp__is_same_task(const mp_holder *a, const mp_holder *b) {
  return a == b || (a->task != 0 && a->task == b->task && a->thread == b->thread);
}

/* Whether the holder cannot go on before `waiting` has got its connection: it is the same task, or waits for it, or
 * would need its thread. */
static bool is_stuck_behind(const mp_holder *holder, const mp_holder *waiting) {
  if (holder == NULL) return false;
  for (const mp_holder *task = waiting; task != NULL; task = task->parent) {
    if (mp__is_same_task(task, holder)) return true;
  }
  return waiting != NULL && waiting->blocks_thread && waiting->thread == holder->thread;
}

static bool is_stuck_behind_queue(const mp_holder *holder, const mp__queue *queue) {
  for (const mp_checkout *checkout = queue->first; checkout != NULL; checkout = checkout->next) {
    if (is_stuck_behind(holder, checkout->holder)) return true;
  }
  return false;
}

/* The one who asks closes a circle only if it keeps a holder from going on; so the queue is looked at only then. */
bool mp__is_deadlock(const mp_pool *pool, const mp_holder *asking) {
  const mp__slot_list *lent = &pool->slots.lists[MP__SLOT_LENT];
  if (lent->count < pool->slots.capacity) return false;
  bool closes_circle = false;
  for (const mp__slot *slot = lent->first; slot != NULL && !closes_circle; slot = slot->next) {
    closes_circle = is_stuck_behind(slot->holder, asking);
  }
  if (!closes_circle) return false;
  for (const mp__slot *slot = lent->first; slot != NULL; slot = slot->next) {
    if (is_stuck_behind(slot->holder, asking)) continue;
    if (!is_stuck_behind_queue(slot->holder, &pool->queue)) return false;
  }
  return true;
}
