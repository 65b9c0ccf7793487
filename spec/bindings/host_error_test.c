/* What a host hears of what goes wrong: in a script, in its own use of the library, on the server. */
#include <sys/resource.h>
#include <sys/wait.h>

#include "host.h"

/* Where no server is needed: a runtime on one that is not there. */
static mp_pool *pool;
static mp_runtime *runtime;

static int open_all(void **state) {
  (void)state;
  pool = open_idle_pool();
  runtime = open_runtime(pool);
  return 0;
}

static int close_all(void **state) {
  (void)state;
  mp_runtime_close(runtime);
  mp_pool_close(pool);
  return 0;
}

static void assert_text(const char *text, const char *expected) {
  if (expected == NULL) {
    assert_null(text);
  } else {
    assert_non_null(text);
    assert_string_equal(text, expected);
  }
}

/* ---- scripts ---- */

static void an_error_of_lua_has_its_place_and_its_calls(void **state) {
  (void)state;
  run(runtime, "function inner(x)\n  return x.y.z\nend\nfunction outer() inner {} end");
  mp_error *error = NULL;
  assert_false(mp_call(runtime, "outer", NULL, 0, NULL, 0, &error));
  assert_text(mp_error_where(error), "host.lua:2");
  assert_text(mp_error_context(error), "host.lua:2: in function 'inner'\n\thost.lua:4: in function 'outer'");
  assert_text(mp_error_text(error), "host.lua:2: attempt to index a nil value (field 'y')\n"
                                    "context: host.lua:2: in function 'inner'\n\thost.lua:4: in function 'outer'");
  assert_fails(error, "script", "attempt to index a nil value (field 'y')");
}

static void a_script_that_does_not_compile_has_its_place(void **state) {
  (void)state;
  mp_error *error = failure_of(runtime, "local x = 1\nlocal = 2");
  assert_text(mp_error_where(error), "host.lua:2");
  assert_text(mp_error_context(error), NULL);
  assert_fails(error, "script", "<name> expected near '='");
}

static void a_place_of_the_scripts_own_choice_is_kept(void **state) {
  (void)state;
  run(runtime, "function check(x) if not x then error('x is missing', 2) end end");
  mp_error *error = failure_of(runtime, "\n\ncheck()");
  assert_text(mp_error_where(error), "host.lua:3");
  assert_fails(error, "script", "x is missing");
}

static void a_message_without_a_place_gets_one(void **state) {
  (void)state;
  mp_error *error = failure_of(runtime, "\nerror('at 3:4: no place', 0)");
  assert_text(mp_error_where(error), "host.lua:2");
  assert_fails(error, "script", "at 3:4: no place");
}

static void other_values_speak_for_themselves(void **state) {
  (void)state;
  mp_error *error = failure_of(runtime, "error(setmetatable({}, { __tostring = function() return 'spoken' end }))");
  assert_fails(error, "script", "spoken");
  error = failure_of(runtime, "error({})");
  assert_fails(error, "script", "(error object is a table value)");
  error = failure_of(runtime, "error()");
  assert_fails(error, "script", "(error object is a nil value)");
  error = failure_of(runtime, "error(42)");
  assert_fails(error, "script", "42");
}

static void an_error_that_cannot_be_told_is_still_one(void **state) {
  (void)state;
  mp_error *error = failure_of(runtime, "error(setmetatable({}, { __tostring = function(e) error(e) end }))");
  assert_text(mp_error_kind(error), "script");
  mp_error_free(error);
  run(runtime, "x = 1");
}

static void an_error_that_the_script_handles_is_none(void **state) {
  (void)state;
  run(runtime, "assert(not pcall(error, 'x'))\n"
               "local f, message = load('return ' .. ('('):rep(300) .. '1' .. (')'):rep(300))\n"
               "assert(f == nil and message:find('C stack overflow'), message)\n"
               "assert(not load('x ='))");
}

static void recursion_without_end_is_an_error(void **state) {
  (void)state;
  static const char *const texts[] = {
      "local function f() return 1 + f() end f()",
      "local function f(s) return s:gsub('.', f) end f('x')",
      "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k] end return t.x",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    mp_error *error = failure_of(runtime, texts[i]);
    assert_text(mp_error_kind(error), "script");
    assert_non_null(strstr(mp_error_text(error), "stack overflow"));
    mp_error_free(error);
  }
  run(runtime, "x = 1");
}

#ifndef SANITIZED /* a sanitizer needs all the addresses there are */

/* How a script ends that wants more than there is, in a process of its own that has little. Returns an exit code. */
static int run_without_memory(const char *text) {
  const struct rlimit little = {.rlim_cur = 256 << 20, .rlim_max = 256 << 20};
  mp_error *error = NULL;
  if (setrlimit(RLIMIT_AS, &little) != 0) return 1;
  if (try_run(runtime, text, &error)) return 2;
  if (strcmp(mp_error_kind(error), "memory") != 0) return 3;
  if (strcmp(mp_error_text(error), "out of memory") != 0) return 4;
  mp_error_free(error);
  return try_run(runtime, "x = 1", NULL) ? 0 : 5;
}

static void no_memory_is_an_error(void **state) {
  (void)state;
  static const char *const texts[] = {"local s = ('x'):rep(1 << 30)", "local s = 'x' while true do s = s .. s end",
                                      "local t = {} while true do t[#t + 1] = {} end"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    int status;
    const pid_t child = fork();
    if (child == 0) _exit(run_without_memory(texts[i]));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
  }
}

#endif

static void the_text_does_not_end_with_a_line(void **state) {
  (void)state;
  mp_error *error =
      failure_of(runtime, "error(require('moonpool').error { kind = 'local', message = 'm', detail = 'd\\n' })");
  assert_text(mp_error_text(error), "host.lua:1: m\ndetail: d");
  mp_error_free(error);
}

static void a_success_leaves_an_old_error(void **state) {
  (void)state;
  mp_error *error = failure_of(runtime, "error('old', 0)");
  assert_true(try_run(runtime, "x = 1", &error));
  assert_fails(error, "script", "old");
}

static void an_error_outlives_the_runtime_and_the_pool(void **state) {
  (void)state;
  mp_pool *own = open_idle_pool();
  mp_runtime *there = open_runtime(own);
  mp_error *error = failure_of(there, "error('x')");
  mp_runtime_close(there);
  mp_pool_close(own);
  assert_text(mp_error_where(error), "host.lua:1");
  assert_fails(error, "script", "x");
}

static void an_error_of_the_script_crosses_with_all_its_fields(void **state) {
  (void)state;
  mp_error *error =
      failure_of(runtime, "error(require('moonpool').error {\n"
                          "  kind = 'serialization', message = 'm', detail = 'd', hint = 'h', where = 'w:1',\n"
                          "  sqlstate = '40001', statement = 'select 1', position = 8, schema = 's', table = 't',\n"
                          "  column = 'c', datatype = 'dt', constraint = 'k', file = 'f', context = 'x',\n"
                          "  retryable = true })");
  assert_text(mp_error_kind(error), "serialization");
  assert_text(mp_error_message(error), "m");
  assert_text(mp_error_detail(error), "d");
  assert_text(mp_error_hint(error), "h");
  assert_text(mp_error_where(error), "w:1");
  assert_text(mp_error_sqlstate(error), "40001");
  assert_text(mp_error_statement(error), "select 1");
  assert_int_equal(mp_error_position(error), 8);
  assert_text(mp_error_schema(error), "s");
  assert_text(mp_error_table(error), "t");
  assert_text(mp_error_column(error), "c");
  assert_text(mp_error_datatype(error), "dt");
  assert_text(mp_error_constraint(error), "k");
  assert_text(mp_error_file(error), "f");
  assert_text(mp_error_context(error), "x");
  assert_true(mp_error_retryable(error));
  mp_error_free(error);
}

static void an_error_without_fields_has_none(void **state) {
  (void)state;
  mp_error *error = failure_of(runtime, "error(require('moonpool').error { kind = 'usage', message = 'm' })");
  assert_text(mp_error_detail(error), NULL);
  assert_text(mp_error_hint(error), NULL);
  assert_text(mp_error_where(error), "host.lua:1");
  assert_text(mp_error_sqlstate(error), NULL);
  assert_text(mp_error_statement(error), NULL);
  assert_int_equal(mp_error_position(error), 0);
  assert_false(mp_error_retryable(error));
  mp_error_free(error);
}

static void the_missing_error_has_nothing(void **state) {
  (void)state;
  assert_text(mp_error_kind(NULL), "");
  assert_text(mp_error_message(NULL), "");
  assert_text(mp_error_text(NULL), "");
  assert_text(mp_error_where(NULL), NULL);
  assert_int_equal(mp_error_position(NULL), 0);
  assert_false(mp_error_retryable(NULL));
  mp_error_free(NULL);
}

static void os_exit_is_an_error(void **state) {
  (void)state;
  mp_error *error = failure_of(runtime, "\nos.exit(3, true)");
  assert_text(mp_error_where(error), "host.lua:2");
  assert_text(mp_error_hint(error), "return from the script, or raise an error");
  assert_fails(error, "usage", "os.exit would end the program that runs this script");
}

static void chunks_are_text(void **state) {
  (void)state;
  mp_error *error = failure_of(runtime, "\x1bLua");
  assert_text(mp_error_hint(error), "run the source: a compiled script could crash the program");
  assert_fails(error, "usage", "host.lua is compiled Lua; expected a text");
  error = failure_of(runtime, "#!/usr/bin/lua\nerror(\"attempt to load a binary chunk (mode is 't')\", 0)");
  assert_fails(error, "script", "attempt to load a binary chunk (mode is 't')");
}

static void a_text_begins_as_a_file_may(void **state) {
  (void)state;
  static const char *const heads[] = {"\xEF\xBB\xBF", "#!/usr/bin/env moonpool\n", "\xEF\xBB\xBF#\n"};
  static const char *const lines[] = {"host.lua:1", "host.lua:2", "host.lua:2"};
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
    char text[100];
    snprintf(text, sizeof text, "%serror('x')", heads[i]);
    mp_error *error = failure_of(runtime, text);
    assert_text(mp_error_where(error), lines[i]);
    assert_fails(error, "script", "x");
  }
  run(runtime, "# nothing else");
  run(runtime, "#");
}

static void a_chunk_without_a_name_has_one(void **state) {
  (void)state;
  mp_error *error = NULL;
  assert_false(mp_run_string(runtime, "error 'x' and more", 9, NULL, &error));
  assert_text(mp_error_where(error), "(string):1");
  assert_fails(error, "script", "x");
  assert_false(mp_run_string(runtime, "error 'x'", 9, "", &error));
  assert_text(mp_error_where(error), "(string):1");
  assert_fails(error, "script", "x");
}

static void a_script_may_hold_any_bytes(void **state) {
  (void)state;
  mp_error *error = NULL;
  static const char text[] = "text = 'a\0b\xff'";
  assert_true(mp_run_string(runtime, text, sizeof text - 1, "bytes", &error));
  run(runtime, "assert(#text == 4)");
  assert_true(mp_run_string(runtime, "", 0, "empty", &error));
}

/* ---- files ---- */

static void a_file_that_cannot_be_read_is_an_error(void **state) {
  (void)state;
  mp_error *error = NULL;
  assert_false(mp_run_file(runtime, "/no/such.lua", &error));
  assert_fails(error, "usage", "cannot open /no/such.lua: No such file or directory");
  assert_false(mp_run_file(runtime, "/tmp", &error));
  assert_fails(error, "usage", "cannot read /tmp: Is a directory");
}

static void a_file_is_named_by_its_path(void **state) {
  (void)state;
  char path[] = "/tmp/host_errorXXXXXX", expected[64];
  static const char text[] = "#!/usr/bin/env moonpool\nfrom_file = 1\nerror('here')\n";
  mp_error *error = NULL;
  int fd = mkstemp(path);
  assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
  close(fd);
  assert_false(mp_run_file(runtime, path, &error));
  unlink(path);
  snprintf(expected, sizeof expected, "%s:3", path);
  assert_text(mp_error_where(error), expected);
  assert_fails(error, "script", "here");
  run(runtime, "assert(from_file == 1)");
}

/* ---- the host's own mistakes ---- */

static void what_is_null_is_an_error(void **state) {
  (void)state;
  mp_error *error = NULL;
  assert_null(mp_runtime_open(NULL, NULL, &error));
  assert_fails(error, "usage", "the pool is NULL");
  assert_false(mp_run_file(NULL, "x.lua", &error));
  assert_fails(error, "usage", "the runtime is NULL");
  assert_false(mp_run_string(NULL, "", 0, NULL, &error));
  assert_fails(error, "usage", "the runtime is NULL");
  assert_false(mp_call(NULL, "f", NULL, 0, NULL, 0, &error));
  assert_fails(error, "usage", "the runtime is NULL");
  assert_false(mp_run_file(runtime, NULL, &error));
  assert_fails(error, "usage", "the path is NULL; expected that of a Lua file");
  assert_false(mp_run_file(runtime, "", &error));
  assert_fails(error, "usage", "the path is empty; expected that of a Lua file");
  assert_false(mp_run_string(runtime, NULL, 0, NULL, &error));
  assert_fails(error, "usage", "the script is NULL; expected a text");
  mp_runtime_close(NULL);
  mp_pool_close(NULL);
}

static void options_are_for_a_later_version(void **state) {
  (void)state;
  mp_error *error = NULL;
  assert_null(mp_runtime_open(pool, (const mp_runtime_options *)pool, &error));
  assert_fails(error, "usage", "the options of a runtime are not NULL; this version has none");
}

static void the_first_error_of_a_row_of_calls_stays(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_pool *refused = mp_pool_open("postgres://localhost:99999/x", &error);
  mp_runtime *none = mp_runtime_open(refused, NULL, &error);
  assert_false(mp_run_file(none, "x.lua", &error));
  assert_fails(error, "usage", "mp_pool_open: port must be a whole number from 1 to 65535, not \"99999\"");
}

static void a_new_error_replaces_another(void **state) {
  (void)state;
  mp_error *error = NULL;
  assert_false(try_run(runtime, "error('first', 0)", &error));
  assert_false(try_run(runtime, "error('second', 0)", &error));
  assert_fails(error, "script", "second");
}

static void nobody_has_to_want_the_error(void **state) {
  (void)state;
  assert_false(try_run(runtime, "error('x')", NULL));
  assert_false(try_run(NULL, "error('x')", NULL));
  assert_null(mp_pool_open("http://x", NULL));
  assert_null(mp_runtime_open(NULL, NULL, NULL));
  assert_false(mp_call(runtime, "nothing", NULL, 0, NULL, 0, NULL));
}

/* ---- the server ---- */

/* The error of a script in which `c` is a connection that is its own. */
static mp_error *failure_on_server(const char *body) {
  char text[600];
  mp_pool *servers = open_pool("max_size=1");
  mp_runtime *on_server = open_runtime(servers);
  snprintf(text, sizeof text, "local db = require('moonpool').connect()\ndb:checkout(function(c)\n%s\nend)", body);
  mp_error *error = failure_of(on_server, text);
  mp_runtime_close(on_server);
  mp_pool_close(servers);
  return error;
}

static void a_violated_constraint_is_told_in_full(void **state) {
  (void)state;
  mp_error *error = failure_on_server("c:exec('create temp table t (id int constraint t_key primary key)') "
                                      "c:exec('insert into t values (1)')\n"
                                      "c:exec('insert into t values ($1)', 1)");
  assert_text(mp_error_where(error), "host.lua:4");
  assert_text(mp_error_sqlstate(error), "23505");
  assert_text(mp_error_detail(error), "Key (id)=(1) already exists.");
  assert_text(mp_error_table(error), "t");
  assert_text(mp_error_constraint(error), "t_key");
  assert_text(mp_error_statement(error), "insert into t values ($1)");
  assert_false(mp_error_retryable(error));
  assert_fails(error, "constraint", "duplicate key value violates unique constraint \"t_key\"");
}

static void a_wrong_statement_is_shown_with_a_caret(void **state) {
  (void)state;
  mp_error *error = failure_on_server("c:query('select nmae')");
  assert_int_equal(mp_error_position(error), 8);
  assert_text(mp_error_text(error), "host.lua:3: column \"nmae\" does not exist (42703)\n"
                                    "line 1: select nmae\n"
                                    "               ^");
  assert_fails(error, "server", "column \"nmae\" does not exist");
}

static void what_may_succeed_later_is_retryable(void **state) {
  (void)state;
  mp_error *error = failure_on_server("c:exec [[do $$ begin raise exception 'again' using errcode = '40001'; end $$]]");
  assert_true(mp_error_retryable(error));
  assert_fails(error, "serialization", "again");
}

static void a_server_that_is_not_there_is_an_error_of_connecting(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_pool *nowhere = mp_pool_open("host=/tmp/nowhere port=5433", &error);
  mp_runtime *there = mp_runtime_open(nowhere, NULL, &error);
  assert_no_error(error);
  error = failure_of(there, "require('moonpool').connect():query('select 1')");
  assert_text(mp_error_kind(error), "connection");
  assert_text(mp_error_where(error), "host.lua:1");
  mp_error_free(error);
  mp_runtime_close(there);
  mp_pool_close(nowhere);
}

static void a_wrong_setting_is_named(void **state) {
  (void)state;
  mp_error *error = NULL;
  assert_null(mp_pool_open("postgres://localhost/x?max_sise=4", &error));
  assert_text(mp_error_hint(error), "did you mean \"max_size\"?");
  assert_fails(error, "usage", "mp_pool_open: there is no setting \"max_sise\"");
  assert_null(mp_pool_open("", &error));
  assert_text(mp_error_kind(error), "usage");
  mp_error_free(error);
}

static void the_environment_is_used_without_an_url(void **state) {
  (void)state;
  mp_error *error = NULL;
  setenv("DATABASE_URL", server_url(), 1);
  setenv("MOONPOOL_MAX_SIZE", "3", 1);
  mp_pool *from_environment = mp_pool_open(NULL, &error);
  assert_no_error(error);
  unsetenv("MOONPOOL_MAX_SIZE");
  unsetenv("DATABASE_URL");
  mp_runtime *there = open_runtime(from_environment);
  run(there, "local db = require('moonpool').connect()\n"
             "assert(db:stats().max_size == 3 and db:value('select 1') == 1)");
  mp_runtime_close(there);
  mp_pool_close(from_environment);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_error_of_lua_has_its_place_and_its_calls),
      cmocka_unit_test(a_script_that_does_not_compile_has_its_place),
      cmocka_unit_test(a_place_of_the_scripts_own_choice_is_kept),
      cmocka_unit_test(a_message_without_a_place_gets_one),
      cmocka_unit_test(other_values_speak_for_themselves),
      cmocka_unit_test(an_error_that_cannot_be_told_is_still_one),
      cmocka_unit_test(an_error_that_the_script_handles_is_none),
      cmocka_unit_test(recursion_without_end_is_an_error),
#ifndef SANITIZED
      cmocka_unit_test(no_memory_is_an_error),
#endif
      cmocka_unit_test(the_text_does_not_end_with_a_line),
      cmocka_unit_test(a_success_leaves_an_old_error),
      cmocka_unit_test(an_error_outlives_the_runtime_and_the_pool),
      cmocka_unit_test(an_error_of_the_script_crosses_with_all_its_fields),
      cmocka_unit_test(an_error_without_fields_has_none),
      cmocka_unit_test(the_missing_error_has_nothing),
      cmocka_unit_test(os_exit_is_an_error),
      cmocka_unit_test(chunks_are_text),
      cmocka_unit_test(a_text_begins_as_a_file_may),
      cmocka_unit_test(a_chunk_without_a_name_has_one),
      cmocka_unit_test(a_script_may_hold_any_bytes),
      cmocka_unit_test(a_file_that_cannot_be_read_is_an_error),
      cmocka_unit_test(a_file_is_named_by_its_path),
      cmocka_unit_test(what_is_null_is_an_error),
      cmocka_unit_test(options_are_for_a_later_version),
      cmocka_unit_test(the_first_error_of_a_row_of_calls_stays),
      cmocka_unit_test(a_new_error_replaces_another),
      cmocka_unit_test(nobody_has_to_want_the_error),
      cmocka_unit_test(a_violated_constraint_is_told_in_full),
      cmocka_unit_test(a_wrong_statement_is_shown_with_a_caret),
      cmocka_unit_test(what_may_succeed_later_is_retryable),
      cmocka_unit_test(a_server_that_is_not_there_is_an_error_of_connecting),
      cmocka_unit_test(a_wrong_setting_is_named),
      cmocka_unit_test(the_environment_is_used_without_an_url),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
