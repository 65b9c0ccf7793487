/* Results as Lua tables. */
#ifndef MPB_ROWS_H
#define MPB_ROWS_H

#include "connection/result.h"
#include "runtime.h"

typedef struct mpb_row_style {
  bool arrays;           /* rows as arrays, with mp.null for NULL, and not as tables by name */
  bool numeric_as_float; /* numeric becomes a float                                          */
} mpb_row_style;

/* Push the answer of the result, which is anchored by the caller. They raise Lua's memory error only, and return false
 * with an error otherwise: usage (two columns of one name), rows (not the number asked for), decode. */
bool mpb_push_rows(lua_State *L, const mp_result *result, mpb_row_style style, mp_error **error);
bool mpb_push_one(lua_State *L, const mp_result *result, mpb_row_style style, bool may_be_absent, mp_error **error);
bool mpb_push_single(lua_State *L, const mp_result *result, mpb_row_style style, mp_error **error);

#endif
