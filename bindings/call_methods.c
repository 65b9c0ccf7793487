/* The methods of a database handle that wait, and what Lua's own methods are made of. */
#include <string.h>

#include "built_query.h"
#include "call.h"
#include "control.h"
#include "error.h"
#include "pool.h"

/* ---- statements ---- */

static void check_text(lua_State *L, const char *expected) {
  if (lua_type(L, TEXT_INDEX) != LUA_TSTRING) mpb_bad_argument(L, TEXT_INDEX, "the statement", expected);
}

static void find_statement(lua_State *L, mpb_call *call) {
  size_t size;
  const char *text = lua_tolstring(L, TEXT_INDEX, &size);
  call->statement =
      mp_statements_get(mp_pool_statements(call->pool), text, size, &call->types.types, mpb_error_slot(L));
  if (call->statement == NULL) mpb_call_fail(L, call);
}

static const char *const methods[] = {"query", "one", "first", "value", "exec"}; /* by mode */

static int run_text(lua_State *L, call_mode mode) {
  const mpb_database *database = mpb_check_database(L, HANDLE_INDEX);
  check_text(L, "a string of SQL or a query");
  if (database->hooked) return mpb_call_hooked(L, methods[mode]);
  int given = lua_gettop(L) - TEXT_INDEX;
  mpb_call *call = mpb_call_push(L, database, mode);
  int index = lua_gettop(L);
  find_statement(L, call);
  const mp_sql *sql = mp_statement_sql(call->statement);
  mpb_check_control(L, database, sql->flags);
  call->first = FIRST_PARAMETER;
  call->count = given;
  if (sql->name_count > 0 && given == 1) {
    mpb_push_named(L, sql, FIRST_PARAMETER);
    call->first = index + 1;
    call->count = (int)sql->name_count;
  } else if (sql->name_count > 0) {
    return mpb_usage(L, "pass { name = value, ... }", "the statement has named parameters and needs one table");
  }
  return mpb_call_start(L, call, index, mpb_holder_of(L));
}

enum { MODE_BITS = 4 }; /* of a context; above them is the number of arguments */

/* The stack: the handle, a query with its arguments, then what it has become, which takes their place. */
static int run_built(lua_State *L, int status, lua_KContext context) {
  (void)status;
  mpb_replace_query(L, (int)(context >> MODE_BITS));
  return run_text(L, (call_mode)(context & ((1 << MODE_BITS) - 1)));
}

/* Text runs as it is; a query of the builder has its text made first. */
static int run_statement(lua_State *L, call_mode mode) {
  int given = lua_gettop(L) - 1; /* the query and its arguments */
  if (given == 0 || lua_type(L, TEXT_INDEX) == LUA_TSTRING) return run_text(L, mode);
  mpb_check_database(L, HANDLE_INDEX);
  if (mode != MODE_FIRST && mpb_put_built(L)) return run_text(L, mode);
  lua_KContext context = ((lua_KContext)given << MODE_BITS) | mode;
  mpb_push_builder(L, mode == MODE_FIRST);
  lua_callk(L, given + 3, LUA_MULTRET, context, run_built);
  return run_built(L, LUA_OK, context);
}

int mpb_l_query(lua_State *L) {
  return run_statement(L, MODE_QUERY);
}

int mpb_l_one(lua_State *L) {
  return run_statement(L, MODE_ONE);
}

int mpb_l_first(lua_State *L) {
  return run_statement(L, MODE_FIRST);
}

int mpb_l_value(lua_State *L) {
  return run_statement(L, MODE_VALUE);
}

int mpb_l_exec(lua_State *L) {
  return run_statement(L, MODE_EXEC);
}

/* fetch(transaction, text [, types]) -> rows, types of their columns. Text: a FETCH from a cursor; its columns are what
 * they were, so that with their types the rows come in binary. */
int mpb_l_fetch(lua_State *L) {
  const mpb_database *database = mpb_check_database(L, HANDLE_INDEX);
  check_text(L, "a string of SQL");
  if (database->level == 0) return mpb_usage(L, NULL, "only a transaction can be fetched from");
  lua_settop(L, TEXT_INDEX + 1);
  mpb_call *call = mpb_call_push(L, database, MODE_FETCH);
  find_statement(L, call);
  call->columns = lua_touserdata(L, TEXT_INDEX + 1);
  call->column_count = call->columns == NULL ? 0 : lua_rawlen(L, TEXT_INDEX + 1) / sizeof *call->columns;
  return mpb_call_start(L, call, lua_gettop(L), NULL);
}

/* script(text): several statements, without parameters. */
int mpb_l_script(lua_State *L) {
  const mpb_database *database = mpb_check_database(L, HANDLE_INDEX);
  check_text(L, "a string of SQL");
  size_t size;
  const char *text = lua_tolstring(L, TEXT_INDEX, &size);
  if (strlen(text) != size) return mpb_usage(L, NULL, "the script has a NUL byte at offset %zu", strlen(text));
  mpb_check_script(L, database, text, size);
  lua_settop(L, TEXT_INDEX);
  if (database->hooked) return mpb_call_hooked(L, "script");
  mpb_call *call = mpb_call_push(L, database, MODE_SCRIPT);
  return mpb_call_start(L, call, lua_gettop(L), mpb_holder_of(L));
}

/* ---- connections and ends of transactions ---- */

/* acquire(pool handle) -> a handle on a connection of the pool, which close() gives back. */
int mpb_l_acquire(lua_State *L) {
  const mpb_database *database = mpb_check_database(L, HANDLE_INDEX);
  if (database->lease != NULL) return mpb_usage(L, NULL, "a connection cannot lend another one");
  lua_settop(L, 1);
  mpb_call *call = mpb_call_push(L, database, MODE_ACQUIRE);
  int index = lua_gettop(L);
  mpb_lease *lease = mpb_push_lease(L);
  lease->holder = *mpb_holder_of(L);
  mpb_where(L, lease->holder.where, sizeof lease->holder.where);
  return mpb_call_start(L, call, index, &lease->holder);
}

/* finish(transaction, keep): commits or releases (keep), or rolls back. It is over afterwards, whatever happened. */
int mpb_l_finish(lua_State *L) {
  const mpb_database *database = mpb_check_database(L, HANDLE_INDEX);
  if (database->level == 0) return mpb_usage(L, NULL, "only a transaction can be finished");
  bool keep = lua_toboolean(L, 2);
  lua_settop(L, 1);
  mpb_call *call = mpb_call_push(L, database, MODE_END);
  call->keep = keep;
  if (!keep) call->deadline = mp_clock_after(MPB_ROLLBACK_PATIENCE);
  return mpb_call_start(L, call, lua_gettop(L), NULL);
}
