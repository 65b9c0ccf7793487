/* The upkeep thread. It opens every connection, reads what returned ones still have to hear, closes the old and the
 * broken, and sleeps in poll(2) until one of them, a deadline, or the waker has something for it.
 *
 * A turn: decide under the lock what is to be done, do it without the lock, note under the lock what came of it. */
#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "pool/internal.h"

enum { OWN_POLLS = 2 };     /* the waker and the watch */
#define LEAVE_LIMIT     1.0 /* seconds in which the server may end a session; then it is given up */
#define NO_MEMORY_PAUSE (100 * MP_MILLISECOND)

/* ---- the server hung up ---- */

/* Edge-triggered, and only for the end of the stream: the traffic of lent connections wakes nobody. */
static void watch(mp__upkeep *upkeep, mp__slot *slot) {
  struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = slot};
  if (upkeep->watch >= 0) epoll_ctl(upkeep->watch, EPOLL_CTL_ADD, mp_connection_fd(slot->connection), &event);
}

/* An event may be older than the connection that its slot has by now, so it is a reason to look and no more. */
static void note_hangups(mp_pool *pool) {
  struct epoll_event events[32];
  if (pool->upkeep.watch < 0) return;
  int count = epoll_wait(pool->upkeep.watch, events, 32, 0);
  for (int i = 0; i < count; i++) {
    mp__slot *slot = events[i].data.ptr;
    slot->suspect = true;
    if (slot->state != MP__SLOT_IDLE) continue; /* looked at when it comes back */
    slot->suspect = false;
    if (!mp_connection_is_alive(slot->connection)) mp__pool_doom(pool, slot, &pool->stats.closed_broken);
  }
}

/* ---- deciding ---- */

static int64_t earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* Closes idle connections past their time; returns when the next one's comes. */
static int64_t retire_idle(mp_pool *pool, int64_t now) {
  const mp__slot_list *idle = &pool->slots.lists[MP__SLOT_IDLE];
  int64_t next = MP_FOREVER;
  mp__slot *newer;
  for (mp__slot *slot = idle->last; slot != NULL; slot = newer) { /* the longest idle first */
    newer = slot->previous;
    int64_t idle_until = idle->count > pool->min_idle ? slot->since + pool->idle_span : MP_FOREVER;
    if (now >= slot->expires) {
      mp__pool_doom(pool, slot, &pool->stats.closed_lifetime);
    } else if (now >= idle_until) {
      mp__pool_doom(pool, slot, &pool->stats.closed_idle);
    } else {
      next = earlier(next, earlier(slot->expires, idle_until));
    }
  }
  return next;
}

int64_t mp__upkeep_due(const mp_pool *pool, const mp__slot *slot) {
  return earlier(earlier(slot->since + pool->idle_span, slot->expires), mp__check_time(pool, slot));
}

/* What is to be done when time has passed; returns when there will be more. */
static int64_t tend(mp_pool *pool, int64_t now) {
  int64_t retire_at = retire_idle(pool, now);
  int64_t check_at = mp__check_idle(pool, now);
  return earlier(earlier(retire_at, check_at), mp__reports_find(pool, now));
}

/* Takes slots for connections to be opened; returns when more may be. */
static int64_t begin_opening(mp_pool *pool, int64_t now) {
  int64_t retry_at;
  int64_t missing = mp__opening_missing(pool, now, &retry_at);
  for (; missing > 0; missing--) {
    mp__slot *slot = mp__slots_free_one(&pool->slots);
    if (slot == NULL) return now + NO_MEMORY_PAUSE;
    assert(slot->connection == NULL);
    mp__slot_move(&pool->slots, slot, MP__SLOT_OPENING);
    slot->is_second_try = false;
  }
  return retry_at;
}

/* Room for as many connections as there are slots; without memory it stays as it is. */
static void make_room(mp_pool *pool) {
  mp__upkeep *upkeep = &pool->upkeep;
  size_t room = (size_t)pool->slots.made;
  if (room <= upkeep->room) return;
  mp__slot **work = realloc(upkeep->work, room * sizeof *work);
  if (work != NULL) upkeep->work = work;
  struct pollfd *polls = realloc(upkeep->polls, (OWN_POLLS + room) * sizeof *polls);
  if (polls != NULL) upkeep->polls = polls;
  if (work != NULL && polls != NULL) upkeep->room = room;
}

static size_t collect(mp_pool *pool) {
  static const mp__slot_state ours[] = {MP__SLOT_DYING, MP__SLOT_RETURNING, MP__SLOT_CHECKING, MP__SLOT_OPENING};
  size_t count = 0;
  make_room(pool);
  for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
    for (mp__slot *slot = pool->slots.lists[ours[i]].first; slot != NULL; slot = slot->next) {
      if (count < pool->upkeep.room) pool->upkeep.work[count++] = slot;
    }
  }
  return count;
}

/* ---- doing ---- */

static bool start_connecting(mp_pool *pool, mp__slot *slot) {
  mp_credential credential = {0};
  if (!mp__credential_get(pool, slot, &credential, &slot->error)) {
    mp_credential_wipe(&credential);
    return false;
  }
  mp_connection_set_credential(slot->connection, &credential);
  int64_t deadline = mp_clock_after(pool->limits->connect_timeout);
  return mp_connection_connect(slot->connection, deadline, &slot->error);
}

static void connect_step(mp_pool *pool, mp__slot *slot) {
  if (slot->connection == NULL) {
    slot->connection = mp_connection_create(pool->settings, pool->statements, &slot->error);
    if (slot->connection == NULL) return;
    mp_connection_set_owner(slot->connection, slot);
    mp__pool_trace(pool, "open c%u", mp_connection_number(slot->connection));
    if (!start_connecting(pool, slot)) return;
  }
  slot->step = mp_connection_step(slot->connection, &slot->want, &slot->error);
}

/* The slot is not free before the server has ended the session: else it would see more of them than max_size. */
static void leave_step(mp__slot *slot) {
  mp_connection_leave(slot->connection, mp_clock_after(LEAVE_LIMIT));
  slot->step = mp_connection_step(slot->connection, &slot->want, NULL);
}

static void trace_failure(const mp_pool *pool, const mp__slot *slot) {
  mp__pool_trace(pool, "close c%u why=connect error=\"%s\"",
                 slot->connection == NULL ? 0 : mp_connection_number(slot->connection), mp_error_message(slot->error));
}

static void close_connection(mp__slot *slot) {
  mp_connection_close(slot->connection);
  slot->connection = NULL;
}

static void work_on(mp_pool *pool, mp__slot *slot) {
  slot->step = MP_STEP_FAILED;
  switch (slot->state) {
  case MP__SLOT_OPENING:
    connect_step(pool, slot);
    if (slot->step != MP_STEP_FAILED) break;
    trace_failure(pool, slot);
    close_connection(slot);
    break;
  case MP__SLOT_RETURNING: slot->step = mp__clean_step(slot, &slot->want); break;
  case MP__SLOT_CHECKING: slot->step = mp__check_step(slot, &slot->want); break;
  default:
    leave_step(slot);
    if (slot->step != MP_STEP_WAIT) close_connection(slot);
  }
}

/* ---- noting ---- */

static void note_opening(mp_pool *pool, mp__slot *slot, int64_t now) {
  if (slot->step == MP_STEP_DONE) {
    mp__opening_succeeded(pool, slot, now);
    mp__pool_trace(pool, "opened c%u pid=%d", mp_connection_number(slot->connection),
                   mp_connection_server_pid(slot->connection));
    watch(&pool->upkeep, slot);
    mp__pool_offer(pool, slot, now);
  } else if (mp__credential_try_again(pool, slot)) {
    pool->stats.connect_failures++;
    mp_error_free(slot->error);
    slot->error = NULL; /* and it stays OPENING */
  } else {
    mp__slot_move(&pool->slots, slot, MP__SLOT_FREE);
    mp__opening_failed(pool, slot->error, now);
    slot->error = NULL;
  }
}

/* RETURNING or CHECKING has come to its end. */
static void note_condition(mp_pool *pool, mp__slot *slot, int64_t now) {
  if (slot->step == MP_STEP_DONE) {
    mp__pool_trace(pool, "%s c%u", slot->was_reset ? "reset" : "rollback", mp_connection_number(slot->connection));
    mp__pool_offer(pool, slot, now);
  } else {
    mp__pool_doom(pool, slot, &pool->stats.closed_broken);
  }
}

static void note_returning(mp_pool *pool, mp__slot *slot, int64_t now) {
  if (slot->was_reset) {
    pool->stats.resets++;
    slot->is_new = true;
  }
  note_condition(pool, slot, now);
}

/* Returns whether something has changed, so that there may be more to do. */
static bool note(mp_pool *pool, size_t count) {
  bool changed = false;
  int64_t now = mp_clock_now();
  for (size_t i = 0; i < count; i++) {
    mp__slot *slot = pool->upkeep.work[i];
    if (slot->step == MP_STEP_WAIT) continue;
    changed = true;
    switch (slot->state) {
    case MP__SLOT_OPENING: note_opening(pool, slot, now); break;
    case MP__SLOT_RETURNING: note_returning(pool, slot, now); break;
    case MP__SLOT_CHECKING: note_condition(pool, slot, now); break;
    default: mp__slot_move(&pool->slots, slot, MP__SLOT_FREE);
    }
  }
  return changed;
}

/* ---- sleeping ---- */

static struct pollfd poll_entry(const mp_want *want) {
  struct pollfd entry = {.fd = want->fd};
  if (want->events & MP_WANT_READ) entry.events |= POLLIN;
  if (want->events & MP_WANT_WRITE) entry.events |= POLLOUT;
  return entry;
}

/* Sleeps, without the lock. `count` connections of the turn all wait. */
static void sleep_until(mp_pool *pool, size_t count, int64_t deadline) {
  mp__upkeep *upkeep = &pool->upkeep;
  upkeep->polls[0] = (struct pollfd){.fd = upkeep->waker.read_fd, .events = POLLIN};
  upkeep->polls[1] = (struct pollfd){.fd = upkeep->watch, .events = POLLIN};
  for (size_t i = 0; i < count; i++) {
    const mp_want *want = &upkeep->work[i]->want;
    upkeep->polls[OWN_POLLS + i] = poll_entry(want);
    if (want->deadline < deadline) deadline = want->deadline;
  }
  int64_t left = deadline - mp_clock_now();
  if (left < 0) left = 0;
  struct timespec timeout = {.tv_sec = (time_t)(left / MP_SECOND), .tv_nsec = (long)(left % MP_SECOND)};
  ppoll(upkeep->polls, (nfds_t)(OWN_POLLS + count), deadline == MP_FOREVER ? NULL : &timeout, NULL);
}

static void take_wake(mp__upkeep *upkeep) {
  if (upkeep->woken) mp_waker_drain(&upkeep->waker);
  upkeep->woken = false;
  upkeep->deadline = MP_FOREVER; /* awake: whatever comes meanwhile is reason for another turn */
}

/* One turn, begun and ended under the lock. */
static void turn(mp_pool *pool) {
  mp__upkeep *upkeep = &pool->upkeep;
  take_wake(upkeep);
  note_hangups(pool);
  int64_t now = mp_clock_now();
  int64_t tend_at = tend(pool, now);
  int64_t retry_at = begin_opening(pool, now);
  size_t count = collect(pool);
  pthread_mutex_unlock(&pool->lock);
  mp__reports_tell(pool);
  for (size_t i = 0; i < count; i++)
    work_on(pool, upkeep->work[i]);
  pthread_mutex_lock(&pool->lock);
  if (note(pool, count) || upkeep->woken || pool->closed) return;
  int64_t deadline = earlier(tend_at, retry_at);
  if (upkeep->room < (size_t)pool->slots.made) deadline = earlier(deadline, now + NO_MEMORY_PAUSE);
  upkeep->deadline = deadline;
  pthread_mutex_unlock(&pool->lock);
  sleep_until(pool, count, deadline);
  pthread_mutex_lock(&pool->lock);
}

static void *run(void *argument) {
  mp_pool *pool = argument;
  pthread_mutex_lock(&pool->lock);
  while (!pool->closed)
    turn(pool);
  pthread_mutex_unlock(&pool->lock);
  return NULL;
}

/* ---- the thread's life ---- */

void mp__upkeep_finish(mp_pool *pool) {
  assert(!pool->upkeep.running);
  mp_waker_close(&pool->upkeep.waker);
  if (pool->upkeep.watch >= 0) close(pool->upkeep.watch);
  free(pool->upkeep.polls);
  free(pool->upkeep.work);
}

/* Signals go to the threads of the host. */
static int start_thread(mp_pool *pool) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failure = pthread_create(&pool->upkeep.thread, NULL, run, pool);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failure;
}

bool mp__upkeep_start(mp_pool *pool, mp_error **error) {
  mp__upkeep *upkeep = &pool->upkeep;
  if (upkeep->running) return true;
  if (upkeep->polls == NULL) upkeep->polls = calloc(OWN_POLLS, sizeof *upkeep->polls);
  if (upkeep->polls == NULL) return mp_error_set_memory(error);
  if (upkeep->waker.read_fd < 0 && !mp_waker_open(&upkeep->waker, error)) return false;
  if (upkeep->watch < 0) upkeep->watch = epoll_create1(EPOLL_CLOEXEC);
  int failure = start_thread(pool);
  if (failure != 0) return mp_error_set(error, MP_ERROR_CONNECTION, "cannot start a thread: %s", strerror(failure));
  upkeep->running = true;
  return true;
}

void mp__upkeep_wake(mp_pool *pool) {
  if (!pool->upkeep.running || pool->upkeep.woken) return;
  pool->upkeep.woken = true;
  mp_waker_wake(&pool->upkeep.waker);
}

void mp__upkeep_stop(mp_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  bool was_running = pool->upkeep.running;
  mp__upkeep_wake(pool);
  pool->upkeep.running = false;
  pthread_mutex_unlock(&pool->lock);
  if (was_running) pthread_join(pool->upkeep.thread, NULL);
}
