/* The lexer: where each token of PostgreSQL's scan.l ends. Each skip_ function gets the lexer behind an opening quote
 * and leaves it behind the closing one; false means that the text ended first. */
#include "sql/lexer.h"

#include <string.h>

static bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_newline(char c) {
  return c == '\n' || c == '\r';
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Every byte of a multi-byte character counts as a letter, as it does for the server. */
static bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80U;
}

static bool is_word_part(char c) {
  return is_word_start(c) || is_digit(c);
}

static size_t left(const mp__lexer *lexer) {
  return (size_t)(lexer->end - lexer->at);
}

static bool is_at(const mp__lexer *lexer, const char *two) {
  return left(lexer) >= 2 && lexer->at[0] == two[0] && lexer->at[1] == two[1];
}

static void skip_line(mp__lexer *lexer) {
  while (lexer->at < lexer->end && !is_newline(*lexer->at))
    lexer->at++;
}

/* Comments nest. Returns false, with the lexer where it was, when one is not closed. */
static bool skip_block_comment(mp__lexer *lexer) {
  const char *start = lexer->at;
  size_t depth = 0;
  do {
    if (is_at(lexer, "/*")) {
      depth++;
      lexer->at += 2;
    } else if (is_at(lexer, "*/")) {
      depth--;
      lexer->at += 2;
    } else {
      lexer->at++;
    }
  } while (depth > 0 && lexer->at < lexer->end);
  if (depth > 0) lexer->at = start;
  return depth == 0;
}

/* Stops at a comment that is not closed, too. */
static void skip_blanks(mp__lexer *lexer) {
  while (lexer->at < lexer->end) {
    if (is_blank(*lexer->at)) {
      lexer->at++;
    } else if (is_at(lexer, "--")) {
      skip_line(lexer);
    } else if (!is_at(lexer, "/*") || !skip_block_comment(lexer)) {
      return;
    }
  }
}

/* A quote written twice stands for itself and is passed over as if one string ended and the next began. */
static bool skip_quoted(mp__lexer *lexer, char quote) {
  for (;;) {
    const char *close = memchr(lexer->at, quote, left(lexer));
    if (close == NULL) return false;
    lexer->at = close + 1;
    if (lexer->at == lexer->end || *lexer->at != quote) return true;
    lexer->at++;
  }
}

static bool skip_escaped(mp__lexer *lexer) {
  while (lexer->at < lexer->end) {
    char c = *lexer->at++;
    if (c == '\\' && lexer->at < lexer->end) {
      lexer->at++;
    } else if (c == '\'') {
      if (lexer->at == lexer->end || *lexer->at != '\'') return true;
      lexer->at++;
    }
  }
  return false;
}

/* A string goes on in another quote when only blanks with a newline among them stand between: the rules of the first
 * one hold there too. Moves behind that quote, or not at all. */
static bool skip_continuation(mp__lexer *lexer) {
  bool seen_newline = false;
  const char *at = lexer->at;
  while (at < lexer->end) {
    if (is_blank(*at)) {
      seen_newline = seen_newline || is_newline(*at);
      at++;
    } else if (lexer->end - at >= 2 && at[0] == '-' && at[1] == '-') {
      while (at < lexer->end && !is_newline(*at))
        at++;
    } else {
      break;
    }
  }
  if (!seen_newline || at == lexer->end || *at != '\'') return false;
  lexer->at = at + 1;
  return true;
}

static bool skip_string(mp__lexer *lexer, bool has_escapes) {
  do {
    if (!(has_escapes ? skip_escaped(lexer) : skip_quoted(lexer, '\''))) return false;
  } while (skip_continuation(lexer));
  return true;
}

/* Finds the closing tag of a dollar quote. tag: with both of its dollars. */
static bool skip_dollar_quote(mp__lexer *lexer, const char *tag, size_t tag_size) {
  const char *close = memmem(lexer->at, left(lexer), tag, tag_size);
  if (close == NULL) return false;
  lexer->at = close + tag_size;
  return true;
}

static void skip_digits(mp__lexer *lexer) {
  while (lexer->at < lexer->end && is_digit(*lexer->at))
    lexer->at++;
}

/* Decimal, as far as the exponent: in 1e5$a$...$a$ a word must not swallow the dollar quote. */
static void skip_number(mp__lexer *lexer) {
  skip_digits(lexer);
  if (lexer->at < lexer->end && *lexer->at == '.' && !is_at(lexer, "..")) {
    lexer->at++;
    skip_digits(lexer);
  }
  if (lexer->at == lexer->end || (*lexer->at != 'e' && *lexer->at != 'E')) return;
  const char *exponent = lexer->at + 1;
  if (exponent < lexer->end && (*exponent == '+' || *exponent == '-')) exponent++;
  if (exponent == lexer->end || !is_digit(*exponent)) return;
  lexer->at = exponent;
  skip_digits(lexer);
}

static void skip_word(mp__lexer *lexer) {
  while (lexer->at < lexer->end && (is_word_part(*lexer->at) || *lexer->at == '$'))
    lexer->at++;
}

static mp__token_kind broken(mp__lexer *lexer, const char *what) {
  lexer->at = lexer->end;
  lexer->broken = what;
  return MP__TOKEN_BROKEN;
}

/* At a dollar that is not inside a word: $1, $name, $tag$...$tag$, or only a dollar. */
static mp__token_kind next_dollar(mp__lexer *lexer) {
  const char *dollar = lexer->at++;
  if (lexer->at < lexer->end && is_digit(*lexer->at)) {
    while (lexer->at < lexer->end && is_digit(*lexer->at))
      lexer->at++;
    return MP__TOKEN_POSITION;
  }
  if (lexer->at < lexer->end && is_word_start(*lexer->at)) {
    while (lexer->at < lexer->end && is_word_part(*lexer->at))
      lexer->at++;
  }
  if (lexer->at < lexer->end && *lexer->at == '$') {
    lexer->at++;
    bool closed = skip_dollar_quote(lexer, dollar, (size_t)(lexer->at - dollar));
    return closed ? MP__TOKEN_STRING : broken(lexer, "a dollar-quoted string that is never closed");
  }
  return lexer->at > dollar + 1 ? MP__TOKEN_NAME : MP__TOKEN_OTHER;
}

static mp__token_kind next_string(mp__lexer *lexer, size_t opening) {
  lexer->at += opening;
  bool closed = skip_string(lexer, opening == 2);
  return closed ? MP__TOKEN_STRING : broken(lexer, "a string that is never closed");
}

static mp__token_kind next_byte(mp__lexer *lexer) {
  switch (*lexer->at++) {
  case '(': lexer->parentheses++; return MP__TOKEN_OPEN;
  case ')': lexer->parentheses -= lexer->parentheses > 0 ? 1 : 0; return MP__TOKEN_CLOSE;
  case ';': return lexer->parentheses + lexer->blocks == 0 ? MP__TOKEN_SEMICOLON : MP__TOKEN_OTHER;
  default: return MP__TOKEN_OTHER;
  }
}

static mp__token_kind next_kind(mp__lexer *lexer) {
  char c = *lexer->at;
  if (is_at(lexer, "/*")) return broken(lexer, "a comment that is never closed");
  if (is_at(lexer, "e'") || is_at(lexer, "E'")) return next_string(lexer, 2);
  if (c == '\'') return next_string(lexer, 1);
  if (c == '$') return next_dollar(lexer);
  if (c == '"') {
    lexer->at++;
    return skip_quoted(lexer, '"') ? MP__TOKEN_QUOTED : broken(lexer, "a quoted name that is never closed");
  }
  if (is_digit(c) || (c == '.' && left(lexer) > 1 && is_digit(lexer->at[1]))) {
    skip_number(lexer);
    return MP__TOKEN_OTHER;
  }
  if (!is_word_start(c)) return next_byte(lexer);
  skip_word(lexer);
  return MP__TOKEN_WORD;
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool mp__token_begins(const mp__token *token, const char *prefix) {
  bool is_quoted = token->kind == MP__TOKEN_QUOTED;
  if (!is_quoted && token->kind != MP__TOKEN_WORD) return false;
  const char *name = token->start + (is_quoted ? 1 : 0);
  size_t size = token->size - (is_quoted ? 2 : 0);
  for (size_t i = 0; prefix[i] != '\0'; i++) {
    if (i == size || (is_quoted ? name[i] : lower(name[i])) != prefix[i]) return false;
  }
  return true;
}

/* BEGIN is a statement of its own elsewhere, and ATOMIC follows it nowhere else. */
static void note_blocks(mp__lexer *lexer, const mp__token *token) {
  bool is_word = token->kind == MP__TOKEN_WORD;
  if (is_word && lexer->is_behind_begin && mp__token_is(token, "atomic")) {
    lexer->blocks++;
  } else if (is_word && lexer->blocks > 0) {
    if (mp__token_is(token, "case")) lexer->blocks++;
    if (mp__token_is(token, "end")) lexer->blocks--;
  }
  lexer->is_behind_begin = is_word && mp__token_is(token, "begin");
}

int mp__position_of(const char *text, const char *place) {
  int position = 1;
  for (const char *c = text; c < place; c++)
    position += ((unsigned char)*c & 0xC0U) == 0x80U ? 0 : 1;
  return position;
}

void mp__lexer_init(mp__lexer *lexer, const char *text, size_t size) {
  *lexer = (mp__lexer){.at = text, .end = text + size};
}

mp__token mp__lexer_next(mp__lexer *lexer) {
  skip_blanks(lexer);
  mp__token token = {.kind = MP__TOKEN_END, .start = lexer->at};
  if (lexer->at < lexer->end) token.kind = next_kind(lexer);
  token.size = (size_t)(lexer->at - token.start);
  note_blocks(lexer, &token);
  return token;
}
