/* Where the statements of a script begin and end. */
#include "sql/sql.h"

#include "sql/lexer.h"

bool mp_sql_next(const char *text, size_t size, size_t *at, size_t *start, size_t *end) {
  mp__lexer lexer;
  mp__lexer_init(&lexer, text + *at, size - *at);
  mp__token token = mp__lexer_next(&lexer);
  while (token.kind == MP__TOKEN_SEMICOLON)
    token = mp__lexer_next(&lexer);
  if (token.kind == MP__TOKEN_END) return false;

  const char *first = token.start;
  const char *last = first;
  while (token.kind != MP__TOKEN_END && token.kind != MP__TOKEN_SEMICOLON) {
    last = token.start + token.size;
    token = mp__lexer_next(&lexer);
  }
  *start = (size_t)(first - text);
  *end = (size_t)(last - text);
  *at = (size_t)(lexer.at - text);
  return true;
}
