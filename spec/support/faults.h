/* Outages for a pool, and what callers see of them: a server of its own that is stopped, killed or restarted, a proxy
 * before it that misbehaves, and threads that note by how much a checkout outlasted its deadline. For tests, which ask
 * little and allow much, and for the benchmark, which measures. */
#ifndef SPEC_FAULTS_H
#define SPEC_FAULTS_H

#include <dirent.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "local/cluster.h"
#include "pool/pool.h"
#include "proxy.h"

static inline void fault_stop_unless(bool ok, const char *what, mp_error *error) {
  if (ok) return;
  fprintf(stderr, "faults: %s: %s\n", what, error == NULL ? strerror(errno) : mp_error_message(error));
  abort();
}

/* ---- the server ---- */

typedef struct fault_server {
  char folder[64];
  mp_local_options options;
  mp_local_place place;
  bool has_network; /* one of this process alone, in which nobody else's packets can be lost */
  proxy *proxy;
} fault_server;

static inline void fault_server_start(fault_server *self) {
  mp_error *error = NULL;
  mp_local_place_finish(&self->place);
  fault_stop_unless(mp_local_start(&self->options, &self->place, &error), "cannot start the server", error);
}

static inline void fault_server_stop(fault_server *self) {
  mp_error *error = NULL;
  fault_stop_unless(mp_local_stop(&self->options, &error), "cannot stop the server", error);
}

static inline void fault_start_loopback(void) {
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  fault_stop_unless(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0, "no loopback", NULL);
  close(fd);
}

/* To be called while the process has one thread: those that it starts live in the same network. */
static inline fault_server *fault_server_make(void) {
  fault_server *self = calloc(1, sizeof *self);
  fault_stop_unless(self != NULL, "calloc", NULL);
  self->has_network = unshare(CLONE_NEWNET) == 0;
  if (self->has_network) fault_start_loopback();
  snprintf(self->folder, sizeof self->folder, "/tmp/mp-faults-XXXXXX");
  fault_stop_unless(mkdtemp(self->folder) != NULL && chmod(self->folder, 0755) == 0, "cannot make a folder", NULL);
  self->options = (mp_local_options){.folder = self->folder, .throw_away = true};
  fault_server_start(self);
  self->proxy = proxy_start(self->place.socket, self->place.port);
  return self;
}

static inline void fault_server_remove(fault_server *self) {
  char command[128];
  proxy_end(self->proxy);
  fault_server_stop(self);
  snprintf(command, sizeof command, "rm -rf %s", self->folder);
  fault_stop_unless(system(command) == 0, "cannot remove the folder", NULL);
  mp_local_place_finish(&self->place);
  free(self);
}

static inline bool fault_is_child(const char *pid, int parent) {
  char path[64];
  int found = 0;
  snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL) return false;
  if (fscanf(file, "%*d (%*[^)]) %*c %d", &found) != 1) found = 0;
  fclose(file);
  return found == parent;
}

/* To the postmaster and to all that it has started. */
static inline void fault_server_signal(const fault_server *self, int number) {
  DIR *processes = opendir("/proc");
  fault_stop_unless(processes != NULL, "cannot look at /proc", NULL);
  kill(self->place.pid, number);
  for (struct dirent *entry = readdir(processes); entry != NULL; entry = readdir(processes)) {
    long pid = strtol(entry->d_name, NULL, 10);
    if (pid > 0 && fault_is_child(entry->d_name, self->place.pid)) kill((pid_t)pid, number);
  }
  closedir(processes);
}

/* ---- pools ---- */

static inline mp_pool *fault_pool_open(const char *url, const char *max_size) {
  mp_error *error = NULL;
  mp_settings *settings = mp_settings_create(&error);
  bool ok = settings != NULL && mp_settings_set_url(settings, url, "faults", &error) &&
            mp_settings_set(settings, "max_size", max_size, "faults", &error);
  mp_pool *pool = ok ? mp_pool_open(settings, &error) : NULL;
  fault_stop_unless(pool != NULL, "cannot open a pool", error);
  mp_settings_destroy(settings);
  return pool;
}

static inline mp_pool *fault_pool_direct(const fault_server *server, const char *max_size) {
  return fault_pool_open(server->place.url, max_size);
}

static inline mp_pool *fault_pool_by_proxy(const fault_server *server, const char *max_size) {
  char url[128];
  snprintf(url, sizeof url, "postgresql://moonpool@127.0.0.1:%d/moonpool?sslmode=disable&gssencmode=disable",
           server->proxy->port);
  return fault_pool_open(url, max_size);
}

/* NULL with an error, which the caller owns. */
static inline mp_connection *fault_take(mp_pool *pool, int64_t deadline, mp_error **error) {
  mp_want want;
  mp_step step;
  mp_connection *connection = NULL;
  mp_checkout *checkout = mp_checkout_start(pool, NULL, deadline, error);
  if (checkout == NULL) return NULL;
  while ((step = mp_checkout_step(checkout, &want, error)) == MP_STEP_WAIT)
    mp_wait_poll(&want);
  if (step == MP_STEP_DONE) connection = mp_checkout_take(checkout);
  mp_checkout_destroy(checkout);
  return connection;
}

/* One that must come. */
static inline mp_connection *fault_take_surely(mp_pool *pool) {
  mp_error *error = NULL;
  mp_connection *connection = fault_take(pool, mp_clock_after(20), &error);
  fault_stop_unless(connection != NULL, "no connection", error);
  return connection;
}

static inline bool fault_run(mp_connection *connection, const char *sql) {
  mp_want want;
  mp_step step;
  if (!mp_connection_script(connection, sql, mp_clock_after(10), NULL)) return false;
  while ((step = mp_connection_step(connection, &want, NULL)) == MP_STEP_WAIT)
    mp_wait_poll(&want);
  return step == MP_STEP_DONE;
}

/* ---- callers ---- */

typedef struct fault_caller {
  mp_pool *pool;
  pthread_t thread;
  int calls, served, refused;
  unsigned seed;
  int64_t worst;   /* nanoseconds behind the deadline, of the call that was latest         */
  int64_t control; /* the same of callers who only slept until it: what the machine is to blame for */
} fault_caller;

/* Asks again and again, each time with another deadline, of 50 to 250 ms. */
static inline void *fault_call(void *argument) {
  fault_caller *self = argument;
  for (int i = 0; i < self->calls; i++) {
    mp_error *error = NULL;
    int64_t deadline = mp_clock_now() + (50 + rand_r(&self->seed) % 200) * MP_MILLISECOND;
    mp_connection *connection = fault_take(self->pool, deadline, &error);
    int64_t late = mp_clock_now() - deadline;
    if (late > self->worst) self->worst = late;
    if (connection != NULL) {
      self->served++;
    } else {
      self->refused++;
    }
    mp_error_free(error);
    mp_pool_return(self->pool, connection);
  }
  return NULL;
}

/* Sleeps as often and as long as a caller waits, and does nothing else. */
static inline void *fault_sleep(void *argument) {
  fault_caller *self = argument;
  for (int i = 0; i < self->calls; i++) {
    int64_t deadline = mp_clock_now() + (50 + rand_r(&self->seed) % 200) * MP_MILLISECOND;
    mp_wait_poll(&(mp_want){.fd = -1, .deadline = deadline});
    int64_t late = mp_clock_now() - deadline;
    if (late > self->worst) self->worst = late;
  }
  return NULL;
}

enum { FAULT_CALLERS = 10 };

/* All callers together, and as many who only sleep; returns the sums, and the worst of each. */
static inline fault_caller fault_call_together(mp_pool *pool, int calls) {
  fault_caller callers[2 * FAULT_CALLERS], sum = {.pool = pool};
  for (unsigned i = 0; i < 2 * FAULT_CALLERS; i++) {
    callers[i] = (fault_caller){.pool = pool, .calls = calls / FAULT_CALLERS, .seed = i + 1};
    void *(*run)(void *) = i < FAULT_CALLERS ? fault_call : fault_sleep;
    fault_stop_unless(pthread_create(&callers[i].thread, NULL, run, &callers[i]) == 0, "thread", NULL);
  }
  for (int i = 0; i < 2 * FAULT_CALLERS; i++) {
    int64_t *worst = i < FAULT_CALLERS ? &sum.worst : &sum.control;
    pthread_join(callers[i].thread, NULL);
    if (callers[i].worst > *worst) *worst = callers[i].worst;
    if (i >= FAULT_CALLERS) continue;
    sum.calls += callers[i].calls;
    sum.served += callers[i].served;
    sum.refused += callers[i].refused;
  }
  return sum;
}

/* ---- faults ---- */

/* What may befall a server. `begin` returns NULL, or why this machine cannot do it; `end` undoes it. */
typedef struct fault_kind {
  const char *name, *what;
  const char *(*begin)(fault_server *server);
  void (*end)(fault_server *server);
} fault_kind;

static inline const char *fault_begin_stop(fault_server *server) {
  fault_server_signal(server, SIGSTOP);
  return NULL;
}

static inline void fault_end_stop(fault_server *server) {
  fault_server_signal(server, SIGCONT);
}

static inline const char *fault_begin_silence(fault_server *server) {
  proxy_set(server->proxy, PROXY_SILENT);
  return NULL;
}

static inline const char *fault_begin_refusal(fault_server *server) {
  proxy_set(server->proxy, PROXY_REFUSE);
  return NULL;
}

static inline const char *fault_begin_hangup(fault_server *server) {
  proxy_set(server->proxy, PROXY_HANG_UP);
  return NULL;
}

static inline const char *fault_begin_delay(fault_server *server) {
  atomic_store(&server->proxy->delay, MP_SECOND);
  return NULL;
}

static inline void fault_end_proxy(fault_server *server) {
  atomic_store(&server->proxy->delay, 0);
  proxy_set(server->proxy, PROXY_PASS);
}

/* The queue of the network is one byte long: no packet fits, and the kernel drops it without telling anybody. */
static inline const char *fault_begin_drop(fault_server *server) {
  if (!server->has_network) return "only root may have a network of its own";
  if (system("tc qdisc add dev lo root bfifo limit 1 2>/dev/null") != 0) return "tc cannot drop packets here";
  return NULL;
}

static inline void fault_end_drop(fault_server *server) {
  (void)server;
  fault_stop_unless(system("tc qdisc del dev lo root") == 0, "tc", NULL);
}

static const fault_kind fault_kinds[] = {
    {"stopped", "the server's processes are stopped", fault_begin_stop, fault_end_stop},
    {"dropping", "the network drops every packet", fault_begin_drop, fault_end_drop},
    {"silent", "connections are made, nothing is answered", fault_begin_silence, fault_end_proxy},
    {"refusing", "nobody listens", fault_begin_refusal, fault_end_proxy},
    {"hanging up", "connections are closed as soon as they are made", fault_begin_hangup, fault_end_proxy},
    {"slow", "each message takes a second", fault_begin_delay, fault_end_proxy},
};
enum { FAULT_KINDS = sizeof fault_kinds / sizeof fault_kinds[0], FAULT_POOL = 4 };

/* Half of the pool's connections are there when the fault begins, and on their way back: what they left has to be
 * undone on the server. The others would have to be opened. Returns NULL with *result, or why it cannot be done here.
 */
static inline const char *fault_run_kind(const fault_kind *kind, fault_server *server, int calls,
                                         fault_caller *result) {
  mp_pool *pool = fault_pool_by_proxy(server, "4");
  mp_connection *some[FAULT_POOL / 2];
  for (int i = 0; i < FAULT_POOL / 2; i++) {
    some[i] = fault_take_surely(pool);
    fault_stop_unless(fault_run(some[i], "set work_mem = '5MB'"), "no answer", NULL);
  }
  const char *cannot = kind->begin(server);
  for (int i = 0; i < FAULT_POOL / 2; i++)
    mp_pool_return(pool, some[i]);
  if (cannot == NULL) {
    *result = fault_call_together(pool, calls);
    kind->end(server);
    mp_pool_return(pool, fault_take_surely(pool)); /* it comes back to life by itself */
  }
  mp_pool_release(pool);
  return cannot;
}

/* ---- coming back ---- */

enum { FAULT_WAITERS = 50, FAULT_STORM_POOL = 10 };

typedef struct fault_storm {
  int64_t attempts;     /* to connect, during the outage */
  int64_t lasted;       /* nanoseconds, the outage */
  int64_t served_after; /* nanoseconds after the server was back until the last had its connection */
} fault_storm;

/* So many wait while each attempt to connect is hung up on, for so long. */
static inline fault_storm fault_run_storm(fault_server *server, double seconds) {
  mp_checkout *waiting[FAULT_WAITERS];
  mp_want want;
  fault_storm result;
  mp_pool_stats stats;
  mp_pool *pool = fault_pool_by_proxy(server, "10");
  mp_pool_return(pool, fault_take_surely(pool)); /* it has known better times */
  proxy_set(server->proxy, PROXY_HANG_UP);
  do
    mp_pool_stats_read(pool, &stats);
  while (stats.open > 0);
  int64_t begun = mp_clock_now();
  result.attempts = -atomic_load(&server->proxy->accepted);
  for (int i = 0; i < FAULT_WAITERS; i++)
    waiting[i] = mp_checkout_start(pool, NULL, mp_clock_after(seconds + 20), NULL);
  usleep((useconds_t)(seconds * 1e6));
  result.attempts += atomic_load(&server->proxy->accepted);
  int64_t back = mp_clock_now();
  result.lasted = back - begun;
  proxy_set(server->proxy, PROXY_PASS);
  for (int i = 0; i < FAULT_WAITERS; i++) {
    mp_step step;
    mp_error *error = NULL;
    while ((step = mp_checkout_step(waiting[i], &want, &error)) == MP_STEP_WAIT)
      mp_wait_poll(&want);
    fault_stop_unless(step == MP_STEP_DONE, "a waiter was not served", error);
    mp_pool_return(pool, mp_checkout_take(waiting[i]));
    mp_checkout_destroy(waiting[i]);
  }
  result.served_after = mp_clock_now() - back;
  mp_pool_release(pool);
  return result;
}

typedef struct fault_client {
  mp_pool *pool;
  atomic_bool is_new; /* the server that was there before has gone */
  double since_start; /* seconds from the new server's start to its first answer */
} fault_client;

/* Seconds since the server was started, by its own clock; negative without an answer. */
static inline double fault_server_age(mp_connection *connection) {
  mp_buffer scratch;
  mp_value value;
  double age = -1;
  if (!fault_run(connection, "select extract(epoch from clock_timestamp() - pg_postmaster_start_time())::text"))
    return -1;
  mp_result *result = mp_connection_take_result(connection, NULL);
  mp_buffer_init(&scratch, 4096);
  if (result != NULL && mp_result_cell(result, 0, 0, &scratch, &value, NULL) && value.kind == MP_VALUE_TEXT) {
    char text[32];
    snprintf(text, sizeof text, "%.*s", (int)value.as.bytes.size, (const char *)value.as.bytes.data);
    age = strtod(text, NULL);
  }
  mp_buffer_finish(&scratch);
  mp_result_destroy(result);
  return age;
}

/* Until the new server has answered. */
static inline void *fault_ask_always(void *argument) {
  fault_client *self = argument;
  double age = -1;
  while (age < 0) {
    mp_error *error = NULL;
    bool is_new = atomic_load(&self->is_new);
    mp_connection *connection = fault_take(self->pool, mp_clock_after(30), &error);
    fault_stop_unless(connection != NULL, "no connection", error);
    age = fault_server_age(connection);
    if (!is_new) age = -1; /* perhaps of the server that is about to go */
    mp_pool_return(self->pool, connection);
    usleep(1000);
  }
  self->since_start = age;
  return NULL;
}

/* Seconds from the server's start to the first answer that a client of the pool got, who asked all the time while the
 * server was stopped, was away for `pause` seconds, and started. */
static inline double fault_run_restart(fault_server *server, double pause) {
  pthread_t thread;
  fault_client client = {.pool = fault_pool_direct(server, "4")};
  fault_stop_unless(pthread_create(&thread, NULL, fault_ask_always, &client) == 0, "thread", NULL);
  usleep(50000);
  fault_server_stop(server);
  atomic_store(&client.is_new, true);
  usleep((useconds_t)(pause * 1e6));
  fault_server_start(server);
  pthread_join(thread, NULL);
  mp_pool_release(client.pool);
  return client.since_start;
}

#endif
