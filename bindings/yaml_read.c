/* mp.yaml.decode and decode_all: options, the documents of a text, and what has to be freed however it ends. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "yaml_value.h"

static const char box_type[] = "moonpool.yaml_box";

/* ---- options ---- */

typedef struct decode_options {
  mp_yaml_options reader;
  int tag, positions; /* stack indices, or 0 */
  const char *file;   /* borrowed from the table of options, or NULL */
} decode_options;

static int refuse_option(lua_State *L, const char *name, const char *expected) {
  return mpb_usage(L, NULL, "the option %s is %s; expected %s", name, luaL_tolstring(L, -1, NULL), expected);
}

static const struct {
  const char *name;
  size_t offset;
} limits[] = {
    {"max_bytes", offsetof(mp_yaml_limits, bytes)},
    {"max_depth", offsetof(mp_yaml_limits, depth)},
    {"max_nodes", offsetof(mp_yaml_limits, nodes)},
    {"max_key", offsetof(mp_yaml_limits, key)},
    {"max_amplification", offsetof(mp_yaml_limits, amplification)},
};

enum { LIMITS = sizeof limits / sizeof limits[0] };

/* Sets a limit to the value at the stack's top; false when no limit has that name. */
static bool take_limit(lua_State *L, const char *name, mp_yaml_limits *out) {
  for (size_t i = 0; i < LIMITS; i++) {
    if (strcmp(name, limits[i].name) != 0) continue;
    const lua_Integer value = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
    const bool is_depth = limits[i].offset == offsetof(mp_yaml_limits, depth);
    if (value < 1 || value > UINT32_MAX / 2) refuse_option(L, name, "an integer from 1");
    if (is_depth && value > MP_YAML_DEPTH) refuse_option(L, name, "an integer from 1 to 1000");
    *(size_t *)(void *)((char *)out + limits[i].offset) = (size_t)value;
    return true;
  }
  return false;
}

static void take_decimals(lua_State *L, decode_options *out) {
  const char *word = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  out->reader.exact_decimals = strcmp(word, "numeric") == 0;
  if (!out->reader.exact_decimals && strcmp(word, "float") != 0) {
    refuse_option(L, "decimals", "\"float\" or \"numeric\"");
  }
}

static int expect(lua_State *L, int type, const char *name, const char *expected) {
  if (lua_type(L, -1) != type) refuse_option(L, name, expected);
  return lua_gettop(L);
}

/* The pair at the stack's top. Values that stay in use keep their place on the stack: the next key comes above. */
static bool take_option(lua_State *L, decode_options *out) {
  static const char *const others[] = {"decimals", "merge", "tag", "file", "positions"};
  if (lua_type(L, -2) != LUA_TSTRING) mpb_usage(L, NULL, "an option has no name");
  const char *name = lua_tostring(L, -2);
  if (take_limit(L, name, &out->reader.limits)) return true;
  if (strcmp(name, "decimals") == 0) return take_decimals(L, out), true;
  if (strcmp(name, "merge") == 0) {
    expect(L, LUA_TBOOLEAN, name, "true or false");
    out->reader.merge = lua_toboolean(L, -1);
    return true;
  }
  if (strcmp(name, "tag") == 0) return expect(L, LUA_TFUNCTION, name, "a function"), true;
  if (strcmp(name, "positions") == 0) return expect(L, LUA_TTABLE, name, "a table"), true;
  if (strcmp(name, "file") == 0) {
    expect(L, LUA_TSTRING, name, "a string");
    out->file = lua_tostring(L, -1);
    return true;
  }
  const char *names[LIMITS + sizeof others / sizeof others[0]];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    names[i] = i < LIMITS ? limits[i].name : others[i - LIMITS];
  const char *nearest = mp_nearest_name(name, names, sizeof names / sizeof names[0]);
  const char *hint = nearest == NULL ? NULL : lua_pushfstring(L, "did you mean %s?", nearest);
  mpb_usage(L, hint, "mp.yaml.decode has no option \"%s\"", name);
  return false;
}

/* Reads the options at 2, and leaves the function at 3 and the table of positions at 4. */
static decode_options read_options(lua_State *L) {
  decode_options options = {.reader = {.merge = true}};
  if (!lua_isnil(L, 2)) {
    if (!lua_istable(L, 2)) mpb_bad_argument(L, 2, "the second argument of mp.yaml.decode", "a table of options");
    lua_pushnil(L);
    while (lua_next(L, 2) != 0) {
      take_option(L, &options);
      lua_settop(L, 3);
    }
    lua_getfield(L, 2, "tag");
    lua_getfield(L, 2, "positions");
  }
  lua_settop(L, 4);
  options.tag = lua_isnil(L, 3) ? 0 : 3;
  options.positions = lua_isnil(L, 4) ? 0 : 4;
  options.reader.foreign_tags = options.tag != 0;
  return options;
}

/* ---- the decoder ---- */

static int l_free_box(lua_State *L) {
  mpb_yaml_box *box = lua_touserdata(L, 1);
  mp_yaml_close(box->reader);
  mpb_layouts_finish(&box->layouts);
  free(box->strings);
  box->reader = NULL;
  box->strings = NULL;
  return 0;
}

/* Pushes the box, which frees what it holds when the running function ends, in whichever way. */
static mpb_yaml_box *push_box(lua_State *L) {
  mpb_yaml_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = (mpb_yaml_box){0};
  mpb_set_metatable(L, box_type);
  lua_toclose(L, -1);
  return box;
}

static int new_table(lua_State *L) {
  lua_newtable(L);
  return lua_gettop(L);
}

/* The table of positions gets its parts; `keys` is a part of it. */
static void begin_positions(lua_State *L, mpb_yaml_decoder *decoder, int positions) {
  size_t size;
  decoder->positions = positions;
  decoder->keys = new_table(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, positions, "keys");
  const char *text = mp_yaml_text(decoder->box->reader, &size);
  lua_pushlstring(L, text, size);
  lua_setfield(L, positions, "lines");
}

static int raise(lua_State *L, const mpb_yaml_decoder *decoder, const decode_options *options) {
  if (options->file != NULL) mp_error_put(*decoder->error, MP_ERROR_FILE, options->file);
  return mpb_raise(L);
}

static void begin(lua_State *L, mpb_yaml_decoder *decoder, const decode_options *options) {
  /* From so many bytes on, the collector is paused, since there is no garbage, and repeated strings are looked for. */
  enum { PAUSED = 1 << 16, REPEATS = 1 << 12 };
  size_t size;
  const char *text = lua_tolstring(L, 1, &size);
  mpb_need_stack(L, MPB_VALUES_SLOTS + 20);
  decoder->L = L;
  decoder->copies_left = options->reader.limits.nodes != 0 ? options->reader.limits.nodes : MP_YAML_NODES;
  decoder->tag = options->tag;
  decoder->box = push_box(L);
  decoder->error = mpb_error_slot(L);
  decoder->box->reader = mp_yaml_open(text, size, &options->reader, decoder->error);
  if (decoder->box->reader == NULL) raise(L, decoder, options);
  decoder->layouts = new_table(L);
  decoder->anchors = new_table(L);
  decoder->strings = new_table(L);
  if (size >= REPEATS) decoder->box->strings = mpb_yaml_strings_new();
  if (options->positions != 0) begin_positions(L, decoder, options->positions);
  mpb_values_begin(L, mpb_runtime_of(L), &decoder->values);
  if (size >= PAUSED && options->tag == 0) mpb_values_pause(L, &decoder->values);
}

/* Pushes the next document; false at the end of the text. */
static bool next_document(lua_State *L, mpb_yaml_decoder *decoder, const decode_options *options) {
  if (!mpb_yaml_advance(decoder, NULL)) raise(L, decoder, options);
  if (decoder->event.type != MP_YAML_DOCUMENT) return false;
  if (!mpb_yaml_advance(decoder, NULL)) raise(L, decoder, options);
  const lua_Integer position = mpb_yaml_position(decoder->event.mark);
  if (!mpb_yaml_push(decoder, NULL)) raise(L, decoder, options);
  if (decoder->positions != 0) {
    lua_pushinteger(L, position);
    lua_setfield(L, decoder->positions, "root");
  }
  if (!mpb_yaml_advance(decoder, NULL)) raise(L, decoder, options); /* the document's end */
  return true;
}

static void refuse_second(lua_State *L, mpb_yaml_decoder *decoder, const decode_options *options) {
  if (!mpb_yaml_advance(decoder, NULL)) raise(L, decoder, options);
  if (decoder->event.type != MP_YAML_DOCUMENT) return;
  mp_yaml_fail(decoder->box->reader, decoder->event.mark, decoder->error, "the text has a second document");
  if (*decoder->error != NULL)
    mp_error_put(*decoder->error, MP_ERROR_HINT, "write one document in a file; mp.yaml.decode_all reads several");
  raise(L, decoder, options);
}

/* decode(text[, options]) -> the value of the one document; mp.null when there is none. */
static int l_decode(lua_State *L) {
  mpb_yaml_decoder decoder = {0};
  lua_settop(L, 2);
  if (lua_type(L, 1) != LUA_TSTRING) return mpb_wrong_type(L, 1, "the text of mp.yaml.decode", "a string");
  const decode_options options = read_options(L);
  begin(L, &decoder, &options);
  if (next_document(L, &decoder, &options)) {
    refuse_second(L, &decoder, &options);
  } else {
    lua_pushlightuserdata(L, NULL);
  }
  mpb_values_end(L, &decoder.values);
  return 1;
}

/* decode_all(text[, options]) -> the list of all documents' values. */
static int l_decode_all(lua_State *L) {
  mpb_yaml_decoder decoder = {0};
  lua_settop(L, 2);
  if (lua_type(L, 1) != LUA_TSTRING) return mpb_wrong_type(L, 1, "the text of mp.yaml.decode_all", "a string");
  const decode_options options = read_options(L);
  begin(L, &decoder, &options);
  const int list = new_table(L);
  mpb_push_metatable(L, MP_VALUE_ARRAY);
  lua_setmetatable(L, list);
  for (lua_Integer number = 1; next_document(L, &decoder, &options); number++)
    lua_rawseti(L, list, number);
  mpb_values_end(L, &decoder.values);
  return 1;
}

void mpb_open_yaml(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg metamethods[] = {{"__gc", l_free_box}, {"__close", l_free_box}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"decode", l_decode}, {"decode_all", l_decode_all}, {NULL, NULL}};
  mpb_need_stack(L, 6);
  mpb_new_metatable(L, runtime, box_type, metamethods, NULL);
  lua_pop(L, 1);
  lua_newtable(L);
  mpb_set_functions(L, runtime, functions);
  mpb_open_yaml_map(L, runtime);
  mpb_open_yaml_write(L, runtime);
  lua_setfield(L, -2, "yaml");
}
