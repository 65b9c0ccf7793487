/* Chained hash table with a list by last use. */
#include "base/lru.h"

#include <stdlib.h>
#include <string.h>

bool mp_lru_init(mp_lru *lru, size_t expected, mp_lru_same *same) {
  size_t count = 8;
  while (count < expected)
    count *= 2;
  *lru = (mp_lru){.same = same, .bucket_count = count};
  lru->buckets = calloc(count, sizeof(mp_lru_entry *));
  return lru->buckets != NULL;
}

void mp_lru_finish(mp_lru *lru) {
  free(lru->buckets);
  *lru = (mp_lru){0};
}

static mp_lru_entry **bucket_of(const mp_lru *lru, uint64_t hash) {
  return &lru->buckets[hash & (lru->bucket_count - 1)];
}

static void link_newest(mp_lru *lru, mp_lru_entry *entry) {
  entry->newer = NULL;
  entry->older = lru->newest;
  if (lru->newest != NULL) lru->newest->newer = entry;
  lru->newest = entry;
  if (lru->oldest == NULL) lru->oldest = entry;
}

static void unlink_order(mp_lru *lru, mp_lru_entry *entry) {
  if (entry->newer != NULL) {
    entry->newer->older = entry->older;
  } else {
    lru->newest = entry->older;
  }
  if (entry->older != NULL) {
    entry->older->newer = entry->newer;
  } else {
    lru->oldest = entry->newer;
  }
}

mp_lru_entry *mp_lru_find(mp_lru *lru, uint64_t hash, const void *key) {
  mp_lru_entry *entry = *bucket_of(lru, hash);
  while (entry != NULL && !(entry->hash == hash && lru->same(entry, key)))
    entry = entry->chain;
  if (entry != NULL && entry != lru->newest) {
    unlink_order(lru, entry);
    link_newest(lru, entry);
  }
  return entry;
}

void mp_lru_add(mp_lru *lru, mp_lru_entry *entry, uint64_t hash) {
  mp_lru_entry **bucket = bucket_of(lru, hash);
  entry->hash = hash;
  entry->chain = *bucket;
  *bucket = entry;
  link_newest(lru, entry);
  lru->count++;
}

void mp_lru_remove(mp_lru *lru, mp_lru_entry *entry) {
  mp_lru_entry **at = bucket_of(lru, entry->hash);
  while (*at != entry)
    at = &(*at)->chain;
  *at = entry->chain;
  unlink_order(lru, entry);
  lru->count--;
}

/* The finishing steps of a 64-bit multiplicative hash: enough for texts that the caller itself wrote. */
static uint64_t mix(uint64_t value) {
  value ^= value >> 32;
  value *= UINT64_C(0x9E3779B97F4A7C15);
  return value ^ (value >> 29);
}

uint64_t mp_hash_bytes(const void *bytes, size_t size) {
  const unsigned char *at = bytes;
  uint64_t hash = mix(size);
  for (; size >= 8; at += 8, size -= 8) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    hash = mix(hash ^ word);
  }
  uint64_t tail = 0;
  memcpy(&tail, at, size);
  return mix(hash ^ tail);
}

uint64_t mp_hash_pointer(const void *pointer) {
  return mix((uint64_t)(uintptr_t)pointer);
}
