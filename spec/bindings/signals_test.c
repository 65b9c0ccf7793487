/* Signals of a host: its handlers stay its own, a storm of them loses nothing, and a server that goes away kills nobody
 * by SIGPIPE. */
#include <signal.h>
#include <sys/time.h>

#include "plain_lua.h"

static const luaL_Reg no_functions[] = {{NULL, NULL}};

/* Every kind of wait: for a connection, a statement, a transaction, tasks, a timer, a cancel. */
static const char use[] =
    "local mp = require 'moonpool'\n"
    "local db <close> = mp.connect { url = URL, max_size = 2 }\n"
    "for i = 1, ROUNDS do\n"
    "  assert(db:value('select $1::int', i) == i)\n"
    "  assert(#db:query('select g from generate_series(1, 1000) g') == 1000)\n"
    "  assert(db:transaction(function(tx) tx:exec 'select 1' return tx:value('select $1::int', i) end) == i)\n"
    "  local a, b, c = mp.all { function() return db:value('select $1::int from pg_sleep(0.005)', i) end,\n"
    "    function() return db:value('select $1::int', i) end, function() mp.sleep(0.01) return i end }\n"
    "  assert(a == i and b == i and c == i)\n"
    "  mp.sleep(0.002)\n"
    "end\n"
    "local ok, err = pcall(function() db:with { timeout = 0.05 }:exec 'select pg_sleep(10)' end)\n"
    "assert(not ok and err.kind == 'timeout', err)\n"
    "local fresh <close> = mp.connect { url = URL, max_size = 1 }\n"
    "assert(fresh:value 'select 1' == 1)\n";

static void run_use(const char *rounds) {
  lua_State *L = open_plain_lua(no_functions);
  if (!run_script(L, rounds) || !run_script(L, use)) fail_msg("%s", luaL_tolstring(L, -1, NULL));
  lua_close(L);
}

/* ---- a storm ---- */

static volatile sig_atomic_t drops;

static void count_drop(int number) {
  (void)number;
  drops++;
}

static void set_storm(long microseconds) {
  struct itimerval timer = {{0, microseconds}, {0, microseconds}};
  assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void a_signal_each_millisecond_loses_nothing(void **state) {
  (void)state;
  struct sigaction before, handler = {.sa_handler = count_drop}; /* without SA_RESTART: calls are interrupted */
  assert_int_equal(sigaction(SIGALRM, &handler, &before), 0);
  set_storm(1000);
  run_use("ROUNDS = 20");
  set_storm(0);
  sigaction(SIGALRM, &before, NULL);
  print_message("%d signals\n", (int)drops);
  assert_true(drops > 50);
}

/* ---- handlers ---- */

enum { SIGNALS = 65 };

static void read_handlers(struct sigaction handlers[SIGNALS]) {
  memset(handlers, 0, sizeof(struct sigaction) * SIGNALS);
  for (int i = 1; i < SIGNALS; i++)
    sigaction(i, NULL, &handlers[i]);
}

static void the_hosts_handlers_and_mask_stay_as_they_are(void **state) {
  (void)state;
  struct sigaction before[SIGNALS], after[SIGNALS];
  sigset_t mask_before, mask_after;
  sigprocmask(SIG_SETMASK, NULL, &mask_before);
  read_handlers(before);
  run_use("ROUNDS = 2");
  read_handlers(after);
  sigprocmask(SIG_SETMASK, NULL, &mask_after);
  for (int i = 1; i < SIGNALS; i++) {
    if (before[i].sa_handler != after[i].sa_handler || before[i].sa_flags != after[i].sa_flags) {
      fail_msg("the handler of signal %d (%s) is another one", i, strsignal(i));
    }
    assert_int_equal(sigismember(&mask_before, i), sigismember(&mask_after, i));
  }
}

/* ---- a server that goes away ---- */

static void a_server_that_goes_away_kills_nobody(void **state) {
  (void)state;
  struct sigaction action;
  sigaction(SIGPIPE, NULL, &action);
  assert_ptr_equal(action.sa_handler, SIG_DFL); /* it would kill this process */
  lua_State *L = open_plain_lua(no_functions);
  static const char script[] =
      "local mp = require 'moonpool'\n"
      "local db <close> = mp.connect { url = URL, max_size = 2 }\n"
      "local large = (' '):rep(1 << 20)\n"
      "for i = 1, 5 do\n"
      "  local ok, err = pcall(db.transaction, db, function(tx)\n"
      "    local pid = tx:value 'select pg_backend_pid()'\n"
      "    db:exec('select pg_terminate_backend($1)', pid)\n"
      "    repeat until db:value('select count(*) from pg_stat_activity where pid = $1', pid) == 0\n"
      "    if i % 2 == 0 then tx:script('select 1;' .. large) end\n"
      "    return tx:value('select $1::text', large)\n"
      "  end)\n"
      "  assert(not ok and err.kind == 'connection', err)\n"
      "end\n"
      "assert(db:value 'select 1' == 1)\n";
  if (!run_script(L, script)) fail_msg("%s", luaL_tolstring(L, -1, NULL));
  lua_close(L);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_signal_each_millisecond_loses_nothing),
      cmocka_unit_test(the_hosts_handlers_and_mask_stay_as_they_are),
      cmocka_unit_test(a_server_that_goes_away_kills_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
