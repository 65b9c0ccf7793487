/* The table of handles. A handle is the number of a slot and, above it, how often that slot has been given out.
 *
 * A handle leads to its object from nowhere else than this table, which therefore is a variable of the process. */
#include "host_handle.h"

#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HALF = sizeof(uintptr_t) * CHAR_BIT / 2 };

typedef struct slot {
  void *object; /* NULL: the slot is free */
  mpb_handle_kind kind;
  uintptr_t generation; /* of the handle that is, or was, out */
  int uses;
  bool closed;
  pthread_t user; /* of the use, where there can be one only */
  size_t next_free;
} slot;

/* There are as many slots as handles were ever open at a time; they are kept for the life of the process. */
static struct {
  pthread_mutex_t lock;
  slot *slots;
  size_t capacity, first_free; /* free ones end with `capacity` */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void lock(void) {
  pthread_mutex_lock(&table.lock);
}

static void unlock(void) {
  pthread_mutex_unlock(&table.lock);
}

/* A forked child must not find the lock taken by a thread that it does not have. */
static void survive_forks(void) {
  pthread_atfork(lock, unlock, unlock);
}

static bool grow(void) {
  const size_t capacity = table.capacity == 0 ? 16 : table.capacity * 2;
  slot *slots = realloc(table.slots, capacity * sizeof *slots);
  if (slots == NULL) return false;
  memset(slots + table.capacity, 0, (capacity - table.capacity) * sizeof *slots);
  for (size_t i = table.capacity; i < capacity; i++)
    slots[i].next_free = i + 1;
  table.slots = slots;
  table.first_free = table.capacity;
  table.capacity = capacity;
  return true;
}

static void *handle_of(size_t index) {
  return (void *)(table.slots[index].generation << HALF | (uintptr_t)index);
}

static slot *slot_of(const void *handle) {
  const size_t index = (uintptr_t)handle & (((uintptr_t)1 << HALF) - 1);
  return index < table.capacity && handle_of(index) == handle ? &table.slots[index] : NULL;
}

static slot *find(const void *handle, mpb_handle_kind kind) {
  slot *found = slot_of(handle);
  return found != NULL && found->object != NULL && found->kind == kind && !found->closed ? found : NULL;
}

static void put_free(slot *freed) {
  freed->object = NULL;
  freed->next_free = table.first_free;
  table.first_free = (size_t)(freed - table.slots);
}

void *mpb_handle_add(mpb_handle_kind kind, void *object) {
  void *handle = NULL;
  pthread_once(&fork_once, survive_forks);
  lock();
  if (table.first_free < table.capacity || grow()) {
    const size_t index = table.first_free;
    slot *added = &table.slots[index];
    table.first_free = added->next_free;
    *added = (slot){.object = object, .kind = kind, .generation = added->generation + 1};
    handle = handle_of(index);
  }
  unlock();
  return handle;
}

static mpb_entry enter(slot *entered, void **object) {
  if (entered == NULL) return MPB_NOT_THERE;
  if (entered->kind == MPB_HANDLE_RUNTIME && entered->uses > 0) {
    return pthread_equal(entered->user, pthread_self()) ? MPB_IN_USE_HERE : MPB_IN_USE;
  }
  entered->uses++;
  entered->user = pthread_self();
  *object = entered->object;
  return MPB_ENTERED;
}

mpb_entry mpb_handle_enter(const void *handle, mpb_handle_kind kind, void **object) {
  lock();
  const mpb_entry entry = enter(find(handle, kind), object);
  unlock();
  return entry;
}

bool mpb_handle_leave(const void *handle) {
  lock();
  slot *left = slot_of(handle);
  const bool is_last = --left->uses == 0 && left->closed;
  if (is_last) put_free(left);
  unlock();
  return is_last;
}

void *mpb_handle_close(const void *handle, mpb_handle_kind kind) {
  void *object = NULL;
  lock();
  slot *closed = find(handle, kind);
  if (closed != NULL && closed->uses == 0) {
    object = closed->object;
    put_free(closed);
  } else if (closed != NULL) {
    closed->closed = true;
  }
  unlock();
  return object;
}
