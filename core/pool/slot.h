/* Slots: one for each connection that a pool may have. A slot's state says who may touch its connection, and names the
 * list that the slot is on; one function changes both. Everything here is under the pool's lock. */
#ifndef MP_POOL_SLOT_H
#define MP_POOL_SLOT_H

#include "pool/pool.h"

typedef enum mp__slot_state {
  MP__SLOT_FREE,      /* no connection                                                        */
  MP__SLOT_OPENING,   /* the upkeep thread connects it                                        */
  MP__SLOT_IDLE,      /* ready; touched by whoever has the lock                               */
  MP__SLOT_LENT,      /* its holder's                                                         */
  MP__SLOT_RETURNING, /* the upkeep thread reads the answers to ROLLBACK and DISCARD ALL      */
  MP__SLOT_DYING,     /* the upkeep thread closes it, and waits until the server has, too      */
  MP__SLOT_STATES
} mp__slot_state;

typedef struct mp__slot {
  struct mp__slot *next, *previous; /* of its list */
  mp__slot_state state;
  bool suspect;   /* the server hung up, or may have: look before lending */
  bool was_reset; /* by DISCARD ALL, since it was lent last               */
  mp_connection *connection;
  const mp_holder *holder; /* of a LENT one; NULL when it gave no name  */
  int64_t since;           /* when it became IDLE, or LENT              */
  int64_t expires;         /* the end of its lifetime                   */

  /* the upkeep thread's own notes of one turn */
  mp_step step;
  mp_want want;
  mp_error *error;
} mp__slot;

typedef struct mp__slot_list {
  mp__slot *first, *last; /* the newest member is the first */
  int64_t count;
} mp__slot_list;

typedef struct mp__slots {
  mp__slot *all; /* `capacity` of them, in place for the pool's life, so that a late event finds its slot */
  int64_t capacity;
  int64_t touched; /* of `all`: those behind have never been used and are on no list */
  mp__slot_list lists[MP__SLOT_STATES];
} mp__slots;

bool mp__slots_init(mp__slots *slots, int64_t capacity); /* false without memory */
void mp__slots_finish(mp__slots *slots);                 /* all must be FREE     */

mp__slot *mp__slots_free_one(mp__slots *slots); /* a FREE one, or NULL when all are in use */
void mp__slot_move(mp__slots *slots, mp__slot *slot, mp__slot_state state);

static inline int64_t mp__slots_count(const mp__slots *slots, mp__slot_state state) {
  return slots->lists[state].count;
}

#endif
