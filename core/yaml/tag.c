/* Tags of YAML's own, and the scalars that carry them. */
#include <stdio.h>
#include <string.h>

#include "codec/time.h"
#include "yaml/internal.h"

static const char prefix[] = "tag:yaml.org,2002:";

mp__yaml_tag mp__yaml_tag_of(const char *tag) {
  static const struct {
    const char *name;
    mp__yaml_tag tag;
  } known[] = {
      {"str", MP__TAG_STR},   {"int", MP__TAG_INT},       {"float", MP__TAG_FLOAT}, {"bool", MP__TAG_BOOL},
      {"null", MP__TAG_NULL}, {"binary", MP__TAG_BINARY}, {"map", MP__TAG_MAP},     {"timestamp", MP__TAG_TIMESTAMP},
      {"seq", MP__TAG_SEQ},   {"merge", MP__TAG_MERGE}};
  if (tag == NULL) return MP__TAG_NONE;
  if (strcmp(tag, "!") == 0) return MP__TAG_PLAIN_TEXT;
  if (strncmp(tag, prefix, sizeof prefix - 1) != 0) return MP__TAG_FOREIGN;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strcmp(tag + sizeof prefix - 1, known[i].name) == 0) return known[i].tag;
  }
  return MP__TAG_FOREIGN;
}

void mp__yaml_tag_shown(const char *tag, char *to, size_t size) {
  const size_t known = sizeof prefix - 1;
  if (strncmp(tag, prefix, known) == 0) {
    snprintf(to, size, "!!%.60s", tag + known);
  } else {
    snprintf(to, size, tag[0] == '!' ? "%.60s" : "!<%.60s>", tag);
  }
}

/* ---- !!binary ---- */

static int sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base 64 with its padding; blanks and line ends may stand anywhere. */
static bool read_binary(const char *text, size_t size, mp_buffer *scratch, mp_value *out, const char **wrong) {
  uint32_t bits = 0;
  size_t digits = 0, padding = 0;
  *wrong = "is no base 64";
  mp_buffer_clear(scratch);
  for (size_t i = 0; i < size; i++) {
    if (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') continue;
    if (text[i] == '=') {
      padding++;
      continue;
    }
    const int value = sextet(text[i]);
    if (value < 0 || padding > 0) return false;
    bits = bits << 6 | (uint32_t)value;
    if (digits++ % 4 != 0) mp_buffer_addc(scratch, (char)(bits >> (6 - 2 * ((digits - 1) % 4))));
  }
  if (digits % 4 == 1 || padding > 2 || (digits + padding) % 4 != 0) return false;
  if (digits % 4 != 0 && (bits & ((1U << (digits % 4 == 2 ? 4 : 2)) - 1)) != 0) return false;
  *wrong = NULL;
  *out = (mp_value){.kind = MP_VALUE_BYTES, .as.bytes = {scratch->size == 0 ? "" : scratch->data, scratch->size}};
  return mp_buffer_ok(scratch);
}

/* ---- !!timestamp ---- */

/* Where the offset begins ("Z", "+1", "-05:30"), or `size`. It stands behind the day. */
static size_t find_offset(const char *text, size_t size) {
  for (size_t i = 10; i < size; i++) {
    if (text[i] == 'Z' || text[i] == 'z' || text[i] == '+' || text[i] == '-') return i;
  }
  return size;
}

/* Writes the form that we read elsewhere: YAML allows more blanks and fewer digits, and without an offset it is UTC. */
static bool write_iso(const char *text, size_t size, char *to, size_t room) {
  const size_t offset = find_offset(text, size);
  size_t end = offset;
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t'))
    end--;
  size_t begin = 10;
  while (begin < end && (text[begin] == ' ' || text[begin] == '\t' || text[begin] == 'T' || text[begin] == 't'))
    begin++;
  if (begin == 10 || size > room - 8) return false;
  const char *zone = offset == size ? "Z" : text[offset] == 'z' ? "Z" : text + offset;
  const bool has_short_hour = end - begin > 1 && text[begin + 1] == ':';
  const bool has_short_zone = zone == text + offset && size - offset >= 2 && (size - offset == 2 || zone[2] == ':');
  const int zone_size = zone == text + offset ? (int)(size - offset) : 1;
  snprintf(to, room, "%.10sT%s%.*s%.1s%s%.*s", text, has_short_hour ? "0" : "", (int)(end - begin), text + begin, zone,
           has_short_zone ? "0" : "", zone_size - 1, zone + 1);
  return true;
}

static bool read_timestamp(const char *text, size_t size, mp_value *out, const char **wrong) {
  char iso[80];
  int32_t days;
  *wrong = "is no timestamp such as 2026-11-24 or 2026-11-24T18:39:19Z";
  if (size < 8 || text[0] < '0' || text[0] > '9' || memchr(text, '\0', size) != NULL) return false;
  if (size <= 10) {
    if (!mp_date_parse(text, size, &days, NULL)) return false;
    *out = (mp_value){.kind = MP_VALUE_DATE, .as.integer = days};
    return true;
  }
  out->kind = MP_VALUE_TIMESTAMPTZ;
  return write_iso(text, size, iso, sizeof iso) && mp_timestamp_parse(iso, strlen(iso), true, &out->as.integer, NULL);
}

/* ---- the others ---- */

static bool resolve_number(mp__yaml_tag tag, const char *text, size_t size, bool exact, mp_buffer *scratch,
                           mp_value *out, const char **wrong) {
  const mp__yaml_word word = mp__yaml_classify(text, size);
  const bool is_integer = word == MP__YAML_INTEGER;
  const bool is_float = is_integer || word == MP__YAML_FLOAT || word == MP__YAML_INFINITY || word == MP__YAML_NAN;
  *wrong = tag == MP__TAG_INT ? "is no integer" : "is no number";
  if (tag == MP__TAG_INT ? !is_integer : !is_float) return false;
  if (!mp__yaml_resolve(text, size, exact, scratch, out, wrong)) return false;
  if (tag == MP__TAG_INT || exact) return true;
  if (out->kind == MP_VALUE_INTEGER) {
    *out = (mp_value){.kind = MP_VALUE_FLOAT, .as.number = (double)out->as.integer};
  } else if (out->kind == MP_VALUE_NUMERIC) {
    *out = (mp_value){.kind = MP_VALUE_FLOAT, .as.number = mp_numeric_to_float(out->as.numeric)};
  }
  return true;
}

bool mp__yaml_resolve_as(mp__yaml_tag tag, const char *text, size_t size, bool exact, mp_buffer *scratch, mp_value *out,
                         const char **wrong) {
  const mp__yaml_word word = mp__yaml_classify(text, size);
  switch (tag) {
  case MP__TAG_INT:
  case MP__TAG_FLOAT: return resolve_number(tag, text, size, exact, scratch, out, wrong);
  case MP__TAG_BOOL:
    *wrong = "is neither true nor false";
    *out = (mp_value){.kind = MP_VALUE_BOOL, .as.boolean = word == MP__YAML_TRUE};
    return word == MP__YAML_TRUE || word == MP__YAML_FALSE;
  case MP__TAG_NULL:
    *wrong = "is not null";
    out->kind = MP_VALUE_NULL;
    return word == MP__YAML_NULL;
  case MP__TAG_BINARY: return read_binary(text, size, scratch, out, wrong);
  case MP__TAG_TIMESTAMP: return read_timestamp(text, size, out, wrong);
  case MP__TAG_SEQ: *wrong = "is no list"; return false;
  case MP__TAG_MAP: *wrong = "is no map"; return false;
  default: *out = (mp_value){.kind = MP_VALUE_TEXT, .as.bytes = {text, size}}; return true;
  }
}
