/* Receiving: the answers to one flush, in the order in which they were asked for. */
#include <stdlib.h>
#include <string.h>

#include "connection/internal.h"

/* ---- which answer comes next ---- */

typedef enum stage {
  STAGE_SESSION,
  STAGE_SESSION_SYNC,
  STAGE_BEFORE,
  STAGE_DEALLOCATE,
  STAGE_PREPARE,
  STAGE_DESCRIBE,
  STAGE_EXECUTE,
  STAGE_VERIFY,
  STAGE_XACT_PREPARE,
  STAGE_XACT,
  STAGE_SYNC
} stage;

static stage stage_of(const mp__expected *expected) {
  if (expected->session) return STAGE_SESSION;
  if (expected->session_sync) return STAGE_SESSION_SYNC;
  if (expected->before > 0) return STAGE_BEFORE;
  if (expected->deallocate) return STAGE_DEALLOCATE;
  if (expected->prepare) return STAGE_PREPARE;
  if (expected->describe) return STAGE_DESCRIBE;
  if (expected->execute) return STAGE_EXECUTE;
  if (expected->verify) return STAGE_VERIFY;
  if (expected->xact_prepare) return STAGE_XACT_PREPARE;
  return expected->xact ? STAGE_XACT : STAGE_SYNC;
}

static void stage_done(mp__expected *expected) {
  switch (stage_of(expected)) {
  case STAGE_SESSION: expected->session = false; break;
  case STAGE_SESSION_SYNC: expected->session_sync = false; break;
  case STAGE_BEFORE: expected->before--; break;
  case STAGE_DEALLOCATE: expected->deallocate = false; break;
  case STAGE_PREPARE: expected->prepare = false; break;
  case STAGE_DESCRIBE: expected->describe = false; break;
  case STAGE_EXECUTE: expected->execute = false; break;
  case STAGE_VERIFY: expected->verify = false; break;
  case STAGE_XACT_PREPARE: expected->xact_prepare = false; break;
  case STAGE_XACT: expected->xact = false; break;
  case STAGE_SYNC: break;
  }
}

/* ---- good answers ---- */

static void on_columns_described(mp__prepared *prepared, const PGresult *description) {
  mp_types_release(prepared->columns);
  prepared->columns = mp_types_create(PQnfields(description));
  if (prepared->columns == NULL) return; /* then its results stay texts */
  for (int i = 0; i < prepared->columns->count; i++)
    prepared->columns->oids[i] = PQftype(description, i);
}

/* What is learnt is what parameters are encoded by: a type for each, no more and no less. */
static bool check_count(mp_connection *connection, size_t described) {
  const mp_sql *sql = mp_statement_sql(connection->statement);
  size_t wanted = sql->name_count > 0 ? sql->name_count : (size_t)sql->positions;
  if (described == wanted || connection->failure != NULL) return described == wanted;
  return mp_error_set(&connection->failure, MP_ERROR_CONNECTION,
                      "the server speaks of %zu parameters, but the statement has %zu", described, wanted);
}

static void on_described(mp_connection *connection, const PGresult *description) {
  if (connection->prepared != NULL) {
    on_columns_described(connection->prepared, description);
    return;
  }
  if (!check_count(connection, (size_t)PQnparams(description))) return;
  mp_types *types = mp_types_create(PQnparams(description));
  if (types == NULL) return; /* then it is asked for again the next time */
  for (int i = 0; i < types->count; i++)
    types->oids[i] = PQparamtype(description, i);
  mp_statements_learn(connection->statements, connection->statement, types);
}

/* The answer to send_wide_describe: one array of OIDs, "{23,25,...}". */
static void on_wide_described(mp_connection *connection, const PGresult *answer) {
  if (PQntuples(answer) != 1) return;
  const char *at = PQgetvalue(answer, 0, 0);
  size_t count = 1;
  for (const char *comma = at; (comma = strchr(comma, ',')) != NULL; comma++)
    count++;
  mp_types *types = check_count(connection, count) ? mp_types_create((int)count) : NULL;
  if (types == NULL) return;
  for (int i = 0; i < types->count; i++) {
    char *end;
    if (*at == '\0') break; /* a list that only looks like one */
    types->oids[i] = (uint32_t)strtoll(at + 1, &end, 10);
    at = end;
  }
  mp_statements_learn(connection->statements, connection->statement, types);
}

static bool starts_with(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

/* What the transaction sees of types may be another thing from here on; ROLLBACK may go back to a savepoint. */
static void note_altered_types(mp_connection *connection, const char *tag) {
  static const char *const altering[] = {"ALTER ", "DROP ", "DO", "CALL"};
  for (size_t i = 0; i < sizeof altering / sizeof altering[0]; i++)
    connection->altered = connection->altered || starts_with(tag, altering[i]);
  if (!connection->altered) return;
  mp_type_set_release(connection->own_types);
  connection->own_types = NULL;
}

/* Commands that take our prepared statements with them. */
static void on_command(mp_connection *connection, const char *tag) {
  note_altered_types(connection, tag);
  if (strcmp(tag, "DISCARD ALL") == 0) {
    mp__prepared_forget_all(connection);
    if (!connection->is_script) connection->needs_reset = false;
  } else if (strcmp(tag, "DEALLOCATE ALL") == 0) {
    mp__prepared_forget_all(connection);
  }
}

static void on_success(mp_connection *connection, PGresult *answer) {
  switch (stage_of(&connection->expected)) {
  case STAGE_EXECUTE:
    if (connection->wide) {
      on_wide_described(connection, answer);
      break;
    }
    if (connection->looking_up) mp__on_looked_up(connection, answer);
    if (PQresultStatus(answer) == PGRES_COMMAND_OK) on_command(connection, PQcmdStatus(answer));
    PQclear(connection->answer);
    connection->answer = answer;
    return;
  case STAGE_PREPARE:
    if (connection->prepared != NULL) connection->prepared->is_prepared = true;
    break;
  case STAGE_DESCRIBE: on_described(connection, answer); break;
  case STAGE_DEALLOCATE: mp__prepared_closed(connection); break;
  case STAGE_VERIFY: mp__on_verified(connection, answer); break;
  case STAGE_SESSION: mp__session_read(connection, answer); break;
  case STAGE_XACT_PREPARE: connection->xact_prepared = true; break;
  case STAGE_XACT: mp__xact_read(connection, answer); break;
  case STAGE_SESSION_SYNC:
  case STAGE_BEFORE:
  case STAGE_SYNC: break;
  }
  PQclear(answer);
}

/* ---- errors ---- */

/* After an answer that is too short for a whole transaction step, libpq says "lost" through the result; this catches
 * the rest. */
static bool is_lost(const mp_connection *connection) {
  return PQstatus(connection->pg) == CONNECTION_BAD;
}

static bool is_code(const PGresult *answer, const char *code) {
  const char *sqlstate = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
  return sqlstate != NULL && strncmp(sqlstate, code, strlen(code)) == 0;
}

/* A type was dropped, and another one may have its name. The server calls that an internal error. */
static bool is_type_gone(const PGresult *answer) {
  const char *message = PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY);
  return is_code(answer, "XX000") && message != NULL && strncmp(message, "cache lookup failed for type", 28) == 0;
}

/* The server will not run what is prepared: its result has changed, or a proxy gave us another session. */
static bool is_plan_gone(const PGresult *answer) {
  const char *function = PQresultErrorField(answer, PG_DIAG_SOURCE_FUNCTION);
  if (is_code(answer, "26000") || is_type_gone(answer)) return true;
  return is_code(answer, "0A000") && function != NULL && strcmp(function, "RevalidateCachedQuery") == 0;
}

/* Types that we remembered no longer fit the statement: a column was altered, or the search_path leads elsewhere. */
static bool is_type_trouble(const mp_connection *connection, const PGresult *answer) {
  if (connection->parameters.unsure && is_code(answer, "22")) return true;
  return is_code(answer, "42") || is_code(answer, "22P03") || is_type_gone(answer);
}

/* Forgets what has proved untrue. Returns true when the statement is worth another try. */
static bool forget_untrue(mp_connection *connection, const PGresult *answer) {
  stage failed = stage_of(&connection->expected);
  bool again = false;
  if (failed == STAGE_DEALLOCATE) {
    mp__prepared_closed(connection);
    again = true;
  } else if (failed == STAGE_PREPARE || failed == STAGE_EXECUTE) {
    mp__prepared *prepared = connection->prepared;
    if (prepared != NULL && prepared->is_prepared && is_plan_gone(answer)) {
      if (is_code(answer, "26000")) prepared->is_prepared = false; /* nothing to close */
      mp__prepared_drop(connection, prepared);
      connection->prepared = NULL;
      again = true;
    }
    if (connection->named_types && is_type_trouble(connection, answer)) {
      mp_statements_forget(connection->statements, connection->statement);
      mp_connection_forget_types(connection);
      again = true;
    }
  }
  return again;
}

/* A server that does not say which session this is takes statements all the same. */
static bool is_refused_session(const mp_connection *connection, const PGresult *answer) {
  return stage_of(&connection->expected) == STAGE_SESSION && PQresultErrorField(answer, PG_DIAG_SQLSTATE) != NULL &&
         !is_lost(connection);
}

static void on_error(mp_connection *connection, PGresult *answer) {
  if (!mp__is_servers_error(answer)) connection->broke_protocol = true;
  if (is_refused_session(connection, answer)) {
    connection->session.state = MP_SESSION_UNAVAILABLE;
  } else if (connection->failure == NULL) {
    mp__server_error(connection, answer, &connection->failure);
    if (connection->statement != NULL) connection->stale = forget_untrue(connection, answer);
  }
  PQclear(answer);
}

static void refuse_copy(mp_connection *connection, PGresult *answer) {
  if (connection->failure == NULL) {
    mp_error_set(&connection->failure, MP_ERROR_USAGE, "COPY from and to the client cannot run in a script");
  }
  if (PQresultStatus(answer) == PGRES_COPY_IN) {
    connection->broke_protocol = PQputCopyEnd(connection->pg, "the client sends no data") < 0;
    connection->sent = false;
  } else {
    connection->draining = true;
  }
  PQclear(answer);
}

/* ---- the loop ---- */

static bool is_last_sync(mp_connection *connection) {
  if (stage_of(&connection->expected) != STAGE_SESSION_SYNC) return true;
  stage_done(&connection->expected);
  return false;
}

/* Returns true when this was the last answer. */
static bool on_answer(mp_connection *connection, PGresult *answer) {
  switch (PQresultStatus(answer)) {
  case PGRES_PIPELINE_SYNC: PQclear(answer); return is_last_sync(connection);
  case PGRES_PIPELINE_ABORTED: PQclear(answer); return false;
  case PGRES_COPY_IN:
  case PGRES_COPY_OUT:
  case PGRES_COPY_BOTH: refuse_copy(connection, answer); return false;
  case PGRES_COMMAND_OK:
  case PGRES_TUPLES_OK:
  case PGRES_SINGLE_TUPLE:
  case PGRES_EMPTY_QUERY: on_success(connection, answer); return false;
  default: on_error(connection, answer); return false;
  }
}

/* Reads COPY data away. Returns false while more has to come. */
static bool drain_copy(mp_connection *connection) {
  enum { FAILED = -2 };
  char *data = NULL;
  int size;
  while ((size = PQgetCopyData(connection->pg, &data, 1)) > 0)
    PQfreemem(data);
  if (size == 0) return false;
  connection->broke_protocol = connection->broke_protocol || size == FAILED;
  connection->draining = false;
  return true;
}

static void note_use(mp_connection *connection) {
  const mp_statement *statement = connection->statement;
  const mp_pool_settings *settings = mp_settings_pool(connection->settings);
  if (statement == NULL || connection->answer == NULL || connection->prepared != NULL) return;
  if (settings->prepare == MP_PREPARE_NEVER || !settings->pipeline || !mp_statement_is_kept(statement)) return;
  if ((mp_statement_sql(statement)->flags & MP_SQL_PLAIN) == 0) return;
  if (mp__prepared_find(connection, statement) == NULL) mp__prepared_note(connection, connection->statement);
}

/* A server that was asked to cancel may also have closed the session. */
static void say_timeout(mp_connection *connection) {
  mp_error_kind kind = mp_error_kind_of(connection->failure);
  bool is_its_end = kind == MP_ERROR_CANCELLED || (kind == MP_ERROR_CONNECTION && is_lost(connection));
  if (!connection->timed_out || !is_its_end) return;
  mp_error *error = NULL;
  mp_error_set(&error, MP_ERROR_TIMEOUT, "the statement was cancelled, since it was not done by its deadline");
  mp_error_put(error, MP_ERROR_SQLSTATE, mp_error_get(connection->failure, MP_ERROR_SQLSTATE));
  mp_error_put(error, MP_ERROR_STATEMENT, mp_error_get(connection->failure, MP_ERROR_STATEMENT));
  if (kind == MP_ERROR_CONNECTION) mp_error_put(error, MP_ERROR_DETAIL, mp_error_message(connection->failure));
  mp_error_move(&connection->failure, error);
}

/* Nobody goes on believing what was known before the types were altered, once all can see that. */
static void end_alterations(mp_connection *connection) {
  if (!connection->altered || mp_connection_transaction_status(connection) != MP_OUTSIDE) return;
  connection->altered = false;
  mp_connection_forget_types(connection);
}

/* libpq takes an end for an answer whatever came before it. */
static bool is_whole(mp_connection *connection) {
  bool has_result = connection->pipelined ? PQexitPipelineMode(connection->pg)
                                          : connection->answer != NULL || !connection->expected.execute;
  bool has_ended = has_result || (!connection->pipelined && connection->failure != NULL);
  return has_ended && PQtransactionStatus(connection->pg) != PQTRANS_UNKNOWN;
}

/* libpq keeps them for somebody who asks, and here nobody does. */
static void forget_notifications(PGconn *pg) {
  PGnotify *notification;
  while ((notification = PQnotifies(pg)) != NULL)
    PQfreemem(notification);
}

/* Returns whether the session can be used no more. */
static bool judge_session(mp_connection *connection) {
  bool lost = is_lost(connection), whole = is_whole(connection);
  bool explained = lost || mp__is_memory_message(PQerrorMessage(connection->pg));
  if ((lost || !whole) && explained && connection->failure == NULL) {
    mp__libpq_error(connection->pg, MP_ERROR_CONNECTION, &connection->failure);
  } else if (!whole && connection->failure == NULL) {
    mp_error_set(&connection->failure, MP_ERROR_CONNECTION, "the server broke the protocol: its answer ends too early");
  }
  return lost || !whole || connection->broke_protocol;
}

static mp_step finish(mp_connection *connection, mp_error **error) {
  bool lost = judge_session(connection);
  connection->pipelined = false;
  forget_notifications(connection->pg);
  mp__connection_set_state(connection, lost ? MP_CONNECTION_BROKEN : MP_CONNECTION_IDLE);
  end_alterations(connection);
  bool outside = !lost && mp_connection_transaction_status(connection) == MP_OUTSIDE;
  if (outside) connection->xact = (mp_xact){.state = MP_XACT_NONE};
  if (connection->failure == NULL) {
    note_use(connection);
    return MP_STEP_DONE;
  }
  say_timeout(connection);
  connection->stale = connection->stale && outside;
  mp_error_move(error, connection->failure);
  connection->failure = NULL;
  return MP_STEP_FAILED;
}

/* A cancel still under way could hit the next statement: its end is awaited. */
static bool awaits_cancel(mp_connection *connection, mp_want *want) {
  if (connection->cancel == NULL || mp_background_is_done(connection->cancel)) return false;
  *want = (mp_want){mp_background_fd(connection->cancel), MP_WANT_READ, connection->cancel_deadline};
  return true;
}

/* Without memory for a description, or for the end of a pipeline, libpq drops it and goes on; then an answer is
 * missing, or waited for for ever. It says so, in a line of its own: a server's error begins otherwise. */
static bool has_lost_count(mp_connection *connection) {
  static const char words[] = "\nout of memory";
  const char *said = PQerrorMessage(connection->pg);
  if (said[0] == '\0') return false;
  if (strncmp(said, words + 1, sizeof words - 2) != 0 && strstr(said, words) == NULL) return false;
  connection->broke_protocol = true;
  if (connection->failure == NULL) mp_error_set_memory(&connection->failure);
  return true;
}

/* Takes what has arrived. Returns true when all answers are there. */
static bool take_answers(mp_connection *connection) {
  for (;;) {
    if (connection->draining && !drain_copy(connection)) return false;
    if (connection->broke_protocol) return true; /* what comes now cannot be trusted, and may have no end */
    bool is_busy = PQisBusy(connection->pg);
    if (has_lost_count(connection)) return true;
    if (is_busy) return false;
    PGresult *answer = PQgetResult(connection->pg);
    if (answer != NULL) {
      if (on_answer(connection, answer)) return true;
    } else if (!connection->pipelined) {
      return true;
    } else if (is_lost(connection)) {
      return true; /* no sync point will come */
    } else {
      stage_done(&connection->expected);
    }
  }
}

static mp_step wait_for_server(mp_connection *connection, mp_want *want) {
  connection->waited = true;
  want->fd = PQsocket(connection->pg);
  want->events = connection->sent ? MP_WANT_READ : MP_WANT_READ | MP_WANT_WRITE;
  want->deadline = connection->state == MP_CONNECTION_CANCELLING ? connection->cancel_deadline : connection->deadline;
  return MP_STEP_WAIT;
}

mp_step mp__receive(mp_connection *connection, mp_want *want, mp_error **error) {
  if (!connection->complete) {
    if (connection->waited && !PQconsumeInput(connection->pg) && !is_lost(connection)) {
      return mp__connection_break(connection, error);
    }
    /* A failure to send shows in the answers: the server may have said why before it went. */
    if (!connection->sent) connection->sent = PQflush(connection->pg) <= 0;
    if (!connection->waited || !take_answers(connection)) return wait_for_server(connection, want);
    connection->complete = true;
  }
  return awaits_cancel(connection, want) ? MP_STEP_WAIT : finish(connection, error);
}
