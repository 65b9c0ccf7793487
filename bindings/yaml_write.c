/* mp.yaml.encode: Lua values as a YAML document. Maps come in their order; tables of a script have sorted keys, so that
 * one value has one text. Metamethods are not asked. */
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "yaml/write.h"
#include "yaml_value.h"

static const char writing_type[] = "moonpool.yaml_writing";

/* What has to be freed however it ends. */
typedef struct writing {
  mp_buffer out;
  mp_buffer keys; /* of sorted_key: those of the tables that are open */
} writing;

/* A table that is being written, and where in it we are: the chain finds cycles, and is the path of a mistake. */
typedef struct writer {
  lua_State *L;
  writing *to;
  mp_yaml_style style;
  mp_error **error;
} writer;

typedef struct level {
  mpb_yaml_frame frame; /* the chain of frames is that of levels: it stands first */
  const void *table;
  int depth;
} level;

static bool write_value(writer *write, mp_yaml_place place, const level *up);

/* ---- scalars ---- */

__attribute__((format(printf, 3, 4))) static bool refuse(writer *write, const char *hint, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  mp_error_set_v(write->error, MP_ERROR_USAGE, format, arguments);
  va_end(arguments);
  if (hint != NULL) mp_error_put(*write->error, MP_ERROR_HINT, hint);
  return false;
}

static void add_blank(writer *write, mp_yaml_place place) {
  if (place.stand == MP_YAML_BEHIND_KEY) mp_buffer_addc(&write->to->out, ' ');
}

static bool write_string(writer *write, mp_yaml_place place) {
  size_t size;
  const char *text = lua_tolstring(write->L, -1, &size);
  return mp_yaml_write_text(&write->to->out, &write->style, place, text, size, write->error);
}

/* The text of a value that is no text of its own: a number or a date. */
static bool write_text_of(writer *write, mp_yaml_place place, const char *tag, const mp_value *value) {
  add_blank(write, place);
  mp_buffer_adds(&write->to->out, tag);
  return mp_value_text(value, &write->to->out, write->error);
}

static bool write_numeric(writer *write, mp_yaml_place place, const mp_value *value) {
  const uint16_t sign = value->as.numeric->sign;
  if ((sign & MP_NUMERIC_NAN) != MP_NUMERIC_NAN) return write_text_of(write, place, "", value);
  add_blank(write, place);
  mp_buffer_adds(&write->to->out, sign == MP_NUMERIC_NAN ? ".nan" : sign == MP_NUMERIC_INFINITY ? ".inf" : "-.inf");
  return true;
}

/* YAML's timestamps have years of four digits. */
static bool write_timestamp(writer *write, mp_yaml_place place, const mp_value *value) {
  const size_t start = write->to->out.size;
  if (!write_text_of(write, place, "!!timestamp ", value)) return false;
  const char *text = write->to->out.data + start + strlen("!!timestamp ") + (place.stand == MP_YAML_BEHIND_KEY);
  const size_t size = (size_t)(write->to->out.data + write->to->out.size - text);
  if (size >= 10 && text[4] == '-' && text[0] != '-' && text[size - 1] != 'C') return true;
  return refuse(write, NULL, "YAML: %s is out of the range of YAML's timestamps: years 1 to 9999",
                luaL_tolstring(write->L, -1, NULL));
}

/* The value's text as a string. */
static bool write_as_string(writer *write, mp_yaml_place place) {
  luaL_tolstring(write->L, -1, NULL);
  const bool ok = write_string(write, place);
  lua_pop(write->L, 1);
  return ok;
}

static bool write_userdata(writer *write, mp_yaml_place place) {
  mp_value value;
  if (!mpb_value_at(write->L, -1, &value)) {
    return refuse(write, NULL, "YAML: a %s has no YAML form", mpb_type_name(write->L, -1));
  }
  switch (value.kind) {
  case MP_VALUE_NUMERIC: return write_numeric(write, place, &value);
  case MP_VALUE_TIMESTAMPTZ:
  case MP_VALUE_DATE: return write_timestamp(write, place, &value);
  case MP_VALUE_BYTES:
    add_blank(write, place);
    mp_yaml_write_bytes(&write->to->out, value.as.bytes.data, value.as.bytes.size);
    return true;
  case MP_VALUE_JSON: return refuse(write, "give the value that was made JSON of", "YAML: an mp.json has no YAML form");
  default: return write_as_string(write, place);
  }
}

static bool write_number(writer *write, mp_yaml_place place) {
  if (!lua_isinteger(write->L, -1)) {
    add_blank(write, place);
    return mp_yaml_write_float(&write->to->out, lua_tonumber(write->L, -1), write->error);
  }
  const mp_value value = {.kind = MP_VALUE_INTEGER, .as.integer = lua_tointeger(write->L, -1)};
  return write_text_of(write, place, "", &value);
}

static bool write_word(writer *write, mp_yaml_place place, const char *word) {
  add_blank(write, place);
  mp_buffer_adds(&write->to->out, word);
  return true;
}

/* ---- keys ---- */

/* What of a key stands in one line, into `out`; false, and nothing written, for a list or map. */
static bool write_simple_key(writer *write, bool *failed) {
  lua_State *L = write->L;
  const mp_yaml_place place = {.stand = MP_YAML_BEHIND_DASH};
  size_t size;
  if (lua_type(L, -1) == LUA_TSTRING) {
    const char *text = lua_tolstring(L, -1, &size);
    *failed = !mp_yaml_write_key(&write->to->out, text, size, write->error);
    return true;
  }
  if (lua_type(L, -1) == LUA_TTABLE) return false;
  *failed = !write_value(write, place, NULL);
  return true;
}

/* Writes key and value, which are at the stack's top; the line has begun. */
static bool write_pair(writer *write, int column, level *here) {
  lua_State *L = write->L;
  const size_t start = write->to->out.size;
  mp_yaml_place place = {.stand = MP_YAML_BEHIND_KEY, .column = column};
  bool failed = false;
  here->frame.key = lua_gettop(L) - 1;
  lua_pushvalue(L, -2);
  const bool is_simple = write_simple_key(write, &failed) && mp_yaml_is_simple_key(write->to->out.size - start);
  if (failed) return false;
  if (is_simple) {
    mp_buffer_addc(&write->to->out, ':');
  } else {
    place.stand = MP_YAML_BEHIND_DASH;
    write->to->out.size = start;
    mp_buffer_adds(&write->to->out, "? ");
    if (!write_value(write, place, here)) return false;
    mp_yaml_write_line(&write->to->out, place, column, false);
    mp_buffer_adds(&write->to->out, ": ");
  }
  lua_pop(L, 1);
  return write_value(write, place, here);
}

/* ---- the keys of a script's own table ---- */

typedef struct sorted_key {
  int rank; /* of its type */
  bool truth;
  lua_Integer integer;
  lua_Number number;
  const char *text; /* borrowed from the table */
  size_t size;
} sorted_key;

enum { RANK_BOOLEAN, RANK_NUMBER, RANK_STRING, RANK_NONE };

static int compare_keys(const void *left, const void *right) {
  const sorted_key *a = left;
  const sorted_key *b = right;
  if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
  if (a->rank == RANK_BOOLEAN) return a->truth - b->truth;
  if (a->rank == RANK_NUMBER) {
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    return (a->integer > b->integer) - (a->integer < b->integer);
  }
  const int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);
  return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/* The key at the stack's top. */
static sorted_key key_of(lua_State *L) {
  sorted_key key = {.rank = RANK_NONE};
  switch (lua_type(L, -1)) {
  case LUA_TBOOLEAN:
    key.rank = RANK_BOOLEAN;
    key.truth = lua_toboolean(L, -1);
    break;
  case LUA_TNUMBER:
    key.rank = RANK_NUMBER;
    key.number = lua_tonumber(L, -1);
    key.integer = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
    break;
  case LUA_TSTRING:
    key.rank = RANK_STRING;
    key.text = lua_tolstring(L, -1, &key.size);
    break;
  default: break;
  }
  return key;
}

static void push_key(lua_State *L, const sorted_key *key) {
  if (key->rank == RANK_BOOLEAN) {
    lua_pushboolean(L, key->truth);
  } else if (key->rank == RANK_STRING) {
    lua_pushlstring(L, key->text, key->size);
  } else if (key->number == (lua_Number)key->integer) {
    lua_pushinteger(L, key->integer);
  } else {
    lua_pushnumber(L, key->number);
  }
}

static sorted_key *keys_from(const writer *write, size_t start) {
  return (sorted_key *)(void *)(write->to->keys.data + start);
}

/* Appends the keys of the table at `table` to the list of keys, sorted; without those that the table at `known` has. */
static bool collect_keys(writer *write, int table, int known) {
  lua_State *L = write->L;
  const size_t start = write->to->keys.size;
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    lua_pop(L, 1);
    if (known != 0) {
      lua_pushvalue(L, -1);
      const bool is_known = lua_rawget(L, known) != LUA_TNIL;
      lua_pop(L, 1);
      if (is_known) continue;
    }
    const sorted_key key = key_of(L);
    if (key.rank == RANK_NONE) {
      return refuse(write, "say mp.yaml.map { { key, value } } for keys that are no string, number or boolean",
                    "YAML: a table has a %s as a key", mpb_type_name(L, -1));
    }
    mp_buffer_add(&write->to->keys, &key, sizeof key);
  }
  if (!mp_buffer_ok(&write->to->keys)) return mp_error_set_memory(write->error);
  const size_t count = (write->to->keys.size - start) / sizeof(sorted_key);
  if (count > 1) qsort(keys_from(write, start), count, sizeof(sorted_key), compare_keys);
  return true;
}

/* ---- lists and maps ---- */

static bool write_list(writer *write, mp_yaml_place place, level *here, lua_Integer length) {
  lua_State *L = write->L;
  const int column = mp_yaml_column(&write->style, place);
  const mp_yaml_place item = {.stand = MP_YAML_BEHIND_DASH, .column = column};
  for (here->frame.place = 1; here->frame.place <= length; here->frame.place++) {
    mp_yaml_write_line(&write->to->out, place, column, here->frame.place == 1);
    mp_buffer_adds(&write->to->out, "- ");
    lua_rawgeti(L, -1, here->frame.place);
    if (!write_value(write, item, here)) return false;
    lua_pop(L, 1);
  }
  return true;
}

/* The keys collected from `start` on, of the table at `table`; `is_first`: no pair has been written yet. */
static bool write_sorted(writer *write, mp_yaml_place place, level *here, int table, size_t start, bool is_first) {
  lua_State *L = write->L;
  const int column = mp_yaml_column(&write->style, place);
  const size_t count = (write->to->keys.size - start) / sizeof(sorted_key);
  for (size_t i = 0; i < count; i++) {
    push_key(L, keys_from(write, start) + i);
    lua_pushvalue(L, -1);
    lua_rawget(L, table);
    mp_yaml_write_line(&write->to->out, place, column, is_first && i == 0);
    if (!write_pair(write, column, here)) return false;
    lua_pop(L, 2);
  }
  write->to->keys.size = start;
  return true;
}

static size_t count_pairs(lua_State *L, int table) {
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
    count++;
  return count;
}

/* The map at the stack's top but one, with its list of keys at the top. */
static bool write_map(writer *write, mp_yaml_place place, level *here) {
  lua_State *L = write->L;
  const int keys = lua_gettop(L), table = keys - 1;
  const int column = mp_yaml_column(&write->style, place);
  const lua_Integer count = (lua_Integer)lua_rawlen(L, keys);
  size_t written = 0;
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, keys, i);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, table) != LUA_TNIL) {
      mp_yaml_write_line(&write->to->out, place, column, written++ == 0);
      if (!write_pair(write, column, here)) return false;
    }
    lua_settop(L, keys);
  }
  if (count_pairs(L, table) == written) return written > 0 || write_word(write, place, "{}");
  mpb_push_layout_places(L, table);
  const size_t start = write->to->keys.size;
  return collect_keys(write, table, keys + 1) && write_sorted(write, place, here, table, start, written == 0);
}

static bool refuse_hole(writer *write, int table) {
  lua_State *L = write->L;
  lua_Integer hole = 1;
  for (; lua_rawgeti(L, table, hole) != LUA_TNIL; lua_pop(L, 1))
    hole++;
  return refuse(write, "write mp.null where there is no value; mp.yaml.map makes a map whose keys are numbers",
                "YAML: a list has nothing at %lld, but more behind it", (long long)hole);
}

/* A table that a script made: a list when its keys are 1, 2, 3, ..., a map otherwise. */
static bool write_plain(writer *write, mp_yaml_place place, level *here) {
  lua_State *L = write->L;
  const int table = lua_gettop(L);
  const bool is_list = mpb_is_array(L, table);
  const size_t start = write->to->keys.size;
  if (!collect_keys(write, table, 0)) return false;
  const size_t count = (write->to->keys.size - start) / sizeof(sorted_key);
  if (count == 0) return write_word(write, place, is_list ? "[]" : "{}");
  const sorted_key first = keys_from(write, start)[0], last = keys_from(write, start)[count - 1];
  const bool has_places = first.rank == RANK_NUMBER && last.rank == RANK_NUMBER && first.integer >= 1 &&
                          last.number == (lua_Number)last.integer;
  if (!has_places && is_list) {
    return refuse(write, NULL, "YAML: an mp.array has a key that is no place in it");
  }
  if (!has_places) return write_sorted(write, place, here, table, start, true);
  write->to->keys.size = start;
  if (first.integer != 1 || (size_t)last.integer != count) return refuse_hole(write, table);
  return write_list(write, place, here, (lua_Integer)count);
}

static bool is_open(const level *up, const void *table) {
  for (; up != NULL; up = (const level *)(const void *)up->frame.up) {
    if (up->table == table) return true;
  }
  return false;
}

static bool write_table(writer *write, mp_yaml_place place, const level *up) {
  lua_State *L = write->L;
  level here = {
      .frame = {.up = up == NULL ? NULL : &up->frame},
      .table = lua_topointer(L, -1),
      .depth = up == NULL ? 1 : up->depth + 1,
  };
  const int top = lua_gettop(L);
  if (is_open(up, here.table)) return refuse(write, NULL, "YAML: a table contains itself");
  if (here.depth > MP_YAML_DEPTH) {
    return refuse(write, NULL, "YAML: nested too deeply: 1,000 levels are allowed");
  }
  mpb_need_stack(L, 14);
  const bool ok = mpb_push_layout_keys(L, top) ? write_map(write, place, &here) : write_plain(write, place, &here);
  if (ok) lua_settop(L, top);
  return ok;
}

static bool write_any(writer *write, mp_yaml_place place, const level *up) {
  lua_State *L = write->L;
  switch (lua_type(L, -1)) {
  case LUA_TBOOLEAN: return write_word(write, place, lua_toboolean(L, -1) ? "true" : "false");
  case LUA_TNUMBER: return write_number(write, place);
  case LUA_TSTRING: return write_string(write, place);
  case LUA_TTABLE: return write_table(write, place, up);
  case LUA_TUSERDATA: return write_userdata(write, place);
  default: break;
  }
  if (mpb_is_null(L, -1)) return write_word(write, place, "null");
  return refuse(write, NULL, "YAML: a %s has no YAML form", mpb_type_name(L, -1));
}

/* The value at the stack's top, which stays there. */
static bool write_value(writer *write, mp_yaml_place place, const level *up) {
  if (write_any(write, place, up)) return true;
  return mpb_yaml_fail_at(write->L, write->error, up == NULL ? NULL : &up->frame);
}

/* ---- the function ---- */

static int free_writing(lua_State *L) {
  writing *to = lua_touserdata(L, 1);
  mp_buffer_finish(&to->out);
  mp_buffer_finish(&to->keys);
  return 0;
}

static void take_number(lua_State *L, const char *name, int least, int most, int *out) {
  const lua_Integer value = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : -1;
  if (value >= least && value <= most) {
    *out = (int)value;
    return;
  }
  const char *shown = luaL_tolstring(L, -1, NULL);
  mpb_usage(L, NULL, "the option %s is %s; expected an integer from %d to %d", name, shown, least, most);
}

static mp_yaml_style read_style(lua_State *L) {
  enum { WIDEST = 1000 };
  static const char *const names[] = {"indent", "width"};
  mp_yaml_style style = {.indent = 2, .width = 100};
  if (lua_isnil(L, 2)) return style;
  if (!lua_istable(L, 2)) mpb_bad_argument(L, 2, "the second argument of mp.yaml.encode", "a table of options");
  for (lua_pushnil(L); lua_next(L, 2) != 0; lua_settop(L, 3)) {
    const char *name = lua_type(L, 3) == LUA_TSTRING ? lua_tostring(L, 3) : "";
    if (strcmp(name, "indent") == 0) {
      take_number(L, name, 2, 9, &style.indent);
    } else if (strcmp(name, "width") == 0) {
      take_number(L, name, 0, WIDEST, &style.width);
    } else {
      const char *nearest = mp_nearest_name(name, names, 2);
      const char *hint =
          nearest == NULL ? "there are indent and width" : lua_pushfstring(L, "did you mean %s?", nearest);
      mpb_usage(L, hint, "mp.yaml.encode has no option \"%s\"", name);
    }
  }
  return style;
}

/* encode(value[, options]) -> the document's text, with a line's end behind it. */
static int l_encode(lua_State *L) {
  lua_settop(L, 2);
  writer write = {.L = L, .style = read_style(L)};
  lua_settop(L, 2);
  write.to = lua_newuserdatauv(L, sizeof *write.to, 0);
  mp_buffer_init(&write.to->out, SIZE_MAX);
  mp_buffer_init(&write.to->keys, SIZE_MAX);
  mpb_set_metatable(L, writing_type);
  lua_toclose(L, -1);
  write.error = mpb_error_slot(L);
  lua_pushvalue(L, 1);
  const mp_yaml_place place = {.stand = MP_YAML_ALONE};
  if (!write_value(&write, place, NULL)) return mpb_raise(L);
  mp_buffer_addc(&write.to->out, '\n');
  if (!mp_buffer_ok(&write.to->out)) {
    mp_error_set_memory(write.error);
    return mpb_raise(L);
  }
  lua_pushlstring(L, write.to->out.data, write.to->out.size);
  return 1;
}

void mpb_open_yaml_write(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg metamethods[] = {{"__gc", free_writing}, {"__close", free_writing}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"encode", l_encode}, {NULL, NULL}};
  mpb_new_metatable(L, runtime, writing_type, metamethods, NULL);
  lua_pop(L, 1);
  mpb_set_functions(L, runtime, functions);
}
