/* One walk over a statement's tokens: its placeholders, and what its words say about the session. Where the words
 * leave it open, the answer is the careful one: SESSION costs a reset, a wrong PLAIN costs another caller's result. */
#include "sql/sql.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "sql/lexer.h"

enum { PARAMETERS_MAX = 65535 }; /* the wire counts them in 16 bits */

/* The first words after which another word matters. */
typedef enum first_kind { OTHER, READ, WITH, SET, PREPARE, COPY, DECLARE, CREATE } first_kind;

typedef struct look {
  const char *text;
  size_t size;
  mp__lexer lexer;
  first_kind kind;
  mp__token first;    /* the first word: what kind of statement this is     */
  mp__token previous; /* the token before the current one                   */
  mp__token earlier;  /* and the one before that                            */
  bool has_ended;     /* a semicolon was seen; another token makes it two   */
  unsigned flags;
  bool reads;
  int positions;
  size_t name_count;
  size_t name_capacity;
  char **names;
  mp_buffer out; /* the text with numbers for names, up to `copied`    */
  const char *copied;
} look;

/* ---- what the words say ---- */

/* First words, and what they mean before any other word is seen. One that is not here is SESSION. 0: neither plain nor
 * leaving anything behind. */
static const struct {
  const char *word;
  unsigned flags;
  first_kind kind;
} first_words[] = {
    {"select", MP_SQL_PLAIN, READ},
    {"insert", MP_SQL_PLAIN, OTHER},
    {"update", MP_SQL_PLAIN, OTHER},
    {"delete", MP_SQL_PLAIN, OTHER},
    {"merge", MP_SQL_PLAIN, OTHER},
    {"with", MP_SQL_PLAIN, WITH},
    {"values", MP_SQL_PLAIN, READ},
    {"table", MP_SQL_PLAIN, READ},
    {"begin", MP_SQL_CONTROL, OTHER},
    {"start", MP_SQL_CONTROL, OTHER},
    {"commit", MP_SQL_CONTROL, OTHER},
    {"end", MP_SQL_CONTROL, OTHER},
    {"rollback", MP_SQL_CONTROL, OTHER},
    {"abort", MP_SQL_CONTROL, OTHER},
    {"savepoint", MP_SQL_CONTROL, OTHER},
    {"release", MP_SQL_CONTROL, OTHER},
    {"alter", 0, OTHER},
    {"analyze", 0, OTHER},
    {"checkpoint", 0, OTHER},
    {"close", 0, OTHER},
    {"cluster", 0, OTHER},
    {"comment", 0, OTHER},
    {"drop", 0, OTHER},
    {"explain", 0, CREATE}, /* with ANALYZE it creates */
    {"fetch", 0, OTHER},
    {"grant", 0, OTHER},
    {"import", 0, OTHER},
    {"lock", 0, OTHER},
    {"move", 0, OTHER},
    {"notify", 0, OTHER},
    {"reassign", 0, OTHER},
    {"refresh", 0, OTHER},
    {"reindex", 0, OTHER},
    {"revoke", 0, OTHER},
    {"security", 0, OTHER},
    {"show", 0, OTHER},
    {"truncate", 0, OTHER},
    {"vacuum", 0, OTHER},
    {"copy", 0, COPY},
    {"create", 0, CREATE},
    {"declare", 0, DECLARE},
    {"load", MP_SQL_SESSION | MP_SQL_LASTING, OTHER},
    {"prepare", MP_SQL_SESSION, PREPARE},
    {"set", MP_SQL_SESSION, SET},
};

static void note_first(look *at, const mp__token *word) {
  at->first = *word;
  at->flags = MP_SQL_SESSION;
  for (size_t i = 0; i < sizeof first_words / sizeof first_words[0]; i++) {
    if (!mp__token_is(word, first_words[i].word)) continue;
    at->flags = first_words[i].flags;
    at->kind = first_words[i].kind;
    at->reads = at->kind == READ || at->kind == WITH;
    return;
  }
}

/* Functions whose effect outlives the transaction, by the beginning of their names; the first that fits counts. */
static const struct {
  const char *prefix;
  unsigned flags;
} functions[] = {
    {"set_config", MP_SQL_SESSION},
    {"setval", MP_SQL_SESSION},
    {"currval", MP_SQL_SESSION},
    {"lastval", MP_SQL_SESSION},
    {"setseed", MP_SQL_SESSION | MP_SQL_LASTING},
    {"pg_advisory_xact_", 0},
    {"pg_advisory_", MP_SQL_SESSION},
    {"pg_try_advisory_xact_", 0},
    {"pg_try_advisory_", MP_SQL_SESSION},
    {"pg_export_snapshot", MP_SQL_SESSION},
    {"lo_", MP_SQL_SESSION},
    {"dblink_connect", MP_SQL_SESSION | MP_SQL_LASTING},
    {"dblink", MP_SQL_SESSION},
    {"pg_replication_origin_session_", MP_SQL_SESSION | MP_SQL_LASTING},
    {"pg_replication_origin_", MP_SQL_SESSION},
    {"pg_create_physical_replication_slot", MP_SQL_SESSION | MP_SQL_LASTING}, /* it may be temporary */
    {"pg_create_logical_replication_slot", MP_SQL_SESSION | MP_SQL_LASTING},
};

static unsigned flags_of_function(const mp__token *name) {
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    if (mp__token_begins(name, functions[i].prefix)) return functions[i].flags;
  }
  return 0;
}

static bool is_temporary(const mp__token *word) {
  return mp__token_is(word, "temp") || mp__token_is(word, "temporary");
}

/* CREATE [OR REPLACE] [LOCAL | GLOBAL] TEMP ...; SELECT ... INTO [LOCAL | GLOBAL] TEMP ... */
static bool makes_temporary(const look *at, const mp__token *word) {
  const mp__token *before = &at->previous;
  if (mp__token_is(before, "into")) {
    return is_temporary(word) || mp__token_is(word, "local") || mp__token_is(word, "global");
  }
  if (at->kind != CREATE || !is_temporary(word)) return false;
  return mp__token_is(before, "create") || mp__token_is(before, "replace") || mp__token_is(before, "local") ||
         mp__token_is(before, "global");
}

/* SET LOCAL, SET TRANSACTION and SET CONSTRAINTS end with their transaction. */
static bool is_set_of_transaction(const mp__token *word) {
  return mp__token_is(word, "local") || mp__token_is(word, "transaction") || mp__token_is(word, "constraints");
}

/* SET [SESSION | LOCAL] SEED: no reset brings back the one before. */
static bool is_set_of_seed(const look *at, const mp__token *word) {
  const mp__token *before = &at->previous;
  return at->kind == SET && mp__token_is(word, "seed") &&
         (mp__token_is(before, "set") || mp__token_is(before, "session") || mp__token_is(before, "local"));
}

/* U&"...", whose escapes may spell any name; not $you & "...". */
static bool is_escaped_name(const look *at, const mp__token *word) {
  const char *ampersand = at->previous.start;
  return word->kind == MP__TOKEN_QUOTED && ampersand != NULL && ampersand + 1 == word->start && *ampersand == '&' &&
         mp__token_is(&at->earlier, "u") && at->earlier.start + 1 == ampersand;
}

static bool is_copy_of_client(const look *at, const mp__token *word) {
  return at->lexer.parentheses == 0 && (mp__token_is(&at->previous, "from") || mp__token_is(&at->previous, "to")) &&
         (mp__token_is(word, "stdin") || mp__token_is(word, "stdout"));
}

/* INSERT, UPDATE, DELETE or MERGE, but for SELECT ... FOR [NO KEY] UPDATE. */
static bool changes_data(const look *at, const mp__token *word) {
  const mp__token *before = &at->previous;
  if (mp__token_is(word, "update")) return !mp__token_is(before, "for") && !mp__token_is(before, "key");
  return mp__token_is(word, "insert") || mp__token_is(word, "delete") || mp__token_is(word, "merge");
}

static void note_word(look *at, const mp__token *word) {
  bool is_second = at->previous.start == at->first.start;
  if (at->kind == SET && is_second && is_set_of_transaction(word)) at->flags = 0;
  if (at->kind == PREPARE && is_second && mp__token_is(word, "transaction")) at->flags = MP_SQL_CONTROL;
  if (at->kind == COPY && is_copy_of_client(at, word)) at->flags |= MP_SQL_COPY;
  if (at->kind == DECLARE && mp__token_is(&at->previous, "with") && mp__token_is(word, "hold")) {
    at->flags |= MP_SQL_SESSION;
  }
  if (makes_temporary(at, word) || mp__token_begins(word, "pg_temp")) at->flags |= MP_SQL_SESSION;
  if (is_set_of_seed(at, word)) at->flags |= MP_SQL_SESSION | MP_SQL_LASTING;
  if (is_escaped_name(at, word)) at->flags |= MP_SQL_SESSION;
  /* An UPDATE of this view is a SET. */
  if (!at->reads && mp__token_is(word, "pg_settings")) at->flags |= MP_SQL_SESSION;
  if (word->kind == MP__TOKEN_QUOTED) return;
  if (mp__token_is(word, "into") || (at->kind == WITH && changes_data(at, word))) at->reads = false;
}

static void note_meaning(look *at, const mp__token *token) {
  bool is_word = token->kind == MP__TOKEN_WORD || token->kind == MP__TOKEN_QUOTED;
  if (at->has_ended && token->kind != MP__TOKEN_SEMICOLON) at->flags |= MP_SQL_CONTROL | MP_SQL_SESSION;
  if (is_word && at->first.start == NULL) {
    note_first(at, token);
  } else if (is_word) {
    note_word(at, token);
  }
  if (token->kind == MP__TOKEN_OPEN) at->flags |= flags_of_function(&at->previous);
  if (token->kind == MP__TOKEN_SEMICOLON) at->has_ended = at->first.start != NULL;
  at->earlier = at->previous;
  at->previous = *token;
}

/* ---- placeholders ---- */

/* Completes an error of this statement with the place that it speaks of; false, for the caller to return. */
static bool blame(const look *at, const char *place, mp_error **error) {
  if (error == NULL) return false;
  char *statement = strndup(at->text, at->size);
  if (statement == NULL) return mp_error_set_memory(error);
  mp_error_put(*error, MP_ERROR_STATEMENT, statement);
  mp_error_put_position(*error, mp__position_of(at->text, place));
  free(statement);
  return false;
}

static bool refuse_mixture(const look *at, const mp__token *token, mp_error **error) {
  mp_error_set(error, MP_ERROR_USAGE, "a statement has parameters by position ($1) or by name ($name), not both");
  return blame(at, token->start, error);
}

static bool refuse_number(const look *at, const mp__token *token, mp_error **error) {
  mp_error_set(error, MP_ERROR_USAGE, "there is no parameter %.*s: they go from $1 to $%d",
               token->size > 20 ? 20 : (int)token->size, token->start, PARAMETERS_MAX);
  return blame(at, token->start, error);
}

static bool note_position(look *at, const mp__token *token, mp_error **error) {
  int number = 0;
  for (size_t i = 1; i < token->size && number <= PARAMETERS_MAX; i++)
    number = number * 10 + (token->start[i] - '0');
  if (at->name_count > 0) return refuse_mixture(at, token, error);
  if (number < 1 || number > PARAMETERS_MAX) return refuse_number(at, token, error);
  if (number > at->positions) at->positions = number;
  return true;
}

/* The number of a name that is already there; or name_count. */
static size_t find_name(const look *at, const char *name, size_t size) {
  size_t i = 0;
  while (i < at->name_count && (strncmp(at->names[i], name, size) != 0 || at->names[i][size] != '\0'))
    i++;
  return i;
}

static bool add_name(look *at, const char *name, size_t size, mp_error **error) {
  if (at->name_count == at->name_capacity) {
    size_t capacity = at->name_capacity == 0 ? 8 : at->name_capacity * 2;
    char **names = realloc(at->names, capacity * sizeof *names);
    if (names == NULL) return mp_error_set_memory(error);
    at->names = names;
    at->name_capacity = capacity;
  }
  char *copy = strndup(name, size);
  if (copy == NULL) return mp_error_set_memory(error);
  at->names[at->name_count++] = copy;
  return true;
}

static bool note_name(look *at, const mp__token *token, mp_error **error) {
  if (at->positions > 0) return refuse_mixture(at, token, error);
  const char *name = token->start + 1;
  size_t size = token->size - 1;
  size_t number = find_name(at, name, size);
  if (number == PARAMETERS_MAX) {
    mp_error_set(error, MP_ERROR_USAGE, "a statement has at most %d parameters", PARAMETERS_MAX);
    return blame(at, token->start, error);
  }
  if (number == at->name_count && !add_name(at, name, size, error)) return false;
  mp_buffer_add(&at->out, at->copied, (size_t)(token->start - at->copied));
  mp_buffer_addf(&at->out, "$%zu", number + 1);
  at->copied = token->start + token->size;
  return true;
}

/* ---- the walk ---- */

static bool refuse_broken(const look *at, const mp__token *token, mp_error **error) {
  mp_error_set(error, MP_ERROR_USAGE, "the statement has %s", at->lexer.broken);
  return blame(at, token->start, error);
}

/* The wire ends a statement at its first zero byte: what stands behind it would silently not run. */
static bool refuse_zero(const look *at, mp_error **error) {
  const char *zero = memchr(at->text, '\0', at->size);
  if (zero == NULL) return true;
  mp_error_set(error, MP_ERROR_USAGE, "the statement has a zero byte, at byte %zu", (size_t)(zero - at->text) + 1);
  return false;
}

static bool walk(look *at, mp_error **error) {
  mp__lexer_init(&at->lexer, at->text, at->size);
  for (;;) {
    mp__token token = mp__lexer_next(&at->lexer);
    if (token.kind == MP__TOKEN_END) return true;
    if (token.kind == MP__TOKEN_BROKEN) return refuse_broken(at, &token, error);
    if (token.kind == MP__TOKEN_POSITION && !note_position(at, &token, error)) return false;
    if (token.kind == MP__TOKEN_NAME && !note_name(at, &token, error)) return false;
    note_meaning(at, &token);
  }
}

static void free_names(char **names, size_t count) {
  for (size_t i = 0; i < count; i++)
    free(names[i]);
  free(names);
}

bool mp_sql_look(const char *text, size_t size, mp_sql *out, mp_error **error) {
  look at = {.text = text, .size = size, .copied = text};
  mp_buffer_init(&at.out, SIZE_MAX / 2);
  mp_sql found = {0};
  bool is_ok = refuse_zero(&at, error) && walk(&at, error);
  if (!is_ok) goto done;

  if (at.flags & (MP_SQL_SESSION | MP_SQL_CONTROL)) at.flags &= ~(unsigned)MP_SQL_PLAIN;
  found = (mp_sql){.flags = at.flags, .positions = at.positions, .name_count = at.name_count};
  found.reads = at.reads && (at.flags & MP_SQL_CONTROL) == 0;
  if (at.name_count > 0) {
    mp_buffer_add(&at.out, at.copied, (size_t)(text + size - at.copied));
    found.text_size = at.out.size;
    found.text = mp_buffer_take_text(&at.out);
    is_ok = found.text != NULL || mp_error_set_memory(error);
    if (!is_ok) goto done;
    found.names = at.names;
    at.names = NULL;
    at.name_count = 0;
  }
  *out = found;

done:
  free_names(at.names, at.name_count);
  mp_buffer_finish(&at.out);
  return is_ok;
}

void mp_sql_finish(mp_sql *sql) {
  free_names(sql->names, sql->name_count);
  free(sql->text);
  *sql = (mp_sql){0};
}

void mp_sql_quote_identifier(const char *name, char *to) {
  *to++ = '"';
  for (; *name != '\0'; name++) {
    if (*name == '"') *to++ = '"';
    *to++ = *name;
  }
  *to++ = '"';
  *to = '\0';
}
