/* The running server as the system shows it: its pid file checked against the process, and what it left behind. */
#ifndef MP_LOCAL_POSTMASTER_H
#define MP_LOCAL_POSTMASTER_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct mp__postmaster {
  pid_t pid;
  int port;
  bool is_ready;                /* accepts connections, as far as its pid file says */
  char socket_folder[PATH_MAX]; /* empty while it has none                        */
} mp__postmaster;

/* Fills in *postmaster when a live server has this data folder. A pid file that a dead server left, also one whose
 * number another process has now, and the copy of another folder's, is no server. */
bool mp__postmaster_find(const char *data, mp__postmaster *postmaster);

/* Signals the processes that outlive a killed server: those titled with its name, and of the account. */
void mp__postmaster_signal_orphans(const char *name, uid_t account, int signal_number);

#endif
