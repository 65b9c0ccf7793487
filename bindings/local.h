/* The private server, for the command line and for tests. */
#ifndef MPB_LOCAL_H
#define MPB_LOCAL_H

#include "runtime.h"

/* Adds local_start, local_status and local_stop to the table on top of the stack. */
void mpb_open_local(lua_State *L, mpb_runtime *runtime);

#endif
