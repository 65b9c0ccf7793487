/* The parameters of one statement, from the Lua stack to the core. */
#ifndef MPB_ARGUMENTS_H
#define MPB_ARGUMENTS_H

#include "connection/connection.h"
#include "runtime.h"

/* Pushes the values of a statement with $names, in the order of their numbers, from the table at `index`.
 * Raises usage errors (no table, an absent name); nothing is held meanwhile but what the stack anchors. */
void mpb_push_named(lua_State *L, const mp_sql *sql, int index);

/* What is known of the parameters' types: which they are (or NULL), and those that have no fixed OIDs (or NULL). */
typedef struct mpb_types {
  mp_types *types;
  mp_type_set *known;
} mpb_types;

/* Reads `count` values from `first` on. While it is not known which their types are, *needs_types says whether that
 * must be known first, and the values are not all written. *values: borrowed from the runtime until the next call.
 * Never raises. */
bool mpb_read_arguments(lua_State *L, int first, int count, const mpb_types *types, const mp_value **values,
                        bool *needs_types, mp_error **error);

/* Where the types cannot be asked for: writes those that were read without them and still need to be. Never raises.
 * Errors: usage (a table that is not marked as an array), memory. */
bool mpb_read_untyped(lua_State *L, int first, int count, mp_error **error);

bool mpb_open_arguments(mpb_runtime *runtime); /* false without memory */
void mpb_arguments_close(mpb_runtime *runtime);

#endif
