/* The `.env` file: names and values, cut in place out of its text. Nothing in it is expanded or executed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "settings/internal.h"

enum { FILE_LIMIT = 1 << 20 };

typedef struct reader {
  const char *path;
  char *at;
  int line;
  mp__env_file *file;
} reader;

static bool refuse(const reader *from, int line, const char *message, const char *hint, mp_error **error) {
  mp__settings_refuse(error, NULL, "%s:%d: %s", from->path, line, message);
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, hint);
  return false;
}

static void skip_blanks(reader *from) {
  from->at += strspn(from->at, " \t\r");
}

static bool is_name_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

static bool add_entry(mp__env_file *file, const char *name, const char *value, int line, mp_error **error) {
  if (file->count == file->capacity) {
    size_t capacity = file->capacity == 0 ? 16 : file->capacity * 2;
    mp__env_entry *entries = realloc(file->entries, capacity * sizeof *entries);
    if (entries == NULL) return mp_error_set_memory(error);
    file->entries = entries;
    file->capacity = capacity;
  }
  file->entries[file->count++] = (mp__env_entry){.name = name, .value = value, .line = line};
  return true;
}

static char unescaped(char c) {
  return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
}

/* At an opening quote. The value is moved over itself, shorter by its backslashes; *end: where it ends, for the zero.
 */
static bool read_quoted(reader *from, char **end, mp_error **error) {
  char quote = *from->at++;
  char *to = from->at;
  int first_line = from->line;
  while (*from->at != quote) {
    if (*from->at == '\0')
      return refuse(from, first_line, "a quote that is never closed", "put it at the value's end", error);
    if (*from->at == '\n') from->line++;
    bool is_escape = quote == '"' && *from->at == '\\' && from->at[1] != '\0';
    if (is_escape) from->at++;
    *to++ = is_escape ? unescaped(*from->at) : *from->at;
    from->at++;
  }
  from->at++;
  *end = to;
  skip_blanks(from);
  if (*from->at == '\0' || *from->at == '\n' || *from->at == '#') return true;
  return refuse(from, from->line, "something stands behind the closing quote", "a quote in a value is written \\\"",
                error);
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/* To the line's end, or to a comment, which needs a blank before it. */
static char *read_bare(reader *from) {
  char *end = from->at;
  for (; *from->at != '\0' && *from->at != '\n'; from->at++) {
    if (*from->at == '#' && is_blank(from->at[-1])) break;
    if (!is_blank(*from->at)) end = from->at + 1;
  }
  return end;
}

static bool read_entry(reader *from, mp_error **error) {
  static const char shape[] = "a line is KEY=VALUE or a # comment";
  if (strncmp(from->at, "export", 6) == 0 && (from->at[6] == ' ' || from->at[6] == '\t')) {
    from->at += 6;
    skip_blanks(from);
  }
  char *name = from->at;
  while (is_name_part(*from->at))
    from->at++;
  char *name_end = from->at;
  skip_blanks(from);
  if (name_end == name) return refuse(from, from->line, "this line does not begin with a name", shape, error);
  if (*from->at != '=') return refuse(from, from->line, "a = is missing behind the name", shape, error);
  from->at++;
  skip_blanks(from);
  *name_end = '\0';

  int line = from->line;
  bool is_quoted = *from->at == '"' || *from->at == '\'';
  char *value = from->at + (is_quoted ? 1 : 0);
  char *value_end = NULL;
  if (!is_quoted) {
    value_end = read_bare(from);
  } else if (!read_quoted(from, &value_end, error)) {
    return false;
  }
  from->at += strcspn(from->at, "\n");
  bool is_last = *from->at == '\0';
  *value_end = '\0'; /* may be the newline itself */
  if (!is_last) {
    from->at++;
    from->line++;
  }
  return add_entry(from->file, name, value, line, error);
}

static bool read_entries(reader *from, mp_error **error) {
  for (;;) {
    skip_blanks(from);
    if (*from->at == '\0') return true;
    if (*from->at == '\n') {
      from->at++;
      from->line++;
    } else if (*from->at == '#') {
      from->at += strcspn(from->at, "\n");
    } else if (!read_entry(from, error)) {
      return false;
    }
  }
}

/* The whole file, without a byte order mark; owned. */
static char *read_text(const char *path, mp_error **error) {
  char *text = NULL;
  mp_buffer content;
  mp_buffer_init(&content, FILE_LIMIT);
  FILE *file = fopen(path, "rbe");
  if (file == NULL) {
    mp__settings_refuse(error, NULL, "%s cannot be read: %s", path, strerror(errno));
    goto done;
  }
  char block[4096];
  size_t size;
  while ((size = fread(block, 1, sizeof block, file)) > 0)
    mp_buffer_add(&content, block, size);
  if (ferror(file)) {
    mp__settings_refuse(error, NULL, "%s cannot be read: %s", path, strerror(errno));
  } else if (!mp_buffer_ok(&content)) {
    mp__settings_refuse(error, NULL, "%s is larger than %d bytes", path, FILE_LIMIT);
  } else if (content.size > 0 && memchr(content.data, '\0', content.size) != NULL) {
    mp__settings_refuse(error, NULL, "%s has a zero byte: it is no text", path);
  } else {
    text = mp_buffer_take_text(&content);
    if (text == NULL) mp_error_set_memory(error);
  }

done:
  if (file != NULL) fclose(file);
  mp_buffer_finish(&content);
  return text;
}

bool mp__env_file_read(const char *path, mp__env_file *file, mp_error **error) {
  mp__env_file made = {.text = read_text(path, error)};
  if (made.text == NULL) return false;
  reader from = {.path = path, .at = made.text, .line = 1, .file = &made};
  if (strncmp(from.at, "\xEF\xBB\xBF", 3) == 0) from.at += 3;
  if (!read_entries(&from, error)) {
    mp__env_file_finish(&made);
    return false;
  }
  *file = made;
  return true;
}

void mp__env_file_finish(mp__env_file *file) {
  free(file->text);
  free(file->entries);
  *file = (mp__env_file){0};
}

const mp__env_entry *mp__env_file_find(const mp__env_file *file, const char *name) {
  for (size_t i = file->count; i > 0; i--) {
    if (strcmp(file->entries[i - 1].name, name) == 0) return &file->entries[i - 1];
  }
  return NULL;
}
