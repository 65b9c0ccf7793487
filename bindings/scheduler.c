/* The life of a scheduler: one in each runtime, from opening the module to closing the state. */
#include "task.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/trace.h"
#include "main.h"

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
  mpb_open_all(L, runtime);
  mpb_open_sleep(L, runtime);
}

void mpb_scheduler_close(mpb_runtime *runtime) {
  mpb_scheduler *scheduler = runtime->scheduler;
  if (scheduler == NULL) return;
  mpb_loop_close(scheduler);
  free(scheduler);
  runtime->scheduler = NULL;
}
