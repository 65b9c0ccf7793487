/* Statements that would begin or end a transaction behind the back of whoever keeps it. */
#ifndef MPB_CONTROL_H
#define MPB_CONTROL_H

#include "database.h"

/* flags: of the statement's mp_sql. Raises usage when the handle cannot run it. */
void mpb_check_control(lua_State *L, const mpb_database *database, unsigned flags);
/* The same for all statements of a script, which may set savepoints of its own: they end with the transaction. */
void mpb_check_script(lua_State *L, const mpb_database *database, const char *text, size_t size);

#endif
