/* With which user and password the next connection is opened, where that may change: what a host has set last, what its
 * function says, or what is in a file by now. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "pool/internal.h"

enum { PASSWORD_MAX = 65536 };

/* ---- the file ---- */

/* All bytes of the file, and one more when there are too many; -1 with errno. */
static ssize_t read_all(const char *path, char *to, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  size_t used = 0;
  ssize_t more;
  while (used < size && (more = read(fd, to + used, size - used)) != 0) {
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) break;
    used += (size_t)more;
  }
  int failure = used < size && more < 0 ? errno : 0;
  close(fd);
  errno = failure;
  return failure != 0 ? -1 : (ssize_t)used;
}

/* The line end that editors and `echo` leave is not the password's. */
static size_t without_line_end(const char *text, size_t size) {
  if (size > 0 && text[size - 1] == '\n') size--;
  if (size > 0 && text[size - 1] == '\r') size--;
  return size;
}

static bool refuse_file(const char *path, const char *why, mp_error **error) {
  return mp_error_set(error, MP_ERROR_CONNECTION, "password_file %s: %s", path, why);
}

static bool read_file(const char *path, char *text, mp_credential *credential, mp_error **error) {
  ssize_t found = read_all(path, text, PASSWORD_MAX);
  if (found < 0) return refuse_file(path, strerror(errno), error);
  if (found == PASSWORD_MAX) return refuse_file(path, "it is too long for a password", error);
  size_t size = without_line_end(text, (size_t)found);
  text[size] = '\0';
  if (size == 0) return refuse_file(path, "it is empty", error);
  if (strlen(text) != size) return refuse_file(path, "it has a NUL byte", error);
  return mp_credential_set(credential, NULL, text, error);
}

static bool take_from_file(const char *path, mp_credential *credential, mp_error **error) {
  char text[PASSWORD_MAX];
  bool ok = read_file(path, text, credential, error);
  sodium_memzero(text, sizeof text);
  return ok;
}

/* ---- the host's ---- */

static bool take_current(mp_pool *pool, mp__slot *slot, mp_credential *credential, mp_error **error) {
  pthread_mutex_lock(&pool->lock);
  slot->credential_serial = pool->credential_serial;
  bool ok = mp_credential_set(credential, pool->credential.user, pool->credential.password, error);
  pthread_mutex_unlock(&pool->lock);
  return ok;
}

bool mp_pool_set_credential(mp_pool *pool, const char *user, const char *password, mp_error **error) {
  if (mp__is_forked(pool)) return mp__pool_forked_error(error);
  int64_t now = mp_clock_now();
  pthread_mutex_lock(&pool->lock);
  bool ok = mp_credential_set(&pool->credential, user, password, error);
  if (ok) {
    pool->credential_serial++;
    pool->opening.retry_at = now;
    mp__opening_check(pool, now);
  }
  pthread_mutex_unlock(&pool->lock);
  return ok;
}

/* ---- for an attempt to connect ---- */

bool mp__credential_get(mp_pool *pool, mp__slot *slot, mp_credential *credential, mp_error **error) {
  const char *path = mp_settings_password_file(pool->settings);
  if (pool->hooks.credential != NULL) return pool->hooks.credential(pool->hooks.data, credential, error);
  if (path != NULL) return take_from_file(path, credential, error);
  return take_current(pool, slot, credential, error);
}

static bool is_refused(const mp_error *error) {
  const char *sqlstate = mp_error_get(error, MP_ERROR_SQLSTATE);
  return sqlstate != NULL && (strcmp(sqlstate, "28P01") == 0 || strcmp(sqlstate, "28000") == 0);
}

/* Between the question and the attempt the password may have changed; and while one was refused, the host may have set
 * another. */
bool mp__credential_try_again(const mp_pool *pool, mp__slot *slot) {
  if (!is_refused(slot->error)) return false;
  bool can_ask = pool->hooks.credential != NULL || mp_settings_password_file(pool->settings) != NULL;
  if (!can_ask) return slot->credential_serial != pool->credential_serial;
  bool is_first = !slot->is_second_try;
  slot->is_second_try = true;
  return is_first;
}
