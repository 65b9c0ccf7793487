/* mp.connect. */
#ifndef MPB_CONNECT_H
#define MPB_CONNECT_H

#include "runtime.h"

void mpb_open_connect(lua_State *L, mpb_runtime *runtime);

#endif
