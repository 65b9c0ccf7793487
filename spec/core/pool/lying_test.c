/* Servers that say they have made a session as good as new, and have not: it is not lent again. */
#include "../connection/client.h"
#include "liar.h"

/* Answers a script and goes on lying about what cleans it. */
static bool answer_with(liar *self, const char *tag, char status) {
  liar_add(self, 'C', "s", tag);
  liar_add(self, 'Z', "c", status);
  return liar_flush(self);
}

static void be_deaf_to_resets(liar *self) {
  bool goes_on = liar_welcome(self);
  while (goes_on) {
    char type = liar_read(self);
    bool is_reset = type == 'Q' && strcmp(self->body.data, "DISCARD ALL") == 0;
    goes_on = is_reset ? answer_with(self, "SOMETHING", 'I') : liar_answer(self, type);
  }
}

static void never_leave_a_transaction(liar *self) {
  bool goes_on = liar_welcome(self);
  while (goes_on) {
    char type = liar_read(self);
    bool is_end = type == 'Q' && (strcmp(self->body.data, "ROLLBACK") == 0 || strcmp(self->body.data, "begin") == 0);
    goes_on = is_end ? answer_with(self, "BEGIN", 'T') : liar_answer(self, type);
  }
}

static void change_the_encoding(liar *self) {
  bool goes_on = liar_welcome(self);
  while (goes_on) {
    char type = liar_read(self);
    if (type == 'S') liar_add(self, 'S', "ss", "client_encoding", "LATIN1");
    goes_on = liar_answer(self, type);
  }
}

static void assert_given_up(liar_session *session, start_work *begin, const char *sql) {
  liar *server = liar_start(session, NULL);
  const char *const settings[] = {"max_size", "1", NULL};
  mp_pool *pool = open_pool_at(liar_url(server), settings);
  outcome end = run_in(pool, begin, sql, 5);
  assert_int_equal(end.step, MP_STEP_DONE);
  outcome_finish(&end);
  liar_be(server, liar_honest);
  wait_for(stats_of(pool).closed_broken == 1);
  end = run_in(pool, begin, "select 'x'", 5);
  assert_no_error(end.error);
  assert_int_equal(atomic_load(&server->sessions), 2);
  outcome_finish(&end);
  mp_pool_release(pool);
  liar_stop(server);
}

static void a_reset_without_effect_is_not_repeated_for_ever(void **state) {
  (void)state;
  assert_given_up(be_deaf_to_resets, start_script, "select 'x'");
}

static void a_session_that_stays_in_a_transaction_is_given_up(void **state) {
  (void)state;
  assert_given_up(never_leave_a_transaction, start_script, "begin");
}

static void a_session_that_stays_in_another_encoding_is_given_up(void **state) {
  (void)state;
  assert_given_up(change_the_encoding, start_statement, "select 'x'");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_reset_without_effect_is_not_repeated_for_ever),
      cmocka_unit_test(a_session_that_stays_in_a_transaction_is_given_up),
      cmocka_unit_test(a_session_that_stays_in_another_encoding_is_given_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
