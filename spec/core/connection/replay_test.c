/* A real session, recorded by a relay, and played again and again: cut off after each of its bytes, and one byte at a
 * time. Whatever had its whole answer before the cut has succeeded, and what had not has failed. */
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "client.h"
#include "liar.h"
#include "transaction/transaction.h"

enum { STEPS = 8, MOST_TURNS = 64, MOST_SENT = 1 << 16 };

/* What the client said, in bytes, and what the server answered: that much of `sent`. */
typedef struct turn {
  size_t asked, answered;
} turn;

typedef struct recording {
  char socket[108]; /* of the real server */
  char user[64], dbname[64];
  turn turns[MOST_TURNS];
  int count;
  char sent[MOST_SENT];
  atomic_size_t size;
  size_t ends[STEPS]; /* of the steps, in `sent` */
  atomic_size_t cut;  /* a replay ends behind so many bytes */
} recording;

/* ---- recording ---- */

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

static void note_asked(recording *kept, size_t size) {
  if (kept->count == 0 || kept->turns[kept->count - 1].answered > 0) {
    assert_in_range(++kept->count, 1, MOST_TURNS);
    kept->turns[kept->count - 1] = (turn){0};
  }
  kept->turns[kept->count - 1].asked += size;
}

/* Takes what has come; returns its size, or 0. */
static size_t hear(int from, char *bytes, size_t room) {
  ssize_t size = recv(from, bytes, room, 0);
  return size < 0 ? 0 : (size_t)size;
}

static bool say(int to, const char *bytes, size_t size) {
  return size > 0 && send(to, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* Noted before the client has it, who then may note where its step has ended. */
static bool answer(recording *kept, int server, int client) {
  char *at = kept->sent + kept->size;
  size_t size = hear(server, at, MOST_SENT - kept->size);
  kept->turns[kept->count - 1].answered += size;
  kept->size += size;
  return say(client, at, size);
}

static void record(liar *self) {
  recording *kept = (recording *)(uintptr_t)self->data;
  char scratch[4096];
  int server = connect_to(kept->socket);
  for (;;) {
    struct pollfd entries[] = {{self->fd, POLLIN, 0}, {server, POLLIN, 0}};
    if (poll(entries, 2, -1) < 0) break;
    if (entries[1].revents != 0) {
      if (!answer(kept, server, self->fd)) break;
    } else {
      size_t size = hear(self->fd, scratch, sizeof scratch);
      if (!say(server, scratch, size)) break;
      note_asked(kept, size);
    }
  }
  close(server);
}

static void replay(liar *self) {
  const recording *kept = self->data;
  size_t left = atomic_load(&kept->cut);
  const char *at = kept->sent;
  for (int i = 0; i < kept->count && left > 0; i++) {
    size_t size = kept->turns[i].answered < left ? kept->turns[i].answered : left;
    if (!liar_skip(self, kept->turns[i].asked)) return;
    liar_add_raw(self, at, size);
    if (!liar_flush(self)) return;
    at += size;
    left -= size;
  }
}

/* ---- the session ---- */

static bool end_command(mp_connection *connection, const char *text, mp_error **error) {
  return mp_connection_command(connection, text, mp_clock_after(5), error) && drive(connection, error) == MP_STEP_DONE;
}

static bool commit(mp_pool *pool, mp_connection *connection, mp_error **error) {
  (void)pool;
  mp_transaction *transaction = mp_transaction_create(connection, &(mp_transaction_options){0}, error);
  mp_error *failure = NULL;
  bool begun = mp_connection_command(connection, "commit", mp_clock_after(5), &failure);
  mp_step step = begun ? drive(connection, &failure) : MP_STEP_FAILED;
  mp_result *result = step == MP_STEP_DONE ? mp_connection_take_result(connection, &failure) : NULL;
  bool ok = mp_transaction_judge_commit(transaction, step, result, &failure) == MP_VERDICT_COMMITTED;
  mp_result_destroy(result);
  mp_transaction_destroy(transaction);
  mp_error_move(error, failure);
  return ok;
}

static bool run_text(mp_pool *pool, mp_connection *connection, start_work *begin, const char *sql, const char *answer,
                     mp_error **error) {
  outcome end = run_on(pool, connection, begin, sql, 5);
  if (end.step == MP_STEP_DONE && answer != NULL) assert_cell(end.result, answer);
  bool ok = end.step == MP_STEP_DONE;
  mp_error_move(error, end.error);
  end.error = NULL;
  outcome_finish(&end);
  return ok;
}

/* The steps of the session, each after the other; each is one way to ask. */
static bool do_step(int number, mp_pool *pool, mp_connection *connection, mp_error **error) {
  static const char sql[] = "select $1";
  switch (number) {
  case 1:
  case 2:
  case 3: return run_text(pool, connection, start_statement, sql, "x", error);
  case 4: return end_command(connection, "begin", error);
  case 5: return run_text(pool, connection, start_statement, "select $1, $2::varchar", NULL, error);
  case 6: return run_text(pool, connection, start_script, "select 1; select 'two'", "two", error);
  default: return commit(pool, connection, error);
  }
}

/* Returns how many steps were done; connecting is the first. Notes where each ended in `ends`, when it is not NULL. */
static int play(mp_pool *pool, const recording *kept, size_t *ends, mp_error **error) {
  int done = 0;
  mp_connection *connection = try_take(pool, NULL, 10, error);
  if (connection == NULL) return 0;
  for (bool ok = true; ok && done < STEPS;) {
    if (ends != NULL) ends[done] = kept->size;
    if (++done < STEPS) ok = do_step(done, pool, connection, error);
    if (!ok) break;
  }
  mp_pool_return(pool, connection);
  return done;
}

static mp_pool *open_as(const recording *kept, const liar *server) {
  const char *const settings[] = {"max_size", "1", "user", kept->user, "dbname", kept->dbname, NULL};
  return open_pool_at(liar_url(server), settings);
}

static int make_recording(void **state) {
  mp_error *error = NULL;
  const char *url = getenv("MOONPOOL_TEST_URL");
  if (url == NULL) return 0;
  recording *kept = calloc(1, sizeof *kept);
  PGconn *real = PQconnectdb(url);
  if (PQstatus(real) != CONNECTION_OK) fail_msg("%s", PQerrorMessage(real));
  snprintf(kept->socket, sizeof kept->socket, "%s/.s.PGSQL.%s", PQhost(real), PQport(real));
  snprintf(kept->user, sizeof kept->user, "%s", PQuser(real));
  snprintf(kept->dbname, sizeof kept->dbname, "%s", PQdb(real));
  PQfinish(real);
  liar *relay = liar_start(record, kept);
  mp_pool *pool = open_as(kept, relay);
  assert_int_equal(play(pool, kept, kept->ends, &error), STEPS);
  assert_no_error(error);
  mp_pool_release(pool);
  liar_stop(relay);
  *state = kept;
  return 0;
}

static int free_recording(void **state) {
  free(*state);
  return 0;
}

/* ---- replays ---- */

static void assert_cut(recording *kept, liar *server, size_t cut) {
  mp_error *error = NULL;
  int expected = 0;
  while (expected < STEPS && kept->ends[expected] <= cut)
    expected++;
  atomic_store(&kept->cut, cut);
  liar_be(server, replay);
  mp_pool *pool = open_as(kept, server);
  int done = play(pool, kept, NULL, &error);
  if (done != expected) {
    fail_msg("after %zu bytes %d steps were done, and not %d: %s", cut, done, expected,
             error == NULL ? "" : mp_error_message(error));
  }
  if (done < STEPS) assert_string_equal(mp_error_kind_name(mp_error_kind_of(error)), "connection");
  mp_error_free(error);
  liar_be(server, liar_honest);
  outcome again = run_in(pool, start_statement, "select 'x'", 5);
  if (again.step != MP_STEP_DONE) fail_msg("after %zu bytes: %s", cut, mp_error_message(again.error));
  outcome_finish(&again);
  mp_pool_release(pool);
}

static void a_session_may_end_after_each_byte(void **state) {
  recording *kept = *state;
  server_url();
  print_message("cut off at each of %zu bytes\n", kept->ends[STEPS - 1]);
  liar *server = liar_start(replay, kept);
  for (size_t cut = 0; cut <= kept->ends[STEPS - 1]; cut++)
    assert_cut(kept, server, cut);
  liar_stop(server);
}

static void a_session_may_come_byte_by_byte(void **state) {
  recording *kept = *state;
  mp_error *error = NULL;
  server_url();
  liar *server = liar_start(replay, kept);
  server->trickles = true;
  atomic_store(&kept->cut, kept->size);
  mp_pool *pool = open_as(kept, server);
  assert_int_equal(play(pool, kept, NULL, &error), STEPS);
  assert_no_error(error);
  mp_pool_release(pool);
  liar_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_session_may_end_after_each_byte),
      cmocka_unit_test(a_session_may_come_byte_by_byte),
  };
  return cmocka_run_group_tests(tests, make_recording, free_recording);
}
