/* A PostgreSQL server that lies: it speaks the protocol well, and says something else at one point.
 *
 * It listens on a Unix socket of its own and runs on one thread, which serves one session after the other; a cancel
 * request is taken while a session is under way. A session is a function that reads what the client sends and answers;
 * when it returns, the connection is closed. Every read fails, and so ends the session, when the client has gone, when
 * the liar is to stop, and (unless `deaf`) when a cancel has come. */
#ifndef SPEC_LIAR_H
#define SPEC_LIAR_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

typedef struct liar liar;
typedef void liar_session(liar *self);

struct liar {
  atomic_int sessions; /* begun so far; cancel requests do not count     */
  atomic_int cancels;  /* cancel requests that have come                 */
  bool deaf;           /* a cancel request ends nothing                  */
  bool trickles;       /* sends one byte at a time                       */
  const void *data;    /* the session's own                              */
  mp_buffer body;      /* of the message that was read last              */
  mp_buffer out;       /* what is to be sent by the next flush           */
  bool skips;          /* liar_answer gives none before the next Sync, as after an error */
  int parameters;      /* of the statement that was parsed last          */
  int fd;              /* of the session                                 */
  struct liar_private *private_;
};

/* Returns: owned (liar_stop). Fails the test when it cannot. */
liar *liar_start(liar_session *session, const void *data);
/* Stands in for liar_start's session from the next connection on. */
void liar_be(liar *self, liar_session *session);
const char *liar_url(const liar *self);
void liar_stop(liar *self); /* ends its session at once */

/* ---- for sessions: reading ---- */

/* Waits until the client has sent something; false: the session is over. */
bool liar_wait(liar *self);
/* Reads the first packet of a session into `body`, refusing encryption. */
bool liar_read_startup(liar *self);
/* Reads one message; its type is returned, its content is in `body`. 0: the session is over. */
char liar_read(liar *self);
/* Reads `size` bytes, whatever they are. */
bool liar_skip(liar *self, size_t size);

/* ---- for sessions: writing ---- */

/* Adds a message. format: h and i for integers of 2 and 4 bytes, c for one, s for a string with its zero byte, b for
 * bytes (a pointer and a size_t). */
void liar_add(liar *self, char type, const char *format, ...);
/* Adds bytes that need not be a message. */
void liar_add_raw(liar *self, const void *bytes, size_t size);
/* Adds a row description of one text column "a" of a type. format: 0 text, 1 binary. */
void liar_add_column(liar *self, uint32_t type, int format);
/* Adds a row of one cell. */
void liar_add_cell(liar *self, const void *bytes, size_t size);
void liar_add_error(liar *self, const char *severity, const char *sqlstate, const char *message); /* NULL: not given */
bool liar_flush(liar *self); /* false: the session is over */

/* ---- honest behaviour ---- */

/* Startup, until the client may ask. */
bool liar_welcome(liar *self);
/* Answers one message as a server would, with one row that says "good"; false: the session is over. */
bool liar_answer(liar *self, char type);
/* A whole session. */
void liar_honest(liar *self);

#endif
