/* What a script calls a database: a handle on a pool, on a connection lent to it, or on a transaction. */
#ifndef MPB_DATABASE_H
#define MPB_DATABASE_H

#include "pool/pool.h"
#include "runtime.h"
#include "transaction/transaction.h"

/* A connection that a script holds. A userdata of its own, anchored by the handles on it. */
typedef struct mpb_lease {
  mp_pool *pool;             /* retained; NULL once given back */
  mp_connection *connection; /* NULL once given back           */
  mp_holder holder;
  mp_transaction *transaction; /* owned; NULL outside of one   */
  int64_t deadline;            /* of the transaction           */
  bool busy;                   /* a statement of some task is under way */
  bool ending;                 /* it goes back as soon as that is done  */
  bool lost;                   /* the connection was, and went back     */
} mpb_lease;

typedef struct mpb_reports mpb_reports;

/* User value 1 anchors the lease, user value 2 is a table for Lua's use (transactions keep their callbacks there), user
 * value 3 has the functions that a script has set for its pool, user value 4 is a table for what Lua knows of the pool,
 * which all handles on it and its connections share. */
enum { MPB_HOOKS_VALUE = 3, MPB_KNOWN_VALUE = 4 };
enum { MPB_BATCH = 500, MPB_BATCH_MAX = 100000 };
typedef struct mpb_database {
  mp_pool *pool;        /* retained */
  mpb_lease *lease;     /* NULL: the pool itself */
  int level;            /* of a transaction; 0: none */
  unsigned serial;      /* of that level */
  double timeout;       /* seconds for each statement; 0: as the settings say */
  int batch;            /* rows that a loop fetches at a time; 0: MPB_BATCH */
  bool arrays;          /* rows as arrays */
  bool hooked;          /* a pool with functions of the script around each loan */
  bool single;          /* a connection for one statement, by the rules of the pool's own */
  mpb_reports *reports; /* borrowed: they live as long as the pool; NULL: none are kept */
  bool is_hosts;        /* the pool is of the host that runs the script: closing the handle leaves it open */
  bool closed;          /* such a handle was */
} mpb_database;

/* The handle at `index`, usable: raises when it is none, closed, given back, or of a transaction that is over. */
mpb_database *mpb_check_database(lua_State *L, int index);
/* The handle at `index`, in whatever state. */
mpb_database *mpb_test_database(lua_State *L, int index);
/* Pushes a new handle like `from`, anchored to the same lease (the handle at `index`). */
mpb_database *mpb_push_database(lua_State *L, int index, const mpb_database *from);
/* Pushes a handle without a pool yet: whoever opens one stores it there at once. */
mpb_database *mpb_push_handle(lua_State *L);
/* Pushes a handle on the lease that is on top of the stack, and removes that. index: the handle on its pool. */
void mpb_push_leased(lua_State *L, int index, mpb_lease *lease);
/* Pushes a lease that holds nothing yet. */
mpb_lease *mpb_push_lease(lua_State *L);
/* Gives a broken connection back early; the lease stays, and says that it was lost. */
void mpb_lease_lose_connection(mpb_lease *lease);
/* Gives the connection back, once no statement is under way on it; may be repeated. */
void mpb_lease_end(mpb_lease *lease);

void mpb_open_database(lua_State *L, mpb_runtime *runtime);

/* The methods that wait (call_methods.c). */
int mpb_l_query(lua_State *L);
int mpb_l_one(lua_State *L);
int mpb_l_first(lua_State *L);
int mpb_l_value(lua_State *L);
int mpb_l_exec(lua_State *L);
int mpb_l_script(lua_State *L);
int mpb_l_fetch(lua_State *L);
int mpb_l_acquire(lua_State *L);
int mpb_l_finish(lua_State *L);
void mpb_open_calls(lua_State *L, mpb_runtime *runtime);

#endif
