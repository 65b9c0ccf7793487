/* The private PostgreSQL of a project: found, made, started, looked at and stopped. It listens on a Unix socket in a
 * private folder only, lets in its own account and root as the role `moonpool` (peer authentication), and outlives
 * the command that started it. These calls block; start and stop may take seconds. */
#ifndef MP_LOCAL_CLUSTER_H
#define MP_LOCAL_CLUSTER_H

#include <stdbool.h>

#include "base/error.h"

typedef struct mp_local_options {
  const char *folder;   /* holds the server; made when missing. NULL: the project's or the user's (below)         */
  const char *programs; /* holds initdb and postgres. NULL: where pg_config points, or /usr/lib/postgresql        */
  bool throw_away;      /* for tests: made without the care that survives a power failure. Kept from the making on */
  void (*say)(void *context, const char *text); /* told what a long step does, without a line's end; may be NULL  */
  void *context;
} mp_local_options;

typedef struct mp_local_place {
  char *folder; /* the server's own: data folder, log and locks */
  char *data;
  char *log;
  char *socket; /* the socket's folder; NULL: not made yet                                    */
  char *url;    /* for libpq, with the role and the database `moonpool`; NULL: not made yet   */
  int port;     /* the number in the socket's name; 0: not made yet                           */
  int version;  /* PostgreSQL's major version that the data is of; 0: not made yet            */
  int pid;      /* the server's process; 0: it does not run, or takes no connections          */
} mp_local_place;

void mp_local_place_finish(mp_local_place *place); /* frees its texts; may be repeated */

/* The project's folder: the nearest one, from the current folder upward, that holds `.moonpool/` or `migrations/`.
 * Returns: owned (free), NULL when there is none. */
char *mp_local_project(void);

/* The server of the project (in its `.moonpool/`), of the user when there is no project (in $XDG_DATA_HOME/moonpool),
 * or of the given folder. As root: in /var/lib/moonpool where the account `postgres` cannot reach that. Starts it when
 * it does not run, and makes it when there is none. Any number of commands may do so at once. Takes well under a
 * millisecond when it runs already. options: borrowed, NULL for the usual. place: owned (mp_local_place_finish).
 * Errors: local (not installed, data of another major version, another user's; the server's own words as detail). */
bool mp_local_start(const mp_local_options *options, mp_local_place *place, mp_error **error);

/* The same place, with nothing started or made: `pid` and `version` tell how it stands. Errors: local. */
bool mp_local_status(const mp_local_options *options, mp_local_place *place, mp_error **error);

/* Stops the server: open transactions are rolled back, data is written, and it has ended when this returns. Fine when
 * it does not run. Errors: local (it does not end within a minute). */
bool mp_local_stop(const mp_local_options *options, mp_error **error);

#endif
