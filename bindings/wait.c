/* Waiting for one operation: a task is parked for it, and whoever cannot yield waits in poll(2). */
#include "task.h"

#include "base/trace.h"
#include "error.h"

static bool fail_operation(mpb_operation *operation) {
  mp_error_set(&operation->error, MP_ERROR_CANCELLED,
               "the task was cancelled, since another one of its group had failed");
  operation->step = MP_STEP_FAILED;
  return true;
}

void mpb_operation_cancel(mpb_scheduler *scheduler, mpb_operation *operation) {
  if (operation->shielded) return;
  if (operation->cancel != NULL) {
    operation->cancel(operation->self);
    mpb_operation_step(scheduler, operation);
  } else {
    fail_operation(operation);
    mpb_operation_end(scheduler, operation);
  }
}

/* ---- interruptions ---- */

/* A handler of SIGINT, ours or stock lua's, asks for an interruption by setting a hook on the main thread. */
bool mpb_is_interrupted(const mpb_runtime *runtime, lua_Hook before) {
  return lua_gethook(runtime->main) != before && lua_gethook(runtime->main) != NULL;
}

/* The interruption is taken here: the hooks that it has set must not raise it once more. */
void mpb_clear_hooks(lua_State *L) {
  lua_sethook(L, NULL, 0, 0);
  lua_sethook(mpb_runtime_of(L)->main, NULL, 0, 0);
}

static void fail_interrupted(lua_State *L, mpb_operation *operation) {
  mpb_clear_hooks(L);
  mp_error_set(&operation->error, MP_ERROR_CANCELLED, "interrupted!");
  operation->step = MP_STEP_FAILED;
}

/* ---- the two ways ---- */

/* Waits in poll(2) for this one operation. */
static bool wait_here(lua_State *L, mpb_operation *operation) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  lua_Hook hook = lua_gethook(runtime->main);
  bool interrupted = false;
  mp_want want;
  while ((operation->step = operation->advance(operation->self, &want, &operation->error)) == MP_STEP_WAIT) {
    if (mp_wait_poll(&want) != MP_WAIT_INTERRUPTED || interrupted || !mpb_is_interrupted(runtime, hook)) continue;
    interrupted = true;
    if (operation->cancel == NULL) break;
    operation->cancel(operation->self);
  }
  if (interrupted) fail_interrupted(L, operation);
  return true;
}

bool mpb_park(mpb_scheduler *scheduler, mpb_task *task, mpb_operation *operation) {
  mp_want want;
  mpb_loop_leave_parent(scheduler);
  operation->step = operation->advance(operation->self, &want, &operation->error);
  if (operation->step != MP_STEP_WAIT) return true;
  operation->task = task;
  task->waits_for = operation;
  mpb_loop_watch(scheduler, operation, &want);
  if (operation->step == MP_STEP_WAIT) {
    task->state = TASK_PARKED;
    MP_TRACE(scheduler->trace, MP_TRACE_TASK, "wait t%llu for=%s", mpb_task_number(&task->holder), operation->what);
    return false;
  }
  return false; /* it cannot be watched: the task is ready already, and finds the failure when it is resumed */
}

mpb_task *mpb_task_of(lua_State *L) {
  mpb_task *task = mpb_runtime_of(L)->scheduler->running;
  return task != NULL && task->co == L && lua_isyieldable(L) ? task : NULL;
}

bool mpb_wait(lua_State *L, mpb_operation *operation) {
  mpb_scheduler *scheduler = mpb_runtime_of(L)->scheduler;
  if (scheduler->running != NULL && scheduler->running->cancelled && !operation->shielded) {
    return fail_operation(operation);
  }
  mpb_task *task = mpb_task_of(L);
  return task == NULL ? wait_here(L, operation) : mpb_park(scheduler, task, operation);
}

/* ---- who waits ---- */

static mp_holder *present_holder(lua_State *L) {
  mpb_scheduler *scheduler = mpb_runtime_of(L)->scheduler;
  return scheduler->running == NULL ? &scheduler->main_holder : &scheduler->running->holder;
}

void mpb_note_place(lua_State *L) {
  mp_holder *holder = present_holder(L);
  mpb_where(L, holder->where, sizeof holder->where);
}

const mp_holder *mpb_holder_of(lua_State *L) {
  mp_holder *holder = present_holder(L);
  holder->blocks_thread = mpb_task_of(L) == NULL;
  return holder;
}
