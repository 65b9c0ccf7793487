/* Errors: creation, fields, and the text that a person reads. */
#include "base/error.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

struct mp_error {
  mp_error_kind kind;
  int position;
  int line, column; /* of a document */
  bool retryable;
  char *fields[MP_ERROR_FIELDS];
  char *text; /* of mp_error_text */
};

/* Out of memory is reported without allocating; no field of this one can be set. */
static mp_error memory_error = {.kind = MP_ERROR_MEMORY};

static const char *const kind_names[MP_ERROR_KINDS] = {
    [MP_ERROR_CONNECTION] = "connection",
    [MP_ERROR_TIMEOUT] = "timeout",
    [MP_ERROR_CANCELLED] = "cancelled",
    [MP_ERROR_SERVER] = "server",
    [MP_ERROR_CONSTRAINT] = "constraint",
    [MP_ERROR_SERIALIZATION] = "serialization",
    [MP_ERROR_DECODE] = "decode",
    [MP_ERROR_USAGE] = "usage",
    [MP_ERROR_TRANSACTION] = "transaction",
    [MP_ERROR_UNKNOWN_OUTCOME] = "unknown_outcome",
    [MP_ERROR_MIGRATION] = "migration",
    [MP_ERROR_LOCAL] = "local",
    [MP_ERROR_MEMORY] = "memory",
    [MP_ERROR_ROWS] = "rows",
    [MP_ERROR_SCRIPT] = "script",
    [MP_ERROR_SCHEMA_DRIFT] = "schema",
    [MP_ERROR_YAML] = "yaml",
};

static const char *const field_names[MP_ERROR_FIELDS] = {
    [MP_ERROR_MESSAGE] = "message", [MP_ERROR_SQLSTATE] = "sqlstate",
    [MP_ERROR_DETAIL] = "detail",   [MP_ERROR_HINT] = "hint",
    [MP_ERROR_SCHEMA] = "schema",   [MP_ERROR_TABLE] = "table",
    [MP_ERROR_COLUMN] = "column",   [MP_ERROR_DATATYPE] = "datatype",
    [MP_ERROR_CONTEXT] = "context", [MP_ERROR_CONSTRAINT_NAME] = "constraint",
    [MP_ERROR_FILE] = "file",       [MP_ERROR_STATEMENT] = "statement",
    [MP_ERROR_WHERE] = "where",     [MP_ERROR_SOURCE] = "source",
    [MP_ERROR_PATH] = "path",
};

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list arguments) {
  char *text = NULL;
  return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

bool mp_error_set_memory(mp_error **error) {
  mp_error_move(error, &memory_error);
  return false;
}

bool mp_error_set_v(mp_error **error, mp_error_kind kind, const char *format, va_list arguments) {
  if (error == NULL) return false;
  mp_error *made = calloc(1, sizeof *made);
  if (made == NULL) return mp_error_set_memory(error);
  made->kind = kind;
  made->fields[MP_ERROR_MESSAGE] = format_text(format, arguments);
  if (made->fields[MP_ERROR_MESSAGE] == NULL) {
    mp_error_free(made);
    return mp_error_set_memory(error);
  }
  mp_error_move(error, made);
  return false;
}

bool mp_error_set(mp_error **error, mp_error_kind kind, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  mp_error_set_v(error, kind, format, arguments);
  va_end(arguments);
  return false;
}

void mp_error_put(mp_error *error, mp_error_field field, const char *text) {
  if (error == NULL || error == &memory_error) return;
  char *copy = text == NULL ? NULL : strdup(text);
  free(error->fields[field]);
  error->fields[field] = copy;
}

void mp_error_putf(mp_error *error, mp_error_field field, const char *format, ...) {
  if (error == NULL || error == &memory_error) return;
  va_list arguments;
  va_start(arguments, format);
  char *text = format_text(format, arguments);
  va_end(arguments);
  free(error->fields[field]);
  error->fields[field] = text;
}

void mp_error_put_kind(mp_error *error, mp_error_kind kind) {
  if (error != NULL && error != &memory_error) error->kind = kind;
}

void mp_error_put_position(mp_error *error, int position) {
  if (error != NULL && error != &memory_error) error->position = position;
}

void mp_error_put_place(mp_error *error, int line, int column) {
  if (error == NULL || error == &memory_error) return;
  error->line = line;
  error->column = column;
}

void mp_error_put_retryable(mp_error *error, bool retryable) {
  if (error != NULL && error != &memory_error) error->retryable = retryable;
}

mp_error_kind mp_error_kind_of(const mp_error *error) {
  return error->kind;
}

const char *mp_error_kind_name(mp_error_kind kind) {
  return kind_names[kind];
}

bool mp_error_kind_named(const char *name, mp_error_kind *kind) {
  for (int i = 0; i < MP_ERROR_KINDS; i++) {
    if (strcmp(kind_names[i], name) != 0) continue;
    *kind = (mp_error_kind)i;
    return true;
  }
  return false;
}

const char *mp_error_get(const mp_error *error, mp_error_field field) {
  return error->fields[field];
}

const char *mp_error_field_name(mp_error_field field) {
  return field_names[field];
}

int mp_error_position(const mp_error *error) {
  return error->position;
}

int mp_error_line(const mp_error *error) {
  return error->line;
}

int mp_error_column(const mp_error *error) {
  return error->column;
}

bool mp_error_retryable(const mp_error *error) {
  return error->retryable;
}

const char *mp_error_message(const mp_error *error) {
  const char *message = error->fields[MP_ERROR_MESSAGE];
  if (message != NULL) return message;
  return error->kind == MP_ERROR_MEMORY ? "out of memory" : "an error without a message";
}

void mp_error_move(mp_error **to, mp_error *from) {
  if (to == NULL) {
    mp_error_free(from);
  } else if (*to != from) {
    mp_error_free(*to);
    *to = from;
  }
}

mp_error *mp_error_copy(const mp_error *error) {
  if (error == &memory_error) return &memory_error;
  mp_error *copy = calloc(1, sizeof *copy);
  if (copy == NULL) return &memory_error;
  copy->kind = error->kind;
  copy->position = error->position;
  copy->line = error->line;
  copy->column = error->column;
  copy->retryable = error->retryable;
  for (int i = 0; i < MP_ERROR_FIELDS; i++)
    mp_error_put(copy, (mp_error_field)i, error->fields[i]);
  return copy;
}

void mp_error_free(mp_error *error) {
  if (error == NULL || error == &memory_error) return;
  for (int i = 0; i < MP_ERROR_FIELDS; i++)
    free(error->fields[i]);
  free(error->text);
  free(error);
}

/* ---- the description ---- */

enum { LINE_SHOWN = 100 }; /* characters of a long line that are shown around the caret */

static bool is_continuation(char byte) {
  return ((unsigned char)byte & 0xC0U) == 0x80U;
}

/* The byte offset of the character number `position` (1-based) of text; its length when it is shorter. */
static size_t offset_of(const char *text, int position) {
  size_t at = 0;
  for (int seen = 1; text[at] != '\0'; at++) {
    if (is_continuation(text[at])) continue;
    if (seen++ == position) break;
  }
  return at;
}

static size_t count_characters(const char *from, const char *to) {
  size_t count = 0;
  for (const char *at = from; at < to; at++)
    count += is_continuation(*at) ? 0 : 1;
  return count;
}

/* Moves back or forward by whole characters within [low, high]. */
static const char *step_back(const char *at, const char *low, size_t characters) {
  while (at > low && characters > 0) {
    at--;
    if (!is_continuation(*at)) characters--;
  }
  return at;
}

static const char *step_forward(const char *at, const char *high, size_t characters) {
  while (at < high && characters > 0) {
    at++;
    while (at < high && is_continuation(*at))
      at++;
    characters--;
  }
  return at;
}

/* "line 7: <the line>" and below it a caret at `mark`; a line that is too long is shown around the caret only. */
static void add_line(mp_buffer *out, const char *file, size_t number, const char *line, const char *mark) {
  const char *end = mark + strcspn(mark, "\n");
  const char *from = step_back(mark, line, LINE_SHOWN / 2);
  const char *to = step_forward(mark, end, LINE_SHOWN / 2);
  mp_buffer label;
  mp_buffer_init(&label, SIZE_MAX);
  if (file != NULL) {
    mp_buffer_addf(&label, "%s:%zu: ", file, number);
  } else {
    mp_buffer_addf(&label, "line %zu: ", number);
  }
  if (from > line) mp_buffer_adds(&label, "... ");

  mp_buffer_adds(out, "\n");
  mp_buffer_add(out, label.data, label.size);
  mp_buffer_add(out, from, (size_t)(to - from));
  if (to < end) mp_buffer_adds(out, " ...");
  mp_buffer_adds(out, "\n");
  size_t indent = (label.data == NULL ? 0 : count_characters(label.data, label.data + label.size));
  for (size_t i = 0; i < indent; i++)
    mp_buffer_adds(out, " ");
  for (const char *at = from; at < mark; at++) {
    if (!is_continuation(*at)) mp_buffer_adds(out, *at == '\t' ? "\t" : " ");
  }
  mp_buffer_adds(out, "^");
  mp_buffer_finish(&label);
}

static void add_caret(mp_buffer *out, const char *file, const char *statement, int position) {
  const char *mark = statement + offset_of(statement, position);
  const char *line = mark;
  while (line > statement && line[-1] != '\n')
    line--;
  size_t number = 1;
  for (const char *at = statement; at < line; at++)
    number += *at == '\n' ? 1 : 0;
  add_line(out, file, number, line, mark);
}

static void add_field(mp_buffer *out, const mp_error *error, const char *label, mp_error_field field) {
  const char *text = error->fields[field];
  if (text != NULL) mp_buffer_addf(out, "\n%s: %s", label, text);
}

char *mp_error_describe(const mp_error *error) {
  mp_buffer out;
  mp_buffer_init(&out, SIZE_MAX);
  if (error->fields[MP_ERROR_WHERE] != NULL) mp_buffer_addf(&out, "%s: ", error->fields[MP_ERROR_WHERE]);
  mp_buffer_adds(&out, mp_error_message(error));
  if (error->fields[MP_ERROR_SQLSTATE] != NULL) mp_buffer_addf(&out, " (%s)", error->fields[MP_ERROR_SQLSTATE]);
  const char *statement = error->fields[MP_ERROR_STATEMENT];
  const char *file = error->fields[MP_ERROR_FILE], *source = error->fields[MP_ERROR_SOURCE];
  if (statement != NULL && error->position > 0) {
    add_caret(&out, file, statement, error->position);
  } else if (source != NULL && error->line > 0 && error->column > 0) {
    add_line(&out, file, (size_t)error->line, source, source + offset_of(source, error->column));
  } else {
    add_field(&out, error, "file", MP_ERROR_FILE);
    if (error->line > 0) mp_buffer_addf(&out, "\nline %d, column %d", error->line, error->column);
  }
  add_field(&out, error, "path", MP_ERROR_PATH);
  add_field(&out, error, "detail", MP_ERROR_DETAIL);
  add_field(&out, error, "context", MP_ERROR_CONTEXT);
  add_field(&out, error, "hint", MP_ERROR_HINT);
  while (out.size > 0 && out.data[out.size - 1] == '\n')
    out.size--;
  return mp_buffer_take_text(&out);
}

const char *mp_error_text(mp_error *error) {
  if (error == &memory_error) return mp_error_message(error); /* shared by all threads */
  if (error->text == NULL) error->text = mp_error_describe(error);
  return error->text != NULL ? error->text : mp_error_message(error);
}
