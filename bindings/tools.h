/* Small things of the core and of the system that scripts/moonpool needs. */
#ifndef MPB_TOOLS_H
#define MPB_TOOLS_H

#include "runtime.h"

/* Adds sql_statements, sql_pieces, where, quote_identifier, checksum, list_folder, make_folder, nearest_name and exec
 * to the table on top.
 */
void mpb_open_tools(lua_State *L, mpb_runtime *runtime);

#endif
