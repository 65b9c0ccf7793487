/* Slots and the lists they are on. */
#include "pool/slot.h"

#include <assert.h>
#include <stdlib.h>

/* allowed[from]: the states that may follow. LENT to LENT is a connection that goes straight to the next in line; LENT,
 * IDLE, OPENING and RETURNING to FREE happen when the pool is closed. */
#define TO(state) (1U << (state))
static const unsigned allowed[MP__SLOT_STATES] = {
    [MP__SLOT_FREE] = TO(MP__SLOT_OPENING),
    [MP__SLOT_OPENING] = TO(MP__SLOT_IDLE) | TO(MP__SLOT_LENT) | TO(MP__SLOT_FREE),
    [MP__SLOT_IDLE] = TO(MP__SLOT_LENT) | TO(MP__SLOT_DYING) | TO(MP__SLOT_FREE),
    [MP__SLOT_LENT] =
        TO(MP__SLOT_IDLE) | TO(MP__SLOT_LENT) | TO(MP__SLOT_RETURNING) | TO(MP__SLOT_DYING) | TO(MP__SLOT_FREE),
    [MP__SLOT_RETURNING] = TO(MP__SLOT_IDLE) | TO(MP__SLOT_LENT) | TO(MP__SLOT_DYING) | TO(MP__SLOT_FREE),
    [MP__SLOT_DYING] = TO(MP__SLOT_FREE),
};

bool mp__slots_init(mp__slots *slots, int64_t capacity) {
  assert(capacity > 0);
  *slots = (mp__slots){.capacity = capacity, .all = calloc((size_t)capacity, sizeof(mp__slot))};
  return slots->all != NULL;
}

void mp__slots_finish(mp__slots *slots) {
  assert(slots->all == NULL || mp__slots_count(slots, MP__SLOT_FREE) == slots->touched);
  free(slots->all);
  *slots = (mp__slots){0};
}

static void link_first(mp__slot_list *list, mp__slot *slot) {
  slot->previous = NULL;
  slot->next = list->first;
  if (list->first != NULL) list->first->previous = slot;
  list->first = slot;
  if (list->last == NULL) list->last = slot;
  list->count++;
}

static void unlink_slot(mp__slot_list *list, mp__slot *slot) {
  if (slot->previous != NULL) {
    slot->previous->next = slot->next;
  } else {
    list->first = slot->next;
  }
  if (slot->next != NULL) {
    slot->next->previous = slot->previous;
  } else {
    list->last = slot->previous;
  }
  list->count--;
}

mp__slot *mp__slots_free_one(mp__slots *slots) {
  mp__slot_list *unused = &slots->lists[MP__SLOT_FREE];
  if (unused->first == NULL && slots->touched < slots->capacity) link_first(unused, &slots->all[slots->touched++]);
  return unused->first;
}

void mp__slot_move(mp__slots *slots, mp__slot *slot, mp__slot_state state) {
  assert((allowed[slot->state] & TO(state)) != 0);
  unlink_slot(&slots->lists[slot->state], slot);
  slot->state = state;
  link_first(&slots->lists[state], slot);
}
