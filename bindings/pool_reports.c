/* Reports on their way from the pool's threads to the script's. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "pool.h"

enum { MOST_KEPT = 16 };

typedef struct report {
  mp_report_kind kind;
  mp_loan loan;
} report;

struct mpb_reports {
  pthread_mutex_t lock;
  size_t count;
  report kept[MOST_KEPT];
};

mpb_reports *mpb_reports_create(void) {
  mpb_reports *reports = calloc(1, sizeof *reports);
  if (reports != NULL && pthread_mutex_init(&reports->lock, NULL) == 0) return reports;
  free(reports);
  return NULL;
}

static void print(const report *told) {
  char text[512];
  mp_report_text(told->kind, &told->loan, text, sizeof text);
  fprintf(stderr, "moonpool: %s\n", text);
}

void mpb_reports_destroy(void *data) {
  mpb_reports *reports = data;
  for (size_t i = 0; i < reports->count; i++)
    print(&reports->kept[i]);
  pthread_mutex_destroy(&reports->lock);
  free(reports);
}

void mpb_reports_add(void *data, mp_report_kind kind, const mp_loan *loan) {
  mpb_reports *reports = data;
  const report told = {kind, *loan};
  pthread_mutex_lock(&reports->lock);
  bool fits = reports->count < MOST_KEPT;
  if (fits) reports->kept[reports->count++] = told;
  pthread_mutex_unlock(&reports->lock);
  if (!fits) print(&told);
}

bool mpb_reports_take(mpb_reports *reports, mp_report_kind *kind, mp_loan *loan) {
  pthread_mutex_lock(&reports->lock);
  bool found = reports->count > 0;
  if (found) {
    *kind = reports->kept[0].kind;
    *loan = reports->kept[0].loan;
    reports->count--;
    for (size_t i = 0; i < reports->count; i++)
      reports->kept[i] = reports->kept[i + 1];
  }
  pthread_mutex_unlock(&reports->lock);
  return found;
}
