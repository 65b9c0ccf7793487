/* Settings out of the environment, and of the project's `.env` file for names that the environment does not have. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "settings/internal.h"

typedef struct sources {
  char path[PATH_MAX]; /* of the file; empty when there is none */
  mp__env_file file;
} sources;

/* ---- finding the file ---- */

/* folder/name into path; is it of that type? */
static bool is_there(char *path, const char *folder, const char *name, mode_t type) {
  struct stat found;
  int size = snprintf(path, PATH_MAX, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
  return size > 0 && size < PATH_MAX && stat(path, &found) == 0 && (found.st_mode & S_IFMT) == type;
}

static bool is_project(const char *folder) {
  char path[PATH_MAX];
  return is_there(path, folder, ".moonpool", S_IFDIR) || is_there(path, folder, "migrations", S_IFDIR);
}

static bool go_up(char *folder) {
  char *slash = strrchr(folder, '/');
  if (slash == NULL || folder[1] == '\0') return false;
  slash[slash == folder ? 1 : 0] = '\0';
  return true;
}

/* The nearest one from the current folder up to the project's. Outside of a project only the current folder counts: a
 * file somewhere above may be anybody's. */
static void find_file(char *found) {
  char folder[PATH_MAX], path[PATH_MAX];
  found[0] = '\0';
  if (getcwd(folder, sizeof folder) == NULL) return;
  bool is_current = true, is_found_here = false;
  do {
    if (found[0] == '\0' && is_there(path, folder, ".env", S_IFREG)) {
      memcpy(found, path, PATH_MAX);
      is_found_here = is_current;
    }
    if (is_project(folder)) return;
    is_current = false;
  } while (go_up(folder));
  if (!is_found_here) found[0] = '\0';
}

static bool is_file_off(void) {
  const char *off = getenv("MOONPOOL_NO_ENV");
  return off != NULL && off[0] != '\0';
}

/* ---- one variable ---- */

typedef bool setter(mp_settings *settings, const char *name, const char *value, const char *origin, mp_error **error);

static bool set_url(mp_settings *settings, const char *name, const char *value, const char *origin, mp_error **error) {
  (void)name;
  return mp_settings_set_url(settings, value, origin, error);
}

/* Hands the variable's value, if there is one, to `set`, with its origin. */
static bool take(const sources *from, mp_settings *settings, const char *variable, const char *name, setter *set,
                 mp_error **error) {
  const char *value = getenv(variable);
  if (value != NULL) return set(settings, name, value, variable, error);
  const mp__env_entry *entry = mp__env_file_find(&from->file, variable);
  if (entry == NULL) return true;
  char origin[PATH_MAX + 100];
  snprintf(origin, sizeof origin, "%s:%d: %s", from->path, entry->line, variable);
  return set(settings, name, entry->value, origin, error);
}

static bool is_in_environment(const char *variable) {
  const char *value = getenv(variable);
  return value != NULL && value[0] != '\0';
}

static bool names_server(const char *variable) {
  static const char *const variables[] = {"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"};
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
    if (strcmp(variables[i], variable) == 0) return true;
  }
  return false;
}

/* libpq reads its variables out of the environment itself, and never out of a file. Those of the file that name a
 * server must not bend an URL of the environment (PGHOSTADDR would). */
static bool take_libpq(const sources *from, mp_settings *settings, bool *has_server, mp_error **error) {
  const char *keyword, *variable;
  for (size_t i = 0; mp_settings_keyword(settings, i, &keyword, &variable); i++) {
    if (variable == NULL) continue;
    const mp__env_entry *entry = mp__env_file_find(&from->file, variable);
    bool is_set = is_in_environment(variable) || (entry != NULL && entry->value[0] != '\0');
    if (names_server(variable) && is_set) *has_server = true;
    if (entry == NULL || getenv(variable) != NULL) continue;
    if (names_server(variable) && getenv("DATABASE_URL") != NULL) continue;
    if (strcmp(variable, "PGCONNECT_TIMEOUT") == 0) continue; /* its name is ours, its 0 and whole seconds are not */
    if (!take(from, settings, variable, keyword, mp_settings_set, error)) return false;
  }
  return true;
}

/* MOONPOOL_MAX_SIZE and so on. */
static bool take_own(const sources *from, mp_settings *settings, mp_error **error) {
  const char *name;
  for (size_t i = 0; (name = mp__settings_own_name(i)) != NULL; i++) {
    char variable[64] = "MOONPOOL_";
    size_t prefix = strlen(variable);
    for (size_t j = 0; j <= strlen(name); j++) {
      variable[prefix + j] = (char)(name[j] >= 'a' && name[j] <= 'z' ? name[j] - 'a' + 'A' : name[j]);
    }
    if (!take(from, settings, variable, name, mp_settings_set, error)) return false;
  }
  return true;
}

static bool take_server(const sources *from, mp_settings *settings, bool *has_server, mp_error **error) {
  *has_server = getenv("DATABASE_URL") != NULL || mp__env_file_find(&from->file, "DATABASE_URL") != NULL;
  return take_libpq(from, settings, has_server, error) && take(from, settings, "DATABASE_URL", NULL, set_url, error);
}

static bool set_from_environment(mp_settings *settings, bool look_for_file, bool with_server, bool *has_server,
                                 mp_error **error) {
  sources from = {0};
  bool is_ok = false;
  mp_settings *made = mp_settings_copy(settings, error);
  if (made == NULL) goto done;
  if (look_for_file && !is_file_off()) find_file(from.path);
  if (from.path[0] != '\0' && !mp__env_file_read(from.path, &from.file, error)) goto done;
  if (with_server && !take_server(&from, made, has_server, error)) goto done;
  if (!take(&from, made, "DATABASE_POOL_SIZE", "max_size", mp_settings_set, error)) goto done;
  if (!take_own(&from, made, error)) goto done;
  mp__settings_swap(settings, made);
  is_ok = true;

done:
  mp__env_file_finish(&from.file);
  mp_settings_destroy(made);
  return is_ok;
}

bool mp_settings_set_environment(mp_settings *settings, bool look_for_file, bool *has_server, mp_error **error) {
  bool found_server = false;
  if (!set_from_environment(settings, look_for_file, true, &found_server, error)) return false;
  *has_server = found_server;
  return true;
}

bool mp_settings_set_pool_environment(mp_settings *settings, bool look_for_file, mp_error **error) {
  return set_from_environment(settings, look_for_file, false, NULL, error);
}
