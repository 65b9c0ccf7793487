/* The public functions: handles are looked up and held, and everything else is done behind them. */
#include "moonpool.h"

#include "host_core.h"
#include "host_handle.h"
#include "host_state.h"

const char *mp_version(void) {
  return MP_VERSION;
}

/* ---- handles ---- */

static const char *const names[] = {[MPB_HANDLE_POOL] = "pool", [MPB_HANDLE_RUNTIME] = "runtime"};

/* In a row of calls the error of the first explains why there is no handle. */
static bool refuse_null(mpb_handle_kind kind, mp_error **error) {
  if (error != NULL && *error != NULL) return false;
  return mpb_core_fail_usage(error, "the call that should have opened it has failed, and its error says why",
                             "the %s is NULL", names[kind]);
}

/* Begins a use of the handle; leave() ends it. */
static bool enter(const void *handle, mpb_handle_kind kind, void **object, mp_error **error) {
  if (handle == NULL) return refuse_null(kind, error);
  switch (mpb_handle_enter(handle, kind, object)) {
  case MPB_ENTERED: return true;
  case MPB_NOT_THERE: break;
  case MPB_IN_USE:
    return mpb_core_fail_usage(error, "open one for each thread, on the same pool",
                               "the %s is in use by another thread", names[kind]);
  case MPB_IN_USE_HERE:
    return mpb_core_fail_usage(error, NULL, "the %s is in use by a call that has not returned", names[kind]);
  }
  return mpb_core_fail_usage(error, NULL, "the %s is closed, or never was one", names[kind]);
}

static void destroy_pool(mpb_core_pool *pool) {
  mpb_core_pool_close(pool);
  mpb_core_pool_release(pool);
}

/* ---- pools ---- */

mp_pool *mp_pool_open(const char *url, mp_error **error) {
  mpb_core_pool *pool = mpb_core_pool_open(url, error);
  if (pool == NULL) return NULL;
  mp_pool *handle = mpb_handle_add(MPB_HANDLE_POOL, pool);
  if (handle == NULL) {
    mpb_core_pool_release(pool);
    mpb_core_fail_memory(error);
  }
  return handle;
}

void mp_pool_close(mp_pool *pool) {
  mpb_core_pool *closed = mpb_handle_close(pool, MPB_HANDLE_POOL);
  if (closed != NULL) destroy_pool(closed);
}

/* ---- runtimes ---- */

static mp_runtime *open_runtime(mpb_core_pool *pool, mp_error **error) {
  mpb_host_state *state = mpb_host_state_open(pool, error);
  if (state == NULL) return NULL;
  mp_runtime *handle = mpb_handle_add(MPB_HANDLE_RUNTIME, state);
  if (handle == NULL) {
    mpb_host_state_close(state);
    mpb_core_fail_memory(error);
  }
  return handle;
}

mp_runtime *mp_runtime_open(mp_pool *pool, const mp_runtime_options *options, mp_error **error) {
  void *object;
  if (!enter(pool, MPB_HANDLE_POOL, &object, error)) return NULL;
  mp_runtime *runtime = NULL;
  if (options == NULL) {
    runtime = open_runtime(object, error);
  } else {
    mpb_core_fail_usage(error, NULL, "the options of a runtime are not NULL; this version has none");
  }
  if (mpb_handle_leave(pool)) destroy_pool(object);
  return runtime;
}

void mp_runtime_close(mp_runtime *runtime) {
  mpb_host_state *closed = mpb_handle_close(runtime, MPB_HANDLE_RUNTIME);
  if (closed != NULL) mpb_host_state_close(closed);
}

static bool leave_runtime(mp_runtime *runtime, mpb_host_state *state, bool done) {
  if (mpb_handle_leave(runtime)) mpb_host_state_close(state);
  return done;
}

bool mp_run_file(mp_runtime *runtime, const char *path, mp_error **error) {
  void *state;
  if (!enter(runtime, MPB_HANDLE_RUNTIME, &state, error)) return false;
  return leave_runtime(runtime, state, mpb_host_run_file(state, path, error));
}

bool mp_run_string(mp_runtime *runtime, const char *text, size_t size, const char *name, mp_error **error) {
  void *state;
  if (!enter(runtime, MPB_HANDLE_RUNTIME, &state, error)) return false;
  return leave_runtime(runtime, state, mpb_host_run_string(state, text, size, name, error));
}

bool mp_call(mp_runtime *runtime, const char *function, const mp_value *arguments, size_t argument_count,
             mp_value *results, size_t result_count, mp_error **error) {
  void *state;
  if (!enter(runtime, MPB_HANDLE_RUNTIME, &state, error)) return false;
  return leave_runtime(runtime, state,
                       mpb_host_call(state, function, arguments, argument_count, results, result_count, error));
}
