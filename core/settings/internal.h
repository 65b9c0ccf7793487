/* What the files of this folder share: the table's names, errors that name their setting, and the `.env` file. */
#ifndef MP_SETTINGS_INTERNAL_H
#define MP_SETTINGS_INTERNAL_H

#include "settings/settings.h"

/* Makes a usage error that begins with its origin (which may be NULL); false, for the caller to return. */
bool mp__settings_refuse(mp_error **error, const char *origin, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, and a hint. */
bool mp__settings_refuse_with(mp_error **error, const char *origin, const char *message, const char *hint);

/* The name of our own setting number `index`, or NULL behind the last. */
const char *mp__settings_own_name(size_t index);
/* Exchanges what two hold, so that many settings can be made on a copy and kept only when all are right. */
void mp__settings_swap(mp_settings *one, mp_settings *other);

/* Libpq's form `keyword=value keyword='a value'`. Errors: usage; values are never shown. */
bool mp__settings_set_keywords(mp_settings *settings, const char *text, const char *origin, mp_error **error);

typedef struct mp__env_entry {
  const char *name; /* both borrowed from the file's text */
  const char *value;
  int line;
} mp__env_entry;

typedef struct mp__env_file {
  char *text; /* owned */
  mp__env_entry *entries;
  size_t count;
  size_t capacity;
} mp__env_file;

/* Reads KEY=VALUE lines: comments, `export`, 'literal' and "escaped" quotes, which may go over several lines.
 * Errors: usage (file:line of what cannot be read), memory. */
bool mp__env_file_read(const char *path, mp__env_file *file, mp_error **error);
void mp__env_file_finish(mp__env_file *file);
/* The last one of that name, or NULL. */
const mp__env_entry *mp__env_file_find(const mp__env_file *file, const char *name);

#endif
