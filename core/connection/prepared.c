/* The statements that one connection has prepared, or is about to: an LRU by statement. */
#include <stdlib.h>

#include "connection/internal.h"

static mp__prepared *prepared_of(const mp_lru_entry *entry) {
  return (mp__prepared *)((const char *)entry - offsetof(mp__prepared, entry));
}

static bool has_statement(const mp_lru_entry *entry, const void *statement) {
  return prepared_of(entry)->statement == statement;
}

static void destroy(mp__prepared *prepared) {
  mp_statement_release(prepared->statement);
  mp_types_release(prepared->types);
  mp_types_release(prepared->columns);
  free(prepared);
}

bool mp__prepared_init(mp_connection *connection) {
  size_t limit = (size_t)mp_settings_pool(connection->settings)->statement_cache;
  return mp_lru_init(&connection->known, limit, has_statement);
}

void mp__prepared_forget_all(mp_connection *connection) {
  connection->xact_prepared = false;
  connection->prepared = NULL;
  while (connection->known.oldest != NULL) {
    mp__prepared *oldest = prepared_of(connection->known.oldest);
    mp_lru_remove(&connection->known, &oldest->entry);
    destroy(oldest);
  }
  while (connection->closing != NULL)
    mp__prepared_closed(connection);
}

mp__prepared *mp__prepared_find(mp_connection *connection, const mp_statement *statement) {
  mp_lru_entry *entry = mp_lru_find(&connection->known, mp_hash_pointer(statement), statement);
  return entry == NULL ? NULL : prepared_of(entry);
}

void mp__prepared_note(mp_connection *connection, mp_statement *statement) {
  size_t limit = (size_t)mp_settings_pool(connection->settings)->statement_cache;
  if (limit == 0) return;
  mp__prepared *prepared = calloc(1, sizeof *prepared);
  if (prepared == NULL) return;
  prepared->statement = mp_statement_retain(statement);
  mp_lru_add(&connection->known, &prepared->entry, mp_hash_pointer(statement));
  if (connection->known.count > limit) mp__prepared_drop(connection, prepared_of(connection->known.oldest));
}

void mp__prepared_drop(mp_connection *connection, mp__prepared *prepared) {
  mp_lru_remove(&connection->known, &prepared->entry);
  if (!prepared->is_prepared) {
    destroy(prepared);
    return;
  }
  prepared->next = connection->closing;
  connection->closing = prepared;
}

void mp__prepared_closed(mp_connection *connection) {
  mp__prepared *first = connection->closing;
  connection->closing = first->next;
  destroy(first);
}
