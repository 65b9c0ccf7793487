/* mp.all: makes a group of tasks of a list of functions, waits for it, and gives its results. */
#include "task.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/trace.h"
#include "error.h"

static const char group_type[] = "moonpool.group";

static int group_gc(lua_State *L) {
  mpb_group *tasks = lua_touserdata(L, 1);
  mpb_operation_finish(&tasks->waiting);
  free(tasks->tasks);
  tasks->tasks = NULL;
  tasks->count = tasks->left = 0;
  return 0;
}

static mp_step group_advance(void *self, mp_want *want, mp_error **error) {
  const mpb_group *tasks = self;
  (void)error;
  *want = (mp_want){-1, 0, MP_FOREVER};
  return tasks->left == 0 ? MP_STEP_DONE : MP_STEP_WAIT;
}

static void group_cancel(void *self) {
  mpb_group *tasks = self;
  mpb_group_cancel(tasks->scheduler, tasks);
}

static void add_task(lua_State *L, mpb_scheduler *scheduler, mpb_group *tasks, int index, const char *where) {
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
  MP_TRACE(scheduler->trace, MP_TRACE_TASK, "start t%llu parent=t%llu at=%s", mpb_task_number(&task->holder),
           mpb_task_number(task->holder.parent), task->holder.where);
}

/* Pushes a group with the functions of the list at `index` as its tasks, and the table of their coroutines below it. */
static mpb_group *new_group(lua_State *L, mpb_scheduler *scheduler, int index, const char *where) {
  int count = (int)lua_rawlen(L, index);
  lua_createtable(L, count, 0);
  int threads = lua_gettop(L);
  mpb_group *tasks = lua_newuserdatauv(L, sizeof *tasks, 1);
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
    mpb_task_ready(scheduler, &tasks->tasks[i]);
  return tasks;
}

enum { GROUP_INDEX = 3 };

static int push_results(lua_State *L, const mpb_group *tasks) {
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
  mpb_group *tasks = lua_touserdata(L, GROUP_INDEX);
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

/* all{f, g, ...} -> the first result of each. Runs them side by side; the first error cancels the others and is raised
 * once all have ended. */
static int l_all(lua_State *L) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  mpb_scheduler *scheduler = runtime->scheduler;
  check_functions(L);
  if (!mpb_loop_open(scheduler)) return luaL_error(L, "the event loop cannot be made");
  char where[LUA_IDSIZE + 16];
  mpb_where(L, where, sizeof where);
  lua_settop(L, 1);
  mpb_group *tasks = new_group(L, scheduler, 1, where);
  tasks->waiting = (mpb_operation){.advance = group_advance, .cancel = group_cancel, .self = tasks, .what = "tasks"};
  mpb_task *parent = mpb_task_of(L);
  if (parent != NULL && tasks->left > 0) {
    parent->children = tasks;
    if (parent->cancelled) mpb_group_cancel(scheduler, tasks);
    if (!mpb_park(scheduler, parent, &tasks->waiting)) return lua_yieldk(L, 0, 0, all_finish);
  } else if (!mpb_group_run(L, scheduler, tasks)) {
    mpb_clear_hooks(L);
    return luaL_error(L, "interrupted!");
  }
  return all_finish(L, LUA_OK, 0);
}

void mpb_open_all(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg functions[] = {{"all", l_all}, {NULL, NULL}};
  static const luaL_Reg metamethods[] = {{"__gc", group_gc}, {NULL, NULL}};
  mpb_new_metatable(L, runtime, group_type, metamethods, NULL);
  lua_pop(L, 1);
  mpb_set_functions(L, runtime, functions);
}
