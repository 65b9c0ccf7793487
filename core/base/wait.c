/* poll(2), wakers and background jobs. */
#include "base/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static int milliseconds_until(int64_t deadline) {
  if (deadline == MP_FOREVER) return -1;
  int64_t left = deadline - mp_clock_now();
  if (left <= 0) return 0;
  int64_t rounded = (left + MP_MILLISECOND - 1) / MP_MILLISECOND; /* never wake before the deadline */
  return rounded > INT32_MAX ? INT32_MAX : (int)rounded;
}

mp_wait_result mp_wait_poll(const mp_want *want) {
  struct pollfd entry = {.fd = want->fd};
  if (want->events & MP_WANT_READ) entry.events |= POLLIN;
  if (want->events & MP_WANT_WRITE) entry.events |= POLLOUT;
  int ready = poll(&entry, want->fd < 0 ? 0 : 1, milliseconds_until(want->deadline));
  return ready < 0 && errno == EINTR ? MP_WAIT_INTERRUPTED : MP_WAIT_READY;
}

bool mp_waker_open(mp_waker *waker, mp_error **error) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
    *waker = (mp_waker){-1, -1};
    return mp_error_set(error, MP_ERROR_CONNECTION, "cannot make a pipe: %s", strerror(errno));
  }
  *waker = (mp_waker){.read_fd = fds[0], .write_fd = fds[1]};
  return true;
}

void mp_waker_close(mp_waker *waker) {
  if (waker->read_fd >= 0) close(waker->read_fd);
  if (waker->write_fd >= 0) close(waker->write_fd);
  *waker = (mp_waker){-1, -1};
}

void mp_waker_wake(const mp_waker *waker) {
  ssize_t ignored;
  do {
    ignored = write(waker->write_fd, "", 1);
  } while (ignored < 0 && errno == EINTR); /* a full pipe is readable already, which is all that matters */
}

void mp_waker_drain(const mp_waker *waker) {
  char scratch[64];
  while (read(waker->read_fd, scratch, sizeof scratch) > 0)
    continue;
}

struct mp_background {
  uv_mutex_t lock;
  int references; /* the caller's and the thread's */
  bool done;
  mp_waker waker;
  void (*run)(void *data);
  void (*destroy)(void *data);
  void *data;
};

static void unreference(mp_background *job) {
  uv_mutex_lock(&job->lock);
  bool last = --job->references == 0;
  uv_mutex_unlock(&job->lock);
  if (!last) return;
  if (job->destroy != NULL) job->destroy(job->data);
  mp_waker_close(&job->waker);
  uv_mutex_destroy(&job->lock);
  free(job);
}

static void *on_thread(void *argument) {
  mp_background *job = argument;
  job->run(job->data);
  uv_mutex_lock(&job->lock);
  job->done = true;
  uv_mutex_unlock(&job->lock);
  mp_waker_wake(&job->waker);
  unreference(job);
  return NULL;
}

/* pthreads and not uv_thread_create, which cannot start a detached thread. Signals go to the threads of the host. */
static bool start_thread(mp_background *job) {
  pthread_t thread;
  pthread_attr_t attributes;
  sigset_t all, before;
  if (pthread_attr_init(&attributes) != 0) return false;
  sigfillset(&all);
  bool started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                 pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
  if (started) {
    started = pthread_create(&thread, &attributes, on_thread, job) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  pthread_attr_destroy(&attributes);
  return started;
}

mp_background *mp_background_start(void (*run)(void *data), void (*destroy)(void *data), void *data, mp_error **error) {
  mp_background *job = calloc(1, sizeof *job);
  if (job == NULL) {
    if (destroy != NULL) destroy(data);
    mp_error_set_memory(error);
    return NULL;
  }
  *job = (mp_background){.references = 1, .run = run, .destroy = destroy, .data = data, .waker = {-1, -1}};
  if (uv_mutex_init(&job->lock) != 0) {
    if (destroy != NULL) destroy(data);
    free(job);
    mp_error_set_memory(error);
    return NULL;
  }
  if (!mp_waker_open(&job->waker, error)) {
    unreference(job);
    return NULL;
  }
  job->references = 2;
  if (!start_thread(job)) {
    job->references = 1;
    unreference(job);
    mp_error_set(error, MP_ERROR_CONNECTION, "cannot start a thread");
    return NULL;
  }
  return job;
}

int mp_background_fd(const mp_background *job) {
  return job->waker.read_fd;
}

bool mp_background_is_done(mp_background *job) {
  uv_mutex_lock(&job->lock);
  bool done = job->done;
  uv_mutex_unlock(&job->lock);
  return done;
}

void mp_background_release(mp_background *job) {
  if (job != NULL) unreference(job);
}
