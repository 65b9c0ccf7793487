/* Connections that somebody does not give back: noticed by the upkeep thread when they are held for too long, or by a
 * host whose handle on one was lost. Each is told once, with the place where it was taken. */
#include <stdio.h>
#include <string.h>

#include "pool/internal.h"

void mp__loan_describe(const mp__slot *slot, int64_t now, mp_loan *loan) {
  *loan = (mp_loan){.seconds = (double)(now - slot->since) / (double)MP_SECOND};
  if (slot->holder != NULL) memcpy(loan->where, slot->holder->where, sizeof loan->where);
  mp_connection_last_statement(slot->connection, loan->statement, sizeof loan->statement);
}

void mp_report_text(mp_report_kind kind, const mp_loan *loan, char *to, size_t size) {
  const char *place = loan->where[0] == '\0' ? "an unknown place" : loan->where;
  const char *what = kind == MP_REPORT_LEAK ? "has been held for" : "was forgotten, and is given back after";
  const char *last = loan->statement[0] == '\0' ? "" : "; its last statement: ";
  snprintf(to, size, "a connection taken at %s %s %.1f s%s%s", place, what, loan->seconds, last, loan->statement);
}

static void tell(mp_pool *pool, mp_report_kind kind, const mp_loan *loan) {
  if (pool->hooks.report != NULL) {
    pool->hooks.report(pool->hooks.data, kind, loan);
    return;
  }
  char text[512];
  mp_report_text(kind, loan, text, sizeof text);
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
    mp__loan_describe(slot, now, &upkeep->reports[upkeep->report_count++]);
  }
  return MP_FOREVER;
}

void mp__reports_tell(mp_pool *pool) {
  for (size_t i = 0; i < pool->upkeep.report_count; i++)
    tell(pool, MP_REPORT_LEAK, &pool->upkeep.reports[i]);
}

size_t mp_pool_loans(mp_pool *pool, mp_loan *loans, size_t most) {
  if (mp__is_forked(pool)) return 0;
  int64_t now = mp_clock_now();
  pthread_mutex_lock(&pool->lock);
  const mp__slot_list *lent = &pool->slots.lists[MP__SLOT_LENT];
  size_t count = pool->closed ? 0 : (size_t)lent->count; /* of a closed pool they may be freed by their holders */
  const mp__slot *slot = lent->last;
  for (size_t i = 0; i < count && i < most; i++, slot = slot->previous)
    mp__loan_describe(slot, now, &loans[i]);
  pthread_mutex_unlock(&pool->lock);
  return count;
}

void mp_pool_reclaim(mp_pool *pool, mp_connection *connection) {
  if (connection == NULL || mp__is_forked(pool)) return;
  mp_loan loan;
  pthread_mutex_lock(&pool->lock);
  pool->stats.reclaimed++;
  mp__loan_describe(mp_connection_owner(connection), mp_clock_now(), &loan);
  pthread_mutex_unlock(&pool->lock);
  tell(pool, MP_REPORT_RECLAIMED, &loan);
  mp_pool_return(pool, connection);
}
