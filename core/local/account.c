/* Accounts: who runs the local server, and what that account can reach. */
#include "local/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local/files.h"

enum { ENTRY_SIZE = 16384 };

/* Looks up by name, or with name == NULL by uid. */
static bool look_up(const char *name, uid_t uid, mp__account *account) {
  struct passwd entry, *found = NULL;
  char *space = malloc(ENTRY_SIZE);
  if (space == NULL) return false;
  if (name != NULL) {
    getpwnam_r(name, &entry, space, ENTRY_SIZE, &found);
  } else {
    getpwuid_r(uid, &entry, space, ENTRY_SIZE, &found);
  }
  if (found != NULL) {
    account->uid = found->pw_uid;
    account->gid = found->pw_gid;
    snprintf(account->name, sizeof account->name, "%s", found->pw_name);
  }
  free(space);
  return found != NULL;
}

static bool fail(mp_error **error, const char *hint) {
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, hint);
  return false;
}

bool mp__account_choose(mp__account *account, mp_error **error) {
  if (geteuid() == 0) {
    if (look_up("postgres", 0, account)) return true;
    mp_error_set(error, MP_ERROR_LOCAL,
                 "PostgreSQL does not run as root, and there is no account `postgres` to run it");
    return fail(error, "install PostgreSQL's server package (Debian, Ubuntu: apt install postgresql), which makes it");
  }
  if (look_up(NULL, geteuid(), account)) return true;
  mp_error_set(error, MP_ERROR_LOCAL, "the user id %u has no name, and PostgreSQL does not run without one",
               (unsigned)geteuid());
  return fail(error, "give it one (useradd), or set DATABASE_URL to use another server");
}

bool mp__account_of_folder(const char *data, mp__account *account, mp_error **error) {
  struct stat about;
  if (stat(data, &about) != 0) {
    return mp_error_set(error, MP_ERROR_LOCAL, "cannot look at the data folder %s: %s", data, strerror(errno));
  }
  mp__account owner = {.uid = about.st_uid, .gid = about.st_gid};
  if (!look_up(NULL, about.st_uid, &owner)) snprintf(owner.name, sizeof owner.name, "%u", (unsigned)about.st_uid);
  if (geteuid() != 0 && geteuid() != owner.uid) {
    mp_error_set(error, MP_ERROR_LOCAL, "the private server in %s belongs to the user %s", data, owner.name);
    return fail(error, "set DATABASE_URL to use another server, or work in a project of your own");
  }
  *account = owner;
  return true;
}

static bool may_pass(const mp__account *account, const struct stat *folder) {
  if (account->uid == folder->st_uid) return (folder->st_mode & S_IXUSR) != 0;
  if (account->gid == folder->st_gid) return (folder->st_mode & S_IXGRP) != 0;
  return (folder->st_mode & S_IXOTH) != 0;
}

bool mp__account_reaches(const mp__account *account, const char *path) {
  char *part = mp__local_format(NULL, "%s/", path);
  if (part == NULL) return false;
  bool reaches = true;
  for (char *slash = strchr(part, '/'); reaches && slash != NULL; slash = strchr(slash + 1, '/')) {
    struct stat folder;
    slash[0] = '\0';
    bool there = stat(part[0] == '\0' ? "/" : part, &folder) == 0;
    slash[0] = '/';
    if (!there) break;
    reaches = may_pass(account, &folder);
  }
  free(part);
  return reaches;
}

bool mp__account_become(const mp__account *account) {
  if (geteuid() == account->uid) return true;
  return setgroups(1, &account->gid) == 0 && setgid(account->gid) == 0 && setuid(account->uid) == 0;
}
