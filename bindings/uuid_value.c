/* mp.uuid: new UUIDs, as text. */
#include <string.h>

#include "base/uuid.h"
#include "value_types.h"

static int version_of(lua_State *L, int index) {
  enum { DEFAULT = 4, ORDERED = 7 };
  if (lua_isnoneornil(L, index)) return DEFAULT;
  if (!lua_istable(L, index)) return mpb_wrong_type(L, index, "mp.uuid", "nothing, or { version = 7 }");
  lua_pushnil(L);
  int version = DEFAULT;
  while (lua_next(L, index) != 0) {
    const bool is_version = lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), "version") == 0;
    lua_pushvalue(L, -2);
    if (!is_version)
      return mpb_usage(L, NULL, "mp.uuid has no option %s; its option is version", luaL_tolstring(L, -1, NULL));
    lua_pop(L, 1);
    version = lua_isinteger(L, -1) && lua_tointeger(L, -1) == ORDERED ? ORDERED : DEFAULT;
    if (version == DEFAULT && !(lua_isinteger(L, -1) && lua_tointeger(L, -1) == DEFAULT)) {
      return mpb_usage(L, NULL, "the version of mp.uuid is %s; expected 4 (random) or 7 (in order of time)",
                       luaL_tolstring(L, -1, NULL));
    }
    lua_pop(L, 1);
  }
  return version;
}

static int l_uuid(lua_State *L) {
  unsigned char uuid[MP_UUID_SIZE];
  char text[MP_UUID_TEXT];
  if (version_of(L, 1) == 7) {
    mp_uuid_ordered(uuid);
  } else {
    mp_uuid_random(uuid);
  }
  mp_uuid_format(uuid, text);
  lua_pushlstring(L, text, sizeof text);
  return 1;
}

void mpb_open_uuid(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg functions[] = {{"uuid", l_uuid}, {NULL, NULL}};
  mpb_set_functions(L, runtime, functions);
}
