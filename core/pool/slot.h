/* Slots: one for each connection that a pool may have. A slot's state says who may touch its connection, and names the
 * list that the slot is on; one function changes both. Everything here is under the pool's lock. */
#ifndef MP_POOL_SLOT_H
#define MP_POOL_SLOT_H

#include "pool/pool.h"

typedef enum mp__slot_state {
  MP__SLOT_FREE,      /* no connection                                                        */
  MP__SLOT_OPENING,   /* the upkeep thread connects it                                        */
  MP__SLOT_IDLE,      /* ready; touched by whoever has the lock                               */
  MP__SLOT_CHECKING,  /* was idle for long: the upkeep thread asks whether the server answers */
  MP__SLOT_LENT,      /* its holder's                                                         */
  MP__SLOT_RETURNING, /* the upkeep thread reads the answers to ROLLBACK and DISCARD ALL      */
  MP__SLOT_DYING,     /* the upkeep thread closes it, and waits until the server has, too      */
  MP__SLOT_STATES
} mp__slot_state;

typedef struct mp__slot {
  struct mp__slot *next, *previous; /* of its list */
  struct mp__slot *sibling;         /* of all      */
  mp__slot_state state;
  bool suspect;     /* the server hung up, or may have, while it was lent  */
  bool was_reset;   /* by DISCARD ALL, since it was lent last               */
  bool is_reported; /* a LENT one, as held for too long                    */
  bool is_new;      /* the session is as the server made it                */
  bool is_lent_out; /* its holder has it: the checkout's hooks have run    */
  mp_connection *connection;
  const mp_holder *holder; /* of a LENT one; NULL when it gave no name  */
  int64_t since;           /* when its loan began, or its last one ended */
  int64_t checked;         /* when it was last known to work            */
  int64_t expires;         /* the end of its lifetime                   */

  /* the upkeep thread's own notes */
  bool is_asked;             /* CHECKING: the question was sent */
  int64_t patience;          /* CHECKING: waits until then      */
  bool is_second_try;        /* OPENING: the credential was refused before */
  int64_t credential_serial; /* OPENING: of the one that is tried          */
  mp_step step;
  mp_want want;
  mp_error *error;
} mp__slot;

typedef struct mp__slot_list {
  mp__slot *first, *last; /* the newest member is the first */
  int64_t count;
} mp__slot_list;

typedef struct mp__slots {
  mp__slot *all;    /* owned; in place for the pool's life, so that a late event finds its slot            */
  int64_t made;     /* how many there are                                                                 */
  int64_t capacity; /* connections at most; while more are there, since it was lowered, the next ones die */
  mp__slot_list lists[MP__SLOT_STATES];
} mp__slots;

void mp__slots_finish(mp__slots *slots); /* all must be FREE */

mp__slot *mp__slots_free_one(mp__slots *slots); /* a FREE one, made when there is none; NULL without memory */
/* Changes the state. The slot becomes the first of its list, except that an IDLE one finds its place by `since`. */
void mp__slot_move(mp__slots *slots, mp__slot *slot, mp__slot_state state);

static inline int64_t mp__slots_count(const mp__slots *slots, mp__slot_state state) {
  return slots->lists[state].count;
}

/* Slots that have a connection, or will. */
static inline int64_t mp__slots_live(const mp__slots *slots) {
  return slots->made - slots->lists[MP__SLOT_FREE].count;
}

#endif
