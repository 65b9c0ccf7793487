/* The first words of what a connection was told last. Its own thread writes them at each statement, and any thread may
 * read them for a diagnosis; so they have a lock of their own, which is held for a copy. */
#include <string.h>

#include "base/utf8.h"
#include "connection/internal.h"

bool mp__last_init(mp__last *last) {
  last->text[0] = '\0';
  return pthread_mutex_init(&last->lock, NULL) == 0;
}

void mp__last_finish(mp__last *last) {
  pthread_mutex_destroy(&last->lock);
}

void mp__last_note(mp__last *last, const char *text) {
  size_t size = strnlen(text, sizeof last->text - 1);
  pthread_mutex_lock(&last->lock);
  memcpy(last->text, text, size);
  last->text[size] = '\0';
  pthread_mutex_unlock(&last->lock);
}

static bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Runs of blanks become one; none at either end. */
static void squeeze(const char *from, char *to, size_t size) {
  size_t used = 0;
  for (; *from != '\0' && used + 1 < size; from++) {
    bool is_first_blank = is_blank(*from) && used > 0 && to[used - 1] != ' ';
    if (is_first_blank) to[used++] = ' ';
    if (!is_blank(*from)) to[used++] = *from;
  }
  if (used > 0 && to[used - 1] == ' ') used--;
  to[mp_utf8_check(to, used)] = '\0'; /* a character that was cut in two */
}

void mp_connection_last_statement(mp_connection *connection, char *to, size_t size) {
  char text[sizeof connection->last.text];
  pthread_mutex_lock(&connection->last.lock);
  memcpy(text, connection->last.text, sizeof text);
  pthread_mutex_unlock(&connection->last.lock);
  squeeze(text, to, size);
}
