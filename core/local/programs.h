/* PostgreSQL's own programs: where they are, and of which major version. */
#ifndef MP_LOCAL_PROGRAMS_H
#define MP_LOCAL_PROGRAMS_H

#include <stdbool.h>

#include "base/error.h"
#include "local/account.h"

typedef struct mp__programs {
  char *folder; /* owned; holds initdb and postgres */
  int version;  /* the major version, such as 15    */
} mp__programs;

/* Looks in `folder`, or (NULL) where pg_config points and in /usr/lib/postgresql. wanted: a data folder's major
 * version, or 0 for any. Errors: local (nothing found: what to install; only other versions: which). */
bool mp__programs_find(const char *folder, int wanted, const mp__account *account, mp__programs *programs,
                       mp_error **error);
void mp__programs_finish(mp__programs *programs);

#endif
