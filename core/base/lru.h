/* A hash table whose entries also stand in the order of their last use. Entries are embedded in what they belong to. */
#ifndef MP_BASE_LRU_H
#define MP_BASE_LRU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mp_lru_entry {
  struct mp_lru_entry *chain; /* the next one of the bucket */
  struct mp_lru_entry *newer, *older;
  uint64_t hash;
} mp_lru_entry;

typedef bool mp_lru_same(const mp_lru_entry *entry, const void *key);

typedef struct mp_lru {
  mp_lru_entry **buckets;
  size_t bucket_count; /* a power of two */
  size_t count;
  mp_lru_entry *newest, *oldest;
  mp_lru_same *same;
} mp_lru;

/* Room for `expected` entries with short chains; more are fine. Returns false without memory. */
bool mp_lru_init(mp_lru *lru, size_t expected, mp_lru_same *same);
void mp_lru_finish(mp_lru *lru); /* the entries are their owners' */

mp_lru_entry *mp_lru_find(mp_lru *lru, uint64_t hash, const void *key); /* becomes the newest; or NULL */
void mp_lru_add(mp_lru *lru, mp_lru_entry *entry, uint64_t hash);
void mp_lru_remove(mp_lru *lru, mp_lru_entry *entry);

uint64_t mp_hash_bytes(const void *bytes, size_t size);
uint64_t mp_hash_pointer(const void *pointer);

#endif
