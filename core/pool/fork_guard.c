/* A page that the kernel empties in a forked child: to look at it costs one load, where getpid() is a system call. */
#include <sys/mman.h>
#include <unistd.h>

#include "pool/internal.h"

enum { PAGE_SIZE = 4096 };

void mp__fork_guard_init(mp__fork_guard *guard) {
  *guard = (mp__fork_guard){.owner = getpid()};
  void *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (madvise(page, PAGE_SIZE, MADV_WIPEONFORK) != 0) {
    munmap(page, PAGE_SIZE);
    return;
  }
  guard->page = page;
  *guard->page = 1;
}

void mp__fork_guard_finish(mp__fork_guard *guard) {
  if (guard->page != NULL) munmap(guard->page, PAGE_SIZE);
  guard->page = NULL;
}

bool mp__fork_guard_ask_kernel(const mp__fork_guard *guard) {
  return getpid() != guard->owner;
}
