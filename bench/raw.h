/* What the programs on raw libpq share. They stop at the first error: a benchmark has nobody to tell it to. */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include <libpq-fe.h>
#include <stdint.h>

enum { RAW_TEXT = 0, RAW_BINARY = 1 };
enum { RAW_INT8_OID = 20, RAW_INT4_OID = 23 };

typedef struct raw_arguments {
  const char *url; /* borrowed from argv */
  long count;      /* how often the work is done */
} raw_arguments;

/* Reads `<url> [count]`; the count is 1 when it is not given. */
raw_arguments raw_read_arguments(int argc, char **argv);
/* Returns: owned (PQfinish). */
PGconn *raw_connect(const char *url);
/* The result, which must have the status. Returns: owned (PQclear). */
PGresult *raw_expect(PGconn *connection, PGresult *result, ExecStatusType status);
/* Runs one or more statements without parameters, and drops their answer. */
void raw_run(PGconn *connection, const char *sql);
void raw_prepare(PGconn *connection, const char *name, const char *sql, int count, const Oid *types);

/* One cell in binary. */
int32_t raw_int4(const PGresult *result, int row, int column);
int64_t raw_int8(const PGresult *result, int row, int column);
double raw_float8(const PGresult *result, int row, int column);

/* Keys from 1 to `limit` that jump about; the Lua scripts make the same. */
static inline int32_t raw_key(long turn, int32_t limit) {
  return (int32_t)(turn * 7919 % limit) + 1;
}

#endif
