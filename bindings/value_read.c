/* To the server: Lua values as parameters. A table waits until the type of its parameter is known. */
#include "value_types.h"

#define EXPECTED "nil, a boolean, a number, a string, a table or a value of moonpool"

static bool read_userdata(lua_State *L, int index, int number, mp_value *out, mp_error **error) {
  if (mpb_value_at(L, index, out)) return true;
  if (number > 0) {
    return mp_error_set(error, MP_ERROR_USAGE, "parameter $%d is a %s; expected " EXPECTED, number,
                        mpb_type_name(L, index));
  }
  return mp_error_set(error, MP_ERROR_USAGE, "an array contains a %s; expected " EXPECTED, mpb_type_name(L, index));
}

bool mpb_to_value(lua_State *L, int index, int number, mp_value *out, mp_error **error) {
  switch (lua_type(L, index)) {
  case LUA_TNIL: *out = (mp_value){.kind = MP_VALUE_NULL}; return true;
  case LUA_TBOOLEAN: *out = (mp_value){.kind = MP_VALUE_BOOL, .as.boolean = lua_toboolean(L, index)}; return true;
  case LUA_TNUMBER:
    if (lua_isinteger(L, index)) {
      *out = (mp_value){.kind = MP_VALUE_INTEGER, .as.integer = lua_tointeger(L, index)};
    } else {
      *out = (mp_value){.kind = MP_VALUE_FLOAT, .as.number = lua_tonumber(L, index)};
    }
    return true;
  case LUA_TSTRING:
    out->kind = MP_VALUE_TEXT;
    out->as.bytes.data = lua_tolstring(L, index, &out->as.bytes.size);
    return true;
  case LUA_TTABLE: *out = (mp_value){.kind = mpb_is_array(L, index) ? MP_VALUE_ARRAY : MP_VALUE_JSON}; return true;
  default: break;
  }
  if (!mpb_is_null(L, index)) return read_userdata(L, index, number, out, error);
  *out = (mp_value){.kind = MP_VALUE_NULL};
  return true;
}

static bool refuse_table(const mp_codec *codec, mp_error **error) {
  const char *type = codec->oid == 0 ? "a type that takes no table" : codec->name;
  mp_error_set(error, MP_ERROR_USAGE, "a table was given, but the statement expects %s", type);
  if (error != NULL)
    mp_error_put(*error, MP_ERROR_HINT, "for an array say mp.array{ ... }, for a JSON document mp.json(value)");
  return false;
}

/* A type without a codec may be an array of enums, of which the script knows and we do not. */
static bool write_table(lua_State *L, int index, const mp_codec *codec, mp_buffer *storage, mp_value_kind *kind,
                        mp_error **error) {
  if (codec->kind == MP_VALUE_JSON) {
    *kind = MP_VALUE_JSON;
    return mpb_json_write(L, index, storage, error);
  }
  if (codec->kind == MP_VALUE_GEOMETRY) {
    *kind = MP_VALUE_TEXT;
    return mpb_geometry_write(L, index, codec, storage, error);
  }
  *kind = MP_VALUE_ARRAY;
  if (codec->element != 0) return mpb_array_write(L, index, codec, storage, error);
  if (codec->oid == 0 && mpb_is_array(L, index)) return mpb_array_write(L, index, codec, storage, error);
  return refuse_table(codec, error);
}

bool mpb_table_to_value(lua_State *L, int index, const mp_codec *codec, int number, mp_buffer *storage, mp_value *out,
                        mp_error **error) {
  mp_value_kind kind;
  mp_error *wrong = NULL;
  mp_buffer_clear(storage);
  if (!write_table(L, index, codec, storage, &kind, &wrong)) {
    mp_error_putf(wrong, MP_ERROR_MESSAGE, "parameter $%d: %s", number, mp_error_message(wrong));
    mp_error_move(error, wrong);
    return false;
  }
  *out = (mp_value){.kind = kind, .as.bytes = {storage->data, storage->size}};
  return true;
}
