/* What Moonpool must know about a statement's text: its placeholders, its first word, where statements end. One lexer
 * that knows comments (nested), strings of all kinds ('', E'', U&'', B''), dollar quotes and quoted identifiers; it is
 * no parser. */
#ifndef MP_SQL_SQL_H
#define MP_SQL_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What kind of statement it is, as far as its words tell; 0 is one that is not plain and leaves nothing behind (DDL,
 * SET LOCAL, SHOW, ..., an empty text). A text of several statements has CONTROL and SESSION. */
enum {
  MP_SQL_PLAIN = 1,   /* SELECT, INSERT, UPDATE, DELETE, MERGE, WITH, VALUES, TABLE, and no session function     */
  MP_SQL_SESSION = 2, /* may leave something behind in the session: SET, LISTEN, a session function, ...         */
  MP_SQL_CONTROL =
      4,           /* BEGIN, START TRANSACTION, COMMIT, END, ROLLBACK, ABORT, SAVEPOINT, RELEASE, PREPARE TRANSACTION */
  MP_SQL_COPY = 8, /* COPY ... FROM STDIN / TO STDOUT */
  MP_SQL_LASTING = 16, /* with SESSION: what DISCARD ALL does not undo (LOAD, setseed, ...): the session is spoiled */
};

typedef struct mp_sql {
  unsigned flags;
  bool reads;        /* a cursor can run it: a SELECT, VALUES, TABLE, or WITH of these that changes no data in itself;
                        false where the words leave it open */
  int positions;     /* the highest $n; 0 when there is none */
  size_t name_count; /* of different $names; a text has names or positions, never both (usage error)        */
  char **names;      /* owned; in the order of their first appearance, which is their number                */
  char *text;        /* owned; with each $name replaced by its $n; NULL when there are no names             */
  size_t text_size;
} mp_sql;

/* Looks at a statement. Errors: usage (both kinds of placeholders; $0 or above $65535; a zero byte; an unterminated
 * string, comment or dollar quote, with statement and position), memory. */
bool mp_sql_look(const char *text, size_t size, mp_sql *out, mp_error **error);
void mp_sql_finish(mp_sql *sql);

/* Finds the next statement of a script at or behind *at: [*start, *end) without its semicolon and without leading
 * comments and blanks; *at moves behind the semicolon. Empty statements are passed over. A semicolon in parentheses,
 * and within BEGIN ATOMIC ... END of a routine, ends none. Returns false at the end of the script. */
bool mp_sql_next(const char *text, size_t size, size_t *at, size_t *start, size_t *end);

/* Is the text, which ends with a zero byte, fit to be put into another one, as an expression or a query? Errors: usage
 * (a NUL byte; a semicolon; $1; parentheses that do not match; an unterminated string, comment or dollar quote), with
 * the position. */
bool mp_sql_check_part(const char *text, size_t size, mp_error **error);

/* Finds the next $name at or behind *at, an end of a token: [*start, *end) with its dollar; *at moves behind it.
 * Returns false when there is none any more. */
bool mp_sql_next_name(const char *text, size_t size, size_t *at, size_t *start, size_t *end);

/* Appends are not needed: quoting an identifier for the few statements that we write ourselves. to: at least
 * 2 * strlen(name) + 3 bytes. */
void mp_sql_quote_identifier(const char *name, char *to);

#endif
