/* Servers that lie, stop or stay silent while a session begins: connecting ends by its deadline with an error that says
 * what happened, and the same pool connects as soon as the server is honest. */
#include "client.h"
#include "liar.h"

typedef struct greeting {
  const char *name;
  void (*greet)(liar *self); /* after the startup packet; the session is over when it returns */
  mp_error_kind kind;
  const char *says;
  const char *sqlstate; /* NULL: none */
} greeting;

/* ---- greetings ---- */

static void wait_for_the_end(liar *self) {
  liar_flush(self);
  while (liar_skip(self, 1))
    continue;
}

static void hang_up(liar *self) {
  (void)self;
}

static void stay_silent(liar *self) {
  wait_for_the_end(self);
}

static void ask_for_an_unknown_proof(liar *self) {
  liar_add(self, 'R', "i", 99);
  wait_for_the_end(self);
}

static void ask_for_a_password(liar *self) {
  liar_add(self, 'R', "i", 3);
  wait_for_the_end(self);
}

static void offer_unknown_mechanisms(liar *self) {
  liar_add(self, 'R', "issc", 10, "DANCE-256", "SONG-1", 0);
  wait_for_the_end(self);
}

static void break_off_the_proof(liar *self) {
  liar_add(self, 'R', "isc", 10, "SCRAM-SHA-256", 0);
  liar_flush(self);
  liar_read(self);
}

static void answer_the_proof_with_garbage(liar *self) {
  liar_add(self, 'R', "isc", 10, "SCRAM-SHA-256", 0);
  liar_flush(self);
  liar_read(self);
  liar_add(self, 'R', "ib", 11, "r=,s=,i=-1", (size_t)10);
  wait_for_the_end(self);
}

static void pass_the_proof_over(liar *self) {
  liar_add(self, 'R', "isc", 10, "SCRAM-SHA-256", 0);
  liar_flush(self);
  liar_read(self);
  liar_add(self, 'R', "ib", 12, "v=AAAA", (size_t)6);
  wait_for_the_end(self);
}

static void refuse(liar *self) {
  liar_add_error(self, "FATAL", "53300", "too many connections");
  liar_flush(self);
}

static void refuse_without_a_code(liar *self) {
  liar_add_error(self, "FATAL", NULL, "go away");
  liar_flush(self);
}

static void refuse_without_a_word(liar *self) {
  liar_add(self, 'E', "c", 0);
  liar_flush(self);
}

static void refuse_as_the_old_do(liar *self) {
  liar_add_raw(self, "EFATAL: nobody speaks this any more\n", 37);
  liar_flush(self);
}

static void accept_and_refuse(liar *self) {
  liar_add(self, 'R', "i", 0);
  refuse(self);
}

static void accept_and_hang_up(liar *self) {
  liar_add(self, 'R', "i", 0);
  liar_flush(self);
}

static void accept_and_never_be_ready(liar *self) {
  liar_add(self, 'R', "i", 0);
  liar_add(self, 'S', "ss", "server_version", "15.6");
  wait_for_the_end(self);
}

static void accept_and_send_rows(liar *self) {
  liar_add(self, 'R', "i", 0);
  liar_add_column(self, MP_OID_TEXT, 0);
  liar_add_cell(self, "rows", 4);
  wait_for_the_end(self);
}

static void send_garbage(liar *self) {
  liar_add_raw(self, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
  wait_for_the_end(self);
}

static void send_zeros(liar *self) {
  char zeros[64] = {0};
  liar_add_raw(self, zeros, sizeof zeros);
  wait_for_the_end(self);
}

static void send_a_huge_message(liar *self) {
  liar_add_raw(self, "R\x7f\xff\xff\xff\0\0\0\0", 9);
  wait_for_the_end(self);
}

static void send_a_negative_message(liar *self) {
  liar_add_raw(self, "R\xff\xff\xff\xff\0\0\0\0", 9);
  wait_for_the_end(self);
}

static void speak_another_version(liar *self) {
  liar_add(self, 'v', "ii", 0, 0);
  wait_for_the_end(self);
}

static void accept_and_send_notices_without_end(liar *self) {
  liar_add(self, 'R', "i", 0);
  do {
    for (int i = 0; i < 1000; i++)
      liar_add(self, 'N', "cscscsc", 'S', "NOTICE", 'C', "00000", 'M', "again and again", 0);
  } while (liar_flush(self));
}

#define CONNECTION .kind = MP_ERROR_CONNECTION
#define TIMEOUT    .kind = MP_ERROR_TIMEOUT

static const greeting greetings[] = {
    {"hangs up", hang_up, CONNECTION, .says = "closed the connection"},
    {"stays silent", stay_silent, TIMEOUT, .says = "no answer in time"},
    {"asks for an unknown proof", ask_for_an_unknown_proof, CONNECTION, .says = "99 not supported"},
    {"asks for a password", ask_for_a_password, CONNECTION, .says = "no password supplied"},
    {"offers unknown mechanisms", offer_unknown_mechanisms, CONNECTION, .says = "SASL"},
    {"breaks off the proof", break_off_the_proof, CONNECTION, .says = "closed the connection"},
    {"answers the proof with garbage", answer_the_proof_with_garbage, CONNECTION, .says = "SCRAM"},
    {"passes the proof over", pass_the_proof_over, CONNECTION, .says = "SCRAM"},
    {"refuses", refuse, CONNECTION, .says = "too many connections", .sqlstate = "53300"},
    {"refuses without a code", refuse_without_a_code, CONNECTION, .says = "go away"},
    {"refuses without a word", refuse_without_a_word, CONNECTION, .says = ""},
    {"refuses as the old do", refuse_as_the_old_do, CONNECTION, .says = "nobody speaks this"},
    {"accepts and refuses", accept_and_refuse, CONNECTION, .says = "too many connections", .sqlstate = "53300"},
    {"accepts and hangs up", accept_and_hang_up, CONNECTION, .says = "closed the connection"},
    {"accepts and is never ready", accept_and_never_be_ready, TIMEOUT, .says = "no answer in time"},
    {"accepts and sends rows", accept_and_send_rows, CONNECTION, .says = ""},
    {"sends garbage", send_garbage, CONNECTION, .says = "expected authentication"},
    {"sends zeros", send_zeros, CONNECTION, .says = "expected authentication"},
    {"sends a huge message", send_a_huge_message, CONNECTION, .says = "expected authentication"},
    {"sends a negative message", send_a_negative_message, CONNECTION, .says = "expected authentication"},
    {"speaks another version", speak_another_version, CONNECTION, .says = ""},
    {"accepts and sends notices without end", accept_and_send_notices_without_end, TIMEOUT,
     .says = "no answer in time"},
};

/* ---- those who are greeted ---- */

static void greet(liar *self) {
  if (liar_read_startup(self)) ((const greeting *)self->data)->greet(self);
}

static void try_greeting(const greeting *given) {
  liar *server = liar_start(greet, given);
  const char *const settings[] = {"max_size", "1", "connect_timeout", "0.4", "password", "secret", NULL};
  const char *const no_password[] = {"max_size", "1", "connect_timeout", "0.4", NULL};
  bool wants_one = given->greet == ask_for_a_password;
  mp_pool *pool = open_pool_at(liar_url(server), wants_one ? no_password : settings);
  outcome end = run_in(pool, start_statement, "select 'x'", 5);
  assert_failed(&end, given->name, given->kind, given->says);
  const char *sqlstate = mp_error_get(end.error, MP_ERROR_SQLSTATE);
  if (given->sqlstate != NULL) assert_string_equal(sqlstate, given->sqlstate);
  if (given->sqlstate == NULL && sqlstate != NULL) fail_msg("%s: code %s", given->name, sqlstate);
  if (end.took > 2 * MP_SECOND) fail_msg("%s: it took %.1f s", given->name, (double)end.took / MP_SECOND);
  outcome_finish(&end);
  liar_be(server, liar_honest);
  outcome again = run_in(pool, start_statement, "select 'x'", 5);
  if (again.step != MP_STEP_DONE) fail_msg("%s: afterwards: %s", given->name, mp_error_message(again.error));
  outcome_finish(&again);
  mp_pool_release(pool);
  liar_stop(server);
}

static void no_greeting_is_believed(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof greetings / sizeof greetings[0]; i++)
    try_greeting(&greetings[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(no_greeting_is_believed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
