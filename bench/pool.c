/* Measures the pool while its server fails: how much later than its deadline the latest checkout ends, how soon a
 * client has its first answer after a restart, how those who waited through an outage are served.
 *
 * It makes a PostgreSQL of its own, and a network of its own where it may (root). */
#include <stdlib.h>

#include "faults.h"

enum { CALLS = 1000, RESTARTS = 20, OUTAGE = 10 /* seconds */ };

static double in_ms(int64_t nanoseconds) {
  return (double)nanoseconds / MP_MILLISECOND;
}

static void measure_deadlines(fault_server *server) {
  for (int i = 0; i < FAULT_KINDS; i++) {
    const fault_kind *kind = &fault_kinds[i];
    fault_caller result = {0};
    const char *cannot = fault_run_kind(kind, server, CALLS, &result);
    if (cannot != NULL) {
      printf("%-11s not measured: %s\n", kind->name, cannot);
    } else {
      printf("%-11s %d checkouts, %d served; the latest ended %.1f ms after its deadline, a sleep %.1f ms (%s)\n",
             kind->name, result.calls, result.served, in_ms(result.worst), in_ms(result.control), kind->what);
    }
    fflush(stdout);
  }
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Outages of many lengths, since how long the pool pauses between attempts depends on it. */
static void measure_restarts(fault_server *server) {
  double ages[RESTARTS];
  for (int i = 0; i < RESTARTS; i++)
    ages[i] = fault_run_restart(server, 2.0 * i / RESTARTS);
  qsort(ages, RESTARTS, sizeof ages[0], compare);
  printf("restart     %d times: first answer %.0f ms after the server's start (median), %.0f ms at best, %.0f ms at "
         "worst\n",
         RESTARTS, (ages[(RESTARTS - 1) / 2] + ages[RESTARTS / 2]) / 2 * 1000, ages[0] * 1000,
         ages[RESTARTS - 1] * 1000);
  fflush(stdout);
}

static void measure_storm(fault_server *server) {
  fault_storm storm = fault_run_storm(server, OUTAGE);
  double seconds = (double)storm.lasted / MP_SECOND;
  printf("storm       %d waiters, %.0f s: %d attempts to connect, %.1f a second; the last was served %.0f ms after its "
         "end\n",
         FAULT_WAITERS, seconds, (int)storm.attempts, (double)storm.attempts / seconds, in_ms(storm.served_after));
}

int main(void) {
  fault_server *server = fault_server_make();
  measure_deadlines(server);
  measure_restarts(server);
  measure_storm(server);
  fault_server_remove(server);
  return 0;
}
