/* Statements that would begin or end a transaction behind the back of whoever keeps it. */
#include "control.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "error.h"
#include "sql/sql.h"

void mpb_check_control(lua_State *L, const mpb_database *database, unsigned flags) {
  if ((flags & MP_SQL_CONTROL) == 0) return;
  if ((flags & MP_SQL_SESSION) != 0) {
    mpb_usage(L, "run them with db:script(text)", "the text has several statements; expected one");
  }
  if (database->level > 0) {
    mpb_usage(L, "return from its function to commit, raise an error to roll back",
              "a transaction is not ended or nested by a statement");
  }
  if (database->lease == NULL || database->single) {
    mpb_usage(L, "use db:transaction(function(tx) ... end)",
              "a transaction cannot be begun or ended on the pool, whose statements may run on any connection");
  }
}

/* Moves *at behind the word, if it comes next, and the blanks after it. */
static bool skip_word(const char **at, const char *end, const char *word) {
  size_t size = strlen(word);
  if ((size_t)(end - *at) < size || strncasecmp(*at, word, size) != 0) return false;
  const char *next = *at + size;
  if (next < end && (isalnum((unsigned char)*next) || *next == '_')) return false;
  while (next < end && isspace((unsigned char)*next))
    next++;
  *at = next;
  return true;
}

/* SAVEPOINT, RELEASE, ROLLBACK [WORK | TRANSACTION] TO */
static bool is_savepoint(const char *at, const char *end) {
  if (skip_word(&at, end, "savepoint") || skip_word(&at, end, "release")) return true;
  if (!skip_word(&at, end, "rollback")) return false;
  if (!skip_word(&at, end, "work")) skip_word(&at, end, "transaction");
  return skip_word(&at, end, "to");
}

void mpb_check_script(lua_State *L, const mpb_database *database, const char *text, size_t size) {
  if (database->level == 0) return;
  size_t at = 0, start, end;
  while (mp_sql_next(text, size, &at, &start, &end)) {
    mp_sql sql;
    if (is_savepoint(text + start, text + end)) continue;
    if (!mp_sql_look(text + start, end - start, &sql, NULL)) continue; /* the server's to refuse */
    unsigned flags = sql.flags & MP_SQL_CONTROL;
    mp_sql_finish(&sql);
    mpb_check_control(L, database, flags);
  }
}
