/* "Did you mean": the most similar name of a list, by the edits that turn one into the other. */
#include <stdbool.h>
#include <string.h>

#include "base/nearest.h"

enum { NAME_MAX_SIZE = 64 };
static const double LEAST_SIMILARITY = 0.7;

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Insertions, deletions, replacements, and exchanges of two neighbours (optimal string alignment). Three rows of the
 * usual table are enough; a row is of b's prefixes. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size) {
  size_t rows[3][NAME_MAX_SIZE + 1];
  for (size_t j = 0; j <= b_size; j++)
    rows[0][j] = j;
  for (size_t i = 1; i <= a_size; i++) {
    size_t *row = rows[i % 3];
    const size_t *above = rows[(i + 2) % 3];
    const size_t *two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b_size; j++) {
      bool is_same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (is_same ? 0 : 1));
      bool is_swap = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (is_swap) row[j] = least(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a_size % 3][b_size];
}

const char *mp_nearest_name(const char *name, const char *const *names, size_t count) {
  const char *nearest = NULL;
  double best = LEAST_SIMILARITY;
  size_t size = strlen(name);
  if (size == 0 || size > NAME_MAX_SIZE) return NULL;
  for (size_t i = 0; i < count; i++) {
    size_t other = strlen(names[i]);
    if (other == 0 || other > NAME_MAX_SIZE) continue;
    size_t longer = size > other ? size : other;
    double similarity = 1.0 - (double)distance(name, size, names[i], other) / (double)longer;
    if (similarity < best || (nearest != NULL && similarity == best)) continue;
    best = similarity;
    nearest = names[i];
  }
  return nearest;
}
