/* What errors show of a document: without characters that a terminal would obey, and without halves of characters. */
#include "base/utf8.h"
#include "yaml/internal.h"

/* The size of the control character at `at`, or 0. A tab is none. */
static size_t control_size(const char *at, const char *end) {
  const unsigned char c = (unsigned char)*at;
  if (c < 0x20) return c != '\t';
  if (c == 0x7F) return 1;
  return c == 0xC2 && end - at > 1 && (unsigned char)at[1] < 0xA0 ? 2 : 0;
}

/* Unicode has pictures of those of ASCII: U+2400 and on. */
static void add_picture(mp_buffer *out, const char *at, size_t size) {
  const unsigned char c = (unsigned char)*at;
  if (size == 2) {
    mp_buffer_adds(out, "\uFFFD");
  } else {
    const char picture[] = {'\xE2', '\x90', c == 0x7F ? '\xA1' : (char)(0x80 + c)};
    mp_buffer_add(out, picture, sizeof picture);
  }
}

static void show_valid(mp_buffer *out, const char *text, size_t size) {
  const char *end = text + size, *from = text;
  for (const char *at = text; at < end;) {
    const size_t control = control_size(at, end);
    if (control == 0) {
      at++;
      continue;
    }
    mp_buffer_add(out, from, (size_t)(at - from));
    add_picture(out, at, control);
    at += control;
    from = at;
  }
  mp_buffer_add(out, from, (size_t)(end - from));
}

void mp_yaml_show(mp_buffer *out, const char *text, size_t size) {
  for (;;) {
    size_t valid = mp_utf8_check(text, size);
    show_valid(out, text, valid);
    if (valid == size) return;
    mp_buffer_adds(out, "\u2026");
    for (valid++; valid < size && ((unsigned char)text[valid] & 0xC0U) == 0x80U;)
      valid++;
    text += valid;
    size -= valid;
  }
}
