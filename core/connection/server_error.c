/* What the server, or libpq, says went wrong, as an error of ours. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "connection/internal.h"

static bool in_class(const char *sqlstate, const char *prefix) {
  return strncmp(sqlstate, prefix, strlen(prefix)) == 0;
}

/* https://www.postgresql.org/docs/15/errcodes-appendix.html */
static mp_error_kind kind_of(const char *sqlstate) {
  if (in_class(sqlstate, "23")) return MP_ERROR_CONSTRAINT;
  if (in_class(sqlstate, "40001") || in_class(sqlstate, "40P01")) return MP_ERROR_SERIALIZATION;
  if (in_class(sqlstate, "57014")) return MP_ERROR_CANCELLED;
  if (in_class(sqlstate, "08") || in_class(sqlstate, "57P") || in_class(sqlstate, "28")) return MP_ERROR_CONNECTION;
  return MP_ERROR_SERVER;
}

/* The position in the text that was sent, as one in the author's text, whose $names are longer or shorter than the $1
 * that stand for them. Both texts are equal everywhere else. */
static int position_in_source(const char *sent, const char *source, int position) {
  int at = 1, here = 1; /* characters, 1-based */
  while (at < position && *sent != '\0' && *source != '\0') {
    if (*sent == '$' && *source == '$' && isdigit((unsigned char)sent[1]) && !isdigit((unsigned char)source[1])) {
      do {
        sent++, at++;
      } while (isdigit((unsigned char)*sent));
      do {
        source++;
        if (((unsigned char)*source & 0xC0U) != 0x80U) here++;
      } while (isalnum((unsigned char)*source) || *source == '_' || (unsigned char)*source >= 0x80U);
      continue;
    }
    sent++, source++;
    if (((unsigned char)*sent & 0xC0U) != 0x80U) at++, here++;
  }
  return here;
}

static void add_statement(const mp_connection *connection, const PGresult *result, mp_error *error) {
  const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
  if (connection->statement == NULL) { /* a script: whoever sent it has its text */
    if (position != NULL) mp_error_put_position(error, atoi(position));
    return;
  }
  const char *source = mp_statement_source(connection->statement);
  mp_error_put(error, MP_ERROR_STATEMENT, source);
  if (position == NULL) return;
  size_t size;
  const char *sent = mp_statement_text(connection->statement, &size);
  mp_error_put_position(error, position_in_source(sent, source, atoi(position)));
}

static const struct {
  int code;
  mp_error_field field;
} fields[] = {
    {PG_DIAG_SQLSTATE, MP_ERROR_SQLSTATE},      {PG_DIAG_MESSAGE_DETAIL, MP_ERROR_DETAIL},
    {PG_DIAG_MESSAGE_HINT, MP_ERROR_HINT},      {PG_DIAG_SCHEMA_NAME, MP_ERROR_SCHEMA},
    {PG_DIAG_TABLE_NAME, MP_ERROR_TABLE},       {PG_DIAG_COLUMN_NAME, MP_ERROR_COLUMN},
    {PG_DIAG_DATATYPE_NAME, MP_ERROR_DATATYPE}, {PG_DIAG_CONSTRAINT_NAME, MP_ERROR_CONSTRAINT_NAME},
    {PG_DIAG_CONTEXT, MP_ERROR_CONTEXT},
};

static void add_own_hint(mp_error *error, const char *sqlstate) {
  if (strcmp(sqlstate, "42P18") == 0 && mp_error_get(error, MP_ERROR_HINT) == NULL) {
    mp_error_put(error, MP_ERROR_HINT, "say the parameter's type with a cast, such as $1::text");
  }
}

/* Replaces what stands between the first and the last double quote. */
static void hide_quoted(mp_error *error, mp_error_field field) {
  const char *text = mp_error_get(error, field);
  const char *first = text == NULL ? NULL : strchr(text, '"');
  const char *last = first == NULL ? NULL : strrchr(text, '"');
  if (last == NULL || last == first) return;
  mp_error_putf(error, field, "%.*s...%s", (int)(first + 1 - text), text, last);
}

/* A parameter that the server could not read is the caller's mistake, as those are that we find before sending; and its
 * value, which the server quotes, is nobody's business. Known by the context in English, otherwise left as it came. */
static void judge_parameter(mp_error *error, const char *sqlstate) {
  const char *context = mp_error_get(error, MP_ERROR_CONTEXT);
  const char *number = context == NULL ? NULL : strstr(context, "portal parameter $");
  if (number == NULL || !in_class(sqlstate, "22")) return;
  int parameter = atoi(strchr(number, '$') + 1);
  hide_quoted(error, MP_ERROR_MESSAGE);
  hide_quoted(error, MP_ERROR_DETAIL);
  mp_error_putf(error, MP_ERROR_MESSAGE, "parameter $%d: %s", parameter, mp_error_message(error));
  mp_error_put(error, MP_ERROR_CONTEXT, NULL);
  mp_error_put_kind(error, MP_ERROR_USAGE);
}

bool mp__is_servers_error(const PGresult *result) {
  return PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL ||
         PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) != NULL;
}

void mp__server_error(const mp_connection *connection, const PGresult *result, mp_error **error) {
  const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (!mp__is_servers_error(result)) {
    mp__libpq_error(connection->pg, MP_ERROR_CONNECTION, error);
    if (error != NULL) add_statement(connection, result, *error);
    return;
  }
  if (sqlstate == NULL) sqlstate = "";
  mp_error_kind kind = kind_of(sqlstate);
  mp_error_set(error, kind, "%s", message == NULL ? "the server gave an error without a message" : message);
  if (error == NULL) return;
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    mp_error_put(*error, fields[i].field, PQresultErrorField(result, fields[i].code));
  }
  mp_error_put_retryable(*error, kind == MP_ERROR_SERIALIZATION);
  add_statement(connection, result, *error);
  add_own_hint(*error, sqlstate);
  judge_parameter(*error, sqlstate);
}

static size_t without_end(const char *text, size_t size) {
  while (size > 0 && isspace((unsigned char)text[size - 1]))
    size--;
  return size;
}

/* Libpq adds a line when it looks once more at a socket that it has closed. */
static size_t without_echo(const char *text, size_t size) {
  static const char echo[] = "\ninvalid socket";
  size_t length = sizeof echo - 1;
  while (size > length && memcmp(text + size - length, echo, length) == 0)
    size = without_end(text, size - length);
  return size;
}

bool mp__is_memory_message(const char *message) {
  static const char *const words[] = {"out of memory", "cannot allocate memory", "Memory allocation failure"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strstr(message, words[i]) != NULL) return true;
  }
  return false;
}

void mp__libpq_error(PGconn *pg, mp_error_kind kind, mp_error **error) {
  const char *message = pg == NULL ? "" : PQerrorMessage(pg);
  if (mp__is_memory_message(message)) {
    mp_error_set_memory(error);
    return;
  }
  size_t size = without_echo(message, without_end(message, strlen(message)));
  if (size == 0) {
    mp_error_set(error, kind, "the connection to the server was lost");
  } else {
    mp_error_set(error, kind, "%.*s", (int)size, message);
  }
}
