/* Sending: one flush for whatever a statement needs.
 *
 * A statement whose parameter types are unknown is prepared unnamed, described and executed in one flush; the types are
 * remembered. Its second use on a connection prepares it under a name, for those types, and learns whether all columns
 * of its result have a binary form. From the third use on only values travel, both ways in binary: the server refuses
 * to run a named statement whose result has changed, so that bytes are never read as another type than they are. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "connection/internal.h"

/* ---- the start and the end of a piece of work ---- */

void mp__work_clear(mp_connection *connection) {
  mp_statement_release(connection->statement);
  connection->statement = NULL;
  connection->prepared = NULL;
  PQclear(connection->answer);
  connection->answer = NULL;
  mp_error_free(connection->failure);
  connection->failure = NULL;
  mp_background_release(connection->cancel);
  connection->cancel = NULL;
  connection->expected = (mp__expected){0};
  connection->pipelined = connection->sent = connection->waited = connection->complete = false;
  connection->is_script = connection->draining = connection->named_types = connection->wide = false;
  connection->looking_up = false;
  mp_type_set_release(connection->found);
  mp_type_set_release(connection->verifying);
  connection->found = connection->verifying = NULL;
  connection->stale = connection->timed_out = connection->broke_protocol = false;
}

static bool check_idle(const mp_connection *connection, mp_error **error) {
  if (connection->state == MP_CONNECTION_IDLE) return true;
  if (connection->state == MP_CONNECTION_BROKEN) {
    return mp_error_set(error, MP_ERROR_CONNECTION, "the connection was lost before; nothing was sent");
  }
  return mp_error_set(error, MP_ERROR_USAGE, "the connection is %s and cannot take another statement",
                      mp_connection_state_name(connection->state));
}

bool mp__has_other_encoding(const mp_connection *connection) {
  enum { UTF8 = 6, LOST = -1 }; /* libpq's numbers, the same in all its versions */
  int encoding = PQclientEncoding(connection->pg);
  return encoding != UTF8 && encoding != LOST;
}

/* Text in another encoding would be stored, or read, as other characters without a word. What sets it right may pass.
 */
static bool check_encoding(const mp_connection *connection, const mp_request *request, mp_error **error) {
  if (!mp__has_other_encoding(connection)) return true;
  bool is_setting =
      request != NULL && request->count == 0 && (mp_statement_sql(request->statement)->flags & MP_SQL_SESSION) != 0;
  if (is_setting) return true;
  mp_error_set(error, MP_ERROR_USAGE, "the session's client_encoding is %s, and has to be UTF8; nothing was sent",
               pg_encoding_to_char(PQclientEncoding(connection->pg)));
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "reset client_encoding");
  return false;
}

static void begin(mp_connection *connection, mp_statement *statement, const char *text, int64_t deadline) {
  mp__work_clear(connection);
  if (statement != NULL) connection->statement = mp_statement_retain(statement);
  connection->deadline = deadline;
  mp__last_note(&connection->last, text);
  mp__connection_set_state(connection, MP_CONNECTION_BUSY);
}

/* libpq could not even queue it: out of memory, or the connection is gone. */
static bool sending_failed(mp_connection *connection, mp_error **error) {
  mp__connection_break(connection, error);
  return false;
}

/* ---- pieces of a flush ---- */

static bool enter_pipeline(mp_connection *connection) {
  connection->pipelined = PQenterPipelineMode(connection->pg);
  return connection->pipelined;
}

static bool send_before(mp_connection *connection, const char *const *before, size_t count) {
  connection->expected.before = count;
  for (size_t i = 0; i < count; i++) {
    mp__wire_text(connection->wire, before[i]);
    if (!PQsendQueryParams(connection->pg, before[i], 0, NULL, NULL, NULL, NULL, MP_FORMAT_TEXT)) return false;
  }
  return true;
}

static bool send_deallocate(mp_connection *connection) {
  if (connection->closing == NULL) return true;
  char text[32];
  snprintf(text, sizeof text, "deallocate %s", connection->closing->name);
  connection->expected.deallocate = true;
  mp__wire_text(connection->wire, text);
  return PQsendQueryParams(connection->pg, text, 0, NULL, NULL, NULL, NULL, MP_FORMAT_TEXT);
}

static bool send_prepare(mp_connection *connection, const char *name, const mp_types *types) {
  size_t size;
  const char *text = mp_statement_text(connection->statement, &size);
  connection->expected.prepare = connection->expected.describe = true;
  mp__wire_text(connection->wire, text);
  return PQsendPrepare(connection->pg, name, text, types == NULL ? 0 : types->count,
                       types == NULL ? NULL : types->oids) &&
         PQsendDescribePrepared(connection->pg, name);
}

static bool send_execute(mp_connection *connection, const char *name, size_t count, int format) {
  const mp__parameters *p = &connection->parameters;
  connection->expected.execute = true;
  return PQsendQueryPrepared(connection->pg, name, (int)count, p->values, p->lengths, p->formats, format);
}

static bool send_once(mp_connection *connection, const mp_request *request, int format) {
  const mp__parameters *p = &connection->parameters;
  size_t size;
  const char *text = mp_statement_text(connection->statement, &size);
  connection->expected.execute = true;
  mp__wire_text(connection->wire, text);
  return PQsendQueryParams(connection->pg, text, (int)request->count, request->types == NULL ? NULL : p->types,
                           p->values, p->lengths, p->formats, format);
}

/* Behind the statement, so that it says what the statement has made of the transaction. */
static bool send_xact(mp_connection *connection, const mp_request *request) {
  return !request->ask_xact || !mp__xact_can_be_asked(connection) || mp__xact_send(connection);
}

static bool end_pipeline(mp_connection *connection) {
  return !connection->pipelined || PQpipelineSync(connection->pg);
}

/* Libpq takes a description of so many parameters at most: it thinks that a message of more than 30,000 bytes, of this
 * type, is garbage, and gives up the connection. */
enum { MOST_DESCRIBED = 7498 };

static bool can_describe(const mp_statement *statement) {
  const mp_sql *sql = mp_statement_sql(statement);
  return sql->positions <= MOST_DESCRIBED && sql->name_count <= MOST_DESCRIBED;
}

/* The same types out of the server's own list. The last answer says nothing that matters. */
static bool send_wide_describe(mp_connection *connection) {
  static const char look[] =
      "select parameter_types::oid[] from pg_catalog.pg_prepared_statements where name = 'mp_wide'";
  size_t size;
  const char *text = mp_statement_text(connection->statement, &size);
  connection->wide = connection->expected.prepare = connection->expected.execute = true;
  mp__wire_text(connection->wire, text);
  return PQsendPrepare(connection->pg, "mp_wide", text, 0, NULL) &&
         PQsendQueryParams(connection->pg, look, 0, NULL, NULL, NULL, NULL, MP_FORMAT_TEXT) &&
         PQsendQueryParams(connection->pg, "deallocate mp_wide", 0, NULL, NULL, NULL, NULL, MP_FORMAT_TEXT);
}

/* ---- which way ---- */

typedef enum way {
  WAY_LEARN,    /* prepare unnamed, describe, execute  */
  WAY_ONCE,     /* all in one, for types that we know  */
  WAY_NAME,     /* prepare under a name, describe, execute */
  WAY_PREPARED, /* execute what is prepared            */
  WAY_NONE,     /* it could not even be begun          */
} way;

static bool same_types(const mp_types *a, const mp_types *b) {
  if (a == b) return true;
  return a->count == b->count && memcmp(a->oids, b->oids, (size_t)a->count * sizeof a->oids[0]) == 0;
}

static bool may_prepare(const mp_connection *connection, const mp_statement *statement) {
  const mp_pool_settings *settings = mp_settings_pool(connection->settings);
  return settings->prepare == MP_PREPARE_AUTO && settings->pipeline && mp_statement_is_kept(statement) &&
         (mp_statement_sql(statement)->flags & MP_SQL_PLAIN) != 0;
}

static way choose(mp_connection *connection, const mp_request *request) {
  if (request->types == NULL) {
    bool learns = mp_settings_pool(connection->settings)->pipeline && can_describe(request->statement);
    return learns ? WAY_LEARN : WAY_ONCE;
  }
  if (!may_prepare(connection, request->statement)) return WAY_ONCE;
  mp__prepared *known = mp__prepared_find(connection, request->statement);
  if (known == NULL) return WAY_ONCE;
  if (known->is_prepared && !same_types(known->types, request->types)) {
    mp__prepared_drop(connection, known);
    return WAY_ONCE;
  }
  connection->prepared = known;
  return known->is_prepared ? WAY_PREPARED : WAY_NAME;
}

static bool send_named(mp_connection *connection, const mp_request *request) {
  mp__prepared *known = connection->prepared;
  mp_types_release(known->types);
  known->types = mp_types_retain(request->types);
  snprintf(known->name, sizeof known->name, "mp_%u", ++connection->last_number);
  return send_deallocate(connection) && send_prepare(connection, known->name, known->types) &&
         send_execute(connection, known->name, request->count, MP_FORMAT_TEXT);
}

/* How a result of known columns is asked for. What we know of a type may have changed since it was prepared. */
typedef struct asked {
  mp_type_set *known; /* owned; of the columns' types */
  bool binary;        /* every column has a binary form that we read         */
  bool verify;        /* a column holds composites: they are still the same? */
} asked;

static asked ask_for(const mp_connection *connection, const uint32_t *columns, size_t count) {
  asked how = {.binary = count > 0};
  for (size_t i = 0; i < count; i++) {
    bool is_fixed = mp_codec_find(columns[i])->oid != 0;
    if (!is_fixed && how.known == NULL) how.known = mp_connection_types(connection);
    const mp_codec *codec = mp_type_set_find(how.known, columns[i]);
    how.binary = how.binary && codec != NULL && codec->from_binary != NULL;
    how.verify = how.verify || (codec != NULL && mp_codec_holds_fields(codec));
  }
  return how;
}

static asked how_to_ask(const mp_connection *connection, const mp_request *request, way chosen) {
  if (chosen == WAY_ONCE) return ask_for(connection, request->columns, request->column_count);
  const mp_types *columns = chosen == WAY_PREPARED ? connection->prepared->columns : NULL;
  return columns == NULL ? (asked){0} : ask_for(connection, columns->oids, (size_t)columns->count);
}

static bool send_prepared(mp_connection *connection, const mp_request *request, const asked *how) {
  int format = how->binary ? MP_FORMAT_BINARY : MP_FORMAT_TEXT;
  return send_execute(connection, connection->prepared->name, request->count, format) &&
         (!how->verify || mp__send_verify(connection, how->known, connection->prepared->columns));
}

static bool is_inside(const mp_connection *connection) {
  return mp_connection_transaction_status(connection) != MP_OUTSIDE;
}

/* What goes ahead of a statement in its flush. */
static bool send_ahead(mp_connection *connection, const mp_request *request, bool asks) {
  bool introduces = asks && connection->session.state == MP_SESSION_UNKNOWN && !is_inside(connection);
  return enter_pipeline(connection) && (!introduces || mp__session_send(connection)) &&
         send_before(connection, request->before, request->before_count);
}

static bool send(mp_connection *connection, const mp_request *request) {
  way chosen = choose(connection, request);
  asked how = how_to_ask(connection, request, chosen);
  bool asks = request->ask_xact && mp_settings_pool(connection->settings)->pipeline;
  bool verifies = how.verify && chosen == WAY_PREPARED;
  bool several = request->before_count > 0 || asks || chosen == WAY_LEARN || chosen == WAY_NAME || verifies;
  bool sent = !several || send_ahead(connection, request, asks);
  if (!sent) chosen = WAY_NONE;
  switch (chosen) {
  case WAY_LEARN:
    sent = send_prepare(connection, "", NULL) && send_execute(connection, "", request->count, MP_FORMAT_TEXT);
    break;
  case WAY_ONCE:
    sent = send_once(connection, request, how.binary && !how.verify ? MP_FORMAT_BINARY : MP_FORMAT_TEXT);
    break;
  case WAY_NAME: sent = send_named(connection, request); break;
  case WAY_PREPARED: sent = send_prepared(connection, request, &how); break;
  case WAY_NONE: break;
  }
  mp_type_set_release(how.known);
  return sent && send_xact(connection, request) && end_pipeline(connection);
}

/* ---- what callers start ---- */

static bool refuse_copy(mp_error **error) {
  mp_error_set(error, MP_ERROR_USAGE, "COPY from and to the client cannot run as a statement");
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "insert many rows with unnest($1::type[], ...)");
  return false;
}

bool mp_connection_execute(mp_connection *connection, const mp_request *request, mp_error **error) {
  const mp_sql *sql = mp_statement_sql(request->statement);
  if (!check_idle(connection, error)) return false;
  if (!check_encoding(connection, request, error)) return false;
  if ((sql->flags & MP_SQL_COPY) != 0) return refuse_copy(error);
  if (!mp__parameters_encode(&connection->parameters, request, error)) {
    if (error != NULL) mp_error_put(*error, MP_ERROR_STATEMENT, mp_statement_source(request->statement));
    return false;
  }
  begin(connection, request->statement, mp_statement_source(request->statement), request->deadline);
  connection->xact.state = MP_XACT_UNASKED;
  connection->named_types = request->types != NULL && request->types->count > 0;
  if ((sql->flags & MP_SQL_SESSION) != 0) connection->needs_reset = true;
  if ((sql->flags & MP_SQL_LASTING) != 0) connection->spoiled = true;
  return send(connection, request) || sending_failed(connection, error);
}

bool mp_connection_describe(mp_connection *connection, mp_statement *statement, const char *const *before,
                            size_t before_count, int64_t deadline, mp_error **error) {
  if (!check_idle(connection, error)) return false;
  begin(connection, statement, mp_statement_source(statement), deadline);
  /* The transaction that begins here asks for its id behind its statement, and needs to know that it can. */
  bool introduces = before_count > 0 && connection->session.state == MP_SESSION_UNKNOWN && !is_inside(connection);
  bool sent = enter_pipeline(connection) && (!introduces || mp__session_send(connection)) &&
              send_before(connection, before, before_count) &&
              (can_describe(statement) ? send_prepare(connection, "", NULL) : send_wide_describe(connection)) &&
              end_pipeline(connection);
  return sent || sending_failed(connection, error);
}

bool mp_connection_look_up(mp_connection *connection, const uint32_t *oids, size_t count, int64_t deadline,
                           mp_error **error) {
  if (!check_idle(connection, error)) return false;
  begin(connection, NULL, "(looking types up)", deadline);
  return mp__send_look_up(connection, oids, count) || sending_failed(connection, error);
}

/* Without memory the careful answer. One that cannot be read is not run by the server either. */
static bool script_is_lasting(const char *text) {
  bool found = false;
  size_t at = 0, start, end, size = strlen(text);
  while (!found && mp_sql_next(text, size, &at, &start, &end)) {
    mp_sql sql = {0};
    mp_error *error = NULL;
    bool known = mp_sql_look(text + start, end - start, &sql, &error);
    found = known ? (sql.flags & MP_SQL_LASTING) != 0 : mp_error_kind_of(error) == MP_ERROR_MEMORY;
    mp_sql_finish(&sql);
    mp_error_free(error);
  }
  return found;
}

bool mp_connection_script(mp_connection *connection, const char *text, int64_t deadline, mp_error **error) {
  if (!check_idle(connection, error) || !check_encoding(connection, NULL, error)) return false;
  begin(connection, NULL, text, deadline);
  connection->is_script = true;
  connection->xact.state = MP_XACT_UNASKED;
  connection->needs_reset = true; /* it may hold anything */
  if (script_is_lasting(text)) connection->spoiled = true;
  connection->expected.execute = true;
  mp__wire_text(connection->wire, text);
  return PQsendQuery(connection->pg, text) || sending_failed(connection, error);
}

bool mp_connection_command(mp_connection *connection, const char *text, int64_t deadline, mp_error **error) {
  if (!check_idle(connection, error)) return false;
  begin(connection, NULL, text, deadline);
  connection->expected.execute = true;
  mp__wire_text(connection->wire, text);
  return PQsendQuery(connection->pg, text) || sending_failed(connection, error);
}

bool mp_connection_ask(mp_connection *connection, mp_question question, int64_t deadline, mp_error **error) {
  if (!check_idle(connection, error)) return false;
  begin(connection, NULL, "(which transaction is this?)", deadline);
  bool sent = enter_pipeline(connection) &&
              (question == MP_ASK_SESSION ? mp__session_send(connection) : mp__xact_send(connection)) &&
              end_pipeline(connection);
  return sent || sending_failed(connection, error);
}
