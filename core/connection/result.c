/* Results: a PGresult with its columns' codecs. */
#include "connection/result.h"

#include <stdlib.h>
#include <string.h>

#include "connection/internal.h"

typedef struct result_column {
  const mp_codec *codec;
  mp_decode *decode; /* for the format in which the result came; NULL: a binary form that we cannot read */
} result_column;

struct mp_result {
  PGresult *answer; /* owned */
  mp_codec_context context;
  int rows, width;
  result_column columns[];
};

static const struct {
  const char *name;
  mp_interval_style style;
} interval_styles[] = {
    {"postgres", MP_INTERVAL_POSTGRES},
    {"postgres_verbose", MP_INTERVAL_POSTGRES_VERBOSE},
    {"sql_standard", MP_INTERVAL_SQL_STANDARD},
    {"iso_8601", MP_INTERVAL_ISO_8601},
};

static mp_interval_style interval_style_of(PGconn *pg) {
  const char *name = PQparameterStatus(pg, "IntervalStyle");
  if (name == NULL) return MP_INTERVAL_POSTGRES;
  for (size_t i = 0; i < sizeof interval_styles / sizeof interval_styles[0]; i++) {
    if (strcmp(interval_styles[i].name, name) == 0) return interval_styles[i].style;
  }
  return MP_INTERVAL_POSTGRES;
}

mp_result *mp__result_create(PGresult *answer, PGconn *pg, mp_error **error) {
  int width = PQnfields(answer);
  mp_result *result = calloc(1, sizeof *result + (size_t)width * sizeof result->columns[0]);
  if (result == NULL) {
    PQclear(answer);
    mp_error_set_memory(error);
    return NULL;
  }
  result->answer = answer;
  result->rows = PQntuples(answer);
  result->width = width;
  bool has_interval = false;
  for (int i = 0; i < width; i++) {
    const mp_codec *codec = mp_codec_find(PQftype(answer, i));
    result->columns[i].codec = codec;
    has_interval = has_interval || codec->kind == MP_VALUE_INTERVAL || codec->kind == MP_VALUE_ARRAY;
    result->columns[i].decode = PQfformat(answer, i) == MP_FORMAT_BINARY ? codec->from_binary : codec->from_text;
  }
  if (has_interval) result->context.interval_style = interval_style_of(pg);
  return result;
}

void mp_result_destroy(mp_result *result) {
  if (result == NULL) return;
  PQclear(result->answer);
  free(result);
}

int mp_result_rows(const mp_result *result) {
  return result->rows;
}

int mp_result_columns(const mp_result *result) {
  return result->width;
}

const char *mp_result_name(const mp_result *result, int number) {
  return PQfname(result->answer, number);
}

const mp_codec *mp_result_codec(const mp_result *result, int number) {
  return result->columns[number].codec;
}

uint32_t mp_result_type(const mp_result *result, int number) {
  return PQftype(result->answer, number);
}

int64_t mp_result_affected(const mp_result *result) {
  /* PQcmdTuples does not change the result, although it does not say so. */
  const char *count = PQcmdTuples(result->answer);
  return count[0] == '\0' ? 0 : strtoll(count, NULL, 10);
}

const char *mp_result_tag(const mp_result *result) {
  return PQcmdStatus(result->answer);
}

size_t mp_result_memory(const mp_result *result) {
  return PQresultMemorySize(result->answer);
}

static bool decode_failed(const mp_result *result, int row, int number, mp_error **error) {
  if (error == NULL || *error == NULL) return false;
  const char *name = PQfname(result->answer, number);
  mp_error_put(*error, MP_ERROR_COLUMN, name);
  mp_error_put(*error, MP_ERROR_DATATYPE, result->columns[number].codec->name);
  mp_error_putf(*error, MP_ERROR_DETAIL, "row %d, column \"%s\"", row + 1, name);
  return false;
}

bool mp_result_cell(const mp_result *result, int row, int number, mp_buffer *scratch, mp_value *out, mp_error **error) {
  int size = PQgetlength(result->answer, row, number);
  if (size == 0 && PQgetisnull(result->answer, row, number)) {
    out->kind = MP_VALUE_NULL;
    return true;
  }
  const result_column *column = &result->columns[number];
  if (column->decode == NULL) {
    mp_error_set(error, MP_ERROR_DECODE, "the server sent a binary value of a type that is not known here (OID %u)",
                 PQftype(result->answer, number));
    return decode_failed(result, row, number, error);
  }
  mp_buffer_clear(scratch);
  const char *data = PQgetvalue(result->answer, row, number);
  if (column->decode(column->codec, data, (size_t)size, &result->context, scratch, out, error)) return true;
  return decode_failed(result, row, number, error);
}
