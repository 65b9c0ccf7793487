/* Descriptors and threads that are short: with room for none, one, two, ... more, until there are enough. What cannot
 * be done is an error that says why, and all works once there is room. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "plain_lua.h"

/* ---- descriptors ---- */

static rlim_t ample;

static void set_limit(rlim_t count) {
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = count;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static int next_descriptor(void) {
  int next = dup(STDIN_FILENO);
  assert_true(next >= 0);
  close(next);
  return next;
}

/* room(n): so many descriptors more may be opened; room(): as many as ever */
static int l_room(lua_State *L) {
  if (lua_isnone(L, 1)) {
    set_limit(ample);
  } else {
    set_limit((rlim_t)next_descriptor() + (rlim_t)luaL_checkinteger(L, 1));
  }
  return 0;
}

/* ---- threads ---- */

static atomic_bool no_threads;

__attribute__((visibility("default"))) int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                                          void *(*run)(void *argument), void *argument) {
  int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = NULL;
  if (atomic_load(&no_threads)) return EAGAIN;
  *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
  return create(thread, attributes, run, argument);
}

static int l_threads(lua_State *L) {
  atomic_store(&no_threads, !lua_toboolean(L, 1));
  return 0;
}

/* ---- tests ---- */

static void run(const char *script) {
  static const luaL_Reg functions[] = {{"room", l_room}, {"threads", l_threads}, {NULL, NULL}};
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  ample = limit.rlim_cur;
  lua_State *L = open_plain_lua(functions);
  bool ok = run_script(L, script);
  set_limit(ample);
  if (!ok) fail_msg("%s", luaL_tolstring(L, -1, NULL));
  lua_close(L);
}

static void without_descriptors_there_is_an_error_and_no_more(void **state) {
  (void)state;
  run("local mp = require 'moonpool'\n"
      "local function use(db)\n"
      "  assert(db:value 'select 1' == 1)\n"
      "  db:transaction(function(tx) tx:exec 'select 1' end)\n"
      "  local a, b = mp.all { function() return db:value 'select 2 from pg_sleep(0.01)' end,\n"
      "    function() return db:value 'select 3' end }\n"
      "  assert(a == 2 and b == 3)\n"
      "end\n"
      "local enough\n"
      "for count = 0, 40 do\n"
      "  local db <close> = mp.connect { url = URL, max_size = 2, checkout_timeout = 2 }\n"
      "  room(count)\n"
      "  local ok, err = pcall(use, db)\n"
      "  room()\n"
      "  if ok then enough = enough or count end\n"
      "  if not ok then\n"
      "    local said = tostring(err)\n"
      "    assert(said:find 'open files' or said:find 'event loop', said)\n"
      "    assert(not mp.is_error(err) or err.kind == 'connection' or err.kind == 'timeout', said)\n"
      "  end\n"
      "  use(db)\n"
      "end\n"
      "assert(enough and enough > 3, enough)\n");
}

static void without_threads_there_is_an_error_and_no_more(void **state) {
  (void)state;
  run("local mp = require 'moonpool'\n"
      "local db <close> = mp.connect { url = URL, max_size = 2 }\n"
      "threads(false)\n"
      "for _ = 1, 3 do\n"
      "  local ok, err = pcall(db.value, db, 'select 1')\n"
      "  assert(not ok and err.kind == 'connection' and err.message:find 'cannot start a thread', tostring(err))\n"
      "end\n"
      "local named <close> = mp.connect { url = 'postgresql://no-such-host.invalid/x' }\n"
      "assert(not pcall(named.value, named, 'select 1'))\n"
      "threads(true)\n"
      "assert(db:value 'select 1' == 1)\n"
      "threads(false)\n"
      "local ok, err = pcall(mp.connect, { url = URL, min_idle = 1 })\n"
      "assert(not ok and err.message:find 'cannot start a thread', tostring(err))\n"
      "assert(db:value 'select 2' == 2)\n"
      "threads(true)\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_descriptors_there_is_an_error_and_no_more),
      cmocka_unit_test(without_threads_there_is_an_error_and_no_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
