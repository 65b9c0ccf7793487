/* A pool of connections: first come, first served, by a deadline. The one object of the core that threads may share. */
#ifndef MP_POOL_POOL_H
#define MP_POOL_POOL_H

#include "connection/connection.h"
#include "connection/credential.h"

typedef struct mp_pool mp_pool;

/* Who asks for or holds a connection: a task, linked to the task that waits for it. Lives as long as the checkout and
 * the connection that came of it. */
typedef struct mp_holder {
  const struct mp_holder *parent; /* waits until this one is done; NULL: nobody                                */
  uint64_t task;                  /* the task's number, unique within its thread; 0: a holder of its own         */
  const void *thread;             /* equal for all holders that run in one thread                              */
  bool blocks_thread;             /* while this one waits, no other holder of its thread can go on              */
  char where[128];                /* "script.lua:12", for messages; does not change meanwhile                  */
} mp_holder;

/* A connection in use, as messages tell of it. */
typedef struct mp_loan {
  double seconds;  /* since it was taken      */
  char where[128]; /* "" when nobody said so  */
  char statement[MP_STATEMENT_SHOWN];
} mp_loan;

typedef enum mp_report_kind {
  MP_REPORT_LEAK,      /* held for longer than leak_threshold; told once for each loan */
  MP_REPORT_RECLAIMED, /* nobody had a handle on it any more (mp_pool_reclaim)         */
} mp_report_kind;

/* What a person reads: one line, without a line end. */
void mp_report_text(mp_report_kind kind, const mp_loan *loan, char *to, size_t size);

/* A host's own functions. Each may be NULL, is given `data`, and is called without any lock of the pool. */
typedef struct mp_pool_hooks {
  void *data;
  void (*destroy)(void *data); /* when none of them is called any more */
  /* Fills in the user and password for one attempt to connect (mp_credential_set); the pool wipes them. On the upkeep
   * thread, which does nothing else meanwhile. When the server refuses them (28P01, 28000) it is asked once more. */
  bool (*credential)(void *data, mp_credential *credential, mp_error **error);
  bool sets_credential; /* nothing is opened before the first mp_pool_set_credential */
  /* Around each loan, in the borrower's thread, which may wait in them (mp_wait_poll). `connect` comes before the first
   * use of a session, new or reset, and what it sets there belongs to the session. When one says false the checkout
   * fails with its error, and the connection goes back; after `connect` its session is not set up. */
  bool (*connect)(void *data, mp_connection *connection, mp_error **error);
  bool (*checkout)(void *data, mp_connection *connection, mp_error **error);
  void (*give_back)(void *data, mp_connection *connection); /* in whatever state it is; not after a failed checkout */
  /* A connection is not given back. From any thread; without it a line is written to standard error. */
  void (*report)(void *data, mp_report_kind kind, const mp_loan *loan);
} mp_pool_hooks;

/* Opens a pool; nothing is sent before the first checkout, but with min_idle > 0 its connections are opened at once in
 * the background. settings: copied. Returns: owned (mp_pool_release), or NULL. Errors: usage, memory. The pool belongs
 * to the process that opens it: in a forked child checkouts fail with usage, and every other call does nothing. */
mp_pool *mp_pool_open(const mp_settings *settings, mp_error **error);
/* The same with hooks: copied; their data is consumed, when it fails too. */
mp_pool *mp_pool_open_with(const mp_settings *settings, const mp_pool_hooks *hooks, mp_error **error);
/* No more checkouts: those that wait fail with usage ("closed"). Idle connections end now, lent ones when they come
 * back; the memory goes with the last of them, of the checkouts and of the references. May be repeated. */
void mp_pool_close(mp_pool *pool);
bool mp_pool_is_closed(mp_pool *pool);
bool mp_pool_is_forked(const mp_pool *pool); /* this process is a child of the one that opened it */
mp_pool *mp_pool_retain(mp_pool *pool);
void mp_pool_release(mp_pool *pool); /* the last one closes; NULL is fine */

const mp_settings *mp_pool_settings_of(const mp_pool *pool);
mp_statements *mp_pool_statements(const mp_pool *pool);

/* The fast way: an idle connection now, when nobody waits in front, or NULL (that is no error). holder: as below. */
mp_connection *mp_pool_try_checkout(mp_pool *pool, const mp_holder *holder);

/* The full way: waits for an idle connection, or for one that the upkeep thread opens. Of the failures to connect, a
 * wrong password, an unknown database or role ends all waits at once; "starting up" is tried again until the deadline;
 * any other (refused, 53300) is tried again once the pool has had a connection, and ends all waits at once before that.
 * Start fails with usage (the pool is closed, or a parent process's; or only tasks that cannot go on while this one
 * waits could give a connection back: both places are named), connection (no thread), memory; steps with connection or
 * server (as the server said it), timeout (how many wait in front, who holds what, what connecting last said), usage
 * (closed), memory. holder: borrowed until the checkout is destroyed and its connection returned; NULL: unknown, never
 * told as a deadlock. */
typedef struct mp_checkout mp_checkout;
mp_checkout *mp_checkout_start(mp_pool *pool, const mp_holder *holder, int64_t deadline, mp_error **error); /* owned */
mp_step mp_checkout_step(mp_checkout *checkout, mp_want *want, mp_error **error);
mp_connection *mp_checkout_take(mp_checkout *checkout); /* after DONE; to be given to mp_pool_return */
void mp_checkout_destroy(mp_checkout *checkout); /* gives up its place, and a connection not taken; NULL is fine */

/* For hosts that set sessions up themselves. Whether the session of a connection in use is as the server made it: new,
 * or reset; and that what was set in it since belongs to it from now on. Errors: transaction (one is open), connection
 * (lost or busy). */
bool mp_pool_is_session_new(const mp_connection *connection);
bool mp_pool_keep_session(mp_connection *connection, mp_error **error);

/* Gives a connection back, in whatever state: rolled back, reset, or replaced when broken or busy. Never blocks: what
 * has to be done on the server is sent now, and the upkeep thread reads the answer; until then it is not idle. */
void mp_pool_return(mp_pool *pool, mp_connection *connection);

/* With which user and password (copied; NULL: as the settings say) connections are opened from now on; those that are
 * open stay. An attempt under way that is refused is made again with the new ones. Errors: usage (a parent process's),
 * memory. */
bool mp_pool_set_credential(mp_pool *pool, const char *user, const char *password, mp_error **error);

/* Instead of mp_pool_return, for a host that has lost its handle on a connection: gives it back, counts it, and reports
 * the place where it was taken. */
void mp_pool_reclaim(mp_pool *pool, mp_connection *connection);

/* Changes max_size and min_idle. More room is for those who wait; what is too much is closed at once when it is idle,
 * and else when it comes back. Errors: usage (a bound; closed; a parent process's), connection (no thread), memory. */
bool mp_pool_resize(mp_pool *pool, int64_t max_size, int64_t min_idle, mp_error **error);
/* From now on nothing is lent: checkouts wait, to their deadline, for mp_pool_resume. Idle connections are closed,
 * those in use when they come back; once `open` and `connecting` of the stats are 0, the pool has no session on the
 * server. where: the place that messages name, copied; or NULL. May be repeated: the first one counts. */
void mp_pool_suspend(mp_pool *pool, const char *where);
void mp_pool_resume(mp_pool *pool);

/* Writes up to `most` of the connections in use, that of the longest loan first, and returns how many there are. */
size_t mp_pool_loans(mp_pool *pool, mp_loan *loans, size_t most);

typedef struct mp_pool_stats {
  bool suspended;
  int64_t max_size, min_idle;
  int64_t open; /* idle, in use, or returning */
  int64_t idle, in_use, returning, connecting, waiting;
  int64_t checkouts, waits, timeouts, connects, connect_failures, resets;
  int64_t closed_broken, closed_idle, closed_lifetime;
  int64_t closed_surplus;                /* by mp_pool_resize, or while the pool was suspended    */
  int64_t checks;                        /* idle ones that were asked whether the server answers */
  int64_t leaks, reclaimed;              /* reports of each kind                                 */
  double wait_seconds, wait_seconds_max; /* of checkouts that had to wait                        */
} mp_pool_stats;
void mp_pool_stats_read(mp_pool *pool, mp_pool_stats *out);

#endif
