/* Statements as a pool knows them: what the lexer saw in a text, and the parameter types that the server reported for
 * it. Both are kept by text (an LRU of 1,024 texts, none over 16 kB; one lock), shared by the pool's connections. */
#ifndef MP_CONNECTION_STATEMENT_H
#define MP_CONNECTION_STATEMENT_H

#include <stdatomic.h>

#include "base/error.h"
#include "codec/catalog.h"
#include "sql/sql.h"

/* The types of a statement's parameters; immutable and counted. */
typedef struct mp_types {
  atomic_int references;
  int count;
  uint32_t oids[];
} mp_types;

typedef struct mp_statement mp_statement;
typedef struct mp_statements mp_statements;

mp_statements *mp_statements_create(mp_error **error);
void mp_statements_destroy(mp_statements *statements); /* NULL is fine; statements still held live on */
/* The types of the same pool whose OIDs are not fixed; borrowed. */
mp_catalog *mp_statements_catalog(const mp_statements *statements);

/* The statement of that text, looked at by the lexer the first time. *types: owned (mp_types_release) or NULL while
 * unknown. Returns: owned (mp_statement_release), or NULL. Errors: those of mp_sql_look; memory. */
mp_statement *mp_statements_get(mp_statements *statements, const char *text, size_t size, mp_types **types,
                                mp_error **error);
/* The types of a statement that is held, owned; or NULL while unknown. */
mp_types *mp_statements_types(mp_statements *statements, const mp_statement *statement);
/* Remembers the types that the server has reported (consumed, even when the statement is not kept). */
void mp_statements_learn(mp_statements *statements, mp_statement *statement, mp_types *types);
/* Forgets them, since a table, a function or the search_path has changed. */
void mp_statements_forget(mp_statements *statements, mp_statement *statement);

const mp_sql *mp_statement_sql(const mp_statement *statement);
/* The text to send ($names replaced by numbers), zero terminated, and its size. */
const char *mp_statement_text(const mp_statement *statement, size_t *size);
/* The text as its author wrote it. */
const char *mp_statement_source(const mp_statement *statement);
/* False for a text so long that the cache does not keep it: each get makes it anew. */
bool mp_statement_is_kept(const mp_statement *statement);
mp_statement *mp_statement_retain(mp_statement *statement);
void mp_statement_release(mp_statement *statement); /* NULL is fine */

mp_types *mp_types_create(int count); /* or NULL */
mp_types *mp_types_retain(mp_types *types);
void mp_types_release(mp_types *types); /* NULL is fine */

#endif
