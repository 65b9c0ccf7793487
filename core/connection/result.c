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
  mp_type_set *types; /* owned; of the columns whose types have no fixed OIDs */
  uint32_t *oids;     /* owned; of these columns, or NULL when there is none  */
  size_t oid_count;
  bool all_known;
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

static void set_codec(mp_result *result, int number, const mp_codec *codec) {
  result_column *column = &result->columns[number];
  column->codec = codec;
  column->decode = PQfformat(result->answer, number) == MP_FORMAT_BINARY ? codec->from_binary : codec->from_text;
}

static bool note_oid(mp_result *result, uint32_t oid) {
  if (result->oids == NULL) result->oids = calloc((size_t)result->width, sizeof *result->oids);
  if (result->oids == NULL) return false;
  result->oids[result->oid_count++] = oid;
  return true;
}

static bool has_style(const mp_codec *codec) {
  return codec->kind == MP_VALUE_INTERVAL || mp_kind_is_container(codec->kind) || codec->oid == 0;
}

/* All types are known, and those that have fields are known to be what they were. */
static bool is_enough(const mp_result *result, const mp_type_set *known, bool verified) {
  for (size_t i = 0; i < result->oid_count; i++) {
    const mp_codec *codec = mp_type_set_find(known, result->oids[i]);
    if (codec == NULL || (!verified && mp_codec_holds_fields(codec))) return false;
  }
  return true;
}

static bool find_codecs(mp_result *result, const mp_connection *connection) {
  bool needs_style = false, ok = true;
  for (int i = 0; i < result->width && ok; i++) {
    uint32_t oid = PQftype(result->answer, i);
    const mp_codec *codec = mp_codec_find(oid);
    set_codec(result, i, codec);
    needs_style = needs_style || has_style(codec);
    if (codec->oid == 0) ok = note_oid(result, oid);
  }
  if (needs_style) result->context.interval_style = interval_style_of(connection->pg);
  result->all_known = result->oid_count == 0;
  if (!ok || result->all_known) return ok;
  mp_type_set *known =
      connection->found != NULL ? mp_type_set_retain(connection->found) : mp_connection_types(connection);
  if (is_enough(result, known, connection->found != NULL)) mp_result_learn(result, known);
  mp_type_set_release(known);
  return true;
}

mp_result *mp__result_create(PGresult *answer, const mp_connection *connection, mp_error **error) {
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
  if (find_codecs(result, connection)) return result;
  mp_result_destroy(result);
  mp_error_set_memory(error);
  return NULL;
}

void mp_result_destroy(mp_result *result) {
  if (result == NULL) return;
  PQclear(result->answer);
  mp_type_set_release(result->types);
  free(result->oids);
  free(result);
}

/* ---- types that are looked up ---- */

size_t mp_result_unknown(const mp_result *result, const uint32_t **oids) {
  *oids = result->oids;
  return result->all_known ? 0 : result->oid_count;
}

void mp_result_learn(mp_result *result, mp_type_set *types) {
  mp_type_set_retain(types);
  mp_type_set_release(result->types);
  result->types = types;
  result->all_known = true;
  for (int i = 0; i < result->width; i++) {
    uint32_t oid = PQftype(result->answer, i);
    const mp_codec *codec = mp_type_set_find(types, oid);
    set_codec(result, i, codec == NULL ? mp_codec_find(oid) : codec);
  }
}

/* ---- questions ---- */

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

void mp_result_blame(const mp_result *result, int row, int number, mp_error *error) {
  const char *name = PQfname(result->answer, number);
  mp_error_put(error, MP_ERROR_COLUMN, name);
  mp_error_put(error, MP_ERROR_DATATYPE, result->columns[number].codec->name);
  mp_error_putf(error, MP_ERROR_DETAIL, "row %d, column \"%s\"", row + 1, name);
}

static bool decode_failed(const mp_result *result, int row, int number, mp_error **error) {
  if (error != NULL) mp_result_blame(result, row, number, *error);
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
