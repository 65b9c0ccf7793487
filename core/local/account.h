/* The account that the local server runs under: our own, or, since PostgreSQL does not run as root, the account
 * `postgres` that its package made. Root may become any account, so it uses the owner of a server that is there. */
#ifndef MP_LOCAL_ACCOUNT_H
#define MP_LOCAL_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

typedef struct mp__account {
  uid_t uid;
  gid_t gid;
  char name[64];
} mp__account;

/* The account to start a new server under. Errors: local (root, and no account `postgres`; no name for our uid). */
bool mp__account_choose(mp__account *account, mp_error **error);

/* The account of the server whose data folder this is; it must exist. Errors: local (another user's). */
bool mp__account_of_folder(const char *data, mp__account *account, mp_error **error);

/* Whether the account may pass through every folder on the way to `path`; missing ones do not count. */
bool mp__account_reaches(const mp__account *account, const char *path);

/* In a new process: become the account for good. Calls only what is allowed after fork. */
bool mp__account_become(const mp__account *account);

#endif
