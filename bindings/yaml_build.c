/* Events of a YAML document into Lua values, in one pass: what a list or a small map holds waits on the Lua stack until
 * it is complete, so that its table is made with the right size. */
#include <math.h>

#include "yaml_value.h"

static bool fail_at(mpb_yaml_decoder *decoder, const mpb_yaml_frame *up) {
  return mpb_yaml_fail_at(decoder->L, decoder->error, up);
}

bool mpb_yaml_advance(mpb_yaml_decoder *decoder, const mpb_yaml_frame *up) {
  return mp_yaml_next(decoder->box->reader, &decoder->event, decoder->error) || fail_at(decoder, up);
}

/* ---- scalars ---- */

static bool push_value(mpb_yaml_decoder *decoder) {
  lua_State *L = decoder->L;
  const mp_value *value = &decoder->event.value;
  switch (value->kind) {
  case MP_VALUE_TEXT:
    mpb_yaml_push_string(L, decoder->box->strings, decoder->strings, value->as.bytes.data, value->as.bytes.size);
    return true;
  case MP_VALUE_NULL: lua_pushlightuserdata(L, NULL); return true;
  case MP_VALUE_BYTES:
    lua_pushlstring(L, value->as.bytes.data, value->as.bytes.size);
    mpb_wrap_string(L, MP_VALUE_BYTES);
    return true;
  default: return mpb_push_value(L, &decoder->values, value, decoder->error);
  }
}

/* Replaces the value on top of the stack by what the script's function makes of it. */
static bool apply_tag(mpb_yaml_decoder *decoder, const char *tag, mp_yaml_mark mark, const mpb_yaml_frame *up) {
  lua_State *L = decoder->L;
  mpb_need_stack(L, 4);
  lua_pushvalue(L, decoder->tag);
  lua_pushstring(L, tag);
  lua_rotate(L, -3, -1);
  lua_call(L, 2, 1);
  if (!lua_isnil(L, -1)) return true;
  mp_yaml_fail(decoder->box->reader, mark, decoder->error, "the script's function made nothing of the tag");
  return fail_at(decoder, up);
}

/* What an alias may mean later. */
static void keep_anchor(mpb_yaml_decoder *decoder, uint32_t anchor) {
  if (anchor == 0) return;
  lua_pushvalue(decoder->L, -1);
  lua_rawseti(decoder->L, decoder->anchors, anchor);
}

static bool push_scalar(mpb_yaml_decoder *decoder, const mpb_yaml_frame *up) {
  const mp_yaml_event event = decoder->event;
  if (!push_value(decoder)) return fail_at(decoder, up);
  if (event.tag != NULL && !apply_tag(decoder, event.tag, event.mark, up)) return false;
  keep_anchor(decoder, event.anchor);
  return true;
}

static bool push_alias(mpb_yaml_decoder *decoder, const mpb_yaml_frame *up) {
  lua_rawgeti(decoder->L, decoder->anchors, decoder->event.anchor);
  return mpb_yaml_copy(decoder) || fail_at(decoder, up);
}

/* Of a list or map whose table is on top of the stack. `tag`: the stack index of its tag's text, or 0. */
static bool finish(mpb_yaml_decoder *decoder, int tag, mp_yaml_mark mark, uint32_t anchor, const mpb_yaml_frame *up) {
  if (tag != 0 && !apply_tag(decoder, lua_tostring(decoder->L, tag), mark, up)) return false;
  keep_anchor(decoder, anchor);
  return true;
}

/* ---- positions ---- */

/* Sets target[value at `index`] to the table on top of the stack, and pops it. */
static void attach(lua_State *L, int target, int index) {
  lua_pushvalue(L, index);
  lua_insert(L, -2);
  lua_rawset(L, target);
}

/* ---- lists ---- */

enum { CHUNK = 64 };

/* Moves the values above `table` into it. */
static void flush_list(lua_State *L, int table, lua_Integer count) {
  for (int i = lua_gettop(L); i > table; i--)
    lua_rawseti(L, table, count--);
}

/* Puts a list with the values above `base` at `base`, whose own value is lost. */
static void make_list(mpb_yaml_decoder *decoder, int base) {
  lua_State *L = decoder->L;
  const int count = lua_gettop(L) - base;
  lua_createtable(L, count, 0);
  lua_pushvalue(L, mpb_metatable_slot(&decoder->values, MP_VALUE_ARRAY));
  lua_setmetatable(L, -2);
  lua_replace(L, base);
}

static bool read_items(mpb_yaml_decoder *decoder, mpb_yaml_frame *here, int base, int places) {
  lua_State *L = decoder->L;
  bool is_made = false;
  here->place = 1;
  for (;; here->place++) {
    if (!mpb_yaml_advance(decoder, here)) return false;
    if (decoder->event.type == MP_YAML_CLOSE) break;
    const lua_Integer position = mpb_yaml_position(decoder->event.mark);
    if (!mpb_yaml_push(decoder, here)) return false;
    if (places != 0) {
      lua_pushinteger(L, position);
      lua_rawseti(L, places, here->place);
    }
    if (lua_gettop(L) - base < CHUNK) continue;
    if (!is_made) make_list(decoder, base);
    is_made = true;
    flush_list(L, base, here->place);
  }
  if (!is_made) make_list(decoder, base);
  flush_list(L, base, here->place - 1);
  return true;
}

static bool push_list(mpb_yaml_decoder *decoder, const mpb_yaml_frame *up) {
  lua_State *L = decoder->L;
  const mp_yaml_event event = decoder->event;
  mpb_yaml_frame here = {.up = up};
  mpb_need_stack(L, CHUNK + 16);
  const int result = lua_gettop(L) + 1;
  if (event.tag != NULL) lua_pushstring(L, event.tag);
  const int places = decoder->positions == 0 ? 0 : lua_gettop(L) + 1;
  if (places != 0) lua_newtable(L);
  lua_pushnil(L);
  const int base = lua_gettop(L);
  if (!read_items(decoder, &here, base, places)) return false;
  if (places != 0) {
    lua_pushvalue(L, places);
    attach(L, decoder->positions, base);
  }
  if (!finish(decoder, event.tag == NULL ? 0 : result, event.mark, event.anchor, up)) return false;
  if (base > result) lua_replace(L, result);
  lua_settop(L, result);
  return true;
}

/* ---- maps ---- */

/* A map that is being read. Its key and value pairs wait at pair and above, until it is complete, or until there are
 * too many of them or a merge key comes; from then on they go into the table at `pair`, their keys into the list behind
 * it, and what a merge key brought into the set behind that. */
typedef struct map_builder {
  mpb_yaml_frame here;
  int pair;               /* stack index                                              */
  int places, key_places; /* of the tables of positions, or 0                         */
  bool is_large;          /* see above                                                */
  bool has_identities;    /* all keys so far have one                                 */
  uint32_t count;         /* of pairs                                                 */
  lua_Integer key_count;  /* of the list of keys                                      */
  uint64_t identities[MPB_SMALL_MAP];
  mp_yaml_mark marks[MPB_SMALL_MAP]; /* of the keys, for the complaint about two of one name   */
} map_builder;

static bool refuse_twice(mpb_yaml_decoder *decoder, const map_builder *map, int key, mp_yaml_mark mark) {
  const char *shown = lua_type(decoder->L, key) == LUA_TSTRING ? lua_tostring(decoder->L, key) : NULL;
  if (shown != NULL) {
    mp_yaml_fail(decoder->box->reader, mark, decoder->error, "the key \"%.60s\" is there twice", shown);
  } else {
    mp_yaml_fail(decoder->box->reader, mark, decoder->error, "a key is there twice");
  }
  return fail_at(decoder, map->here.up);
}

enum { LIST_OF_KEYS = 1, MERGED = 2 }; /* behind the table of a large map */

static const char odd_key = 0; /* of the set of texts of odd keys, in the set of merged ones */

/* Says in *is_twice whether a key that Lua knows by its address only equals one before it. */
static bool look_for_odd(mpb_yaml_decoder *decoder, const map_builder *map, int key, bool *is_twice) {
  lua_State *L = decoder->L;
  *is_twice = false;
  if (lua_type(L, key) != LUA_TTABLE && lua_type(L, key) != LUA_TUSERDATA) return true;
  if (lua_rawgetp(L, map->pair + MERGED, &odd_key) == LUA_TNIL) {
    lua_newtable(L);
    lua_replace(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, map->pair + MERGED, &odd_key);
  }
  if (!mpb_yaml_push_key_text(L, key, &mpb_runtime_of(L)->text)) return mp_error_set_memory(decoder->error);
  lua_pushvalue(L, -1);
  *is_twice = lua_rawget(L, -3) != LUA_TNIL;
  lua_pop(L, 1);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  return true;
}

/* Moves the pair at the stack's top into a large map. */
static bool add_pair(mpb_yaml_decoder *decoder, map_builder *map, mp_yaml_mark mark, bool is_merged) {
  lua_State *L = decoder->L;
  const int table = map->pair, key = lua_gettop(L) - 1;
  bool is_twice;
  if (!look_for_odd(decoder, map, key, &is_twice)) return false;
  if (is_twice) return is_merged ? (lua_pop(L, 2), true) : refuse_twice(decoder, map, key, mark);
  lua_pushvalue(L, key);
  const bool is_there = lua_rawget(L, table) != LUA_TNIL;
  lua_pop(L, 1);
  if (is_there) {
    if (is_merged) return lua_pop(L, 2), true;
    lua_pushvalue(L, key);
    const bool was_merged = lua_rawget(L, table + MERGED) != LUA_TNIL;
    lua_pop(L, 1);
    if (!was_merged) return refuse_twice(decoder, map, key, mark);
  } else {
    lua_pushvalue(L, key);
    lua_rawseti(L, table + LIST_OF_KEYS, ++map->key_count);
  }
  if (is_there || is_merged) {
    lua_pushvalue(L, key);
    if (is_merged) {
      lua_pushboolean(L, 1);
    } else {
      lua_pushnil(L);
    }
    lua_rawset(L, table + MERGED);
  }
  lua_rawset(L, table);
  return true;
}

/* From pairs on the stack to a table. */
static bool make_large(mpb_yaml_decoder *decoder, map_builder *map) {
  lua_State *L = decoder->L;
  const int first = map->pair, count = (int)map->count;
  lua_createtable(L, 0, 2 * count);
  lua_createtable(L, 2 * count, 0);
  lua_newtable(L);
  lua_rotate(L, first, 3);
  map->is_large = true;
  map->key_count = 0;
  for (int i = 0; i < count; i++) {
    lua_pushvalue(L, first + 3 + 2 * i);
    lua_pushvalue(L, first + 4 + 2 * i);
    if (!add_pair(decoder, map, map->marks[i], false)) return false;
  }
  lua_settop(L, first + 2);
  return true;
}

static bool take_pair(mpb_yaml_decoder *decoder, map_builder *map, mp_yaml_mark mark) {
  lua_State *L = decoder->L;
  if (map->is_large) return add_pair(decoder, map, mark, false);
  map->marks[map->count] = mark;
  if (map->has_identities) {
    map->has_identities = mpb_key_identity(L, lua_gettop(L) - 1, &map->identities[map->count]);
  }
  map->count++;
  return true;
}

/* ---- merge keys ---- */

static bool refuse_merge(mpb_yaml_decoder *decoder, const map_builder *map, mp_yaml_mark mark) {
  mp_yaml_fail(decoder->box->reader, mark, decoder->error, "a merge key, <<, takes a map or a list of maps");
  if (decoder->error != NULL && *decoder->error != NULL) {
    mp_error_put(*decoder->error, MP_ERROR_HINT, "merge = false makes << a key like others");
  }
  return fail_at(decoder, &map->here);
}

/* The positions in `from` (positions, or those of keys) of the merged map at `source`, for a key. */
static void merge_position(mpb_yaml_decoder *decoder, int all, int source, int key, int to) {
  lua_State *L = decoder->L;
  if (to == 0) return;
  lua_pushvalue(L, source);
  if (lua_rawget(L, all) == LUA_TTABLE) {
    lua_pushvalue(L, key);
    lua_pushvalue(L, key);
    lua_rawget(L, -3);
    lua_rawset(L, to);
  }
  lua_pop(L, 1);
}

/* Adds what the map at the stack's top has, and pops it. */
static bool merge_map(mpb_yaml_decoder *decoder, map_builder *map, mp_yaml_mark mark) {
  lua_State *L = decoder->L;
  const int source = lua_gettop(L);
  if (!mpb_push_layout_keys(L, source)) return refuse_merge(decoder, map, mark);
  const lua_Integer count = (lua_Integer)lua_rawlen(L, source + 1);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, source + 1, i);
    lua_pushvalue(L, -1);
    lua_rawget(L, source);
    const int key = source + 2;
    lua_pushvalue(L, key);
    const bool is_there = lua_rawget(L, map->pair) != LUA_TNIL;
    lua_pop(L, 1);
    if (!is_there) {
      merge_position(decoder, decoder->positions, source, key, map->places);
      merge_position(decoder, decoder->keys, source, key, map->key_places);
    }
    if (!add_pair(decoder, map, mark, true)) return false;
  }
  lua_settop(L, source - 1);
  return true;
}

/* The value of a merge key is at the stack's top, and is popped. */
static bool merge(mpb_yaml_decoder *decoder, map_builder *map, mp_yaml_mark mark) {
  lua_State *L = decoder->L;
  const int value = lua_gettop(L);
  mpb_need_stack(L, 12);
  if (!mpb_is_array(L, value)) return merge_map(decoder, map, mark);
  const lua_Integer count = (lua_Integer)lua_rawlen(L, value);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, value, i);
    if (!merge_map(decoder, map, mark)) return false;
  }
  lua_settop(L, value - 1);
  return true;
}

/* ---- the whole map ---- */

static bool check_key(mpb_yaml_decoder *decoder, const map_builder *map, mp_yaml_mark mark) {
  lua_State *L = decoder->L;
  if (lua_type(L, -1) != LUA_TNUMBER || !isnan(lua_tonumber(L, -1))) return true;
  mp_yaml_fail(decoder->box->reader, mark, decoder->error, ".nan cannot be a key: it does not equal itself");
  return fail_at(decoder, map->here.up);
}

static void note_positions(mpb_yaml_decoder *decoder, const map_builder *map, mp_yaml_mark key, mp_yaml_mark value) {
  lua_State *L = decoder->L; /* key and value at the top */
  if (map->places == 0) return;
  lua_pushvalue(L, -2);
  lua_pushinteger(L, mpb_yaml_position(value));
  lua_rawset(L, map->places);
  lua_pushvalue(L, -2);
  lua_pushinteger(L, mpb_yaml_position(key));
  lua_rawset(L, map->key_places);
}

static bool read_pair(mpb_yaml_decoder *decoder, map_builder *map) {
  lua_State *L = decoder->L;
  const mp_yaml_mark key = decoder->event.mark;
  const bool is_merge = decoder->event.type == MP_YAML_SCALAR && decoder->event.is_merge_key;
  map->here.key = 0;
  if (!mpb_yaml_push(decoder, &map->here) || !check_key(decoder, map, key)) return false;
  map->here.key = lua_gettop(L);
  if (!mpb_yaml_advance(decoder, &map->here)) return false;
  const mp_yaml_mark value = decoder->event.mark;
  if (!mpb_yaml_push(decoder, &map->here)) return false;
  if (!is_merge) {
    note_positions(decoder, map, key, value);
    return take_pair(decoder, map, key);
  }
  lua_remove(L, -2); /* the key */
  map->here.key = 0;
  if (!map->is_large) {
    lua_insert(L, map->pair); /* below the pairs, which make room for three tables */
    map->pair++;
    if (!make_large(decoder, map)) return false;
    lua_pushvalue(L, map->pair - 1);
    lua_remove(L, map->pair - 1);
    map->pair--;
  }
  return merge(decoder, map, value);
}

/* A small map whose keys are like those of one before it. */
static void make_alike(mpb_yaml_decoder *decoder, const map_builder *map, uint32_t layout) {
  lua_State *L = decoder->L;
  lua_createtable(L, 0, (int)map->count);
  lua_insert(L, map->pair);
  for (uint32_t i = 0; i < map->count; i++)
    lua_rawset(L, map->pair);
  lua_rawgeti(L, decoder->layouts, layout);
  lua_setmetatable(L, map->pair);
}

/* A small map with strings as keys, the first of its kind: the table and its layout have no room to spare. */
static bool make_first(mpb_yaml_decoder *decoder, map_builder *map) {
  lua_State *L = decoder->L;
  mpb_layouts *known = &decoder->box->layouts;
  const int table = map->pair, layout = map->pair + 1, first = map->pair + 2;
  lua_createtable(L, 0, (int)map->count);
  lua_createtable(L, (int)map->count, MPB_LAYOUT_FIELDS);
  lua_rotate(L, table, 2);
  for (int i = 0; i < (int)map->count; i++) {
    lua_pushvalue(L, first + 2 * i);
    if (lua_rawget(L, table) != LUA_TNIL) return refuse_twice(decoder, map, first + 2 * i, map->marks[i]);
    lua_pop(L, 1);
    lua_pushvalue(L, first + 2 * i);
    lua_pushvalue(L, -1);
    lua_rawseti(L, layout, i + 1);
    lua_pushvalue(L, first + 2 * i + 1);
    lua_rawset(L, table);
  }
  lua_settop(L, layout);
  mpb_make_layout(L);
  if (known->count < MPB_MOST_LAYOUTS) {
    const uint32_t number = mpb_layouts_add(known, map->identities, map->count);
    if (number == 0) return mp_error_set_memory(decoder->error);
    lua_pushvalue(L, layout);
    lua_rawseti(L, decoder->layouts, number);
  }
  lua_setmetatable(L, table);
  return true;
}

/* Puts the complete map at map->pair. */
static bool make_map(mpb_yaml_decoder *decoder, map_builder *map) {
  lua_State *L = decoder->L;
  if (!map->is_large && map->has_identities) {
    const uint32_t layout = mpb_layouts_find(&decoder->box->layouts, map->identities, map->count);
    if (layout == 0) return make_first(decoder, map);
    make_alike(decoder, map, layout);
    return true;
  }
  if (!map->is_large && !make_large(decoder, map)) return false;
  lua_settop(L, map->pair + LIST_OF_KEYS);
  mpb_make_layout(L);
  lua_setmetatable(L, map->pair);
  return true;
}

static bool read_pairs(mpb_yaml_decoder *decoder, map_builder *map) {
  for (;;) {
    map->here.key = 0;
    if (!mpb_yaml_advance(decoder, &map->here)) return false;
    if (decoder->event.type == MP_YAML_CLOSE) break;
    if (map->count == MPB_SMALL_MAP && !map->is_large && !make_large(decoder, map)) return false;
    if (!read_pair(decoder, map)) return false;
  }
  return make_map(decoder, map);
}

static void attach_positions(mpb_yaml_decoder *decoder, const map_builder *map) {
  lua_State *L = decoder->L;
  if (map->places == 0) return;
  lua_pushvalue(L, map->places);
  attach(L, decoder->positions, map->pair);
  lua_pushvalue(L, map->key_places);
  attach(L, decoder->keys, map->pair);
}

static bool push_map(mpb_yaml_decoder *decoder, const mpb_yaml_frame *up) {
  lua_State *L = decoder->L;
  const mp_yaml_event event = decoder->event;
  map_builder map;
  map.here = (mpb_yaml_frame){.up = up};
  map.is_large = false;
  map.has_identities = true;
  map.count = 0;
  map.places = map.key_places = 0;
  mpb_need_stack(L, 2 * MPB_SMALL_MAP + 24);
  const int result = lua_gettop(L) + 1;
  if (event.tag != NULL) lua_pushstring(L, event.tag);
  if (decoder->positions != 0) {
    lua_newtable(L);
    map.places = lua_gettop(L);
    lua_newtable(L);
    map.key_places = lua_gettop(L);
  }
  map.pair = lua_gettop(L) + 1;
  if (!read_pairs(decoder, &map)) return false;
  lua_settop(L, map.pair);
  attach_positions(decoder, &map);
  if (!finish(decoder, event.tag == NULL ? 0 : result, event.mark, event.anchor, up)) return false;
  if (map.pair > result) lua_replace(L, result);
  lua_settop(L, result);
  return true;
}

bool mpb_yaml_push(mpb_yaml_decoder *decoder, const mpb_yaml_frame *up) {
  switch (decoder->event.type) {
  case MP_YAML_SCALAR: return push_scalar(decoder, up);
  case MP_YAML_LIST: return push_list(decoder, up);
  case MP_YAML_MAP: return push_map(decoder, up);
  default: return push_alias(decoder, up);
  }
}
