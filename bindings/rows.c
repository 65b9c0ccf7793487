/* One pass over a result: names interned once, rows made with their exact size, no copy between. */
#include "rows.h"

#include <string.h>

#include "error.h"
#include "value.h"

/* From here on the collector's work would cost more than the decoding, so that it waits until all is there. */
enum { MANY_ROWS = 1000 };

typedef struct reader {
  lua_State *L;
  const mp_result *result;
  mpb_row_style style;
  mpb_values values;
  int width;
  int names; /* stack index of the first column's name */
} reader;

/* Looks at all pairs for up to 16 columns, and beyond that through a table, so that a wide result costs no square. */
static bool find_twin(lua_State *L, const mp_result *result, int width, const char **twin) {
  lua_createtable(L, 0, width);
  for (int i = 0; i < width && *twin == NULL; i++) {
    lua_pushstring(L, mp_result_name(result, i));
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) != LUA_TNIL) *twin = mp_result_name(result, i);
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
  }
  lua_pop(L, 1);
  return *twin != NULL;
}

static bool has_twins(lua_State *L, const mp_result *result, int width, const char **twin) {
  if (width > 16) return find_twin(L, result, width, twin);
  for (int i = 1; i < width; i++) {
    for (int j = 0; j < i; j++) {
      if (strcmp(mp_result_name(result, i), mp_result_name(result, j)) != 0) continue;
      *twin = mp_result_name(result, i);
      return true;
    }
  }
  return false;
}

static bool refuse_twins(lua_State *L, const mp_result *result, int width, mp_error **error) {
  const char *twin = NULL;
  if (!has_twins(L, result, width, &twin)) return true;
  mp_error_set(error, MP_ERROR_USAGE, "two columns of the result are called \"%s\"", twin);
  if (error != NULL)
    mp_error_put(*error, MP_ERROR_HINT, "give one another name with AS, or ask for db:with{ rows = \"arrays\" }");
  return false;
}

static bool begin(reader *read, lua_State *L, const mp_result *result, mpb_row_style style, mp_error **error) {
  int width = mp_result_columns(result);
  *read = (reader){.L = L, .result = result, .style = style, .width = width};
  mpb_need_stack(L, width + MPB_VALUES_SLOTS + 16);
  if (!style.arrays && !refuse_twins(L, result, width, error)) return false;
  read->names = lua_gettop(L) + 1;
  for (int i = 0; i < width; i++)
    lua_pushstring(L, mp_result_name(result, i));
  mpb_values_begin(L, mpb_runtime_of(L), &read->values);
  read->values.null_as_sentinel = style.arrays;
  return true;
}

/* Leaves what is on top of the stack as the only thing that was added. */
static void end(reader *read) {
  mpb_values_end(read->L, &read->values);
  lua_replace(read->L, read->names);
  lua_settop(read->L, read->names);
}

static bool push_cell(const reader *read, int row, int column, mp_error **error) {
  mp_value value;
  mp_buffer *scratch = &read->values.runtime->scratch;
  if (!mp_result_cell(read->result, row, column, scratch, &value, error)) return false;
  bool is_null = value.kind == MP_VALUE_NULL;
  if (read->style.numeric_as_float && value.kind == MP_VALUE_NUMERIC) {
    value = (mp_value){MP_VALUE_FLOAT, {.number = mp_numeric_to_float(value.as.numeric)}};
  }
  bool ok = mpb_push_value(read->L, &read->values, &value, error) &&
            (is_null || mpb_custom_decode(read->L, read->values.runtime, mp_result_codec(read->result, column), error));
  if (!ok) mp_result_blame(read->result, row, column, *error);
  return ok;
}

static bool push_row(const reader *read, int row, mp_error **error) {
  lua_State *L = read->L;
  if (read->style.arrays) {
    lua_createtable(L, read->width, 0);
    for (int i = 0; i < read->width; i++) {
      if (!push_cell(read, row, i, error)) return false;
      lua_rawseti(L, -2, i + 1);
    }
    return true;
  }
  lua_createtable(L, 0, read->width);
  for (int i = 0; i < read->width; i++) {
    lua_pushvalue(L, read->names + i);
    if (!push_cell(read, row, i, error)) return false;
    lua_rawset(L, -3);
  }
  return true;
}

/* `columns` and `count` are no keys of the list, which so stays a list to pairs() and to JSON: its metatable has them.
 */
static void set_columns(const reader *read, int rows) {
  lua_State *L = read->L;
  lua_createtable(L, 0, 2);
  lua_createtable(L, 0, 2);
  lua_createtable(L, read->width, 0);
  for (int i = 0; i < read->width; i++) {
    lua_pushvalue(L, read->names + i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "columns");
  lua_pushinteger(L, rows);
  lua_setfield(L, -2, "count");
  lua_setfield(L, -2, "__index");
  mpb_mark_list(L);
  lua_setmetatable(L, -2);
}

bool mpb_push_rows(lua_State *L, const mp_result *result, mpb_row_style style, mp_error **error) {
  reader read;
  int top = lua_gettop(L), rows = mp_result_rows(result);
  if (!begin(&read, L, result, style, error)) return false;
  if (rows >= MANY_ROWS) mpb_values_pause(L, &read.values);
  lua_createtable(L, rows, 0);
  bool ok = true;
  for (int row = 0; row < rows && ok; row++) {
    ok = push_row(&read, row, error);
    if (ok) lua_rawseti(L, -2, row + 1);
  }
  if (!ok) {
    mpb_values_end(L, &read.values);
    lua_settop(L, top);
    return false;
  }
  set_columns(&read, rows);
  end(&read);
  return true;
}

bool mpb_push_one(lua_State *L, const mp_result *result, mpb_row_style style, bool may_be_absent, mp_error **error) {
  reader read;
  int top = lua_gettop(L), rows = mp_result_rows(result);
  if (rows == 0 && may_be_absent) {
    lua_pushnil(L);
    return true;
  }
  if (rows == 0 || (rows > 1 && !may_be_absent)) {
    return mp_error_set(error, MP_ERROR_ROWS, "expected exactly one row, but the statement gave %d", rows);
  }
  if (!begin(&read, L, result, style, error)) return false;
  if (!push_row(&read, 0, error)) {
    mpb_values_end(L, &read.values);
    lua_settop(L, top);
    return false;
  }
  end(&read);
  return true;
}

bool mpb_push_single(lua_State *L, const mp_result *result, mpb_row_style style, mp_error **error) {
  reader read;
  int top = lua_gettop(L), rows = mp_result_rows(result), columns = mp_result_columns(result);
  if (columns != 1) {
    return mp_error_set(error, MP_ERROR_ROWS, "expected one column for a single value, but the statement gave %d",
                        columns);
  }
  if (rows > 1) {
    return mp_error_set(error, MP_ERROR_ROWS, "expected at most one row for a single value, but the statement gave %d",
                        rows);
  }
  if (rows == 0) {
    lua_pushnil(L);
    return true;
  }
  if (!begin(&read, L, result, style, error)) return false;
  if (!push_cell(&read, 0, 0, error)) {
    mpb_values_end(L, &read.values);
    lua_settop(L, top);
    return false;
  }
  end(&read);
  return true;
}
