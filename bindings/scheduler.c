/* Tasks on libuv.
 *
 * Loop callbacks only step operations of the core and mark their tasks as ready; tasks are resumed between turns of the
 * loop, by whoever runs it: mp.all at the top of a script, or a nested one where no yield is possible, which then
 * resumes the tasks of its own group only. */
#include "scheduler.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/trace.h"
#include "error.h"
#include "main.h"

typedef struct group group;

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
  group *group;             /* that it belongs to            */
  mpb_operation *waits_for; /* while PARKED for one          */
  group *children;          /* while PARKED in mp.all        */
  mpb_task *next_ready;
  int index; /* its place in the results, 1-based */
};

/* The tasks of one mp.all: a userdata whose user value 1 is the table of their coroutines and, later, results. */
struct group {
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

static unsigned long long number_of(const mp_holder *holder) {
  return holder->task;
}

/* What libuv watches for one operation. Freed when both handles are closed. */
typedef struct watch {
  uv_poll_t poll;
  uv_timer_t timer;
  int fd;
  int handles; /* not closed yet */
  bool has_poll;
  mpb_operation *operation; /* NULL once it has ended */
  mpb_scheduler *scheduler;
} watch;

/* ---- the ready list ---- */

static void make_ready(mpb_scheduler *scheduler, mpb_task *task) {
  task->state = TASK_READY;
  task->waits_for = NULL;
  task->next_ready = NULL;
  *scheduler->last_ready = task;
  scheduler->last_ready = &task->next_ready;
}

static bool is_within(const mpb_task *task, const group *root) {
  for (; task != NULL; task = task->group->parent) {
    if (task->group == root) return true;
  }
  return false;
}

/* Takes the first ready task that belongs to root or to a group below it. */
static mpb_task *take_ready(mpb_scheduler *scheduler, const group *root) {
  for (mpb_task **at = &scheduler->first_ready; *at != NULL; at = &(*at)->next_ready) {
    mpb_task *task = *at;
    if (!is_within(task, root)) continue;
    *at = task->next_ready;
    if (*at == NULL) scheduler->last_ready = at;
    return task;
  }
  return NULL;
}

/* ---- watching ---- */

static void on_closed(uv_handle_t *handle) {
  watch *watched = handle->data;
  if (--watched->handles == 0) free(watched);
}

static void forget_handle(uv_handle_t *handle, void *argument) {
  watch *watched = handle->data;
  (void)argument;
  if (watched->operation != NULL) watched->operation->watch = NULL;
  watched->operation = NULL;
  if (!uv_is_closing(handle)) uv_close(handle, on_closed);
}

/* A forked child has its parent's loop, whose epoll descriptor both share: taken out of it here, a socket would be
 * taken out there. So it gets one of its own, and forgets who waits: those are its parent's tasks. */
static void leave_parent(mpb_scheduler *scheduler) {
  pid_t process = getpid();
  if (scheduler->process == process) return;
  scheduler->process = process;
  scheduler->first_ready = NULL;
  scheduler->last_ready = &scheduler->first_ready;
  if (!scheduler->has_loop) return;
  scheduler->has_loop = uv_loop_fork(&scheduler->loop) == 0;
  uv_walk(&scheduler->loop, forget_handle, NULL);
}

static void stop_watching(mpb_operation *operation) {
  if (operation->watch == NULL) return;
  leave_parent(((watch *)operation->watch)->scheduler);
  watch *watched = operation->watch;
  if (watched == NULL) return;
  operation->watch = NULL;
  watched->operation = NULL;
  if (watched->has_poll) uv_close((uv_handle_t *)&watched->poll, on_closed);
  uv_close((uv_handle_t *)&watched->timer, on_closed);
}

static void end_operation(mpb_scheduler *scheduler, mpb_operation *operation) {
  mpb_task *task = operation->task;
  stop_watching(operation);
  operation->task = NULL;
  if (task != NULL) make_ready(scheduler, task);
}

static void step_watched(watch *watched);

static void on_poll(uv_poll_t *handle, int status, int events) {
  (void)status; /* an error shows when the operation reads */
  (void)events;
  step_watched(handle->data);
}

static void on_timer(uv_timer_t *handle) {
  step_watched(handle->data);
}

/* Watches the descriptor that is wanted now; libuv needs a new handle for a new descriptor. */
static bool watch_fd(watch *watched, const mp_want *want) {
  if (watched->has_poll && watched->fd != want->fd) return false;
  if (!watched->has_poll) {
    if (uv_poll_init(&watched->scheduler->loop, &watched->poll, want->fd) != 0) return false;
    watched->poll.data = watched;
    watched->fd = want->fd;
    watched->has_poll = true;
    watched->handles++;
  }
  int events = ((want->events & MP_WANT_READ) ? UV_READABLE : 0) | ((want->events & MP_WANT_WRITE) ? UV_WRITABLE : 0);
  return uv_poll_start(&watched->poll, events | UV_DISCONNECT, on_poll) == 0;
}

static void watch_deadline(watch *watched, int64_t deadline) {
  if (deadline == MP_FOREVER) {
    uv_timer_stop(&watched->timer);
    return;
  }
  int64_t left = deadline - mp_clock_now();
  uint64_t milliseconds = left <= 0 ? 0 : (uint64_t)((left + MP_MILLISECOND - 1) / MP_MILLISECOND);
  uv_update_time(&watched->scheduler->loop);
  uv_timer_start(&watched->timer, on_timer, milliseconds, 0);
}

static watch *new_watch(mpb_scheduler *scheduler, mpb_operation *operation) {
  watch *watched = calloc(1, sizeof *watched);
  if (watched == NULL) return NULL;
  watched->scheduler = scheduler;
  watched->operation = operation;
  uv_timer_init(&scheduler->loop, &watched->timer);
  watched->timer.data = watched;
  watched->handles = 1;
  operation->watch = watched;
  return watched;
}

static void watch_want(mpb_scheduler *scheduler, mpb_operation *operation, const mp_want *want) {
  watch *watched = operation->watch;
  if (watched != NULL && want->fd >= 0 && watched->has_poll && watched->fd != want->fd) {
    stop_watching(operation);
    watched = NULL;
  }
  if (watched == NULL) watched = new_watch(scheduler, operation);
  bool ok = watched != NULL;
  if (ok) watch_deadline(watched, want->deadline);
  if (ok && want->fd >= 0) ok = watch_fd(watched, want);
  if (ok && want->fd < 0 && watched->has_poll) uv_poll_stop(&watched->poll);
  if (!ok) {
    mp_error_set(&operation->error, MP_ERROR_CONNECTION, "the event loop cannot watch descriptor %d", want->fd);
    operation->step = MP_STEP_FAILED;
    end_operation(scheduler, operation);
  }
}

/* Steps an operation that somebody is parked for. */
static void step_operation(mpb_scheduler *scheduler, mpb_operation *operation) {
  mp_want want;
  operation->step = operation->advance(operation->self, &want, &operation->error);
  if (operation->step == MP_STEP_WAIT) {
    watch_want(scheduler, operation, &want);
  } else {
    end_operation(scheduler, operation);
  }
}

static void step_watched(watch *watched) {
  if (watched->operation != NULL) step_operation(watched->scheduler, watched->operation);
}

void mpb_operation_finish(mpb_operation *operation) {
  stop_watching(operation);
  if (operation->task != NULL) operation->task->waits_for = NULL;
  operation->task = NULL;
  mp_error_free(operation->error);
  operation->error = NULL;
}

/* ---- waiting ---- */

static bool fail_operation(mpb_operation *operation) {
  mp_error_set(&operation->error, MP_ERROR_CANCELLED,
               "the task was cancelled, since another one of its group had failed");
  operation->step = MP_STEP_FAILED;
  return true;
}

static void cancel_operation(mpb_scheduler *scheduler, mpb_operation *operation) {
  if (operation->shielded) return;
  if (operation->cancel != NULL) {
    operation->cancel(operation->self);
    step_operation(scheduler, operation);
  } else {
    fail_operation(operation);
    end_operation(scheduler, operation);
  }
}

/* A handler of SIGINT, ours or stock lua's, asks for an interruption by setting a hook on the main thread. */
static bool is_interrupted(const mpb_runtime *runtime, lua_Hook before) {
  return lua_gethook(runtime->main) != before && lua_gethook(runtime->main) != NULL;
}

/* The interruption is taken here: the hooks that it has set must not raise it once more. */
static void clear_hooks(lua_State *L) {
  lua_sethook(L, NULL, 0, 0);
  lua_sethook(mpb_runtime_of(L)->main, NULL, 0, 0);
}

static void fail_interrupted(lua_State *L, mpb_operation *operation) {
  clear_hooks(L);
  mp_error_set(&operation->error, MP_ERROR_CANCELLED, "interrupted!");
  operation->step = MP_STEP_FAILED;
}

/* Waits in poll(2) for this one operation. */
static bool wait_here(lua_State *L, mpb_operation *operation) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  lua_Hook hook = lua_gethook(runtime->main);
  bool interrupted = false;
  mp_want want;
  while ((operation->step = operation->advance(operation->self, &want, &operation->error)) == MP_STEP_WAIT) {
    if (mp_wait_poll(&want) != MP_WAIT_INTERRUPTED || interrupted || !is_interrupted(runtime, hook)) continue;
    interrupted = true;
    if (operation->cancel == NULL) break;
    operation->cancel(operation->self);
  }
  if (interrupted) fail_interrupted(L, operation);
  return true;
}

static bool park(mpb_scheduler *scheduler, mpb_task *task, mpb_operation *operation) {
  mp_want want;
  leave_parent(scheduler);
  operation->step = operation->advance(operation->self, &want, &operation->error);
  if (operation->step != MP_STEP_WAIT) return true;
  operation->task = task;
  task->waits_for = operation;
  watch_want(scheduler, operation, &want);
  if (operation->step == MP_STEP_WAIT) {
    task->state = TASK_PARKED;
    MP_TRACE(scheduler->trace, MP_TRACE_TASK, "wait t%llu for=%s", number_of(&task->holder), operation->what);
    return false;
  }
  return false; /* it cannot be watched: the task is ready already, and finds the failure when it is resumed */
}

static mpb_task *task_of(lua_State *L) {
  mpb_task *task = mpb_runtime_of(L)->scheduler->running;
  return task != NULL && task->co == L && lua_isyieldable(L) ? task : NULL;
}

bool mpb_wait(lua_State *L, mpb_operation *operation) {
  mpb_scheduler *scheduler = mpb_runtime_of(L)->scheduler;
  if (scheduler->running != NULL && scheduler->running->cancelled && !operation->shielded) {
    return fail_operation(operation);
  }
  mpb_task *task = task_of(L);
  return task == NULL ? wait_here(L, operation) : park(scheduler, task, operation);
}

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
  holder->blocks_thread = task_of(L) == NULL;
  return holder;
}

/* ---- running ---- */

static void cancel_task(mpb_scheduler *scheduler, mpb_task *task);

static void cancel_group(mpb_scheduler *scheduler, group *tasks) {
  for (int i = 0; i < tasks->count; i++) {
    if (tasks->tasks[i].state != TASK_DONE) cancel_task(scheduler, &tasks->tasks[i]);
  }
}

static void cancel_task(mpb_scheduler *scheduler, mpb_task *task) {
  MP_TRACE(scheduler->trace, MP_TRACE_TASK, "cancel t%llu", number_of(&task->holder));
  task->cancelled = true;
  if (task->children != NULL) {
    cancel_group(scheduler, task->children);
  } else if (task->waits_for != NULL) {
    cancel_operation(scheduler, task->waits_for);
  }
}

/* The task has returned or failed; its result or error is on top of its stack. */
static void finish_task(lua_State *L, mpb_scheduler *scheduler, mpb_task *task, bool failed) {
  group *tasks = task->group;
  MP_TRACE(scheduler->trace, MP_TRACE_TASK, "end t%llu %s", number_of(&task->holder), failed ? "failed" : "done");
  task->state = TASK_DONE;
  tasks->left--;
  if (failed && tasks->failed == 0) {
    tasks->failed = task->index;
    cancel_group(scheduler, tasks);
  } else if (failed) {
    lua_pop(task->co, 1); /* a consequence of the first one's failure */
    lua_pushnil(task->co);
  }
  (void)L;
  if (tasks->left == 0 && tasks->waiting.task != NULL) {
    tasks->waiting.step = MP_STEP_DONE;
    end_operation(scheduler, &tasks->waiting);
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
    finish_task(L, scheduler, task, true);
    return;
  }
  bool is_first = lua_status(task->co) == LUA_OK;
  MP_TRACE(scheduler->trace, MP_TRACE_TASK, "%s t%llu", is_first ? "run" : "resume", number_of(&task->holder));
  task->state = TASK_RUNNING;
  note_running(scheduler, task);
  int results = 0, status = lua_resume(task->co, L, 0, &results);
  bool parked = status == LUA_YIELD && task->state != TASK_RUNNING;
  if (status == LUA_OK) keep_result(task->co, results);
  if (status != LUA_OK && !parked) close_failed(task->co, status);
  note_running(scheduler, outer);
  if (task->group->process != getpid()) end_in_child(L, task->co, status != LUA_OK && !parked);
  if (!parked) finish_task(L, scheduler, task, status != LUA_OK);
}

/* Waits until something may have become ready. Returns false when a signal asks for an interruption. poll(2) on the
 * loop's own descriptor comes first, since libuv goes on waiting after a signal. */
static bool turn_loop(mpb_scheduler *scheduler, lua_Hook hook) {
  uv_run(&scheduler->loop, UV_RUN_NOWAIT);
  if (scheduler->first_ready != NULL) return true;
  struct pollfd entry = {.fd = uv_backend_fd(&scheduler->loop), .events = POLLIN};
  if (poll(&entry, 1, uv_backend_timeout(&scheduler->loop)) < 0 && errno == EINTR) {
    if (is_interrupted(scheduler->runtime, hook)) return false;
  }
  uv_run(&scheduler->loop, UV_RUN_NOWAIT);
  return true;
}

/* Runs the group's tasks to their end. */
static bool run_group(lua_State *L, mpb_scheduler *scheduler, group *tasks) {
  lua_Hook hook = lua_gethook(scheduler->runtime->main);
  bool interrupted = false;
  while (tasks->left > 0) {
    mpb_task *task = take_ready(scheduler, tasks);
    if (task != NULL) {
      resume_task(L, scheduler, task);
    } else if (!turn_loop(scheduler, hook) && !interrupted) {
      interrupted = true;
      cancel_group(scheduler, tasks);
    }
  }
  return !interrupted;
}

/* ---- mp.all ---- */

static const char group_type[] = "moonpool.group";

static int group_gc(lua_State *L) {
  group *tasks = lua_touserdata(L, 1);
  mpb_operation_finish(&tasks->waiting);
  free(tasks->tasks);
  tasks->tasks = NULL;
  tasks->count = tasks->left = 0;
  return 0;
}

static mp_step group_advance(void *self, mp_want *want, mp_error **error) {
  const group *tasks = self;
  (void)error;
  *want = (mp_want){-1, 0, MP_FOREVER};
  return tasks->left == 0 ? MP_STEP_DONE : MP_STEP_WAIT;
}

static void group_cancel(void *self) {
  group *tasks = self;
  cancel_group(tasks->scheduler, tasks);
}

static void add_task(lua_State *L, mpb_scheduler *scheduler, group *tasks, int index, const char *where) {
  mpb_task *task = &tasks->tasks[index - 1];
  task->co = lua_newthread(L);
  lua_pushvalue(L, -2); /* the function */
  lua_xmove(L, task->co, 1);
  lua_remove(L, -2);
  task->group = tasks;
  task->index = index;
  mpb_task *parent = tasks->parent;
  task->holder.parent = parent == NULL ? &scheduler->main_holder : &parent->holder;
  task->holder.thread = scheduler;
  task->holder.task = ++scheduler->last_task;
  strncpy(task->holder.where, where, sizeof task->holder.where - 1);
  MP_TRACE(scheduler->trace, MP_TRACE_TASK, "start t%llu parent=t%llu at=%s", number_of(&task->holder),
           number_of(task->holder.parent), task->holder.where);
}

/* Pushes a group with the functions of the list at `index` as its tasks, and the table of their coroutines below it. */
static group *new_group(lua_State *L, mpb_scheduler *scheduler, int index, const char *where) {
  int count = (int)lua_rawlen(L, index);
  lua_createtable(L, count, 0);
  int threads = lua_gettop(L);
  group *tasks = lua_newuserdatauv(L, sizeof *tasks, 1);
  memset(tasks, 0, sizeof *tasks);
  mpb_set_metatable(L, group_type);
  lua_pushvalue(L, threads);
  lua_setiuservalue(L, -2, 1);
  tasks->scheduler = scheduler;
  tasks->parent = scheduler->running;
  tasks->process = getpid();
  tasks->tasks = calloc(count == 0 ? 1 : (size_t)count, sizeof *tasks->tasks);
  if (tasks->tasks == NULL) luaL_error(L, "out of memory");
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, index, i);
    add_task(L, scheduler, tasks, i, where);
    lua_rawseti(L, threads, i);
  }
  tasks->count = tasks->left = count; /* nothing below raises: from here they are the scheduler's */
  for (int i = 0; i < count; i++)
    make_ready(scheduler, &tasks->tasks[i]);
  return tasks;
}

enum { GROUP_INDEX = 3 };

static int push_results(lua_State *L, const group *tasks) {
  if (tasks->failed > 0) {
    lua_xmove(tasks->tasks[tasks->failed - 1].co, L, 1);
    return lua_error(L);
  }
  luaL_checkstack(L, tasks->count, "too many results");
  for (int i = 0; i < tasks->count; i++)
    lua_xmove(tasks->tasks[i].co, L, 1);
  return tasks->count;
}

static int all_finish(lua_State *L, int status, lua_KContext context) {
  (void)status;
  (void)context;
  group *tasks = lua_touserdata(L, GROUP_INDEX);
  mpb_scheduler *scheduler = tasks->scheduler;
  if (scheduler->running != NULL) scheduler->running->children = NULL;
  return push_results(L, tasks);
}

/* A function under any other key would never run, without a word. */
static void check_keys(lua_State *L, lua_Integer count) {
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    lua_pop(L, 1);
    if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1 && lua_tointeger(L, -1) <= count) continue;
    lua_pushvalue(L, -1); /* the key itself must stay what it is */
    mpb_usage(L, NULL, "the list of all has the key %s; expected functions at 1, 2, ...", luaL_tolstring(L, -1, NULL));
  }
}

static void check_functions(lua_State *L) {
  if (!lua_istable(L, 1)) mpb_bad_argument(L, 1, "the argument of all", "a list of functions");
  lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
  for (lua_Integer i = 1; i <= count; i++) {
    if (lua_rawgeti(L, 1, i) != LUA_TFUNCTION) {
      mpb_usage(L, NULL, "entry %d of the list is a %s; expected a function", (int)i, luaL_typename(L, -1));
    }
    lua_pop(L, 1);
  }
  check_keys(L, count);
}

static bool open_loop(mpb_scheduler *scheduler) {
  leave_parent(scheduler);
  if (!scheduler->has_loop) scheduler->has_loop = uv_loop_init(&scheduler->loop) == 0;
  return scheduler->has_loop;
}

/* all{f, g, ...} -> the first result of each. Runs them side by side; the first error cancels the others and is raised
 * once all have ended. */
static int l_all(lua_State *L) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  mpb_scheduler *scheduler = runtime->scheduler;
  check_functions(L);
  if (!open_loop(scheduler)) return luaL_error(L, "the event loop cannot be made");
  char where[LUA_IDSIZE + 16];
  mpb_where(L, where, sizeof where);
  lua_settop(L, 1);
  group *tasks = new_group(L, scheduler, 1, where);
  tasks->waiting = (mpb_operation){.advance = group_advance, .cancel = group_cancel, .self = tasks, .what = "tasks"};
  mpb_task *parent = task_of(L);
  if (parent != NULL && tasks->left > 0) {
    parent->children = tasks;
    if (parent->cancelled) cancel_group(scheduler, tasks);
    if (!park(scheduler, parent, &tasks->waiting)) return lua_yieldk(L, 0, 0, all_finish);
  } else if (!run_group(L, scheduler, tasks)) {
    clear_hooks(L);
    return luaL_error(L, "interrupted!");
  }
  return all_finish(L, LUA_OK, 0);
}

/* ---- mp.sleep ---- */

static const char sleep_type[] = "moonpool.sleep";

typedef struct sleep_call {
  mpb_operation operation;
  int64_t until;
} sleep_call;

static mp_step sleep_advance(void *self, mp_want *want, mp_error **error) {
  const sleep_call *call = self;
  (void)error;
  *want = (mp_want){-1, 0, call->until};
  return mp_clock_now() >= call->until ? MP_STEP_DONE : MP_STEP_WAIT;
}

static int sleep_gc(lua_State *L) {
  sleep_call *call = lua_touserdata(L, 1);
  mpb_operation_finish(&call->operation);
  return 0;
}

static int sleep_finish(lua_State *L, int status, lua_KContext context) {
  (void)status;
  (void)context;
  sleep_call *call = lua_touserdata(L, 2);
  if (call->operation.step == MP_STEP_DONE) return 0;
  mp_error_move(mpb_error_slot(L), call->operation.error);
  call->operation.error = NULL;
  return mpb_raise(L);
}

/* sleep(seconds): other tasks go on meanwhile. */
static int l_sleep(lua_State *L) {
  if (lua_type(L, 1) != LUA_TNUMBER) return mpb_bad_argument(L, 1, "the argument of sleep", "a number of seconds");
  double seconds = lua_tonumber(L, 1);
  if (!(seconds >= 0)) return mpb_usage(L, NULL, "sleep(%g): expected a number of seconds, 0 or more", seconds);
  lua_settop(L, 1);
  sleep_call *call = lua_newuserdatauv(L, sizeof *call, 0);
  *call = (sleep_call){.operation = {.advance = sleep_advance, .self = call, .what = "sleep"},
                       .until = mp_clock_after(seconds)};
  mpb_set_metatable(L, sleep_type);
  if (!mpb_wait(L, &call->operation)) return lua_yieldk(L, 0, 0, sleep_finish);
  return sleep_finish(L, LUA_OK, 0);
}

/* ---- life ---- */

/* A wrong list is said by connect, as of any setting. */
static void trace_as_environment(mpb_scheduler *scheduler) {
  const char *wrong, *list = getenv("MOONPOOL_TRACE");
  size_t size;
  if (list != NULL) mp_trace_read(list, &scheduler->trace, &wrong, &size);
}

void mpb_trace_tasks(lua_State *L, unsigned topics) {
  mpb_runtime_of(L)->scheduler->trace |= topics;
}

void mpb_open_scheduler(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg functions[] = {{"all", l_all}, {"sleep", l_sleep}, {NULL, NULL}};
  static const luaL_Reg group_functions[] = {{"__gc", group_gc}, {NULL, NULL}};
  static const luaL_Reg sleep_functions[] = {{"__gc", sleep_gc}, {NULL, NULL}};
  mpb_scheduler *scheduler = calloc(1, sizeof *scheduler);
  if (scheduler == NULL) luaL_error(L, "out of memory");
  runtime->scheduler = scheduler;
  scheduler->runtime = runtime;
  scheduler->process = getpid();
  scheduler->last_ready = &scheduler->first_ready;
  scheduler->main_holder.thread = scheduler;
  scheduler->main_holder.task = ++scheduler->last_task;
  trace_as_environment(scheduler);
  lua_getfield(L, LUA_REGISTRYINDEX, MPB_RUNNING);
  scheduler->interruptible = lua_touserdata(L, -1);
  lua_pop(L, 1);
  mpb_new_metatable(L, runtime, group_type, group_functions, NULL);
  mpb_new_metatable(L, runtime, sleep_type, sleep_functions, NULL);
  lua_pop(L, 2);
  mpb_set_functions(L, runtime, functions);
}

static void close_handle(uv_handle_t *handle, void *argument) {
  (void)argument;
  if (!uv_is_closing(handle)) uv_close(handle, on_closed);
}

void mpb_scheduler_close(mpb_runtime *runtime) {
  mpb_scheduler *scheduler = runtime->scheduler;
  if (scheduler == NULL) return;
  leave_parent(scheduler);
  if (scheduler->has_loop) {
    uv_walk(&scheduler->loop, close_handle, NULL);
    while (uv_loop_close(&scheduler->loop) == UV_EBUSY)
      uv_run(&scheduler->loop, UV_RUN_NOWAIT);
  }
  free(scheduler);
  runtime->scheduler = NULL;
}
