/* PostgreSQL's words and quotes, one token at a time, as its own scanner cuts them (standard_conforming_strings on).
 * Operators come byte by byte: nothing here needs them whole. Comments and blanks are passed over. */
#ifndef MP_SQL_LEXER_H
#define MP_SQL_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef enum mp__token_kind {
  MP__TOKEN_END,       /* of the text                                                */
  MP__TOKEN_WORD,      /* a keyword or an unquoted name                              */
  MP__TOKEN_QUOTED,    /* "a name"                                                   */
  MP__TOKEN_STRING,    /* '', E'', with its continuations; $tag$ $tag$               */
  MP__TOKEN_POSITION,  /* $1                                                         */
  MP__TOKEN_NAME,      /* $name                                                      */
  MP__TOKEN_OPEN,      /* (                                                          */
  MP__TOKEN_CLOSE,     /* )                                                          */
  MP__TOKEN_SEMICOLON, /* one that ends a statement: not in parentheses or a routine's body */
  MP__TOKEN_OTHER,     /* a number, or one byte of anything else                     */
  MP__TOKEN_BROKEN,    /* the rest of the text: something was opened and never closed */
} mp__token_kind;

typedef struct mp__token {
  mp__token_kind kind;
  const char *start; /* borrowed from the text */
  size_t size;
} mp__token;

typedef struct mp__lexer {
  const char *at;
  const char *end;
  size_t parentheses; /* open ones                                                                     */
  size_t blocks;      /* BEGIN ATOMIC ... END, the body of a routine, and CASE ... END within          */
  bool is_behind_begin;
  const char *broken; /* of a BROKEN token: what was not closed, in words; else NULL                   */
} mp__lexer;

void mp__lexer_init(mp__lexer *lexer, const char *text, size_t size);
mp__token mp__lexer_next(mp__lexer *lexer);

/* The place as error messages count it: from 1, in characters. */
int mp__position_of(const char *text, const char *place);

/* Does the token, a word in any case or a quoted name exactly, begin so? prefix: lower case. */
bool mp__token_begins(const mp__token *token, const char *prefix);

/* Is it that word? In the header since nearly every token is asked, and its size already says no. */
static inline bool mp__token_is(const mp__token *token, const char *word) {
  size_t quotes = token->kind == MP__TOKEN_QUOTED ? 2 : 0;
  return token->size == strlen(word) + quotes && mp__token_begins(token, word);
}

#endif
