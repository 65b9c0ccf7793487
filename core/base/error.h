/* The one error of Moonpool: every function that can fail gives one to its caller.
 *
 * A fallible function returns bool, a step, or an object, and takes `mp_error **error` last. On failure it
 * stores an error there, owned by the caller (mp_error_free); with error == NULL it stores nothing. Outputs
 * are untouched on failure. No text in an error holds a password or a parameter's value. */
#ifndef MP_BASE_ERROR_H
#define MP_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct mp_error mp_error;

typedef enum mp_error_kind {
  MP_ERROR_CONNECTION,      /* no connection could be made, or it was lost                       */
  MP_ERROR_TIMEOUT,         /* a deadline passed                                                 */
  MP_ERROR_CANCELLED,       /* the caller gave up                                                */
  MP_ERROR_SERVER,          /* the server refused a statement; `sqlstate` says which way         */
  MP_ERROR_CONSTRAINT,      /* class 23: a constraint was violated                               */
  MP_ERROR_SERIALIZATION,   /* 40001, 40P01: run the transaction again                           */
  MP_ERROR_DECODE,          /* the server sent bytes that are not a value of their type          */
  MP_ERROR_USAGE,           /* the caller's mistake, found before anything was sent              */
  MP_ERROR_ROWS,            /* another number of rows or columns than was asked for              */
  MP_ERROR_TRANSACTION,     /* a transaction that could not commit, since a statement had failed */
  MP_ERROR_UNKNOWN_OUTCOME, /* the answer to COMMIT was lost: done or not, nobody can say        */
  MP_ERROR_MIGRATION,       /* a migration folder or ledger is not as it should be               */
  MP_ERROR_LOCAL,           /* the private server could not be found, made or started            */
  MP_ERROR_MEMORY,          /* out of memory; such an error is static and costs nothing          */
  MP_ERROR_SCHEMA_DRIFT,    /* a database is not what the script's schema says                  */
  MP_ERROR_SCRIPT,          /* a script failed by itself, as its host sees it                    */
  MP_ERROR_YAML,            /* a document is not YAML, or not what its reader expects            */
  MP_ERROR_KINDS
} mp_error_kind;

/* What else an error may know, each a text that may be absent (NULL). Those of the server keep its words. */
typedef enum mp_error_field {
  MP_ERROR_MESSAGE,
  MP_ERROR_SQLSTATE,
  MP_ERROR_DETAIL,
  MP_ERROR_HINT,
  MP_ERROR_SCHEMA,
  MP_ERROR_TABLE,
  MP_ERROR_COLUMN,
  MP_ERROR_DATATYPE,
  MP_ERROR_CONSTRAINT_NAME,
  MP_ERROR_CONTEXT,   /* the server's call stack, or the failed script's             */
  MP_ERROR_STATEMENT, /* the text that was sent                                      */
  MP_ERROR_FILE,      /* the file that holds the statement or the document           */
  MP_ERROR_SOURCE,    /* the line of a document that the mistake is in               */
  MP_ERROR_PATH,      /* the place in a document: "rows[2].items[1].id"              */
  MP_ERROR_WHERE,     /* the script's "file:line"                                    */
  MP_ERROR_FIELDS
} mp_error_field;

/* Stores a new error in *error (if error is not NULL), replacing (freeing) one that is there. Returns false, so
 * that a caller can `return mp_error_set(...)`. Out of memory becomes the static error of kind MEMORY. */
bool mp_error_set(mp_error **error, mp_error_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool mp_error_set_v(mp_error **error, mp_error_kind kind, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
bool mp_error_set_memory(mp_error **error);

/* Fills in one field; copied. NULL clears it. Without memory the field stays absent. NULL error: nothing happens. */
void mp_error_put(mp_error *error, mp_error_field field, const char *text);
void mp_error_putf(mp_error *error, mp_error_field field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void mp_error_put_kind(mp_error *error, mp_error_kind kind);
/* position: 1-based, in characters (not bytes) of the statement; 0 when there is none. */
void mp_error_put_position(mp_error *error, int position);
/* The place in a document: both from 1, the column in characters; 0 when there is none. */
void mp_error_put_place(mp_error *error, int line, int column);
void mp_error_put_retryable(mp_error *error, bool retryable);

mp_error_kind mp_error_kind_of(const mp_error *error);
const char *mp_error_kind_name(mp_error_kind kind); /* "connection", "unknown_outcome", ... */
/* Finds the kind of that name; false when there is none. */
bool mp_error_kind_named(const char *name, mp_error_kind *kind);
const char *mp_error_get(const mp_error *error, mp_error_field field); /* borrowed until the next put; or NULL */
const char *mp_error_field_name(mp_error_field field);                 /* "message", "constraint", ...        */
int mp_error_position(const mp_error *error);
int mp_error_line(const mp_error *error);
int mp_error_column(const mp_error *error);
bool mp_error_retryable(const mp_error *error);
/* The message, never NULL; the short form of mp_error_get(error, MP_ERROR_MESSAGE). */
const char *mp_error_message(const mp_error *error);

/* What a person wants to read: place, message, the line of the statement or document with a caret, detail, hint;
 * without a line's end behind the last. Returns: owned (free), or NULL without memory. */
char *mp_error_describe(const mp_error *error);
/* The same, as it was at the first call: borrowed until the error is freed. Without memory: the message. */
const char *mp_error_text(mp_error *error);

/* Moves *from into *to (which may be NULL: then it is freed). */
void mp_error_move(mp_error **to, mp_error *from);
mp_error *mp_error_copy(const mp_error *error); /* owned */
void mp_error_free(mp_error *error);            /* NULL and the static error are fine */

#endif
