/* A table of fields into a composite's text. Each field of the type must be there, so that a name that is written
 * wrongly is no silent NULL. Nothing here can raise: a field is found by a walk, since a key to look up would have to
 * be made. */
#include <string.h>

#include "base/nearest.h"
#include "value_types.h"

static int field_number(lua_State *L, int key, const mp_codec *codec) {
  size_t size;
  const char *name = lua_tolstring(L, key, &size);
  for (int i = 0; i < codec->field_count; i++) {
    if (strlen(codec->fields[i].name) == size && memcmp(codec->fields[i].name, name, size) == 0) return i;
  }
  return -1;
}

static const char *nearest_field(const char *name, const mp_codec *codec) {
  const char *nearest = NULL;
  for (int i = 0; i < codec->field_count && nearest == NULL; i++)
    nearest = mp_nearest_name(name, &codec->fields[i].name, 1);
  return nearest;
}

static bool refuse_key(lua_State *L, const mp_codec *codec, mp_error **error) {
  if (lua_type(L, -1) != LUA_TSTRING) {
    return mp_error_set(error, MP_ERROR_USAGE, "the table for %s has a %s as a key; expected the names of its fields",
                        codec->name, mpb_type_name(L, -1));
  }
  const char *name = lua_tostring(L, -1), *nearest = nearest_field(name, codec);
  mp_error_set(error, MP_ERROR_USAGE, "%s has no field \"%.64s\"", codec->name, name);
  if (error != NULL && nearest != NULL) mp_error_putf(*error, MP_ERROR_HINT, "did you mean \"%s\"?", nearest);
  return false;
}

static bool check_keys(lua_State *L, int index, const mp_codec *codec, mp_error **error) {
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING && field_number(L, -1, codec) >= 0) continue;
    return refuse_key(L, codec, error);
  }
  return true;
}

/* Pushes the value of a field; false when the table has none, and nothing is pushed. */
static bool push_field(lua_State *L, int index, const mp_codec *codec, int number) {
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    if (lua_type(L, -2) == LUA_TSTRING && field_number(L, -2, codec) == number) {
      lua_remove(L, -2);
      return true;
    }
    lua_pop(L, 1);
  }
  return false;
}

static bool refuse_absent(const mp_codec *codec, const mp_field *field, mp_error **error) {
  mp_error_set(error, MP_ERROR_USAGE, "the field \"%s\" of %s is absent", field->name, codec->name);
  if (error != NULL) mp_error_putf(*error, MP_ERROR_HINT, "for NULL write %s = mp.null", field->name);
  return false;
}

static bool write_field(lua_State *L, int index, const mp_codec *codec, int number, mp_buffer *out, mp_error **error) {
  const mp_field *field = &codec->fields[number];
  mp_buffer text;
  mp_error *wrong = NULL;
  bool is_null = false;
  if (!push_field(L, index, codec, number)) return refuse_absent(codec, field, error);
  mp_buffer_init(&text, SIZE_MAX);
  bool ok = mpb_value_write(L, lua_gettop(L), field->codec, &text, &is_null, &wrong);
  if (ok && !mp_buffer_ok(&text)) ok = mp_error_set_memory(&wrong);
  if (ok && !is_null) mp_quoted_add(out, text.data == NULL ? "" : text.data, text.size);
  mp_buffer_finish(&text);
  if (ok) return true;
  mp_error_putf(wrong, MP_ERROR_MESSAGE, "field \"%s\": %s", field->name, mp_error_message(wrong));
  mp_error_move(error, wrong);
  return false;
}

bool mpb_composite_write(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, mp_error **error) {
  const int top = lua_gettop(L);
  if (!lua_checkstack(L, 8)) return mp_error_set_memory(error);
  bool ok = check_keys(L, index, codec, error);
  mp_buffer_addc(out, '(');
  for (int i = 0; i < codec->field_count && ok; i++) {
    if (i > 0) mp_buffer_addc(out, ',');
    ok = write_field(L, index, codec, i, out, error);
    lua_settop(L, top);
  }
  mp_buffer_addc(out, ')');
  lua_settop(L, top);
  return ok;
}
