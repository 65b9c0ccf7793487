/* A Lua list into the text of a PostgreSQL array: nested lists are dimensions, which must be rectangular. Where an
 * element itself may be a table, such a table is an element and no dimension. Nothing here can raise. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "value_types.h"

typedef struct writer {
  lua_State *L;
  const mp_codec *element;
  bool is_vector; /* one dimension without braces */
  mp_buffer *out;
  mp_buffer text; /* of one element */
  mp_error **error;
  int dimensions;                           /* known once the first element is found; 0 before */
  lua_Integer lengths[MP_ARRAY_DIMENSIONS]; /* 0 below the last dimension, where no list is right */
} writer;

/* A vector, or a multirange, is a list that holds neither tables nor NULL. */
static bool holds_elements(lua_State *L) {
  bool holds = lua_rawgeti(L, -1, 1) == LUA_TTABLE || mpb_is_null(L, -1);
  lua_pop(L, 1);
  return holds;
}

/* A list among composites has no field names, so it can only be a dimension; as one among hstores, of which an empty
 * table is one. A domain over an array is a list itself.
 * What a script's own codec writes may be anything. */
static bool is_dimension(const writer *write) {
  if (!lua_istable(write->L, -1)) return false;
  if (mpb_is_custom(mpb_runtime_of(write->L), write->element)) return mpb_is_array(write->L, -1);
  if (mp_codec_is_vector(write->element) || write->element->is_multirange) return holds_elements(write->L);
  switch (write->element->kind) {
  case MP_VALUE_JSON: return mpb_is_array(write->L, -1);
  case MP_VALUE_GEOMETRY: return !mpb_is_record(write->L, lua_gettop(write->L));
  case MP_VALUE_HSTORE: return lua_rawlen(write->L, -1) > 0 || mpb_is_array(write->L, -1);
  case MP_VALUE_COMPOSITE: return lua_rawlen(write->L, -1) > 0;
  case MP_VALUE_ARRAY: return false;
  default: return true;
  }
}

static bool refuse_shape(const writer *write) {
  mp_error_set(write->error, MP_ERROR_USAGE, "the lists of an array are not all equally long and deep");
  if (write->error != NULL)
    mp_error_put(*write->error, MP_ERROR_HINT, "PostgreSQL's arrays are rectangular: { { 1, 2 }, { 3, 4 } }");
  return false;
}

static bool write_element(writer *write) {
  bool is_null = false;
  mp_buffer_clear(&write->text);
  if (!mpb_value_write(write->L, lua_gettop(write->L), write->element, &write->text, &is_null, write->error)) {
    return false;
  }
  if (!mp_buffer_ok(&write->text)) return mp_error_set_memory(write->error);
  if (is_null) {
    mp_buffer_adds(write->out, "NULL");
  } else {
    mp_array_add_element(write->out, write->text.data, write->text.size, mp_codec_delimiter(write->element));
  }
  return true;
}

static bool write_list(writer *write, int depth);

/* What is on top of the stack, `depth` lists deep. */
static bool write_item(writer *write, int depth) {
  if (is_dimension(write)) return write_list(write, depth);
  if (write->dimensions == 0) write->dimensions = depth;
  if (write->dimensions != depth) return refuse_shape(write);
  return write_element(write);
}

static bool look(writer *write, lua_Integer *length) {
  const mpb_shape shape = mpb_table_shape(write->L, lua_gettop(write->L), length, write->error);
  if (shape != MPB_SHAPE_RECORD) return shape != MPB_SHAPE_BAD;
  mp_error_set(write->error, MP_ERROR_USAGE, "an array needs a list, but the table has string keys");
  if (write->error != NULL)
    mp_error_put(*write->error, MP_ERROR_HINT, "write { value, value, ... }; for a JSON document say mp.json(value)");
  return false;
}

/* The list on top of the stack; `depth` counts those around it. */
static bool write_list(writer *write, int depth) {
  lua_State *L = write->L;
  lua_Integer length = 0;
  if (depth == MP_ARRAY_DIMENSIONS) {
    return mp_error_set(write->error, MP_ERROR_USAGE, "an array has more than %d dimensions, or contains itself",
                        MP_ARRAY_DIMENSIONS);
  }
  if (!lua_checkstack(L, 8)) return mp_error_set_memory(write->error);
  if (!look(write, &length)) return false;
  if (length == 0 && depth > 0) {
    return mp_error_set(write->error, MP_ERROR_USAGE,
                        "an array contains an empty list: it would have no elements at all");
  }
  if (write->is_vector && depth > 0) {
    return mp_error_set(write->error, MP_ERROR_USAGE, "a vector has one dimension only");
  }
  if (write->dimensions == 0) write->lengths[depth] = length;
  if (write->lengths[depth] != length) return refuse_shape(write);
  if (!write->is_vector) mp_buffer_addc(write->out, '{');
  char delimiter = write->is_vector ? ' ' : mp_codec_delimiter(write->element);
  for (lua_Integer i = 1; i <= length; i++) {
    if (i > 1) mp_buffer_addc(write->out, delimiter);
    lua_rawgeti(L, -1, i);
    if (!write_item(write, depth + 1)) return false;
    lua_pop(L, 1);
  }
  if (!write->is_vector) mp_buffer_addc(write->out, '}');
  return true;
}

/* Puts "[0:1][2:3]=" in front of what was written from `start` on. An array without elements has no subscripts. */
static bool insert_subscripts(const writer *write, int index, size_t start) {
  int32_t lower[MP_ARRAY_DIMENSIONS];
  char prefix[MP_ARRAY_DIMENSIONS * 32];
  size_t size = 0;
  const int given = mpb_array_lower(write->L, index, lower);
  if (given == 0 || write->dimensions == 0 || write->is_vector) return true;
  if (given != write->dimensions) {
    return mp_error_set(write->error, MP_ERROR_USAGE, "an array has %d dimensions, but subscripts for %d",
                        write->dimensions, given);
  }
  for (int i = 0; i < given; i++) {
    const int64_t upper = lower[i] + (int64_t)write->lengths[i] - 1;
    size += (size_t)snprintf(prefix + size, sizeof prefix - size, "[%" PRId32 ":%" PRId64 "]", lower[i], upper);
  }
  prefix[size++] = '=';
  if (mp_buffer_reserve(write->out, size) == NULL) return false;
  char *body = write->out->data + start;
  memmove(body + size, body, write->out->size - start);
  memcpy(body, prefix, size);
  mp_buffer_commit(write->out, size);
  return true;
}

bool mpb_array_write(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, mp_error **error) {
  const int top = lua_gettop(L);
  const size_t start = out->size;
  writer write = {.L = L,
                  .element = codec->element == NULL ? codec : codec->element,
                  .is_vector = mp_codec_is_vector(codec),
                  .out = out,
                  .error = error};
  if (!lua_checkstack(L, 1)) return mp_error_set_memory(error);
  mp_buffer_init(&write.text, SIZE_MAX);
  lua_pushvalue(L, index);
  bool ok = write_list(&write, 0) && insert_subscripts(&write, index, start);
  lua_settop(L, top);
  mp_buffer_finish(&write.text);
  if (ok && !mp_buffer_ok(out)) ok = mp_error_set_memory(error);
  return ok;
}
