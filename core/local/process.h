/* Programs that the local server needs: run to their end with their output kept, or started as a daemon. They run in
 * a session of their own (Ctrl-C does not reach them), in the folder /, with a small environment and no descriptor
 * of ours but one that may be kept: a lock that should live as long as they do. */
#ifndef MP_LOCAL_PROCESS_H
#define MP_LOCAL_PROCESS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "local/account.h"

typedef struct mp__process {
  const char *const *arguments; /* ends with NULL; the first is a path, or a name to look for in PATH */
  const mp__account *account;   /* NULL: stay who we are                                            */
  const char *input;            /* what it reads, at most 4 kB; NULL: nothing                        */
  int kept_fd;                  /* -1: none                                                          */
} mp__process;

/* Runs a program and waits for it. output: both its outputs are appended, up to the buffer's limit.
 * Returns whether it ran and said success; its own words are in `output` then as well. Errors: local. */
bool mp__process_run(const mp__process *process, mp_buffer *output, mp_error **error);

/* Starts a program that outlives us and is nobody's child; both its outputs go to the file `log`. */
bool mp__process_start_daemon(const mp__process *process, const char *log, mp_error **error);

#endif
