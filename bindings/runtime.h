/* What one lua_State has of Moonpool: its error slot, scratch memory and scheduler. Every C function that we give to
 * Lua has the runtime as its first upvalue. */
#ifndef MPB_RUNTIME_H
#define MPB_RUNTIME_H

#include <lauxlib.h>
#include <lua.h>

#include "base/buffer.h"
#include "base/error.h"

typedef struct mpb_scheduler mpb_scheduler;
struct mp_pool;

/* In the registry: the state's mpb_runtime, a userdata. */
#define MPB_RUNTIME "moonpool.the_runtime"
/* In the registry of a host's state, before the module is opened: the host's pool, a light userdata that outlives it.
 */
#define MPB_HOST_POOL "moonpool.host_pool"

typedef struct mpb_runtime {
  lua_State *main;                 /* the state's main thread                                                       */
  mp_error *error;                 /* what core functions fail with; owned; mpb_raise empties it                    */
  mp_buffer scratch;               /* for decoding one value; free for use between two calls of Lua                  */
  mp_buffer text;                  /* for building one text                                                         */
  struct mpb_arguments *arguments; /* for encoding the parameters of one statement (arguments.c) */
  struct mpb_custom *customs;      /* the script's own codecs (custom_codec.c) */
  mpb_scheduler *scheduler;
  struct mp_pool *host_pool; /* borrowed; what connect() gives inside of a host; NULL elsewhere */
  char scripts[1024];        /* the folder of our own Lua files: their lines are not the user's               */
} mpb_runtime;

/* The runtime of the running C function. */
static inline mpb_runtime *mpb_runtime_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

/* luaL_setfuncs with the runtime as the one upvalue; the table is on top of the stack and stays there. */
void mpb_set_functions(lua_State *L, mpb_runtime *runtime, const luaL_Reg *functions);
/* Makes the metatable of a type, and leaves it on the stack. The name's address is its key in the registry: there is
 * nothing to hash on the way of each statement. With methods != NULL, __index is a table of them. `__metatable` is set,
 * so that scripts cannot take it. */
void mpb_new_metatable(lua_State *L, mpb_runtime *runtime, const char *name, const luaL_Reg *metamethods,
                       const luaL_Reg *methods);
void mpb_set_metatable(lua_State *L, const char *name); /* of the value on top of the stack */
/* The content of a userdata of that type, or NULL. */
void *mpb_test_userdata(lua_State *L, int index, const char *name);

#endif
