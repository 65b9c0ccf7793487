/* The pool-wide cache of statements by text. */
#include "connection/statement.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/lru.h"

enum { KEPT_TEXTS = 1024, KEPT_TEXT_SIZE = 16384 };

struct mp_statement {
  atomic_int references;
  mp_lru_entry entry; /* on the cache's list while `kept` */
  bool kept;          /* guarded by the cache's lock, as are the types */
  mp_types *types;
  mp_sql sql;
  size_t size;
  char source[]; /* zero terminated */
};

struct mp_statements {
  mp_catalog *catalog; /* owned */
  uv_mutex_t lock;
  mp_lru lru;
};

typedef struct text_key {
  const char *text;
  size_t size;
} text_key;

static mp_statement *statement_of(const mp_lru_entry *entry) {
  return (mp_statement *)((const char *)entry - offsetof(mp_statement, entry));
}

static bool has_text(const mp_lru_entry *entry, const void *key) {
  const mp_statement *statement = statement_of(entry);
  const text_key *wanted = key;
  return statement->size == wanted->size && memcmp(statement->source, wanted->text, wanted->size) == 0;
}

mp_types *mp_types_create(int count) {
  mp_types *types = calloc(1, sizeof *types + (size_t)count * sizeof types->oids[0]);
  if (types == NULL) return NULL;
  atomic_init(&types->references, 1);
  types->count = count;
  return types;
}

mp_types *mp_types_retain(mp_types *types) {
  if (types != NULL) atomic_fetch_add_explicit(&types->references, 1, memory_order_relaxed);
  return types;
}

void mp_types_release(mp_types *types) {
  if (types != NULL && atomic_fetch_sub_explicit(&types->references, 1, memory_order_acq_rel) == 1) free(types);
}

mp_statement *mp_statement_retain(mp_statement *statement) {
  atomic_fetch_add_explicit(&statement->references, 1, memory_order_relaxed);
  return statement;
}

void mp_statement_release(mp_statement *statement) {
  if (statement == NULL) return;
  if (atomic_fetch_sub_explicit(&statement->references, 1, memory_order_acq_rel) != 1) return;
  mp_types_release(statement->types);
  mp_sql_finish(&statement->sql);
  free(statement);
}

mp_statements *mp_statements_create(mp_error **error) {
  mp_statements *statements = calloc(1, sizeof *statements);
  if (statements == NULL) goto failed;
  statements->catalog = mp_catalog_create(NULL);
  if (statements->catalog == NULL || !mp_lru_init(&statements->lru, KEPT_TEXTS, has_text)) goto failed;
  if (uv_mutex_init(&statements->lock) == 0) return statements;
  mp_lru_finish(&statements->lru);
failed:
  if (statements != NULL) mp_catalog_destroy(statements->catalog);
  free(statements);
  mp_error_set_memory(error);
  return NULL;
}

/* With the lock held. */
static void drop(mp_statements *statements, mp_statement *statement) {
  mp_lru_remove(&statements->lru, &statement->entry);
  statement->kept = false;
  mp_statement_release(statement);
}

void mp_statements_destroy(mp_statements *statements) {
  if (statements == NULL) return;
  while (statements->lru.oldest != NULL)
    drop(statements, statement_of(statements->lru.oldest));
  mp_lru_finish(&statements->lru);
  uv_mutex_destroy(&statements->lock);
  mp_catalog_destroy(statements->catalog);
  free(statements);
}

mp_catalog *mp_statements_catalog(const mp_statements *statements) {
  return statements->catalog;
}

static mp_statement *look_at(const char *text, size_t size, mp_error **error) {
  const char *nul = memchr(text, '\0', size);
  if (nul != NULL) {
    mp_error_set(error, MP_ERROR_USAGE, "the statement has a NUL byte at offset %zu, which SQL cannot hold",
                 (size_t)(nul - text));
    return NULL;
  }
  mp_statement *statement = calloc(1, sizeof *statement + size + 1);
  if (statement == NULL) {
    mp_error_set_memory(error);
    return NULL;
  }
  atomic_init(&statement->references, 1);
  statement->size = size;
  memcpy(statement->source, text, size);
  if (!mp_sql_look(text, size, &statement->sql, error)) {
    free(statement);
    return NULL;
  }
  if (statement->sql.positions == 0 && statement->sql.name_count == 0) statement->types = mp_types_create(0);
  return statement;
}

/* With the lock held. Another thread may have been faster: then its statement stays and ours is let go. */
static mp_statement *keep(mp_statements *statements, mp_statement *made, uint64_t hash, const text_key *key) {
  mp_lru_entry *entry = mp_lru_find(&statements->lru, hash, key);
  if (entry != NULL) {
    mp_statement_release(made);
    return mp_statement_retain(statement_of(entry));
  }
  mp_lru_add(&statements->lru, &made->entry, hash);
  made->kept = true;
  if (statements->lru.count > KEPT_TEXTS) drop(statements, statement_of(statements->lru.oldest));
  return mp_statement_retain(made);
}

mp_statement *mp_statements_get(mp_statements *statements, const char *text, size_t size, mp_types **types,
                                mp_error **error) {
  *types = NULL;
  if (size > KEPT_TEXT_SIZE) return look_at(text, size, error);
  text_key key = {text, size};
  uint64_t hash = mp_hash_bytes(text, size);
  uv_mutex_lock(&statements->lock);
  mp_lru_entry *entry = mp_lru_find(&statements->lru, hash, &key);
  if (entry != NULL) {
    mp_statement *found = mp_statement_retain(statement_of(entry));
    *types = mp_types_retain(found->types);
    uv_mutex_unlock(&statements->lock);
    return found;
  }
  uv_mutex_unlock(&statements->lock);

  mp_statement *made = look_at(text, size, error);
  if (made == NULL) return NULL;
  uv_mutex_lock(&statements->lock);
  mp_statement *kept = keep(statements, made, hash, &key);
  *types = mp_types_retain(kept->types);
  uv_mutex_unlock(&statements->lock);
  return kept;
}

mp_types *mp_statements_types(mp_statements *statements, const mp_statement *statement) {
  uv_mutex_lock(&statements->lock);
  mp_types *types = mp_types_retain(statement->types);
  uv_mutex_unlock(&statements->lock);
  return types;
}

static void set_types(mp_statements *statements, mp_statement *statement, mp_types *types) {
  uv_mutex_lock(&statements->lock);
  mp_types *before = statement->types;
  statement->types = types;
  uv_mutex_unlock(&statements->lock);
  mp_types_release(before);
}

void mp_statements_learn(mp_statements *statements, mp_statement *statement, mp_types *types) {
  set_types(statements, statement, types);
}

void mp_statements_forget(mp_statements *statements, mp_statement *statement) {
  set_types(statements, statement, NULL);
}

const mp_sql *mp_statement_sql(const mp_statement *statement) {
  return &statement->sql;
}

const char *mp_statement_text(const mp_statement *statement, size_t *size) {
  if (statement->sql.text == NULL) {
    *size = statement->size;
    return statement->source;
  }
  *size = statement->sql.text_size;
  return statement->sql.text;
}

bool mp_statement_is_kept(const mp_statement *statement) {
  return statement->size <= KEPT_TEXT_SIZE;
}

const char *mp_statement_source(const mp_statement *statement) {
  return statement->source;
}
