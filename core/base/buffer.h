/* A growing run of bytes, born with a limit: a hostile length is an error and not an allocation.
 * Failure is sticky: after one, every call does nothing, and mp_buffer_ok says so once at the end. */
#ifndef MP_BASE_BUFFER_H
#define MP_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mp_buffer {
  char *data; /* NULL while empty; not zero terminated (mp_buffer_text terminates it) */
  size_t size;
  size_t capacity;
  size_t limit;
  bool failed;
} mp_buffer;

void mp_buffer_init(mp_buffer *buffer, size_t limit);
void mp_buffer_finish(mp_buffer *buffer); /* frees; the buffer is empty and usable again */
void mp_buffer_clear(mp_buffer *buffer);  /* keeps the memory, forgets content and failure */
static inline bool mp_buffer_ok(const mp_buffer *buffer) {
  return !buffer->failed;
}

/* Makes room for `more` bytes behind the content and returns where they go (mp_buffer_commit counts them), or NULL. */
char *mp_buffer_reserve(mp_buffer *buffer, size_t more);
static inline void mp_buffer_commit(mp_buffer *buffer, size_t written) {
  buffer->size += written;
}

void mp_buffer_add(mp_buffer *buffer, const void *bytes, size_t size);
void mp_buffer_adds(mp_buffer *buffer, const char *text);
void mp_buffer_addc(mp_buffer *buffer, char byte);
void mp_buffer_addf(mp_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Big endian, as the wire has them. */
void mp_buffer_add16(mp_buffer *buffer, uint16_t value);
void mp_buffer_add32(mp_buffer *buffer, uint32_t value);
void mp_buffer_add64(mp_buffer *buffer, uint64_t value);

/* The content with a zero byte behind it (not counted in size), borrowed until the next call; NULL after a failure. */
const char *mp_buffer_text(mp_buffer *buffer);
/* The same, owned by the caller (free); the buffer is left empty. NULL after a failure, with everything freed. */
char *mp_buffer_take_text(mp_buffer *buffer);

#endif
