/* The wire trace: libpq's own trace of its messages, cut down to kinds and sizes. What libpq prints besides (values,
 * passwords, keys) goes no further than this file. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/trace.h"
#include "base/utf8.h"
#include "connection/internal.h"
#include "sql/lexer.h"

enum { LINE_HEAD = 128, LOOKED_AT = 1024, SHOWN_TEXT = 72 };

struct mp__wire {
  FILE *stream;     /* that libpq writes to; owned */
  unsigned number;  /* of the connection */
  const char *text; /* of the statement that is sent next; borrowed; NULL: none of ours */

  char line[LINE_HEAD + 1]; /* the beginning of the line that libpq is writing */
  size_t size;
  size_t passed_over; /* lines to come that are the rest of a statement's text */

  unsigned trips;         /* round trips so far */
  bool answered;          /* the last message was the server's */
  bool ready;             /* the start-up is over: until then each message of ours waits for an answer */
  bool started;           /* the start-up's first message was sent */
  size_t rows, row_bytes; /* of a run of DataRow */
};

/* ---- the statement's text ---- */

/* Appends as much as there is room for. Returns false when that was not all. */
static bool append(char *to, size_t *size, const char *text, size_t length) {
  size_t room = SHOWN_TEXT - *size;
  size_t taken = length < room ? length : room;
  memcpy(to + *size, text, taken);
  *size += taken;
  return taken == length;
}

static bool append_token(char *to, size_t *size, const mp__token *token) {
  bool is_literal = token->kind == MP__TOKEN_STRING;
  return is_literal ? append(to, size, "'...'", 5) : append(to, size, token->start, token->size);
}

/* The text's beginning in one line, without comments, and without what stands in its quotes: that may be a password. */
static void squeeze(const char *text, char *to) {
  size_t size = 0;
  mp__lexer lexer;
  mp__lexer_init(&lexer, text, strnlen(text, LOOKED_AT));
  const char *end = NULL;
  for (;;) {
    mp__token token = mp__lexer_next(&lexer);
    if (token.kind == MP__TOKEN_END) break;
    bool is_apart = end != NULL && token.start > end;
    end = token.start + token.size;
    if (token.kind != MP__TOKEN_BROKEN && (!is_apart || append(to, &size, " ", 1)) && append_token(to, &size, &token)) {
      continue;
    }
    size = mp_utf8_check(to, size); /* no part of a character */
    memcpy(to + size, "...", 3);
    size += 3;
    break;
  }
  to[size] = '\0';
}

/* ---- what may be told of a message besides its kind and size ---- */

static size_t word_size(const char *text) {
  size_t size = 0;
  while (isalnum((unsigned char)text[size]) || text[size] == '_' || text[size] == ' ')
    size++;
  return size;
}

/* The words that stand behind a beginning of libpq's line, as a field of ours. */
static const struct {
  const char *before, *field, *quote;
} fields[] = {
    {"Parse\t \"", "name", ""},         {"Bind\t \"\" \"", "name", ""},        {"Describe\t S \"", "name", ""},
    {"ReadyForQuery\t ", "status", ""}, {"CommandComplete\t \"", "tag", "\""},
};

static void find_field(const char *message, char *to, size_t size) {
  to[0] = '\0';
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    size_t skipped = strlen(fields[i].before);
    if (strncmp(message, fields[i].before, skipped) != 0) continue;
    const char *word = message + skipped;
    size_t length = word_size(word);
    const char *quote = fields[i].quote;
    if (length > 0) snprintf(to, size, " %s=%s%.*s%s", fields[i].field, quote, (int)length, word, quote);
    return;
  }
}

/* `S "ERROR" V "ERROR" C "42601" M ...`: only the code, since the rest may hold values. */
static void find_code(const char *message, char *to, size_t size) {
  const char *code = strstr(message, " C \"");
  if (code != NULL && word_size(code + 4) == 5) snprintf(to, size, " sqlstate=%.5s", code + 4);
}

static int kind_size(const char *message) {
  int size = 0;
  while (isalpha((unsigned char)message[size]))
    size++;
  return size;
}

static bool is_kind(const char *message, const char *kind) {
  int size = kind_size(message);
  return (size_t)size == strlen(kind) && memcmp(message, kind, (size_t)size) == 0;
}

/* ---- messages ---- */

static void tell_rows(mp__wire *wire) {
  if (wire->rows == 0) return;
  mp_trace_line(MP_TRACE_WIRE, "recv c%u r%u DataRow %zu rows=%zu", wire->number, wire->trips, wire->row_bytes,
                wire->rows);
  wire->rows = wire->row_bytes = 0;
}

static void on_answer(mp__wire *wire, const char *message, long size) {
  wire->answered = true;
  if (is_kind(message, "DataRow")) {
    wire->rows++;
    wire->row_bytes += (size_t)size;
    return;
  }
  tell_rows(wire);
  char field[80];
  find_field(message, field, sizeof field);
  if (is_kind(message, "ErrorResponse") || is_kind(message, "NoticeResponse")) find_code(message, field, sizeof field);
  mp_trace_line(MP_TRACE_WIRE, "recv c%u r%u %.*s %ld%s", wire->number, wire->trips, kind_size(message), message, size,
                field);
  if (is_kind(message, "ReadyForQuery")) wire->ready = true;
}

static size_t count_line_ends(const char *text) {
  size_t count = 0;
  for (; (text = strchr(text, '\n')) != NULL; text++)
    count++;
  return count;
}

/* libpq has no names for the messages of the start-up: a wish for encryption, who we are, and the proofs of that. */
static const char *start_up_kind(mp__wire *wire, long size) {
  if (wire->started) return "Proof";
  if (size == 8) return "EncryptionRequest";
  wire->started = true;
  return "Startup";
}

static void on_message(mp__wire *wire, const char *message, long size) {
  tell_rows(wire);
  if (wire->answered || !wire->ready) wire->trips++;
  wire->answered = false;
  char field[80], text[SHOWN_TEXT + 4] = "";
  const char *kind = wire->ready ? message : start_up_kind(wire, size);
  bool has_text = wire->text != NULL && (is_kind(message, "Parse") || is_kind(message, "Query"));
  find_field(message, field, sizeof field);
  if (has_text) squeeze(wire->text, text);
  mp_trace_line(MP_TRACE_WIRE, "send c%u r%u %.*s %ld%s%s%s%s", wire->number, wire->trips, kind_size(kind), kind, size,
                field, has_text ? " sql=\"" : "", text, has_text ? "\"" : "");
  if (!has_text) return;
  wire->passed_over = count_line_ends(wire->text);
  wire->text = NULL;
}

/* "F<tab>size<tab>Kind<tab>...", F for what we send and B for what comes back. A line that looks otherwise goes on with
 * a text that has several lines. */
static void on_line(mp__wire *wire) {
  const char *line = wire->line;
  char *message;
  if (wire->passed_over > 0) {
    wire->passed_over--;
    return;
  }
  if ((line[0] != 'F' && line[0] != 'B') || line[1] != '\t') return;
  long size = strtol(line + 2, &message, 10);
  if (message == line + 2 || *message++ != '\t' || !isalpha((unsigned char)*message)) return;
  if (line[0] == 'B') {
    on_answer(wire, message, size);
  } else {
    on_message(wire, message, size);
  }
}

/* What libpq writes, in pieces of any size. */
static ssize_t take(void *cookie, const char *bytes, size_t size) {
  mp__wire *wire = cookie;
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] != '\n') {
      if (wire->size < LINE_HEAD) wire->line[wire->size++] = bytes[i];
      continue;
    }
    wire->line[wire->size] = '\0';
    wire->size = 0;
    on_line(wire);
  }
  return (ssize_t)size;
}

/* ---- life ---- */

mp__wire *mp__wire_open(unsigned number) {
  mp__wire *wire = calloc(1, sizeof *wire);
  if (wire == NULL) return NULL;
  wire->number = number;
  wire->stream = fopencookie(wire, "w", (cookie_io_functions_t){.write = take});
  if (wire->stream == NULL || setvbuf(wire->stream, NULL, _IOLBF, BUFSIZ) != 0) {
    mp__wire_close(wire);
    return NULL;
  }
  return wire;
}

void mp__wire_watch(mp__wire *wire, PGconn *pg) {
  if (wire == NULL) return;
  wire->ready = wire->started = false;
  PQtrace(pg, wire->stream);
  PQsetTraceFlags(pg, PQTRACE_SUPPRESS_TIMESTAMPS);
}

void mp__wire_text(mp__wire *wire, const char *text) {
  if (wire != NULL) wire->text = text;
}

void mp__wire_close(mp__wire *wire) {
  if (wire == NULL) return;
  if (wire->stream != NULL) fclose(wire->stream);
  free(wire);
}
