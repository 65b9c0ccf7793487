/* Values as YAML: which form a text takes, and that form. */
#include "yaml/write.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/json.h"
#include "yaml/internal.h"

/* ---- lines ---- */

int mp_yaml_column(const mp_yaml_style *style, mp_yaml_place place) {
  switch (place.stand) {
  case MP_YAML_BEHIND_KEY: return place.column + style->indent;
  case MP_YAML_BEHIND_DASH: return place.column + 2;
  default: return 0;
  }
}

static void add_blanks(mp_buffer *out, int count) {
  static const char blanks[] = "                                ";
  for (; count > 0; count -= (int)sizeof blanks - 1) {
    mp_buffer_add(out, blanks, count < (int)sizeof blanks ? (size_t)count : sizeof blanks - 1);
  }
}

static void begin_line(mp_buffer *out, int column) {
  mp_buffer_addc(out, '\n');
  add_blanks(out, column);
}

void mp_yaml_write_line(mp_buffer *out, mp_yaml_place place, int column, bool is_first) {
  if (!is_first || place.stand == MP_YAML_BEHIND_KEY) begin_line(out, column);
}

/* ---- what a text is like ---- */

typedef struct traits {
  bool has_break; /* \n                                                                   */
  bool has_tab;
  bool has_special; /* characters that only double quotes can show                         */
  bool is_plain;    /* it can stand as it is in one line, and means a text for every reader */
} traits;

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* The size of a character at `at` that has to be escaped, or 0. */
static size_t special_size(const char *at, const char *end) {
  const unsigned char c = (unsigned char)*at;
  if (c < 0x20) return c != '\n' && c != '\t';
  if (c == 0x7F) return 1;
  if (c == 0xC2) return (unsigned char)at[1] < 0xA0 ? 2 : 0;
  if (end - at < 3) return 0;
  if (memcmp(at, "\xE2\x80\xA8", 3) == 0 || memcmp(at, "\xE2\x80\xA9", 3) == 0) return 3;
  if (memcmp(at, "\xEF\xBB\xBF", 3) == 0) return 3;
  return memcmp(at, "\xEF\xBF\xBE", 3) == 0 || memcmp(at, "\xEF\xBF\xBF", 3) == 0 ? 3 : 0;
}

/* Numbers of YAML 1.1: 0b1, 1_000, 1:30, 017. */
static bool is_old_number(const char *text, size_t size) {
  size_t i = *text == '-' || *text == '+';
  if (i < size && text[i] == '.') i++;
  if (i == size || !is_digit(text[i])) return false;
  const bool is_hex = text[i] == '0' && i + 1 < size && text[i + 1] == 'x';
  if (text[i] == '0' && i + 1 < size && strchr("xob", text[i + 1]) != NULL && text[i + 1] != '\0') i += 2;
  for (; i < size; i++) {
    const char low = (char)(text[i] | 0x20);
    const bool fits = is_digit(text[i]) || strchr("_.:+-", text[i]) != NULL || low == 'e';
    if (!fits && !(is_hex && low >= 'a' && low <= 'f')) return false;
  }
  return true;
}

static size_t count_digits(const char *text, size_t size, size_t from) {
  size_t count = 0;
  while (from + count < size && is_digit(text[from + count]))
    count++;
  return count;
}

/* 2026-11-24, and what may follow a day. */
static bool is_date(const char *text, size_t size) {
  if (count_digits(text, size, 0) != 4 || size < 8 || text[4] != '-') return false;
  const size_t month = count_digits(text, size, 5);
  if (month < 1 || month > 2 || 5 + month >= size || text[5 + month] != '-') return false;
  const size_t end = 6 + month + count_digits(text, size, 6 + month);
  return end > 6 + month && (end == size || text[end] == 'T' || text[end] == 't' || is_blank(text[end]));
}

/* Words that are no text to some reader. (YAML 1.1 has y and n too, but no reader takes them for booleans.) */
static bool is_word(const char *text, size_t size) {
  static const char *const words[] = {"yes", "Yes", "YES", "no",  "No",  "NO", "on",
                                      "On",  "ON",  "off", "Off", "OFF", "=",  "<<"};
  if (size > 3) return false;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strlen(words[i]) == size && memcmp(text, words[i], size) == 0) return true;
  }
  return false;
}

static bool is_ambiguous(const char *text, size_t size) {
  if (mp__yaml_classify(text, size) != MP__YAML_TEXT) return true;
  if (is_digit(*text) || *text == '-' || *text == '+' || *text == '.') {
    return is_old_number(text, size) || is_date(text, size);
  }
  return is_word(text, size);
}

/* A first character that means something, and signs that begin or end a document. */
static bool has_plain_start(const char *text, size_t size) {
  if (is_blank(*text) || strchr(",[]{}#&*!|>'\"%@`?:", *text) != NULL) return false;
  if (*text == '-' && (size == 1 || is_blank(text[1]))) return false;
  return size < 3 || (memcmp(text, "---", 3) != 0 && memcmp(text, "...", 3) != 0);
}

static traits look_at(const char *text, size_t size) {
  traits found = {.is_plain = size > 0 && *text != '\0' && has_plain_start(text, size) && !is_blank(text[size - 1])};
  const char *end = text + size;
  for (const char *at = text; at < end; at++) {
    const unsigned char c = (unsigned char)*at;
    if (c == '\n') {
      found.has_break = true;
    } else if (c == '\t') {
      found.has_tab = true;
    } else if (c == ':') {
      if (at + 1 == end || is_blank(at[1]) || at[1] == '\n') found.is_plain = false;
    } else if (c == '#') {
      if (at > text && is_blank(at[-1])) found.is_plain = false;
    } else if ((c < 0x20 || c >= 0x7F) && special_size(at, end) > 0) {
      found.has_special = true;
    }
  }
  if (found.has_special || found.has_break || found.has_tab) found.is_plain = false;
  if (found.is_plain && is_ambiguous(text, size)) found.is_plain = false;
  return found;
}

/* ---- texts of one line ---- */

/* Folds at single blanks: a break in a text of one line reads as a blank. */
typedef struct folder {
  mp_buffer *out;
  int width, indent; /* width 0: never */
  size_t line;       /* where the current line begins in out */
} folder;

static size_t count_characters(const char *from, const char *to) {
  size_t count = 0;
  for (; from < to; from++)
    count += ((unsigned char)*from & 0xC0U) != 0x80U;
  return count;
}

/* For a text of `size` bytes, which does not fold when it fits into the line. */
static folder begin_folding(mp_buffer *out, const mp_yaml_style *style, int indent, size_t size) {
  folder fold = {.out = out, .width = style->width, .indent = indent, .line = out->size};
  while (fold.line > 0 && out->data[fold.line - 1] != '\n')
    fold.line--;
  if (out->size - fold.line + size <= (size_t)fold.width) fold.width = 0;
  return fold;
}

/* Where the word behind the blank at `at` ends. */
static const char *word_end(const char *at, const char *end) {
  for (at++; at < end && *at != ' ';)
    at++;
  return at;
}

/* True when the word behind the blank at `at` reaches too far, and there is something before it in the line. */
static bool is_too_wide(const folder *fold, const char *at, const char *end) {
  const char *line = fold->out->data + fold->line, *here = fold->out->data + fold->out->size;
  const size_t column = count_characters(line, here) + count_characters(at, word_end(at, end));
  return column > (size_t)fold->width && here - line > fold->indent;
}

/* Appends the blank at `at`, or a break in its place when the word behind it would reach too far. */
static void add_blank(folder *fold, const char *text, const char *at, const char *end) {
  const bool is_single = at > text && at + 1 < end && !is_blank(at[-1]) && !is_blank(at[1]);
  if (fold->width > 0 && is_single && mp_buffer_ok(fold->out) && is_too_wide(fold, at, end)) {
    begin_line(fold->out, fold->indent);
    fold->line = fold->out->size - (size_t)fold->indent;
  } else {
    mp_buffer_addc(fold->out, ' ');
  }
}

static void add_plain(folder *fold, const char *text, size_t size) {
  if (fold->width == 0) {
    mp_buffer_add(fold->out, text, size);
    return;
  }
  const char *end = text + size;
  for (const char *at = text; at < end;) {
    const char *blank = memchr(at, ' ', (size_t)(end - at));
    const char *until = blank == NULL ? end : blank;
    mp_buffer_add(fold->out, at, (size_t)(until - at));
    if (blank == NULL) return;
    add_blank(fold, text, blank, end);
    at = blank + 1;
  }
}

static void add_single_quoted(folder *fold, const char *text, size_t size) {
  mp_buffer_addc(fold->out, '\'');
  for (const char *at = text; at < text + size; at++) {
    if (*at == ' ') {
      add_blank(fold, text, at, text + size);
    } else {
      mp_buffer_add(fold->out, *at == '\'' ? "''" : at, *at == '\'' ? 2 : 1);
    }
  }
  mp_buffer_addc(fold->out, '\'');
}

static void add_code_escape(mp_buffer *out, const char *at, size_t size) {
  uint32_t code = (unsigned char)*at;
  if (size == 2) code = (code & 0x1F) << 6 | ((unsigned char)at[1] & 0x3F);
  if (size == 3) {
    code = (code & 0x0F) << 12 | ((uint32_t)(unsigned char)at[1] & 0x3F) << 6 | ((unsigned char)at[2] & 0x3F);
  }
  mp_buffer_addf(out, code < 0x100 ? "\\x%02X" : "\\u%04X", code);
}

/* The letter that names a character in an escape, or 0. */
static char escape_of(char c) {
  switch (c) {
  case '"': return '"';
  case '\\': return '\\';
  case '\n': return 'n';
  case '\t': return 't';
  case '\r': return 'r';
  case '\0': return '0';
  case '\b': return 'b';
  case '\x1B': return 'e';
  default: return 0;
  }
}

static void add_double_quoted(folder *fold, const char *text, size_t size) {
  const char *end = text + size;
  mp_buffer_addc(fold->out, '"');
  for (const char *at = text; at < end;) {
    const char letter = escape_of(*at);
    const size_t special = letter == 0 ? special_size(at, end) : 0;
    if (letter != 0) {
      mp_buffer_addc(fold->out, '\\');
      mp_buffer_addc(fold->out, letter);
    } else if (special > 0) {
      add_code_escape(fold->out, at, special);
    } else if (*at == ' ') {
      add_blank(fold, text, at, end);
    } else {
      mp_buffer_addc(fold->out, *at);
    }
    at += special > 0 ? special : 1;
  }
  mp_buffer_addc(fold->out, '"');
}

static void add_line_of_text(folder *fold, const traits *found, const char *text, size_t size) {
  const bool needs_escapes = found->has_special || found->has_break || found->has_tab;
  const bool has_quotes = size > 0 && (memchr(text, '"', size) != NULL || memchr(text, '\\', size) != NULL);
  if (found->is_plain) {
    add_plain(fold, text, size);
  } else if (has_quotes && !needs_escapes) {
    add_single_quoted(fold, text, size);
  } else {
    add_double_quoted(fold, text, size);
  }
}

/* ---- literal blocks ---- */

/* True for what a literal block keeps as it is: some line has something, and the last one is not of blanks alone. */
static bool can_be_literal(const char *text, size_t size) {
  size_t last = size;
  while (last > 0 && text[last - 1] == '\n')
    last--;
  return last > 0 && !is_blank(text[last - 1]);
}

static void add_literal(mp_buffer *out, const mp_yaml_style *style, int column, const char *text, size_t size) {
  size_t breaks = 0;
  while (breaks < size && text[size - 1 - breaks] == '\n')
    breaks++;
  const char *first = text;
  while (*first == '\n')
    first++;
  mp_buffer_addc(out, '|');
  if (is_blank(*first)) mp_buffer_addc(out, (char)('0' + style->indent));
  if (breaks != 1) mp_buffer_addc(out, breaks == 0 ? '-' : '+');
  const char *end = text + size - breaks;
  for (const char *at = text; at < end;) {
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    if (line_end == NULL) line_end = end;
    mp_buffer_addc(out, '\n');
    if (line_end > at) add_blanks(out, column);
    mp_buffer_add(out, at, (size_t)(line_end - at));
    at = line_end + 1;
  }
  for (; breaks > 1; breaks--)
    mp_buffer_addc(out, '\n');
}

/* ---- values ---- */

static bool check_utf8(const char *text, size_t size, mp_error **error) {
  const size_t valid = mp_utf8_check(text, size);
  if (valid == size) return true;
  mp_error_set(error, MP_ERROR_USAGE, "YAML: a string is not valid UTF-8 at its byte %zu", valid + 1);
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "bytes that are no text are written from mp.bytes(value)");
  return false;
}

static bool check_memory(const mp_buffer *out, mp_error **error) {
  return mp_buffer_ok(out) || mp_error_set_memory(error);
}

bool mp_yaml_write_text(mp_buffer *out, const mp_yaml_style *style, mp_yaml_place place, const char *text, size_t size,
                        mp_error **error) {
  if (!check_utf8(text, size, error)) return false;
  const traits found = look_at(text, size);
  const int column = (place.stand == MP_YAML_ALONE ? 0 : place.column) + style->indent;
  if (place.stand == MP_YAML_BEHIND_KEY) mp_buffer_addc(out, ' ');
  if (found.has_break && !found.has_special && can_be_literal(text, size)) {
    add_literal(out, style, column, text, size);
  } else if (mp_buffer_ok(out)) {
    folder fold = begin_folding(out, style, column, size);
    add_line_of_text(&fold, &found, text, size);
  }
  return check_memory(out, error);
}

bool mp_yaml_write_key(mp_buffer *out, const char *text, size_t size, mp_error **error) {
  if (!check_utf8(text, size, error)) return false;
  const traits found = look_at(text, size);
  folder fold = {.out = out};
  add_line_of_text(&fold, &found, text, size);
  return check_memory(out, error);
}

void mp_yaml_write_bytes(mp_buffer *out, const char *bytes, size_t size) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  mp_buffer_adds(out, size == 0 ? "!!binary \"\"" : "!!binary ");
  for (size_t i = 0; i < size; i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; j++)
      group = group << 8 | (i + j < size ? (unsigned char)bytes[i + j] : 0);
    char quad[4];
    for (size_t j = 0; j < 4; j++)
      quad[j] = i + j <= size ? digits[group >> (18 - 6 * j) & 0x3F] : '=';
    mp_buffer_add(out, quad, sizeof quad);
  }
}

/* "1e+30" is a text for YAML 1.1: there a float has a point. */
static void add_point(mp_buffer *out, size_t start) {
  const char *digits = out->data + start;
  const size_t size = out->size - start;
  const char *exponent = memchr(digits, 'e', size);
  if (exponent == NULL || memchr(digits, '.', size) != NULL) return;
  const size_t at = (size_t)(exponent - out->data);
  mp_buffer_adds(out, ".0");
  if (!mp_buffer_ok(out)) return;
  memmove(out->data + at + 2, out->data + at, out->size - at - 2);
  memcpy(out->data + at, ".0", 2);
}

bool mp_yaml_write_float(mp_buffer *out, double value, mp_error **error) {
  const size_t start = out->size;
  if (isfinite(value)) {
    if (!mp_json_write_float(out, value, error)) return false;
    if (mp_buffer_ok(out)) add_point(out, start);
    return check_memory(out, error);
  }
  mp_buffer_adds(out, isnan(value) ? ".nan" : value > 0 ? ".inf" : "-.inf");
  return check_memory(out, error);
}
