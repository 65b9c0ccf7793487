/* Running tasks: which are ready, how one is resumed, ends or is cancelled, and what becomes of its group. */
#include "task.h"

#include <unistd.h>

#include "base/trace.h"
#include "error.h"

/* ---- the ready list ---- */

void mpb_task_ready(mpb_scheduler *scheduler, mpb_task *task) {
  task->state = TASK_READY;
  task->waits_for = NULL;
  task->next_ready = NULL;
  *scheduler->last_ready = task;
  scheduler->last_ready = &task->next_ready;
}

static bool is_within(const mpb_task *task, const mpb_group *root) {
  for (; task != NULL; task = task->group->parent) {
    if (task->group == root) return true;
  }
  return false;
}

/* Takes the first ready task that belongs to root or to a group below it. */
static mpb_task *take_ready(mpb_scheduler *scheduler, const mpb_group *root) {
  for (mpb_task **at = &scheduler->first_ready; *at != NULL; at = &(*at)->next_ready) {
    mpb_task *task = *at;
    if (!is_within(task, root)) continue;
    *at = task->next_ready;
    if (*at == NULL) scheduler->last_ready = at;
    return task;
  }
  return NULL;
}

/* ---- cancelling ---- */

static void cancel_task(mpb_scheduler *scheduler, mpb_task *task);

void mpb_group_cancel(mpb_scheduler *scheduler, mpb_group *tasks) {
  for (int i = 0; i < tasks->count; i++) {
    if (tasks->tasks[i].state != TASK_DONE) cancel_task(scheduler, &tasks->tasks[i]);
  }
}

static void cancel_task(mpb_scheduler *scheduler, mpb_task *task) {
  MP_TRACE(scheduler->trace, MP_TRACE_TASK, "cancel t%llu", mpb_task_number(&task->holder));
  task->cancelled = true;
  if (task->children != NULL) {
    mpb_group_cancel(scheduler, task->children);
  } else if (task->waits_for != NULL) {
    mpb_operation_cancel(scheduler, task->waits_for);
  }
}

/* ---- running ---- */

/* The task has returned or failed; its result or error is on top of its stack. */
static void finish_task(mpb_scheduler *scheduler, mpb_task *task, bool failed) {
  mpb_group *tasks = task->group;
  MP_TRACE(scheduler->trace, MP_TRACE_TASK, "end t%llu %s", mpb_task_number(&task->holder), failed ? "failed" : "done");
  task->state = TASK_DONE;
  tasks->left--;
  if (failed && tasks->failed == 0) {
    tasks->failed = task->index;
    mpb_group_cancel(scheduler, tasks);
  } else if (failed) {
    lua_pop(task->co, 1); /* a consequence of the first one's failure */
    lua_pushnil(task->co);
  }
  if (tasks->left == 0 && tasks->waiting.task != NULL) {
    tasks->waiting.step = MP_STEP_DONE;
    mpb_operation_end(scheduler, &tasks->waiting);
  }
}

static void note_running(mpb_scheduler *scheduler, mpb_task *task) {
  scheduler->running = task;
  if (scheduler->interruptible != NULL) *scheduler->interruptible = task == NULL ? NULL : task->co;
}

/* Keeps the first result, or nil, on top of the stack. */
static void keep_result(lua_State *co, int results) {
  if (results > 0) {
    lua_settop(co, 1 + lua_gettop(co) - results);
  } else {
    lua_pushnil(co);
  }
}

/* Lua leaves the to-be-closed variables of a coroutine that has failed as they are: a connection would stay lent. The
 * error stays on top, unless closing gives a new one. */
static void close_failed(lua_State *co, int status) {
  lua_resetthread(co);
  if (status != LUA_YIELD) return;
  lua_settop(co, 0); /* coroutine.yield by the script itself, which nobody would resume */
  lua_pushliteral(co, "a task yielded outside of any coroutine of its own");
}

/* In a forked child: the task that called fork() has ended or waits, and the others are not to run twice. */
static void end_in_child(lua_State *L, lua_State *co, bool failed) {
  if (failed) {
    lua_xmove(co, L, 1);
    lua_error(L);
  }
  mpb_usage(L, "leave the child by os.exit(), or fork outside of any task",
            "this process was forked in a task, and the other tasks belong to its parent");
}

static void resume_task(lua_State *L, mpb_scheduler *scheduler, mpb_task *task) {
  mpb_task *outer = scheduler->running;
  if (lua_status(task->co) == LUA_OK && task->cancelled) { /* it never ran, and never will */
    lua_settop(task->co, 0);
    lua_pushnil(task->co);
    finish_task(scheduler, task, true);
    return;
  }
  bool is_first = lua_status(task->co) == LUA_OK;
  MP_TRACE(scheduler->trace, MP_TRACE_TASK, "%s t%llu", is_first ? "run" : "resume", mpb_task_number(&task->holder));
  task->state = TASK_RUNNING;
  note_running(scheduler, task);
  int results = 0, status = lua_resume(task->co, L, 0, &results);
  bool parked = status == LUA_YIELD && task->state != TASK_RUNNING;
  if (status == LUA_OK) keep_result(task->co, results);
  if (status != LUA_OK && !parked) close_failed(task->co, status);
  note_running(scheduler, outer);
  if (task->group->process != getpid()) end_in_child(L, task->co, status != LUA_OK && !parked);
  if (!parked) finish_task(scheduler, task, status != LUA_OK);
}

bool mpb_group_run(lua_State *L, mpb_scheduler *scheduler, mpb_group *tasks) {
  lua_Hook hook = lua_gethook(scheduler->runtime->main);
  bool interrupted = false;
  while (tasks->left > 0) {
    mpb_task *task = take_ready(scheduler, tasks);
    if (task != NULL) {
      resume_task(L, scheduler, task);
    } else if (!mpb_loop_turn(scheduler, hook) && !interrupted) {
      interrupted = true;
      mpb_group_cancel(scheduler, tasks);
    }
  }
  return !interrupted;
}
