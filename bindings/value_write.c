/* To the server: what has to be written as text for the type of its parameter. Nothing here can raise; the functions of
 * a script's own codecs run protected. */
#include "value_types.h"

static bool refuse_table(const mp_codec *codec, mp_error **error) {
  const char *type = codec->oid == 0 ? "a type that is not known" : codec->name;
  mp_error_set(error, MP_ERROR_USAGE, "a table was given, but the statement expects %s", type);
  if (error != NULL)
    mp_error_put(*error, MP_ERROR_HINT, "for an array say mp.array{ ... }, for a JSON document mp.json(value)");
  return false;
}

/* A type that is not known (there is no pipeline to ask for it) may be an array, of which the script knows. */
static bool write_table(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, mp_error **error) {
  if (codec->kind == MP_VALUE_JSON) return mpb_json_write(L, index, out, error);
  if (codec->kind == MP_VALUE_GEOMETRY) return mpb_geometry_write(L, index, codec, out, error);
  if (codec->kind == MP_VALUE_HSTORE) return mpb_hstore_write(L, index, out, error);
  if (codec->is_multirange) return mpb_multirange_write(L, index, codec, out, error);
  if (codec->fields != NULL) return mpb_composite_write(L, index, codec, out, error);
  if (codec->kind == MP_VALUE_ARRAY) return mpb_array_write(L, index, codec, out, error);
  if (codec->oid == 0 && mpb_is_array(L, index)) return mpb_array_write(L, index, codec, out, error);
  return refuse_table(codec, error);
}

static bool write_range(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, mp_error **error) {
  if (codec->kind == MP_VALUE_RANGE) return mpb_range_write(L, index, codec->element, out, error);
  if (codec->oid == 0) return mpb_range_write(L, index, codec, out, error);
  mp_error_set(error, MP_ERROR_USAGE, "a range was given, but the statement expects %s", codec->name);
  if (error != NULL && codec->is_multirange) mp_error_put(*error, MP_ERROR_HINT, "a multirange is a list: { range }");
  return false;
}

/* Lua strings for bytea are bytes. */
static bool write_plain(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, bool *is_null,
                        mp_error **error) {
  mp_value value;
  if (!mpb_to_value(L, index, 0, &value, error)) return false;
  *is_null = value.kind == MP_VALUE_NULL;
  if (*is_null) return true;
  if (mpb_is_unwritten(&value)) {
    return mp_error_set(error, MP_ERROR_USAGE, "a %s was given, but the statement expects %s", mpb_type_name(L, index),
                        codec->name);
  }
  if (value.kind == MP_VALUE_TEXT && codec->kind == MP_VALUE_BYTES) value.kind = MP_VALUE_BYTES;
  return mp_codec_check_label(codec, &value, error) && mp_value_text(&value, out, error);
}

static bool write_any(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, bool *is_null, mp_error **error) {
  *is_null = false;
  if (lua_istable(L, index)) return write_table(L, index, codec, out, error);
  if (mpb_is_range(L, index)) return write_range(L, index, codec, out, error);
  return write_plain(L, index, codec, out, is_null, error);
}

bool mpb_value_write(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, bool *is_null, mp_error **error) {
  const int top = lua_gettop(L);
  bool encoded = false;
  if (!mpb_custom_encode(L, index, codec, &encoded, error)) return false;
  bool ok = write_any(L, encoded ? top + 1 : index, codec, out, is_null, error);
  lua_settop(L, top);
  return ok;
}

/* What was written is a literal, which no codec takes for a value of its own kind; a document is none. */
bool mpb_write_parameter(lua_State *L, int index, const mp_codec *codec, int number, mp_buffer *storage, mp_value *out,
                         mp_error **error) {
  mp_error *wrong = NULL;
  bool is_null;
  mp_buffer_clear(storage);
  bool ok = mpb_value_write(L, index, codec, storage, &is_null, &wrong);
  if (ok && !mp_buffer_ok(storage)) ok = mp_error_set_memory(&wrong);
  if (!ok) {
    mp_error_putf(wrong, MP_ERROR_MESSAGE, "parameter $%d: %s", number, mp_error_message(wrong));
    mp_error_move(error, wrong);
    return false;
  }
  const mp_value_kind kind = codec->kind == MP_VALUE_JSON ? MP_VALUE_JSON : MP_VALUE_ARRAY;
  *out = (mp_value){.kind = kind, .as.bytes = {storage->data == NULL ? "" : storage->data, storage->size}};
  if (is_null) *out = (mp_value){.kind = MP_VALUE_NULL};
  return true;
}
