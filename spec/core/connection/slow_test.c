/* Servers that are slow: they read, write or cancel late, or never. Deadlines hold, and nothing is lost. */
#include <sys/socket.h>

#include "base/bytes.h"
#include "client.h"
#include "liar.h"

enum { LARGE = 16 << 20 };

/* The statement's text is larger than all buffers on the way; it is read in small pieces, with pauses. */
static void read_slowly(liar *self) {
  if (!liar_welcome(self)) return;
  char head[5];
  int pieces = 0;
  for (;;) {
    if (!liar_wait(self) || recv(self->fd, head, sizeof head, MSG_WAITALL) != sizeof head) return;
    size_t left = mp_get32(head + 1) - 4;
    for (; left > 65536; left -= 65536) {
      if (!liar_skip(self, 65536)) return;
      if (++pieces % 16 == 0) usleep(1000);
    }
    if (!liar_skip(self, left)) return;
    if (head[0] == 'Q' || head[0] == 'S') break;
  }
  self->parameters = 0;
  liar_answer(self, 'Q');
  liar_answer(self, liar_read(self));
}

static void a_large_statement_is_sent_to_a_slow_reader(void **state) {
  (void)state;
  const char *const settings[] = {"max_size", "1", NULL};
  liar *server = liar_start(read_slowly, NULL);
  mp_pool *pool = open_pool_at(liar_url(server), settings);
  char *sql = malloc(LARGE + 1);
  memset(sql, ' ', LARGE);
  memcpy(sql, "select 'x'", 10);
  sql[LARGE] = '\0';
  outcome end = run_in(pool, start_script, sql, 30);
  assert_no_error(end.error);
  assert_cell(end.result, "good");
  outcome_finish(&end);
  free(sql);
  mp_pool_release(pool);
  liar_stop(server);
}

static void a_large_parameter_comes_back_whole(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_pool *pool = open_pool("max_size", "1");
  mp_connection *connection = take(pool, NULL);
  char *text = malloc(LARGE);
  for (size_t i = 0; i < LARGE; i++)
    text[i] = (char)('a' + i % 26);
  mp_value value = {.kind = MP_VALUE_TEXT, .as.bytes = {text, LARGE}};
  mp_request request = {.parameters = &value, .count = 1, .deadline = mp_clock_after(30)};
  request.statement = mp_statements_get(mp_pool_statements(pool), "select $1::text", 15, &request.types, &error);
  for (int i = 0; i < 4; i++) { /* each way of asking */
    assert_true(mp_connection_execute(connection, &request, &error));
    assert_int_equal(drive(connection, &error), MP_STEP_DONE);
    mp_result *result = mp_connection_take_result(connection, &error);
    mp_value back;
    mp_buffer scratch;
    mp_buffer_init(&scratch, 64);
    assert_true(mp_result_cell(result, 0, 0, &scratch, &back, &error));
    assert_int_equal(back.as.bytes.size, LARGE);
    assert_memory_equal(back.as.bytes.data, text, LARGE);
    mp_buffer_finish(&scratch);
    mp_result_destroy(result);
    mp_types_release(request.types);
    request.types = mp_statements_types(mp_pool_statements(pool), request.statement);
  }
  mp_types_release(request.types);
  mp_statement_release(request.statement);
  free(text);
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
}

/* Reads nothing more once the session stands. */
static void read_nothing(liar *self) {
  if (!liar_welcome(self)) return;
  int session = self->fd;
  self->fd = -1; /* poll passes it over: only a cancel or the end of the test is waited for */
  liar_wait(self);
  self->fd = session;
}

static void a_reader_that_stops_ends_by_the_deadline(void **state) {
  (void)state;
  const char *const settings[] = {"max_size", "1", NULL};
  liar *server = liar_start(read_nothing, NULL);
  mp_pool *pool = open_pool_at(liar_url(server), settings);
  char *sql = malloc(LARGE + 1);
  memset(sql, ' ', LARGE);
  memcpy(sql, "select 'x'", 10);
  sql[LARGE] = '\0';
  outcome end = run_in(pool, start_script, sql, 0.2);
  assert_failed(&end, "a statement", MP_ERROR_TIMEOUT, "deadline");
  assert_in_range(end.took, 200 * MP_MILLISECOND, 2 * MP_SECOND);
  outcome_finish(&end);
  free(sql);
  mp_pool_release(pool);
  liar_stop(server);
}

static void hear_nothing(liar *self) {
  self->deaf = true;
  if (!liar_welcome(self)) return;
  while (liar_read(self) != 0)
    continue;
}

static void a_cancel_that_is_not_heard_is_given_up(void **state) {
  (void)state;
  const char *const settings[] = {"max_size", "1", NULL};
  liar *server = liar_start(hear_nothing, NULL);
  mp_pool *pool = open_pool_at(liar_url(server), settings);
  outcome end = run_in(pool, start_statement, "select 'x'", 0.1);
  assert_failed(&end, "a statement", MP_ERROR_TIMEOUT, "did not answer to a cancel");
  assert_int_equal(end.left, MP_CONNECTION_BROKEN);
  assert_in_range(end.took, 5 * MP_SECOND, 6500 * MP_MILLISECOND);
  assert_in_range(atomic_load(&server->cancels), 1, 8); /* it is asked again and again */
  outcome_finish(&end);
  mp_pool_release(pool);
  liar_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_large_statement_is_sent_to_a_slow_reader),
      cmocka_unit_test(a_large_parameter_comes_back_whole),
      cmocka_unit_test(a_reader_that_stops_ends_by_the_deadline),
      cmocka_unit_test(a_cancel_that_is_not_heard_is_given_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
