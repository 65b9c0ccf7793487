/* One row by its key, one statement after the other, prepared once: raw libpq's side of select.lua. */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>

#include "raw.h"

static int64_t select_one(PGconn *connection, int32_t key) {
  const uint32_t bytes = htobe32((uint32_t)key);
  const char *const values[] = {(const char *)&bytes};
  const int sizes[] = {sizeof bytes}, formats[] = {RAW_BINARY};
  PGresult *result = raw_expect(connection, PQexecPrepared(connection, "by_id", 1, values, sizes, formats, RAW_BINARY),
                                PGRES_TUPLES_OK);
  int64_t sum = raw_int4(result, 0, 0) + PQgetlength(result, 0, 1) + raw_int8(result, 0, 2);
  PQclear(result);
  return sum;
}

int main(int argc, char **argv) {
  raw_arguments arguments = raw_read_arguments(argc, argv);
  PGconn *connection = raw_connect(arguments.url);
  raw_prepare(connection, "by_id", "select id, name, balance from accounts where id = $1", 1, (Oid[]){RAW_INT4_OID});
  int64_t sum = 0;
  for (long turn = 0; turn < arguments.count; turn++) {
    sum += select_one(connection, raw_key(turn, 10000));
  }
  printf("%" PRId64 "\n", sum);
  PQfinish(connection);
  return 0;
}
