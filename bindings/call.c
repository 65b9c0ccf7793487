/* Calls that wait: a connection is got, a statement run, its answer made into Lua values.
 *
 * A call is a userdata that owns whatever it holds at the moment, so that an error of Lua at any point loses nothing.
 * Its stages are the same whether the caller is a task that yields or a plain script. */
#include <assert.h>
#include <string.h>

#include "call.h"
#include "error.h"
#include "pool.h"

static const char call_type[] = "moonpool.call";

/* ---- ends ---- */

void mpb_call_let_connection_go(mpb_call *call) {
  if (call->connection == NULL) return;
  if (call->lease != NULL) {
    if (call->lease->transaction != NULL) mp_transaction_flushed(call->lease->transaction);
    call->lease->busy = false;
    if (call->lease->ending) mpb_lease_end(call->lease);
  } else {
    mp_pool_return(call->pool, call->connection);
  }
  call->connection = NULL;
}

void mpb_call_release(mpb_call *call) {
  mpb_operation_finish(&call->operation);
  mp_checkout_destroy(call->checkout);
  call->checkout = NULL;
  mp_outcome_destroy(call->outcome);
  call->outcome = NULL;
  mpb_call_let_connection_go(call);
  mp_statement_release(call->statement);
  call->statement = NULL;
  mpb_call_forget_types(call);
  mp_result_destroy(call->result);
  call->result = NULL;
}

static int call_gc(lua_State *L) {
  mpb_call_release(lua_touserdata(L, 1));
  return 0;
}

static bool in_transaction(const mpb_call *call) {
  return call->lease != NULL && call->lease->transaction != NULL;
}

/* The error is in the runtime's slot. A transaction whose connection is lost before COMMIT has not happened. */
int mpb_call_fail(lua_State *L, mpb_call *call) {
  bool lost = call->connection != NULL && mp_connection_state_of(call->connection) == MP_CONNECTION_BROKEN;
  if (lost && in_transaction(call)) mp_error_put_retryable(mpb_runtime_of(L)->error, true);
  mpb_call_release(call);
  return mpb_raise(L);
}

void mpb_call_keep_error(lua_State *L, mpb_call *call) {
  mp_error_move(mpb_error_slot(L), call->operation.error);
  call->operation.error = NULL;
}

static int fail_with_operation(lua_State *L, mpb_call *call) {
  mpb_call_keep_error(L, call);
  return mpb_call_fail(L, call);
}

/* ---- operations ---- */

static mp_step advance_connection(void *self, mp_want *want, mp_error **error) {
  return mp_connection_step(((mpb_call *)self)->connection, want, error);
}

static void cancel_connection(void *self) {
  mp_connection_cancel(((mpb_call *)self)->connection);
}

static mp_step advance_checkout(void *self, mp_want *want, mp_error **error) {
  return mp_checkout_step(((mpb_call *)self)->checkout, want, error);
}

void mpb_call_use_connection(mpb_call *call, call_stage next) {
  call->stage = next;
  call->operation.advance = advance_connection;
  call->operation.what = "answer";
  call->operation.cancel = cancel_connection;
}

/* ---- stages ---- */

static const char *const *commands_ahead(mpb_call *call, size_t *count) {
  *count = 0;
  if (!in_transaction(call)) return NULL;
  return mp_transaction_before(call->lease->transaction, count);
}

static void note_asked(const mpb_call *call, size_t count) {
  if (count > 0) mp_transaction_asked(call->lease->transaction, count);
}

static void describe(lua_State *L, mpb_call *call) {
  size_t count;
  const char *const *before = commands_ahead(call, &count);
  mpb_call_use_connection(call, STAGE_DESCRIBE);
  if (!mp_connection_describe(call->connection, call->statement, before, count, call->deadline, mpb_error_slot(L))) {
    mpb_call_fail(L, call);
  }
  note_asked(call, count);
}

static void look_up(lua_State *L, mpb_call *call, call_stage stage, const uint32_t *oids, size_t count) {
  mpb_call_use_connection(call, stage);
  if (!mp_connection_look_up(call->connection, oids, count, call->deadline, mpb_error_slot(L))) mpb_call_fail(L, call);
}

bool mpb_call_has_pipeline(const mpb_call *call) {
  return mp_settings_pool(mp_pool_settings_of(call->pool))->pipeline;
}

/* A value was refused for the type that we remember: before the script hears of it, the server is asked once whether
 * that is still the type. */
static void doubt_types(lua_State *L, mpb_call *call) {
  const mp_types *types = call->types.types;
  bool worth_asking = types != NULL && types->count == call->count && !call->doubted && mpb_call_has_pipeline(call);
  if (!worth_asking || mp_connection_state_of(call->connection) != MP_CONNECTION_IDLE) mpb_call_fail(L, call);
  call->doubted = true;
  mp_statements_forget(mp_pool_statements(call->pool), call->statement);
  if (call->types.known != NULL) mp_connection_forget_types(call->connection);
  mpb_call_forget_types(call);
  describe(L, call);
}

/* Where nothing can travel ahead, BEGIN and SAVEPOINT go first, one after the other. */
static void open_first(lua_State *L, mpb_call *call, const char *command) {
  mpb_call_use_connection(call, STAGE_OPEN);
  if (!mp_connection_command(call->connection, command, call->deadline, mpb_error_slot(L))) mpb_call_fail(L, call);
  note_asked(call, 1);
}

static void execute(lua_State *L, mpb_call *call) {
  mp_error **error = mpb_error_slot(L);
  bool needs_types;
  if (!call->looked && !mpb_call_knows_types(call)) {
    look_up(L, call, STAGE_LOOK_UP, call->types.types->oids, (size_t)call->types.types->count);
    return;
  }
  mp_request request = {
      .statement = call->statement, .types = call->types.types, .known = call->types.known, .deadline = call->deadline};
  if (!mpb_read_arguments(L, call->first, call->count, &call->types, &request.parameters, &needs_types, error)) {
    doubt_types(L, call);
    return;
  }
  if (needs_types && mpb_call_has_pipeline(call)) {
    describe(L, call);
    return;
  }
  if (needs_types && !mpb_read_untyped(L, call->first, call->count, error)) mpb_call_fail(L, call);
  request.count = (size_t)call->count;
  request.columns = call->columns;
  request.column_count = call->column_count;
  request.before = commands_ahead(call, &request.before_count);
  if (request.before_count > 0 && !mpb_call_has_pipeline(call)) {
    open_first(L, call, request.before[0]);
    return;
  }
  request.ask_xact = in_transaction(call) && mp_transaction_wants_id(call->lease->transaction);
  mpb_call_use_connection(call, STAGE_EXECUTE);
  if (mp_connection_execute(call->connection, &request, error)) {
    note_asked(call, request.before_count);
  } else {
    doubt_types(L, call);
  }
}

/* A script goes by another protocol, in which nothing can travel ahead. */
static void run_script(lua_State *L, mpb_call *call) {
  size_t count;
  const char *const *before = commands_ahead(call, &count);
  if (count > 0) {
    open_first(L, call, before[0]);
    return;
  }
  mpb_call_use_connection(call, STAGE_SCRIPT);
  const char *text = lua_tostring(L, TEXT_INDEX);
  if (!mp_connection_script(call->connection, text, call->deadline, mpb_error_slot(L))) mpb_call_fail(L, call);
}

static void on_connection(lua_State *L, mpb_call *call) {
  switch (call->mode) {
  case MODE_ACQUIRE: call->stage = STAGE_DONE; break;
  case MODE_SCRIPT: run_script(L, call); break;
  case MODE_END: mpb_call_end_level(L, call); break;
  default: execute(L, call);
  }
}

static void on_described(lua_State *L, mpb_call *call) {
  if (call->lease != NULL && call->lease->transaction != NULL) mp_transaction_flushed(call->lease->transaction);
  call->types.types = mp_statements_types(mp_pool_statements(call->pool), call->statement);
  if (call->types.types == NULL) { /* without memory, or dropped from the cache by another thread meanwhile */
    mp_error_set_memory(mpb_error_slot(L));
    mpb_call_fail(L, call);
  }
  execute(L, call);
}

static void on_looked_up(lua_State *L, mpb_call *call) {
  mp_type_set_release(call->types.known);
  call->types.known = mp_connection_take_types(call->connection);
  call->looked = true;
  execute(L, call);
}

enum { MOST_RESTARTS = 3 }; /* a server that finds fault each time is right */

/* What we knew of the statement was no longer true: ask anew, and run it again. */
static void start_over(lua_State *L, mpb_call *call) {
  mp_error_free(call->operation.error);
  call->operation.error = NULL;
  call->restarts++;
  mpb_call_forget_types(call);
  call->types.types = mp_statements_types(mp_pool_statements(call->pool), call->statement);
  execute(L, call);
}

/* The result is there. It keeps the connection until all types in it are known. */
static void on_result(lua_State *L, mpb_call *call) {
  const uint32_t *oids;
  bool is_read = call->result != NULL && call->mode != MODE_EXEC && mp_result_rows(call->result) > 0;
  size_t unknown = is_read ? mp_result_unknown(call->result, &oids) : 0;
  if (unknown > 0) {
    look_up(L, call, STAGE_LEARN, oids, unknown);
    return;
  }
  mpb_call_let_connection_go(call);
  call->stage = STAGE_DONE;
}

static void on_learned(lua_State *L, mpb_call *call) {
  mp_type_set *types = mp_connection_take_types(call->connection);
  mp_result_learn(call->result, types);
  mp_type_set_release(types);
  on_result(L, call);
}

static void on_executed(lua_State *L, mpb_call *call) {
  if (call->operation.step == MP_STEP_FAILED) {
    if (mp_connection_is_stale(call->connection) && call->restarts < MOST_RESTARTS) {
      start_over(L, call);
      return;
    }
    fail_with_operation(L, call);
  }
  mp_error **error = mpb_error_slot(L);
  call->result = mp_connection_take_result(call->connection, error);
  if (*error != NULL) mpb_call_fail(L, call);
  on_result(L, call);
}

static void on_script_done(lua_State *L, mpb_call *call) {
  bool left_open = call->single && mp_connection_transaction_status(call->connection) != MP_OUTSIDE;
  mpb_call_let_connection_go(call);
  if (left_open) {
    mp_error_set(mpb_error_slot(L), MP_ERROR_TRANSACTION, "the script left a transaction open, which was rolled back");
    mpb_call_fail(L, call);
  }
  call->stage = STAGE_DONE;
}

/* ---- waiting for a connection ---- */

static int64_t earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* Handles that nobody refers to any more give their connections back when they are collected. */
static bool collect_lost(lua_State *L, mpb_call *call) {
  mp_pool_stats before, after;
  if (call->collected) return false;
  call->collected = true;
  mp_pool_stats_read(call->pool, &before);
  if (before.in_use < before.max_size) return false;
  lua_gc(L, LUA_GCCOLLECT);
  mp_pool_stats_read(call->pool, &after);
  return after.reclaimed > before.reclaimed;
}

/* Before a wait that could not end is refused, it is tried once more with what garbage gives back. */
static void queue_up(lua_State *L, mpb_call *call, double patience) {
  int64_t deadline = earlier(mp_clock_after(patience), call->deadline);
  call->checkout = mp_checkout_start(call->pool, call->holder, deadline, mpb_error_slot(L));
  if (call->checkout == NULL && collect_lost(L, call)) {
    call->checkout = mp_checkout_start(call->pool, call->holder, deadline, mpb_error_slot(L));
  }
  if (call->checkout == NULL) mpb_call_fail(L, call);
  call->stage = STAGE_CHECKOUT;
  call->operation.advance = advance_checkout;
  call->operation.what = "connection";
}

/* The same before a wait fails that was too long. */
static bool queue_again(lua_State *L, mpb_call *call) {
  if (mp_error_kind_of(call->operation.error) != MP_ERROR_TIMEOUT || !collect_lost(L, call)) return false;
  mp_error_free(call->operation.error);
  call->operation.error = NULL;
  mp_checkout_destroy(call->checkout);
  call->checkout = NULL;
  queue_up(L, call, MPB_ROLLBACK_PATIENCE);
  return true;
}

/* The operation of the present stage has ended: on to the next. May raise. */
static void ended(lua_State *L, mpb_call *call) {
  bool failed = call->operation.step == MP_STEP_FAILED;
  switch (call->stage) {
  case STAGE_EXECUTE: on_executed(L, call); return;
  case STAGE_ASK: mpb_call_on_asked(L, call); return;
  case STAGE_END: mpb_call_on_level_ended(L, call); return;
  case STAGE_FIND_OUT: mpb_call_on_found_out(L, call); return;
  default: break;
  }
  if (failed && call->stage == STAGE_SCRIPT) {
    mp_error_put(call->operation.error, MP_ERROR_STATEMENT, lua_tostring(L, TEXT_INDEX));
  }
  if (failed && call->stage == STAGE_CHECKOUT && queue_again(L, call)) return;
  if (failed) fail_with_operation(L, call);
  switch (call->stage) {
  case STAGE_CHECKOUT:
    call->connection = mp_checkout_take(call->checkout);
    mp_checkout_destroy(call->checkout);
    call->checkout = NULL;
    on_connection(L, call);
    break;
  case STAGE_DESCRIBE: on_described(L, call); break;
  case STAGE_LOOK_UP: on_looked_up(L, call); break;
  case STAGE_LEARN: on_learned(L, call); break;
  case STAGE_OPEN:
    mp_transaction_flushed(call->lease->transaction);
    on_connection(L, call);
    break;
  case STAGE_SCRIPT: on_script_done(L, call); break;
  default: break;
  }
}

/* ---- answers ---- */

static int push_nothing_held(lua_State *L, mpb_call *call, bool ok) {
  if (!ok) return mpb_call_fail(L, call);
  mpb_call_release(call);
  return 1;
}

static int push_lease(lua_State *L, mpb_call *call) {
  mpb_lease *lease = lua_touserdata(L, -1); /* made before the wait */
  lease->pool = mp_pool_retain(call->pool);
  lease->connection = call->connection;
  lease->holder.parent =
      NULL; /* its number says whose it is; the task itself may be gone before the connection is back */
  call->connection = NULL;
  mpb_push_leased(L, HANDLE_INDEX, lease);
  mpb_call_release(call);
  return 1;
}

/* The rows, and the types of their columns. */
static int push_fetched(lua_State *L, mpb_call *call) {
  if (!mpb_push_rows(L, call->result, call->style, mpb_error_slot(L))) return mpb_call_fail(L, call);
  int width = mp_result_columns(call->result);
  uint32_t *types = lua_newuserdatauv(L, (size_t)width * sizeof *types, 0);
  for (int i = 0; i < width; i++)
    types[i] = mp_result_type(call->result, i);
  mpb_call_release(call);
  return 2;
}

static int push_answer(lua_State *L, mpb_call *call) {
  mp_error **error = mpb_error_slot(L);
  switch (call->mode) {
  case MODE_QUERY: return push_nothing_held(L, call, mpb_push_rows(L, call->result, call->style, error));
  case MODE_ONE: return push_nothing_held(L, call, mpb_push_one(L, call->result, call->style, false, error));
  case MODE_FIRST: return push_nothing_held(L, call, mpb_push_one(L, call->result, call->style, true, error));
  case MODE_VALUE: return push_nothing_held(L, call, mpb_push_single(L, call->result, call->style, error));
  case MODE_EXEC: lua_pushinteger(L, mp_result_affected(call->result)); return push_nothing_held(L, call, true);
  case MODE_FETCH: return push_fetched(L, call);
  case MODE_SCRIPT: mpb_call_release(call); return 0;
  case MODE_ACQUIRE: return push_lease(L, call);
  case MODE_END: return mpb_call_end_answer(L, call);
  }
  return 0;
}

/* ---- the way through ---- */

static int resumed(lua_State *L, int status, lua_KContext context);

static int go_on(lua_State *L, mpb_call *call, lua_KContext context) {
  while (call->stage != STAGE_DONE) {
    if (!mpb_wait(L, &call->operation)) return lua_yieldk(L, 0, context, resumed);
    ended(L, call);
  }
  return push_answer(L, call);
}

static int resumed(lua_State *L, int status, lua_KContext context) {
  (void)status;
  mpb_call *call = lua_touserdata(L, (int)context);
  ended(L, call);
  return go_on(L, call, context);
}

static int64_t statement_deadline(const mpb_database *database) {
  double own = database->timeout > 0 ? database->timeout
                                     : mp_settings_pool(mp_pool_settings_of(database->pool))->statement_timeout;
  int64_t deadline = own > 0 ? mp_clock_after(own) : MP_FOREVER;
  return database->lease == NULL ? deadline : earlier(deadline, database->lease->deadline);
}

mpb_call *mpb_call_push(lua_State *L, const mpb_database *database, call_mode mode) {
  mpb_call *call = lua_newuserdatauv(L, sizeof *call, 0);
  memset(call, 0, sizeof *call);
  mpb_set_metatable(L, call_type);
  call->operation.self = call;
  call->mode = mode;
  call->pool = database->pool;
  call->lease = database->lease;
  call->single = database->lease == NULL || database->single;
  call->deadline = mode == MODE_END ? database->lease->deadline : statement_deadline(database);
  call->style.arrays = database->arrays;
  call->style.numeric_as_float = mp_settings_pool(mp_pool_settings_of(database->pool))->numeric_as_float;
  return call;
}

static int start_on_lease(lua_State *L, mpb_call *call, lua_KContext context) {
  if (call->lease->busy) {
    mpb_usage(L, "give each task a connection of its own: the pool's methods do",
              "the connection is in use by another task");
  }
  if (call->mode != MODE_END && call->lease->deadline <= mp_clock_now()) {
    mp_error_set(mpb_error_slot(L), MP_ERROR_TIMEOUT, "the transaction's time is over: nothing was sent");
    return mpb_call_fail(L, call);
  }
  call->lease->busy = true;
  call->connection = call->lease->connection;
  on_connection(L, call);
  return go_on(L, call, context);
}

int mpb_call_start(lua_State *L, mpb_call *call, lua_KContext context, const mp_holder *holder) {
  if (call->lease != NULL) return start_on_lease(L, call, context);
  mpb_note_place(L);
  call->connection = mp_pool_try_checkout(call->pool, holder);
  if (call->connection != NULL) {
    on_connection(L, call);
    return go_on(L, call, context);
  }
  call->holder = holder;
  queue_up(L, call, mp_settings_pool(mp_pool_settings_of(call->pool))->checkout_timeout);
  return go_on(L, call, context);
}

void mpb_open_calls(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg functions[] = {{"__gc", call_gc}, {NULL, NULL}};
  mpb_new_metatable(L, runtime, call_type, functions, NULL);
  lua_pop(L, 1);
}
