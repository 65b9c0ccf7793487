/* Lua values into JSON text. Keys come in byte order, so that one value has one text. Metamethods are not asked;
 * nothing here can raise, so the tables cannot change meanwhile. */
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "value_types.h"

/* A table that is being written, and where in it we are: the chain finds cycles and names the place of a mistake. */
typedef struct level {
  const struct level *up;
  const void *table;
  int depth;
  const char *key;   /* of an object, or NULL */
  lua_Integer place; /* of a list */
} level;

typedef struct writer {
  lua_State *L;
  mp_buffer *out;
  mp_error **error;
  bool placed; /* the error says where */
} writer;

static bool write_value(writer *write, const level *up);

/* ---- errors ---- */

static void add_place(const level *at, mp_buffer *out) {
  if (at == NULL) return;
  add_place(at->up, out);
  if (at->key != NULL) {
    mp_buffer_addf(out, ".%.60s", at->key);
  } else {
    mp_buffer_addf(out, "[%lld]", (long long)at->place);
  }
}

/* Says where in the value the mistake is, once. */
static bool fail_at(writer *write, const level *up) {
  if (write->placed || write->error == NULL || *write->error == NULL) return false;
  write->placed = true;
  mp_buffer place;
  mp_buffer_init(&place, 2000); /* of a deep place only the beginning is said: what does not fit is left out */
  add_place(up, &place);
  place.failed = false;
  if (place.size > 0 && mp_buffer_text(&place) != NULL) {
    const char *path = place.data[0] == '.' ? place.data + 1 : place.data;
    mp_error_putf(*write->error, MP_ERROR_MESSAGE, "%s (at %s)", mp_error_message(*write->error), path);
  }
  mp_buffer_finish(&place);
  return false;
}

/* ---- leaves ---- */

static bool write_text_of(writer *write, const mp_value *value, bool quoted) {
  if (quoted) mp_buffer_addc(write->out, '"'); /* dates and times need no escapes */
  if (!mp_value_text(value, write->out, write->error)) return false;
  if (quoted) mp_buffer_addc(write->out, '"');
  return true;
}

static bool write_userdata(writer *write) {
  mp_value value;
  if (!mpb_value_at(write->L, -1, &value)) {
    return mp_error_set(write->error, MP_ERROR_USAGE, "JSON: a %s has no JSON form", mpb_type_name(write->L, -1));
  }
  switch (value.kind) {
  case MP_VALUE_JSON: return write_text_of(write, &value, false);
  case MP_VALUE_NUMERIC:
    if ((value.as.numeric->sign & MP_NUMERIC_NAN) == MP_NUMERIC_NAN) {
      return mp_error_set(write->error, MP_ERROR_USAGE, "JSON has no %s",
                          value.as.numeric->sign == MP_NUMERIC_NAN ? "NaN" : "infinity");
    }
    return write_text_of(write, &value, false);
  case MP_VALUE_BYTES:
    mp_error_set(write->error, MP_ERROR_USAGE, "JSON has no form for bytes");
    if (write->error != NULL)
      mp_error_put(*write->error, MP_ERROR_HINT, "encode them as text, such as base64 or hexadecimal");
    return false;
  default: return write_text_of(write, &value, true);
  }
}

static bool write_number(writer *write) {
  if (!lua_isinteger(write->L, -1)) return mp_json_write_float(write->out, lua_tonumber(write->L, -1), write->error);
  const mp_value value = {.kind = MP_VALUE_INTEGER, .as.integer = lua_tointeger(write->L, -1)};
  return write_text_of(write, &value, false);
}

static bool write_string(writer *write) {
  size_t size;
  const char *text = lua_tolstring(write->L, -1, &size);
  return mp_json_write_string(write->out, text, size, write->error);
}

/* ---- tables ---- */

static bool write_list(writer *write, level *here, lua_Integer length) {
  mp_buffer_addc(write->out, '[');
  for (here->place = 1; here->place <= length; here->place++) {
    if (here->place > 1) mp_buffer_addc(write->out, ',');
    lua_rawgeti(write->L, -1, here->place);
    if (!write_value(write, here)) return false;
    lua_pop(write->L, 1);
  }
  mp_buffer_addc(write->out, ']');
  return true;
}

/* A pair that has been written: where its text is, its comma included. */
typedef struct member {
  const char *key; /* borrowed from the table */
  size_t key_size;
  size_t at, size;
} member;

static int compare_members(const void *left, const void *right) {
  const member *a = left;
  const member *b = right;
  int order = memcmp(a->key, b->key, a->key_size < b->key_size ? a->key_size : b->key_size);
  return order != 0 ? order : (a->key_size > b->key_size) - (a->key_size < b->key_size);
}

static bool write_member(writer *write, level *here, member *out) {
  lua_State *L = write->L; /* key at -2, value at -1 */
  here->key = out->key = lua_tolstring(L, -2, &out->key_size);
  out->at = write->out->size;
  if (!mp_json_write_string(write->out, out->key, out->key_size, write->error)) return false;
  mp_buffer_addc(write->out, ':');
  if (!write_value(write, here)) return false;
  mp_buffer_addc(write->out, ',');
  out->size = write->out->size - out->at;
  return true;
}

/* Members come in the table's order; their texts are put in the order of the keys afterwards, behind them first and
 * then over them. */
static void put_in_order(mp_buffer *out, size_t start, const mp_buffer *list) {
  const member *members = (const member *)(const void *)list->data;
  const size_t size = out->size - start;
  if (mp_buffer_reserve(out, size) == NULL) return;
  char *to = out->data + out->size;
  for (size_t i = 0; i < list->size / sizeof *members; i++) {
    memcpy(to, out->data + members[i].at, members[i].size);
    to += members[i].size;
  }
  memcpy(out->data + start, out->data + out->size, size);
}

static bool write_members(writer *write, level *here, mp_buffer *list) {
  lua_State *L = write->L;
  const size_t start = write->out->size;
  bool sorted = true;
  member last = {.key = NULL};
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    member next;
    if (!write_member(write, here, &next)) return false;
    if (last.key != NULL && compare_members(&last, &next) > 0) sorted = false;
    mp_buffer_add(list, &next, sizeof next);
    last = next;
    lua_pop(L, 1);
  }
  if (!mp_buffer_ok(list) || !mp_buffer_ok(write->out)) return mp_error_set_memory(write->error);
  if (!sorted) {
    qsort(list->data, list->size / sizeof last, sizeof last, compare_members);
    put_in_order(write->out, start, list);
  }
  return true;
}

static bool write_record(writer *write, level *here) {
  mp_buffer list; /* of member */
  mp_buffer_init(&list, SIZE_MAX);
  mp_buffer_addc(write->out, '{');
  const bool ok = write_members(write, here, &list);
  mp_buffer_finish(&list);
  if (ok && mp_buffer_ok(write->out)) write->out->data[write->out->size - 1] = '}'; /* over the last comma */
  return ok;
}

static bool is_open(const level *up, const void *table) {
  for (; up != NULL; up = up->up) {
    if (up->table == table) return true;
  }
  return false;
}

static bool write_table(writer *write, const level *up) {
  lua_State *L = write->L;
  level here = {.up = up, .table = lua_topointer(L, -1), .depth = up == NULL ? 1 : up->depth + 1};
  if (is_open(up, here.table)) return mp_error_set(write->error, MP_ERROR_USAGE, "JSON: a table contains itself");
  if (here.depth > MP_JSON_DEPTH) {
    return mp_error_set(write->error, MP_ERROR_USAGE, "JSON: nested too deeply: 1,000 levels are allowed");
  }
  if (!lua_checkstack(L, 8)) return mp_error_set_memory(write->error);
  lua_Integer length = 0;
  switch (mpb_table_shape(L, lua_gettop(L), &length, write->error)) {
  case MPB_SHAPE_EMPTY: mp_buffer_adds(write->out, mpb_is_array(L, -1) ? "[]" : "{}"); return true;
  case MPB_SHAPE_LIST: return write_list(write, &here, length);
  case MPB_SHAPE_RECORD: break;
  case MPB_SHAPE_BAD: return false;
  }
  if (!mpb_is_array(L, -1)) return write_record(write, &here);
  return mp_error_set(write->error, MP_ERROR_USAGE, "an mp.array has a string as a key");
}

/* The value on top of the stack. */
static bool write_any(writer *write, const level *up) {
  lua_State *L = write->L;
  switch (lua_type(L, -1)) {
  case LUA_TBOOLEAN: mp_buffer_adds(write->out, lua_toboolean(L, -1) ? "true" : "false"); return true;
  case LUA_TNUMBER: return write_number(write);
  case LUA_TSTRING: return write_string(write);
  case LUA_TTABLE: return write_table(write, up);
  case LUA_TUSERDATA: return write_userdata(write);
  default: break;
  }
  if (!mpb_is_null(L, -1)) {
    return mp_error_set(write->error, MP_ERROR_USAGE, "JSON: a %s has no JSON form", mpb_type_name(L, -1));
  }
  mp_buffer_adds(write->out, "null");
  return true;
}

static bool write_value(writer *write, const level *up) {
  return write_any(write, up) || fail_at(write, up);
}

bool mpb_json_write(lua_State *L, int index, mp_buffer *out, mp_error **error) {
  const int top = lua_gettop(L);
  writer write = {.L = L, .out = out, .error = error};
  if (!lua_checkstack(L, 1)) return mp_error_set_memory(error);
  lua_pushvalue(L, index);
  bool ok = write_value(&write, NULL);
  lua_settop(L, top);
  if (ok && !mp_buffer_ok(out)) ok = mp_error_set_memory(error);
  return ok;
}
