/* Lua's memory that ends: the module is loaded and used in a state whose allocator refuses the n-th request, for n = 1,
 * 2, ... until none is refused. A refusal is answered by a collection and one more try, so that it takes two in a row
 * for an error: refused are one, which collects at every place in turn, two, and all behind the n-th. The script hears
 * of memory and of nothing else, its state works again afterwards, and closing it leaves nothing, here or on the
 * server.
 *
 * Every n is tried with MOONPOOL_LONG set, otherwise, and with ThreadSanitizer, each 29th. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <lauxlib.h>
#include <libpq-fe.h>
#include <lua.h>
#include <lualib.h>

/* ---- the allocator ---- */

typedef struct heap {
  bool armed;
  long asked;         /* requests since it was armed                           */
  long first, refuse; /* the number of the first that is refused, and how many */
  long refused;
  size_t live; /* bytes */
} heap;

/* Lua counts on it that a block can always be made smaller. */
static bool is_refused(heap *self, size_t old_size, size_t new_size) {
  if (!self->armed || new_size <= old_size) return false;
  long number = ++self->asked - self->first;
  if (number < 0 || number >= self->refuse) return false;
  self->refused++;
  return true;
}

static void *allocate(void *context, void *block, size_t old_size, size_t new_size) {
  heap *self = context;
  if (block == NULL) old_size = 0; /* the kind of object, then */
  if (is_refused(self, old_size, new_size)) return NULL;
  self->live += new_size - old_size;
  if (new_size == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, new_size);
}

/* ---- the scripts ---- */

static const char load[] = "mp = require 'moonpool'";

static const char use[] =
    "local db <close> = mp.connect { url = URL, max_size = 3, application_name = NAME }\n"
    "local all = [=[select $1::text t, $2::int8 i, $3::numeric n, $4::timestamptz ts, $5::interval iv, $6::uuid u,\n"
    "  $7::jsonb j, $8::int4[] a, $9::bytea b, $10::float8 f, $11::bool o, $12::date d, $13::time c,\n"
    "  array[array[1.5, null]]::numeric[] na, '{a,\"b c\"}'::text[] ta]=]\n"
    "local values = { 'text', 42, mp.numeric '-12345678901234567890.125', mp.timestamp '2026-11-24 18:39:19+00',\n"
    "  mp.interval '1 mon 2 days', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', { a = { 1, 2, { b = '\\n' } } }, { 1, 2 },\n"
    "  mp.bytes '\\0\\1', 1.5, true, mp.date '2026-11-24', mp.time '12:00' }\n"
    "for _ = 1, 3 do\n"
    "  local row = db:one(all, table.unpack(values))\n"
    "  assert(row.i == 42 and row.j.a[3].b == '\\n' and row.a[2] == 2 and tostring(row.n):sub(1, 4) == '-123')\n"
    "end\n"
    "assert(#db:query 'select g, g || $$x$$ from generate_series(1, 20) g' == 20)\n"
    "assert(db:value('select $a::int + $b::int', { a = 1, b = 2 }) == 3)\n"
    "assert(db:first 'select 1 as one where false' == nil)\n"
    "local ok, err = pcall(db.query, db, 'select nonsense')\n"
    "if ok or not (mp.is_error(err) and err.kind == 'server') then error(err, 0) end\n"
    "assert(tostring(err):find 'nonsense')\n"
    "db:script 'select 1; select 2'\n"
    "local kept = db:transaction(function(tx)\n"
    "  tx:exec 'create temporary table made (id int) on commit drop'\n"
    "  tx:insert('made', { { id = 1 }, { id = 2 } })\n"
    "  tx:transaction(function(inner) inner:exec('insert into made values ($1)', 3) end)\n"
    "  return tx:value 'select count(*) from made'\n"
    "end)\n"
    "assert(kept == 3)\n"
    "local text = 'b: &b [1, {x: 123456789012345678901}]\\na: *b\\n<<: {k: !!binary YQ==}\\n? [y]\\n: |\\n  z\\n   "
    "z\\n'\n"
    "local document = mp.yaml.decode(text, { positions = {} })\n"
    "document.added = { 1, { b = 2, a = 'x: y' } }\n"
    "for _ in pairs(document) do end\n"
    "assert(#mp.yaml.encode(document) == #mp.yaml.encode(mp.yaml.decode(mp.yaml.encode(document))))\n"
    "ok, err = pcall(mp.yaml.decode, 'a: [*b]')\n"
    "if ok or not (mp.is_error(err) and err.kind == 'yaml') then error(err, 0) end\n"
    "db:checkout(function(connection) assert(connection:value 'select 7' == 7) end)\n"
    "local a, b = mp.all {\n"
    "  function() return db:value 'select 1' end,\n"
    "  function() mp.sleep(0) return db:value('select $1::int', 2) end,\n"
    "}\n"
    "assert(a == 1 and b == 2)\n";

/* Lua's stack grows with every level. */
static const char nest[] = "local text = ('[{a: '):rep(40) .. '1' .. ('}]'):rep(40)\n"
                           "assert(#mp.yaml.decode(text) == 1)\n";

static const char look_after[] =
    "collectgarbage() collectgarbage()\n"
    "local db <close> = mp.connect { url = URL, max_size = 1, application_name = NAME }\n"
    "assert(db:value 'select 1' == 1)\n"
    "local a, b = mp.all { function() return 1 end, function() return db:value 'select 2' end }\n"
    "assert(a == 1 and b == 2)";

/* ---- one run ---- */

static char session_name[32];

static void set_global(lua_State *L, const char *name, const char *value) {
  lua_pushstring(L, value);
  lua_setglobal(L, name);
}

static lua_State *new_state(heap *memory) {
  lua_State *L = lua_newstate(allocate, memory);
  assert_non_null(L);
  luaL_openlibs(L);
  set_global(L, "URL", getenv("MOONPOOL_TEST_URL"));
  set_global(L, "NAME", session_name);
  set_global(L, "PLACE", MODULE_FOLDER "/?.so");
  assert_int_equal(luaL_dostring(L, "package.cpath = PLACE"), LUA_OK);
  return L;
}

static bool run_script(lua_State *L, const char *script) {
  return luaL_loadstring(L, script) == LUA_OK && lua_pcall(L, 0, 0, 0) == LUA_OK;
}

static void expect_script(lua_State *L, const char *script, long n) {
  if (!run_script(L, script)) fail_msg("after request %ld was refused: %s", n, luaL_tolstring(L, -1, NULL));
}

/* Lua's own words, or an error of ours. */
static void check_is_memory(lua_State *L, long n) {
  const char *text = luaL_tolstring(L, -1, NULL);
  if (strstr(text, "memory") == NULL) fail_msg("request %ld: %s", n, text);
  lua_pop(L, 2);
}

/* Returns whether a request was refused. */
static bool run_refusing(const char *before, const char *script, long n, long count) {
  heap memory = {0};
  lua_State *L = new_state(&memory);
  if (before != NULL) expect_script(L, before, n);
  memory.first = n;
  memory.refuse = count;
  assert_int_equal(luaL_loadstring(L, script), LUA_OK);
  memory.armed = true;
  bool ok = lua_pcall(L, 0, 0, 0) == LUA_OK;
  memory.armed = false;
  if (!ok && memory.refused == 0) fail_msg("nothing was refused: %s", luaL_tolstring(L, -1, NULL));
  if (!ok) check_is_memory(L, n);
  if (!ok && before == NULL) expect_script(L, script, n);
  expect_script(L, look_after, n);
  lua_close(L);
  assert_int_equal(memory.live, 0);
  return memory.refused > 0;
}

/* ---- the server from outside ---- */

static int count_sessions(PGconn *server) {
  char sql[128];
  snprintf(sql, sizeof sql, "select count(*) from pg_stat_activity where application_name = '%s'", session_name);
  PGresult *answer = PQexec(server, sql);
  assert_int_equal(PQntuples(answer), 1);
  int count = atoi(PQgetvalue(answer, 0, 0));
  PQclear(answer);
  return count;
}

static void wait_until_all_are_gone(void) {
  PGconn *server = PQconnectdb(getenv("MOONPOOL_TEST_URL"));
  for (int tries = 0; count_sessions(server) > 0; tries++) {
    if (tries > 2000) fail_msg("sessions are left on the server");
    usleep(5000);
  }
  PQfinish(server);
}

/* ---- tests ---- */

/* ThreadSanitizer keeps what it knows of blocks that are freed: 24 GB do not suffice for every n. */
static long stride_of_this_run(void) {
#ifndef __SANITIZE_THREAD__
  if (getenv("MOONPOOL_LONG") != NULL) return 1;
#endif
  return 29;
}

static void refuse_each(const char *before, const char *script, long count, long stride) {
  if (getenv("MOONPOOL_TEST_URL") == NULL) {
    print_message("skipped: MOONPOOL_TEST_URL does not name a server\n");
    skip();
  }
  long n = 1;
  snprintf(session_name, sizeof session_name, "memory-test-%d", (int)getpid());
  while (run_refusing(before, script, n, count))
    n += stride;
  wait_until_all_are_gone();
  print_message("%ld requests, every %ld of which was refused\n", n, stride);
}

static void refuse_everywhere(const char *before, const char *script, long count) {
  refuse_each(before, script, count, stride_of_this_run());
}

enum { FOR_GOOD = 1 << 30 };

static void loading_survives(void **state) {
  (void)state;
  refuse_everywhere(NULL, load, 1);
  refuse_everywhere(NULL, load, 2);
  refuse_everywhere(NULL, load, FOR_GOOD);
}

static void a_collection_anywhere_does_no_harm(void **state) {
  (void)state;
  refuse_everywhere(load, use, 1);
}

static void an_error_of_memory_anywhere_does_no_harm(void **state) {
  (void)state;
  refuse_everywhere(load, use, 2);
}

static void memory_that_ends_anywhere_does_no_harm(void **state) {
  (void)state;
  refuse_everywhere(load, use, FOR_GOOD);
}

static void a_stack_that_cannot_grow_is_an_error_of_memory(void **state) {
  (void)state;
  refuse_each(load, nest, 2, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loading_survives),
      cmocka_unit_test(a_collection_anywhere_does_no_harm),
      cmocka_unit_test(an_error_of_memory_anywhere_does_no_harm),
      cmocka_unit_test(memory_that_ends_anywhere_does_no_harm),
      cmocka_unit_test(a_stack_that_cannot_grow_is_an_error_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
