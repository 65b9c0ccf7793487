/* A call that waits, as its files share it: call_methods.c begins them, call.c goes through the stages, call_end.c
 * through those of a transaction's end, call_types.c keeps what is known of the types of its parameters and columns. */
#ifndef MPB_CALL_H
#define MPB_CALL_H

#include "arguments.h"
#include "database.h"
#include "rows.h"
#include "scheduler.h"
#include "transaction/outcome.h"

typedef enum call_mode {
  MODE_QUERY,
  MODE_ONE,
  MODE_FIRST,
  MODE_VALUE,
  MODE_EXEC,
  MODE_FETCH,
  MODE_SCRIPT,
  MODE_ACQUIRE,
  MODE_END
} call_mode;

typedef enum call_stage {
  STAGE_CHECKOUT, /* waits for a connection                                  */
  STAGE_DESCRIBE, /* waits for the parameters' types                         */
  STAGE_LOOK_UP,  /* waits for what those are that have no fixed OIDs        */
  STAGE_EXECUTE,  /* waits for the statement's answer                        */
  STAGE_LEARN,    /* waits for what the types of its columns are             */
  STAGE_OPEN,     /* waits for a BEGIN or SAVEPOINT that goes first         */
  STAGE_SCRIPT,   /* waits for a script's answer                             */
  STAGE_ASK,      /* waits for the transaction's id, before COMMIT           */
  STAGE_END,      /* waits for COMMIT, ROLLBACK, RELEASE                     */
  STAGE_FIND_OUT, /* waits for what became of a COMMIT without an answer     */
  STAGE_DONE,
} call_stage;

typedef struct mpb_call {
  mpb_operation operation;
  call_mode mode;
  call_stage stage;
  mp_pool *pool;             /* borrowed from the handle, which the stack anchors */
  mpb_lease *lease;          /* likewise; NULL: a connection of the pool for this call */
  const mp_holder *holder;   /* likewise: who waits for a connection */
  mp_checkout *checkout;     /* owned */
  mp_connection *connection; /* owned when there is no lease */
  mp_statement *statement;   /* owned */
  mpb_types types;           /* owned */
  mp_result *result;         /* owned */
  mp_outcome *outcome;       /* owned */
  int first, count;          /* the parameters' place on the stack */
  const uint32_t *columns;   /* FETCH: the types of the cursor's columns, which the stack anchors; NULL: not known */
  size_t column_count;
  int64_t deadline;
  mpb_row_style style;
  bool single;    /* of the pool, or by its rules */
  bool collected; /* no connection came, so garbage was looked through for one */
  bool keep;      /* END: commit or release, and not undo */
  bool doubted;   /* the types were asked for once more, since a value did not fit */
  bool looked;    /* they were looked up: what is not known now is of no use to ask for */
  int restarts;
  bool undone; /* END: it had failed before, and was undone instead */
  bool late;   /* END: the transaction's deadline had passed before */
} mpb_call;

/* The arguments of a method that runs a statement. */
enum { HANDLE_INDEX = 1, TEXT_INDEX = 2, FIRST_PARAMETER = 3 };

/* call.c */
mpb_call *mpb_call_push(lua_State *L, const mpb_database *database, call_mode mode);
/* Gets a connection and goes through the stages; gives the answer, or yields and gives it later. context: the call's
 * stack index. holder: who waits for a connection. May raise. */
int mpb_call_start(lua_State *L, mpb_call *call, lua_KContext context, const mp_holder *holder);
void mpb_call_use_connection(mpb_call *call, call_stage next); /* the next stage waits for it */
void mpb_call_let_connection_go(mpb_call *call);
bool mpb_call_has_pipeline(const mpb_call *call);
void mpb_call_release(mpb_call *call);                  /* gives up all that it holds; may be repeated */
void mpb_call_keep_error(lua_State *L, mpb_call *call); /* moves the operation's error into the runtime's slot */
/* Releases it, and raises the error that is in the runtime's slot. Never returns. */
int mpb_call_fail(lua_State *L, mpb_call *call);

/* call_end.c; all may raise */
#define MPB_ROLLBACK_PATIENCE 5.0 /* seconds: it is done in an instant, or the server does not answer */
void mpb_call_end_level(lua_State *L, mpb_call *call); /* a connection is there: begins */
void mpb_call_on_asked(lua_State *L, mpb_call *call);
void mpb_call_on_level_ended(lua_State *L, mpb_call *call);
void mpb_call_on_found_out(lua_State *L, mpb_call *call);
int mpb_call_end_answer(lua_State *L, mpb_call *call);

/* call_types.c
 * True when all types of the parameters are known, or when it is not even known which they are. */
bool mpb_call_knows_types(mpb_call *call);
void mpb_call_forget_types(mpb_call *call);

#endif
