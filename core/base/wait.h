/* Waiting, kept apart from the work. An operation never blocks: each step of it says what it waits for, and somebody
 * else decides how to wait: poll(2) for one operation (below), or an event loop for many. One code path, two ways. */
#ifndef MP_BASE_WAIT_H
#define MP_BASE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"

typedef enum mp_step {
  MP_STEP_DONE,   /* finished: ask the operation for its result                      */
  MP_STEP_WAIT,   /* call again when what `want` says has happened; too early is fine */
  MP_STEP_FAILED, /* finished, with an error                                         */
} mp_step;

enum { MP_WANT_READ = 1, MP_WANT_WRITE = 2 };

typedef struct mp_want {
  int fd;           /* -1: only the deadline                      */
  int events;       /* MP_WANT_READ, MP_WANT_WRITE, or both       */
  int64_t deadline; /* on mp_clock_now's scale, or MP_FOREVER     */
} mp_want;

typedef enum mp_wait_result {
  MP_WAIT_READY,       /* the descriptor is ready, or the deadline has come: step again */
  MP_WAIT_INTERRUPTED, /* a signal handler ran                                          */
} mp_wait_result;

/* Waits in poll(2) for one want. */
mp_wait_result mp_wait_poll(const mp_want *want);

/* A wake-up from another thread that can be waited for like a socket: a pipe. */
typedef struct mp_waker {
  int read_fd, write_fd;
} mp_waker;

bool mp_waker_open(mp_waker *waker, mp_error **error);
void mp_waker_close(mp_waker *waker);      /* may be repeated */
void mp_waker_wake(const mp_waker *waker); /* from any thread; never blocks */
void mp_waker_drain(const mp_waker *waker);

/* Runs a blocking function on a thread of its own, since libpq and the resolver have some that nothing can interrupt.
 * The descriptor becomes readable when it has returned. Released before that, the job goes on unseen and its data is
 * freed by `destroy` at the end: nobody ever waits for it. */
typedef struct mp_background mp_background;
mp_background *mp_background_start(void (*run)(void *data), void (*destroy)(void *data), void *data, mp_error **error);
int mp_background_fd(const mp_background *job);
bool mp_background_is_done(mp_background *job); /* then `data` may be read by the caller */
void mp_background_release(mp_background *job); /* NULL is fine */

#endif
