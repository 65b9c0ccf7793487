/* Points, lines and shapes as tables with named fields, both ways: a point is { x = 1, y = 2 }, and all others have
 * points and numbers by name. */
#include <string.h>

#include "codec/geometry.h"
#include "value_types.h"

enum { MOST_FIELDS = 3 };

/* What the shapes consist of: fields that are points, then fields that are numbers. */
static const struct {
  const char *name;
  const char *points[MOST_FIELDS];
  const char *numbers[MOST_FIELDS];
  const char *hint;
} shapes[] = {
    [MP_SHAPE_POINT] = {"point", {NULL}, {"x", "y"}, "write it as { x = 1, y = 2 }"},
    [MP_SHAPE_LINE] = {"line", {NULL}, {"a", "b", "c"}, "write it as { a = 1, b = 2, c = 3 }, for 1x + 2y + 3 = 0"},
    [MP_SHAPE_LSEG] = {"lseg",
                       {"from", "to"},
                       {NULL},
                       "write it as { from = { x = 1, y = 2 }, to = { x = 3, y = 4 } }"},
    [MP_SHAPE_BOX] = {"box",
                      {"high", "low"},
                      {NULL},
                      "write it as { high = { x = 3, y = 4 }, low = { x = 1, y = 2 } }"},
    [MP_SHAPE_PATH] = {"path", {NULL}, {NULL}, "write it as { closed = false, points = { { x = 1, y = 2 }, ... } }"},
    [MP_SHAPE_POLYGON] = {"polygon", {NULL}, {NULL}, "write it as { points = { { x = 1, y = 2 }, ... } }"},
    [MP_SHAPE_CIRCLE] = {"circle", {"center"}, {"radius"}, "write it as { center = { x = 1, y = 2 }, radius = 3 }"},
};

static bool has_points(mp_shape shape) {
  return mp_geometry_numbers(shape) == 0;
}

/* ---- from the server ---- */

static void push_number(lua_State *L, const char **at) {
  double number;
  memcpy(&number, *at, sizeof number);
  *at += sizeof number;
  lua_pushnumber(L, number);
}

static void push_shape(lua_State *L, mp_shape shape, const char **at) {
  lua_createtable(L, 0, MOST_FIELDS);
  for (int i = 0; i < MOST_FIELDS && shapes[shape].points[i] != NULL; i++) {
    push_shape(L, MP_SHAPE_POINT, at);
    lua_setfield(L, -2, shapes[shape].points[i]);
  }
  for (int i = 0; i < MOST_FIELDS && shapes[shape].numbers[i] != NULL; i++) {
    push_number(L, at);
    lua_setfield(L, -2, shapes[shape].numbers[i]);
  }
}

static void push_points(lua_State *L, const mp_geometry *geometry, const char *at) {
  lua_createtable(L, 0, 2);
  if (geometry->shape == MP_SHAPE_PATH) {
    lua_pushboolean(L, geometry->closed);
    lua_setfield(L, -2, "closed");
  }
  int count = (int)(geometry->count / 2);
  lua_createtable(L, count, 0);
  for (int i = 1; i <= count; i++) {
    push_shape(L, MP_SHAPE_POINT, &at);
    lua_rawseti(L, -2, i);
  }
  lua_setfield(L, -2, "points");
}

/* The numbers lie in scratch memory, and may not survive the making of a table: a string keeps them. */
void mpb_push_geometry(lua_State *L, const mp_geometry *geometry) {
  const mp_geometry kept = *geometry;
  mpb_need_stack(L, 6);
  const char *at = lua_pushlstring(L, (const char *)kept.numbers, kept.count * sizeof *kept.numbers);
  if (has_points(kept.shape)) {
    push_points(L, &kept, at);
  } else {
    push_shape(L, kept.shape, &at);
  }
  lua_remove(L, -2);
}

/* ---- to the server ---- */

typedef struct reader {
  lua_State *L;
  mp_shape shape; /* for messages: the whole one */
  mp_buffer numbers;
  mp_error **error;
} reader;

static bool add_hint(const reader *read) {
  if (*read->error != NULL) mp_error_put(*read->error, MP_ERROR_HINT, shapes[read->shape].hint);
  return false;
}

/* Pushes the field of the table on top of the stack, without metamethods, and without anything that could raise. */
static bool push_field(lua_State *L, const char *name) {
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    if (lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), name) == 0) {
      lua_remove(L, -2);
      return true;
    }
    lua_pop(L, 1);
  }
  return false;
}

static bool refuse_absent(const reader *read, mp_shape part, const char *name) {
  mp_error_set(read->error, MP_ERROR_USAGE, "a %s has no %s", shapes[part].name, name);
  return add_hint(read);
}

static bool refuse_type(const reader *read, mp_shape part, const char *name, const char *expected) {
  mp_error_set(read->error, MP_ERROR_USAGE, "the %s of a %s is a %s; expected %s", name, shapes[part].name,
               mpb_type_name(read->L, -1), expected);
  return add_hint(read);
}

/* No field but `count` known ones, all of which are there. */
static bool check_count(const reader *read, mp_shape part, int count) {
  lua_State *L = read->L;
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    lua_pop(L, 1);
    count--;
  }
  if (count == 0) return true;
  mp_error_set(read->error, MP_ERROR_USAGE, "a %s has other fields than its own", shapes[part].name);
  return add_hint(read);
}

static bool read_number(reader *read, mp_shape part, const char *name) {
  lua_State *L = read->L;
  if (!push_field(L, name)) return refuse_absent(read, part, name);
  if (lua_type(L, -1) != LUA_TNUMBER) return refuse_type(read, part, name, "a number");
  double number = lua_tonumber(L, -1);
  mp_buffer_add(&read->numbers, &number, sizeof number);
  lua_pop(L, 1);
  return true;
}

static bool read_shape(reader *read, mp_shape shape);

static bool read_point(reader *read, mp_shape part, const char *name) {
  if (!push_field(read->L, name)) return refuse_absent(read, part, name);
  if (!lua_istable(read->L, -1)) return refuse_type(read, part, name, "a point");
  if (!read_shape(read, MP_SHAPE_POINT)) return false;
  lua_pop(read->L, 1);
  return true;
}

/* The table on top of the stack. */
static bool read_shape(reader *read, mp_shape shape) {
  int count = 0;
  for (int i = 0; i < MOST_FIELDS && shapes[shape].points[i] != NULL; i++, count++) {
    if (!read_point(read, shape, shapes[shape].points[i])) return false;
  }
  for (int i = 0; i < MOST_FIELDS && shapes[shape].numbers[i] != NULL; i++, count++) {
    if (!read_number(read, shape, shapes[shape].numbers[i])) return false;
  }
  return check_count(read, shape, count);
}

static bool read_closed(const reader *read, bool *closed) {
  lua_State *L = read->L;
  *closed = true;
  if (read->shape != MP_SHAPE_PATH) return true;
  if (!push_field(L, "closed")) return refuse_absent(read, read->shape, "closed");
  if (!lua_isboolean(L, -1)) return refuse_type(read, read->shape, "closed", "a boolean");
  *closed = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return true;
}

static bool read_points(reader *read, bool *closed) {
  lua_State *L = read->L;
  lua_Integer length = 0;
  if (!read_closed(read, closed)) return false;
  if (!push_field(L, "points")) return refuse_absent(read, read->shape, "points");
  bool is_list = lua_istable(L, -1) && mpb_table_shape(L, lua_gettop(L), &length, NULL) == MPB_SHAPE_LIST;
  if (!is_list) return refuse_type(read, read->shape, "points", "a list of points");
  for (lua_Integer i = 1; i <= length; i++) {
    if (lua_rawgeti(L, -1, i) != LUA_TTABLE) return refuse_type(read, read->shape, "points", "a list of points");
    if (!read_shape(read, MP_SHAPE_POINT)) return false;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return check_count(read, read->shape, read->shape == MP_SHAPE_PATH ? 2 : 1);
}

static bool write(const reader *read, bool closed, mp_buffer *out) {
  mp_geometry geometry = {.shape = read->shape,
                          .closed = closed,
                          .numbers = (const double *)(const void *)read->numbers.data,
                          .count = read->numbers.size / sizeof(double)};
  if (!mp_buffer_ok(&read->numbers)) return mp_error_set_memory(read->error);
  mp_geometry_format(&geometry, out);
  return mp_buffer_ok(out) || mp_error_set_memory(read->error);
}

bool mpb_geometry_write(lua_State *L, int index, const mp_codec *codec, mp_buffer *out, mp_error **error) {
  int top = lua_gettop(L);
  bool closed = true;
  reader read = {.L = L, .shape = mp_geometry_shape(codec->oid), .error = error};
  if (!lua_checkstack(L, 12)) return mp_error_set_memory(error);
  mp_buffer_init(&read.numbers, SIZE_MAX);
  lua_pushvalue(L, index);
  bool ok = has_points(read.shape) ? read_points(&read, &closed) : read_shape(&read, read.shape);
  ok = ok && write(&read, closed, out);
  mp_buffer_finish(&read.numbers);
  lua_settop(L, top);
  return ok;
}

bool mpb_is_record(lua_State *L, int index) {
  lua_pushnil(L);
  if (lua_next(L, index) == 0) return false;
  bool is_record = lua_type(L, -2) == LUA_TSTRING;
  lua_pop(L, 2);
  return is_record;
}
