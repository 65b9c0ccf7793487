/* The text of a document: encodings, places in it, and its lines for errors. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "yaml/internal.h"

/* ---- places ---- */

static bool is_continuation(char byte) {
  return ((unsigned char)byte & 0xC0U) == 0x80U;
}

/* Moves behind the break that is at `at`, or returns NULL. Others are no breaks (see disguise.c). */
static const char *behind_break(const char *at, const char *end) {
  switch ((unsigned char)*at) {
  case '\n': return at + 1;
  case '\r': return end - at > 1 && at[1] == '\n' ? at + 2 : at + 1;
  default: return NULL;
  }
}

mp_yaml_mark mp__yaml_mark_of(const mp__yaml_text *text, size_t offset) {
  mp_yaml_mark mark = {1, 1};
  const char *end = text->data + text->size;
  for (const char *at = text->data; at < text->data + offset;) {
    const char *next = behind_break(at, end);
    if (next != NULL) {
      mark.line++;
      mark.column = 1;
      at = next;
    } else {
      if (!is_continuation(*at)) mark.column++;
      at++;
    }
  }
  return mark;
}

const char *mp__yaml_line_start(const mp__yaml_text *text, uint32_t line) {
  const char *end = text->data + text->size;
  const char *at = text->data;
  for (uint32_t number = 1; number < line && at < end;) {
    const char *next = behind_break(at, end);
    if (next != NULL) number++;
    at = next != NULL ? next : at + 1;
  }
  return at;
}

static int as_int(uint32_t number) {
  return number > INT_MAX ? INT_MAX : (int)number;
}

enum { FAR = 10000, BEHIND = 200 }; /* characters */

static void put_line(mp_error *error, const char *line, size_t size, const char *sign) {
  mp_buffer shown;
  mp_buffer_init(&shown, SIZE_MAX);
  mp_yaml_show(&shown, line, size);
  mp_buffer_adds(&shown, sign);
  const char *text = mp_buffer_text(&shown);
  if (text != NULL) mp_error_put(error, MP_ERROR_SOURCE, text);
  mp_buffer_finish(&shown);
}

/* Of a line that has no end, only the beginning is kept, and none where the place is far from it. */
void mp__yaml_put_place(const mp__yaml_text *text, mp_yaml_mark mark, mp_error *error) {
  mp_error_put_place(error, as_int(mark.line), as_int(mark.column));
  if (mark.column > FAR) return;
  const char *start = mp__yaml_line_start(text, mark.line);
  const char *end = text->data + text->size;
  const char *at = start;
  for (uint32_t characters = 0; at < end && behind_break(at, end) == NULL; at++) {
    if (!is_continuation(*at) && characters++ > mark.column + BEHIND) break;
  }
  put_line(error, start, (size_t)(at - start), "");
}

/* The place where the text ends too early; `sign` stands in the line for what would follow. */
static void put_end(const mp__yaml_text *text, const char *sign, mp_error *error) {
  const mp_yaml_mark mark = mp__yaml_mark_of(text, text->size);
  mp_error_put_place(error, as_int(mark.line), as_int(mark.column));
  if (mark.column > FAR) return;
  const char *start = mp__yaml_line_start(text, mark.line);
  put_line(error, start, (size_t)(text->data + text->size - start), sign);
}

/* ---- encodings ---- */

typedef struct encoding {
  const char *name;
  size_t unit;   /* bytes of a unit             */
  bool big;      /* endian                      */
  size_t marked; /* bytes of a byte-order mark  */
} encoding;

static bool starts(const char *bytes, size_t size, const char *with, size_t length) {
  return size >= length && memcmp(bytes, with, length) == 0;
}

/* By the mark, or by where the zeros of a first ASCII character are (YAML 1.2, 5.2). */
static encoding detect(const char *bytes, size_t size) {
  if (starts(bytes, size, "\0\0\xFE\xFF", 4)) return (encoding){"UTF-32", 4, true, 4};
  if (starts(bytes, size, "\xFF\xFE\0\0", 4)) return (encoding){"UTF-32", 4, false, 4};
  if (starts(bytes, size, "\xFE\xFF", 2)) return (encoding){"UTF-16", 2, true, 2};
  if (starts(bytes, size, "\xFF\xFE", 2)) return (encoding){"UTF-16", 2, false, 2};
  if (starts(bytes, size, "\xEF\xBB\xBF", 3)) return (encoding){"UTF-8", 1, false, 3};
  if (size >= 4 && starts(bytes, size, "\0\0\0", 3)) return (encoding){"UTF-32", 4, true, 0};
  if (size >= 4 && memcmp(bytes + 1, "\0\0\0", 3) == 0) return (encoding){"UTF-32", 4, false, 0};
  if (size >= 2 && bytes[0] == '\0' && bytes[1] != '\0') return (encoding){"UTF-16", 2, true, 0};
  if (size >= 2 && bytes[0] != '\0' && bytes[1] == '\0') return (encoding){"UTF-16", 2, false, 0};
  return (encoding){"UTF-8", 1, false, 0};
}

static uint32_t unit_at(const encoding *of, const char *bytes, size_t offset) {
  uint32_t unit = 0;
  for (size_t i = 0; i < of->unit; i++) {
    const size_t place = of->big ? i : of->unit - 1 - i;
    unit = unit << 8 | (unsigned char)bytes[offset + place];
  }
  return unit;
}

static size_t put_utf8(uint32_t code, char *to) {
  if (code < 0x80) {
    to[0] = (char)code;
    return 1;
  }
  const size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = size - 1; i > 0; i--) {
    to[i] = (char)(0x80 | (code & 0x3F));
    code >>= 6;
  }
  to[0] = (char)(leads[size] | code);
  return size;
}

/* The code point at *offset, which moves behind it; false when there is none. */
static bool take_code(const encoding *of, const char *bytes, size_t size, size_t *offset, uint32_t *code) {
  size_t at = *offset;
  if (size - at < of->unit) return false;
  *code = unit_at(of, bytes, at);
  at += of->unit;
  if (of->unit == 2 && *code >= 0xD800 && *code <= 0xDBFF && size - at >= 2) {
    const uint32_t low = unit_at(of, bytes, at);
    if (low < 0xDC00 || low > 0xDFFF) return false;
    *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    at += 2;
  }
  *offset = at;
  return *code <= 0x10FFFF && (*code < 0xD800 || *code > 0xDFFF);
}

/* Makes text of as many of the bytes as are text, and returns how many. Without memory too: see text->own. */
static size_t take_valid(mp__yaml_text *text, const encoding *of, const char *bytes, size_t size) {
  size_t at = of->marked;
  mp_buffer_init(&text->own, SIZE_MAX);
  if (of->unit == 1) {
    const size_t valid = mp_utf8_check(bytes, size);
    text->data = bytes + of->marked;
    text->size = valid - of->marked;
    return valid;
  }
  while (at < size) {
    size_t next = at;
    uint32_t code;
    if (!take_code(of, bytes, size, &next, &code)) break;
    char *to = mp_buffer_reserve(&text->own, 4);
    if (to == NULL) break;
    mp_buffer_commit(&text->own, put_utf8(code, to));
    at = next;
  }
  text->data = text->own.size == 0 ? "" : text->own.data;
  text->size = text->own.size;
  return at;
}

bool mp__yaml_text_init(mp__yaml_text *text, const char *bytes, size_t size, mp_error **error) {
  const encoding found = detect(bytes, size);
  const size_t valid = take_valid(text, &found, bytes, size);
  if (!mp_buffer_ok(&text->own)) return mp_error_set_memory(error);
  if (valid == size) return true;
  mp_error_set(error, MP_ERROR_YAML, "the text is not valid %s at its byte %zu (from 0)", found.name, valid);
  if (error == NULL) return false;
  put_end(text, "\uFFFD", *error);
  mp_error_put(*error, MP_ERROR_HINT, "save the file as UTF-8");
  return false;
}

bool mp__yaml_refuse_size(const char *bytes, size_t size, size_t limit, mp_error **error) {
  mp__yaml_text text;
  const encoding found = detect(bytes, limit);
  mp_error_set(error, MP_ERROR_YAML, "the text has %zu bytes, and %zu are allowed", size, limit);
  if (error == NULL) return false;
  take_valid(&text, &found, bytes, limit);
  put_end(&text, "\u2026", *error);
  mp_error_put(*error, MP_ERROR_HINT, "the option max_bytes allows more");
  mp__yaml_text_finish(&text);
  return false;
}

void mp__yaml_text_finish(mp__yaml_text *text) {
  mp_buffer_finish(&text->own);
}

/* ---- directives ---- */

/* libyaml compares each %TAG with all others, and copies its prefix for each tag that uses it. */
bool mp__yaml_check_directives(const mp__yaml_text *text, mp_error **error) {
  enum { MOST = 100, LONGEST = 1024 };
  const char *end = text->data + text->size;
  size_t count = 0;
  for (const char *at = text->data; (at = memchr(at, '%', (size_t)(end - at))) != NULL; at++) {
    const bool begins_line = at == text->data || at[-1] == '\n' || at[-1] == '\r';
    if (!begins_line || end - at < 4 || memcmp(at, "%TAG", 4) != 0) continue;
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    const bool is_long = (line_end == NULL ? end : line_end) - at > LONGEST;
    if (++count <= MOST && !is_long) continue;
    mp_error_set(error, MP_ERROR_YAML,
                 is_long ? "a %%TAG line has more than 1,024 bytes" : "more than 100 %%TAG lines");
    if (error != NULL) mp__yaml_put_place(text, mp__yaml_mark_of(text, (size_t)(at - text->data)), *error);
    return false;
  }
  return true;
}
