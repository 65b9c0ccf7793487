/* Tasks: functions of a script that run side by side in one thread, and the one wait of everything that waits.
 *
 * A task that waits yields and is resumed from the top of the loop, never from inside a callback. Whoever cannot yield
 * (the main thread, a coroutine of the script's own, a comparator of table.sort) waits in poll(2) for its own
 * operation. */
#ifndef MPB_SCHEDULER_H
#define MPB_SCHEDULER_H

#include "pool/pool.h"
#include "runtime.h"

typedef struct mpb_task mpb_task;

/* Something to wait for. It lives in memory that the waiting coroutine's stack anchors, and does not move. */
typedef struct mpb_operation {
  /* One step; see base/wait.h. */
  mp_step (*advance)(void *self, mp_want *want, mp_error **error);
  /* Asks for an early end; the operation is then stepped on until it has one. NULL: it may simply be dropped. */
  void (*cancel)(void *self);
  void *self;
  const char *what; /* that is waited for, in a word, for traces */
  bool shielded;    /* cleaning up: goes on although its task was cancelled */

  mp_step step;    /* how it ended */
  mp_error *error; /* owned, when it failed; mpb_operation_finish frees it */
  mpb_task *task;  /* that is parked for it */
  void *watch;     /* private */
} mpb_operation;

/* Waits until the operation has ended (step is DONE or FAILED) and returns true; or returns false: then the caller must
 * `return lua_yieldk(L, 0, context, continuation)`, and finds it ended in the continuation. Interrupted by a signal
 * whose handler has set a hook (Ctrl-C), the operation is cancelled and fails with "interrupted!". */
bool mpb_wait(lua_State *L, mpb_operation *operation);
/* Stops watching and frees the error; for finalisers and ends. May be repeated. */
void mpb_operation_finish(mpb_operation *operation);

/* The holder that stands for whoever runs now in L. */
const mp_holder *mpb_holder_of(lua_State *L);

/* Notes where the script is now as the place of that holder: for whoever has to wait, and may have to be named. */
void mpb_note_place(lua_State *L);

/* Traces tasks from now on, if `topics` says so; from the beginning if MOONPOOL_TRACE does. */
void mpb_trace_tasks(lua_State *L, unsigned topics);

/* Adds `all` and `sleep` to the module table on top of the stack. */
void mpb_open_scheduler(lua_State *L, mpb_runtime *runtime);
void mpb_scheduler_close(mpb_runtime *runtime); /* for the runtime's finaliser */

#endif
