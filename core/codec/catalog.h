/* Types whose OIDs are not fixed: enums, composites, domains, ranges, hstore, and arrays of them, as pg_type and its
 * neighbours describe them. A set of them is immutable and counted; a catalog is what a pool knows at the moment, and
 * may be used by several threads. What has proved untrue is forgotten as a whole, and looked up again when it is met.
 */
#ifndef MP_CODEC_CATALOG_H
#define MP_CODEC_CATALOG_H

#include "codec/codec.h"

/* One type as the server describes it; all is borrowed for the call of mp_type_set_create. */
typedef struct mp_type_row {
  uint32_t oid;
  char kind;             /* pg_type.typtype (b, c, d, e, m, p, r), but 'a' for an array, 'h' for hstore       */
  const char *name;      /* for messages; with its schema where that must be said                            */
  const char *schema;    /* pg_namespace.nspname                                                             */
  const char *type;      /* pg_type.typname                                                                  */
  char delimiter;        /* pg_type.typdelim                                                                 */
  uint32_t child;        /* an array's elements, a domain's base type, a range's subtype, a multirange's range */
  mp_bytes members;      /* an array literal: an enum's labels, a composite's fields                         */
  mp_bytes member_types; /* an array literal: the OIDs of the fields                                         */
  uint32_t relation;     /* pg_type.typrelid of a composite, else 0 */
  const char *stamp;     /* of a composite: another one as soon as it was altered; "" when it has no fields */
} mp_type_row;

typedef struct mp_type_set mp_type_set;

/* Types that are made of each other find each other among
 * the rows, or among those with fixed OIDs; what is found in neither is the server's text, as is a type that contains
 * itself, or is nested deeper than any honest one. Returns: owned, or NULL. Errors: decode (a row makes no sense),
 * memory. */
mp_type_set *mp_type_set_create(const mp_type_row *rows, size_t count, mp_error **error);
mp_type_set *mp_type_set_retain(mp_type_set *set); /* NULL is fine */
void mp_type_set_release(mp_type_set *set);        /* NULL is fine */

/* The codec of a type, with a fixed OID or of the set (which may be NULL), valid as long as the set; NULL for one that
 * has to be looked up. */
const mp_codec *mp_type_set_find(const mp_type_set *set, uint32_t oid);
size_t mp_type_set_count(const mp_type_set *set);
uint32_t mp_type_set_oid(const mp_type_set *set, size_t number);

/* For finding out whether composites are still what they were. Appends the relations of those that types are or hold,
 * as an array literal, and returns how many there are that have fields. Without memory `list` says so. */
size_t mp_type_set_relations(const mp_type_set *set, const uint32_t *oids, size_t count, mp_buffer *list);
bool mp_type_set_is_stamped(const mp_type_set *set, uint32_t relation, const char *stamp);

typedef struct mp_catalog mp_catalog;

mp_catalog *mp_catalog_create(mp_error **error); /* owned (mp_catalog_destroy), or NULL */
void mp_catalog_destroy(mp_catalog *catalog);    /* NULL is fine */
/* The present set: owned (mp_type_set_release), or NULL while nothing is known. */
mp_type_set *mp_catalog_types(mp_catalog *catalog);
/* Replaces it; retained. NULL: nothing is known any more. */
void mp_catalog_set(mp_catalog *catalog, mp_type_set *set);

#endif
