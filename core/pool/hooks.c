/* What a host does around each loan, in the borrower's thread; and what it makes of a session before its first use,
 * which then belongs to the session. A reset takes that away with all else, and so it is made again. */
#include "pool/internal.h"

bool mp_pool_is_session_new(const mp_connection *connection) {
  return ((const mp__slot *)mp_connection_owner(connection))->is_new;
}

bool mp_pool_keep_session(mp_connection *connection, mp_error **error) {
  mp__slot *slot = mp_connection_owner(connection);
  if (mp_connection_state_of(connection) != MP_CONNECTION_IDLE) {
    return mp_error_set(error, MP_ERROR_CONNECTION,
                        "the connection was lost, or is busy, after its session was set up");
  }
  if (mp_connection_transaction_status(connection) != MP_OUTSIDE) {
    return mp_error_set(error, MP_ERROR_TRANSACTION, "setting up the session has left a transaction open");
  }
  mp_connection_keep_session(connection);
  slot->is_new = false;
  return true;
}

static bool set_up(mp_pool *pool, mp__slot *slot, mp_error **error) {
  if (pool->hooks.connect == NULL || !slot->is_new) return true;
  return pool->hooks.connect(pool->hooks.data, slot->connection, error) &&
         mp_pool_keep_session(slot->connection, error);
}

bool mp__hooks_lend(mp_pool *pool, mp__slot *slot, mp_error **error) {
  if (!set_up(pool, slot, error)) return false;
  if (pool->hooks.checkout != NULL && !pool->hooks.checkout(pool->hooks.data, slot->connection, error)) return false;
  slot->is_lent_out = true;
  return true;
}

void mp__hooks_return(mp_pool *pool, mp__slot *slot) {
  if (pool->hooks.give_back != NULL && slot->is_lent_out) pool->hooks.give_back(pool->hooks.data, slot->connection);
  slot->is_lent_out = false;
}
