/* hstore: `"key"=>"value", "other"=>NULL`, or in binary a count of pairs, whose texts follow their lengths. The server
 * writes each key once, so that nothing here looks for a second. A value is checked as a whole when it is decoded; what
 * takes the texts out of it relies on that. */
#include "codec/hstore.h"

#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "codec/internal.h"

enum { HEADER = 4 };

static bool give(mp_value *out, bool binary, uint32_t pairs, const char *at, const char *end) {
  out->kind = MP_VALUE_HSTORE;
  out->as.hstore = (mp_hstore){.binary = binary, .pairs = pairs, .at = at, .end = end};
  return true;
}

/* ---- text ---- */

static bool skip(const char **at, const char *end, const char *expected) {
  size_t size = strlen(expected);
  if ((size_t)(end - *at) < size || memcmp(*at, expected, size) != 0) return false;
  *at += size;
  return true;
}

/* Moves behind a text in quotes, in which a backslash takes the next byte as it is. */
static bool skip_quoted(const char **at, const char *end) {
  if (!skip(at, end, "\"")) return false;
  for (; *at < end; ++*at) {
    if (**at == '"') {
      ++*at;
      return true;
    }
    if (**at == '\\' && ++*at == end) return false;
  }
  return false;
}

static bool skip_pair(const char **at, const char *end) {
  return skip_quoted(at, end) && skip(at, end, "=>") && (skip(at, end, "NULL") || skip_quoted(at, end));
}

MP__DECODE(mp__hstore_from_text) {
  const char *at = data, *end = data + size;
  uint32_t pairs = 0;
  size_t valid = mp_utf8_check(data, size);
  if (valid < size) return mp__decode_error(codec, error, "invalid UTF-8 at byte %zu", valid + 1);
  if (size > INT32_MAX) return mp__decode_error(codec, error, "it is too long");
  while (at < end) {
    if ((pairs > 0 && !skip(&at, end, ", ")) || !skip_pair(&at, end)) {
      return mp__decode_error(codec, error, "its text is wrong at byte %zu", (size_t)(at - data) + 1);
    }
    pairs++;
  }
  return give(out, false, pairs, data, end);
}

static bool unescape(const mp_bytes *piece, mp_buffer *scratch, mp_bytes *out, mp_error **error) {
  char *start = mp_buffer_reserve(scratch, piece->size);
  if (start == NULL) return mp_error_set_memory(error);
  char *to = start;
  for (size_t i = 0; i < piece->size; i++) {
    if (piece->data[i] == '\\') i++; /* something follows: it was checked */
    *to++ = piece->data[i];
  }
  *out = (mp_bytes){start, (size_t)(to - start)};
  return true;
}

static bool next_text(mp_hstore *hstore, mp_buffer *scratch, mp_bytes *out, mp_error **error) {
  if (!skip(&hstore->at, hstore->end, "=>")) skip(&hstore->at, hstore->end, ", ");
  if (skip(&hstore->at, hstore->end, "NULL")) {
    *out = (mp_bytes){NULL, 0};
    return true;
  }
  const char *start = hstore->at + 1;
  skip_quoted(&hstore->at, hstore->end);
  mp_bytes piece = {start, (size_t)(hstore->at - start) - 1};
  if (memchr(piece.data, '\\', piece.size) != NULL) return unescape(&piece, scratch, out, error);
  *out = piece;
  return true;
}

/* ---- binary ---- */

/* NULL, or what is wrong with the pair that *at is moved behind. */
static const char *check_pair(const char **at, const char *end) {
  mp_bytes key, value;
  if (!mp__take_sized(at, end, &key)) return "the length of a key is wrong";
  if (key.data == NULL) return "a key is NULL";
  if (!mp__take_sized(at, end, &value)) return "the length of a value is wrong";
  bool valid = mp_utf8_check(key.data, key.size) == key.size &&
               (value.data == NULL || mp_utf8_check(value.data, value.size) == value.size);
  return valid ? NULL : "invalid UTF-8";
}

MP__DECODE(mp__hstore_from_binary) {
  if (size < HEADER) return mp__decode_error(codec, error, "it is too short");
  const char *at = data + HEADER, *end = data + size;
  const char *wrong = NULL;
  uint32_t pairs = mp_get32(data);
  for (uint32_t i = 0; i < pairs && wrong == NULL; i++)
    wrong = check_pair(&at, end);
  if (wrong == NULL && at != end) wrong = "something follows its last pair";
  if (wrong != NULL) return mp__decode_error(codec, error, "%s", wrong);
  return give(out, true, pairs, data + HEADER, end);
}

bool mp_hstore_next(mp_hstore *hstore, mp_buffer *scratch, mp_bytes *out, mp_error **error) {
  mp_buffer_clear(scratch);
  if (!hstore->binary) return next_text(hstore, scratch, out, error);
  mp__take_sized(&hstore->at, hstore->end, out);
  return true;
}

/* ---- writing ---- */

static void add_quoted(mp_buffer *out, const mp_bytes *text) {
  mp_buffer_addc(out, '"');
  for (size_t i = 0; i < text->size; i++) {
    if (text->data[i] == '"' || text->data[i] == '\\') mp_buffer_addc(out, '\\');
    mp_buffer_addc(out, text->data[i]);
  }
  mp_buffer_addc(out, '"');
}

void mp_hstore_add(mp_buffer *out, const mp_bytes *key, const mp_bytes *value) {
  add_quoted(out, key);
  mp_buffer_adds(out, "=>");
  if (value->data == NULL) {
    mp_buffer_adds(out, "NULL");
  } else {
    add_quoted(out, value);
  }
}
