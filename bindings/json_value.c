/* mp.json: a value that is sent as a JSON document; and mp.json.encode, mp.json.decode for texts. */
#include "value_types.h"

/* Pushes the JSON text of the value at `index`. */
static void push_encoded(lua_State *L, int index) {
  mp_buffer *text = &mpb_runtime_of(L)->text;
  mp_buffer_clear(text);
  if (!mpb_json_write(L, index, text, mpb_error_slot(L))) mpb_raise(L);
  mpb_push_text(L, text);
}

static int l_new(lua_State *L) {
  lua_settop(L, 2);
  if (mpb_is_kind(L, 2, MP_VALUE_JSON)) return 1;
  if (lua_isnil(L, 2)) {
    return mpb_usage(L, "for JSON's null say mp.json(mp.null)", "mp.json: nil has no JSON form");
  }
  push_encoded(L, 2);
  mpb_wrap_string(L, MP_VALUE_JSON);
  return 1;
}

static int l_encode(lua_State *L) {
  lua_settop(L, 1);
  push_encoded(L, 1);
  return 1;
}

static int l_decode(lua_State *L) {
  enum { PAUSED = 1 << 16 }; /* a document so large is read without looking for garbage: it makes none */
  size_t size;
  mpb_values values;
  lua_settop(L, 1);
  if (lua_type(L, 1) != LUA_TSTRING) return mpb_wrong_type(L, 1, "mp.json.decode", "a string");
  const char *text = lua_tolstring(L, 1, &size);
  mpb_need_stack(L, MPB_VALUES_SLOTS + 1);
  mpb_values_begin(L, mpb_runtime_of(L), &values);
  if (size >= PAUSED) mpb_values_pause(L, &values);
  if (!mpb_push_json(L, &values, text, size, mpb_error_slot(L))) return mpb_raise(L);
  mpb_values_end(L, &values);
  return 1;
}

void mpb_open_json(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg metamethods[] = {{"__eq", mpb_equal_strings}, {NULL, NULL}};
  static const luaL_Reg nothing[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {{"encode", l_encode}, {"decode", l_decode}, {NULL, NULL}};
  mpb_open_json_read(L);
  mpb_new_kind(L, runtime, MP_VALUE_JSON, "mp.json", metamethods, nothing, NULL);
  mpb_new_class(L, runtime, "json", MP_VALUE_JSON, l_new, functions);
  lua_pop(L, 1);
}
