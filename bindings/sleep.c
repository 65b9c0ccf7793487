/* mp.sleep: an operation that waits for nothing but its deadline. */
#include "task.h"

#include "error.h"

static const char sleep_type[] = "moonpool.sleep";

typedef struct sleep_call {
  mpb_operation operation;
  int64_t until;
} sleep_call;

static mp_step sleep_advance(void *self, mp_want *want, mp_error **error) {
  const sleep_call *call = self;
  (void)error;
  *want = (mp_want){-1, 0, call->until};
  return mp_clock_now() >= call->until ? MP_STEP_DONE : MP_STEP_WAIT;
}

static int sleep_gc(lua_State *L) {
  sleep_call *call = lua_touserdata(L, 1);
  mpb_operation_finish(&call->operation);
  return 0;
}

static int sleep_finish(lua_State *L, int status, lua_KContext context) {
  (void)status;
  (void)context;
  sleep_call *call = lua_touserdata(L, 2);
  if (call->operation.step == MP_STEP_DONE) return 0;
  mp_error_move(mpb_error_slot(L), call->operation.error);
  call->operation.error = NULL;
  return mpb_raise(L);
}

/* sleep(seconds): other tasks go on meanwhile. */
static int l_sleep(lua_State *L) {
  if (lua_type(L, 1) != LUA_TNUMBER) return mpb_bad_argument(L, 1, "the argument of sleep", "a number of seconds");
  double seconds = lua_tonumber(L, 1);
  if (!(seconds >= 0)) return mpb_usage(L, NULL, "sleep(%g): expected a number of seconds, 0 or more", seconds);
  lua_settop(L, 1);
  sleep_call *call = lua_newuserdatauv(L, sizeof *call, 0);
  *call = (sleep_call){.operation = {.advance = sleep_advance, .self = call, .what = "sleep"},
                       .until = mp_clock_after(seconds)};
  mpb_set_metatable(L, sleep_type);
  if (!mpb_wait(L, &call->operation)) return lua_yieldk(L, 0, 0, sleep_finish);
  return sleep_finish(L, LUA_OK, 0);
}

void mpb_open_sleep(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg functions[] = {{"sleep", l_sleep}, {NULL, NULL}};
  static const luaL_Reg metamethods[] = {{"__gc", sleep_gc}, {NULL, NULL}};
  mpb_new_metatable(L, runtime, sleep_type, metamethods, NULL);
  lua_pop(L, 1);
  mpb_set_functions(L, runtime, functions);
}
