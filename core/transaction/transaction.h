/* A transaction on one connection: what has to be sent, and what an answer to COMMIT means.
 *
 * Nothing here waits. BEGIN and SAVEPOINT are put off until the next statement, in whose flush they travel; so a
 * transaction without statements sends nothing. Level 1 is the transaction, each savepoint is one level more. */
#ifndef MP_TRANSACTION_TRANSACTION_H
#define MP_TRANSACTION_TRANSACTION_H

#include "connection/connection.h"

typedef enum mp_isolation {
  MP_ISOLATION_DEFAULT,
  MP_ISOLATION_READ_UNCOMMITTED,
  MP_ISOLATION_READ_COMMITTED,
  MP_ISOLATION_REPEATABLE_READ,
  MP_ISOLATION_SERIALIZABLE,
} mp_isolation;

typedef struct mp_transaction_options {
  mp_isolation isolation;
  bool read_only;
  bool deferrable; /* means something for serializable read-only transactions only */
} mp_transaction_options;

/* "serializable", "repeatable read", ...; false when it is none. */
bool mp_isolation_named(const char *name, mp_isolation *out);

typedef struct mp_transaction mp_transaction;

/* connection: borrowed, idle and outside of any transaction. Returns: owned (mp_transaction_destroy), or NULL. */
mp_transaction *mp_transaction_create(mp_connection *connection, const mp_transaction_options *options,
                                      mp_error **error);
void mp_transaction_destroy(mp_transaction *transaction); /* NULL is fine */

int mp_transaction_level(const mp_transaction *transaction); /* of the innermost; 0: it is over */
/* What makes a level different from any other that had or will have its number. */
unsigned mp_transaction_serial(const mp_transaction *transaction, int level);
/* Opens one level more. Errors: memory. */
bool mp_transaction_push(mp_transaction *transaction, mp_error **error);

/* The commands that have to travel ahead of the next statement; borrowed until the next call. Whoever has started to
 * send the first `count` of them says so; when the flush was answered, well or not, mp_transaction_flushed takes note.
 */
const char *const *mp_transaction_before(mp_transaction *transaction, size_t *count);
void mp_transaction_asked(mp_transaction *transaction, size_t count);
void mp_transaction_flushed(mp_transaction *transaction);

/* Whether the next statement should ask for the transaction's id (mp_request.ask_xact): until it is known, unless the
 * transaction cannot write. */
bool mp_transaction_wants_id(const mp_transaction *transaction);
/* What is to be asked (mp_connection_ask) before COMMIT goes out, since nobody has since a statement that may have
 * written. False: nothing; then it is time for COMMIT. */
bool mp_transaction_question(const mp_transaction *transaction, mp_question *question);

/* The command that ends the innermost level (for level 1: COMMIT or ROLLBACK), or NULL when nothing of it was ever
 * sent. The level is over when mp_transaction_pop is called, whatever became of the command. A text is borrowed until
 * then. */
const char *mp_transaction_keep_command(mp_transaction *transaction);
const char *mp_transaction_undo_command(mp_transaction *transaction);
void mp_transaction_pop(mp_transaction *transaction);

/* True when a statement has failed and nothing was done about it: the server will not commit. */
bool mp_transaction_has_failed(const mp_transaction *transaction);

typedef enum mp_verdict {
  MP_VERDICT_COMMITTED,
  MP_VERDICT_REFUSED, /* the server said no, or it is certain that nothing was written                */
  MP_VERDICT_LOST,    /* its answer was lost: transaction/outcome.h finds out what became of it        */
} mp_verdict;

/* Judges the answer to COMMIT. step: how the command ended; result: its result or NULL; *error: its error if it failed,
 * replaced where it means something else.
 * Errors with REFUSED: transaction (the server rolled back instead), connection (lost, but there was nothing to commit;
 * retryable), or the command's own. With LOST the error is the connection's. */
mp_verdict mp_transaction_judge_commit(const mp_transaction *transaction, mp_step step, const mp_result *result,
                                       mp_error **error);
/* What identifies the transaction to a server that is asked later. session.state is not KNOWN, or id 0, where that is
 * not known. */
typedef struct mp_transaction_identity {
  mp_session session;
  uint64_t id;
} mp_transaction_identity;
mp_transaction_identity mp_transaction_identify(const mp_transaction *transaction);

#endif
