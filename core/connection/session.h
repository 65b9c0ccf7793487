/* Which session of which server a connection is, and which transaction is open in it: what it takes to find out later
 * what became of a COMMIT whose answer was lost (transaction/outcome.h). */
#ifndef MP_CONNECTION_SESSION_H
#define MP_CONNECTION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

typedef enum mp_session_state {
  MP_SESSION_UNKNOWN,    /* the server was not asked yet                                          */
  MP_SESSION_KNOWN,      /* all fields are set                                                    */
  MP_SESSION_UNAVAILABLE /* the server does not tell: it is older than 13, or forbids it          */
} mp_session_state;

typedef struct mp_session {
  mp_session_state state;
  char system[24]; /* the cluster's identifier */
  /* Timeline and age of the statistics. It changes with each recovery after a crash and each promotion, after which a
   * transaction's id may be given out a second time; a clean restart keeps it. "" on a standby. */
  char generation[64];
  int pid;          /* of the server's process                                       */
  char started[40]; /* when that began, in seconds: a pid alone comes again          */
  bool is_direct;   /* no pooler between: the server told us the same pid at the start */
} mp_session;

/* A transaction, as the server knows it. */
typedef enum mp_xact_state {
  MP_XACT_UNASKED, /* since the last statement nobody has asked */
  MP_XACT_NONE,    /* it has written nothing, and has no id     */
  MP_XACT_ASSIGNED
} mp_xact_state;

typedef struct mp_xact {
  mp_xact_state state;
  uint64_t id; /* with ASSIGNED: 64 bits, which never come again in one generation */
} mp_xact;

#endif
