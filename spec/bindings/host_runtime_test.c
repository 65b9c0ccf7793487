/* Runtimes and pools: their lives, what a script finds in one, and in which order they may end. */
#include <dirent.h>

#include "host.h"

/* ---- versions ---- */

static void the_library_is_of_the_headers_version(void **state) {
  (void)state;
  char version[32];
  snprintf(version, sizeof version, "%d.%d.%d", MOONPOOL_VERSION_MAJOR, MOONPOOL_VERSION_MINOR, MOONPOOL_VERSION_PATCH);
  assert_string_equal(MOONPOOL_VERSION, version);
  assert_string_equal(mp_version(), version);
  assert_true(MOONPOOL_VERSION_NUMBER >= 100);
}

/* ---- scripts ---- */

static void a_script_gets_the_hosts_pool(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size=3");
  mp_runtime *runtime = open_runtime(pool);
  run(runtime, "local mp = require 'moonpool'\n"
               "local db = mp.connect()\n"
               "assert(db:stats().max_size == 3)\n"
               "assert(db:value('select 6 * 7') == 42)\n"
               "assert(mp.connect():stats().open == 1, 'another pool')\n"
               "assert(db:kind() == 'pool' and tostring(db) == 'pool')");
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

static void a_script_that_names_a_server_gets_its_own_pool(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size=3");
  mp_runtime *runtime = open_runtime(pool);
  mp_error *error = NULL;
  mp_value url = mp_string(server_url());
  run(runtime, "function size(url) local db <close> = require('moonpool').connect(url) return db:stats().max_size end");
  mp_value size;
  assert_true(mp_call(runtime, "size", &url, 1, &size, 1, &error));
  assert_int_equal(size.as.integer, 10);
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

static void options_without_a_server_are_refused(void **state) {
  (void)state;
  static const char *const calls[] = {"connect {}", "connect { connect_timeout = 3 }",
                                      "connect { on_connect = function() end }"};
  mp_pool *pool = open_idle_pool();
  mp_runtime *runtime = open_runtime(pool);
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    char text[100];
    snprintf(text, sizeof text, "local mp = require 'moonpool'\nmp.%s", calls[i]);
    mp_error *error = failure_of(runtime, text);
    assert_string_equal(mp_error_where(error), "host.lua:2");
    assert_string_equal(mp_error_hint(error), "mp.connect() is the host's pool; name a server (url, host, database, "
                                              "service, ...) for a pool of the script's own");
    assert_fails(error, "usage",
                 "the options of connect name no server, and this script runs in a host that has a pool");
  }
  run(runtime, "local own <close> = require('moonpool').connect { database = 'other', max_size = 3 }\n"
               "assert(own:stats().max_size == 3)");
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

static void a_script_cannot_close_the_hosts_pool(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size=1");
  mp_runtime *runtime = open_runtime(pool);
  run(runtime, "local mp = require 'moonpool'\n"
               "local db = mp.connect()\n"
               "do local scoped <close> = mp.connect() assert(scoped:value('select 1') == 1) end\n"
               "assert(db:value('select 1') == 1)\n"
               "db:close() db:close()\n"
               "assert(tostring(db) == 'pool (closed)')\n"
               "local ok, err = pcall(db.value, db, 'select 1')\n"
               "assert(not ok and err.message == 'the pool is closed')\n"
               "assert(mp.connect():value('select 1') == 1)");
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

static void scripts_of_a_runtime_share_globals_and_others_do_not(void **state) {
  (void)state;
  mp_pool *pool = open_idle_pool();
  mp_runtime *one = open_runtime(pool), *other = open_runtime(pool);
  run(one, "x = 1");
  run(one, "assert(x == 1)");
  run(other, "assert(x == nil)");
  mp_runtime_close(one);
  mp_runtime_close(other);
  mp_pool_close(pool);
}

static void a_script_sees_what_others_see(void **state) {
  (void)state;
  mp_pool *pool = open_idle_pool();
  mp_runtime *runtime = open_runtime(pool);
  run(runtime, "local mp = require 'moonpool'\n"
               "assert(mp.version == '" MOONPOOL_VERSION "' and mp.numeric('1.5') + 1 == mp.numeric('2.5'))\n"
               "assert(require('moonpool.core') == package.loaded['moonpool.core'])\n"
               "assert(type(require('moonpool.migrate.runner')) == 'table')\n"
               "package.loaded.moonpool, package.loaded['moonpool.core'] = nil, nil\n"
               "assert(require('moonpool').null == mp.null)\n"
               "assert(type(os.time()) == 'number' and type(io.open) == 'function')");
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

static void tasks_run_side_by_side(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size=2");
  mp_runtime *runtime = open_runtime(pool);
  run(runtime, "local mp = require 'moonpool'\n"
               "local db = mp.connect()\n"
               "local peak, running = 0, 0\n"
               "local function work()\n"
               "  running = running + 1 peak = math.max(peak, running)\n"
               "  db:exec('select pg_sleep(0.05)')\n"
               "  running = running - 1\n"
               "  return running\n"
               "end\n"
               "mp.all { work, work, work }\n"
               "assert(peak == 3)\n"
               "local co = coroutine.wrap(function() coroutine.yield(db:value('select 5')) end)\n"
               "result = co()\n"
               "function give() return result end");
  assert_int_equal(integer_of(runtime, "give"), 5);
  mp_error *error = failure_of(runtime, "require('moonpool').all { function() error('in a task') end }");
  assert_string_equal(mp_error_where(error), "host.lua:1");
  assert_fails(error, "script", "in a task");
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

static void a_failed_transaction_leaves_nothing_behind(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size=1");
  mp_runtime *runtime = open_runtime(pool);
  mp_error *error = failure_of(runtime, "local db = require('moonpool').connect()\n"
                                        "db:transaction(function(tx) tx:exec('create table left_behind ()')\n"
                                        "  error('no') end)");
  assert_string_equal(mp_error_where(error), "host.lua:3");
  assert_fails(error, "script", "no");
  run(runtime, "local db = require('moonpool').connect()\n"
               "assert(db:value([[select to_regclass('left_behind')]]) == nil and db:stats().in_use == 0)");
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

/* ---- ends ---- */

static int count_descriptors(void) {
  int count = 0;
  DIR *folder = opendir("/proc/self/fd");
  assert_non_null(folder);
  while (readdir(folder) != NULL)
    count++;
  closedir(folder);
  return count;
}

static void a_thousand_runtimes_leave_nothing_behind(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size=2");
  const int before = count_descriptors();
  for (int i = 0; i < 1000; i++) {
    mp_runtime *runtime = open_runtime(pool);
    if (i % 10 == 0) run(runtime, "local mp = require 'moonpool' mp.all { function() mp.sleep(0) end }");
    if (i % 100 == 0) run(runtime, "assert(require('moonpool').connect():value('select 1') == 1)");
    mp_runtime_close(runtime);
  }
  assert_true(count_descriptors() <= before + 5); /* the pool's two connections, its thread's wakers */
  mp_pool_close(pool);
  assert_true(count_descriptors() <= before);
}

static void a_pool_may_be_closed_before_its_runtimes(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size=2");
  mp_runtime *runtime = open_runtime(pool);
  run(runtime, "db = require('moonpool').connect() db:exec('select 1')");
  mp_pool_close(pool);
  mp_error *error = failure_of(runtime, "db:query('select 1')");
  assert_fails(error, "usage", "the pool is closed");
  error = failure_of(runtime, "require('moonpool').connect():query('select 1')");
  assert_fails(error, "usage", "the pool is closed");
  run(runtime, "x = 1");
  mp_runtime_close(runtime);
}

static void what_is_closed_is_told(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_pool *pool = open_idle_pool();
  mp_runtime *runtime = open_runtime(pool);
  mp_runtime_close(runtime);
  assert_false(try_run(runtime, "x = 1", &error));
  assert_fails(error, "usage", "the runtime is closed, or never was one");
  mp_runtime *next = open_runtime(pool); /* in the place of the first */
  assert_ptr_not_equal(next, runtime);
  assert_false(mp_call(runtime, "print", NULL, 0, NULL, 0, &error));
  assert_fails(error, "usage", "the runtime is closed, or never was one");
  mp_runtime_close(runtime);
  run(next, "x = 1");
  mp_runtime_close(next);
  mp_pool_close(pool);
  mp_pool_close(pool);
  assert_null(mp_runtime_open(pool, NULL, &error));
  assert_fails(error, "usage", "the pool is closed, or never was one");
}

static void what_never_was_one_is_told(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_pool *pool = open_idle_pool();
  int something;
  assert_null(mp_runtime_open((mp_pool *)&something, NULL, &error));
  assert_fails(error, "usage", "the pool is closed, or never was one");
  assert_false(mp_run_file((mp_runtime *)pool, "x.lua", &error));
  assert_fails(error, "usage", "the runtime is closed, or never was one");
  mp_runtime_close((mp_runtime *)pool);
  mp_runtime_close((mp_runtime *)&something);
  mp_runtime *runtime = open_runtime(pool);
  mp_pool_close((mp_pool *)runtime);
  run(runtime, "x = 1");
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

static void finalizers_run_at_the_end(void **state) {
  (void)state;
  char path[] = "/tmp/host_runtimeXXXXXX", text[200];
  close(mkstemp(path));
  mp_pool *pool = open_idle_pool();
  mp_runtime *runtime = open_runtime(pool);
  snprintf(text, sizeof text, "kept = setmetatable({}, { __gc = function() os.remove('%s') end })", path);
  run(runtime, text);
  assert_int_equal(access(path, F_OK), 0);
  mp_runtime_close(runtime);
  assert_int_equal(access(path, F_OK), -1);
  mp_pool_close(pool);
}

/* ---- calls from within a call ---- */

/* A runtime in which the global `module` is host_module.c, and `me` is the runtime. */
static mp_runtime *open_with_module(mp_pool *pool) {
  mp_error *error = NULL;
  mp_runtime *runtime = open_runtime(pool);
  mp_value me = mp_integer((int64_t)(uintptr_t)runtime);
  run(runtime, "module = assert(package.loadlib('" SPEC_MODULE "', 'luaopen_host_module'))()\n"
               "function know(handle) me = handle end");
  mp_call(runtime, "know", &me, 1, NULL, 0, &error);
  assert_no_error(error);
  return runtime;
}

static void a_runtime_cannot_be_used_by_what_it_runs(void **state) {
  (void)state;
  mp_pool *pool = open_idle_pool();
  mp_runtime *runtime = open_with_module(pool), *other = open_with_module(pool);
  run(runtime, "local done, message = module.run(me, 'x = 1')\n"
               "assert(not done and message == 'the runtime is in use by a call that has not returned', message)");
  mp_error *error = NULL;
  mp_value them = mp_integer((int64_t)(uintptr_t)other);
  run(runtime, "function reach(them) assert(module.run(them, 'reached = true')) end");
  mp_call(runtime, "reach", &them, 1, NULL, 0, &error);
  assert_no_error(error);
  run(other, "assert(reached)");
  mp_runtime_close(other);
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

static void a_runtime_that_is_closed_by_what_it_runs_ends_afterwards(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_pool *pool = open_idle_pool();
  mp_runtime *runtime = open_with_module(pool);
  run(runtime, "module.close(me) module.close(me)\n"
               "local done, message = module.run(me, 'x = 1')\n"
               "assert(not done and message == 'the runtime is closed, or never was one', message)");
  assert_false(try_run(runtime, "x = 1", &error));
  assert_fails(error, "usage", "the runtime is closed, or never was one");
  mp_pool_close(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_library_is_of_the_headers_version),
      cmocka_unit_test(a_script_gets_the_hosts_pool),
      cmocka_unit_test(a_script_that_names_a_server_gets_its_own_pool),
      cmocka_unit_test(options_without_a_server_are_refused),
      cmocka_unit_test(a_script_cannot_close_the_hosts_pool),
      cmocka_unit_test(scripts_of_a_runtime_share_globals_and_others_do_not),
      cmocka_unit_test(a_script_sees_what_others_see),
      cmocka_unit_test(tasks_run_side_by_side),
      cmocka_unit_test(a_failed_transaction_leaves_nothing_behind),
      cmocka_unit_test(a_thousand_runtimes_leave_nothing_behind),
      cmocka_unit_test(a_pool_may_be_closed_before_its_runtimes),
      cmocka_unit_test(what_is_closed_is_told),
      cmocka_unit_test(what_never_was_one_is_told),
      cmocka_unit_test(finalizers_run_at_the_end),
      cmocka_unit_test(a_runtime_cannot_be_used_by_what_it_runs),
      cmocka_unit_test(a_runtime_that_is_closed_by_what_it_runs_ends_afterwards),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
