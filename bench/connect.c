/* Connect, one select, exit: raw libpq's side of connect.lua. */
#include <stdio.h>

#include "raw.h"

int main(int argc, char **argv) {
  raw_arguments arguments = raw_read_arguments(argc, argv);
  PGconn *connection = raw_connect(arguments.url);
  PGresult *result =
      raw_expect(connection, PQexec(connection, "select name from accounts where id = 1"), PGRES_TUPLES_OK);
  printf("%s\n", PQgetvalue(result, 0, 0));
  PQclear(result);
  PQfinish(connection);
  return 0;
}
