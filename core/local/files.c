/* Paths, small files and locks of the local server. */
#include "local/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TAIL_SIZE = 4096 };

char *mp__local_format(mp_error **error, const char *format, ...) {
  char *text = NULL;
  va_list arguments;
  va_start(arguments, format);
  int size = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (size >= 0) return text;
  mp_error_set_memory(error);
  return NULL;
}

void mp__local_hash(const char *text, char hash[MP__LOCAL_HASH_SIZE]) {
  uint64_t value = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
  for (const char *at = text; *at != '\0'; at++)
    value = (value ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
  snprintf(hash, MP__LOCAL_HASH_SIZE, "%016llx", (unsigned long long)value);
}

static ssize_t read_fully(int fd, char *text, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t got = read(fd, text + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += (size_t)got;
  }
  return (ssize_t)done;
}

ssize_t mp__local_read(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t got = read_fully(fd, text, size - 1);
  text[got < 0 ? 0 : got] = '\0';
  close(fd);
  return got;
}

char *mp__local_read_tail(const char *path, off_t from) {
  char *text = NULL;
  struct stat about;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &about) != 0 || about.st_size <= from) goto done;
  if (about.st_size - from > TAIL_SIZE) from = about.st_size - TAIL_SIZE;
  if (lseek(fd, from, SEEK_SET) < 0) goto done;
  text = malloc(TAIL_SIZE + 1);
  if (text == NULL) goto done;
  ssize_t size = read_fully(fd, text, TAIL_SIZE);
  while (size > 0 && text[size - 1] == '\n')
    size--;
  text[size < 0 ? 0 : size] = '\0';
done:
  if (fd >= 0) close(fd);
  return text;
}

bool mp__local_is_folder(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool make_folder(const char *path, mp_error **error) {
  if (mp__local_is_folder(path)) return true;
  if (mkdir(path, 0755) == 0) return chmod(path, 0755) == 0 || mp__local_is_folder(path);
  if (errno == EEXIST && mp__local_is_folder(path)) return true;
  mp_error_set(error, MP_ERROR_LOCAL, "cannot make the folder %s: %s", path, strerror(errno));
  if (error != NULL) {
    mp_error_put(*error, MP_ERROR_HINT, "the private server lives there; set DATABASE_URL to use another server");
  }
  return false;
}

bool mp__local_make_folders(const char *path, mp_error **error) {
  char *part = mp__local_format(error, "%s", path);
  if (part == NULL) return false;
  bool ok = true;
  for (char *slash = strchr(part + 1, '/'); ok && slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    ok = make_folder(part, error);
    *slash = '/';
  }
  ok = ok && make_folder(part, error);
  free(part);
  return ok;
}

mp__lock_result mp__local_lock(const char *path, int *fd, mp_error **error) {
  int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (opened < 0) {
    mp_error_set(error, MP_ERROR_LOCAL, "cannot open the lock file %s: %s", path, strerror(errno));
    return MP__LOCK_FAILED;
  }
  if (flock(opened, LOCK_EX | LOCK_NB) == 0) {
    *fd = opened;
    return MP__LOCK_TAKEN;
  }
  int reason = errno;
  close(opened);
  if (reason == EWOULDBLOCK || reason == EINTR) return MP__LOCK_HELD;
  mp_error_set(error, MP_ERROR_LOCAL, "cannot lock %s: %s", path, strerror(reason));
  return MP__LOCK_FAILED;
}

void mp__local_nap(int milliseconds) {
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
  nanosleep(&time, NULL);
}
