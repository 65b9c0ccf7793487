/* The event loop: what libuv watches for the operations that tasks are parked for.
 *
 * Its callbacks only step operations and mark their tasks as ready; none of them resumes a task. */
#include "task.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

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
void mpb_loop_leave_parent(mpb_scheduler *scheduler) {
  pid_t process = getpid();
  if (scheduler->process == process) return;
  scheduler->process = process;
  scheduler->first_ready = NULL;
  scheduler->last_ready = &scheduler->first_ready;
  if (!scheduler->has_loop) return;
  scheduler->has_loop = uv_loop_fork(&scheduler->loop) == 0;
  uv_walk(&scheduler->loop, forget_handle, NULL);
}

bool mpb_loop_open(mpb_scheduler *scheduler) {
  mpb_loop_leave_parent(scheduler);
  if (!scheduler->has_loop) scheduler->has_loop = uv_loop_init(&scheduler->loop) == 0;
  return scheduler->has_loop;
}

/* ---- watching ---- */

static void stop_watching(mpb_operation *operation) {
  if (operation->watch == NULL) return;
  mpb_loop_leave_parent(((watch *)operation->watch)->scheduler);
  watch *watched = operation->watch;
  if (watched == NULL) return;
  operation->watch = NULL;
  watched->operation = NULL;
  if (watched->has_poll) uv_close((uv_handle_t *)&watched->poll, on_closed);
  uv_close((uv_handle_t *)&watched->timer, on_closed);
}

void mpb_operation_end(mpb_scheduler *scheduler, mpb_operation *operation) {
  mpb_task *task = operation->task;
  stop_watching(operation);
  operation->task = NULL;
  if (task != NULL) mpb_task_ready(scheduler, task);
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

void mpb_loop_watch(mpb_scheduler *scheduler, mpb_operation *operation, const mp_want *want) {
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
    mpb_operation_end(scheduler, operation);
  }
}

void mpb_operation_step(mpb_scheduler *scheduler, mpb_operation *operation) {
  mp_want want;
  operation->step = operation->advance(operation->self, &want, &operation->error);
  if (operation->step == MP_STEP_WAIT) {
    mpb_loop_watch(scheduler, operation, &want);
  } else {
    mpb_operation_end(scheduler, operation);
  }
}

static void step_watched(watch *watched) {
  if (watched->operation != NULL) mpb_operation_step(watched->scheduler, watched->operation);
}

void mpb_operation_finish(mpb_operation *operation) {
  stop_watching(operation);
  if (operation->task != NULL) operation->task->waits_for = NULL;
  operation->task = NULL;
  mp_error_free(operation->error);
  operation->error = NULL;
}

/* ---- turning and closing ---- */

/* poll(2) on the loop's own descriptor comes first, since libuv goes on waiting after a signal. */
bool mpb_loop_turn(mpb_scheduler *scheduler, lua_Hook hook) {
  uv_run(&scheduler->loop, UV_RUN_NOWAIT);
  if (scheduler->first_ready != NULL) return true;
  struct pollfd entry = {.fd = uv_backend_fd(&scheduler->loop), .events = POLLIN};
  if (poll(&entry, 1, uv_backend_timeout(&scheduler->loop)) < 0 && errno == EINTR) {
    if (mpb_is_interrupted(scheduler->runtime, hook)) return false;
  }
  uv_run(&scheduler->loop, UV_RUN_NOWAIT);
  return true;
}

static void close_handle(uv_handle_t *handle, void *argument) {
  (void)argument;
  if (!uv_is_closing(handle)) uv_close(handle, on_closed);
}

void mpb_loop_close(mpb_scheduler *scheduler) {
  mpb_loop_leave_parent(scheduler);
  if (!scheduler->has_loop) return;
  uv_walk(&scheduler->loop, close_handle, NULL);
  while (uv_loop_close(&scheduler->loop) == UV_EBUSY)
    uv_run(&scheduler->loop, UV_RUN_NOWAIT);
}
