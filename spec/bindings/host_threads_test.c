/* Threads: a runtime each on one pool, two that want the same runtime, and forks. Meant for the builds with a
 * sanitizer, where it shows what no assertion can. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "host.h"

enum { THREADS = 8, ROUNDS = 30 };

/* ---- a runtime each ---- */

typedef struct worker {
  mp_pool *pool;
  int number;
  int64_t sum;
  mp_error *error;
} worker;

static const char work_script[] = "local mp = require 'moonpool'\n"
                                  "local db = mp.connect()\n"
                                  "function work(i)\n"
                                  "  local a, b = mp.all {\n"
                                  "    function() return db:value('select $1::int', i) end,\n"
                                  "    function() return db:transaction(function(tx)\n"
                                  "      return tx:value('select $1::int', mp.numeric(i)) end) end,\n"
                                  "  }\n"
                                  "  assert(mp.uuid())\n"
                                  "  return a + b\n"
                                  "end";

static void *work(void *argument) {
  worker *self = argument;
  mp_runtime *runtime = mp_runtime_open(self->pool, NULL, &self->error);
  mp_run_string(runtime, work_script, sizeof work_script - 1, "work.lua", &self->error);
  for (int i = 0; i < ROUNDS && self->error == NULL; i++) {
    mp_value number = mp_integer(self->number), result;
    if (mp_call(runtime, "work", &number, 1, &result, 1, &self->error)) self->sum += result.as.integer;
  }
  mp_runtime_close(runtime);
  return NULL;
}

static void threads_share_a_pool(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size=3");
  pthread_t threads[THREADS];
  worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.pool = pool, .number = i};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++) {
    assert_no_error(workers[i].error);
    assert_int_equal(workers[i].sum, 2 * ROUNDS * i);
  }
  mp_pool_close(pool);
}

static void *open_and_close(void *argument) {
  for (int i = 0; i < 50; i++) {
    mp_runtime *runtime = mp_runtime_open(argument, NULL, NULL);
    mp_run_string(runtime, "x = 1", 5, NULL, NULL);
    mp_runtime_close(runtime);
  }
  return NULL;
}

static void threads_open_and_close_while_the_pool_closes(void **state) {
  (void)state;
  mp_pool *pool = open_idle_pool();
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, pool), 0);
  mp_pool_close(pool);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
}

static void *run_here(void *argument) {
  run(argument, "x = x + 1");
  return NULL;
}

static void a_runtime_may_go_from_thread_to_thread(void **state) {
  (void)state;
  mp_pool *pool = open_idle_pool();
  mp_runtime *runtime = open_runtime(pool);
  run(runtime, "x = 0 function give() return x end");
  for (int i = 0; i < 3; i++) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_here, runtime), 0);
    pthread_join(thread, NULL);
  }
  assert_int_equal(integer_of(runtime, "give"), 3);
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

/* Lua's own limit of nested C calls comes before the end of a small stack. */
static void *nest(void *argument) {
  static const char *const texts[] = {
      "local function f(s) return s:gsub('.', f) end f('x')",
      "local function f(n) return coroutine.wrap(function() return f(n + 1) end)() end f(1)",
      "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k] end return t.x",
      "local t, mp = {}, require 'moonpool' local c = t for _ = 1, 5000 do c.x = {} c = c.x end\n"
      "mp.connect():value('select $1::jsonb', mp.json(t))",
      "local t, n, mp = {}, 0, require 'moonpool' for _ = 1, 990 do t = { t } end\n"
      "local function f(s)\n"
      "  n = n + 1\n"
      "  if n < 185 then return (s:gsub('.', f)) end\n"
      "  for _ = 1, 3 do mp.connect():value('select $1::jsonb', mp.json(t)) end\n"
      "  error('as deep as can be')\n"
      "end\n"
      "f('x')",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    mp_error_free(failure_of(argument, texts[i]));
  run(argument, "assert(require('moonpool').connect():value('select 1') == 1)");
  return NULL;
}

static void a_megabyte_of_stack_is_enough(void **state) {
  (void)state;
  mp_pool *pool = open_pool("max_size=1");
  mp_runtime *runtime = open_runtime(pool);
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
#ifdef SANITIZED
  pthread_attr_setstacksize(&attributes, 8 << 20);
#else
  pthread_attr_setstacksize(&attributes, 1 << 20);
#endif
  assert_int_equal(pthread_create(&thread, &attributes, nest, runtime), 0);
  pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

/* ---- one runtime, two threads ---- */

/* A script that says that it runs, and goes on when it is told to. */
typedef struct visit {
  mp_runtime *runtime;
  int running[2], go_on[2]; /* pipes */
  bool done;
} visit;

static void *stay(void *argument) {
  visit *self = argument;
  char text[300];
  snprintf(text, sizeof text,
           "local out = assert(io.open('/dev/fd/%d', 'w')) out:write('x') out:close()\n"
           "assert(io.open('/dev/fd/%d')):read(1)",
           self->running[1], self->go_on[0]);
  self->done = mp_run_string(self->runtime, text, strlen(text), "stay.lua", NULL);
  return NULL;
}

static pthread_t start_visit(visit *self, mp_runtime *runtime) {
  pthread_t thread;
  char byte;
  *self = (visit){.runtime = runtime};
  assert_int_equal(pipe(self->running), 0);
  assert_int_equal(pipe(self->go_on), 0);
  assert_int_equal(pthread_create(&thread, NULL, stay, self), 0);
  assert_int_equal(read(self->running[0], &byte, 1), 1);
  return thread;
}

static void end_visit(visit *self, pthread_t thread) {
  assert_int_equal(write(self->go_on[1], "x", 1), 1);
  pthread_join(thread, NULL);
  assert_true(self->done);
  for (int i = 0; i < 2; i++) {
    close(self->running[i]);
    close(self->go_on[i]);
  }
}

static void a_runtime_is_for_one_thread_at_a_time(void **state) {
  (void)state;
  mp_error *error = NULL;
  visit other;
  mp_pool *pool = open_idle_pool();
  mp_runtime *runtime = open_runtime(pool);
  pthread_t thread = start_visit(&other, runtime);
  assert_false(try_run(runtime, "x = 1", &error));
  assert_string_equal(mp_error_hint(error), "open one for each thread, on the same pool");
  assert_fails(error, "usage", "the runtime is in use by another thread");
  end_visit(&other, thread);
  run(runtime, "assert(x == nil)");
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

static void a_runtime_that_is_closed_while_it_runs_ends_afterwards(void **state) {
  (void)state;
  mp_error *error = NULL;
  visit other;
  mp_pool *pool = open_idle_pool();
  mp_runtime *runtime = open_runtime(pool);
  pthread_t thread = start_visit(&other, runtime);
  mp_runtime_close(runtime);
  mp_pool_close(pool);
  assert_false(try_run(runtime, "x = 1", &error));
  assert_fails(error, "usage", "the runtime is closed, or never was one");
  end_visit(&other, thread);
}

/* ---- forks ---- */

static void *keep_asking(void *argument) {
  atomic_bool *stop = argument;
  while (!*stop)
    mp_run_string((mp_runtime *)stop, "", 0, NULL, NULL);
  return NULL;
}

/* In a child: an answer at all shows that no lock was left taken. */
static int ask_in_child(void) {
  mp_error *error = NULL;
  alarm(20);
  if (mp_run_string((mp_runtime *)&error, "", 0, NULL, &error)) return 1;
  return strcmp(mp_error_kind(error), "usage") == 0 ? 0 : 2;
}

static void a_fork_while_others_call_is_harmless(void **state) {
  (void)state;
  atomic_bool stop = false;
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, keep_asking, &stop), 0);
  for (int i = 0; i < 100; i++) {
    int status;
    const pid_t child = fork();
    if (child == 0) _exit(ask_in_child());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
  }
  stop = true;
  pthread_join(thread, NULL);
}

/* In a child of fork: the parent's pool is refused, and its connections are left alone. */
static int query_in_child(mp_runtime *runtime) {
  mp_error *error = NULL;
  if (try_run(runtime, "db:query('select 1')", &error)) return 1;
  if (strcmp(mp_error_kind(error), "usage") != 0) return 2;
  mp_runtime_close(runtime);
  return 0;
}

static void a_child_leaves_its_parents_pool_alone(void **state) {
  (void)state;
  int status;
  mp_pool *pool = open_pool("max_size=1");
  mp_runtime *runtime = open_runtime(pool);
  run(runtime, "db = require('moonpool').connect() pid = db:value('select pg_backend_pid()')");
  const pid_t child = fork();
  if (child == 0) _exit(query_in_child(runtime));
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  run(runtime, "assert(pid == db:value('select pg_backend_pid()'))");
  mp_runtime_close(runtime);
  mp_pool_close(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_share_a_pool),
      cmocka_unit_test(threads_open_and_close_while_the_pool_closes),
      cmocka_unit_test(a_runtime_may_go_from_thread_to_thread),
      cmocka_unit_test(a_megabyte_of_stack_is_enough),
      cmocka_unit_test(a_runtime_is_for_one_thread_at_a_time),
      cmocka_unit_test(a_runtime_that_is_closed_while_it_runs_ends_afterwards),
      cmocka_unit_test(a_fork_while_others_call_is_harmless),
      cmocka_unit_test(a_child_leaves_its_parents_pool_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
