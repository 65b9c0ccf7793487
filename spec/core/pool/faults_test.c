/* A server that stops, drops, refuses or dawdles: a checkout still ends by its deadline, and those who wait are served
 * once the server is back. The deadlines here have two seconds of slack, for machines that do something else as well;
 * ./dev bench pool measures. With MOONPOOL_LONG there are more calls and longer outages. */
#include "faults.h"
#include "support.h"

#define SLACK (2 * MP_SECOND)

static bool is_long(void) {
  return getenv("MOONPOOL_LONG") != NULL;
}

static int make_server(void **state) {
  *state = fault_server_make();
  return 0;
}

static int remove_server(void **state) {
  fault_server_remove(*state);
  return 0;
}

static void end_by_their_deadline(fault_server *server, const char *name) {
  const fault_kind *kind = fault_kinds;
  fault_caller result = {0};
  while (strcmp(kind->name, name) != 0)
    kind++;
  int calls = is_long() ? 1000 : 20;
  const char *cannot = fault_run_kind(kind, server, calls, &result);
  if (cannot != NULL) {
    print_message("skipped: %s\n", cannot);
    skip();
  }
  print_message("%s: %d served, %d refused, the latest %.1f ms behind its deadline\n", kind->what, result.served,
                result.refused, (double)result.worst / MP_MILLISECOND);
  assert_int_equal(result.served + result.refused, calls);
  assert_true(result.refused > 0);
  assert_true(result.worst < SLACK);
}

static void a_stopped_server_holds_nobody_longer(void **state) {
  end_by_their_deadline(*state, "stopped");
}

static void a_network_that_drops_packets_holds_nobody_longer(void **state) {
  end_by_their_deadline(*state, "dropping");
}

static void a_silent_server_holds_nobody_longer(void **state) {
  end_by_their_deadline(*state, "silent");
}

static void a_server_that_refuses_holds_nobody_longer(void **state) {
  end_by_their_deadline(*state, "refusing");
}

static void a_server_that_hangs_up_holds_nobody_longer(void **state) {
  end_by_their_deadline(*state, "hanging up");
}

static void a_slow_server_holds_nobody_longer(void **state) {
  end_by_their_deadline(*state, "slow");
}

static void those_who_waited_are_served_when_it_is_back(void **state) {
  double seconds = is_long() ? 10 : 1;
  fault_storm storm = fault_run_storm(*state, seconds);
  print_message("%d attempts in %.0f s; the last of %d waiters was served after %.0f ms\n", (int)storm.attempts,
                seconds, FAULT_WAITERS, (double)storm.served_after / MP_MILLISECOND);
  assert_in_range(storm.attempts, 1, 2 * FAULT_STORM_POOL * storm.lasted / MP_SECOND);
  assert_true(storm.served_after < 2 * MP_SECOND + SLACK);
}

static void the_first_answer_comes_soon_after_a_restart(void **state) {
  for (int i = 0; i < (is_long() ? 20 : 2); i++) {
    double age = fault_run_restart(*state, 0.1 * i);
    print_message("the first answer %.0f ms after the server's start\n", age * 1000);
    assert_true(age < 1 + (double)SLACK / MP_SECOND);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stopped_server_holds_nobody_longer),
      cmocka_unit_test(a_network_that_drops_packets_holds_nobody_longer),
      cmocka_unit_test(a_silent_server_holds_nobody_longer),
      cmocka_unit_test(a_server_that_refuses_holds_nobody_longer),
      cmocka_unit_test(a_server_that_hangs_up_holds_nobody_longer),
      cmocka_unit_test(a_slow_server_holds_nobody_longer),
      cmocka_unit_test(those_who_waited_are_served_when_it_is_back),
      cmocka_unit_test(the_first_answer_comes_soon_after_a_restart),
  };
  return cmocka_run_group_tests(tests, make_server, remove_server);
}
