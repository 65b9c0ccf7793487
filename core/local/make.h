/* Making a new private server's data folder: all of it or nothing. */
#ifndef MP_LOCAL_MAKE_H
#define MP_LOCAL_MAKE_H

#include "local/place.h"
#include "local/programs.h"

/* Makes the site's data folder, with the role (a superuser) and the database `moonpool`, ready to be started. Done
 * beside its place and renamed at the end, so that a kill leaves nothing that looks finished; what an earlier kill
 * left is removed. lock_fd: the start lock, which the programs that run meanwhile keep. Errors: local. */
bool mp__make_data(const mp__site *site, const mp__programs *programs, bool throw_away, int lock_fd, mp_error **error);

#endif
