/* Lua's memory. Most of what Lua allocates is small and soon freed, and it tells the size when it frees; so blocks of
 * up to 256 bytes come from free lists, one per 16 bytes of size, which are filled from chunks of 64 kB. A freed block
 * goes back to its list, the chunks go back to the system with the heap. Larger blocks are malloc's. */
#include "main.h"

#include <stdlib.h>
#include <string.h>

enum {
  GRAIN = 16,
  CLASSES = 16,
  SMALL_MAX = GRAIN * CLASSES,
  CHUNK_SIZE = 64 * 1024 - 64, /* leaves malloc room for its own header in a round number of pages */
};

typedef struct free_block {
  struct free_block *next;
} free_block;

typedef struct chunk {
  struct chunk *next;
  _Alignas(GRAIN) unsigned char bytes[];
} chunk;

struct mpb_heap {
  free_block *free[CLASSES];
  unsigned char *next, *end; /* what is left of the newest chunk */
  chunk *chunks;
};

mpb_heap *mpb_heap_create(void) {
  return calloc(1, sizeof(mpb_heap));
}

void mpb_heap_destroy(mpb_heap *heap) {
  if (heap == NULL) return;
  for (chunk *next, *each = heap->chunks; each != NULL; each = next) {
    next = each->next;
    free(each);
  }
  free(heap);
}

#ifdef __SANITIZE_ADDRESS__

/* The sanitizer watches every block only if every block is malloc's. */
void *mpb_heap_allocate(void *heap, void *block, size_t old_size, size_t new_size) {
  (void)heap, (void)old_size;
  if (new_size == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, new_size);
}

#else

static size_t class_of(size_t size) {
  return (size - 1) / GRAIN;
}

static bool is_small(size_t size) {
  return size <= SMALL_MAX;
}

static void put_free(mpb_heap *heap, void *block, size_t size) {
  free_block *freed = block;
  freed->next = heap->free[class_of(size)];
  heap->free[class_of(size)] = freed;
}

/* The rest of the old chunk is smaller than one small block, and a whole number of grains: it becomes a block. */
static bool add_chunk(mpb_heap *heap) {
  chunk *added = malloc(CHUNK_SIZE);
  if (added == NULL) return false;
  if (heap->next != heap->end) put_free(heap, heap->next, (size_t)(heap->end - heap->next));
  added->next = heap->chunks;
  heap->chunks = added;
  heap->next = added->bytes;
  heap->end = added->bytes + (CHUNK_SIZE - sizeof(chunk)) / GRAIN * GRAIN;
  return true;
}

static void *take_small(mpb_heap *heap, size_t size) {
  const size_t class = class_of(size);
  free_block *block = heap->free[class];
  if (block != NULL) {
    heap->free[class] = block->next;
    return block;
  }
  const size_t bytes = (class + 1) * GRAIN;
  if ((size_t)(heap->end - heap->next) < bytes && !add_chunk(heap)) return NULL;
  unsigned char *fresh = heap->next;
  heap->next += bytes;
  return fresh;
}

static void *take(mpb_heap *heap, size_t size) {
  return is_small(size) ? take_small(heap, size) : malloc(size);
}

static void give(mpb_heap *heap, void *block, size_t size) {
  if (is_small(size))
    put_free(heap, block, size);
  else
    free(block);
}

static void *move(mpb_heap *heap, void *block, size_t old_size, size_t new_size) {
  if (!is_small(old_size) && !is_small(new_size)) return realloc(block, new_size);
  if (is_small(old_size) && is_small(new_size) && class_of(old_size) == class_of(new_size)) return block;
  void *moved = take(heap, new_size);
  if (moved == NULL) return NULL;
  memcpy(moved, block, old_size < new_size ? old_size : new_size);
  give(heap, block, old_size);
  return moved;
}

void *mpb_heap_allocate(void *heap, void *block, size_t old_size, size_t new_size) {
  /* Without a block Lua passes the kind of object in old_size, and new_size may be 0. */
  if (block == NULL) return new_size == 0 ? NULL : take(heap, new_size);
  if (new_size == 0) {
    give(heap, block, old_size);
    return NULL;
  }
  return move(heap, block, old_size, new_size);
}

#endif
