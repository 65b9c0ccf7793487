/* A child that is forked in the middle of everything: it is told that what its parent has is not for it, can make its
 * own, and ends as a program does, by closing its Lua state; and its parent goes on as if there had been no child. */
#include <sys/wait.h>

#include "plain_lua.h"

static int l_fork(lua_State *L) {
  pid_t child = fork();
  assert_true(child >= 0);
  lua_pushboolean(L, child == 0);
  lua_setglobal(L, "CHILD");
  lua_pushinteger(L, child);
  return 1;
}

/* wait(pid) -> its exit code */
static int l_wait(lua_State *L) {
  int status;
  assert_int_equal(waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0), luaL_checkinteger(L, 1));
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 1;
}

/* The child's end. A pool that is its parent's is left in memory, so there is nothing for a leak detector to see. */
static void leave(lua_State *L, bool ok) {
  if (!ok) fprintf(stderr, "in the child: %s\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
#ifdef __SANITIZE_ADDRESS__
  _exit(ok ? 0 : 1);
#else
  exit(ok ? 0 : 1);
#endif
}

static const char helpers[] =
    "mp = require 'moonpool'\n"
    "function connect() return mp.connect { url = URL, max_size = 4 } end\n"
    "function refused(fn, ...)\n"
    "  local ok, err = pcall(fn, ...)\n"
    "  assert(not ok and mp.is_error(err) and err.kind == 'usage' and err.message:find 'parent', tostring(err))\n"
    "end\n"
    "function use_own()\n"
    "  local own <close> = connect()\n"
    "  assert(own:value 'select 1' == 1)\n"
    "  local a, b = mp.all { function() mp.sleep(0.01) return own:value 'select 2' end,\n"
    "    function() return own:transaction(function(tx) return tx:value 'select 3' end) end }\n"
    "  assert(a == 2 and b == 3)\n"
    "  collectgarbage() collectgarbage()\n"
    "end\n";

static void run(const char *script) {
  static const luaL_Reg functions[] = {{"fork", l_fork}, {"wait", l_wait}, {NULL, NULL}};
  lua_State *L = open_plain_lua(functions);
  pid_t parent = getpid();
  bool ok = run_script(L, helpers) && run_script(L, script);
  if (getpid() != parent) leave(L, ok);
  if (!ok) fail_msg("%s", luaL_tolstring(L, -1, NULL));
  lua_close(L);
}

/* For tests whose child uses a pool, and so a thread, of its own. */
static void need_threads_after_fork(void) {
#ifdef __SANITIZE_THREAD__
  print_message("skipped: ThreadSanitizer ends a child that starts a thread when its parent had several\n");
  skip();
#endif
}

/* ---- tests ---- */

static void a_child_of_an_open_transaction_has_no_part_in_it(void **state) {
  (void)state;
  need_threads_after_fork();
  run("local db <close> = connect()\n"
      "local other <close> = require('moonpool.core').acquire(db)\n"
      "local ok, err = pcall(db.transaction, db, function(tx)\n"
      "  tx:exec 'create temporary table made (id int) on commit drop'\n"
      "  local child = fork()\n"
      "  if CHILD then\n"
      "    refused(tx.value, tx, 'select 1') refused(db.value, db, 'select 1') refused(other.exec, other, 'select 1')\n"
      "    refused(db.transaction, db, function() end) refused(tx.transaction, tx, function() end)\n"
      "    refused(tx.script, tx, 'select 1') refused(db.with, db, { timeout = 1 }) refused(db.checkout, db, print)\n"
      "    use_own()\n"
      "    return\n"
      "  end\n"
      "  assert(wait(child) == 0)\n"
      "  tx:exec 'insert into made values (1)'\n"
      "  assert(tx:value 'select count(*) from made' == 1)\n"
      "end)\n"
      "if CHILD then\n"
      "  refused(error, err) db:close() other:close() use_own()\n"
      "else\n"
      "  assert(ok, err)\n"
      "  assert(other:value 'select 4' == 4)\n"
      "end\n");
}

static void a_child_of_a_task_leaves_the_other_tasks_alone(void **state) {
  (void)state;
  need_threads_after_fork();
  run("local db <close> = connect()\n"
      "local ran = 0\n"
      "local ok, a, b, c = pcall(mp.all, {\n"
      "  function() local x = db:value 'select 5 from pg_sleep(0.4)' ran = ran + 1 return x end,\n"
      "  function()\n"
      "    mp.sleep(0.05)\n"
      "    local child = fork()\n"
      "    if CHILD then refused(db.value, db, 'select 1') use_own() return end\n"
      "    return wait(child)\n"
      "  end,\n"
      "  function() mp.sleep(0.2) local x = db:value 'select 6' ran = ran + 1 return x end,\n"
      "})\n"
      "if CHILD then\n"
      "  refused(error, a) assert(ran == 0) collectgarbage() use_own()\n"
      "else\n"
      "  assert(ok and a == 5 and b == 0 and c == 6, a)\n"
      "end\n");
}

static void a_child_that_fails_cancels_nothing_of_its_parents(void **state) {
  (void)state;
  run("local db <close> = connect()\n"
      "local ok, a, b = pcall(mp.all, {\n"
      "  function() return db:value 'select 5 from pg_sleep(0.4)' end,\n"
      "  function()\n"
      "    mp.sleep(0.05)\n"
      "    local child = fork()\n"
      "    if CHILD then error('boom', 0) end\n"
      "    return wait(child)\n"
      "  end,\n"
      "})\n"
      "if CHILD then assert(not ok and a == 'boom', a) else assert(ok and a == 5 and b == 0, a) end\n");
}

static void a_child_that_waits_in_its_task_is_told(void **state) {
  (void)state;
  run("local ok, a = pcall(mp.all, {\n"
      "  function()\n"
      "    local child = fork()\n"
      "    if CHILD then mp.sleep(0.01) end\n"
      "    return CHILD or wait(child)\n"
      "  end,\n"
      "})\n"
      "if CHILD then refused(error, a) mp.all { function() mp.sleep(0.01) end } else assert(ok and a == 0, a) end\n");
}

static void programs_that_are_started_get_no_descriptor(void **state) {
  (void)state;
  run("local function descriptors()\n"
      "  local file = assert(io.popen 'ls /proc/self/fd | wc -l')\n"
      "  local count = file:read 'n'\n"
      "  file:close()\n"
      "  return count\n"
      "end\n"
      "local before = descriptors()\n"
      "local db <close> = connect()\n"
      "mp.all { function() db:value 'select pg_sleep(0.1)::text' end,\n"
      "  function() db:transaction(function(tx)\n"
      "    tx:exec 'select 1' mp.sleep(0.01) assert(descriptors() == before)\n"
      "  end) end }\n"
      "assert(descriptors() == before)\n"
      "assert(os.execute 'exit 0' and db:value 'select 7' == 7)\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_child_of_an_open_transaction_has_no_part_in_it),
      cmocka_unit_test(a_child_of_a_task_leaves_the_other_tasks_alone),
      cmocka_unit_test(a_child_that_fails_cancels_nothing_of_its_parents),
      cmocka_unit_test(a_child_that_waits_in_its_task_is_told),
      cmocka_unit_test(programs_that_are_started_get_no_descriptor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
