/* The real server of the codec's tests, over plain libpq. */
#ifndef SPEC_CODEC_SERVER_H
#define SPEC_CODEC_SERVER_H

#include <libpq-fe.h>

#include "support.h"

UNUSED static void server_command(PGconn *server, const char *sql) {
  PGresult *result = PQexec(server, sql);
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail_msg("%s: %s", sql, PQerrorMessage(server));
  PQclear(result);
}

/* A connection set up as Moonpool's own; or the test is skipped, since nobody said where a server is. */
UNUSED static PGconn *server_open(void) {
  const char *url = getenv("MOONPOOL_TEST_URL");
  if (url == NULL) {
    print_message("skipped: MOONPOOL_TEST_URL does not name a server\n");
    skip();
  }
  PGconn *server = PQconnectdb(url);
  if (PQstatus(server) != CONNECTION_OK) fail_msg("%s", PQerrorMessage(server));
  server_command(server, "set datestyle = ISO; set extra_float_digits = 1; set client_encoding = 'UTF8'");
  return server;
}

#endif
