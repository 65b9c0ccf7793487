/* The public header's view of an error. */
#include "host_core.h"
#include "moonpool.h"

static const char *field(const mp_error *error, const char *name) {
  return error == NULL ? NULL : mpb_core_error_field(error, name);
}

const char *mp_error_kind(const mp_error *error) {
  return error == NULL ? "" : mpb_core_error_kind(error);
}

const char *mp_error_message(const mp_error *error) {
  return error == NULL ? "" : field(error, "message");
}

const char *mp_error_detail(const mp_error *error) {
  return field(error, "detail");
}

const char *mp_error_hint(const mp_error *error) {
  return field(error, "hint");
}

const char *mp_error_where(const mp_error *error) {
  return field(error, "where");
}

const char *mp_error_sqlstate(const mp_error *error) {
  return field(error, "sqlstate");
}

const char *mp_error_statement(const mp_error *error) {
  return field(error, "statement");
}

int mp_error_position(const mp_error *error) {
  return error == NULL ? 0 : mpb_core_error_position(error);
}

const char *mp_error_schema(const mp_error *error) {
  return field(error, "schema");
}

const char *mp_error_table(const mp_error *error) {
  return field(error, "table");
}

const char *mp_error_column(const mp_error *error) {
  return field(error, "column");
}

const char *mp_error_datatype(const mp_error *error) {
  return field(error, "datatype");
}

const char *mp_error_constraint(const mp_error *error) {
  return field(error, "constraint");
}

const char *mp_error_file(const mp_error *error) {
  return field(error, "file");
}

const char *mp_error_context(const mp_error *error) {
  return field(error, "context");
}

bool mp_error_retryable(const mp_error *error) {
  return error != NULL && mpb_core_error_retryable(error);
}

/* To a host an error does not change by being read: the core makes the text once, at its first use. */
const char *mp_error_text(const mp_error *error) {
  return error == NULL ? "" : mpb_core_error_text((mp_error *)(uintptr_t)error);
}

void mp_error_free(mp_error *error) {
  mpb_core_error_free(error);
}
