/* A random run: eight threads borrow, return, fail, cancel, give up, leave statements running, and have sessions ended
 * under their feet, while a model of the pool watches. What must hold at each moment: nobody shares a connection or a
 * session, there are never more sessions on the server than the pool may have, what is lent is clean, waiters are
 * served in order. At the end nothing is left: no session, no descriptor, no thread (and no memory, under a sanitizer).
 *
 * The seed is printed; MOONPOOL_SEED sets it, which repeats what each thread wants, though not how they interleave.
 * MOONPOOL_LONG makes the run ten times longer. */
#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "pool/internal.h" /* for the order of the queue, which nobody can see from outside */
#include "support.h"

enum {
  THREADS = 8,
  SIZE = 4,
  OPERATIONS = 100000,
  LONG_FACTOR = 10,
  PAUSE = 5000 /* microseconds between two counts */
};
#define PATIENCE 60 /* seconds: a checkout that may not fail */

typedef struct model {
  mp_pool *pool;
  PGconn *counter; /* counts sessions            */
  PGconn *killer;  /* ends them; under `killing` */
  pthread_mutex_t lock, killing;
  mp_connection *held[THREADS]; /* what each thread holds, under `lock` */
  int held_pid[THREADS];
  pthread_mutex_t order;
  int64_t next_ticket; /* under `order` */
  atomic_long left;    /* operations */
  atomic_bool over, broken;
  char violation[512]; /* the first, under `lock` */
  int64_t most_sessions, samples;
} model;

typedef struct worker {
  model *model;
  mp_holder holder;
  int64_t ticket; /* of the present or the last wait; the holder's address leads here */
  int number;
  uint64_t random;
  int64_t counts[8]; /* of each operation */
} worker;

__attribute__((format(printf, 2, 3))) static void violate(model *self, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  pthread_mutex_lock(&self->lock);
  if (!atomic_exchange(&self->broken, true)) vsnprintf(self->violation, sizeof self->violation, format, arguments);
  pthread_mutex_unlock(&self->lock);
  va_end(arguments);
}

/* splitmix64 */
static uint64_t draw(worker *self, uint64_t limit) {
  uint64_t z = self->random += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return (z ^ (z >> 31U)) % limit;
}

/* ---- the model ---- */

static void note_taken(worker *self, mp_connection *connection) {
  model *m = self->model;
  int pid = mp_connection_server_pid(connection), shared = -1;
  pthread_mutex_lock(&m->lock);
  for (int i = 0; i < THREADS; i++) {
    if (m->held[i] == connection || (m->held[i] != NULL && m->held_pid[i] == pid)) shared = i;
  }
  m->held[self->number] = connection;
  m->held_pid[self->number] = pid;
  pthread_mutex_unlock(&m->lock);
  if (shared >= 0)
    violate(m, "threads %d and %d hold connection %p, session %d", self->number, shared, (void *)connection, pid);
  if (mp_connection_state_of(connection) != MP_CONNECTION_IDLE) violate(m, "what was lent is not idle");
  if (mp_connection_transaction_status(connection) != MP_OUTSIDE) violate(m, "what was lent is in a transaction");
  if (mp_connection_needs_reset(connection)) violate(m, "what was lent was not reset");
}

static void give_back(worker *self, mp_connection *connection) {
  pthread_mutex_lock(&self->model->lock);
  self->model->held[self->number] = NULL;
  pthread_mutex_unlock(&self->model->lock);
  mp_pool_return(self->model->pool, connection);
}

static int64_t ticket_of(const mp_checkout *checkout) {
  const worker *owner = (const worker *)((const char *)checkout->holder - offsetof(worker, holder));
  return owner->ticket;
}

/* When one is served, nobody who came before it can still be waiting; and the queue is in the order of coming. */
static void check_order(worker *self) {
  mp_pool *pool = self->model->pool;
  int64_t before = self->ticket, found = -1;
  pthread_mutex_lock(&pool->lock);
  for (const mp_checkout *waiting = pool->queue.first; waiting != NULL; waiting = waiting->next) {
    if (ticket_of(waiting) < before) found = ticket_of(waiting);
    before = ticket_of(waiting);
  }
  pthread_mutex_unlock(&pool->lock);
  if (found >= 0) violate(self->model, "waiter %" PRId64 " was passed over by %" PRId64, found, self->ticket);
}

/* ---- borrowing ---- */

/* Tickets are given in the order in which the pool sees those who come. */
static mp_checkout *come(worker *self, double seconds) {
  mp_error *error = NULL;
  pthread_mutex_lock(&self->model->order);
  self->ticket = self->model->next_ticket++;
  mp_checkout *checkout = mp_checkout_start(self->model->pool, &self->holder, mp_clock_after(seconds), &error);
  pthread_mutex_unlock(&self->model->order);
  if (checkout == NULL) violate(self->model, "no checkout: %s", mp_error_message(error));
  mp_error_free(error);
  return checkout;
}

static mp_connection *take_within(worker *self, double seconds) {
  mp_error *error = NULL;
  mp_checkout *checkout = come(self, seconds);
  if (checkout == NULL) return NULL;
  mp_connection *connection = NULL;
  if (finish_checkout(checkout, &error) == MP_STEP_DONE) {
    check_order(self);
    connection = mp_checkout_take(checkout);
    note_taken(self, connection);
  } else if (seconds == PATIENCE || mp_error_kind_of(error) != MP_ERROR_TIMEOUT) {
    violate(self->model, "a checkout failed: %s", mp_error_message(error));
  }
  mp_error_free(error);
  mp_checkout_destroy(checkout);
  return connection;
}

static mp_connection *borrow(worker *self) {
  mp_connection *connection = mp_pool_try_checkout(self->model->pool, &self->holder);
  if (connection == NULL) return take_within(self, PATIENCE);
  note_taken(self, connection);
  return connection;
}

/* ---- statements ---- */

/* The answer is that of this session, with nothing that another holder has set. */
static void ask_who(worker *self, mp_connection *connection) {
  static const char sql[] = "select pg_backend_pid() || ' ' || current_setting('app.holder', true) || 'x'";
  char expected[32];
  mp_buffer scratch;
  mp_value value;
  if (!start_plain(self->model->pool, connection, sql) || !finish_work(connection, NULL)) return;
  mp_result *result = mp_connection_take_result(connection, NULL);
  mp_buffer_init(&scratch, 4096);
  snprintf(expected, sizeof expected, "%d x", mp_connection_server_pid(connection));
  if (!mp_result_cell(result, 0, 0, &scratch, &value, NULL)) {
    violate(self->model, "no answer");
  } else if (value.kind != MP_VALUE_NULL && /* NULL: never set in this session */
             (value.as.bytes.size != strlen(expected) ||
              memcmp(value.as.bytes.data, expected, strlen(expected)) != 0)) {
    violate(self->model, "the answer is %.*s, not %s", (int)value.as.bytes.size, value.as.bytes.data, expected);
  }
  mp_buffer_finish(&scratch);
  mp_result_destroy(result);
}

static void leave_traces(worker *self, mp_connection *connection) {
  static const char *const traces[] = {
      "begin; select 1",
      "begin; select 1 / 0",
      "set app.holder = 'somebody'",
      "begin; set app.holder = 'somebody'",
  };
  try_run(connection, traces[draw(self, sizeof traces / sizeof traces[0])], NULL);
}

static void cancel(worker *self, mp_connection *connection) {
  if (!start_plain(self->model->pool, connection, "select pg_sleep(10)")) return;
  mp_connection_cancel(connection);
  int64_t begun = mp_clock_now();
  finish_work(connection, NULL);
  if (mp_clock_now() - begun > 4 * MP_SECOND) violate(self->model, "a cancel took more than 4 s");
}

/* Ends one of the pool's sessions, whoever has it. */
static void kill_one(worker *self) {
  char sql[256];
  model *m = self->model;
  snprintf(sql, sizeof sql,
           "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity where application_name = "
           "'pool-test-%d' order by random() limit 1) chosen",
           (int)getpid());
  pthread_mutex_lock(&m->killing);
  PQclear(PQexec(m->killer, sql));
  pthread_mutex_unlock(&m->killing);
}

/* ---- operations ---- */

enum { USE, ASK, LEAVE, CANCEL, GIVE_UP, HURRY, ABANDON, KILL };
static const unsigned weights[] = {
    [USE] = 7000,    [ASK] = 2400,  [LEAVE] = 300,  [CANCEL] = 40,
    [GIVE_UP] = 120, [HURRY] = 120, [ABANDON] = 10, [KILL] = 10,
};

static int choose(worker *self) {
  uint64_t ticket = draw(self, 10000);
  int operation = 0;
  while (ticket >= weights[operation])
    ticket -= weights[operation++];
  return operation;
}

static void give_up_waiting(worker *self) {
  mp_want want;
  mp_checkout *checkout = come(self, PATIENCE);
  if (checkout == NULL) return;
  if (draw(self, 2) == 0) mp_checkout_step(checkout, &want, NULL);
  mp_checkout_destroy(checkout);
}

static void use(worker *self, int operation, mp_connection *connection) {
  if (connection == NULL) return;
  switch (operation) {
  case ASK: ask_who(self, connection); break;
  case LEAVE: leave_traces(self, connection); break;
  case CANCEL: cancel(self, connection); break;
  case ABANDON: start_plain(self->model->pool, connection, "select pg_sleep(0.5)"); break;
  default: break;
  }
  give_back(self, connection);
}

static void *work(void *argument) {
  worker *self = argument;
  while (atomic_fetch_sub(&self->model->left, 1) > 0 && !atomic_load(&self->model->broken)) {
    int operation = choose(self);
    self->counts[operation]++;
    switch (operation) {
    case KILL: kill_one(self); break;
    case GIVE_UP: give_up_waiting(self); break;
    case HURRY: use(self, USE, take_within(self, 0.0001)); break;
    default: use(self, operation, borrow(self));
    }
  }
  return NULL;
}

/* ---- the server's view ---- */

static void *count_again_and_again(void *argument) {
  model *m = argument;
  char sql[128];
  snprintf(sql, sizeof sql, "select count(*) from pg_stat_activity where application_name = 'pool-test-%d'",
           (int)getpid());
  while (!atomic_load(&m->over)) {
    PGresult *answer = PQexec(m->counter, sql);
    int64_t count = PQntuples(answer) == 1 ? strtoll(PQgetvalue(answer, 0, 0), NULL, 10) : -1;
    PQclear(answer);
    if (count > m->most_sessions) m->most_sessions = count;
    m->samples++;
    if (count < 0) violate(m, "sessions cannot be counted: %s", PQerrorMessage(m->counter));
    if (count > SIZE) violate(m, "the server has %" PRId64 " sessions of a pool of %d", count, SIZE);
    usleep(PAUSE);
  }
  return NULL;
}

/* ---- the run ---- */

static int count_entries(const char *folder) {
  int count = 0;
  DIR *entries = opendir(folder);
  assert_non_null(entries);
  while (readdir(entries) != NULL)
    count++;
  closedir(entries);
  return count;
}

/* What libraries and sanitizers open once and keep is not ours to count. */
static void warm_up(void) {
  mp_pool *pool = open_pool("max_size", "1");
  mp_pool_return(pool, take(pool, NULL));
  mp_pool_release(pool);
}

static uint64_t choose_seed(void) {
  const char *given = getenv("MOONPOOL_SEED");
  uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)mp_clock_now() % 1000000;
  print_message("MOONPOOL_SEED=%" PRIu64 "\n", seed);
  return seed;
}

static void run_all(model *m, worker *workers) {
  pthread_t threads[THREADS], counter;
  assert_int_equal(pthread_create(&counter, NULL, count_again_and_again, m), 0);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  atomic_store(&m->over, true);
  pthread_join(counter, NULL);
}

static void tell(const model *m, const worker *workers) {
  int64_t sums[8] = {0};
  for (int i = 0; i < THREADS; i++)
    for (int j = 0; j < 8; j++)
      sums[j] += workers[i].counts[j];
  mp_pool_stats stats = stats_of(m->pool);
  print_message("used %" PRId64 ", asked %" PRId64 ", left traces %" PRId64 ", cancelled %" PRId64 ", gave up %" PRId64
                ", hurried %" PRId64 ", abandoned %" PRId64 ", killed %" PRId64 "\n",
                sums[USE], sums[ASK], sums[LEAVE], sums[CANCEL], sums[GIVE_UP], sums[HURRY], sums[ABANDON], sums[KILL]);
  print_message("%" PRId64 " checkouts, %" PRId64 " waits, %" PRId64 " timeouts, %" PRId64 " connects, %" PRId64
                " resets; at most %" PRId64 " sessions in %" PRId64 " samples\n",
                stats.checkouts, stats.waits, stats.timeouts, stats.connects, stats.resets, m->most_sessions,
                m->samples);
}

static void a_random_run_keeps_every_promise(void **state) {
  (void)state;
  server_url();
  uint64_t seed = choose_seed();
  warm_up();
  int fds = count_entries("/proc/self/fd"), tasks = count_entries("/proc/self/task");
  model m = {.counter = PQconnectdb(server_url()), .killer = PQconnectdb(server_url())};
  assert_true(PQstatus(m.counter) == CONNECTION_OK && PQstatus(m.killer) == CONNECTION_OK);
  m.pool = open_pool("max_size", "4", "min_idle", "1");
  pthread_mutex_init(&m.lock, NULL);
  pthread_mutex_init(&m.killing, NULL);
  pthread_mutex_init(&m.order, NULL);
  atomic_store(&m.left, (long)OPERATIONS * (getenv("MOONPOOL_LONG") != NULL ? LONG_FACTOR : 1));
  worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.model = &m, .number = i, .random = seed * 1000 + (uint64_t)i};
    workers[i].holder = (mp_holder){.thread = &workers[i]};
  }

  run_all(&m, workers);

  tell(&m, workers);
  mp_pool_stats stats = stats_of(m.pool);
  if (atomic_load(&m.broken)) fail_msg("%s", m.violation);
  assert_int_equal(stats.in_use + stats.waiting, 0);
  mp_pool_release(m.pool);
  PQfinish(m.counter);
  PQfinish(m.killer);
  wait_for(count_sessions() == 0);
  wait_for(count_entries("/proc/self/task") == tasks);
  assert_int_equal(count_entries("/proc/self/fd"), fds);
  pthread_mutex_destroy(&m.lock);
  pthread_mutex_destroy(&m.killing);
  pthread_mutex_destroy(&m.order);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_random_run_keeps_every_promise)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
