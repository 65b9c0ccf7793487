/* A host in C: loads a script, calls a function of it with values, and tells what goes wrong.
 *
 *     cc host.c $(pkg-config --cflags --libs moonpool) -o host && ./host 2026
 *
 * The database is that of the environment, as for scripts. */
#include <inttypes.h>
#include <moonpool.h>
#include <stdio.h>
#include <stdlib.h>

static const char script[] = "local db = require('moonpool').connect() -- the host's pool\n"
                             "function fridays_the_13th(year)\n"
                             "  local row = db:one([[\n"
                             "    select count(*), max(day)::date as last\n"
                             "    from generate_series(make_date($1, 1, 13), make_date($1, 12, 13), '1 month') as day\n"
                             "    where extract(isodow from day) = 5]], year)\n"
                             "  return row.count, tostring(row.last)\n"
                             "end\n";

static bool show(mp_runtime *runtime, int64_t year, mp_error **error) {
  mp_value results[2], argument = mp_integer(year);
  if (!mp_call(runtime, "fridays_the_13th", &argument, 1, results, 2, error)) return false;
  printf("%" PRId64 ": %" PRId64 ", the last on %s\n", year, results[0].as.integer, results[1].as.string.data);
  return true;
}

int main(int argc, char **argv) {
  mp_error *error = NULL;
  mp_pool *pool = mp_pool_open(NULL, &error);
  mp_runtime *runtime = mp_runtime_open(pool, NULL, &error);
  bool done = mp_run_string(runtime, script, sizeof script - 1, "calendar", &error);
  for (int i = 1; i < argc && done; i++)
    done = show(runtime, strtoll(argv[i], NULL, 10), &error);
  if (!done) fprintf(stderr, "host: %s\n", mp_error_text(error));
  mp_runtime_close(runtime);
  mp_pool_close(pool);
  mp_error_free(error);
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
