/* Statements that are no text: queries that scripts/moonpool/query has built. */
#ifndef MPB_BUILT_QUERY_H
#define MPB_BUILT_QUERY_H

#include "runtime.h"

/* For all of these the stack holds a database handle, a query, and its arguments.
 *
 * Puts the text and the values of a query in its place, and that of its arguments, if it was printed before, its schema
 * is known to be right, and its arguments are in order; otherwise changes nothing, and Lua is to see to it. */
bool mpb_put_built(lua_State *L);
/* Pushes Lua's function for queries, and its arguments: three more than there are behind the handle. It returns a text
 * and values, or raises. Raises usage when there is none. */
void mpb_push_builder(lua_State *L, bool is_first);
/* Puts what is on top of the stack, behind a query and its arguments, in their place. count: of these. */
void mpb_replace_query(lua_State *L, int count);

/* build(database, statement, ...) -> text, value, ...: of a query; a text and what is given with it stay as they are.
 */
int mpb_l_build(lua_State *L);

/* on_query(function(is_first, known, database, query, ...) return text, value, ... end) */
int mpb_l_on_query(lua_State *L);

#endif
