/* mp.range into a range's text, and a list of them into that of a multirange. Nothing here can raise. */
#include "value_types.h"

enum { LOWER = 1, UPPER = 2 };

static bool write_bound(lua_State *L, int index, int number, const mp_codec *element, mp_buffer *out,
                        mp_error **error) {
  const int top = lua_gettop(L);
  mp_buffer text;
  bool is_null = false;
  if (!lua_checkstack(L, 4)) return mp_error_set_memory(error);
  mp_buffer_init(&text, SIZE_MAX);
  lua_getiuservalue(L, index, number);
  bool ok = mpb_value_write(L, top + 1, element, &text, &is_null, error);
  if (ok && !mp_buffer_ok(&text)) ok = mp_error_set_memory(error);
  if (ok && !is_null) mp_quoted_add(out, text.data == NULL ? "" : text.data, text.size);
  mp_buffer_finish(&text);
  lua_settop(L, top);
  return ok;
}

bool mpb_range_write(lua_State *L, int index, const mp_codec *element, mp_buffer *out, mp_error **error) {
  const mpb_range *range = lua_touserdata(L, index);
  if (range->is_empty) {
    mp_buffer_adds(out, "empty");
    return true;
  }
  mp_buffer_addc(out, range->lower_inclusive ? '[' : '(');
  if (!write_bound(L, index, LOWER, element, out, error)) return false;
  mp_buffer_addc(out, ',');
  if (!write_bound(L, index, UPPER, element, out, error)) return false;
  mp_buffer_addc(out, range->upper_inclusive ? ']' : ')');
  return true;
}

static bool write_part(lua_State *L, const mp_codec *range, mp_buffer *out, mp_error **error) {
  bool is_null;
  if (!mpb_is_range(L, -1) && lua_type(L, -1) != LUA_TSTRING) {
    return mp_error_set(error, MP_ERROR_USAGE, "a multirange contains a %s; expected an mp.range",
                        mpb_type_name(L, -1));
  }
  return mpb_value_write(L, lua_gettop(L), range, out, &is_null, error);
}

bool mpb_multirange_write(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, mp_error **error) {
  lua_Integer length;
  const int top = lua_gettop(L);
  if (!lua_checkstack(L, 4)) return mp_error_set_memory(error);
  const mpb_shape shape = mpb_table_shape(L, index, &length, error);
  if (shape == MPB_SHAPE_BAD) return false;
  if (shape == MPB_SHAPE_RECORD) {
    return mp_error_set(error, MP_ERROR_USAGE, "a multirange needs a list of ranges, but the table has string keys");
  }
  mp_buffer_addc(out, '{');
  for (lua_Integer i = 1; i <= length; i++) {
    if (i > 1) mp_buffer_addc(out, ',');
    lua_rawgeti(L, index, i);
    const bool ok = write_part(L, codec->element, out, error);
    lua_settop(L, top);
    if (!ok) return false;
  }
  mp_buffer_addc(out, '}');
  return true;
}
