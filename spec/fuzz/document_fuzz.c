/* A text as YAML documents in Lua: what mp.yaml.decode reads, mp.yaml.encode writes so that it reads back as the same,
 * in the same order; what it refuses, it refuses with an error of its own. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "support.h"

int luaopen_moonpool_core(lua_State *L);

static const char script[] =
    "local core = ...\n"
    "local yaml, null = core.yaml, core.null\n"
    "local same\n"
    "local function same_tables(a, b)\n"
    "  assert(core.array.is(a) == core.array.is(b) and yaml.is_map(a) == yaml.is_map(b), 'another kind of table')\n"
    "  local next_a, state_a, key_a = pairs(a)\n"
    "  local next_b, state_b, key_b = pairs(b)\n"
    "  repeat\n"
    "    local value_a, value_b\n"
    "    key_a, value_a = next_a(state_a, key_a)\n"
    "    key_b, value_b = next_b(state_b, key_b)\n"
    "    same(key_a, key_b)\n"
    "    same(value_a, value_b)\n"
    "  until key_a == nil\n"
    "end\n"
    "function same(a, b)\n"
    "  if type(a) == 'table' and type(b) == 'table' then return same_tables(a, b) end\n"
    "  if core.bytes.is(a) then a, b = a:string(), b:string() end\n"
    "  if type(a) == 'userdata' then a, b = tostring(a), tostring(b) end\n"
    "  if a ~= a then return assert(b ~= b, 'no .nan') end\n"
    "  assert(a == b and math.type(a) == math.type(b), 'another value')\n"
    "end\n"
    "local function again(value, indent, width)\n"
    "  local ok, text = pcall(yaml.encode, value, { indent = indent, width = width })\n"
    "  if not ok then return assert(text.kind == 'usage' and tostring(text):find 'timestamps', tostring(text)) end\n"
    "  local options = { max_bytes = 1 << 26, max_key = 1 << 26, decimals = 'numeric' }\n"
    "  local read, result = pcall(yaml.decode, text, options)\n"
    "  assert(read, tostring(result))\n"
    "  same(value, result)\n"
    "end\n"
    "return function(text)\n"
    "  local options = { decimals = 'numeric', max_nodes = 5000, positions = text:byte(-1) == 10 and {} or nil,\n"
    "    tag = text:byte(-2) == 10 and function(_, value) return value end or nil }\n"
    "  local ok, result = pcall(yaml.decode_all, text, options)\n"
    "  if not ok then return assert(core.is_error(result) and result.kind == 'yaml', tostring(result)) end\n"
    "  for i = 1, #result do again(result[i], 2 + #text % 8, #text % 3 * 20) end\n"
    "end\n";

static int traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

/* The one state, with the function that tries a text at the stack's top, above `traceback`. */
static lua_State *state(void) {
  static lua_State *L = NULL;
  if (L != NULL) return L;
  L = luaL_newstate();
  PROMISE(L != NULL);
  luaL_openlibs(L);
  lua_pushcfunction(L, traceback);
  PROMISE(luaL_loadstring(L, script) == LUA_OK);
  lua_pushcfunction(L, luaopen_moonpool_core);
  lua_call(L, 0, 1);
  lua_call(L, 1, 1);
  return L;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lua_State *L = state();
  lua_pushvalue(L, -1);
  lua_pushlstring(L, (const char *)data, size);
  if (lua_pcall(L, 1, 0, 1) != LUA_OK) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    abort();
  }
  return 0;
}
