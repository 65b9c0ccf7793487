/* Choosing folders, and the checks that make a folder under /tmp trustworthy. */
#include "local/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "local/files.h"

/* A marker that another ordinary user has put above our folder (in /tmp, say) makes no project of ours. */
static bool is_marker(const char *folder, const char *name) {
  struct stat about;
  char *path = mp__local_format(NULL, "%s/%s", folder, name);
  bool is = path != NULL && stat(path, &about) == 0 && S_ISDIR(about.st_mode) &&
            (geteuid() == 0 || about.st_uid == geteuid() || about.st_uid == 0);
  free(path);
  return is;
}

char *mp_local_project(void) {
  char *folder = realpath(".", NULL);
  if (folder == NULL) return NULL;
  for (;;) {
    if (is_marker(folder, ".moonpool") || is_marker(folder, "migrations")) break;
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
      free(folder);
      return NULL;
    }
    *slash = '\0'; /* the root folder becomes the empty text, which joins like any other */
  }
  return folder;
}

static char *users_folder(mp_error **error) {
  const char *data = getenv("XDG_DATA_HOME");
  if (data != NULL && data[0] == '/') return mp__local_format(error, "%s/moonpool", data);
  const char *home = getenv("HOME");
  if (home != NULL && home[0] == '/') return mp__local_format(error, "%s/.local/share/moonpool", home);
  mp_error_set(error, MP_ERROR_LOCAL, "there is no project here, and HOME is not set: no place for a private server");
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "set HOME, or DATABASE_URL to use another server");
  return NULL;
}

static char *absolute(const char *path, mp_error **error) {
  if (path[0] == '/') return mp__local_format(error, "%s", path);
  char *here = realpath(".", NULL);
  char *joined = here == NULL ? NULL : mp__local_format(error, "%s/%s", here, path);
  if (here == NULL) mp_error_set(error, MP_ERROR_LOCAL, "cannot tell the current folder: %s", strerror(errno));
  free(here);
  return joined;
}

static char *choose_folder(mp_error **error) {
  char *project = mp_local_project();
  char *folder = project == NULL ? users_folder(error) : mp__local_format(error, "%s/.moonpool", project);
  free(project);
  return folder;
}

/* Root's home is closed to the account that runs the server: then a folder of the machine's serves the project. */
static bool make_reachable(mp__site *site, bool is_given, mp_error **error) {
  if (mp__account_reaches(&site->account, site->place.folder)) return true;
  if (is_given) {
    return mp_error_set(error, MP_ERROR_LOCAL, "the account %s, which runs PostgreSQL, cannot reach the folder %s",
                        site->account.name, site->place.folder);
  }
  char hash[MP__LOCAL_HASH_SIZE];
  mp__local_hash(site->place.folder, hash);
  char *folder = mp__local_format(error, "/var/lib/moonpool/%s", hash);
  if (folder == NULL) return false;
  free(site->place.folder);
  site->place.folder = folder;
  return true;
}

static bool name_parts(mp__site *site, mp_error **error) {
  mp_local_place *place = &site->place;
  place->data = mp__local_format(error, "%s/postgres", place->folder);
  place->log = mp__local_format(error, "%s/postgres.log", place->folder);
  site->start_lock = mp__local_format(error, "%s/postgres.start", place->folder);
  site->run_lock = mp__local_format(error, "%s/postgres.run", place->folder);
  return place->data != NULL && place->log != NULL && site->start_lock != NULL && site->run_lock != NULL;
}

/* After the folder itself and not its path: moved while its server runs, it must not meet a new one at the old path. */
static bool identify(const char *data, char hash[MP__LOCAL_HASH_SIZE], mp_error **error) {
  struct stat about;
  char text[64];
  if (stat(data, &about) != 0) {
    return mp_error_set(error, MP_ERROR_LOCAL, "cannot look at the data folder %s: %s", data, strerror(errno));
  }
  snprintf(text, sizeof text, "%llx:%llx", (unsigned long long)about.st_dev, (unsigned long long)about.st_ino);
  mp__local_hash(text, hash);
  return true;
}

/* In /tmp and not in /run/user: the server outlives the session that logind clears /run/user after. */
bool mp__site_name(mp__site *site, mp_error **error) {
  char hash[MP__LOCAL_HASH_SIZE];
  _Static_assert(sizeof "/tmp/moonpool-4294967295-0123456789abcdef/.s.PGSQL.5432" <=
                     sizeof((struct sockaddr_un *)NULL)->sun_path,
                 "a socket's path fits into an address");
  if (!identify(site->place.data, hash, error)) return false;
  char *socket = mp__local_format(error, "/tmp/moonpool-%u-%s", (unsigned)site->account.uid, hash);
  if (socket == NULL) return false;
  snprintf(site->name, sizeof site->name, "moonpool-%s", hash);
  free(site->place.socket);
  site->place.socket = socket;
  site->place.port = 5432;
  return true;
}

bool mp__site_find(const char *given, mp__site *site, mp_error **error) {
  mp__site found = {0};
  found.place.folder = given != NULL ? absolute(given, error) : choose_folder(error);
  bool ok = found.place.folder != NULL && mp__account_choose(&found.account, error) &&
            make_reachable(&found, given != NULL, error) && name_parts(&found, error) &&
            (!mp__local_is_folder(found.place.data) ||
             (mp__account_of_folder(found.place.data, &found.account, error) && mp__site_name(&found, error)));
  if (ok) {
    *site = found;
  } else {
    mp__site_finish(&found);
  }
  return ok;
}

void mp__site_finish(mp__site *site) {
  mp_local_place_finish(&site->place);
  free(site->start_lock);
  free(site->run_lock);
  *site = (mp__site){0};
}

bool mp__site_trusts(const mp__site *site, const char *socket_folder) {
  struct stat about;
  return lstat(socket_folder, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == site->account.uid &&
         (about.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

bool mp__site_make_socket_folder(const mp__site *site, mp_error **error) {
  const char *folder = site->place.socket;
  struct stat about;
  if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
    return mp_error_set(error, MP_ERROR_LOCAL, "cannot make the socket's folder %s: %s", folder, strerror(errno));
  }
  /* Root made it just now, or before a kill -9: only then it is root's to give away. */
  if (lstat(folder, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == geteuid() &&
      about.st_uid != site->account.uid && lchown(folder, site->account.uid, site->account.gid) != 0) {
    return mp_error_set(error, MP_ERROR_LOCAL, "cannot give the socket's folder %s to %s: %s", folder,
                        site->account.name, strerror(errno));
  }
  if (mp__site_trusts(site, folder)) return true;
  mp_error_set(error, MP_ERROR_LOCAL, "the socket's folder %s must be a folder that belongs to %s alone, and it is not",
               folder, site->account.name);
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "somebody else may have made it; see who, and remove it");
  return false;
}
