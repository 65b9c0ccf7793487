/* Start, status and stop. Two locks order it all: the start lock is held by whoever makes or starts the server, the run
 * lock by the server itself, down to its last process. So whether one runs never depends on a number in a pid file. */
#include "local/cluster.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "local/files.h"
#include "local/make.h"
#include "local/place.h"
#include "local/postmaster.h"
#include "local/process.h"
#include "local/programs.h"

enum { START_SECONDS = 120, STOP_SECONDS = 60, POLITE_SECONDS = 5, NAP = 10 /* milliseconds */ };

static const mp_local_options usual = {0};

void mp_local_place_finish(mp_local_place *place) {
  free(place->folder);
  free(place->data);
  free(place->log);
  free(place->socket);
  free(place->url);
  *place = (mp_local_place){0};
}

static void say(const mp_local_options *options, const char *text) {
  if (options->say != NULL) options->say(options->context, text);
}

static int version_of_data(const char *data) {
  char *path = mp__local_format(NULL, "%s/PG_VERSION", data);
  char text[16] = "";
  if (path != NULL) mp__local_read(path, text, sizeof text);
  free(path);
  return (int)strtol(text, NULL, 10);
}

/* ---- Is it there? ---- */

static bool has_socket(const mp__site *site, const mp__postmaster *server) {
  struct stat about;
  char *path = mp__local_format(NULL, "%s/.s.PGSQL.%d", server->socket_folder, server->port);
  bool has = path != NULL && mp__site_trusts(site, server->socket_folder) && lstat(path, &about) == 0 &&
             S_ISSOCK(about.st_mode);
  free(path);
  return has;
}

/* Whether it runs and can be connected to; then the place tells its process and its socket. */
static bool is_ready(mp__site *site) {
  mp__postmaster server;
  mp_local_place *place = &site->place;
  place->pid = 0;
  if (!mp__postmaster_find(place->data, &server) || !server.is_ready || !has_socket(site, &server)) return false;
  char *socket = strdup(server.socket_folder);
  if (socket == NULL) return false;
  free(place->socket);
  place->socket = socket;
  place->port = server.port;
  place->pid = (int)server.pid;
  return true;
}

static bool finish_place(mp__site *site, mp_local_place *out, mp_error **error) {
  mp_local_place *place = &site->place;
  place->version = version_of_data(place->data);
  if (place->socket != NULL) {
    place->url =
        mp__local_format(error, "postgresql:///moonpool?host=%s&port=%d&user=moonpool", place->socket, place->port);
    if (place->url == NULL) return false;
  }
  *out = *place;
  *place = (mp_local_place){0};
  return true;
}

/* ---- Ending it ---- */

static bool refuse_to_wait(const mp__site *site, const char *what, mp_error **error) {
  mp_error_set(error, MP_ERROR_LOCAL, "the private server in %s %s", site->place.folder, what);
  if (error != NULL) mp_error_putf(*error, MP_ERROR_HINT, "its log may say why: %s", site->place.log);
  return false;
}

static bool stop_server(const mp__site *site, mp_error **error) {
  mp__postmaster server;
  int64_t deadline = mp_clock_after(STOP_SECONDS);
  if (!mp__postmaster_find(site->place.data, &server)) return true;
  if (kill(server.pid, SIGINT) != 0 && errno != ESRCH) {
    return mp_error_set(error, MP_ERROR_LOCAL, "cannot stop the private server (process %d): %s", (int)server.pid,
                        strerror(errno));
  }
  while (mp__postmaster_find(site->place.data, &server)) {
    if (mp_clock_now() > deadline) return refuse_to_wait(site, "does not stop", error);
    mp__local_nap(NAP);
  }
  return true;
}

/* Waits until no process of an earlier server is left and takes the run lock. What a killed server left behind is
 * ended: its memory is lost, so there is nothing that it could still finish. *fd stays -1 where there is a server that
 * can be connected to: whoever started it was killed while it was not yet ready. */
static bool take_run_lock(const mp__site *site, int *fd, mp_error **error) {
  int64_t started = mp_clock_now();
  for (;;) {
    mp__postmaster server;
    bool is_alive = mp__postmaster_find(site->place.data, &server);
    if (is_alive && server.is_ready && has_socket(site, &server)) return true;
    mp__lock_result result = is_alive ? MP__LOCK_HELD : mp__local_lock(site->run_lock, fd, error);
    if (result != MP__LOCK_HELD) return result == MP__LOCK_TAKEN;
    int64_t waited = mp_clock_now() - started;
    if (waited > START_SECONDS * MP_SECOND) return refuse_to_wait(site, "neither runs nor ends", error);
    if (!is_alive) {
      mp__postmaster_signal_orphans(site->name, site->account.uid,
                                    waited < POLITE_SECONDS * MP_SECOND ? SIGQUIT : SIGKILL);
    }
    mp__local_nap(NAP);
  }
}

/* ---- Starting it ---- */

static bool refuse_version(const mp__site *site, int version, mp_error **error) {
  if (error != NULL && version != 0) {
    mp_error_putf(*error, MP_ERROR_DETAIL, "data folder: %s", site->place.data);
    mp_error_putf(*error, MP_ERROR_HINT,
                  "install PostgreSQL %d beside it (Debian, Ubuntu: apt install postgresql-%d), or move that folder "
                  "away to begin with an empty server",
                  version, version);
  }
  return false;
}

static bool find_programs(const mp_local_options *options, const mp__site *site, mp__programs *programs,
                          mp_error **error) {
  int version = 0;
  if (mp__local_is_folder(site->place.data)) {
    version = version_of_data(site->place.data);
    if (version == 0) {
      return mp_error_set(error, MP_ERROR_LOCAL, "%s holds no data of PostgreSQL (no PG_VERSION): move it away",
                          site->place.data);
    }
  }
  if (mp__programs_find(options->programs, version, &site->account, programs, error)) return true;
  return refuse_version(site, version, error);
}

static bool make_when_missing(const mp_local_options *options, mp__site *site, const mp__programs *programs,
                              int lock_fd, mp_error **error) {
  if (mp__local_is_folder(site->place.data)) return true;
  char *text = mp__local_format(error, "making a private PostgreSQL %d in %s", programs->version, site->place.folder);
  if (text == NULL) return false;
  say(options, text);
  free(text);
  return mp__make_data(site, programs, options->throw_away, lock_fd, error) && mp__site_name(site, error);
}

/* The run lock is ours, so what such a file says is of a dead server. PostgreSQL would believe it if the number has
 * gone to another process of the account meanwhile. */
static bool forget_dead(const char *folder, const char *name, mp_error **error) {
  char *path = mp__local_format(error, "%s/%s", folder, name);
  bool ok = path != NULL && (unlink(path) == 0 || errno == ENOENT);
  if (path != NULL && !ok) {
    mp_error_set(error, MP_ERROR_LOCAL, "cannot remove %s, which a dead server left: %s", path, strerror(errno));
  }
  free(path);
  return ok;
}

static bool launch(const mp__site *site, const mp__programs *programs, int run_fd, mp_error **error) {
  bool ok = false;
  char *program = mp__local_format(error, "%s/postgres", programs->folder);
  char *socket = mp__local_format(error, "unix_socket_directories=%s", site->place.socket);
  char *name = mp__local_format(error, "cluster_name=%s", site->name);
  if (program == NULL || socket == NULL || name == NULL) goto done;
  const char *arguments[] = {program, "-D", site->place.data, "-c", socket, "-c", name, "-c", "port=5432", NULL};
  mp__process process = {.arguments = arguments, .account = &site->account, .kept_fd = run_fd};
  ok = mp__site_make_socket_folder(site, error) && forget_dead(site->place.data, "postmaster.pid", error) &&
       forget_dead(site->place.socket, ".s.PGSQL.5432.lock", error) &&
       mp__process_start_daemon(&process, site->place.log, error);
done:
  free(program);
  free(socket);
  free(name);
  return ok;
}

static bool refuse_dead(const mp__site *site, off_t log_from, mp_error **error) {
  mp_error_set(error, MP_ERROR_LOCAL, "the private server in %s ended while it was starting", site->place.folder);
  char *words = mp__local_read_tail(site->place.log, log_from);
  if (error != NULL) {
    mp_error_put(*error, MP_ERROR_DETAIL, words);
    mp_error_putf(*error, MP_ERROR_HINT, "its log: %s", site->place.log);
  }
  free(words);
  return false;
}

/* The server holds the run lock while it lives; when the lock can be had, it has died. */
static bool await_ready(mp__site *site, off_t log_from, mp_error **error) {
  int64_t deadline = mp_clock_after(START_SECONDS);
  while (!is_ready(site)) {
    int fd = -1;
    mp__lock_result result = mp__local_lock(site->run_lock, &fd, error);
    if (result == MP__LOCK_FAILED) return false;
    if (result == MP__LOCK_TAKEN) {
      close(fd);
      return refuse_dead(site, log_from, error);
    }
    if (mp_clock_now() > deadline) return refuse_to_wait(site, "takes too long to start", error);
    mp__local_nap(NAP);
  }
  return true;
}

/* A server that lives but has lost its socket's folder can serve nobody new and cannot get it back. */
static bool end_unreachable(const mp_local_options *options, const mp__site *site, mp_error **error) {
  mp__postmaster server;
  if (!mp__postmaster_find(site->place.data, &server) || !server.is_ready || has_socket(site, &server)) return true;
  say(options, "the private server's socket is gone: starting it again");
  return stop_server(site, error);
}

/* With the start lock held. */
static bool start(const mp_local_options *options, mp__site *site, int lock_fd, mp_error **error) {
  mp__programs programs = {0};
  int run_fd = -1;
  bool ok = false;
  if (!end_unreachable(options, site, error) || !find_programs(options, site, &programs, error) ||
      !make_when_missing(options, site, &programs, lock_fd, error)) {
    goto done;
  }
  say(options, "starting the private PostgreSQL");
  if (!take_run_lock(site, &run_fd, error)) goto done;
  if (run_fd < 0) {
    ok = is_ready(site) || refuse_to_wait(site, "ended while it was looked at", error);
    goto done;
  }
  struct stat log;
  off_t log_from = stat(site->place.log, &log) == 0 ? log.st_size : 0;
  bool launched = launch(site, &programs, run_fd, error);
  close(run_fd);
  ok = launched && await_ready(site, log_from, error);
done:
  mp__programs_finish(&programs);
  return ok;
}

/* Runs start() once we have the start lock, unless another command has done it while we waited. */
static bool start_once(const mp_local_options *options, mp__site *site, mp_error **error) {
  if (!mp__local_make_folders(site->place.folder, error)) return false;
  int64_t deadline = mp_clock_after(2 * START_SECONDS);
  for (;;) {
    int fd = -1;
    mp__lock_result result = mp__local_lock(site->start_lock, &fd, error);
    if (result == MP__LOCK_FAILED) return false;
    if (is_ready(site)) {
      if (result == MP__LOCK_TAKEN) close(fd);
      return true;
    }
    if (result == MP__LOCK_TAKEN) {
      bool ok = start(options, site, fd, error);
      close(fd);
      return ok;
    }
    if (mp_clock_now() > deadline) return refuse_to_wait(site, "is being started by another command, too long", error);
    mp__local_nap(NAP);
  }
}

/* Under the start lock, so that no command starts it again before it has ended. */
static bool stop_for_good(const mp__site *site, mp_error **error) {
  int start_fd = -1, run_fd = -1;
  int64_t deadline = mp_clock_after(START_SECONDS);
  mp__lock_result result;
  while ((result = mp__local_lock(site->start_lock, &start_fd, error)) == MP__LOCK_HELD) {
    if (mp_clock_now() > deadline) return refuse_to_wait(site, "is being started by another command", error);
    mp__local_nap(NAP);
  }
  bool ok = result == MP__LOCK_TAKEN && stop_server(site, error) && take_run_lock(site, &run_fd, error);
  if (ok) rmdir(site->place.socket);
  if (run_fd >= 0) close(run_fd);
  if (start_fd >= 0) close(start_fd);
  return ok;
}

/* ---- The public calls ---- */

bool mp_local_start(const mp_local_options *options, mp_local_place *place, mp_error **error) {
  if (options == NULL) options = &usual;
  mp__site site;
  if (!mp__site_find(options->folder, &site, error)) return false;
  bool ok = (is_ready(&site) || start_once(options, &site, error)) && finish_place(&site, place, error);
  mp__site_finish(&site);
  return ok;
}

bool mp_local_status(const mp_local_options *options, mp_local_place *place, mp_error **error) {
  if (options == NULL) options = &usual;
  mp__site site;
  if (!mp__site_find(options->folder, &site, error)) return false;
  is_ready(&site);
  bool ok = finish_place(&site, place, error);
  mp__site_finish(&site);
  return ok;
}

bool mp_local_stop(const mp_local_options *options, mp_error **error) {
  if (options == NULL) options = &usual;
  mp__site site;
  if (!mp__site_find(options->folder, &site, error)) return false;
  bool ok = !mp__local_is_folder(site.place.data) || stop_for_good(&site, error);
  mp__site_finish(&site);
  return ok;
}
