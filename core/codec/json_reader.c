/* JSON into a flat tape. yajl scans; here its events become nodes, numbers keep their value exactly, and what yajl lets
 * through (unpaired surrogates, duplicate keys, any depth) is refused. */
#include <assert.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "base/utf8.h"
#include "codec/internal.h"
#include "codec/json.h"

/* An open array or object. */
typedef struct container {
  uint32_t node;  /* of the tape, whose count grows with each value      */
  uint32_t first; /* of its keys, in the list of all open objects' keys  */
} container;

struct mp_json_private {
  const char *text, *end;
  container open[MP_JSON_DEPTH];
  uint32_t depth;
  const char *wrong; /* why we stopped, or NULL when yajl did; borrowed, static */
  bool no_memory;
  mp_json_node *keys; /* of the open objects */
  size_t key_count, key_capacity;
  char *memory; /* yajl's, for one document */
  size_t memory_size, memory_used;
};

static bool stop(mp_json_tape *tape, const char *wrong) {
  tape->private_->wrong = wrong;
  return false;
}

static bool grow(mp_json_node **nodes, size_t *capacity) {
  size_t more = *capacity == 0 ? 64 : *capacity * 2;
  mp_json_node *grown = more > SIZE_MAX / sizeof *grown ? NULL : realloc(*nodes, more * sizeof *grown);
  if (grown == NULL) return false;
  *nodes = grown;
  *capacity = more;
  return true;
}

static mp_json_node *add_node(mp_json_tape *tape, mp_json_type type) {
  if (tape->count == tape->capacity && !grow(&tape->nodes, &tape->capacity)) {
    tape->private_->no_memory = true;
    return NULL;
  }
  mp_json_node *node = &tape->nodes[tape->count++];
  node->type = type;
  node->count = 0;
  return node;
}

/* A value (not a key): its container has one more. */
static mp_json_node *add_value(mp_json_tape *tape, mp_json_type type) {
  struct mp_json_private *state = tape->private_;
  if (state->depth > 0) tape->nodes[state->open[state->depth - 1].node].count++;
  return add_node(tape, type);
}

/* ---- numbers ---- */

static bool read_integer(const char *text, size_t size, int64_t *out) {
  const char *end = text + size;
  bool negative = *text == '-';
  if (negative) text++;
  int64_t value = 0; /* counted downwards, since the lowest has no positive */
  for (; text < end; text++) {
    if (*text < '0' || *text > '9') return false;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, *text - '0', &value)) return false;
  }
  if (value == 0 && negative) return false;
  return negative ? (*out = value, true) : !__builtin_sub_overflow(0, value, out);
}

/* A decimal of 15 digits is what we would write for its float, except near the ends of the range, and where it may lie
 * just between two floats. */
static bool is_plain(const mp__decimal *decimal, double value) {
  bool is_short = decimal->mantissa < UINT64_C(1000000000000000);
  bool is_between = decimal->exponent > 0 && (value >= 0x1p53 || value <= -0x1p53);
  return is_short && !is_between && decimal->exponent > DBL_MIN_10_EXP;
}

static bool read_float(const char *text, size_t size, double *out) {
  mp__decimal decimal;
  if (!mp__decimal_read(text, size, &decimal) || decimal.inexact) return false;
  mp__decimal_strip(&decimal);
  *out = mp__decimal_to_float(&decimal);
  if (is_plain(&decimal, *out)) return true;
  if (*out > DBL_MAX || *out < -DBL_MAX) return false;
  mp__decimal shortest = mp__float_shortest(*out);
  return shortest.mantissa == decimal.mantissa && shortest.exponent == decimal.exponent;
}

/* ---- strings, keys, and numbers that stay text ---- */

/* yajl lends the document's own bytes, or some of its own (a string that had escapes, a document that is one number):
 * those are kept. Room for all of them is made at
 * once, since no string is longer than its escaped form; so they never move. */
static const char *keep(mp_json_tape *tape, const char *text, size_t size) {
  struct mp_json_private *state = tape->private_;
  if (text >= state->text && text < state->end) return text;
  if (tape->strings.size == 0 && mp_buffer_reserve(&tape->strings, (size_t)(state->end - state->text)) == NULL) {
    return NULL;
  }
  const char *kept = tape->strings.data + tape->strings.size;
  mp_buffer_add(&tape->strings, text, size);
  return mp_buffer_ok(&tape->strings) ? kept : NULL;
}

static bool set_string(mp_json_tape *tape, mp_json_node *node, const char *text, size_t size) {
  if (node == NULL) return false;
  node->count = (uint32_t)size;
  node->as.text = keep(tape, text, size);
  if (node->as.text == NULL) tape->private_->no_memory = true;
  return node->as.text != NULL;
}

static int on_number(void *context, const char *text, size_t size) {
  mp_json_node *node = add_value(context, MP_JSON_NUMBER);
  if (node == NULL) return false;
  if (read_integer(text, size, &node->as.integer)) {
    node->type = MP_JSON_INTEGER;
  } else if (read_float(text, size, &node->as.number)) {
    node->type = MP_JSON_FLOAT;
  } else {
    return set_string(context, node, text, size);
  }
  return true;
}

static int on_string(void *context, const unsigned char *text, size_t size) {
  return set_string(context, add_value(context, MP_JSON_STRING), (const char *)text, size);
}

static int on_key(void *context, const unsigned char *text, size_t size) {
  mp_json_tape *tape = context;
  struct mp_json_private *state = tape->private_;
  mp_json_node *node = add_node(tape, MP_JSON_STRING);
  if (!set_string(tape, node, (const char *)text, size)) return false;
  if (state->key_count == state->key_capacity && !grow(&state->keys, &state->key_capacity)) {
    state->no_memory = true;
    return false;
  }
  state->keys[state->key_count++] = *node;
  return true;
}

static bool same_key(const mp_json_node *a, const mp_json_node *b) {
  return a->count == b->count && memcmp(a->as.text, b->as.text, a->count) == 0;
}

static int compare_keys(const void *left, const void *right) {
  const mp_json_node *a = left;
  const mp_json_node *b = right;
  if (a->count != b->count) return a->count < b->count ? -1 : 1;
  return memcmp(a->as.text, b->as.text, a->count);
}

/* Few keys are compared each with each; many are sorted, which no choice of keys can make slow. */
static bool has_duplicate(mp_json_node *keys, size_t count) {
  enum { FEW = 12 };
  if (count <= FEW) {
    for (size_t i = 1; i < count; i++) {
      for (size_t j = 0; j < i; j++) {
        if (same_key(&keys[i], &keys[j])) return true;
      }
    }
    return false;
  }
  qsort(keys, count, sizeof *keys, compare_keys);
  for (size_t i = 1; i < count; i++) {
    if (same_key(&keys[i], &keys[i - 1])) return true;
  }
  return false;
}

/* ---- containers and words ---- */

static bool open_container(mp_json_tape *tape, mp_json_type type) {
  struct mp_json_private *state = tape->private_;
  if (state->depth == MP_JSON_DEPTH) return stop(tape, "nested too deeply: 1,000 levels are allowed");
  uint32_t node = (uint32_t)tape->count;
  if (add_value(tape, type) == NULL) return false;
  state->open[state->depth++] = (container){.node = node, .first = (uint32_t)state->key_count};
  return true;
}

static int on_start_array(void *context) {
  return open_container(context, MP_JSON_ARRAY);
}

static int on_start_object(void *context) {
  return open_container(context, MP_JSON_OBJECT);
}

static int on_end_array(void *context) {
  mp_json_tape *tape = context;
  assert(tape->private_->depth > 0);
  tape->private_->depth--;
  return true;
}

static int on_end_object(void *context) {
  mp_json_tape *tape = context;
  struct mp_json_private *state = tape->private_;
  assert(state->depth > 0);
  size_t first = state->open[--state->depth].first;
  if (has_duplicate(state->keys + first, state->key_count - first))
    return stop(tape, "two keys of one name in an object");
  state->key_count = first;
  return true;
}

static int on_null(void *context) {
  return add_value(context, MP_JSON_NULL) != NULL;
}

static int on_boolean(void *context, int value) {
  return add_value(context, value ? MP_JSON_TRUE : MP_JSON_FALSE) != NULL;
}

/* ---- yajl's memory ---- */

/* yajl uses what it asked for without looking whether it got it. So all that it can need is there before it begins: its
 * own structures and a stack of a byte for each level, in FIXED; and two buffers, for a string with escapes and for a
 * token that the document's end cuts off. Both grow by doubling, in new blocks: those of one are less than four times
 * its content together, and both contents together are not longer than the document. */
enum { FIXED = 20 * 1024, KEPT = 256 * 1024, GRAIN = 16 };

static bool reserve_memory(struct mp_json_private *state, size_t size) {
  size_t needed = FIXED + 4 * (size + 2);
  state->memory_used = 0;
  if (needed <= state->memory_size) return true;
  free(state->memory);
  state->memory = malloc(needed);
  state->memory_size = state->memory == NULL ? 0 : needed;
  return state->memory != NULL;
}

static void give_up_memory(struct mp_json_private *state) {
  free(state->memory);
  state->memory = NULL;
  state->memory_size = 0;
}

/* A block, with its size in front of it. */
static void *take(void *context, size_t size) {
  struct mp_json_private *state = context;
  char *start = state->memory + state->memory_used;
  state->memory_used += GRAIN + (size + GRAIN - 1) / GRAIN * GRAIN;
  assert(state->memory_used <= state->memory_size);
  memcpy(start, &size, sizeof size);
  return start + GRAIN;
}

static void *take_anew(void *context, void *block, size_t size) {
  void *larger = take(context, size);
  size_t before = 0;
  if (block == NULL) return larger;
  memcpy(&before, (const char *)block - GRAIN, sizeof before);
  return memcpy(larger, block, before < size ? before : size);
}

static void leave(void *context, void *block) { /* all goes at once, with the document */
  (void)context;
  (void)block;
}

/* ---- the document ---- */

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end_object,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

/* The four digits of the escape \uXXXX at `at`, or -1. */
static int escaped_unit(const char *at, const char *end) {
  if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
  int unit = 0;
  for (int i = 2; i < 6; i++) {
    int digit = at[i] >= '0' && at[i] <= '9' ? at[i] - '0' : (at[i] | 0x20) - 'a' + 10;
    if (digit < 0 || digit > 15) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/* The offset of the first escape that is half of a surrogate pair, or size. yajl would turn it into something else. */
static size_t find_lone_surrogate(const char *text, size_t size) {
  const char *end = text + size;
  const char *at = text;
  while (at < end && (at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
    int unit = escaped_unit(at, end);
    if (unit < 0xD800 || unit > 0xDFFF) {
      at += 2;
      continue;
    }
    int low = escaped_unit(at + 6, end);
    if (unit > 0xDBFF || low < 0xDC00 || low > 0xDFFF) return (size_t)(at - text);
    at += 12;
  }
  return size;
}

/* Line and column, both from 1, in characters. */
static bool fail_at(const char *text, size_t offset, const char *wrong, mp_error **error) {
  size_t line = 1;
  size_t column = 1;
  for (size_t i = 0; i < offset; i++) {
    if (text[i] == '\n') {
      line++;
      column = 1;
    } else if ((text[i] & 0xC0) != 0x80) {
      column++;
    }
  }
  return mp_error_set(error, MP_ERROR_DECODE, "JSON, line %zu, column %zu: %s", line, column, wrong);
}

/* yajl's own words, of which only what stands behind "... error: " is for a person. behind: the first byte it did not
 * take; what is wrong is the one before, except where yajl gave a character back. */
static bool fail_as_yajl_says(yajl_handle parser, const char *text, size_t behind, mp_error **error) {
  unsigned char *said = yajl_get_error(parser, 0, NULL, 0);
  char *wrong = (char *)said;
  wrong[strcspn(wrong, ".\n")] = '\0';
  char *words = strstr(wrong, "error: ");
  words = words == NULL ? wrong : words + strlen("error: ");
  bool too_early = strcmp(words, "premature EOF") == 0;
  bool taken = strncmp(wrong, "parse", 5) == 0 || strncmp(words, "invalid char in", 15) == 0;
  size_t offset = taken && !too_early && behind > 0 ? behind - 1 : behind;
  fail_at(text, offset, too_early ? "the document ends too early" : words, error);
  yajl_free_error(parser, said);
  return false;
}

/* Only blanks may follow the document. yajl is not asked: an unfinished string there passes for nothing. */
static bool check_rest(const char *text, size_t size, size_t end, mp_error **error) {
  while (end < size && strchr(" \t\r\n", text[end]) != NULL && text[end] != '\0')
    end++;
  return end == size || fail_at(text, end, "something follows the document", error);
}

static bool parse(mp_json_tape *tape, yajl_handle parser, const char *text, size_t size, mp_error **error) {
  struct mp_json_private *state = tape->private_;
  yajl_config(parser, yajl_dont_validate_strings, 1); /* done before, and faster */
  yajl_config(parser, yajl_allow_trailing_garbage, 1);
  yajl_status status = yajl_parse(parser, (const unsigned char *)text, size);
  size_t end = yajl_get_bytes_consumed(parser);
  if (status == yajl_status_ok) {
    status = yajl_complete_parse(parser);
    if (status != yajl_status_ok) end = size;
  }
  if (status == yajl_status_ok) return check_rest(text, size, end, error);
  if (state->no_memory) return mp_error_set_memory(error);
  if (state->wrong != NULL) return fail_at(text, end - 1, state->wrong, error);
  return fail_as_yajl_says(parser, text, end, error);
}

void mp_json_tape_init(mp_json_tape *tape) {
  *tape = (mp_json_tape){0};
  mp_buffer_init(&tape->strings, UINT32_MAX);
}

void mp_json_tape_finish(mp_json_tape *tape) {
  if (tape->private_ != NULL) {
    give_up_memory(tape->private_);
    free(tape->private_->keys);
  }
  free(tape->private_);
  free(tape->nodes);
  mp_buffer_finish(&tape->strings);
  mp_json_tape_init(tape);
}

static bool start(mp_json_tape *tape, const char *text, size_t size) {
  if (tape->private_ == NULL) tape->private_ = calloc(1, sizeof *tape->private_);
  struct mp_json_private *state = tape->private_;
  if (state == NULL || !reserve_memory(state, size)) return false;
  tape->count = 0;
  mp_buffer_clear(&tape->strings);
  state->text = text;
  state->end = text + size;
  state->depth = 0;
  state->wrong = NULL;
  state->no_memory = false;
  state->key_count = 0;
  return true;
}

bool mp_json_read(mp_json_tape *tape, const char *text, size_t size, mp_error **error) {
  if (size >= UINT32_MAX / 2) return mp_error_set(error, MP_ERROR_DECODE, "JSON: the document is larger than 2 GB");
  size_t valid = mp_utf8_check(text, size);
  if (valid < size) return fail_at(text, valid, "invalid UTF-8", error);
  size_t lone = find_lone_surrogate(text, size);
  if (lone < size) return fail_at(text, lone, "half of a surrogate pair", error);
  if (!start(tape, text, size)) return mp_error_set_memory(error);
  yajl_alloc_funcs memory = {.malloc = take, .realloc = take_anew, .free = leave, .ctx = tape->private_};
  yajl_handle parser = yajl_alloc(&callbacks, &memory, tape);
  bool ok = parse(tape, parser, text, size, error);
  if (!ok) tape->count = 0;
  yajl_free(parser);
  if (tape->private_->memory_size > KEPT) give_up_memory(tape->private_);
  return ok;
}
