/* What a caller who got no connection is told: who holds what, who waits in front, what connecting last said. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/buffer.h"
#include "pool/internal.h"

enum { TEXT_LIMIT = 16384, MOST_LINES = 20 };

static const char *plural(int64_t count) {
  return count == 1 ? "" : "s";
}

static const char *place_of(const mp_holder *holder) {
  return holder == NULL || holder->where[0] == '\0' ? "an unknown place" : holder->where;
}

static double seconds_since(int64_t then, int64_t now) {
  return (double)(now - then) / (double)MP_SECOND;
}

static int64_t count_in_front(const mp_checkout *checkout) {
  int64_t count = 0;
  for (const mp_checkout *other = checkout->previous; other != NULL; other = other->previous)
    count++;
  return count;
}

static void add_lent(const mp__slot *slot, int64_t now, mp_buffer *text) {
  mp_loan loan;
  mp__loan_describe(slot, now, &loan);
  mp_buffer_addf(text, "taken at %s %.1f s ago", place_of(slot->holder), loan.seconds);
  if (loan.statement[0] != '\0') mp_buffer_addf(text, ", last statement: %s", loan.statement);
  mp_buffer_addc(text, '\n');
}

/* A line for each connection in use, that of the longest loan first. */
static void add_all_lent(const mp_pool *pool, int64_t now, mp_buffer *text) {
  const mp__slot_list *lent = &pool->slots.lists[MP__SLOT_LENT];
  int64_t lines = 0;
  for (const mp__slot *slot = lent->last; slot != NULL && lines < MOST_LINES; slot = slot->previous, lines++) {
    add_lent(slot, now, text);
  }
  if (lent->count > lines) mp_buffer_addf(text, "and %" PRId64 " more\n", lent->count - lines);
}

static void add_opening(const mp__opening *opening, int64_t now, mp_buffer *text) {
  if (opening->last == NULL) return;
  mp_buffer_addf(text, "the last attempt to connect failed %.1f s ago: %s\n", seconds_since(opening->failed_at, now),
                 mp_error_message(opening->last));
}

/* The lines as the error's detail, without the last line end. */
static void put_detail(mp_buffer *text, mp_error *error) {
  if (text->size > 0 && text->data[text->size - 1] == '\n') text->size--;
  mp_error_put(error, MP_ERROR_DETAIL, text->size == 0 ? NULL : mp_buffer_text(text));
  mp_buffer_finish(text);
}

static void add_suspended(const mp_pool *pool, int64_t now, mp_buffer *text) {
  mp_buffer_addf(text, "the pool is suspended since %.1f s", seconds_since(pool->suspended_at, now));
  if (pool->suspended_where[0] != '\0') mp_buffer_addf(text, " (%s)", pool->suspended_where);
}

static void add_counts(const mp__slots *slots, mp_buffer *text) {
  mp_buffer_addf(text, "of at most %" PRId64 ", %" PRId64 " in use and %" PRId64 " being opened", slots->capacity,
                 mp__slots_count(slots, MP__SLOT_LENT), mp__slots_count(slots, MP__SLOT_OPENING));
}

/* Why nothing was lent. */
static const char *reason(const mp_pool *pool, int64_t now, mp_buffer *text) {
  if (pool->suspended_at != 0) {
    add_suspended(pool, now, text);
  } else {
    add_counts(&pool->slots, text);
  }
  const char *whole = mp_buffer_text(text);
  return whole == NULL ? "" : whole;
}

static void put_hint(const mp_pool *pool, mp_error *error) {
  if (pool->suspended_at != 0) {
    mp_error_put(error, MP_ERROR_HINT, "it lends again after a resume");
  } else if (mp__slots_count(&pool->slots, MP__SLOT_LENT) >= pool->slots.capacity) {
    mp_error_put(error, MP_ERROR_HINT, "hold connections for a shorter time, or raise max_size or checkout_timeout");
  }
}

bool mp__diagnose_timeout(const mp_pool *pool, const mp_checkout *checkout, int64_t now, mp_error **error) {
  if (error == NULL) return false;
  mp_buffer text;
  mp_buffer_init(&text, TEXT_LIMIT);
  int64_t in_front = count_in_front(checkout);
  double allowed = checkout->deadline > checkout->started ? seconds_since(checkout->started, checkout->deadline) : 0;
  allowed = round(allowed * 1000) / 1000; /* the deadline was set an instant before */
  mp_error_set(error, MP_ERROR_TIMEOUT, "no connection within %.3g s: %s; %" PRId64 " checkout%s in front", allowed,
               reason(pool, now, &text), in_front, plural(in_front));
  mp_buffer_clear(&text);
  add_all_lent(pool, now, &text);
  add_opening(&pool->opening, now, &text);
  put_detail(&text, *error);
  put_hint(pool, *error);
  return false;
}

static const char *who_holds(const mp__slot_list *lent, const mp_holder *asking) {
  for (const mp__slot *slot = lent->first; slot != NULL; slot = slot->next) {
    if (!mp__is_same_task(slot->holder, asking)) return "tasks that cannot go on while this one waits";
  }
  return "this task itself";
}

bool mp__diagnose_deadlock(const mp_pool *pool, const mp_holder *asking, int64_t now, mp_error **error) {
  if (error == NULL) return false;
  const mp__slot_list *lent = &pool->slots.lists[MP__SLOT_LENT];
  char which[64] = "the pool's only connection is";
  if (lent->count > 1) snprintf(which, sizeof which, "all %" PRId64 " connections of the pool are", lent->count);
  mp_error_set(error, MP_ERROR_USAGE, "%s held by %s: taken at %s, asked for again at %s", which,
               who_holds(lent, asking), place_of(lent->last->holder), place_of(asking));
  mp_buffer text;
  mp_buffer_init(&text, TEXT_LIMIT);
  if (lent->count > 1) add_all_lent(pool, now, &text);
  put_detail(&text, *error);
  mp_error_put(*error, MP_ERROR_HINT, "inside a transaction use its own handle (tx:query), or raise max_size");
  return false;
}
