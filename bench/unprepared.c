/* A select with two parameters that is never prepared, as behind a pooler of transactions: raw libpq's side of
 * unprepared.lua. */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>

#include "raw.h"

static int64_t select_one(PGconn *connection, int32_t key, int64_t least) {
  const uint32_t key_bytes = htobe32((uint32_t)key);
  const uint64_t least_bytes = htobe64((uint64_t)least);
  const Oid types[] = {RAW_INT4_OID, RAW_INT8_OID};
  const char *const values[] = {(const char *)&key_bytes, (const char *)&least_bytes};
  const int sizes[] = {sizeof key_bytes, sizeof least_bytes}, formats[] = {RAW_BINARY, RAW_BINARY};
  PGresult *result =
      raw_expect(connection,
                 PQexecParams(connection, "select id, name, balance from accounts where id = $1 and balance >= $2", 2,
                              types, values, sizes, formats, RAW_BINARY),
                 PGRES_TUPLES_OK);
  int64_t sum = raw_int4(result, 0, 0) + PQgetlength(result, 0, 1) + raw_int8(result, 0, 2);
  PQclear(result);
  return sum;
}

int main(int argc, char **argv) {
  raw_arguments arguments = raw_read_arguments(argc, argv);
  PGconn *connection = raw_connect(arguments.url);
  int64_t sum = 0;
  for (long turn = 0; turn < arguments.count; turn++) {
    sum += select_one(connection, raw_key(turn, 10000), turn % 100);
  }
  printf("%" PRId64 "\n", sum);
  PQfinish(connection);
  return 0;
}
