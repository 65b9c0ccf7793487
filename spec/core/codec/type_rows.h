/* Some types as a server describes them, for tests without one. */
#ifndef SPEC_CODEC_TYPE_ROWS_H
#define SPEC_CODEC_TYPE_ROWS_H

#include "codec/catalog.h"
#include "support.h"

enum {
  MOOD = 20001,
  MOODS,
  ADDRESS, /* (number int4, street text, rooms int4[]) */
  ADDRESSES,
  POSITIVE,
  SMALL, /* a domain over a domain */
  SPAN,  /* a range of float8 */
  SPANS,
  SPANS_ARRAY,
  DEEP, /* (at address, others address[], span span, spans spans) */
  BASE,
  HSTORE,
  HSTORES,
};

#define BYTES(text)                                                                                                    \
  { text, sizeof(text) - 1 }
#define DESCRIBE(number, type_kind, type_name, type_child, names, types, type_relation, type_stamp)                    \
  {                                                                                                                    \
    .oid = number, .kind = type_kind, .name = type_name, .schema = "public", .type = type_name, .delimiter = ',',      \
    .child = type_child, .members = BYTES(names), .member_types = BYTES(types), .relation = type_relation,             \
    .stamp = type_stamp                                                                                                \
  }
#define ROW(number, kind, name, child, names) DESCRIBE(number, kind, name, child, names, "{}", 0, "")
#define COMPOSITE(number, name, names, types, relation, stamp)                                                         \
  DESCRIBE(number, 'c', name, 0, names, types, relation, stamp)

static const mp_type_row type_rows[] = {
    COMPOSITE(DEEP, "deep", "{at,others,span,spans}", "{20003,20004,20007,20008}", 7, "d"),
    ROW(MOODS, 'a', "mood[]", MOOD, "{}"),
    ROW(MOOD, 'e', "mood", 0, "{glad,\"so so\",sad}"),
    ROW(ADDRESSES, 'a', "address[]", ADDRESS, "{}"),
    COMPOSITE(ADDRESS, "address", "{number,\"the street\",rooms}", "{23,25,1007}", 5, "a"),
    ROW(SMALL, 'd', "small", POSITIVE, "{}"),
    ROW(POSITIVE, 'd', "positive", 23, "{}"),
    ROW(SPANS_ARRAY, 'a', "spans[]", SPANS, "{}"),
    ROW(SPANS, 'm', "spans", SPAN, "{}"),
    ROW(SPAN, 'r', "span", 701, "{}"),
    ROW(BASE, 'b', "base", 0, "{}"),
    ROW(HSTORES, 'a', "hstore[]", HSTORE, "{}"),
    ROW(HSTORE, 'h', "hstore", 0, "{}"),
};

#endif
