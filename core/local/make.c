/* initdb, the settings, the rules of who may connect, the database. Everything is written by the server's account. */
#include "local/make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local/files.h"
#include "local/process.h"

enum { OUTPUT_LIMIT = 65536 };

static const char settings[] = "\n# Written by Moonpool when it made this server, and yours to change from then on.\n"
                               "listen_addresses = ''\n"
                               "unix_socket_permissions = 0700\n"
                               "track_commit_timestamp = on\n"
                               "log_line_prefix = '%m [%p] %q%u@%d '\n";

static const char careless_settings[] = "# A throw-away server: a power failure may destroy it.\n"
                                        "fsync = off\n"
                                        "full_page_writes = off\n";

static const char access_rules[] = "# TYPE DATABASE USER ADDRESS METHOD: whom pg_ident.conf names, and nobody else\n"
                                   "local all all peer map=moonpool\n"
                                   "local replication all peer map=moonpool\n";

typedef struct new_data {
  const mp__site *site;
  const mp__programs *programs;
  int lock_fd;
  char *folder; /* the unfinished data folder */
} new_data;

/* That a program failed says little to a user who did not know that any would run. */
static void tell_purpose(const new_data *making, mp_error *error) {
  mp_error_putf(error, MP_ERROR_MESSAGE, "cannot make the private server in %s: %s", making->site->place.folder,
                mp_error_message(error));
}

static bool run(const new_data *making, const char *const arguments[], const char *input, const mp__account *account,
                mp_error **error) {
  mp_buffer output;
  mp_buffer_init(&output, OUTPUT_LIMIT);
  mp__process process = {.arguments = arguments, .account = account, .input = input, .kept_fd = making->lock_fd};
  bool ok = mp__process_run(&process, &output, error);
  mp_buffer_finish(&output);
  if (!ok && error != NULL) tell_purpose(making, *error);
  return ok;
}

static bool run_as_account(const new_data *making, const char *const arguments[], const char *input, mp_error **error) {
  return run(making, arguments, input, &making->site->account, error);
}

static bool remove_unfinished(const new_data *making, mp_error **error) {
  const char *arguments[] = {"rm", "-rf", "--", making->folder, NULL};
  return run(making, arguments, NULL, NULL, error);
}

static bool make_empty_folder(const new_data *making, mp_error **error) {
  const mp__account *account = &making->site->account;
  if (mkdir(making->folder, 0700) == 0 &&
      (account->uid == geteuid() || chown(making->folder, account->uid, account->gid) == 0)) {
    return true;
  }
  return mp_error_set(error, MP_ERROR_LOCAL, "cannot make the data folder %s: %s", making->folder, strerror(errno));
}

static bool run_initdb(const new_data *making, bool throw_away, mp_error **error) {
  char *program = mp__local_format(error, "%s/initdb", making->programs->folder);
  if (program == NULL) return false;
  const char *arguments[] = {program,
                             "--pgdata",
                             making->folder,
                             "--username=moonpool",
                             "--encoding=UTF8",
                             "--locale=C.UTF-8",
                             "--lc-messages=C",
                             "--auth=peer",
                             throw_away ? "--no-sync" : NULL,
                             NULL};
  bool ok = run_as_account(making, arguments, NULL, error);
  free(program);
  return ok;
}

/* Adds text to a file of the data folder, or replaces the file. By the account itself: root writes to no folder in
 * which another user could have put a link. */
static bool write_file(const new_data *making, const char *name, bool adds, const char *text, mp_error **error) {
  char *path = mp__local_format(error, "%s/%s", making->folder, name);
  if (path == NULL) return false;
  const char *arguments[] = {"sh", "-c", adds ? "cat >> \"$0\"" : "cat > \"$0\"", path, NULL};
  bool ok = run_as_account(making, arguments, text, error);
  free(path);
  return ok;
}

static bool write_identities(const new_data *making, mp_error **error) {
  char *text = mp__local_format(error,
                                "# MAP ACCOUNT ROLE\n"
                                "moonpool root moonpool\n"
                                "moonpool \"%s\" moonpool\n",
                                making->site->account.name);
  bool ok = text != NULL && write_file(making, "pg_ident.conf", false, text, error);
  free(text);
  return ok;
}

static bool make_database(const new_data *making, mp_error **error) {
  char *program = mp__local_format(error, "%s/postgres", making->programs->folder);
  if (program == NULL) return false;
  const char *arguments[] = {program, "--single", "-D", making->folder, "-c", "exit_on_error=on", "postgres", NULL};
  bool ok = run_as_account(making, arguments, "create database moonpool\n", error);
  free(program);
  return ok;
}

/* The rename must reach the disk as well, else a power failure could undo it under a running server. */
static bool put_into_place(const new_data *making, mp_error **error) {
  const char *data = making->site->place.data;
  if (rename(making->folder, data) != 0) {
    return mp_error_set(error, MP_ERROR_LOCAL, "cannot rename %s to %s: %s", making->folder, data, strerror(errno));
  }
  int fd = open(making->site->place.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
  return true;
}

bool mp__make_data(const mp__site *site, const mp__programs *programs, bool throw_away, int lock_fd, mp_error **error) {
  new_data making = {.site = site, .programs = programs, .lock_fd = lock_fd};
  making.folder = mp__local_format(error, "%s.new", site->place.data);
  bool ok = making.folder != NULL && remove_unfinished(&making, error) && make_empty_folder(&making, error) &&
            run_initdb(&making, throw_away, error) && write_file(&making, "postgresql.conf", true, settings, error) &&
            (!throw_away || write_file(&making, "postgresql.conf", true, careless_settings, error)) &&
            write_file(&making, "pg_hba.conf", false, access_rules, error) && write_identities(&making, error) &&
            make_database(&making, error) && put_into_place(&making, error);
  free(making.folder);
  return ok;
}
