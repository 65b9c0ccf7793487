/* "Did you mean": the most similar of some names. */
#ifndef MP_BASE_NEAREST_H
#define MP_BASE_NEAREST_H

#include <stddef.h>

/* The most similar name of a list (similarity at least 0.7), or NULL. */
const char *mp_nearest_name(const char *name, const char *const *names, size_t count);

#endif
