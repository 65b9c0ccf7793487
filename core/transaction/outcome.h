/* Finds out what became of a transaction whose COMMIT was not answered: on another connection, by its id.
 *
 * PostgreSQL knows the fate of a transaction's id (pg_xact_status). That counts within one generation of the server
 * only: after a crash the id of a lost transaction may be given to the next writer. Then "aborted", "in progress" and
 * "in the future" still say that ours was not committed; "committed" is ours only if the commit is older than the
 * generation, which track_commit_timestamp tells. */
#ifndef MP_TRANSACTION_OUTCOME_H
#define MP_TRANSACTION_OUTCOME_H

#include "pool/pool.h"
#include "transaction/transaction.h"

typedef struct mp_outcome mp_outcome;

/* pool: retained. holder: as for a checkout, borrowed until mp_outcome_destroy. lost: what became of the connection,
 * for errors; copied. Give the lost connection back to the pool first. The deadline ends all of it. Returns: owned, or
 * NULL (memory). */
mp_outcome *mp_outcome_start(mp_pool *pool, const mp_holder *holder, const mp_transaction_identity *identity,
                             const mp_error *lost, int64_t deadline, mp_error **error);
/* DONE: it is committed. FAILED: with connection and retryable, it was rolled back; with unknown_outcome, nobody can
 * say, and the detail says why. */
mp_step mp_outcome_step(mp_outcome *outcome, mp_want *want, mp_error **error);
void mp_outcome_destroy(mp_outcome *outcome); /* NULL is fine */

#endif
