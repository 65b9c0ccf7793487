/* Array literals, `[2:3]={{1,NULL},{"a b","\\"}}`: the shape is checked first, as a whole, then elements are taken one
 * by one. And the quoting of an element in a literal that we write. */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "codec/internal.h"

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_null(const char *text, size_t size) {
  return size == 4 && strncasecmp(text, "NULL", 4) == 0;
}

/* ---- bounds ---- */

typedef struct bounds {
  int count;
  int32_t lower[MP_ARRAY_DIMENSIONS];
  int32_t upper[MP_ARRAY_DIMENSIONS];
} bounds;

static bool take_bound(const char **at, const char *end, int32_t *out) {
  bool negative = *at < end && **at == '-';
  if (negative) (*at)++;
  const char *start = *at;
  int64_t number = 0;
  for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
    number = number * 10 + (**at - '0');
    if (number > (int64_t)INT32_MAX + 1) return false;
  }
  if (negative) number = -number;
  if (*at == start || number > INT32_MAX) return false;
  *out = (int32_t)number;
  return true;
}

static bool take_char(const char **at, const char *end, char c) {
  if (*at == end || **at != c) return false;
  (*at)++;
  return true;
}

/* "[2:3][1:4]=", or nothing. */
static bool take_bounds(const char **at, const char *end, bounds *out) {
  out->count = 0;
  while (take_char(at, end, '[')) {
    int i = out->count++;
    if (i == MP_ARRAY_DIMENSIONS) return false;
    bool ok = take_bound(at, end, &out->lower[i]) && take_char(at, end, ':') && take_bound(at, end, &out->upper[i]) &&
              take_char(at, end, ']');
    if (!ok || out->upper[i] < out->lower[i]) return false;
  }
  return out->count == 0 || take_char(at, end, '=');
}

/* ---- elements ---- */

/* Moves behind one element; false when it is none. */
static bool skip_element(const char **at, const char *end, char delimiter) {
  const char *start = *at;
  if (take_char(at, end, '"')) {
    while (*at < end && **at != '"') {
      if (**at == '\\') (*at)++;
      if (*at < end) (*at)++;
    }
    return take_char(at, end, '"');
  }
  for (; *at < end && **at != delimiter && **at != '}'; (*at)++) {
    if (**at == '{' || **at == '"') return false;
    if (**at == '\\' && ++*at == end) return false;
  }
  return *at > start;
}

/* The walk through a literal: how deep, and what each open level has counted. */
typedef struct walk {
  int depth, deepest; /* deepest: the dimensions, known from the first element; 0 before */
  int32_t counts[MP_ARRAY_DIMENSIONS];
  int32_t lengths[MP_ARRAY_DIMENSIONS]; /* of closed levels; 0 before the first */
} walk;

static bool open_level(walk *state) {
  if (state->depth == MP_ARRAY_DIMENSIONS || state->depth == state->deepest) {
    if (state->deepest != 0 || state->depth == MP_ARRAY_DIMENSIONS) return false;
  }
  state->counts[state->depth++] = 0;
  return true;
}

/* All sub-arrays of a level have one length. */
static bool close_level(walk *state) {
  assert(state->depth > 0);
  int level = --state->depth;
  int32_t count = state->counts[level];
  if (count == 0) return false;
  if (state->lengths[level] == 0) state->lengths[level] = count;
  if (state->lengths[level] != count) return false;
  if (level > 0) state->counts[level - 1]++;
  return true;
}

static bool count_element(walk *state) {
  if (state->deepest == 0) state->deepest = state->depth;
  if (state->depth != state->deepest) return false;
  state->counts[state->depth - 1]++;
  return true;
}

/* From the first brace to the last. */
static bool walk_literal(const char *at, const char *end, char delimiter, walk *state) {
  bool value_expected = true;
  do {
    if (at == end) return false;
    if (value_expected && take_char(&at, end, '{')) {
      if (!open_level(state)) return false;
    } else if (value_expected) {
      if (state->depth == 0 || !skip_element(&at, end, delimiter) || !count_element(state)) return false;
      value_expected = false;
    } else if (take_char(&at, end, '}')) {
      if (!close_level(state)) return false;
    } else if (take_char(&at, end, delimiter)) {
      value_expected = true;
    } else {
      return false;
    }
  } while (state->depth > 0);
  return at == end;
}

static bool bounds_fit(const bounds *given, const walk *state) {
  if (given->count == 0) return true;
  if (given->count != state->deepest) return false;
  for (int i = 0; i < given->count; i++) {
    if ((int64_t)given->upper[i] - given->lower[i] + 1 != state->lengths[i]) return false;
  }
  return true;
}

bool mp__array_read_shape(mp_array *array, const char *text, size_t size) {
  const char *at = text;
  const char *end = text + size;
  bounds given;
  walk state = {0};
  if (size > INT32_MAX || !take_bounds(&at, end, &given)) return false;
  if (end - at == 2 && at[0] == '{' && at[1] == '}' && given.count == 0) {
    array->at = array->end = end;
    return true;
  }
  if (!walk_literal(at, end, array->delimiter, &state) || !bounds_fit(&given, &state)) return false;
  array->dimensions = state.deepest;
  for (int i = 0; i < state.deepest; i++) {
    array->lengths[i] = state.lengths[i];
    array->lower[i] = given.count == 0 ? 1 : given.lower[i];
  }
  array->at = at;
  array->end = end;
  return true;
}

static bool unescape(const char *text, size_t size, mp_buffer *scratch, mp__array_item *out) {
  char *to = mp_buffer_reserve(scratch, size);
  if (to == NULL) return false;
  char *start = to;
  for (size_t i = 0; i < size; i++) {
    if (text[i] == '\\') i++;
    if (i < size) *to++ = text[i];
  }
  out->text = start;
  out->size = (size_t)(to - start);
  return true;
}

bool mp__array_next_item(mp_array *array, mp_buffer *scratch, mp__array_item *out) {
  const char *at = array->at;
  while (at < array->end && (*at == '{' || *at == '}' || *at == array->delimiter))
    at++;
  array->at = at;
  if (at == array->end || !skip_element(&array->at, array->end, array->delimiter)) return false;
  const char *end = array->at;
  bool quoted = *at == '"';
  if (quoted) {
    at++;
    end--;
  }
  size_t size = (size_t)(end - at);
  *out = (mp__array_item){.text = at, .size = size};
  out->escaped = memchr(at, '\\', size) != NULL;
  if (out->escaped) return unescape(at, size, scratch, out);
  if (!quoted && is_null(at, size)) out->text = NULL;
  return true;
}

/* ---- writing ---- */

static bool must_quote(const char *text, size_t size, char delimiter) {
  if (size == 0 || is_null(text, size)) return true;
  for (size_t i = 0; i < size; i++) {
    if (is_space(text[i]) || text[i] == delimiter || strchr("{}\",\\", text[i]) != NULL) return true;
  }
  return false;
}

void mp_array_add_element(mp_buffer *out, const char *text, size_t size, char delimiter) {
  if (!must_quote(text, size, delimiter)) {
    mp_buffer_add(out, text, size);
    return;
  }
  mp_buffer_addc(out, '"');
  for (size_t i = 0; i < size; i++) {
    if (text[i] == '"' || text[i] == '\\') mp_buffer_addc(out, '\\');
    mp_buffer_addc(out, text[i]);
  }
  mp_buffer_addc(out, '"');
}
