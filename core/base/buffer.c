/* Growing buffers: doubling up to the limit. */
#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum { FIRST_CAPACITY = 64 };

void mp_buffer_init(mp_buffer *buffer, size_t limit) {
  *buffer = (mp_buffer){.limit = limit};
}

void mp_buffer_finish(mp_buffer *buffer) {
  free(buffer->data);
  mp_buffer_init(buffer, buffer->limit);
}

void mp_buffer_clear(mp_buffer *buffer) {
  buffer->size = 0;
  buffer->failed = false;
}

static bool grow(mp_buffer *buffer, size_t needed) {
  size_t capacity = buffer->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : buffer->capacity;
  while (capacity < needed)
    capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
  char *data = realloc(buffer->data, capacity);
  if (data == NULL) return false;
  buffer->data = data;
  buffer->capacity = capacity;
  return true;
}

char *mp_buffer_reserve(mp_buffer *buffer, size_t more) {
  if (buffer->failed) return NULL;
  if (more > buffer->limit || buffer->size > buffer->limit - more) {
    buffer->failed = true;
    return NULL;
  }
  size_t needed = buffer->size + more;
  if (needed > buffer->capacity && !grow(buffer, needed)) {
    buffer->failed = true;
    return NULL;
  }
  return buffer->data + buffer->size;
}

void mp_buffer_add(mp_buffer *buffer, const void *bytes, size_t size) {
  if (size == 0) return;
  char *to = mp_buffer_reserve(buffer, size);
  if (to == NULL) return;
  memcpy(to, bytes, size);
  buffer->size += size;
}

void mp_buffer_adds(mp_buffer *buffer, const char *text) {
  mp_buffer_add(buffer, text, strlen(text));
}

void mp_buffer_addc(mp_buffer *buffer, char byte) {
  mp_buffer_add(buffer, &byte, 1);
}

void mp_buffer_addf(mp_buffer *buffer, const char *format, ...) {
  char *text = NULL;
  va_list arguments;
  va_start(arguments, format);
  int size = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (size < 0) {
    buffer->failed = true;
    return;
  }
  mp_buffer_add(buffer, text, (size_t)size);
  free(text);
}

void mp_buffer_add16(mp_buffer *buffer, uint16_t value) {
  char *to = mp_buffer_reserve(buffer, sizeof value);
  if (to == NULL) return;
  mp_put16(to, value);
  buffer->size += sizeof value;
}

void mp_buffer_add32(mp_buffer *buffer, uint32_t value) {
  char *to = mp_buffer_reserve(buffer, sizeof value);
  if (to == NULL) return;
  mp_put32(to, value);
  buffer->size += sizeof value;
}

void mp_buffer_add64(mp_buffer *buffer, uint64_t value) {
  char *to = mp_buffer_reserve(buffer, sizeof value);
  if (to == NULL) return;
  mp_put64(to, value);
  buffer->size += sizeof value;
}

const char *mp_buffer_text(mp_buffer *buffer) {
  if (buffer->failed) return NULL;
  /* One byte past the limit is allowed for the terminator, which is no content. */
  if (buffer->size + 1 > buffer->capacity && !grow(buffer, buffer->size + 1)) {
    buffer->failed = true;
    return NULL;
  }
  buffer->data[buffer->size] = '\0';
  return buffer->data;
}

char *mp_buffer_take_text(mp_buffer *buffer) {
  char *text = mp_buffer_text(buffer) == NULL ? NULL : buffer->data;
  if (text == NULL) {
    mp_buffer_finish(buffer);
  } else {
    mp_buffer_init(buffer, buffer->limit);
  }
  return text;
}
