/* The quoting that composites and ranges share, `a,"b ""c"" \\",d`: quotes may open anywhere, and within and without
 * them a backslash takes the next character as it is; a quote is doubled within quotes. */
#include <string.h>

#include "codec/internal.h"

bool mp__quoted_skip(const char **at, const char *end, const char *ends) {
  bool quoted = false;
  for (; *at < end; (*at)++) {
    char c = **at;
    if (c == '"') quoted = !quoted; /* a doubled one closes and opens again */
    if (c == '\\' && ++*at == end) return false;
    if (!quoted && c != '\\' && c != '\0' && strchr(ends, c) != NULL) return true;
  }
  return false;
}

static bool has_quoting(const char *text, size_t size) {
  return memchr(text, '"', size) != NULL || memchr(text, '\\', size) != NULL;
}

static bool unquote(const mp_bytes *piece, mp_buffer *scratch, mp_item *out) {
  char *start = mp_buffer_reserve(scratch, piece->size);
  if (start == NULL) return false;
  char *to = start;
  bool quoted = false;
  for (size_t i = 0; i < piece->size; i++) {
    char c = piece->data[i];
    bool has_next = i + 1 < piece->size;
    if (c == '\\' && has_next) {
      *to++ = piece->data[++i];
    } else if (c == '"' && quoted && has_next && piece->data[i + 1] == '"') {
      *to++ = piece->data[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else {
      *to++ = c;
    }
  }
  out->bytes = (mp_bytes){start, (size_t)(to - start)};
  out->in_scratch = true;
  return true;
}

bool mp__quoted_read(const mp_bytes *piece, mp_buffer *scratch, mp_item *out) {
  const char *text = piece->data;
  size_t size = piece->size;
  bool whole = size >= 2 && text[0] == '"' && text[size - 1] == '"';
  if (whole && !has_quoting(text + 1, size - 2)) {
    out->bytes = (mp_bytes){text + 1, size - 2};
  } else if (!has_quoting(text, size)) {
    out->bytes = *piece;
  } else {
    return unquote(piece, scratch, out);
  }
  return true;
}

/* ---- writing ---- */

static bool must_quote(const char *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    char c = text[i];
    if (c == ' ' || (c >= '\t' && c <= '\r') || (c != '\0' && strchr("()[],\"\\", c) != NULL)) return true;
  }
  return size == 0;
}

void mp_quoted_add(mp_buffer *out, const char *text, size_t size) {
  if (!must_quote(text, size)) {
    mp_buffer_add(out, text, size);
    return;
  }
  mp_buffer_addc(out, '"');
  for (size_t i = 0; i < size; i++) {
    if (text[i] == '"' || text[i] == '\\') mp_buffer_addc(out, text[i]);
    mp_buffer_addc(out, text[i]);
  }
  mp_buffer_addc(out, '"');
}
