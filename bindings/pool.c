/* A pool as a whole: numbers, size, suspension, credentials, reports. */
#include "pool.h"

#include <string.h>

#include "error.h"

/* ---- in numbers ---- */

static void set_count(lua_State *L, const char *name, int64_t value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, name);
}

static void set_number(lua_State *L, const char *name, double value) {
  lua_pushnumber(L, value);
  lua_setfield(L, -2, name);
}

static void set_text(lua_State *L, const char *name, const char *value) {
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

static void set_present(lua_State *L, const mp_pool_stats *stats) {
  lua_pushboolean(L, stats->suspended);
  lua_setfield(L, -2, "suspended");
  set_count(L, "max_size", stats->max_size);
  set_count(L, "min_idle", stats->min_idle);
  set_count(L, "open", stats->open);
  set_count(L, "idle", stats->idle);
  set_count(L, "in_use", stats->in_use);
  set_count(L, "returning", stats->returning);
  set_count(L, "connecting", stats->connecting);
  set_count(L, "waiting", stats->waiting);
}

/* stats() -> a table of the pool's counters. */
static int l_stats(lua_State *L) {
  const mpb_database *database = mpb_test_database(L, 1);
  mp_pool_stats stats;
  mp_pool_stats_read(database->pool, &stats);
  lua_createtable(L, 0, 28);
  set_present(L, &stats);
  set_count(L, "checkouts", stats.checkouts);
  set_count(L, "waits", stats.waits);
  set_count(L, "timeouts", stats.timeouts);
  set_count(L, "connects", stats.connects);
  set_count(L, "connect_failures", stats.connect_failures);
  set_count(L, "closed_broken", stats.closed_broken);
  set_count(L, "closed_idle", stats.closed_idle);
  set_count(L, "closed_lifetime", stats.closed_lifetime);
  set_count(L, "closed_surplus", stats.closed_surplus);
  set_count(L, "resets", stats.resets);
  set_count(L, "checks", stats.checks);
  set_count(L, "leaks", stats.leaks);
  set_count(L, "reclaimed", stats.reclaimed);
  set_number(L, "wait_seconds", stats.wait_seconds);
  set_number(L, "wait_seconds_max", stats.wait_seconds_max);
  return 1;
}

static void push_loan(lua_State *L, const mp_loan *loan) {
  lua_createtable(L, 0, 5);
  set_number(L, "seconds", loan->seconds);
  if (loan->where[0] != '\0') set_text(L, "where", loan->where);
  if (loan->statement[0] != '\0') set_text(L, "statement", loan->statement);
}

/* loans() -> { { where =, seconds =, statement = }, ... }, the longest first. */
static int l_loans(lua_State *L) {
  const mpb_database *database = mpb_test_database(L, 1);
  size_t room = mp_pool_loans(database->pool, NULL, 0);
  mp_loan *loans = lua_newuserdatauv(L, (room + 1) * sizeof *loans, 0);
  size_t count = mp_pool_loans(database->pool, loans, room);
  if (count > room) count = room; /* there are more by now */
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    push_loan(L, &loans[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* ---- steering: arguments were checked by moonpool/pool.lua ---- */

static mpb_database *check_pool(lua_State *L, const char *method) {
  mpb_database *database = mpb_check_database(L, 1);
  if (database->lease != NULL) {
    mpb_usage(L, NULL, "%s belongs to a pool, not to a %s", method, database->level > 0 ? "transaction" : "connection");
  }
  if (database->is_hosts) mpb_usage(L, NULL, "%s is for the host to do, whose pool this is", method);
  return database;
}

/* resize(pool, max_size, min_idle) */
static int l_resize(lua_State *L) {
  const mpb_database *database = check_pool(L, "resize");
  int64_t max_size = luaL_checkinteger(L, 2), min_idle = luaL_checkinteger(L, 3);
  return mp_pool_resize(database->pool, max_size, min_idle, mpb_error_slot(L)) ? 0 : mpb_raise(L);
}

/* suspend(pool) */
static int l_suspend(lua_State *L) {
  const mpb_database *database = check_pool(L, "suspend");
  char where[LUA_IDSIZE + 16];
  mpb_where(L, where, sizeof where);
  mp_pool_suspend(database->pool, where);
  return 0;
}

/* resume(): lends connections again. */
static int l_resume(lua_State *L) {
  mp_pool_resume(check_pool(L, "resume")->pool);
  return 0;
}

/* ---- credentials ---- */

static const char *check_secret(lua_State *L, int index, const char *what) {
  size_t size;
  const char *text = lua_tolstring(L, index, &size);
  if (strlen(text) != size) mpb_usage(L, NULL, "the %s that the function of option password gave has a NUL byte", what);
  return text;
}

/* set_credential(pool, password [, user]): two strings. */
static int l_set_credential(lua_State *L) {
  const mpb_database *database = check_pool(L, "set_credential");
  const char *password = check_secret(L, 2, "password");
  const char *user = lua_isnoneornil(L, 3) ? NULL : check_secret(L, 3, "user");
  return mp_pool_set_credential(database->pool, user, password, mpb_error_slot(L)) ? 0 : mpb_raise(L);
}

/* wants_connection(pool) -> whether a checkout now would have another connection opened. */
static int l_wants_connection(lua_State *L) {
  const mpb_database *database = check_pool(L, "wants_connection");
  mp_pool_stats stats;
  mp_pool_stats_read(database->pool, &stats);
  lua_pushboolean(L, stats.idle == 0 && stats.connecting == 0 && stats.open < stats.max_size);
  return 1;
}

/* ---- functions of the script ---- */

static const char statement_key; /* of the registry: Lua's function for statements on a pool with hooks */

/* set_hooks(pool, table): before it is used. */
static int l_set_hooks(lua_State *L) {
  mpb_database *database = check_pool(L, "set_hooks");
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_setiuservalue(L, 1, MPB_HOOKS_VALUE);
  database->hooked = true;
  return 0;
}

/* hooks(pool) -> the table, or nil. */
static int l_hooks(lua_State *L) {
  const mpb_database *database = mpb_check_database(L, 1);
  if (!database->hooked) return 0;
  lua_getiuservalue(L, 1, MPB_HOOKS_VALUE);
  return 1;
}

/* on_statement(function(method, pool, ...)) */
static int l_on_statement(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &statement_key);
  return 0;
}

static int hooked_done(lua_State *L, int status, lua_KContext context) {
  (void)status;
  (void)context;
  return lua_gettop(L);
}

int mpb_call_hooked(lua_State *L, const char *method) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &statement_key);
  lua_pushstring(L, method);
  lua_rotate(L, 1, 2);
  lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, hooked_done);
  return hooked_done(L, LUA_OK, 0);
}

static mpb_database *check_connection(lua_State *L) {
  mpb_database *database = mpb_check_database(L, 1);
  if (database->lease == NULL) mpb_usage(L, NULL, "this needs a connection, not a pool");
  return database;
}

/* single(connection) -> a handle on it for one statement, by the rules of the pool's own. */
static int l_single(lua_State *L) {
  const mpb_database *from = check_connection(L);
  mpb_push_database(L, 1, from)->single = true;
  return 1;
}

/* is_session_new(connection) -> whether it is to be set up. */
static int l_is_session_new(lua_State *L) {
  lua_pushboolean(L, mp_pool_is_session_new(check_connection(L)->lease->connection));
  return 1;
}

/* keep_session(connection): what was set in it belongs to it. */
static int l_keep_session(lua_State *L) {
  mp_connection *connection = check_connection(L)->lease->connection;
  return mp_pool_keep_session(connection, mpb_error_slot(L)) ? 0 : mpb_raise(L);
}

/* next_report(pool) -> { kind =, where =, seconds =, statement =, message = }, or nil. */
static int l_next_report(lua_State *L) {
  const mpb_database *database = mpb_check_database(L, 1);
  mp_report_kind kind;
  mp_loan loan;
  char text[512];
  if (database->reports == NULL || !mpb_reports_take(database->reports, &kind, &loan)) return 0;
  mp_report_text(kind, &loan, text, sizeof text);
  push_loan(L, &loan);
  set_text(L, "kind", kind == MP_REPORT_LEAK ? "held" : "forgotten");
  set_text(L, "message", text);
  return 1;
}

void mpb_open_pool(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg methods[] = {{"stats", l_stats}, {"loans", l_loans}, {"resume", l_resume}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"resize", l_resize},
                                       {"suspend", l_suspend},
                                       {"set_credential", l_set_credential},
                                       {"wants_connection", l_wants_connection},
                                       {"set_hooks", l_set_hooks},
                                       {"hooks", l_hooks},
                                       {"on_statement", l_on_statement},
                                       {"single", l_single},
                                       {"is_session_new", l_is_session_new},
                                       {"keep_session", l_keep_session},
                                       {"next_report", l_next_report},
                                       {NULL, NULL}};
  lua_getfield(L, -1, "methods");
  mpb_set_functions(L, runtime, methods);
  lua_pop(L, 1);
  mpb_set_functions(L, runtime, functions);
}
