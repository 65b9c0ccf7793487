/* A piece of SQL that is put into another text. */
#include "sql/sql.h"

#include <string.h>

#include "sql/lexer.h"

static bool refuse(const char *text, const mp__token *token, const char *what, const char *hint, mp_error **error) {
  if (error == NULL) return false;
  mp_error_set(error, MP_ERROR_USAGE, "the fragment has %s", what);
  mp_error_put(*error, MP_ERROR_STATEMENT, text);
  mp_error_put_position(*error, mp__position_of(text, token->start));
  mp_error_put(*error, MP_ERROR_HINT, hint);
  return false;
}

bool mp_sql_check_part(const char *text, size_t size, mp_error **error) {
  mp__lexer lexer;
  size_t open = 0;
  if (memchr(text, '\0', size) != NULL) return mp_error_set(error, MP_ERROR_USAGE, "the fragment has a NUL byte");
  mp__lexer_init(&lexer, text, size);
  for (;;) {
    mp__token token = mp__lexer_next(&lexer);
    switch (token.kind) {
    case MP__TOKEN_END: return open == 0 || refuse(text, &token, "a parenthesis that is never closed", NULL, error);
    case MP__TOKEN_BROKEN: return refuse(text, &token, lexer.broken, NULL, error);
    case MP__TOKEN_SEMICOLON: return refuse(text, &token, "a semicolon", "leave it out", error);
    case MP__TOKEN_OTHER:
      if (*token.start == ';') return refuse(text, &token, "a semicolon", "leave it out", error);
      break;
    case MP__TOKEN_POSITION: return refuse(text, &token, "a parameter by position", "give it a name: $name", error);
    case MP__TOKEN_OPEN: open++; break;
    case MP__TOKEN_CLOSE:
      if (open-- == 0) return refuse(text, &token, "a parenthesis that was never opened", NULL, error);
      break;
    default: break;
    }
  }
}

bool mp_sql_next_name(const char *text, size_t size, size_t *at, size_t *start, size_t *end) {
  mp__lexer lexer;
  mp__lexer_init(&lexer, text + *at, size - *at);
  for (;;) {
    mp__token token = mp__lexer_next(&lexer);
    if (token.kind == MP__TOKEN_END || token.kind == MP__TOKEN_BROKEN) return false;
    if (token.kind != MP__TOKEN_NAME) continue;
    *start = (size_t)(token.start - text);
    *end = *start + token.size;
    *at = *end;
    return true;
  }
}
