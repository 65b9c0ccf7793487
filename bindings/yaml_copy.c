/* What an alias gives: a copy of what its anchor names, so that no two places of a document share a table. */
#include "yaml_value.h"

static bool copy(mpb_yaml_decoder *decoder, int level);

/* The positions of the table at `from` are those of its copy at `to`. */
static void share_positions(lua_State *L, int all, int from, int to) {
  if (all == 0) return;
  lua_pushvalue(L, from);
  if (lua_rawget(L, all) == LUA_TTABLE) {
    lua_pushvalue(L, to);
    lua_insert(L, -2);
    lua_rawset(L, all);
  } else {
    lua_pop(L, 1);
  }
}

static bool copy_list(mpb_yaml_decoder *decoder, int from, int to, int level) {
  lua_State *L = decoder->L;
  const lua_Integer count = (lua_Integer)lua_rawlen(L, from);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, from, i);
    if (!copy(decoder, level)) return false;
    lua_rawseti(L, to, i);
  }
  return true;
}

/* Keys that are tables have to be copied too, and then the copy needs a layout of its own. */
static bool copy_map(mpb_yaml_decoder *decoder, int from, int to, int level) {
  lua_State *L = decoder->L;
  bool has_table_keys = false;
  const int keys = lua_gettop(L); /* the list of keys is at the top */
  const lua_Integer count = (lua_Integer)lua_rawlen(L, keys);
  for (lua_Integer i = 1; i <= count; i++) {
    if (lua_rawgeti(L, keys, i) == LUA_TTABLE) {
      if (!has_table_keys) {
        lua_createtable(L, (int)count, 0);
        for (lua_Integer j = 1; j < i; j++) {
          lua_rawgeti(L, keys, j);
          lua_rawseti(L, -2, j);
        }
        lua_insert(L, keys + 1);
      }
      has_table_keys = true;
    }
    lua_pushvalue(L, -1); /* key, key */
    if (!copy(decoder, level)) return false;
    if (has_table_keys) {
      lua_pushvalue(L, -1);
      lua_rawseti(L, keys + 1, i);
    }
    lua_insert(L, -2); /* copied key, key */
    lua_rawget(L, from);
    if (!copy(decoder, level)) return false;
    lua_rawset(L, to);
  }
  if (has_table_keys) {
    mpb_make_layout(L);
    lua_setmetatable(L, to);
  }
  return true;
}

/* Replaces the table on top of the stack. What the script's function for tags has made stays as it is. */
static bool copy_table(mpb_yaml_decoder *decoder, int level) {
  lua_State *L = decoder->L;
  const int from = lua_gettop(L), to = from + 1;
  mpb_need_stack(L, 12);
  const bool is_list = mpb_is_array(L, from);
  if (!is_list && !mpb_is_map(L, from)) return true;
  if (level == MP_YAML_DEPTH || decoder->copies_left == 0) {
    return mp_yaml_fail(decoder->box->reader, decoder->event.mark, decoder->error,
                        "the alias repeats something without end");
  }
  decoder->copies_left--;
  lua_createtable(L, is_list ? (int)lua_rawlen(L, from) : 0, 0);
  lua_getmetatable(L, from);
  lua_setmetatable(L, to);
  if (!is_list) mpb_push_layout_keys(L, from);
  if (is_list ? !copy_list(decoder, from, to, level + 1) : !copy_map(decoder, from, to, level + 1)) return false;
  share_positions(L, decoder->positions, from, to);
  share_positions(L, decoder->keys, from, to);
  lua_settop(L, to);
  lua_replace(L, from);
  return true;
}

static bool copy(mpb_yaml_decoder *decoder, int level) {
  return lua_type(decoder->L, -1) != LUA_TTABLE || copy_table(decoder, level);
}

bool mpb_yaml_copy(mpb_yaml_decoder *decoder) {
  return copy(decoder, 0);
}
