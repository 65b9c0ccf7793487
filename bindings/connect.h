/* mp.connect. */
#ifndef MPB_CONNECT_H
#define MPB_CONNECT_H

#include "runtime.h"
#include "settings/settings.h"

/* Adds what the environment says; and, unless the caller names a server (has_server) or the environment does, the
 * private server, which is started if need be. say: told of that, may be NULL. Touches no Lua. */
bool mpb_add_environment(mp_settings *settings, bool has_server, void (*say)(void *context, const char *text),
                         mp_error **error);

void mpb_open_connect(lua_State *L, mpb_runtime *runtime);

#endif
