/* Parameters: stack values to mp_values, tables written as what their parameter's type needs. */
#include "arguments.h"

#include <stdlib.h>

#include "error.h"
#include "value.h"

typedef struct mpb_arguments {
  mp_value *values;
  size_t capacity;
  mp_buffer *written; /* the tables among them, as text */
  size_t written_count, written_capacity;
} mpb_arguments;

bool mpb_open_arguments(mpb_runtime *runtime) {
  runtime->arguments = calloc(1, sizeof *runtime->arguments);
  return runtime->arguments != NULL;
}

void mpb_arguments_close(mpb_runtime *runtime) {
  mpb_arguments *arguments = runtime->arguments;
  if (arguments == NULL) return;
  for (size_t i = 0; i < arguments->written_capacity; i++)
    mp_buffer_finish(&arguments->written[i]);
  free(arguments->written);
  free(arguments->values);
  free(arguments);
  runtime->arguments = NULL;
}

/* ---- names ---- */

static void refuse_absent(lua_State *L, const char *name) {
  lua_pushfstring(L, "for NULL write %s = mp.null", name);
  mpb_usage(L, lua_tostring(L, -1), "parameter $%s is absent", name);
}

void mpb_push_named(lua_State *L, const mp_sql *sql, int index) {
  if (lua_gettop(L) < index || !lua_istable(L, index) || lua_getmetatable(L, index)) {
    mpb_usage(L, "pass { name = value, ... }", "the statement has named parameters, such as $%s, and needs one table",
              sql->names[0]);
  }
  if (sql->name_count > 65535)
    mpb_usage(L, NULL, "%zu parameters are more than a statement can have (65535)", sql->name_count);
  mpb_need_stack(L, (int)sql->name_count + 8);
  for (size_t i = 0; i < sql->name_count; i++) {
    if (lua_getfield(L, index, sql->names[i]) == LUA_TNIL) refuse_absent(L, sql->names[i]);
  }
}

/* ---- values ---- */

static bool reserve_values(mpb_arguments *arguments, size_t count, mp_error **error) {
  if (count <= arguments->capacity) return true;
  size_t capacity = count < 16 ? 16 : count;
  mp_value *values = realloc(arguments->values, capacity * sizeof *values);
  if (values == NULL) return mp_error_set_memory(error);
  arguments->values = values;
  arguments->capacity = capacity;
  return true;
}

/* A buffer that stays where its content is: the array of buffers may move, what they hold does not. */
static mp_buffer *next_written(mpb_arguments *arguments, mp_error **error) {
  if (arguments->written_count == arguments->written_capacity) {
    size_t capacity = arguments->written_capacity == 0 ? 4 : arguments->written_capacity * 2;
    mp_buffer *written = realloc(arguments->written, capacity * sizeof *written);
    if (written == NULL) {
      mp_error_set_memory(error);
      return NULL;
    }
    for (size_t i = arguments->written_capacity; i < capacity; i++)
      mp_buffer_init(&written[i], INT32_MAX);
    arguments->written = written;
    arguments->written_capacity = capacity;
  }
  mp_buffer *buffer = &arguments->written[arguments->written_count++];
  if (buffer->capacity > 1U << 20) mp_buffer_finish(buffer); /* what was large once is not kept for ever */
  mp_buffer_clear(buffer);
  return buffer;
}

static bool write(lua_State *L, mpb_arguments *arguments, int index, const mp_codec *codec, int number, mp_value *value,
                  mp_error **error) {
  mp_buffer *storage = next_written(arguments, error);
  return storage != NULL && mpb_write_parameter(L, index, codec, number, storage, value, error);
}

static bool write_typed(lua_State *L, mpb_arguments *arguments, int index, const mp_codec *codec, int number,
                        mp_value *value, mp_error **error) {
  bool is_null = value->kind == MP_VALUE_NULL;
  bool must_write = mpb_is_unwritten(value) || (!is_null && mpb_is_custom(mpb_runtime_of(L), codec));
  return !must_write || write(L, arguments, index, codec, number, value, error);
}

bool mpb_read_arguments(lua_State *L, int first, int count, const mpb_types *types, const mp_value **values,
                        bool *needs_types, mp_error **error) {
  const mpb_runtime *runtime = mpb_runtime_of(L);
  mpb_arguments *arguments = runtime->arguments;
  arguments->written_count = 0;
  *needs_types = types->types == NULL && count > 0 && mpb_has_customs(runtime);
  if (!reserve_values(arguments, (size_t)count, error)) return false;
  for (int i = 0; i < count; i++) {
    mp_value *value = &arguments->values[i];
    if (!mpb_to_value(L, first + i, i + 1, value, error)) return false;
    if (types->types == NULL) {
      *needs_types = *needs_types || mp_value_needs_type(value);
    } else if (i < types->types->count) {
      const mp_codec *codec = mp_type_set_find(types->known, types->types->oids[i]);
      if (codec == NULL) codec = mp_codec_find(0);
      if (!write_typed(L, arguments, first + i, codec, i + 1, value, error)) return false;
    }
  }
  *values = arguments->values;
  return true;
}

/* Without its type a list could be an array or a JSON document: only what says of itself what it is is written. */
static bool write_untyped(lua_State *L, mpb_arguments *arguments, int index, int number, mp_value *value,
                          mp_error **error) {
  bool says_it = value->kind == MP_VALUE_ARRAY || value->kind == MP_VALUE_RANGE;
  if (says_it) return write(L, arguments, index, mp_codec_find(0), number, value, error);
  mp_error_set(error, MP_ERROR_USAGE, "parameter $%d: a %s was given, whose type is not known with pipeline = false",
               number, mpb_type_name(L, index));
  if (*error != NULL) {
    mp_error_put(*error, MP_ERROR_HINT, "for an array say mp.array{ ... }, for a JSON document mp.json(value)");
  }
  return false;
}

bool mpb_read_untyped(lua_State *L, int first, int count, mp_error **error) {
  mpb_arguments *arguments = mpb_runtime_of(L)->arguments;
  for (int i = 0; i < count; i++) {
    mp_value *value = &arguments->values[i];
    if (mpb_is_unwritten(value) && !write_untyped(L, arguments, first + i, i + 1, value, error)) return false;
  }
  return true;
}
