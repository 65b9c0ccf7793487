/* hstore: a table of strings, in which NULL is mp.null; both ways. A value of another kind is its text, as it is for a
 * parameter of type text. */
#include <string.h>

#include "base/utf8.h"
#include "codec/hstore.h"
#include "value_types.h"

/* ---- from the server ---- */

/* One text at a time: what lies in scratch memory may not survive the making of a string. */
static bool push_next(lua_State *L, mp_hstore *hstore, mp_buffer *scratch, mp_error **error) {
  mp_bytes text;
  if (!mp_hstore_next(hstore, scratch, &text, error)) return false;
  if (text.data == NULL) {
    lua_pushlightuserdata(L, NULL);
  } else {
    lua_pushlstring(L, text.data, text.size);
  }
  return true;
}

bool mpb_push_hstore(lua_State *L, const mpb_values *values, const mp_hstore *hstore, mp_error **error) {
  enum { MOST_AHEAD = 1 << 16 }; /* a table grows by itself */
  mp_hstore cursor = *hstore;
  mp_buffer *scratch = &values->runtime->text;
  mpb_need_stack(L, 4);
  lua_createtable(L, 0, (int)(cursor.pairs < MOST_AHEAD ? cursor.pairs : MOST_AHEAD));
  for (uint32_t i = 0; i < hstore->pairs; i++) {
    if (!push_next(L, &cursor, scratch, error) || !push_next(L, &cursor, scratch, error)) return false;
    lua_rawset(L, -3);
  }
  return true;
}

/* ---- to the server ---- */

static bool refuse_key(lua_State *L, int key, mp_error **error) {
  if (lua_isinteger(L, key)) {
    mp_error_set(error, MP_ERROR_USAGE, "the table for an hstore has the key %lld; expected strings",
                 (long long)lua_tointeger(L, key));
  } else {
    mp_error_set(error, MP_ERROR_USAGE, "the table for an hstore has a %s as a key; expected strings",
                 mpb_type_name(L, key));
  }
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "write { key = \"value\" }; a number as a key: [\"1\"]");
  return false;
}

/* Puts `what`, and as much of the key as a message shows, in front of what was wrong. */
static bool refuse(const char *what, const mp_bytes *key, mp_error *wrong, mp_error **error) {
  enum { SHOWN = 60 };
  const int shown = (int)mp_utf8_check(key->data, key->size < SHOWN ? key->size : SHOWN);
  mp_error_putf(wrong, MP_ERROR_MESSAGE, "%s \"%.*s\": %s", what, shown, key->data, mp_error_message(wrong));
  mp_error_move(error, wrong);
  return false;
}

/* A key that can be stored: valid UTF-8 without NUL bytes. `storage` is used. */
static bool read_key(lua_State *L, int index, mp_buffer *storage, mp_bytes *out, mp_error **error) {
  mp_error *wrong = NULL;
  mp_value key = {.kind = MP_VALUE_TEXT};
  key.as.bytes.data = lua_tolstring(L, index, &key.as.bytes.size);
  mp_buffer_clear(storage);
  if (!mp_value_text(&key, storage, &wrong)) return refuse("the key", &key.as.bytes, wrong, error);
  *out = key.as.bytes;
  return true;
}

static bool write_text(lua_State *L, int index, mp_buffer *storage, mp_bytes *out, mp_error **error) {
  bool is_null = false;
  mp_buffer_clear(storage);
  if (lua_istable(L, index)) {
    mp_error_set(error, MP_ERROR_USAGE, "it is a table; expected a string, or mp.null");
    if (error != NULL && *error != NULL) mp_error_put(*error, MP_ERROR_HINT, "an hstore is flat: use jsonb for more");
    return false;
  }
  if (!mpb_value_write(L, index, mp_codec_find(MP_OID_TEXT), storage, &is_null, error)) return false;
  if (!mp_buffer_ok(storage)) return mp_error_set_memory(error);
  *out = (mp_bytes){is_null ? NULL : storage->data == NULL ? "" : storage->data, storage->size};
  return true;
}

/* The pair on top of the stack. */
static bool write_pair(lua_State *L, mp_buffer *storage, mp_buffer *out, mp_error **error) {
  const int value = lua_gettop(L), key = value - 1;
  mp_bytes name, text;
  mp_error *wrong = NULL;
  if (lua_type(L, key) != LUA_TSTRING) return refuse_key(L, key, error);
  if (!read_key(L, key, storage, &name, error)) return false;
  if (!write_text(L, value, storage, &text, &wrong)) return refuse("the value of key", &name, wrong, error);
  mp_hstore_add(out, &name, &text);
  return true;
}

bool mpb_hstore_write(lua_State *L, int index, mp_buffer *out, mp_error **error) {
  const int top = lua_gettop(L);
  mp_buffer storage;
  bool ok = true;
  if (!lua_checkstack(L, 8)) return mp_error_set_memory(error);
  mp_buffer_init(&storage, SIZE_MAX);
  lua_pushnil(L);
  for (bool first = true; ok && lua_next(L, index) != 0; first = false) {
    if (!first) mp_buffer_addc(out, ',');
    ok = write_pair(L, &storage, out, error);
    if (ok) lua_pop(L, 1);
  }
  lua_settop(L, top);
  mp_buffer_finish(&storage);
  return ok;
}
