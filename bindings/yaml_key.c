/* Keys that Lua tells apart by their address only (lists, maps, dates, ...), as texts: equal ones have equal texts. */
#include "yaml_value.h"

static void add_text(lua_State *L, int index, int level, mp_buffer *out);

static void add_items(lua_State *L, int index, int level, mp_buffer *out) {
  const lua_Integer count = (lua_Integer)lua_rawlen(L, index);
  mp_buffer_addc(out, '[');
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, index, i);
    add_text(L, lua_gettop(L), level + 1, out);
    lua_pop(L, 1);
  }
  mp_buffer_addc(out, ']');
}

/* The map's list of keys is at the stack's top. */
static void add_pairs(lua_State *L, int index, int level, mp_buffer *out) {
  const int keys = lua_gettop(L);
  const lua_Integer count = (lua_Integer)lua_rawlen(L, keys);
  mp_buffer_addc(out, '{');
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, keys, i);
    add_text(L, keys + 1, level + 1, out);
    lua_rawget(L, index);
    add_text(L, keys + 1, level + 1, out);
    lua_pop(L, 1);
  }
  mp_buffer_addc(out, '}');
}

static void add_table(lua_State *L, int index, int level, mp_buffer *out) {
  if (level > MP_YAML_DEPTH) return;
  luaL_checkstack(L, 6, NULL);
  if (mpb_push_layout_keys(L, index)) {
    add_pairs(L, index, level, out);
    lua_pop(L, 1);
  } else if (mpb_is_array(L, index)) {
    add_items(L, index, level, out);
  } else {
    mp_buffer_addf(out, "t%p", lua_topointer(L, index));
  }
}

static void add_value(lua_State *L, int index, mp_buffer *out) {
  mp_value value;
  if (!mpb_value_at(L, index, &value)) {
    mp_buffer_addf(out, "u%p", lua_topointer(L, index));
  } else if (value.kind == MP_VALUE_BYTES) {
    mp_buffer_addf(out, "b%zu:", value.as.bytes.size);
    mp_buffer_add(out, value.as.bytes.data, value.as.bytes.size);
  } else {
    mp_buffer_addf(out, "v%d:", (int)value.kind);
    mp_value_text(&value, out, NULL);
    mp_buffer_addc(out, ';');
  }
}

static void add_text(lua_State *L, int index, int level, mp_buffer *out) {
  size_t size;
  const char *text;
  switch (lua_type(L, index)) {
  case LUA_TSTRING:
    text = lua_tolstring(L, index, &size);
    mp_buffer_addf(out, "s%zu:", size);
    mp_buffer_add(out, text, size);
    break;
  case LUA_TNUMBER:
    if (lua_isinteger(L, index)) {
      mp_buffer_addf(out, "i%lld;", (long long)lua_tointeger(L, index));
    } else {
      mp_buffer_addf(out, "f%a;", lua_tonumber(L, index));
    }
    break;
  case LUA_TBOOLEAN: mp_buffer_adds(out, lua_toboolean(L, index) ? "true;" : "false;"); break;
  case LUA_TTABLE: add_table(L, index, level, out); break;
  case LUA_TUSERDATA: add_value(L, index, out); break;
  default: mp_buffer_addf(out, "p%p;", lua_topointer(L, index));
  }
}

bool mpb_yaml_push_key_text(lua_State *L, int index, mp_buffer *scratch) {
  mp_buffer_clear(scratch);
  add_text(L, index, 0, scratch);
  if (!mp_buffer_ok(scratch)) return false;
  mpb_push_text(L, scratch);
  return true;
}
