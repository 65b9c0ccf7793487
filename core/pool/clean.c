/* Makes a returned connection as good as new: ROLLBACK when a transaction is open, then DISCARD ALL when a statement
 * may have left something in the session. One that left what no reset undoes is not lent again. The first is sent by
 * whoever returns it, the rest by the upkeep thread. */
#include "pool/internal.h"

#define LIMIT 10.0 /* seconds for each command; then the connection is given up */

static bool start_rollback(mp__slot *slot) {
  return mp_connection_command(slot->connection, "ROLLBACK", mp_clock_after(LIMIT), NULL);
}

static bool start_reset(mp__slot *slot) {
  slot->was_reset = true;
  return mp_connection_command(slot->connection, "DISCARD ALL", mp_clock_after(LIMIT), NULL);
}

mp__condition mp__clean_start(mp__slot *slot) {
  slot->was_reset = false;
  if (mp_connection_state_of(slot->connection) != MP_CONNECTION_IDLE) return MP__UNUSABLE;
  if (mp_connection_fd(slot->connection) < 0) return MP__UNUSABLE; /* lost, found by who only looked */
  if (mp_connection_is_spoiled(slot->connection)) return MP__UNUSABLE;
  bool is_inside = mp_connection_transaction_status(slot->connection) != MP_OUTSIDE;
  if (!is_inside && !mp_connection_needs_reset(slot->connection)) return MP__CLEAN;
  return (is_inside ? start_rollback(slot) : start_reset(slot)) ? MP__CLEANING : MP__UNUSABLE;
}

mp_step mp__clean_step(mp__slot *slot, mp_want *want) {
  for (;;) {
    mp_step step = mp_connection_step(slot->connection, want, NULL);
    if (step != MP_STEP_DONE) return step;
    bool is_inside = mp_connection_transaction_status(slot->connection) != MP_OUTSIDE;
    bool needs_reset = mp_connection_needs_reset(slot->connection);
    if (!is_inside && !needs_reset) return MP_STEP_DONE;
    if (is_inside || slot->was_reset || !start_reset(slot)) return MP_STEP_FAILED; /* it had no effect: given up */
  }
}
