/* What a script may ask of a pool as a whole, and its own functions around each loan. */
#ifndef MPB_POOL_H
#define MPB_POOL_H

#include "database.h"

/* Reports of connections that are not given back, kept until the script's function can be called with them: the pool
 * makes them in any thread. Some are kept, more are written to standard error, as are those that nobody has taken at
 * the pool's end. */
mpb_reports *mpb_reports_create(void); /* for hooks.data; NULL without memory */
void mpb_reports_destroy(void *reports);
void mpb_reports_add(void *reports, mp_report_kind kind, const mp_loan *loan);
/* The oldest one, or false when there is none. */
bool mpb_reports_take(mpb_reports *reports, mp_report_kind *kind, mp_loan *loan);

/* For a method of a pool that has functions of the script around each loan: lets Lua do it (moonpool/lending.lua). The
 * stack holds the method's arguments. */
int mpb_call_hooked(lua_State *L, const char *method);

void mpb_open_pool(lua_State *L, mpb_runtime *runtime);

#endif
