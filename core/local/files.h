/* Small helpers about paths, files and locks that the local server's parts share. Not for use outside core/local. */
#ifndef MP_LOCAL_FILES_H
#define MP_LOCAL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* A formatted text, owned by the caller (free); NULL with an error of kind memory. */
char *mp__local_format(mp_error **error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A name for `text` that fits into short paths: 16 hexadecimal digits and the zero byte. Not for secrets. */
enum { MP__LOCAL_HASH_SIZE = 17 };
void mp__local_hash(const char *text, char hash[MP__LOCAL_HASH_SIZE]);

/* Reads a file's beginning, at most size - 1 bytes, and puts a zero byte behind it. Returns the bytes read, or -1. */
ssize_t mp__local_read(const char *path, char *text, size_t size);

/* The end of a file from byte `from` on, at most 4 kB; owned by the caller, NULL when there is nothing to show. */
char *mp__local_read_tail(const char *path, off_t from);

bool mp__local_is_folder(const char *path);

/* Makes a folder and what is missing above it (mode 0755 whatever the umask). Fine when it is there. */
bool mp__local_make_folders(const char *path, mp_error **error);

typedef enum mp__lock_result { MP__LOCK_TAKEN, MP__LOCK_HELD, MP__LOCK_FAILED } mp__lock_result;

/* Takes an exclusive lock on a file, without waiting. The lock lives in the open file: it is gone when the last
 * process that has *fd (it is inherited over fork) has closed it or died. *fd is owned by the caller. */
mp__lock_result mp__local_lock(const char *path, int *fd, mp_error **error);

/* Sleeps for some milliseconds, or less when a signal comes. */
void mp__local_nap(int milliseconds);

#endif
