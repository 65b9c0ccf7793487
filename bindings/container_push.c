/* From the server: arrays, ranges and composites become lists, mp.range and tables. Their items are taken one by one;
 * one that holds others, or a document, must not lie in scratch memory while these are pushed. */
#include "value_types.h"

/* Puts the item's bytes into a string on top of the stack. */
static void anchor(lua_State *L, mp_item *item) {
  item->bytes.data = lua_pushlstring(L, item->bytes.data, item->bytes.size);
  item->in_scratch = false;
}

/* Pushes nil for NULL. */
static bool push_item(lua_State *L, const mpb_values *values, mp_item *item, mp_error **error) {
  const int top = lua_gettop(L);
  mp_value value;
  mpb_need_stack(L, 8);
  if (item->bytes.data == NULL) {
    lua_pushnil(L);
    return true;
  }
  const bool holds = mp_kind_is_container(item->codec->kind) || item->codec->kind == MP_VALUE_JSON;
  if (item->in_scratch && holds) anchor(L, item);
  if (!mp_item_decode(item, &values->runtime->text, &value, error)) return false;
  if (!mpb_push_value(L, values, &value, error)) return false;
  if (!mpb_custom_decode(L, values->runtime, item->codec, error)) return false;
  if (lua_gettop(L) > top + 1) lua_replace(L, top + 1); /* the anchor goes */
  return true;
}

static void nil_to_null(lua_State *L) {
  if (!lua_isnil(L, -1)) return;
  lua_pop(L, 1);
  lua_pushlightuserdata(L, NULL);
}

/* ---- arrays ---- */

static bool push_element(lua_State *L, const mpb_values *values, mp_array *array, mp_error **error) {
  mp_error *wrong = NULL;
  mp_item item;
  if (!mp_array_next_item(array, &values->runtime->text, &item, &wrong)) {
    if (wrong == NULL) return mp_error_set(error, MP_ERROR_DECODE, "the server sent an array that ends too early");
    mp_error_move(error, wrong);
    return false;
  }
  if (!push_item(L, values, &item, error)) return false;
  nil_to_null(L);
  return true;
}

static bool push_dimension(lua_State *L, const mpb_values *values, mp_array *array, int dimension, mp_error **error) {
  int length = dimension < array->dimensions ? array->lengths[dimension] : 0;
  bool is_last = dimension + 1 >= array->dimensions;
  mpb_need_stack(L, 6);
  lua_createtable(L, length, 0);
  lua_pushvalue(L, mpb_metatable_slot(values, MP_VALUE_ARRAY));
  lua_setmetatable(L, -2);
  for (int i = 1; i <= length; i++) {
    bool ok = is_last ? push_element(L, values, array, error) : push_dimension(L, values, array, dimension + 1, error);
    if (!ok) return false;
    lua_rawseti(L, -2, i);
  }
  return true;
}

static bool has_other_bounds(const mp_array *array) {
  for (int i = 0; i < array->dimensions; i++) {
    if (array->lower[i] != 1) return true;
  }
  return false;
}

static bool push_array(lua_State *L, const mpb_values *values, const mp_array *array, mp_error **error) {
  mp_array cursor = *array;
  if (!push_dimension(L, values, &cursor, 0, error)) return false;
  if (has_other_bounds(array)) mpb_mark_array(L, array->lower, array->dimensions);
  return true;
}

/* ---- ranges ---- */

static bool push_bound(lua_State *L, const mpb_values *values, const mp_range *range, const mp_bytes *bound,
                       mp_error **error) {
  mp_item item = {0};
  bool ok = range->is_empty || mp_range_bound(range, bound, &values->runtime->text, &item, error);
  return ok && push_item(L, values, &item, error);
}

static bool push_range(lua_State *L, const mpb_values *values, const mp_range *range, mp_error **error) {
  if (!push_bound(L, values, range, &range->lower, error)) return false;
  if (!push_bound(L, values, range, &range->upper, error)) return false;
  mpb_push_bare_range(L, &(mpb_range){range->is_empty, range->lower_inclusive, range->upper_inclusive});
  lua_pushvalue(L, mpb_metatable_slot(values, MP_VALUE_RANGE));
  lua_setmetatable(L, -2);
  return true;
}

/* ---- composites ---- */

static bool push_field(lua_State *L, const mpb_values *values, mp_composite *composite, mp_error **error) {
  mp_error *wrong = NULL;
  mp_item item;
  if (!mp_composite_next_item(composite, &values->runtime->text, &item, &wrong)) {
    if (wrong == NULL) return mp_error_set(error, MP_ERROR_DECODE, "the server sent a composite that ends too early");
    mp_error_move(error, wrong);
    return false;
  }
  return push_item(L, values, &item, error);
}

static bool push_record(lua_State *L, const mpb_values *values, mp_composite *record, mp_error **error) {
  lua_createtable(L, record->count, 0);
  lua_pushvalue(L, mpb_metatable_slot(values, MP_VALUE_ARRAY));
  lua_setmetatable(L, -2);
  for (int i = 1; i <= record->count; i++) {
    if (!push_field(L, values, record, error)) return false;
    nil_to_null(L);
    lua_rawseti(L, -2, i);
  }
  return true;
}

static bool push_composite(lua_State *L, const mpb_values *values, const mp_composite *composite, mp_error **error) {
  mp_composite cursor = *composite;
  const mp_field *fields = composite->codec->fields;
  mpb_need_stack(L, 8);
  if (fields == NULL) return push_record(L, values, &cursor, error);
  lua_createtable(L, 0, composite->count);
  for (int i = 0; i < composite->count; i++) {
    lua_pushstring(L, fields[i].name);
    if (!push_field(L, values, &cursor, error)) return false;
    lua_rawset(L, -3);
  }
  return true;
}

bool mpb_push_container(lua_State *L, const mpb_values *values, const mp_value *value, mp_error **error) {
  switch (value->kind) {
  case MP_VALUE_ARRAY: return push_array(L, values, &value->as.array, error);
  case MP_VALUE_RANGE: return push_range(L, values, &value->as.range, error);
  default: return push_composite(L, values, &value->as.composite, error);
  }
}
