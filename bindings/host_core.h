/* What the host library needs of the core and of the other bindings.
 *
 * The public header and the core have names in common (mp_pool_open, mp_error_free, mp_value). So no file includes
 * both: host_core.c knows the core, the other host_*.c know the public header, and this header, which both include,
 * names nothing that differs. The linker keeps the two apart as well: see bindings/CMakeLists.txt. */
#ifndef MPB_HOST_CORE_H
#define MPB_HOST_CORE_H

#include <stdbool.h>
#include <stddef.h>

#include <lua.h>

struct mp_error; /* the core's, and what the public header calls mp_error */

/* ---- pools ---- */

typedef struct mpb_core_pool mpb_core_pool; /* the core's mp_pool; what the public header calls so is a handle */

/* As the public mp_pool_open. Returns: owned (mpb_core_pool_release), or NULL. */
mpb_core_pool *mpb_core_pool_open(const char *url, struct mp_error **error);
mpb_core_pool *mpb_core_pool_retain(mpb_core_pool *pool);
void mpb_core_pool_close(mpb_core_pool *pool); /* for all who hold it */
void mpb_core_pool_release(mpb_core_pool *pool);

/* ---- states ---- */

/* Opens the module in a new state, for `require`, on that pool (borrowed until lua_close). Leaves its runtime, the
 * first upvalue of functions that call what follows, on the stack. Raises. */
void mpb_core_open(lua_State *L, mpb_core_pool *pool);
/* Raises a usage error at the script's line. */
int mpb_core_raise_usage(lua_State *L, const char *hint, const char *message);
/* "file:line" of the script, or "". */
void mpb_core_where(lua_State *L, char *to, size_t size);
/* The type of a value for messages. */
const char *mpb_core_type_name(lua_State *L, int index);
/* Stores a copy of the error table at `index`; false when it is none. Raises nothing but Lua's memory error. */
bool mpb_core_error_of(lua_State *L, int index, struct mp_error **error);

/* ---- errors ---- */

/* These store an error and return false. */
bool mpb_core_fail_usage(struct mp_error **error, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool mpb_core_fail_script(struct mp_error **error, const char *where, const char *message, const char *context);
bool mpb_core_fail_memory(struct mp_error **error);
void mpb_core_error_move(struct mp_error **to, struct mp_error *from);
void mpb_core_error_free(struct mp_error *error);

const char *mpb_core_error_kind(const struct mp_error *error);
/* A field by the name that scripts know, "message" and so on, or NULL. */
const char *mpb_core_error_field(const struct mp_error *error, const char *name);
int mpb_core_error_position(const struct mp_error *error);
bool mpb_core_error_retryable(const struct mp_error *error);
const char *mpb_core_error_text(struct mp_error *error);

#endif
