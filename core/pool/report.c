/* Connections that somebody does not give back: noticed by the upkeep thread when they are held for too long, or by a
 * host whose handle on one was lost. Each is told once, with the place where it was taken. */
#include <stdio.h>
#include <string.h>

#include "pool/internal.h"

static void describe(const mp__slot *slot, mp_report_kind kind, int64_t now, mp_report *report) {
  *report = (mp_report){.kind = kind, .seconds = (double)(now - slot->since) / (double)MP_SECOND};
  if (slot->holder != NULL) memcpy(report->where, slot->holder->where, sizeof report->where);
  mp_connection_last_statement(slot->connection, report->statement, sizeof report->statement);
}

void mp_report_text(const mp_report *report, char *to, size_t size) {
  const char *place = report->where[0] == '\0' ? "an unknown place" : report->where;
  const char *what = report->kind == MP_REPORT_LEAK ? "has been held for" : "was forgotten, and is given back after";
  const char *last = report->statement[0] == '\0' ? "" : "; its last statement: ";
  snprintf(to, size, "a connection taken at %s %s %.1f s%s%s", place, what, report->seconds, last, report->statement);
}

static void tell(mp_pool *pool, const mp_report *report) {
  if (pool->hooks.report != NULL) {
    pool->hooks.report(pool->hooks.data, report);
    return;
  }
  char text[512];
  mp_report_text(report, text, sizeof text);
  fprintf(stderr, "moonpool: %s\n", text);
}

/* The oldest loans are the last ones of the list. */
int64_t mp__reports_find(mp_pool *pool, int64_t now) {
  mp__upkeep *upkeep = &pool->upkeep;
  upkeep->report_count = 0;
  for (mp__slot *slot = pool->slots.lists[MP__SLOT_LENT].last; slot != NULL; slot = slot->previous) {
    if (now < slot->since + pool->leak_span) return slot->since + pool->leak_span;
    if (slot->is_reported) continue;
    if (upkeep->report_count == MP__MOST_REPORTS) return now; /* the rest in the next turn */
    slot->is_reported = true;
    pool->stats.leaks++;
    describe(slot, MP_REPORT_LEAK, now, &upkeep->reports[upkeep->report_count++]);
  }
  return MP_FOREVER;
}

void mp__reports_tell(mp_pool *pool) {
  for (size_t i = 0; i < pool->upkeep.report_count; i++)
    tell(pool, &pool->upkeep.reports[i]);
}

void mp_pool_reclaim(mp_pool *pool, mp_connection *connection) {
  if (connection == NULL || mp__is_forked(pool)) return;
  mp_report report;
  pthread_mutex_lock(&pool->lock);
  pool->stats.reclaimed++;
  describe(mp_connection_owner(connection), MP_REPORT_RECLAIMED, mp_clock_now(), &report);
  pthread_mutex_unlock(&pool->lock);
  tell(pool, &report);
  mp_pool_return(pool, connection);
}
