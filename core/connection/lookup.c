/* Looking types up: one statement describes all that are asked for, what they are made of, and what is known already,
 * so that the answer is a whole that agrees with itself. */
#include <stdlib.h>
#include <string.h>

#include "connection/internal.h"

/* Of all fields of a composite, even dropped ones: another text as soon as it was altered. */
#define STAMP                                                                                                          \
  "pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum, a.xmin), ',' order by a.attnum))"

/* The type of the extension, in whatever schema: that it belongs to the extension is what the catalog says and no name
 * can pretend; a type of a user's own that is called hstore is not it. */
#define IS_HSTORE                                                                                                      \
  "t.typname = 'hstore' and t.typtype = 'b' and exists (select from pg_catalog.pg_depend d "                           \
  "join pg_catalog.pg_extension x on x.oid = d.refobjid "                                                              \
  "where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.objid = t.oid and d.deptype = 'e' "               \
  "and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and x.extname = 'hstore')"

/* A type is an array where its elements' type says so: fixed-length types such as point have elements as well.
 *
 * The types wanted pass through array(): the planner guesses ten elements then, however many there are. By their number
 * it guesses a cost at which the server compiles the query first (jit_above_cost), which takes half a second. */
#define LOOK_UP(multirange_part, multirange_child)                                                                     \
  "with recursive wanted(oid) as ("                                                                                    \
  "select pg_catalog.unnest(array(select pg_catalog.unnest($1::pg_catalog.oid[]))) "                                   \
  "union "                                                                                                             \
  "select part.oid from wanted join pg_catalog.pg_type t on t.oid = wanted.oid cross join lateral pg_catalog.unnest("  \
  "array[t.typbasetype, "                                                                                              \
  "(select e.oid from pg_catalog.pg_type e where e.oid = t.typelem and e.typarray = t.oid), "                          \
  "(select r.rngsubtype from pg_catalog.pg_range r where r.rngtypid = t.oid)" multirange_part "] || "                  \
  "array(select a.atttypid from pg_catalog.pg_attribute a "                                                            \
  "where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)) part(oid) where part.oid <> 0) "            \
  "select t.oid, case when e.oid is not null then 'a' when " IS_HSTORE " then 'h' else t.typtype end, "                \
  "pg_catalog.format_type(t.oid, null), n.nspname, t.typname, t.typdelim, "                                            \
  "coalesce(e.oid, nullif(t.typbasetype, 0), "                                                                         \
  "(select r.rngsubtype from pg_catalog.pg_range r where r.rngtypid = t.oid), " multirange_child "0), "                \
  "coalesce(case t.typtype "                                                                                           \
  "when 'e' then (select pg_catalog.array_agg(v.enumlabel order by v.enumsortorder) from pg_catalog.pg_enum v "        \
  "where v.enumtypid = t.oid) "                                                                                        \
  "when 'c' then (select pg_catalog.array_agg(a.attname order by a.attnum) from pg_catalog.pg_attribute a "            \
  "where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) end, '{}'), "                                \
  "coalesce((select pg_catalog.array_agg(a.atttypid order by a.attnum) from pg_catalog.pg_attribute a "                \
  "where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped), '{}'), "                                    \
  "t.typrelid, "                                                                                                       \
  "coalesce((select " STAMP " from pg_catalog.pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0), '') "    \
  "from pg_catalog.pg_type t "                                                                                         \
  "join pg_catalog.pg_namespace n on n.oid = t.typnamespace "                                                          \
  "left join pg_catalog.pg_type e on e.oid = t.typelem and e.typarray = t.oid "                                        \
  "where t.oid = any (array(select wanted.oid from wanted))"

static const char look_up[] = LOOK_UP(", (select m.rngtypid from pg_catalog.pg_range m where m.rngmultitypid = t.oid)",
                                      "(select m.rngtypid from pg_catalog.pg_range m where m.rngmultitypid = t.oid), ");
static const char look_up_before_14[] = LOOK_UP("", "");

/* More are not carried over: a server whose types come and go would make the list grow for ever. */
enum { MOST_CARRIED = 1000, MULTIRANGES_SINCE = 140000 };

mp_type_set *mp_connection_types(const mp_connection *connection) {
  if (connection->altered) return mp_type_set_retain(connection->own_types);
  return mp_catalog_types(mp_statements_catalog(connection->statements));
}

void mp_connection_forget_types(mp_connection *connection) {
  mp_type_set_release(connection->own_types);
  connection->own_types = NULL;
  mp_catalog_set(mp_statements_catalog(connection->statements), NULL);
}

/* ---- asking ---- */

static void add_oid(mp_buffer *list, uint32_t oid) {
  mp_buffer_addf(list, "%c%u", list->size == 0 ? '{' : ',', oid);
}

/* "{1,2,3}": what is wanted, and what is known. */
static char *list_of(mp_connection *connection, const uint32_t *oids, size_t count) {
  mp_buffer list;
  mp_type_set *known = mp_connection_types(connection);
  mp_buffer_init(&list, SIZE_MAX);
  for (size_t i = 0; i < count; i++) {
    if (mp_codec_find(oids[i])->oid == 0) add_oid(&list, oids[i]);
  }
  for (size_t i = 0; i < mp_type_set_count(known) && i < MOST_CARRIED; i++)
    add_oid(&list, mp_type_set_oid(known, i));
  mp_buffer_addc(&list, '}');
  mp_type_set_release(known);
  return mp_buffer_take_text(&list);
}

bool mp__send_look_up(mp_connection *connection, const uint32_t *oids, size_t count) {
  char *list = list_of(connection, oids, count);
  if (list == NULL) return false;
  const char *text = PQserverVersion(connection->pg) < MULTIRANGES_SINCE ? look_up_before_14 : look_up;
  const char *const values[] = {list};
  connection->looking_up = connection->expected.execute = true;
  mp__wire_text(connection->wire, text);
  bool sent = PQsendQueryParams(connection->pg, text, 1, NULL, values, NULL, NULL, MP_FORMAT_TEXT);
  free(list);
  return sent;
}

/* ---- verifying ---- */

/* Nothing in a composite's binary or text form says how its fields are called, so that one that was renamed shows in
 * neither: whether all are as they were is asked in the same flush. */
bool mp__send_verify(mp_connection *connection, mp_type_set *set, const mp_types *columns) {
  static const char verify[] = "select a.attrelid, " STAMP " from pg_catalog.pg_attribute a "
                               "where a.attrelid = any ($1::pg_catalog.oid[]) and a.attnum > 0 group by a.attrelid";
  mp_buffer list;
  mp_buffer_init(&list, SIZE_MAX);
  connection->verify_count = mp_type_set_relations(set, columns->oids, (size_t)columns->count, &list);
  char *text = mp_buffer_take_text(&list);
  if (text == NULL) return false;
  const char *const values[] = {text};
  connection->verifying = mp_type_set_retain(set);
  connection->expected.verify = true;
  mp__wire_text(connection->wire, verify);
  bool sent = PQsendQueryParams(connection->pg, verify, 1, NULL, values, NULL, NULL, MP_FORMAT_TEXT);
  free(text);
  return sent;
}

void mp__on_verified(mp_connection *connection, const PGresult *answer) {
  mp_type_set *set = connection->verifying;
  int count = PQntuples(answer);
  bool same = (size_t)count == connection->verify_count && (count == 0 || PQnfields(answer) == 2);
  for (int i = 0; i < count && same; i++) {
    uint32_t relation = (uint32_t)strtoul(PQgetvalue(answer, i, 0), NULL, 10);
    same = mp_type_set_is_stamped(set, relation, PQgetvalue(answer, i, 1));
  }
  connection->verifying = NULL;
  if (same) {
    connection->found = set;
  } else {
    mp_type_set_release(set);
    mp_connection_forget_types(connection);
  }
}

/* ---- the answer ---- */

enum { OID, KIND, NAME, SCHEMA, TYPE, DELIMITER, CHILD, MEMBERS, MEMBER_TYPES, RELATION, STAMPED, COLUMNS };

static mp_bytes cell(const PGresult *answer, int row, int column) {
  return (mp_bytes){PQgetvalue(answer, row, column), (size_t)PQgetlength(answer, row, column)};
}

static mp_type_row read_row(const PGresult *answer, int row) {
  return (mp_type_row){
      .oid = (uint32_t)strtoul(PQgetvalue(answer, row, OID), NULL, 10),
      .kind = PQgetvalue(answer, row, KIND)[0],
      .name = PQgetvalue(answer, row, NAME),
      .schema = PQgetvalue(answer, row, SCHEMA),
      .type = PQgetvalue(answer, row, TYPE),
      .delimiter = PQgetvalue(answer, row, DELIMITER)[0],
      .child = (uint32_t)strtoul(PQgetvalue(answer, row, CHILD), NULL, 10),
      .members = cell(answer, row, MEMBERS),
      .member_types = cell(answer, row, MEMBER_TYPES),
      .relation = (uint32_t)strtoul(PQgetvalue(answer, row, RELATION), NULL, 10),
      .stamp = PQgetvalue(answer, row, STAMPED),
  };
}

static mp_type_set *read_answer(const PGresult *answer, mp_error **error) {
  int count = PQntuples(answer);
  if (PQnfields(answer) != COLUMNS) {
    mp_error_set(error, MP_ERROR_DECODE, "the server described types with %d columns", PQnfields(answer));
    return NULL;
  }
  mp_type_row *rows = calloc((size_t)count + 1, sizeof *rows);
  if (rows == NULL) {
    mp_error_set_memory(error);
    return NULL;
  }
  size_t kept = 0;
  for (int i = 0; i < count; i++) {
    rows[kept] = read_row(answer, i);
    if (mp_codec_find(rows[kept].oid)->oid == 0) kept++; /* those with fixed OIDs are known */
  }
  mp_type_set *set = mp_type_set_create(rows, kept, error);
  free(rows);
  return set;
}

/* What is looked up in a transaction that has altered types is for that transaction alone, until it has ended. */
void mp__on_looked_up(mp_connection *connection, const PGresult *answer) {
  mp_type_set *set = read_answer(answer, &connection->failure);
  if (set == NULL) return;
  if (connection->altered) {
    mp_type_set_release(connection->own_types);
    connection->own_types = mp_type_set_retain(set);
  } else {
    mp_catalog_set(mp_statements_catalog(connection->statements), set);
  }
  mp_type_set_release(connection->found);
  connection->found = set;
}

mp_type_set *mp_connection_take_types(mp_connection *connection) {
  mp_type_set *found = connection->found;
  connection->found = NULL;
  return found;
}
