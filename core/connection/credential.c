/* Copies of secrets, which are overwritten before their memory is given back. */
#include "connection/credential.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void wipe_text(char *text) {
  if (text != NULL) sodium_memzero(text, strlen(text));
  free(text);
}

void mp_credential_wipe(mp_credential *credential) {
  wipe_text(credential->user);
  wipe_text(credential->password);
  *credential = (mp_credential){0};
}

bool mp_credential_set(mp_credential *credential, const char *user, const char *password, mp_error **error) {
  mp_credential copy = {
      .user = user == NULL ? NULL : strdup(user),
      .password = password == NULL ? NULL : strdup(password),
  };
  if ((user != NULL && copy.user == NULL) || (password != NULL && copy.password == NULL)) {
    mp_credential_wipe(&copy);
    return mp_error_set_memory(error);
  }
  mp_credential_wipe(credential);
  *credential = copy;
  return true;
}
