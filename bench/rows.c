/* 100,000 rows of eight columns, read into a struct each: raw libpq's side of rows.lua. */
#include <endian.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "raw.h"

enum { POSTGRES_EPOCH = 946684800 }; /* 2000-01-01 in seconds of Unix */

typedef struct sample {
  int32_t number;
  int64_t id;
  double ratio;
  const char *label; /* borrowed from the result */
  int label_size;
  int64_t at; /* microseconds of Unix */
  bool active;
  unsigned char key[16];
  int64_t cents; /* a numeric with two digits after the point */
} sample;

/* numeric(12,2): digits of base 10,000, the first of weight 10,000^weight. */
static int64_t read_cents(const char *data) {
  uint16_t head[4], digit;
  memcpy(head, data, sizeof head);
  int digits = be16toh(head[0]), weight = (int16_t)be16toh(head[1]);
  int64_t scaled = 0; /* in ten-thousandths */
  for (int place = weight; place >= -1; place--) {
    int index = weight - place;
    if (index < digits) memcpy(&digit, data + sizeof head + (size_t)index * sizeof digit, sizeof digit);
    scaled = scaled * 10000 + (index < digits ? be16toh(digit) : 0);
  }
  return be16toh(head[2]) == 0 ? scaled / 100 : -scaled / 100;
}

static void read_sample(const PGresult *result, int row, sample *out) {
  out->number = raw_int4(result, row, 0);
  out->id = raw_int8(result, row, 1);
  out->ratio = raw_float8(result, row, 2);
  out->label = PQgetvalue(result, row, 3);
  out->label_size = PQgetlength(result, row, 3);
  out->at = raw_int8(result, row, 4) + INT64_C(1000000) * POSTGRES_EPOCH;
  out->active = *PQgetvalue(result, row, 5) != 0;
  memcpy(out->key, PQgetvalue(result, row, 6), sizeof out->key);
  out->cents = read_cents(PQgetvalue(result, row, 7));
}

static int64_t add_up(const sample *row) {
  return row->number + row->id + (int64_t)(row->ratio * 1000) + row->label_size + row->at + (row->active ? 1 : 0) +
         (row->key[0] >> 4) + (row->key[15] & 15) + row->cents;
}

static int64_t read_all(PGconn *connection) {
  PGresult *result =
      raw_expect(connection, PQexecPrepared(connection, "samples", 0, NULL, NULL, NULL, RAW_BINARY), PGRES_TUPLES_OK);
  int rows = PQntuples(result);
  int64_t sum = 0;
  for (int row = 0; row < rows; row++) {
    sample read;
    read_sample(result, row, &read);
    sum += add_up(&read);
  }
  PQclear(result);
  return sum;
}

int main(int argc, char **argv) {
  raw_arguments arguments = raw_read_arguments(argc, argv);
  PGconn *connection = raw_connect(arguments.url);
  raw_prepare(connection, "samples", "select number, id, ratio, label, at, active, key, amount from samples", 0, NULL);
  int64_t sum = 0;
  for (long turn = 0; turn < arguments.count; turn++) {
    sum = read_all(connection);
  }
  printf("%" PRId64 "\n", sum);
  PQfinish(connection);
  return 0;
}
