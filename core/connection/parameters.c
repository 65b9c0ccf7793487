/* The parameters of one statement, encoded into one buffer. */
#include <stdlib.h>

#include "connection/internal.h"

enum { MOST_PARAMETERS = 65535 }; /* the protocol's own limit */

static bool reserve(mp__parameters *parameters, size_t count, mp_error **error) {
  if (count <= parameters->capacity) return true;
  mp__parameters_finish(parameters);
  parameters->types = calloc(count, sizeof *parameters->types);
  parameters->values = calloc(count, sizeof *parameters->values);
  parameters->lengths = calloc(count, sizeof *parameters->lengths);
  parameters->formats = calloc(count, sizeof *parameters->formats);
  parameters->offsets = calloc(count, sizeof *parameters->offsets);
  if (parameters->types == NULL || parameters->values == NULL || parameters->lengths == NULL ||
      parameters->formats == NULL || parameters->offsets == NULL) {
    mp__parameters_finish(parameters);
    return mp_error_set_memory(error);
  }
  parameters->capacity = count;
  return true;
}

void mp__parameters_finish(mp__parameters *parameters) {
  free(parameters->types);
  free(parameters->values);
  free(parameters->lengths);
  free(parameters->formats);
  free(parameters->offsets);
  mp_buffer_finish(&parameters->bytes);
  *parameters = (mp__parameters){.bytes = {.limit = INT32_MAX}};
}

static bool check_count(const mp_sql *sql, size_t given, mp_error **error) {
  size_t wanted = sql->name_count > 0 ? sql->name_count : (size_t)sql->positions;
  if (wanted > MOST_PARAMETERS || given > MOST_PARAMETERS) {
    mp_error_set(error, MP_ERROR_USAGE, "%zu parameters are more than a statement can have (65535)",
                 wanted > given ? wanted : given);
    if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "pass one array per column and use unnest($1::type[], ...)");
    return false;
  }
  if (wanted == given) return true;
  return mp_error_set(error, MP_ERROR_USAGE, "the statement has %zu parameter%s, but %zu %s given", wanted,
                      wanted == 1 ? "" : "s", given, given == 1 ? "was" : "were");
}

static bool may_be_wrong(const mp_codec *codec, int format) {
  if (codec == NULL) return false;
  return codec->type != NULL || (codec->to_binary != NULL && format == MP_FORMAT_TEXT);
}

static bool encode_all(mp__parameters *parameters, const mp_request *request, mp_error **error) {
  parameters->unsure = false;
  for (size_t i = 0; i < request->count; i++) {
    const mp_value *value = &request->parameters[i];
    uint32_t type = request->types == NULL ? 0 : request->types->oids[i];
    size_t start = parameters->bytes.size, size = 0;
    parameters->types[i] = type;
    parameters->formats[i] = MP_FORMAT_TEXT;
    parameters->lengths[i] = -1; /* NULL */
    parameters->offsets[i] = 0;
    if (value->kind == MP_VALUE_NULL) continue;
    const mp_codec *codec = type == 0 ? NULL : mp_type_set_find(request->known, type);
    if (!mp_encode_parameter(codec, value, (int)i + 1, &parameters->bytes, &size, &parameters->formats[i], error)) {
      return false;
    }
    parameters->unsure = parameters->unsure || may_be_wrong(codec, parameters->formats[i]);
    if (!mp_buffer_ok(&parameters->bytes)) {
      if (start + size < parameters->bytes.limit) return mp_error_set_memory(error);
      return mp_error_set(error, MP_ERROR_USAGE, "the parameters are more than 2 GB together");
    }
    parameters->lengths[i] = (int)size;
    parameters->offsets[i] = start; /* pointers follow when the buffer no longer moves */
  }
  return true;
}

bool mp__parameters_encode(mp__parameters *parameters, const mp_request *request, mp_error **error) {
  if (!check_count(mp_statement_sql(request->statement), request->count, error)) return false;
  if (!reserve(parameters, request->count, error)) return false;
  mp_buffer_clear(&parameters->bytes);
  if (!encode_all(parameters, request, error)) return false;
  for (size_t i = 0; i < request->count; i++) {
    bool is_null = parameters->lengths[i] < 0;
    const char *bytes = parameters->bytes.data == NULL ? "" : parameters->bytes.data;
    parameters->values[i] = is_null ? NULL : bytes + parameters->offsets[i];
    if (is_null) parameters->lengths[i] = 0;
  }
  return true;
}
