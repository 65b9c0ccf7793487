/* What the programs on raw libpq share: connecting, checking, reading binary cells. */
#include "raw.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void stop(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

raw_arguments raw_read_arguments(int argc, char **argv) {
  if (argc < 2) stop("expected arguments: <url> [count]");
  raw_arguments arguments = {.url = argv[1], .count = argc > 2 ? strtol(argv[2], NULL, 10) : 1};
  if (arguments.count < 1) stop("the count must be a number above 0");
  return arguments;
}

PGconn *raw_connect(const char *url) {
  PGconn *connection = PQconnectdb(url);
  if (connection == NULL) stop("out of memory");
  if (PQstatus(connection) != CONNECTION_OK) stop(PQerrorMessage(connection));
  return connection;
}

PGresult *raw_expect(PGconn *connection, PGresult *result, ExecStatusType status) {
  if (PQresultStatus(result) != status) stop(PQerrorMessage(connection));
  return result;
}

void raw_run(PGconn *connection, const char *sql) {
  PQclear(raw_expect(connection, PQexec(connection, sql), PGRES_COMMAND_OK));
}

void raw_prepare(PGconn *connection, const char *name, const char *sql, int count, const Oid *types) {
  PQclear(raw_expect(connection, PQprepare(connection, name, sql, count, types), PGRES_COMMAND_OK));
}

int32_t raw_int4(const PGresult *result, int row, int column) {
  uint32_t bytes;
  memcpy(&bytes, PQgetvalue(result, row, column), sizeof bytes);
  return (int32_t)be32toh(bytes);
}

int64_t raw_int8(const PGresult *result, int row, int column) {
  uint64_t bytes;
  memcpy(&bytes, PQgetvalue(result, row, column), sizeof bytes);
  return (int64_t)be64toh(bytes);
}

double raw_float8(const PGresult *result, int row, int column) {
  int64_t bits = raw_int8(result, row, column);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
