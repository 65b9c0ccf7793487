/* The Lua state behind a runtime. All of it that may raise runs protected. One thread at a time. */
#ifndef MPB_HOST_STATE_H
#define MPB_HOST_STATE_H

#include "host_core.h"
#include "moonpool.h"

typedef struct mpb_host_state mpb_host_state;

/* pool: retained. Returns: owned (mpb_host_state_close), or NULL. */
mpb_host_state *mpb_host_state_open(mpb_core_pool *pool, mp_error **error);
void mpb_host_state_close(mpb_host_state *state);

/* As mp_run_file, mp_run_string and mp_call. */
bool mpb_host_run_file(mpb_host_state *state, const char *path, mp_error **error);
bool mpb_host_run_string(mpb_host_state *state, const char *text, size_t size, const char *name, mp_error **error);
bool mpb_host_call(mpb_host_state *state, const char *function, const mp_value *arguments, size_t argument_count,
                   mp_value *results, size_t result_count, mp_error **error);

#endif
