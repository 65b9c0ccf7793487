/* Asking the server which session and transaction this is, in a flush that goes out anyway. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection/internal.h"

#define XACT "pg_catalog.pg_current_xact_id_if_assigned()"

#define SESSION_COLUMNS                                                                                                \
  "system_identifier, "                                                                                                \
  "case when pg_catalog.pg_is_in_recovery() then '' else "                                                             \
  "pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8) || ' ' || coalesce(("               \
  "select pg_catalog.date_part('epoch', stats_reset)::text from pg_catalog.pg_stat_bgwriter), '') end, "               \
  "pg_catalog.pg_backend_pid(), "                                                                                      \
  "(select pg_catalog.date_part('epoch', backend_start) from pg_catalog.pg_stat_activity "                             \
  "where pid = pg_catalog.pg_backend_pid())"

static const char xact_text[] = "select " XACT;
/* All at once, for a session that may be another one in the next transaction. */
static const char full_text[] = "select " XACT ", " SESSION_COLUMNS " from pg_catalog.pg_control_system()";

enum { COLUMN_XACT, COLUMN_SYSTEM, COLUMN_GENERATION, COLUMN_PID, COLUMN_STARTED, FULL_COLUMNS };

static bool is_pinned(const mp_connection *connection) {
  return mp_settings_pool(connection->settings)->prepare != MP_PREPARE_NEVER;
}

static bool send_text(mp_connection *connection, const char *text) {
  mp__wire_text(connection->wire, text);
  return PQsendQueryParams(connection->pg, text, 0, NULL, NULL, NULL, NULL, MP_FORMAT_TEXT);
}

/* In a part of the pipeline of its own: what a server refuses here must not harm what comes behind it. */
bool mp__session_send(mp_connection *connection) {
  connection->expected.session = connection->expected.session_sync = true;
  return send_text(connection, full_text) && PQpipelineSync(connection->pg);
}

bool mp__xact_send(mp_connection *connection) {
  connection->expected.xact = true;
  if (!is_pinned(connection)) return send_text(connection, full_text);
  if (!connection->xact_prepared) {
    connection->expected.xact_prepare = true;
    mp__wire_text(connection->wire, xact_text);
    if (!PQsendPrepare(connection->pg, "mp_xact", xact_text, 0, NULL)) return false;
  }
  return PQsendQueryPrepared(connection->pg, "mp_xact", 0, NULL, NULL, NULL, MP_FORMAT_TEXT);
}

bool mp__xact_can_be_asked(const mp_connection *connection) {
  return connection->session.state == MP_SESSION_KNOWN && mp_settings_pool(connection->settings)->pipeline;
}

static bool copy_cell(char *to, size_t size, const PGresult *answer, int column) {
  int written = snprintf(to, size, "%s", PQgetvalue(answer, 0, column));
  return written >= 0 && (size_t)written < size;
}

void mp__session_read(mp_connection *connection, const PGresult *answer) {
  mp_session session = {.state = MP_SESSION_KNOWN};
  bool fits = PQntuples(answer) == 1 && PQnfields(answer) == FULL_COLUMNS &&
              copy_cell(session.system, sizeof session.system, answer, COLUMN_SYSTEM) &&
              copy_cell(session.generation, sizeof session.generation, answer, COLUMN_GENERATION) &&
              copy_cell(session.started, sizeof session.started, answer, COLUMN_STARTED);
  session.pid = fits ? (int)strtol(PQgetvalue(answer, 0, COLUMN_PID), NULL, 10) : 0;
  session.is_direct = session.pid == PQbackendPID(connection->pg);
  connection->session = session;
  if (!fits) connection->session.state = MP_SESSION_UNAVAILABLE;
}

void mp__xact_read(mp_connection *connection, const PGresult *answer) {
  if (PQntuples(answer) != 1 || PQnfields(answer) < 1) {
    connection->session.state = MP_SESSION_UNAVAILABLE; /* what answers so is no PostgreSQL */
    return;
  }
  bool is_assigned = !PQgetisnull(answer, 0, COLUMN_XACT);
  connection->xact.state = is_assigned ? MP_XACT_ASSIGNED : MP_XACT_NONE;
  connection->xact.id = is_assigned ? strtoull(PQgetvalue(answer, 0, COLUMN_XACT), NULL, 10) : 0;
  if (PQnfields(answer) == FULL_COLUMNS) mp__session_read(connection, answer);
}
