/* Where the local server lives: its folder (the project's, the user's, or one that its account can reach), and the
 * short private folder of its socket. */
#ifndef MP_LOCAL_PLACE_H
#define MP_LOCAL_PLACE_H

#include "local/account.h"
#include "local/cluster.h"

typedef struct mp__site {
  mp_local_place place;
  mp__account account;
  char *start_lock; /* held by the command that makes or starts the server, and by the programs it runs for that */
  char *run_lock;   /* held by the server: until its last process has ended                                       */
  char name[32];    /* the server's name in the list of processes; empty while it is not made                     */
} mp__site;

/* Finds the place without making anything. given: NULL or the folder. Errors: local. */
bool mp__site_find(const char *given, mp__site *site, mp_error **error);
/* Gives the site its name and its socket's folder; the data folder must be there. Errors: local. */
bool mp__site_name(mp__site *site, mp_error **error);
void mp__site_finish(mp__site *site);

/* Makes the socket's folder, private to the account. Errors: local (somebody else has it). */
bool mp__site_make_socket_folder(const mp__site *site, mp_error **error);

/* Whether a socket's folder is the account's alone. */
bool mp__site_trusts(const mp__site *site, const char *socket_folder);

#endif
