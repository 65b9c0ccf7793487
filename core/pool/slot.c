/* Slots and the lists they are on. */
#include "pool/slot.h"

#include <assert.h>
#include <stdlib.h>

/* allowed[from]: the states that may follow. LENT to LENT is a connection that goes straight to the next in line; LENT
 * and IDLE to FREE happen when the pool is closed. */
#define TO(state) (1U << (state))
static const unsigned allowed[MP__SLOT_STATES] = {
    [MP__SLOT_FREE] = TO(MP__SLOT_OPENING),
    [MP__SLOT_OPENING] = TO(MP__SLOT_IDLE) | TO(MP__SLOT_LENT) | TO(MP__SLOT_DYING) | TO(MP__SLOT_FREE),
    [MP__SLOT_IDLE] = TO(MP__SLOT_LENT) | TO(MP__SLOT_CHECKING) | TO(MP__SLOT_DYING) | TO(MP__SLOT_FREE),
    [MP__SLOT_CHECKING] = TO(MP__SLOT_IDLE) | TO(MP__SLOT_LENT) | TO(MP__SLOT_DYING) | TO(MP__SLOT_FREE),
    [MP__SLOT_LENT] =
        TO(MP__SLOT_IDLE) | TO(MP__SLOT_LENT) | TO(MP__SLOT_RETURNING) | TO(MP__SLOT_DYING) | TO(MP__SLOT_FREE),
    [MP__SLOT_RETURNING] = TO(MP__SLOT_IDLE) | TO(MP__SLOT_LENT) | TO(MP__SLOT_DYING) | TO(MP__SLOT_FREE),
    [MP__SLOT_DYING] = TO(MP__SLOT_FREE),
};

void mp__slots_finish(mp__slots *slots) {
  assert(mp__slots_live(slots) == 0);
  while (slots->all != NULL) {
    mp__slot *slot = slots->all;
    slots->all = slot->sibling;
    free(slot);
  }
  *slots = (mp__slots){0};
}

/* Links it before `next`, or as the last one. */
static void link_before(mp__slot_list *list, mp__slot *slot, mp__slot *next) {
  slot->next = next;
  slot->previous = next == NULL ? list->last : next->previous;
  if (slot->previous != NULL) {
    slot->previous->next = slot;
  } else {
    list->first = slot;
  }
  if (next != NULL) {
    next->previous = slot;
  } else {
    list->last = slot;
  }
  list->count++;
}

/* Those that were only checked keep their place, so that the same few are used and the rest grows old. */
static mp__slot *first_older(const mp__slot_list *list, const mp__slot *slot) {
  mp__slot *at = list->first;
  while (at != NULL && at->since > slot->since)
    at = at->next;
  return at;
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
  if (unused->first != NULL) return unused->first;
  mp__slot *slot = calloc(1, sizeof *slot);
  if (slot == NULL) return NULL;
  slot->sibling = slots->all;
  slots->all = slot;
  slots->made++;
  link_before(unused, slot, NULL);
  return slot;
}

void mp__slot_move(mp__slots *slots, mp__slot *slot, mp__slot_state state) {
  assert((allowed[slot->state] & TO(state)) != 0);
  mp__slot_list *list = &slots->lists[state];
  unlink_slot(&slots->lists[slot->state], slot);
  slot->state = state;
  link_before(list, slot, state == MP__SLOT_IDLE ? first_older(list, slot) : list->first);
}
