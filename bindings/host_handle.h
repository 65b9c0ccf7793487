/* Handles: what a host holds as mp_pool * and mp_runtime *. They are numbers in the shape of pointers, which nobody
 * follows: one that is closed, of the other kind, or made up is told from a good one without looking at memory that is
 * gone. For all threads. */
#ifndef MPB_HOST_HANDLE_H
#define MPB_HOST_HANDLE_H

#include <stdbool.h>

typedef enum mpb_handle_kind { MPB_HANDLE_POOL, MPB_HANDLE_RUNTIME } mpb_handle_kind;

typedef enum mpb_entry {
  MPB_ENTERED,
  MPB_NOT_THERE,   /* closed, or never opened         */
  MPB_IN_USE,      /* by another thread               */
  MPB_IN_USE_HERE, /* by a call that has not returned */
} mpb_entry;

/* A new handle for the object, or NULL without memory. */
void *mpb_handle_add(mpb_handle_kind kind, void *object);

/* Begins a use, which keeps the object from being destroyed; pools have many at a time, runtimes one. */
mpb_entry mpb_handle_enter(const void *handle, mpb_handle_kind kind, void **object);
/* Ends it. Returns true when the handle was closed meanwhile and this was the last use: the caller destroys the object.
 */
bool mpb_handle_leave(const void *handle);

/* No use can begin any more. Returns the object for the caller to destroy; or NULL when it is not there, or is in use,
 * and so is left to whoever leaves it last. */
void *mpb_handle_close(const void *handle, mpb_handle_kind kind);

#endif
