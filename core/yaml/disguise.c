/* What libyaml would take for something else:
 * - For it, as for YAML 1.1, U+0085, U+2028 and U+2029 end a line; in YAML 1.2 they are characters like others.
 * - In a flow it takes each '?' or ':' before a text for a sign; in YAML 1.2 only one with a blank behind it, or a ':'
 *   behind a key that is quoted or a flow itself.
 * So that they stay what they are, other characters stand in for them while libyaml reads: ones that the document has
 * nowhere, neither as they are nor as an escape.
 * - It drops a last line of blanks, which belongs to a block, when the line has no end: then it gets one. */
#include <string.h>

#include "yaml/internal.h"

enum {
  TWO_FIRST = 0x100, /* those of two bytes among which one is looked for */
  TWO_LAST = 0x7FF,
  THREE_FIRST = 0xE000, /* of three bytes: the private use area */
  THREE_LAST = 0xF8FF,
};

/* Which of the candidates the document has. */
typedef struct census {
  bool two[TWO_LAST + 1];
  bool three[THREE_LAST - THREE_FIRST + 1];
} census;

static void count_code(census *used, uint32_t code) {
  if (code <= TWO_LAST) used->two[code] = true;
  if (code >= THREE_FIRST && code <= THREE_LAST) used->three[code - THREE_FIRST] = true;
}

static uint32_t hex_at(const char *at, const char *end, int digits) {
  uint32_t code = 0;
  for (; digits > 0 && at < end; digits--, at++) {
    const char low = (char)(*at | 0x20);
    if (*at >= '0' && *at <= '9') {
      code = code * 16 + (uint32_t)(*at - '0');
    } else if (low >= 'a' && low <= 'f') {
      code = code * 16 + (uint32_t)(low - 'a' + 10);
    }
  }
  return code;
}

static void take_census(census *used, const char *text, size_t size) {
  const char *end = text + size;
  for (const char *at = text; at < end; at++) {
    const unsigned char c = (unsigned char)*at;
    if (c >= 0xC4 && c <= 0xDF) count_code(used, (uint32_t)(c & 0x1F) << 6 | ((unsigned char)at[1] & 0x3F));
    if (c == 0xEE || c == 0xEF) {
      count_code(used, (uint32_t)(c & 0x0F) << 12 | (uint32_t)((unsigned char)at[1] & 0x3F) << 6 |
                           ((unsigned char)at[2] & 0x3F));
    }
    if (c == '\\' && at + 1 < end) count_code(used, hex_at(at + 2, end, at[1] == 'U' ? 8 : at[1] == 'u' ? 4 : 2));
  }
}

static bool find_unused(const bool *used, uint32_t first, uint32_t last, uint32_t *from) {
  for (uint32_t code = *from; code <= last; code++) {
    if (used[code - first]) continue;
    *from = code + 1;
    return true;
  }
  return false;
}

static void put_three(uint32_t code, char *to) {
  to[0] = (char)(0xE0 | code >> 12);
  to[1] = (char)(0x80 | (code >> 6 & 0x3F));
  to[2] = (char)(0x80 | (code & 0x3F));
}

/* False when the document has all the candidates: then its breaks stay what libyaml takes them for. */
static bool choose(mp__yaml_disguise *disguise, const census *used) {
  uint32_t two = TWO_FIRST, three = THREE_FIRST;
  if (!find_unused(used->two, 0, TWO_LAST, &two)) return false;
  two--;
  disguise->next_line[0] = (char)(0xC0 | two >> 6);
  disguise->next_line[1] = (char)(0x80 | (two & 0x3F));
  if (!find_unused(used->three, THREE_FIRST, THREE_LAST, &three)) return false;
  put_three(three - 1, disguise->line);
  if (!find_unused(used->three, THREE_FIRST, THREE_LAST, &three)) return false;
  put_three(three - 1, disguise->paragraph);
  if (!find_unused(used->three, THREE_FIRST, THREE_LAST, &three)) return false;
  put_three(three - 1, disguise->question);
  if (!find_unused(used->three, THREE_FIRST, THREE_LAST, &three)) return false;
  put_three(three - 1, disguise->colon);
  return true;
}

static void exchange(char *text, size_t size, const char *from, const char *to, size_t length) {
  char *end = text + size;
  for (char *at = text; (at = memmem(at, (size_t)(end - at), from, length)) != NULL; at += length)
    memcpy(at, to, length);
}

static const char next_line[] = "\xC2\x85", line[] = "\xE2\x80\xA8", paragraph[] = "\xE2\x80\xA9";

/* Two bytes, the first of which is rare in most texts. */
static bool has_pair(const char *text, size_t size, const char *pair) {
  const char *end = text + size;
  for (const char *at = text; (at = memchr(at, pair[0], (size_t)(end - at))) != NULL; at++) {
    if (end - at > 1 && at[1] == pair[1]) return true;
  }
  return false;
}

static bool is_among(char c, const char *set) {
  return c != '\0' && strchr(set, c) != NULL;
}

/* True for what a ':' at `at` may belong to: "key" :value. */
static bool is_behind_key(const char *text, const char *at) {
  while (at > text && is_among(at[-1], " \t\r\n"))
    at--;
  return at > text && is_among(at[-1], "\"']}");
}

/* The next '?' or ':' with which a text begins, or one within a text, where it makes no difference; NULL: none. */
static const char *find_sign(char sign, const char *text, const char *from, const char *end) {
  for (const char *at = from; (at = memchr(at, sign, (size_t)(end - at))) != NULL; at++) {
    const bool may_begin = at == text || is_among(at[-1], " \t\r\n[{,:");
    if (!may_begin || end - at < 2 || is_among(at[1], " \t\r\n[]{},")) continue;
    if (sign == '?' || !is_behind_key(text, at)) return at;
  }
  return NULL;
}

static bool ends_in_blank_line(const char *text, size_t size) {
  size_t end = size;
  while (end > 0 && is_among(text[end - 1], " \t"))
    end--;
  return end < size && end > 0 && is_among(text[end - 1], "\r\n");
}

static void copy(mp__yaml_disguise *disguise, const char *text, size_t size) {
  const char *end = text + size, *from = text, *question = NULL, *colon = NULL;
  if (disguise->has_stand_ins) {
    question = find_sign('?', text, text, end);
    colon = find_sign(':', text, text, end);
  }
  while (question != NULL || colon != NULL) {
    const bool is_colon = question == NULL || (colon != NULL && colon < question);
    const char *at = is_colon ? colon : question;
    mp_buffer_add(&disguise->text, from, (size_t)(at - from));
    mp_buffer_add(&disguise->text, is_colon ? disguise->colon : disguise->question, 3);
    from = at + 1;
    if (is_colon) {
      colon = find_sign(':', text, from, end);
    } else {
      question = find_sign('?', text, from, end);
    }
  }
  mp_buffer_add(&disguise->text, from, (size_t)(end - from));
}

bool mp__yaml_disguise_init(mp__yaml_disguise *disguise, const char *text, size_t size) {
  disguise->is_worn = disguise->has_stand_ins = false;
  mp_buffer_init(&disguise->text, SIZE_MAX);
  const bool has_break = has_pair(text, size, next_line) || has_pair(text, size, line);
  const char *end = text + size;
  if (has_break || find_sign('?', text, text, end) != NULL || find_sign(':', text, text, end) != NULL) {
    census used = {{false}, {false}};
    take_census(&used, text, size);
    disguise->has_stand_ins = choose(disguise, &used);
  }
  const bool needs_end = ends_in_blank_line(text, size);
  if (!disguise->has_stand_ins && !needs_end) return true;
  copy(disguise, text, size);
  if (needs_end) mp_buffer_addc(&disguise->text, '\n');
  if (!mp_buffer_ok(&disguise->text)) return false;
  disguise->is_worn = true;
  if (!has_break || !disguise->has_stand_ins) return true;
  exchange(disguise->text.data, disguise->text.size, next_line, disguise->next_line, 2);
  exchange(disguise->text.data, disguise->text.size, line, disguise->line, 3);
  exchange(disguise->text.data, disguise->text.size, paragraph, disguise->paragraph, 3);
  return true;
}

/* Returns the size without what the stand-ins of a sign had more. */
static size_t put_sign(const char stand_in[3], char sign, char *text, size_t size) {
  char *end = text + size, *to = text, *from = text;
  for (char *at; (at = memmem(from, (size_t)(end - from), stand_in, 3)) != NULL; from = at + 3) {
    memmove(to, from, (size_t)(at - from));
    to += at - from;
    *to++ = sign;
  }
  if (to == text) return size;
  memmove(to, from, (size_t)(end - from));
  to += end - from;
  *to = '\0';
  return (size_t)(to - text);
}

static bool is_ascii(const char *text, size_t size) {
  unsigned char all = 0;
  for (size_t i = 0; i < size; i++)
    all |= (unsigned char)text[i];
  return all < 0x80;
}

size_t mp__yaml_disguise_take_off(const mp__yaml_disguise *disguise, char *text, size_t size) {
  if (!disguise->has_stand_ins || is_ascii(text, size)) return size;
  exchange(text, size, disguise->next_line, next_line, 2);
  exchange(text, size, disguise->line, line, 3);
  exchange(text, size, disguise->paragraph, paragraph, 3);
  return put_sign(disguise->colon, ':', text, put_sign(disguise->question, '?', text, size));
}

void mp__yaml_disguise_finish(mp__yaml_disguise *disguise) {
  mp_buffer_finish(&disguise->text);
}
