/* JSON text into Lua tables, which are made with their exact sizes from the reader's tape. */
#include "codec/json.h"

#include "value_types.h"

static const char tape_key = 0; /* of the tape in the registry, or of `false` while somebody has it */

static int l_free_tape(lua_State *L) {
  mp_json_tape_finish(lua_touserdata(L, 1));
  return 0;
}

static mp_json_tape *new_tape(lua_State *L) {
  mp_json_tape *tape = lua_newuserdatauv(L, sizeof *tape, 0);
  mp_json_tape_init(tape);
  if (luaL_newmetatable(L, "moonpool.json_tape")) {
    lua_pushcfunction(L, l_free_tape);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return tape;
}

/* Pushes a tape that is ours alone: making tables may run a finaliser that reads JSON too, and gets another then. */
static mp_json_tape *take_tape(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &tape_key) != LUA_TUSERDATA) {
    lua_pop(L, 1);
    return new_tape(L);
  }
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &tape_key);
  return lua_touserdata(L, -1);
}

/* Gives back the tape at `index`, unless a large document has made it large. */
static void give_tape(lua_State *L, int index) {
  enum { KEPT = 1 << 16 };
  mp_json_tape *tape = lua_touserdata(L, index);
  if (tape->capacity > KEPT || tape->strings.capacity > KEPT * sizeof *tape->nodes) mp_json_tape_finish(tape);
  lua_pushvalue(L, index);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &tape_key);
}

void mpb_open_json_read(lua_State *L) {
  new_tape(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &tape_key);
}

/* ---- nodes ---- */

static bool push_decimal(lua_State *L, const mpb_values *values, const mp_json_node *node, mp_error **error) {
  mp_buffer *scratch = &values->runtime->scratch;
  if (!mp_numeric_parse(node->as.text, node->count, scratch, error)) {
    if (error != NULL) mp_error_put_kind(*error, MP_ERROR_DECODE);
    return false;
  }
  const mp_value value = {.kind = MP_VALUE_NUMERIC, .as.numeric = mp_numeric_in(scratch)};
  return mpb_push_value(L, values, &value, error);
}

/* Pushes the value whose nodes begin at `node`. Returns the node behind it, or NULL. */
static const mp_json_node *push_node(lua_State *L, const mpb_values *values, const mp_json_node *node,
                                     mp_error **error) {
  const uint32_t count = node->count;
  const mp_json_node *next = node + 1;
  switch ((mp_json_type)node->type) {
  case MP_JSON_NULL: lua_pushlightuserdata(L, NULL); return next;
  case MP_JSON_FALSE: lua_pushboolean(L, 0); return next;
  case MP_JSON_TRUE: lua_pushboolean(L, 1); return next;
  case MP_JSON_INTEGER: lua_pushinteger(L, node->as.integer); return next;
  case MP_JSON_FLOAT: lua_pushnumber(L, node->as.number); return next;
  case MP_JSON_NUMBER: return push_decimal(L, values, node, error) ? next : NULL;
  case MP_JSON_STRING: lua_pushlstring(L, node->as.text, count); return next;
  case MP_JSON_ARRAY:
    mpb_need_stack(L, 6);
    lua_createtable(L, (int)count, 0);
    lua_pushvalue(L, mpb_metatable_slot(values, MP_VALUE_ARRAY));
    lua_setmetatable(L, -2);
    for (uint32_t i = 1; i <= count && next != NULL; i++) {
      next = push_node(L, values, next, error);
      if (next != NULL) lua_rawseti(L, -2, i);
    }
    return next;
  case MP_JSON_OBJECT:
    mpb_need_stack(L, 6);
    lua_createtable(L, 0, (int)count);
    for (uint32_t i = 0; i < count && next != NULL; i++) {
      lua_pushlstring(L, next->as.text, next->count);
      next = push_node(L, values, next + 1, error);
      if (next != NULL) lua_rawset(L, -3);
    }
    return next;
  }
  mp_error_set(error, MP_ERROR_DECODE, "JSON: a node of an unknown type");
  return NULL;
}

bool mpb_push_json(lua_State *L, const mpb_values *values, const char *text, size_t size, mp_error **error) {
  mpb_need_stack(L, 6);
  mp_json_tape *tape = take_tape(L);
  const int tape_index = lua_gettop(L);
  const bool ok = mp_json_read(tape, text, size, error) && push_node(L, values, tape->nodes, error) != NULL;
  give_tape(L, tape_index);
  if (ok) lua_remove(L, tape_index);
  return ok;
}
