/* For libyaml, as for YAML 1.1, U+0085, U+2028 and U+2029 end a line; in YAML 1.2 they are characters like others. So
 * that they stay what they are, other characters of the same length stand in for them while libyaml reads: ones that
 * the document has nowhere, neither as they are nor as an escape. */
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

bool mp__yaml_disguise_init(mp__yaml_disguise *disguise, const char *text, size_t size) {
  disguise->is_worn = false;
  mp_buffer_init(&disguise->text, SIZE_MAX);
  if (!has_pair(text, size, next_line) && !has_pair(text, size, line)) return true;
  census used = {{false}, {false}};
  take_census(&used, text, size);
  if (!choose(disguise, &used)) return true;
  mp_buffer_add(&disguise->text, text, size);
  if (!mp_buffer_ok(&disguise->text)) return false;
  exchange(disguise->text.data, size, next_line, disguise->next_line, 2);
  exchange(disguise->text.data, size, line, disguise->line, 3);
  exchange(disguise->text.data, size, paragraph, disguise->paragraph, 3);
  disguise->is_worn = true;
  return true;
}

void mp__yaml_disguise_take_off(const mp__yaml_disguise *disguise, char *text, size_t size) {
  if (!disguise->is_worn) return;
  exchange(text, size, disguise->next_line, next_line, 2);
  exchange(text, size, disguise->line, line, 3);
  exchange(text, size, disguise->paragraph, paragraph, 3);
}

void mp__yaml_disguise_finish(mp__yaml_disguise *disguise) {
  mp_buffer_finish(&disguise->text);
}
