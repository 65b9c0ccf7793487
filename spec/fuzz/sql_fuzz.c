/* A text as SQL. Tokens lie in their order and leave out blanks and comments only; the statements of a script, put
 * together again, are the same statements; and a statement whose names became numbers has those numbers. */
#include "sql/lexer.h"
#include "sql/sql.h"
#include "support.h"

static void walk_tokens(const char *text, size_t size) {
  mp__lexer lexer;
  mp__lexer_init(&lexer, text, size);
  const char *at = text;
  for (;;) {
    mp__token token = mp__lexer_next(&lexer);
    if (token.kind == MP__TOKEN_END) break;
    PROMISE(token.start >= at && token.size > 0 && token.size <= (size_t)(text + size - token.start));
    PROMISE((token.kind == MP__TOKEN_BROKEN) == (lexer.broken != NULL));
    at = token.start + token.size;
    if (token.kind == MP__TOKEN_BROKEN) {
      PROMISE(at == text + size);
      break;
    }
  }
}

/* Is a parenthesis, a routine's body, or a quote open at the end? */
static bool is_open(const char *text, size_t size) {
  mp__lexer lexer;
  mp__lexer_init(&lexer, text, size);
  mp__token token;
  do
    token = mp__lexer_next(&lexer);
  while (token.kind != MP__TOKEN_END && token.kind != MP__TOKEN_BROKEN);
  return token.kind == MP__TOKEN_BROKEN || lexer.parentheses > 0 || lexer.blocks > 0 || lexer.is_behind_begin;
}

/* *open: the last one is not complete, so that nothing can follow it. */
static size_t split(const char *text, size_t size, mp_buffer *joined, bool *open) {
  size_t at = 0, start, end, last_end = 0, count = 0;
  while (mp_sql_next(text, size, &at, &start, &end)) {
    PROMISE(start >= last_end && end > start && end <= at && at <= size);
    last_end = end;
    count++;
    *open = is_open(text + start, end - start);
    mp_buffer_add(joined, text + start, end - start);
    mp_buffer_adds(joined, "\n;\n"); /* a comment at the end does not swallow the semicolon */
  }
  PROMISE(mp_buffer_ok(joined));
  return count;
}

static void check_split(const char *text, size_t size) {
  mp_buffer once, twice;
  mp_buffer_init(&once, BUFFER_LIMIT);
  mp_buffer_init(&twice, BUFFER_LIMIT);
  bool open = false;
  size_t count = split(text, size, &once, &open);
  if (count > 0 && !open) {
    PROMISE(split(once.data, once.size, &twice, &open) == count);
    PROMISE(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
  }
  mp_buffer_finish(&once);
  mp_buffer_finish(&twice);
}

static void check_look(const char *text, size_t size) {
  mp_sql given, numbered;
  mp_error *error = NULL;
  if (!settle(mp_sql_look(text, size, &given, &error), &error)) return;
  PROMISE(given.positions == 0 || given.name_count == 0);
  PROMISE((given.text != NULL) == (given.name_count > 0));
  if (given.text != NULL) {
    PROMISE(strlen(given.text) == given.text_size);
    PROMISE(mp_sql_look(given.text, given.text_size, &numbered, &error));
    PROMISE(numbered.name_count == 0 && (size_t)numbered.positions == given.name_count);
    PROMISE(numbered.flags == given.flags);
    mp_sql_finish(&numbered);
  }
  mp_sql_finish(&given);
}

static void check_quote(const char *name) {
  size_t size = strlen(name);
  char *quoted = malloc(2 * size + 3);
  PROMISE(quoted != NULL);
  mp_sql_quote_identifier(name, quoted);
  mp__lexer lexer;
  mp__lexer_init(&lexer, quoted, strlen(quoted));
  mp__token token = mp__lexer_next(&lexer);
  PROMISE(token.kind == MP__TOKEN_QUOTED && token.size == strlen(quoted));
  free(quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = text_of(data, size);
  walk_tokens(text, size);
  check_split(text, size);
  check_look(text, size);
  check_quote(text);
  free(text);
  return 0;
}
