/* Tasks on libuv, as their files share them: event_loop.c watches and wakes, wait.c waits for one operation, task.c
 * resumes tasks and ends them, task_group.c is mp.all, sleep.c mp.sleep, and scheduler.c makes and closes it all.
 *
 * Loop callbacks only step operations of the core and mark their tasks as ready; tasks are resumed between turns of the
 * loop, by whoever runs it: mp.all at the top of a script, or a nested one where no yield is possible, which then
 * resumes the tasks of its own group only. */
#ifndef MPB_TASK_H
#define MPB_TASK_H

#include <sys/types.h>
#include <uv.h>

#include "scheduler.h"

typedef struct mpb_group mpb_group;

typedef enum task_state {
  TASK_READY,   /* on the ready list: to be started or resumed */
  TASK_RUNNING, /* on the C stack                              */
  TASK_PARKED,  /* waits for an operation or for its children  */
  TASK_DONE,
} task_state;

struct mpb_task {
  mp_holder holder;
  task_state state;
  bool cancelled;
  lua_State *co;            /* anchored in the group's table */
  mpb_group *group;         /* that it belongs to            */
  mpb_operation *waits_for; /* while PARKED for one          */
  mpb_group *children;      /* while PARKED in mp.all        */
  mpb_task *next_ready;
  int index; /* its place in the results, 1-based */
};

/* The tasks of one mp.all: a userdata whose user value 1 is the table of their coroutines and, later, results. */
struct mpb_group {
  mpb_task *parent; /* NULL: not called in a task */
  pid_t process;    /* that it was made in        */
  int count, left;
  int failed;            /* the index of the first one that failed; its error is in the table; 0: none */
  mpb_task *tasks;       /* owned */
  mpb_operation waiting; /* of a parent that yields: done when no task is left */
  mpb_scheduler *scheduler;
};

struct mpb_scheduler {
  uv_loop_t loop;
  bool has_loop;
  pid_t process; /* that the loop belongs to */
  mpb_runtime *runtime;
  mp_holder main_holder;
  mpb_task *running;
  lua_State *volatile *interruptible; /* the executable's note of who runs, for Ctrl-C; NULL in another host */
  uint64_t last_task;                 /* numbers given out; the main thread is number 1 */
  mpb_task *first_ready, **last_ready;
  unsigned trace; /* topics, see base/trace.h */
};

/* As traces print it. */
static inline unsigned long long mpb_task_number(const mp_holder *holder) {
  return holder->task;
}

/* event_loop.c */
bool mpb_loop_open(mpb_scheduler *scheduler); /* false when the system refuses it; may be repeated */
/* To be called before the loop is touched: a child of fork() gets a loop of its own. */
void mpb_loop_leave_parent(mpb_scheduler *scheduler);
/* Waits until something may have become ready. Returns false when a signal asks for an interruption; `hook` is as in
 * mpb_is_interrupted. */
bool mpb_loop_turn(mpb_scheduler *scheduler, lua_Hook hook);
void mpb_loop_close(mpb_scheduler *scheduler);
/* Watches what the operation wants now; it ends with an error when that cannot be watched. */
void mpb_loop_watch(mpb_scheduler *scheduler, mpb_operation *operation, const mp_want *want);
void mpb_operation_step(mpb_scheduler *scheduler, mpb_operation *operation); /* one that somebody is parked for */
void mpb_operation_end(mpb_scheduler *scheduler, mpb_operation *operation);  /* its task becomes ready */

/* wait.c */
/* The task that L is, if it can yield now; NULL otherwise. */
mpb_task *mpb_task_of(lua_State *L);
/* Steps the operation, and parks the task for it unless it has ended: returns false when the task has to yield. */
bool mpb_park(mpb_scheduler *scheduler, mpb_task *task, mpb_operation *operation);
void mpb_operation_cancel(mpb_scheduler *scheduler, mpb_operation *operation); /* unless it is shielded */
/* Whether a signal's handler has set a hook on the main thread, which had the hook `before` when the wait began. */
bool mpb_is_interrupted(const mpb_runtime *runtime, lua_Hook before);
void mpb_clear_hooks(lua_State *L); /* of L and the main thread */

/* task.c */
void mpb_task_ready(mpb_scheduler *scheduler, mpb_task *task); /* puts it at the end of the ready list */
void mpb_group_cancel(mpb_scheduler *scheduler, mpb_group *tasks);
/* Runs the group's tasks to their end; false when they were interrupted. In a child that one of them has forked, it
 * raises instead of running the others. */
bool mpb_group_run(lua_State *L, mpb_scheduler *scheduler, mpb_group *tasks);

/* Each adds its function to the module table on top of the stack. */
void mpb_open_all(lua_State *L, mpb_runtime *runtime);   /* task_group.c */
void mpb_open_sleep(lua_State *L, mpb_runtime *runtime); /* sleep.c */

#endif
