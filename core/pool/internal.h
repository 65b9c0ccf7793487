/* What the files of core/pool share: the pool itself, and the steps of lending and opening.
 *
 * One lock guards all of it. Under the lock nothing blocks: connections are opened, driven and closed outside. All
 * connections are opened by the upkeep thread, so that a checkout is nothing but a place in the queue. */
#ifndef MP_POOL_INTERNAL_H
#define MP_POOL_INTERNAL_H

#include <poll.h>
#include <pthread.h>
#include <sys/types.h>
#include <time.h>

#include "base/trace.h"
#include "connection/credential.h"
#include "pool/slot.h"

/* Tells a forked child, which must not touch its parent's sockets, from the process that opened the pool. */
typedef struct mp__fork_guard {
  unsigned char *page; /* reads 1 here, and 0 in a child; NULL where the kernel cannot do that */
  pid_t owner;
} mp__fork_guard;

struct mp_checkout {
  mp_pool *pool;
  const mp_holder *holder;
  struct mp_checkout *next, *previous; /* of the queue, while WAITING */
  enum { MP__CHECKOUT_NEW, MP__CHECKOUT_WAITING, MP__CHECKOUT_GRANTED, MP__CHECKOUT_TAKEN, MP__CHECKOUT_FAILED } state;
  int64_t started, deadline;
  mp_waker waker;  /* made by the first step that has to wait */
  mp__slot *slot;  /* when GRANTED                            */
  mp_error *error; /* when FAILED; owned                      */
};

typedef struct mp__queue {
  mp_checkout *first, *last;
  int64_t count;
  int64_t wakers; /* of them that have one */
} mp__queue;

/* How connecting has gone so far. */
typedef struct mp__opening {
  bool ever;        /* it has succeeded once                                 */
  int64_t failures; /* since the last success                                */
  int64_t retry_at; /* with failures > 0: no attempt before                  */
  mp_error *last;   /* the last failure; owned, NULL after a success         */
  int64_t failed_at;
} mp__opening;

enum { MP__MOST_REPORTS = 8 };

typedef struct mp__upkeep {
  bool running;
  bool woken; /* the waker is readable already                                   */
  pthread_t thread;
  mp_waker waker;
  int64_t deadline; /* it sleeps until then                                            */
  int watch;        /* epoll descriptor that tells of servers that hung up, or -1      */

  /* its own, for one turn */
  size_t room;     /* of the two that follow                                          */
  mp__slot **work; /* the connections of the turn                                     */
  struct pollfd *polls;
  mp_loan reports[MP__MOST_REPORTS];
  size_t report_count;
} mp__upkeep;

struct mp_pool {
  mp_settings *settings; /* these do not change */
  const mp_pool_settings *limits;
  mp_statements *statements;
  mp__fork_guard guard;
  mp_pool_hooks hooks;
  int64_t idle_span, lifetime_span, check_span, leak_span; /* nanoseconds */

  pthread_mutex_t lock; /* guards all that follows */
  bool closed;
  int64_t handles;   /* references of the outside     */
  int64_t checkouts; /* mp_checkout objects that live */
  int64_t min_idle;
  int64_t suspended_at; /* 0: it is not */
  char suspended_where[128];
  mp_credential credential;  /* set last */
  int64_t credential_serial; /* how often */
  mp__slots slots;
  mp__queue queue;
  mp__opening opening;
  mp__upkeep upkeep;
  mp_pool_stats stats; /* the counters only */
};

/* One line of trace; costs a branch when there is none. */
#define mp__pool_trace(pool, ...) MP_TRACE((pool)->limits->trace, MP_TRACE_POOL, __VA_ARGS__)
static inline unsigned long long mp__task_of(const mp_holder *holder) {
  return holder == NULL ? 0 : holder->task;
}
static inline double mp__seconds(int64_t from, int64_t to) {
  return (double)(to - from) / (double)MP_SECOND;
}

/* fork_guard.c */
void mp__fork_guard_init(mp__fork_guard *guard);
void mp__fork_guard_finish(mp__fork_guard *guard);
bool mp__fork_guard_ask_kernel(const mp__fork_guard *guard);
static inline bool mp__is_forked(const mp_pool *pool) {
  return pool->guard.page != NULL ? *pool->guard.page == 0 : mp__fork_guard_ask_kernel(&pool->guard);
}

/* lend.c; all under the lock */
/* An idle connection, lent to the holder, or NULL. Those that are dead or too old are given up on the way. */
mp__slot *mp__pool_take_idle(mp_pool *pool, const mp_holder *holder, int64_t now);
/* A connection that is ready goes to the first in the queue, or becomes idle, or dies of old age. */
void mp__pool_offer(mp_pool *pool, mp__slot *slot, int64_t now);
void mp__pool_doom(mp_pool *pool, mp__slot *slot, int64_t *counter); /* to be closed by the upkeep thread */
void mp__queue_add(mp_pool *pool, mp_checkout *checkout);
void mp__queue_remove(mp_pool *pool, mp_checkout *checkout);
void mp__queue_count_wait(mp_pool *pool, const mp_checkout *checkout, int64_t now);
/* Ends the wait of all with a copy of the error. */
void mp__queue_fail(mp_pool *pool, const mp_error *error);

/* opening.c; all under the lock */
/* How many connections should be opened now; when it is too early for that, *retry_at says when. */
int64_t mp__opening_missing(const mp_pool *pool, int64_t now, int64_t *retry_at);
void mp__opening_check(mp_pool *pool, int64_t now); /* wakes the upkeep thread when some are missing */
void mp__opening_asked(mp_pool *pool, int64_t now); /* a checkout has joined the queue */
void mp__opening_succeeded(mp_pool *pool, mp__slot *slot, int64_t now);
void mp__opening_failed(mp_pool *pool, mp_error *error, int64_t now); /* consumes error */

/* deadlock.c; under the lock */
/* All connections are lent to holders that cannot go on before this one, or another that waits, has got one. */
bool mp__is_deadlock(const mp_pool *pool, const mp_holder *asking);
bool mp__is_same_task(const mp_holder *a, const mp_holder *b);

/* diagnosis.c; under the lock; both return false */
bool mp__diagnose_timeout(const mp_pool *pool, const mp_checkout *checkout, int64_t now, mp_error **error);
bool mp__diagnose_deadlock(const mp_pool *pool, const mp_holder *asking, int64_t now, mp_error **error);

/* clean.c; not under the lock */
typedef enum mp__condition { MP__CLEAN, MP__CLEANING, MP__UNUSABLE } mp__condition;
mp__condition mp__clean_start(mp__slot *slot);
mp_step mp__clean_step(mp__slot *slot, mp_want *want); /* of one that is CLEANING */

/* check.c */
/* Under the lock. Whether the server has to answer before the connection may be lent. */
bool mp__check_is_due(const mp_pool *pool, const mp__slot *slot, int64_t now);
/* Under the lock. When the upkeep thread asks of its own accord, which is earlier. */
int64_t mp__check_time(const mp_pool *pool, const mp__slot *slot);
void mp__check_begin(mp_pool *pool, mp__slot *slot); /* under the lock, of an IDLE one */
/* Under the lock. Begins the next check when it is time, and returns when more will be. */
int64_t mp__check_idle(mp_pool *pool, int64_t now);
mp_step mp__check_step(mp__slot *slot, mp_want *want); /* not under the lock, of one that is CHECKING */

/* credential.c */
/* Not under the lock. What the next attempt for this slot is made with; filled, for the caller to wipe. */
bool mp__credential_get(mp_pool *pool, mp__slot *slot, mp_credential *credential, mp_error **error);
/* Under the lock. Whether the attempt that failed with slot->error may do better with a newer credential. */
bool mp__credential_try_again(const mp_pool *pool, mp__slot *slot);

/* hooks.c; not under the lock, in the borrower's thread */
bool mp__hooks_lend(mp_pool *pool, mp__slot *slot, mp_error **error);
void mp__hooks_return(mp_pool *pool, mp__slot *slot);
static inline bool mp__has_hooks(const mp_pool *pool) {
  return pool->hooks.connect != NULL || pool->hooks.checkout != NULL || pool->hooks.give_back != NULL;
}

/* report.c */
void mp__loan_describe(const mp__slot *slot, int64_t now, mp_loan *loan); /* under the lock, of a LENT one */
int64_t mp__reports_find(mp_pool *pool, int64_t now); /* under the lock; returns when there may be more */
void mp__reports_tell(mp_pool *pool);                 /* not under the lock */

/* upkeep.c */
void mp__upkeep_finish(mp_pool *pool);
bool mp__upkeep_start(mp_pool *pool, mp_error **error); /* under the lock; once is enough */
/* Under the lock. When there is something to do about an IDLE one. */
int64_t mp__upkeep_due(const mp_pool *pool, const mp__slot *slot);
void mp__upkeep_wake(mp_pool *pool); /* under the lock */
void mp__upkeep_stop(mp_pool *pool); /* not under the lock; the pool is closed */

/* mp_clock_now, a few milliseconds behind at worst, at a fraction of its cost: near enough for when a loan began or
 * ended, and on the way of every borrowing. */
static inline int64_t mp__clock_near(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (int64_t)now.tv_sec * MP_SECOND + now.tv_nsec;
}

/* steer.c; under the lock */
/* More connections than there may be by now: one that is not in use is to be closed. */
bool mp__pool_has_surplus(const mp_pool *pool);

/* pool.c; both return false */
bool mp__pool_closed_error(mp_error **error);
bool mp__pool_forked_error(mp_error **error);
/* pool.c; under the lock. Unlocks, and frees a closed pool that nobody uses any more. */
void mp__pool_unlock(mp_pool *pool);

#endif
