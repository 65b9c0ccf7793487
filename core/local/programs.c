/* Finding PostgreSQL: the one that pg_config points to, unless a data folder needs another version, else the newest. */
#include "local/programs.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "local/files.h"
#include "local/process.h"

enum { OUTPUT_LIMIT = 4096 };

typedef struct program_search {
  const mp__account *account;
  int wanted;
  mp__programs best;
} program_search;

static bool holds_program(const char *folder, const char *name) {
  char *path = mp__local_format(NULL, "%s/%s", folder, name);
  bool holds = path != NULL && access(path, X_OK) == 0;
  free(path);
  return holds;
}

/* What a program prints, without the line's end; owned, or NULL when it cannot be run. */
static char *output_of(const char *program, const char *argument, const mp__account *account) {
  const char *arguments[] = {program, argument, NULL};
  mp_buffer output;
  mp_buffer_init(&output, OUTPUT_LIMIT);
  mp__process process = {.arguments = arguments, .account = account, .kept_fd = -1};
  char *text = mp__process_run(&process, &output, NULL) ? mp_buffer_take_text(&output) : NULL;
  mp_buffer_finish(&output);
  if (text != NULL) text[strcspn(text, "\n")] = '\0';
  return text;
}

/* The major version of the programs in a folder, or 0 when there is no server. */
static int version_in(const char *folder, const mp__account *account) {
  if (!holds_program(folder, "initdb") || !holds_program(folder, "postgres")) return 0;
  int version = 0;
  char *program = mp__local_format(NULL, "%s/postgres", folder);
  char *text = program == NULL ? NULL : output_of(program, "--version", account);
  if (text != NULL && sscanf(text, "postgres (PostgreSQL) %d", &version) != 1) version = 0;
  free(text);
  free(program);
  return version;
}

static bool is_settled(const program_search *search) {
  return search->wanted != 0 && search->best.version == search->wanted;
}

static void consider(program_search *search, const char *folder) {
  int version = version_in(folder, search->account);
  bool is_better = version == search->wanted || version > search->best.version;
  if (version == 0 || is_settled(search) || !is_better) return;
  char *copy = strdup(folder);
  if (copy == NULL) return;
  free(search->best.folder);
  search->best = (mp__programs){.folder = copy, .version = version};
}

static void consider_all(program_search *search) {
  char *told = output_of("pg_config", "--bindir", search->account);
  if (told != NULL) consider(search, told);
  free(told);
  if (is_settled(search) || (search->wanted == 0 && search->best.version != 0)) return;
  glob_t found;
  if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; i++)
      consider(search, found.gl_pathv[i]);
  }
  globfree(&found);
}

static bool refuse(const program_search *search, const char *folder, mp_error **error) {
  if (search->best.version == 0) {
    if (folder == NULL) {
      mp_error_set(error, MP_ERROR_LOCAL,
                   "PostgreSQL is not installed: pg_config in PATH names no folder with initdb "
                   "and postgres, and /usr/lib/postgresql has none");
    } else {
      mp_error_set(error, MP_ERROR_LOCAL, "there is no PostgreSQL in %s: initdb and postgres are expected there",
                   folder);
    }
    if (error != NULL) {
      mp_error_put(*error, MP_ERROR_HINT,
                   "install its server (Debian, Ubuntu: apt install postgresql; Fedora: dnf install "
                   "postgresql-server), or set DATABASE_URL to use another server");
    }
    return false;
  }
  mp_error_set(error, MP_ERROR_LOCAL, "the data folder was made by PostgreSQL %d, but only PostgreSQL %d is here (%s)",
               search->wanted, search->best.version, search->best.folder);
  return false;
}

bool mp__programs_find(const char *folder, int wanted, const mp__account *account, mp__programs *programs,
                       mp_error **error) {
  program_search search = {.account = account, .wanted = wanted};
  if (folder != NULL) {
    consider(&search, folder);
  } else {
    consider_all(&search);
  }
  if (search.best.version == 0 || (wanted != 0 && search.best.version != wanted)) {
    refuse(&search, folder, error);
    mp__programs_finish(&search.best);
    return false;
  }
  *programs = search.best;
  return true;
}

void mp__programs_finish(mp__programs *programs) {
  free(programs->folder);
  *programs = (mp__programs){0};
}
