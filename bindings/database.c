/* Handles: life, options, and what does not wait. */
#include "database.h"

#include <string.h>

#include "built_query.h"
#include "error.h"
#include "scheduler.h"

static const char lease_type[] = "moonpool.lease";
static const char database_type[] = "moonpool.database";

/* ---- leases ---- */

static void end_lease(mpb_lease *lease, void (*give_back)(mp_pool *pool, mp_connection *connection)) {
  mp_transaction_destroy(lease->transaction);
  lease->transaction = NULL;
  if (lease->connection != NULL) give_back(lease->pool, lease->connection);
  lease->connection = NULL;
  mp_pool_release(lease->pool);
  lease->pool = NULL;
}

void mpb_lease_end(mpb_lease *lease) {
  lease->ending = true;
  if (!lease->busy) end_lease(lease, mp_pool_return);
}

void mpb_lease_lose_connection(mpb_lease *lease) {
  mp_pool_return(lease->pool, lease->connection);
  lease->connection = NULL;
  lease->lost = true;
}

/* Nobody has closed it, and nobody can any more. */
static int lease_gc(lua_State *L) {
  end_lease(lua_touserdata(L, 1), mp_pool_reclaim);
  return 0;
}

mpb_lease *mpb_push_lease(lua_State *L) {
  mpb_lease *lease = lua_newuserdatauv(L, sizeof *lease, 0);
  memset(lease, 0, sizeof *lease);
  lease->deadline = MP_FOREVER;
  mpb_set_metatable(L, lease_type);
  return lease;
}

/* ---- handles ---- */

static mpb_database *push_empty(lua_State *L) {
  mpb_database *database = lua_newuserdatauv(L, sizeof *database, MPB_KNOWN_VALUE);
  memset(database, 0, sizeof *database);
  mpb_set_metatable(L, database_type);
  return database;
}

mpb_database *mpb_push_handle(lua_State *L) {
  mpb_database *database = push_empty(L);
  lua_newtable(L);
  lua_setiuservalue(L, -2, MPB_KNOWN_VALUE);
  return database;
}

/* The handle on top of the stack has the same as that at `index`. */
static void share_value(lua_State *L, int index, int value) {
  lua_getiuservalue(L, index, value);
  lua_setiuservalue(L, -2, value);
}

mpb_database *mpb_push_database(lua_State *L, int index, const mpb_database *from) {
  index = lua_absindex(L, index);
  mpb_database *database = push_empty(L);
  *database = *from;
  mp_pool_retain(database->pool);
  for (int value = 1; value <= MPB_KNOWN_VALUE; value++)
    share_value(L, index, value);
  return database;
}

void mpb_push_leased(lua_State *L, int index, mpb_lease *lease) {
  const mpb_database *from = lua_touserdata(L, index);
  mpb_database *database = push_empty(L);
  database->pool = mp_pool_retain(from->pool);
  database->lease = lease;
  database->timeout = from->timeout;
  database->batch = from->batch;
  database->arrays = from->arrays;
  share_value(L, index, MPB_KNOWN_VALUE);
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, 1);
}

static int database_gc(lua_State *L) {
  mpb_database *database = lua_touserdata(L, 1);
  mp_pool_release(database->pool);
  database->pool = NULL;
  return 0;
}

mpb_database *mpb_test_database(lua_State *L, int index) {
  mpb_database *database = mpb_test_userdata(L, index, database_type);
  if (database == NULL) {
    mpb_usage(L, "call it with a colon: db:query(...)", "self is a %s; expected a database handle",
              luaL_typename(L, index));
  }
  return database;
}

static bool is_over(const mpb_database *database) {
  const mp_transaction *transaction = database->lease->transaction;
  return transaction == NULL || mp_transaction_serial(transaction, database->level) != database->serial;
}

/* What an outer handle did in an inner transaction would be undone with that, unseen. */
static bool is_innermost(const mpb_database *database) {
  const mp_transaction *transaction = database->lease->transaction;
  return transaction == NULL || mp_transaction_level(transaction) == database->level;
}

static bool is_closed(const mpb_database *database) {
  return database->closed || mp_pool_is_closed(database->pool);
}

mpb_database *mpb_check_database(lua_State *L, int index) {
  mpb_database *database = mpb_test_database(L, index);
  if (mp_pool_is_forked(database->pool)) {
    mpb_usage(L, "open a pool of its own after fork()", "the %s belongs to the parent of this process",
              database->lease == NULL ? "pool" : "connection");
  }
  if (database->lease != NULL && database->level > 0 && (database->lease->connection == NULL || is_over(database))) {
    mpb_usage(L, "use it inside of its function only", "the transaction is over");
  }
  if (database->lease != NULL && database->lease->lost) {
    mp_error_set(mpb_error_slot(L), MP_ERROR_CONNECTION, "the connection was lost before; nothing was sent");
    mpb_raise(L);
  }
  if (database->lease != NULL && (database->lease->connection == NULL || database->lease->ending)) {
    mpb_usage(L, "use it inside of its function only", "the connection was given back");
  }
  if (database->lease == NULL && is_closed(database)) mpb_usage(L, NULL, "the pool is closed");
  if (database->lease != NULL && !is_innermost(database)) {
    mpb_usage(L, "use the handle that its function was given; a loop of each wants a transaction around it",
              "a transaction is open within this %s", database->level > 0 ? "one" : "connection");
  }
  return database;
}

/* ---- options ---- */

static const char *const option_names[] = {"rows", "timeout", "batch"};

static void set_rows(lua_State *L, mpb_database *database) {
  const char *shape = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  if (strcmp(shape, "arrays") == 0) {
    database->arrays = true;
  } else if (strcmp(shape, "tables") == 0) {
    database->arrays = false;
  } else {
    mpb_usage(L, NULL, "option rows is %s; expected \"tables\" or \"arrays\"", luaL_tolstring(L, -1, NULL));
  }
}

static void set_timeout(lua_State *L, mpb_database *database) {
  double seconds = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
  if (!(seconds > 0)) {
    mpb_usage(L, NULL, "option timeout is %s; expected a number of seconds above 0", luaL_tolstring(L, -1, NULL));
  }
  database->timeout = seconds;
}

static void set_batch(lua_State *L, mpb_database *database) {
  lua_Integer rows = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
  if (rows < 1 || rows > MPB_BATCH_MAX) {
    mpb_usage(L, NULL, "option batch is %s; expected a whole number of rows, from 1 to %d", luaL_tolstring(L, -1, NULL),
              (int)MPB_BATCH_MAX);
  }
  database->batch = (int)rows;
}

static int refuse_option(lua_State *L, const char *name) {
  const char *nearest = mp_nearest_name(name, option_names, sizeof option_names / sizeof option_names[0]);
  lua_pushfstring(L, "did you mean %s?", nearest == NULL ? "rows, timeout or batch" : nearest);
  return mpb_usage(L, lua_tostring(L, -1), "there is no option \"%s\"", name);
}

/* with{ rows = "arrays", timeout = 2, batch = 100 } -> a handle on the same, under other settings. */
static int l_with(lua_State *L) {
  mpb_database *from = mpb_check_database(L, 1);
  if (!lua_istable(L, 2)) return mpb_bad_argument(L, 2, "the argument of with", "a table of options");
  lua_settop(L, 2);
  mpb_database *database = mpb_push_database(L, 1, from);
  lua_pushnil(L);
  while (lua_next(L, 2) != 0) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
    if (name == NULL) {
      return mpb_usage(L, "write { rows = \"arrays\" }", "the options of with have a key that is a %s",
                       luaL_typename(L, -2));
    }
    if (strcmp(name, "rows") == 0) {
      set_rows(L, database);
    } else if (strcmp(name, "timeout") == 0) {
      set_timeout(L, database);
    } else if (strcmp(name, "batch") == 0) {
      set_batch(L, database);
    } else {
      return refuse_option(L, name);
    }
    lua_settop(L, 4);
  }
  return 1;
}

/* ---- the rest ---- */

/* close(): a pool for good; a connection goes back to its pool. May be repeated. */
static int l_close(lua_State *L) {
  mpb_database *database = mpb_test_database(L, 1);
  if (database->lease != NULL) {
    if (database->level > 0) return mpb_usage(L, NULL, "a transaction ends with its function and cannot be closed");
    mpb_lease_end(database->lease);
  } else if (database->is_hosts) {
    database->closed = true;
  } else {
    mp_pool_close(database->pool);
  }
  return 0;
}

static int l_tostring(lua_State *L) {
  const mpb_database *database = mpb_test_database(L, 1);
  if (database->lease == NULL) {
    lua_pushstring(L, is_closed(database) ? "pool (closed)" : "pool");
  } else if (database->level > 0) {
    lua_pushstring(L, database->lease->connection == NULL || is_over(database) ? "transaction (over)" : "transaction");
  } else {
    lua_pushstring(L, database->lease->connection == NULL ? "connection (given back)" : "connection");
  }
  return 1;
}

/* kind() -> "pool", "connection" or "transaction". */
static int l_kind(lua_State *L) {
  const mpb_database *database = mpb_test_database(L, 1);
  lua_pushstring(L, database->lease == NULL ? "pool" : database->level > 0 ? "transaction" : "connection");
  return 1;
}

/* ---- transactions: what scripts/moonpool/transaction.lua is made of ---- */

static bool option_flag(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  bool set = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return set;
}

static void read_options(lua_State *L, int index, mp_transaction_options *options, double *timeout) {
  if (lua_getfield(L, index, "isolation") != LUA_TNIL) {
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (!mp_isolation_named(name, &options->isolation)) {
      mpb_usage(L, NULL,
                "option isolation is \"%s\"; expected \"read committed\", \"repeatable read\" or \"serializable\"",
                luaL_tolstring(L, -1, NULL));
    }
  }
  lua_pop(L, 1);
  options->read_only = option_flag(L, index, "read_only");
  options->deferrable = option_flag(L, index, "deferrable");
  lua_getfield(L, index, "timeout");
  *timeout = lua_tonumber(L, -1);
  lua_pop(L, 1);
}

/* begin(connection, options) -> a handle on a transaction, or on a savepoint in the one that is open. Sends nothing. */
static int l_begin(lua_State *L) {
  const mpb_database *from = mpb_check_database(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  if (from->lease == NULL) return mpb_usage(L, NULL, "a transaction needs a connection of its own");
  mpb_lease *lease = from->lease;
  if (lease->transaction == NULL && mp_connection_transaction_status(lease->connection) != MP_OUTSIDE) {
    return mpb_usage(L, "begin it by transaction(function(tx) ... end)",
                     "a statement has begun a transaction on this connection");
  }
  mp_transaction_options options = {0};
  double timeout = 0;
  read_options(L, 2, &options, &timeout);
  lua_settop(L, 2);
  mpb_database *database = mpb_push_database(L, 1, from);
  mp_error **error = mpb_error_slot(L);
  if (lease->transaction == NULL) {
    lease->transaction = mp_transaction_create(lease->connection, &options, error);
    if (lease->transaction == NULL) return mpb_raise(L);
    lease->deadline = timeout > 0 ? mp_clock_after(timeout) : MP_FOREVER;
  } else if (!mp_transaction_push(lease->transaction, error)) {
    return mpb_raise(L);
  }
  database->level = mp_transaction_level(lease->transaction);
  database->serial = mp_transaction_serial(lease->transaction, database->level);
  lua_newtable(L);
  lua_setiuservalue(L, -2, 2);
  return 1;
}

/* notes(transaction) -> the table that belongs to its level. */
static int l_notes(lua_State *L) {
  mpb_test_database(L, 1);
  lua_getiuservalue(L, 1, 2);
  return 1;
}

/* batch(handle) -> the number of rows that a loop on it fetches at a time. */
static int l_batch(lua_State *L) {
  const mpb_database *database = mpb_test_database(L, 1);
  lua_pushinteger(L, database->batch > 0 ? database->batch : MPB_BATCH);
  return 1;
}

/* check(handle): raises unless it can be used now. */
static int l_check(lua_State *L) {
  mpb_check_database(L, 1);
  return 0;
}

/* is_open(handle) -> true while it can be used. */
static int l_is_open(lua_State *L) {
  const mpb_database *database = mpb_test_database(L, 1);
  bool open = database->lease == NULL ? !is_closed(database) : database->lease->connection != NULL;
  if (open && database->level > 0) open = !is_over(database);
  lua_pushboolean(L, open);
  return 1;
}

void mpb_open_database(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg lease_functions[] = {{"__gc", lease_gc}, {NULL, NULL}};
  static const luaL_Reg metamethods[] = {
      {"__gc", database_gc}, {"__close", l_close}, {"__tostring", l_tostring}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"query", mpb_l_query}, {"one", mpb_l_one},
                                     {"first", mpb_l_first}, {"value", mpb_l_value},
                                     {"exec", mpb_l_exec},   {"script", mpb_l_script},
                                     {"with", l_with},       {"close", l_close},
                                     {"kind", l_kind},       {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"acquire", mpb_l_acquire},   {"fetch", mpb_l_fetch}, {"begin", l_begin}, {"finish", mpb_l_finish},
      {"on_query", mpb_l_on_query}, {"build", mpb_l_build}, {"notes", l_notes}, {"batch", l_batch},
      {"is_open", l_is_open},       {"check", l_check},     {NULL, NULL}};
  mpb_new_metatable(L, runtime, lease_type, lease_functions, NULL);
  lua_pop(L, 1);
  mpb_new_metatable(L, runtime, database_type, metamethods, methods);
  lua_getfield(L, -1, "__index"); /* for the methods that are written in Lua */
  lua_setfield(L, -3, "methods");
  lua_pop(L, 1);
  mpb_set_functions(L, runtime, functions);
}
