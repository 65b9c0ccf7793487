/* Trace lines. */
#include "base/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { LINE_SIZE = 500 };

const char *const mp_trace_names[MP_TRACE_TOPICS] = {"pool", "wire", "task"};

/* The topic of that name, or 0. */
static unsigned topic_named(const char *name, size_t size) {
  for (unsigned i = 0; i < MP_TRACE_TOPICS; i++) {
    if (strlen(mp_trace_names[i]) == size && memcmp(mp_trace_names[i], name, size) == 0) return 1U << i;
  }
  return 0;
}

bool mp_trace_read(const char *list, unsigned *topics, const char **wrong, size_t *size) {
  unsigned found = 0;
  for (const char *at = list; *list != '\0';) {
    size_t length = strcspn(at, ",");
    unsigned topic = topic_named(at, length);
    if (topic == 0) {
      *wrong = at;
      *size = length;
      return false;
    }
    found |= topic;
    at += length;
    if (*at++ == '\0') break;
  }
  *topics = found;
  return true;
}

static const char *name_of(unsigned topic) {
  unsigned i = 0;
  while (i + 1 < MP_TRACE_TOPICS && topic != 1U << i)
    i++;
  return mp_trace_names[i];
}

/* Where a text that was cut at `size` bytes may end without half a character. */
static size_t whole_characters(const char *text, size_t size) {
  while (size > 0 && ((unsigned char)text[size] & 0xC0U) == 0x80U)
    size--;
  return size;
}

static void blank_controls(char *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if ((unsigned char)text[i] < ' ' || text[i] == 0x7F) text[i] = ' ';
  }
}

/* A line that cannot be written is lost: the trace must not change what it looks at. */
static void write_line(const char *line, size_t size) {
  ssize_t written;
  do {
    written = write(STDERR_FILENO, line, size);
  } while (written < 0 && errno == EINTR);
}

void mp_trace_line(unsigned topic, const char *format, ...) {
  int saved = errno;
  char line[LINE_SIZE + 1]; /* one byte for the zero, or the line's end */
  int64_t now = mp_clock_now();
  int head = snprintf(line, sizeof line, "moonpool %" PRId64 ".%06" PRId64 " %d %s ", now / MP_SECOND,
                      now % MP_SECOND / 1000, (int)gettid(), name_of(topic));
  va_list arguments;
  va_start(arguments, format);
  int rest = vsnprintf(line + head, sizeof line - (size_t)head, format, arguments);
  va_end(arguments);
  size_t size = (size_t)head + (rest < 0 ? 0 : (size_t)rest);
  if (size >= LINE_SIZE) size = whole_characters(line, LINE_SIZE - 1);
  blank_controls(line, size);
  line[size++] = '\n';
  write_line(line, size);
  errno = saved;
}

unsigned mp_trace_number(void) {
  static atomic_uint last;
  return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}
