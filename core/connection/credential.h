/* A user's name and password as they are at one moment, for servers whose secrets change. Wiped when done with. */
#ifndef MP_CONNECTION_CREDENTIAL_H
#define MP_CONNECTION_CREDENTIAL_H

#include "base/error.h"

typedef struct mp_credential {
  char *user;     /* owned; NULL: as the settings say */
  char *password; /* owned; NULL: as the settings say */
} mp_credential;

/* Copies; each may be NULL. The credential must be empty, or have been set before. Errors: memory. */
bool mp_credential_set(mp_credential *credential, const char *user, const char *password, mp_error **error);
/* Overwrites and frees; the credential is empty afterwards. */
void mp_credential_wipe(mp_credential *credential);

#endif
