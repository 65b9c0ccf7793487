/* A private server that a test program makes, stops and starts. The role guarded has to give a password ("right"),
 * scarce may have one session. */
#ifndef SPEC_POOL_PRIVATE_SERVER_H
#define SPEC_POOL_PRIVATE_SERVER_H

#include <sys/stat.h>

#include "local/cluster.h"
#include "support.h"

typedef struct fixture {
  char folder[64];
  mp_local_options options;
  mp_local_place place;
} fixture;

/* ---- the private server ---- */

UNUSED static void start_server(fixture *self) {
  mp_error *error = NULL;
  mp_local_place_finish(&self->place);
  mp_local_start(&self->options, &self->place, &error);
  assert_no_error(error);
}

UNUSED static void stop_server(fixture *self) {
  mp_error *error = NULL;
  mp_local_stop(&self->options, &error);
  assert_no_error(error);
}

UNUSED __attribute__((format(printf, 2, 3))) static int64_t ask_private(fixture *self, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int64_t answer = ask_at(self->place.url, format, arguments);
  va_end(arguments);
  return answer;
}

UNUSED static void write_file(const fixture *self, const char *name, const char *mode, const char *text) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", self->place.data, name);
  FILE *file = fopen(path, mode);
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

UNUSED static int make_server(void **state) {
  fixture *self = calloc(1, sizeof *self);
  strcpy(self->folder, "/tmp/mp-outage-XXXXXX");
  if (mkdtemp(self->folder) == NULL || chmod(self->folder, 0755) != 0) return -1;
  self->options = (mp_local_options){.folder = self->folder, .throw_away = true};
  *state = self;
  start_server(self);
  ask_private(self, "create role guarded login password 'right'; create role scarce login connection limit 1");
  write_file(self, "pg_hba.conf", "w",
             "local all guarded scram-sha-256\nlocal all scarce trust\nlocal all all peer map=moonpool\n");
  ask_private(self, "select pg_reload_conf()::int");
  return 0;
}

UNUSED static int remove_server(void **state) {
  fixture *self = *state;
  char command[128];
  stop_server(self);
  snprintf(command, sizeof command, "rm -rf %s", self->folder);
  int removed = system(command);
  mp_local_place_finish(&self->place);
  free(self);
  return removed;
}

#define open_private(self, ...) open_pool_at((self)->place.url, (const char *const[]){__VA_ARGS__, NULL})

#endif
