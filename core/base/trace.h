/* What happens inside, told on standard error while it happens (MOONPOOL_TRACE=pool,wire,task):
 *
 *     moonpool 5381.402117 71234 pool grant c3 t2 waited=0.000412
 *
 * the seconds of the monotonic clock, the thread, the topic, the event, and what it is about. docs/tracing.md has all
 * events. A line is one write(2), so that those of several threads never mix; nothing is allocated, errno stays what it
 * is. No line holds a parameter's value or a password: whoever traces sees to that. */
#ifndef MP_BASE_TRACE_H
#define MP_BASE_TRACE_H

#include <stdbool.h>
#include <stddef.h>

/* A set of topics is a sum of these. */
enum { MP_TRACE_POOL = 1, MP_TRACE_WIRE = 2, MP_TRACE_TASK = 4, MP_TRACE_TOPICS = 3 };

extern const char *const mp_trace_names[MP_TRACE_TOPICS]; /* in the order of their bits */

/* Reads a list such as "pool,wire"; an empty one is none. On false *wrong is the first name that is no topic, borrowed
 * from the list, and *size its size. */
bool mp_trace_read(const char *list, unsigned *topics, const char **wrong, size_t *size);

/* Writes the line if the topic is among the topics: MP_TRACE(topics, MP_TRACE_POOL, "wait t%u", 3). Costs one branch if
 * it is not, the arguments included. A line is cut at 500 bytes, and control characters are blanks. */
#define MP_TRACE(topics, topic, ...)                                                                                   \
  do {                                                                                                                 \
    if (__builtin_expect(((topics) & (unsigned)(topic)) != 0, 0)) mp_trace_line((topic), __VA_ARGS__);                 \
  } while (0)

void mp_trace_line(unsigned topic, const char *format, ...) __attribute__((format(printf, 2, 3), cold));

/* The next number of this process, from 1: what makes a connection c3. */
unsigned mp_trace_number(void);

#endif
