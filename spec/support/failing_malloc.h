/* A malloc that fails when it is told to, for the whole program that includes this once: our code, libpq, yajl, the C
 * library. Under a sanitizer it stands before the sanitizer's own, which goes on watching (but for strdup and its like,
 * which it serves itself). */
#ifndef SPEC_FAILING_MALLOC_H
#define SPEC_FAILING_MALLOC_H

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif

/* The sanitizer itself asks for memory, before it can look at ours. */
#define UNWATCHED __attribute__((no_sanitize("address", "thread", "undefined")))
#define EXPORTED  __attribute__((visibility("default"), noinline)) UNWATCHED

void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *block, size_t size);
void REAL(free)(void *block);

static struct {
  atomic_bool armed;
  atomic_bool for_ever;  /* all fail behind the one that does */
  atomic_long fails_at;  /* 0: none does                      */
  atomic_long asked_for; /* since it was armed                */
  atomic_long failed;    /* since it was armed                */
  atomic_long live;      /* blocks that are not freed, always, the loader's excepted */
} failing_malloc;

/* A thread's own work has begun: what a sanitizer does before that must not fail. */
static _Thread_local bool has_begun;

/* Where the dynamic loader is. It ends the process when it has no memory for a thread's variables of a library, which
 * nobody can do anything about; so its own allocations do not fail. Nor are they counted: the C library keeps the
 * stacks of threads that have ended, with those variables, for the next ones, and how many depends on how threads
 * overlapped. */
static struct { uintptr_t start, end; } loader;

UNWATCHED static int note_loader(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  (void)data;
  if (strstr(info->dlpi_name, "/ld-linux") == NULL && strstr(info->dlpi_name, "/ld.so") == NULL) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0) continue;
    loader.start = info->dlpi_addr + part->p_vaddr;
    loader.end = loader.start + part->p_memsz;
  }
  return 1;
}

UNWATCHED static bool is_loader(void *caller) {
  return (uintptr_t)caller >= loader.start && (uintptr_t)caller < loader.end;
}

/* The n-th allocation from now on fails, in whatever thread; and with for_ever all behind it. 0: none. */
static void malloc_fails_at(long n, bool for_ever) {
  atomic_store(&failing_malloc.for_ever, for_ever);
  atomic_store(&failing_malloc.fails_at, n);
  atomic_store(&failing_malloc.asked_for, 0);
  atomic_store(&failing_malloc.failed, 0);
  has_begun = true;
  if (loader.end == 0) dl_iterate_phdr(note_loader, NULL);
  atomic_store(&failing_malloc.armed, true);
}

/* Returns how many have failed. */
static long malloc_fails_no_more(void) {
  atomic_store(&failing_malloc.armed, false);
  return atomic_load(&failing_malloc.failed);
}

UNWATCHED static bool fails_now(void *caller) {
  if (!has_begun || !atomic_load(&failing_malloc.armed) || is_loader(caller)) return false;
  long number = atomic_fetch_add(&failing_malloc.asked_for, 1) + 1, chosen = atomic_load(&failing_malloc.fails_at);
  bool fails = chosen > 0 && (number == chosen || (number > chosen && atomic_load(&failing_malloc.for_ever)));
  if (!fails) return false;
  atomic_fetch_add(&failing_malloc.failed, 1);
  errno = ENOMEM;
  return true;
}

UNWATCHED static void count(const void *block, void *caller, long change) {
  if (block != NULL && !is_loader(caller)) atomic_fetch_add(&failing_malloc.live, change);
}

EXPORTED void *malloc(size_t size) {
  void *caller = __builtin_return_address(0);
  void *block = fails_now(caller) ? NULL : REAL(malloc)(size);
  count(block, caller, 1);
  return block;
}

EXPORTED void *calloc(size_t number, size_t size) {
  void *caller = __builtin_return_address(0);
  void *block = fails_now(caller) ? NULL : REAL(calloc)(number, size);
  count(block, caller, 1);
  return block;
}

EXPORTED void *realloc(void *block, size_t size) {
  void *caller = __builtin_return_address(0);
  if (fails_now(caller)) return NULL;
  void *moved = REAL(realloc)(block, size);
  if (block == NULL) count(moved, caller, 1);
  if (size == 0) count(block, caller, -1);
  return moved;
}

EXPORTED void free(void *block) {
  count(block, __builtin_return_address(0), -1);
  REAL(free)(block);
}

typedef struct thread_start {
  void *(*work)(void *argument);
  void *argument;
} thread_start;

static void *begin_thread(void *argument) {
  thread_start start = *(thread_start *)argument;
  REAL(free)(argument);
  has_begun = true;
  void *result = start.work(start.argument);
  has_begun = false;
  return result;
}

__attribute__((visibility("default"))) int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                                          void *(*work)(void *argument), void *argument) {
  int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = NULL;
  *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
  thread_start *start = REAL(malloc)(sizeof *start);
  if (start == NULL) return ENOMEM;
  *start = (thread_start){work, argument};
  int failure = create(thread, attributes, begin_thread, start);
  if (failure != 0) REAL(free)(start);
  return failure;
}

#endif
