/* Maps that keep the order of their keys: layouts, how they are shared, and how `pairs` goes by them. */
#include <stdlib.h>
#include <string.h>

#include "yaml_value.h"

/* Only the addresses count: of what tells a layout from other metatables, of its table { [key] = place }, of the parts
 * that all layouts share in the registry. */
static const char layout_key = 0, places_key = 0, pairs_key = 0;

/* ---- identities ---- */

enum { SHORT_STRING = 40 }; /* up to this length Lua has each string once */

bool mpb_key_identity(lua_State *L, int index, uint64_t *identity) {
  switch (lua_type(L, index)) {
  case LUA_TSTRING:
    *identity = (uint64_t)(uintptr_t)lua_topointer(L, index);
    return lua_rawlen(L, index) <= SHORT_STRING;
  default: return false;
  }
}

static uint64_t hash_of(const uint64_t *keys, uint32_t count) {
  uint64_t hash = count;
  for (uint32_t i = 0; i < count; i++) {
    hash = (hash ^ keys[i]) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 29;
  }
  return hash;
}

static uint32_t slot_of(const mpb_layouts *layouts, const uint64_t *keys, uint32_t count, uint64_t hash) {
  uint32_t at = (uint32_t)hash & (layouts->slot_count - 1);
  for (; layouts->slots[at] != 0; at = (at + 1) & (layouts->slot_count - 1)) {
    const mpb_layout *layout = &layouts->list[layouts->slots[at] - 1];
    if (layout->hash != hash || layout->count != count) continue;
    if (count == 0 || memcmp(layouts->keys + layout->first, keys, count * sizeof *keys) == 0) break;
  }
  return at;
}

uint32_t mpb_layouts_find(const mpb_layouts *layouts, const uint64_t *keys, uint32_t count) {
  if (layouts->slot_count == 0) return 0;
  return layouts->slots[slot_of(layouts, keys, count, hash_of(keys, count))];
}

static bool grow_slots(mpb_layouts *layouts) {
  const uint32_t count = layouts->slot_count == 0 ? 64 : layouts->slot_count * 2;
  uint32_t *slots = calloc(count, sizeof *slots);
  if (slots == NULL) return false;
  free(layouts->slots);
  layouts->slots = slots;
  layouts->slot_count = count;
  for (uint32_t i = 0; i < layouts->count; i++) {
    const mpb_layout *layout = &layouts->list[i];
    const uint64_t *keys = layout->count == 0 ? NULL : layouts->keys + layout->first;
    slots[slot_of(layouts, keys, layout->count, layout->hash)] = i + 1;
  }
  return true;
}

static bool make_room(mpb_layouts *layouts, uint32_t more) {
  if (layouts->count == layouts->capacity) {
    const uint32_t capacity = layouts->capacity == 0 ? 32 : layouts->capacity * 2;
    mpb_layout *list = realloc(layouts->list, capacity * sizeof *list);
    if (list == NULL) return false;
    layouts->list = list;
    layouts->capacity = capacity;
  }
  if (layouts->key_capacity - layouts->key_count < more) {
    const size_t capacity = layouts->key_capacity * 2 + MPB_SMALL_MAP;
    uint64_t *keys = realloc(layouts->keys, capacity * sizeof *keys);
    if (keys == NULL) return false;
    layouts->keys = keys;
    layouts->key_capacity = capacity;
  }
  return layouts->count * 2 < layouts->slot_count || grow_slots(layouts);
}

uint32_t mpb_layouts_add(mpb_layouts *layouts, const uint64_t *keys, uint32_t count) {
  if (!make_room(layouts, count)) return 0;
  const uint64_t hash = hash_of(keys, count);
  const uint32_t slot = slot_of(layouts, keys, count, hash);
  if (count > 0) memcpy(layouts->keys + layouts->key_count, keys, count * sizeof *keys);
  layouts->list[layouts->count] = (mpb_layout){hash, (uint32_t)layouts->key_count, count};
  layouts->key_count += count;
  layouts->slots[slot] = ++layouts->count;
  return layouts->count;
}

void mpb_layouts_finish(mpb_layouts *layouts) {
  free(layouts->list);
  free(layouts->slots);
  free(layouts->keys);
  *layouts = (mpb_layouts){0};
}

/* ---- layouts as metatables ---- */

void mpb_make_layout(lua_State *L) {
  mpb_need_stack(L, 3);
  lua_pushboolean(L, 1);
  lua_rawsetp(L, -2, &layout_key);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &pairs_key);
  lua_setfield(L, -2, "__pairs");
  lua_pushliteral(L, "mp.yaml.map");
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__name");
  lua_setfield(L, -2, "__metatable");
}

bool mpb_push_layout_keys(lua_State *L, int index) {
  if (!lua_istable(L, index) || !lua_getmetatable(L, index)) return false;
  const bool is_layout = lua_rawgetp(L, -1, &layout_key) != LUA_TNIL;
  lua_pop(L, is_layout ? 1 : 2);
  return is_layout;
}

bool mpb_is_map(lua_State *L, int index) {
  if (!mpb_push_layout_keys(L, index)) return false;
  lua_pop(L, 1);
  return true;
}

void mpb_push_layout_places(lua_State *L, int index) {
  mpb_need_stack(L, 5);
  lua_getmetatable(L, index);
  if (lua_rawgetp(L, -1, &places_key) != LUA_TTABLE) {
    lua_pop(L, 1);
    const lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    lua_createtable(L, 0, count > INT32_MAX ? 0 : (int)count);
    for (lua_Integer i = 1; i <= count; i++) {
      lua_rawgeti(L, -2, i);
      lua_pushinteger(L, i);
      lua_rawset(L, -3);
    }
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, &places_key);
  }
  lua_remove(L, -2);
}

/* ---- pairs ---- */

enum { LIST = lua_upvalueindex(2), PLACE = lua_upvalueindex(3), PLACES = lua_upvalueindex(4) };

/* The keys that were added to the map after it was made, in Lua's order. */
static int next_added(lua_State *L) {
  if (lua_isnil(L, PLACES)) {
    lua_settop(L, 1); /* the key that the loop has is the layout's last: the others begin anew */
    mpb_push_layout_places(L, 1);
    lua_copy(L, -1, PLACES);
    lua_settop(L, 1);
    lua_pushnil(L);
  }
  while (lua_next(L, 1) != 0) {
    lua_pushvalue(L, -2);
    const bool is_known = lua_rawget(L, PLACES) != LUA_TNIL;
    lua_pop(L, 1);
    if (!is_known) return 2;
    lua_pop(L, 1);
  }
  return 0;
}

static int l_next(lua_State *L) {
  lua_Integer place = lua_tointeger(L, PLACE);
  lua_settop(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  if (place < 0) return next_added(L);
  for (;;) {
    if (lua_rawgeti(L, LIST, ++place) == LUA_TNIL) break;
    lua_pushvalue(L, -1);
    if (lua_rawget(L, 1) != LUA_TNIL) {
      lua_pushinteger(L, place);
      lua_replace(L, PLACE);
      return 2;
    }
    lua_pop(L, 2);
  }
  lua_pushinteger(L, -1);
  lua_replace(L, PLACE);
  return next_added(L);
}

static int l_pairs(lua_State *L) {
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  if (!mpb_push_layout_keys(L, 1)) return luaL_argerror(L, 1, "an mp.yaml.map expected");
  lua_pushinteger(L, 0);
  lua_pushnil(L);
  lua_pushcclosure(L, l_next, 4);
  lua_pushvalue(L, 1);
  return 2;
}

/* ---- made by a script ---- */

static int refuse_pair(lua_State *L, lua_Integer place, const char *why) {
  return mpb_usage(L, "say mp.yaml.map { { \"name\", \"x\" }, { \"size\", 3 } }", "mp.yaml.map: pair %lld %s",
                   (long long)place, why);
}

/* Pushes key and value of the pair at `place` of the list at 1. */
static void push_pair(lua_State *L, lua_Integer place) {
  if (lua_rawgeti(L, 1, place) != LUA_TTABLE) refuse_pair(L, place, "is no table { key, value }");
  const int key = lua_rawgeti(L, -1, 1);
  if (key == LUA_TNIL || (key == LUA_TNUMBER && lua_tonumber(L, -1) != lua_tonumber(L, -1))) {
    refuse_pair(L, place, "has no key");
  }
  if (lua_rawgeti(L, -2, 2) == LUA_TNIL) refuse_pair(L, place, "has no value: for YAML's null say mp.null");
  lua_remove(L, -3);
}

/* map { { key, value }, ... } -> the map in this order. */
static int l_map(lua_State *L) {
  lua_settop(L, 1);
  if (!lua_isnil(L, 1) && !lua_istable(L, 1)) return mpb_bad_argument(L, 1, "the argument of mp.yaml.map", "a list");
  if (lua_isnil(L, 1)) {
    lua_newtable(L);
    lua_replace(L, 1);
  }
  const lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
  lua_createtable(L, 0, count > INT32_MAX ? 0 : (int)count); /* at 2 */
  lua_createtable(L, count > INT32_MAX ? 0 : (int)count, 0); /* at 3: the keys */
  for (lua_Integer i = 1; i <= count; i++) {
    push_pair(L, i);
    lua_pushvalue(L, -2);
    if (lua_rawget(L, 2) != LUA_TNIL) {
      refuse_pair(L, i, lua_pushfstring(L, "has the key %s, which is there before", luaL_tolstring(L, 4, NULL)));
    }
    lua_pop(L, 1);
    lua_pushvalue(L, 4);
    lua_rawseti(L, 3, i);
    lua_rawset(L, 2);
  }
  mpb_make_layout(L);
  lua_setmetatable(L, 2);
  return 1;
}

static int l_is_map(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, mpb_is_map(L, 1));
  return 1;
}

void mpb_open_yaml_map(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg functions[] = {{"map", l_map}, {"is_map", l_is_map}, {NULL, NULL}};
  lua_pushlightuserdata(L, runtime);
  lua_pushcclosure(L, l_pairs, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &pairs_key);
  mpb_set_functions(L, runtime, functions);
}
