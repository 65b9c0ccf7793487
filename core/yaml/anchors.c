/* The anchors of a document, found by name through a hash whose key is random: whoever chooses names cannot choose
 * where they go. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "yaml/internal.h"

_Static_assert(sizeof((mp__yaml_anchors){0}.key) == crypto_shorthash_KEYBYTES, "the key of the hash");

typedef struct mp__yaml_name {
  char *name; /* owned; NULL: an empty slot */
  uint32_t number;
} mp__yaml_name;

void mp__yaml_anchors_init(mp__yaml_anchors *anchors) {
  *anchors = (mp__yaml_anchors){0};
}

void mp__yaml_anchors_clear(mp__yaml_anchors *anchors) {
  for (uint32_t i = 0; i < anchors->slot_count; i++)
    free(anchors->slots[i].name);
  free(anchors->slots);
  anchors->slots = NULL;
  anchors->slot_count = anchors->count = 0;
}

void mp__yaml_anchors_finish(mp__yaml_anchors *anchors) {
  mp__yaml_anchors_clear(anchors);
  free(anchors->list);
  mp__yaml_anchors_init(anchors);
}

/* The slot that has the name, or where it would go. */
static mp__yaml_name *slot_of(const mp__yaml_anchors *anchors, mp__yaml_name *slots, uint32_t count, const char *name) {
  unsigned char hash[crypto_shorthash_BYTES];
  uint32_t at;
  crypto_shorthash(hash, (const unsigned char *)name, strlen(name), anchors->key);
  memcpy(&at, hash, sizeof at);
  for (at &= count - 1; slots[at].name != NULL && strcmp(slots[at].name, name) != 0;)
    at = (at + 1) & (count - 1);
  return &slots[at];
}

static bool grow_slots(mp__yaml_anchors *anchors) {
  enum { FIRST = 16 };
  const uint32_t count = anchors->slot_count == 0 ? FIRST : anchors->slot_count * 2;
  if (anchors->slot_count == 0) randombytes_buf(anchors->key, sizeof anchors->key);
  mp__yaml_name *slots = calloc(count, sizeof *slots);
  if (slots == NULL) return false;
  for (uint32_t i = 0; i < anchors->slot_count; i++) {
    if (anchors->slots[i].name != NULL) *slot_of(anchors, slots, count, anchors->slots[i].name) = anchors->slots[i];
  }
  free(anchors->slots);
  anchors->slots = slots;
  anchors->slot_count = count;
  return true;
}

static bool grow_list(mp__yaml_anchors *anchors) {
  const uint32_t capacity = anchors->capacity == 0 ? 16 : anchors->capacity * 2;
  mp__yaml_anchor *list = realloc(anchors->list, capacity * sizeof *list);
  if (list == NULL) return false;
  anchors->list = list;
  anchors->capacity = capacity;
  return true;
}

uint32_t mp__yaml_anchor_add(mp__yaml_anchors *anchors, const char *name) {
  if (anchors->count * 2 >= anchors->slot_count && !grow_slots(anchors)) return 0;
  if (anchors->count == anchors->capacity && !grow_list(anchors)) return 0;
  mp__yaml_name *slot = slot_of(anchors, anchors->slots, anchors->slot_count, name);
  if (slot->name == NULL) slot->name = strdup(name);
  if (slot->name == NULL) return 0;
  anchors->list[anchors->count] = (mp__yaml_anchor){.nodes = 1};
  slot->number = ++anchors->count;
  return slot->number;
}

uint32_t mp__yaml_anchor_find(const mp__yaml_anchors *anchors, const char *name) {
  if (anchors->slot_count == 0) return 0;
  const mp__yaml_name *slot = slot_of(anchors, anchors->slots, anchors->slot_count, name);
  return slot->name == NULL ? 0 : slot->number;
}
