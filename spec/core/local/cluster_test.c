/* The private PostgreSQL, with real servers: made, started by many at once, killed, refused, stopped. A test that only
 * looks at a running server shares one; any other has a copy of its own, and ends with no server running. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "base/clock.h"
#include "local/cluster.h"
#include "local/files.h"
#include "local/place.h"

typedef struct fixture {
  char root[32];          /* our own folder under /tmp                                           */
  char made[PATH_MAX];    /* a server's folder, made once and never started again: tests copy it */
  char shared[PATH_MAX];  /* the one of the tests that only look                                 */
  char folder[PATH_MAX];  /* the current test's server                                           */
  mp_local_options usual; /* starts that one                                                     */
} fixture;

/* ---- Helpers ---- */

__attribute__((format(printf, 1, 2))) static void shell(const char *format, ...) {
  char command[3 * PATH_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(command, sizeof command, format, arguments);
  va_end(arguments);
  assert_int_equal(system(command), 0);
}

static void assert_starts(const mp_local_options *options, mp_local_place *place) {
  mp_error *error = NULL;
  if (mp_local_start(options, place, &error)) {
    assert_true(place->pid > 0);
    return;
  }
  char *text = mp_error_describe(error);
  fail_msg("did not start: %s", text);
}

static void assert_refuses(const mp_local_options *options, const char *message, const char *hint) {
  mp_error *error = NULL;
  mp_local_place place = {0};
  assert_false(mp_local_start(options, &place, &error));
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_LOCAL);
  if (strstr(mp_error_message(error), message) == NULL) fail_msg("another message: %s", mp_error_message(error));
  if (hint != NULL) assert_non_null(strstr(mp_error_get(error, MP_ERROR_HINT), hint));
  mp_error_free(error);
}

/* What a query answers, in `answer`. */
static const char *ask(const mp_local_place *place, const char *sql, char answer[256]) {
  PGconn *connection = PQconnectdb(place->url);
  if (PQstatus(connection) != CONNECTION_OK) fail_msg("%s", PQerrorMessage(connection));
  PGresult *result = PQexec(connection, sql);
  if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK) {
    fail_msg("%s: %s", sql, PQresultErrorMessage(result));
  }
  snprintf(answer, 256, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
  PQclear(result);
  PQfinish(connection);
  return answer;
}

static void assert_answers(const mp_local_place *place, const char *sql, const char *expected) {
  char answer[256];
  assert_string_equal(ask(place, sql, answer), expected);
}

static void assert_does_not_run(const mp_local_options *options) {
  mp_local_place place = {0};
  assert_true(mp_local_status(options, &place, NULL));
  assert_int_equal(place.pid, 0);
  mp_local_place_finish(&place);
}

static pid_t fork_sleeper_of(const mp__account *account) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  if (mp__account_become(account)) pause();
  _exit(1);
}

static void end_child(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
}

static void find_site(const fixture *self, mp__site *site) {
  assert_true(mp__site_find(self->folder, site, NULL));
}

/* ---- Setting up ---- */

static int set_up_all(void **state) {
  fixture *self = calloc(1, sizeof *self);
  if (self == NULL) return -1;
  snprintf(self->root, sizeof self->root, "/tmp/mp-local-XXXXXX");
  if (mkdtemp(self->root) == NULL || chmod(self->root, 0755) != 0) return -1;
  snprintf(self->made, sizeof self->made, "%s/made", self->root);
  mp_local_options options = {.folder = self->made, .throw_away = true};
  mp_local_place place = {0};
  mp_error *error = NULL;
  if (!mp_local_start(&options, &place, &error) || !mp_local_stop(&options, &error)) {
    fprintf(stderr, "%s\n", mp_error_describe(error));
    return -1;
  }
  mp_local_place_finish(&place);
  snprintf(self->shared, sizeof self->shared, "%s/shared", self->root);
  shell("cp -a '%s' '%s'", self->made, self->shared);
  *state = self;
  return 0;
}

static int tear_down_all(void **state) {
  fixture *self = *state;
  mp_local_options shared = {.folder = self->shared};
  mp_local_stop(&shared, NULL);
  shell("rm -rf '%s'", self->root);
  free(self);
  return 0;
}

static int set_up(void **state) {
  fixture *self = *state;
  snprintf(self->folder, sizeof self->folder, "%s/server", self->root);
  self->usual = (mp_local_options){.folder = self->folder, .throw_away = true};
  return 0;
}

/* The server that was made, which runs from the first such test to the end. */
static int set_up_shared(void **state) {
  fixture *self = *state;
  self->usual = (mp_local_options){.folder = self->shared, .throw_away = true};
  mp_local_place place = {0};
  bool ok = mp_local_start(&self->usual, &place, NULL);
  mp_local_place_finish(&place);
  return ok ? 0 : -1;
}

static int set_up_made(void **state) {
  fixture *self = *state;
  set_up(state);
  shell("cp -a '%s' '%s'", self->made, self->folder);
  return 0;
}

static int tear_down(void **state) {
  fixture *self = *state;
  mp_local_stop(&self->usual, NULL);
  shell("rm -rf '%s'", self->folder);
  return 0;
}

/* ---- Making and starting ---- */

static void on_say(void *context, const char *text) {
  char *said = context;
  strncat(said, text, 1000 - strlen(said));
}

static void makes_a_durable_server(void **state) {
  fixture *self = *state;
  char said[1024] = "";
  mp_local_options durable = {.folder = self->folder, .say = on_say, .context = said};
  mp_local_place place = {0};
  assert_starts(&durable, &place);
  assert_answers(&place, "select current_user || ' ' || current_database()", "moonpool moonpool");
  assert_answers(&place, "select rolsuper from pg_roles where rolname = current_user", "t");
  assert_answers(&place, "show fsync", "on");
  assert_answers(&place, "show track_commit_timestamp", "on");
  assert_answers(&place, "show listen_addresses", "");
  assert_answers(&place, "show server_encoding", "UTF8");
  assert_answers(&place, "select upper('äß') || lower('Ñ')", "Äßñ");
  assert_non_null(strstr(said, "making a private PostgreSQL"));
  mp_local_place_finish(&place);
}

static void makes_a_throw_away_server(void **state) {
  fixture *self = *state;
  mp_local_place place = {0};
  assert_starts(&self->usual, &place);
  assert_answers(&place, "show fsync", "off");
  mp_local_place_finish(&place);
}

static void lets_in_nobody_else(void **state) {
  fixture *self = *state;
  mp_local_place place = {0};
  struct stat about;
  assert_starts(&self->usual, &place);
  assert_int_equal(lstat(place.socket, &about), 0);
  assert_int_equal(about.st_mode & 0777, 0700);
  assert_answers(&place, "select count(*) from pg_hba_file_rules where auth_method <> 'peer' or type <> 'local'", "0");
  mp_local_place_finish(&place);
}

static void starts_once(void **state) {
  fixture *self = *state;
  mp_local_place first = {0}, again = {0};
  assert_starts(&self->usual, &first);
  assert_starts(&self->usual, &again);
  assert_int_equal(first.pid, again.pid);
  assert_string_equal(first.url, again.url);
  mp_local_place_finish(&first);
  mp_local_place_finish(&again);
}

static void finds_a_running_server_within_a_millisecond(void **state) {
  fixture *self = *state;
  mp_local_place place = {0};
  int64_t best = INT64_MAX;
  assert_starts(&self->usual, &place);
  mp_local_place_finish(&place);
  for (int i = 0; i < 100; i++) {
    int64_t started = mp_clock_now();
    assert_starts(&self->usual, &place);
    int64_t took = mp_clock_now() - started;
    if (took < best) best = took;
    mp_local_place_finish(&place);
  }
  assert_true(best < MP_MILLISECOND);
}

static void start_and_exit(const mp_local_options *options) {
  mp_local_place place = {0};
  _exit(mp_local_start(options, &place, NULL) && place.pid > 0 ? 0 : 1);
}

static void starts_once_for_ten_at_once(void **state) {
  fixture *self = *state;
  enum { COUNT = 10 };
  pid_t children[COUNT];
  for (int i = 0; i < COUNT; i++) {
    children[i] = fork();
    if (children[i] == 0) start_and_exit(&self->usual);
  }
  for (int i = 0; i < COUNT; i++) {
    int status = -1;
    assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_int_equal(status, 0);
  }
  char log[65536];
  mp_local_place place = {0};
  assert_starts(&self->usual, &place);
  assert_true(mp__local_read(place.log, log, sizeof log) > 0);
  const char *start = strstr(log, "starting PostgreSQL");
  assert_non_null(start);
  assert_null(strstr(start + 1, "starting PostgreSQL"));
  mp_local_place_finish(&place);
}

/* ---- Apart from who started it ---- */

static void inherits_no_descriptor(void **state) {
  fixture *self = *state;
  int ends[2];
  char byte;
  mp_local_place place = {0};
  assert_int_equal(pipe(ends), 0);
  assert_starts(&self->usual, &place);
  close(ends[1]);
  assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
  assert_int_equal(read(ends[0], &byte, 1), 0); /* the end of file: nobody else has the writing end */
  close(ends[0]);
  mp_local_place_finish(&place);
}

static void inherits_no_environment(void **state) {
  fixture *self = *state;
  char path[64], environment[4096];
  mp_local_place place = {0};
  setenv("DATABASE_URL", "postgres://user:hunter2@host/base", 1);
  assert_starts(&self->usual, &place);
  unsetenv("DATABASE_URL");
  snprintf(path, sizeof path, "/proc/%d/environ", place.pid);
  ssize_t size = mp__local_read(path, environment, sizeof environment);
  assert_true(size > 0);
  assert_null(memmem(environment, (size_t)size, "hunter2", strlen("hunter2")));
  mp_local_place_finish(&place);
}

static void outlives_the_terminal_of_its_starter(void **state) {
  fixture *self = *state;
  pid_t starter = fork();
  if (starter == 0) {
    setpgid(0, 0);
    start_and_exit(&self->usual);
  }
  assert_int_equal(waitpid(starter, NULL, 0), starter);
  assert_int_equal(kill(-starter, SIGINT), -1); /* nobody is left in its process group */
  mp_local_place place = {0};
  assert_true(mp_local_status(&self->usual, &place, NULL));
  assert_true(place.pid > 0);
  assert_int_not_equal(getsid(place.pid), getsid(0));
  mp_local_place_finish(&place);
}

/* ---- After a kill ---- */

static void assert_soon_does_not_run(const mp_local_options *options) {
  for (int i = 0; i < 1000; i++) {
    mp_local_place place = {0};
    assert_true(mp_local_status(options, &place, NULL));
    bool runs = place.pid != 0;
    mp_local_place_finish(&place);
    if (!runs) return;
    mp__local_nap(10);
  }
  fail_msg("a killed server still runs");
}

/* Kills the server under a statement that would go on for long, with committed data in a table. */
static void kill_server(const mp_local_options *options, mp_local_place *place) {
  char answer[256];
  assert_starts(options, place);
  ask(place, "create table kept as select 42 as value", answer);
  PGconn *busy = PQconnectdb(place->url);
  assert_int_equal(PQsendQuery(busy, "select count(*) from generate_series(1, 100000000000)"), 1);
  while (
      strcmp(ask(place, "select count(*) from pg_stat_activity where query like '%100000000000)' and state = 'active'",
                 answer),
             "1") != 0) {
    mp__local_nap(10);
  }
  assert_int_equal(kill(place->pid, SIGKILL), 0);
  assert_soon_does_not_run(options);
  PQfinish(busy);
}

static void starts_after_the_server_was_killed(void **state) {
  fixture *self = *state;
  mp_local_place killed = {0}, place = {0};
  kill_server(&self->usual, &killed);
  assert_starts(&self->usual, &place);
  assert_int_not_equal(place.pid, killed.pid);
  assert_answers(&place, "select value from kept", "42");
  mp_local_place_finish(&killed);
  mp_local_place_finish(&place);
}

/* PostgreSQL itself would refuse: another process of its account has the number in its pid file. */
static void starts_when_the_number_has_gone_to_another(void **state) {
  fixture *self = *state;
  mp__site site;
  mp_local_place place = {0};
  find_site(self, &site);
  pid_t sleeper = fork_sleeper_of(&site.account);
  shell("printf '%d\n%s\n1\n5432\n%s\n\n\nready\n' > '%s/postmaster.pid'", (int)sleeper, site.place.data,
        site.place.socket, site.place.data);
  assert_true(mp__site_make_socket_folder(&site, NULL));
  shell("cp '%s/postmaster.pid' '%s/.s.PGSQL.5432.lock'", site.place.data, site.place.socket);
  assert_does_not_run(&self->usual);
  assert_starts(&self->usual, &place);
  assert_int_equal(kill(sleeper, 0), 0);
  end_child(sleeper);
  mp__site_finish(&site);
  mp_local_place_finish(&place);
}

/* The starter is killed after each of these times: within initdb, the making of the database, the start. */
static void starts_after_a_starter_was_killed(void **state) {
  fixture *self = *state;
  static const int milliseconds[] = {20, 500, 1000};
  for (size_t i = 0; i < sizeof milliseconds / sizeof *milliseconds; i++) {
    mp_local_place place = {0};
    pid_t starter = fork();
    if (starter == 0) start_and_exit(&self->usual);
    mp__local_nap(milliseconds[i]);
    end_child(starter);
    assert_starts(&self->usual, &place);
    assert_answers(&place, "select current_database()", "moonpool");
    assert_true(mp_local_stop(&self->usual, NULL));
    shell("rm -rf '%s'", self->folder);
    mp_local_place_finish(&place);
  }
}

/* The server that it had launched goes on, and is the one that is found. */
static void finds_the_server_of_a_starter_that_was_killed(void **state) {
  fixture *self = *state;
  mp_local_place place = {0};
  char path[PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/postgres/postmaster.pid", self->folder);
  pid_t starter = fork();
  if (starter == 0) start_and_exit(&self->usual);
  for (int i = 0; access(path, F_OK) != 0 && i < 60000; i++)
    mp__local_nap(1);
  end_child(starter);
  int64_t begun = mp_clock_now();
  assert_starts(&self->usual, &place);
  assert_true(mp_clock_now() - begun < 60 * MP_SECOND); /* half of what is waited at most */
  assert_answers(&place, "select 1", "1");
  mp_local_place_finish(&place);
}

static void removes_what_a_killed_starter_left(void **state) {
  fixture *self = *state;
  mp_local_place place = {0};
  shell("mkdir -p '%s/postgres.new/base' && echo 15 > '%s/postgres.new/PG_VERSION'", self->folder, self->folder);
  assert_starts(&self->usual, &place);
  mp_local_place_finish(&place);
}

static void starts_again_when_its_socket_is_gone(void **state) {
  fixture *self = *state;
  mp_local_place lost = {0}, place = {0};
  assert_starts(&self->usual, &lost);
  shell("rm -rf '%s'", lost.socket);
  assert_starts(&self->usual, &place);
  assert_int_not_equal(place.pid, lost.pid);
  assert_answers(&place, "select 1", "1");
  mp_local_place_finish(&lost);
  mp_local_place_finish(&place);
}

/* ---- Copied and moved ---- */

static void keeps_the_server_of_a_folder_that_moves(void **state) {
  fixture *self = *state;
  char moved[PATH_MAX];
  mp_local_place before = {0}, after = {0}, fresh = {0};
  assert_starts(&self->usual, &before);
  snprintf(moved, sizeof moved, "%s/moved", self->root);
  assert_int_equal(rename(self->folder, moved), 0);
  mp_local_options options = {.folder = moved};
  assert_starts(&options, &after);
  assert_int_equal(after.pid, before.pid);
  assert_answers(&after, "show data_directory", before.data); /* where it was started */
  shell("cp -a '%s' '%s'", self->made, self->folder);
  assert_starts(&self->usual, &fresh);
  assert_string_not_equal(fresh.socket, after.socket);
  assert_true(mp_local_stop(&self->usual, NULL));
  shell("rm -rf '%s'", self->folder);
  assert_int_equal(rename(moved, self->folder), 0);
  mp_local_place_finish(&before);
  mp_local_place_finish(&after);
  mp_local_place_finish(&fresh);
}

static void does_not_take_a_copy_for_the_original(void **state) {
  fixture *self = *state;
  char copy[PATH_MAX];
  mp_local_place original = {0};
  assert_starts(&self->usual, &original);
  snprintf(copy, sizeof copy, "%s/copy", self->root);
  shell("cp -a '%s' '%s'", self->folder, copy);
  mp_local_options options = {.folder = copy};
  assert_does_not_run(&options);
  shell("rm -rf '%s'", copy);
  mp_local_place_finish(&original);
}

/* ---- Refusals ---- */

static void refuses_data_of_another_version(void **state) {
  fixture *self = *state;
  shell("echo 9 > '%s/postgres/PG_VERSION'", self->folder);
  assert_refuses(&self->usual, "made by PostgreSQL 9, but only PostgreSQL", "apt install postgresql-9");
}

static void refuses_a_folder_without_data(void **state) {
  fixture *self = *state;
  shell("mkdir -p '%s/postgres'", self->folder);
  assert_refuses(&self->usual, "holds no data of PostgreSQL", NULL);
}

static void says_what_to_install(void **state) {
  fixture *self = *state;
  mp_local_options options = {.folder = self->folder, .programs = "/nowhere"};
  assert_refuses(&options, "there is no PostgreSQL in /nowhere", "apt install postgresql");
}

static void tells_the_servers_own_words(void **state) {
  fixture *self = *state;
  mp_error *error = NULL;
  mp_local_place place = {0};
  shell("echo 'no_such_setting = 1' >> '%s/postgres/postgresql.conf'", self->folder);
  assert_false(mp_local_start(&self->usual, &place, &error));
  assert_non_null(strstr(mp_error_get(error, MP_ERROR_DETAIL), "no_such_setting"));
  mp_error_free(error);
}

static void says_what_it_was_doing_as_a_program_failed(void **state) {
  fixture *self = *state;
  mp_error *error = NULL;
  mp_local_place place = {0};
  char message[2 * PATH_MAX], *programs = strdup(getenv("PATH"));
  setenv("PATH", "/nonexistent", 1);
  const bool started = mp_local_start(&self->usual, &place, &error);
  setenv("PATH", programs, 1);
  free(programs);
  assert_false(started);
  snprintf(message, sizeof message, "cannot make the private server in %s: rm failed", self->folder);
  assert_string_equal(mp_error_message(error), message);
  assert_string_equal(mp_error_get(error, MP_ERROR_DETAIL), "cannot run rm: No such file or directory");
  mp_error_free(error);
}

static void refuses_a_socket_folder_that_is_a_link(void **state) {
  fixture *self = *state;
  mp__site site;
  find_site(self, &site);
  assert_int_equal(symlink(self->root, site.place.socket), 0);
  assert_refuses(&self->usual, site.place.socket, "remove it");
  assert_int_equal(unlink(site.place.socket), 0);
  mp__site_finish(&site);
}

static void refuses_a_socket_folder_of_another(void **state) {
  fixture *self = *state;
  mp__site site;
  if (geteuid() != 0) skip();
  find_site(self, &site);
  assert_int_equal(mkdir(site.place.socket, 0700), 0);
  assert_int_equal(chown(site.place.socket, 65534, 65534), 0);
  assert_refuses(&self->usual, site.place.socket, "remove it");
  assert_int_equal(rmdir(site.place.socket), 0);
  mp__site_finish(&site);
}

static void refuses_a_folder_that_the_account_cannot_reach(void **state) {
  fixture *self = *state;
  if (geteuid() != 0) skip();
  assert_int_equal(mkdir(self->folder, 0700), 0);
  assert_refuses(&self->usual, "cannot reach the folder", NULL);
}

static void refuses_the_server_of_another_user(void **state) {
  fixture *self = *state;
  int status = -1;
  if (geteuid() != 0) skip();
  pid_t child = fork();
  if (child == 0) {
    mp_error *error = NULL;
    mp_local_place place = {0};
    const mp__account nobody = {.uid = 65534, .gid = 65534};
    bool refused = mp__account_become(&nobody) && !mp_local_start(&self->usual, &place, &error) &&
                   strstr(mp_error_message(error), "belongs to the user postgres") != NULL;
    _exit(refused ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

/* ---- Stopping ---- */

static void stops(void **state) {
  fixture *self = *state;
  mp_local_place place = {0}, after = {0};
  assert_starts(&self->usual, &place);
  PGconn *idle = PQconnectdb(place.url);
  assert_true(mp_local_stop(&self->usual, NULL));
  int fd = -1;
  mp__site site;
  find_site(self, &site);
  assert_int_equal(mp__local_lock(site.run_lock, &fd, NULL), MP__LOCK_TAKEN); /* not one of its processes is left */
  close(fd);
  mp__site_finish(&site);
  assert_true(mp_local_status(&self->usual, &after, NULL));
  assert_int_equal(after.pid, 0);
  assert_true(after.version > 9);
  assert_int_equal(access(place.socket, F_OK), -1);
  assert_true(mp_local_stop(&self->usual, NULL));
  PQfinish(idle);
  mp_local_place_finish(&place);
  mp_local_place_finish(&after);
}

static void tells_of_a_server_that_is_not_made(void **state) {
  fixture *self = *state;
  mp_local_place place = {0};
  assert_true(mp_local_status(&self->usual, &place, NULL));
  assert_int_equal(place.pid, 0);
  assert_int_equal(place.version, 0);
  assert_null(place.url);
  assert_int_equal(access(self->folder, F_OK), -1);
  assert_true(mp_local_stop(&self->usual, NULL));
  mp_local_place_finish(&place);
}

/* ---- The project ---- */

static void finds_the_project_above(void **state) {
  fixture *self = *state;
  char *here = realpath(".", NULL);
  shell("mkdir -p '%s/migrations' '%s/one/two'", self->folder, self->folder);
  char deep[PATH_MAX + 16];
  snprintf(deep, sizeof deep, "%s/one/two", self->folder);
  assert_int_equal(chdir(deep), 0);
  char *project = mp_local_project();
  assert_string_equal(project, self->folder);
  mp_local_place place = {0};
  char expected[PATH_MAX + 16];
  snprintf(expected, sizeof expected, "%s/.moonpool", self->folder);
  assert_true(mp_local_status(NULL, &place, NULL));
  assert_string_equal(place.folder, expected);
  assert_int_equal(chdir(here), 0);
  mp_local_place_finish(&place);
  free(project);
  free(here);
}

static void uses_the_users_folder_without_a_project(void **state) {
  (void)state;
  char *here = realpath(".", NULL);
  mp_local_place place = {0};
  assert_int_equal(chdir("/"), 0);
  assert_null(mp_local_project());
  setenv("XDG_DATA_HOME", "/tmp/data", 1);
  assert_true(mp_local_status(NULL, &place, NULL));
  assert_string_equal(place.folder, "/tmp/data/moonpool");
  unsetenv("XDG_DATA_HOME");
  assert_int_equal(chdir(here), 0);
  mp_local_place_finish(&place);
  free(here);
}

#define FRESH(test)  cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define SHARED(test) cmocka_unit_test_setup(test, set_up_shared)
#define MADE(test)   cmocka_unit_test_setup_teardown(test, set_up_made, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      FRESH(makes_a_durable_server),
      SHARED(makes_a_throw_away_server),
      SHARED(lets_in_nobody_else),
      SHARED(starts_once),
      SHARED(finds_a_running_server_within_a_millisecond),
      FRESH(starts_once_for_ten_at_once),
      MADE(inherits_no_descriptor),
      MADE(inherits_no_environment),
      MADE(outlives_the_terminal_of_its_starter),
      MADE(starts_after_the_server_was_killed),
      MADE(starts_when_the_number_has_gone_to_another),
      FRESH(starts_after_a_starter_was_killed),
      MADE(finds_the_server_of_a_starter_that_was_killed),
      FRESH(removes_what_a_killed_starter_left),
      MADE(starts_again_when_its_socket_is_gone),
      MADE(keeps_the_server_of_a_folder_that_moves),
      MADE(does_not_take_a_copy_for_the_original),
      MADE(refuses_data_of_another_version),
      FRESH(refuses_a_folder_without_data),
      FRESH(says_what_to_install),
      FRESH(says_what_it_was_doing_as_a_program_failed),
      MADE(tells_the_servers_own_words),
      MADE(refuses_a_socket_folder_that_is_a_link),
      MADE(refuses_a_socket_folder_of_another),
      FRESH(refuses_a_folder_that_the_account_cannot_reach),
      SHARED(refuses_the_server_of_another_user),
      MADE(stops),
      FRESH(tells_of_a_server_that_is_not_made),
      FRESH(finds_the_project_above),
      FRESH(uses_the_users_folder_without_a_project),
  };
  return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
