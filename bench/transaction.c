/* Begin, update, insert, commit, each with its own answer: raw libpq's side of transaction.lua. */
#include <endian.h>
#include <stdio.h>

#include "raw.h"

static void change(PGconn *connection, const char *statement, int32_t teller, int64_t amount) {
  const uint32_t teller_bytes = htobe32((uint32_t)teller);
  const uint64_t amount_bytes = htobe64((uint64_t)amount);
  const char *const values[] = {(const char *)&teller_bytes, (const char *)&amount_bytes};
  const int sizes[] = {sizeof teller_bytes, sizeof amount_bytes}, formats[] = {RAW_BINARY, RAW_BINARY};
  PQclear(raw_expect(connection, PQexecPrepared(connection, statement, 2, values, sizes, formats, RAW_BINARY),
                     PGRES_COMMAND_OK));
}

static void pay(PGconn *connection, int32_t teller, int64_t amount) {
  raw_run(connection, "begin");
  change(connection, "update", teller, amount);
  change(connection, "insert", teller, amount);
  raw_run(connection, "commit");
}

/* The tables as they are at the start of each run, whatever ran before. */
static void reset(PGconn *connection) {
  raw_run(connection, "truncate tellers, payments; insert into tellers select n, 0 from generate_series(1, 1000) n");
}

static void print_sum(PGconn *connection) {
  PGresult *result = raw_expect(connection,
                                PQexec(connection, "select (select sum(id * balance) from tellers) + "
                                                   "(select sum(teller * amount) + count(*) from payments)"),
                                PGRES_TUPLES_OK);
  printf("%s\n", PQgetvalue(result, 0, 0));
  PQclear(result);
}

int main(int argc, char **argv) {
  raw_arguments arguments = raw_read_arguments(argc, argv);
  PGconn *connection = raw_connect(arguments.url);
  const Oid types[] = {RAW_INT4_OID, RAW_INT8_OID};
  reset(connection);
  raw_prepare(connection, "update", "update tellers set balance = balance + $2 where id = $1", 2, types);
  raw_prepare(connection, "insert", "insert into payments (teller, amount) values ($1, $2)", 2, types);
  for (long turn = 0; turn < arguments.count; turn++) {
    pay(connection, raw_key(turn, 1000), turn % 100);
  }
  print_sum(connection);
  PQfinish(connection);
  return 0;
}
