/* One session with a PostgreSQL server, as a state machine that never blocks.
 *
 * A caller starts one piece of work (connect, describe, execute, script, command) and then calls mp_connection_step
 * until it no longer says MP_STEP_WAIT, waiting in between for what it wants (base/wait.h). A connection belongs to one
 * thread at a time. A failed step leaves it IDLE (the next piece of work may be started) or BROKEN (only close is
 * left). */
#ifndef MP_CONNECTION_CONNECTION_H
#define MP_CONNECTION_CONNECTION_H

#include "base/wait.h"
#include "connection/credential.h"
#include "connection/result.h"
#include "connection/session.h"
#include "connection/statement.h"
#include "settings/settings.h"

typedef struct mp_connection mp_connection;

typedef enum mp_connection_state {
  MP_CONNECTION_NEW,        /* nothing was started yet                                    */
  MP_CONNECTION_RESOLVING,  /* host names are looked up on a thread                        */
  MP_CONNECTION_CONNECTING, /* libpq's handshake                                          */
  MP_CONNECTION_IDLE,       /* ready for work                                             */
  MP_CONNECTION_BUSY,       /* a statement is under way                                   */
  MP_CONNECTION_CANCELLING, /* the server was asked to give it up; its answer is awaited   */
  MP_CONNECTION_BROKEN,     /* lost, or in a state that nobody can know                   */
} mp_connection_state;

/* settings and statements: borrowed as long as the connection lives. Returns: owned (mp_connection_close), or NULL.
 * Errors: memory. */
mp_connection *mp_connection_create(const mp_settings *settings, mp_statements *statements, mp_error **error);
/* Starts to end the session in good order: what runs is cancelled, and the server's own end of it awaited. Steps say
 * DONE when the server counts it no more, or at the deadline; then only close is left. */
void mp_connection_leave(mp_connection *connection, int64_t deadline);
/* Ends the session at once, cancelling what runs; never blocks. NULL is fine. */
void mp_connection_close(mp_connection *connection);

/* Before connecting: with which user and password. Consumed, left empty, and wiped once it is connected, or not. */
void mp_connection_set_credential(mp_connection *connection, mp_credential *credential);

/* Starts connecting; deadline as in base/wait.h, at most connect_timeout from now. Names are resolved on a thread,
 * every address of every host is tried in turn. Steps fail with: connection (host, port or socket, and the reason;
 * sqlstate when the server gave one, 28P01, 3D000, 53300, ...), timeout, memory. */
bool mp_connection_connect(mp_connection *connection, int64_t deadline, mp_error **error);

/* Finds out the parameter types of a statement, for callers whose values depend on them (mp_value_needs_type).
 * Afterwards mp_statements_types gives them. */
bool mp_connection_describe(mp_connection *connection, mp_statement *statement, const char *const *before,
                            size_t before_count, int64_t deadline, mp_error **error);

/* The types that are known and have no fixed OIDs: owned (mp_type_set_release), or NULL while there is none. */
mp_type_set *mp_connection_types(const mp_connection *connection);
/* Looks up types that mp_type_set_find does not know, and all that they are made of. */
bool mp_connection_look_up(mp_connection *connection, const uint32_t *oids, size_t count, int64_t deadline,
                           mp_error **error);
/* What a look-up that is done has found: those of the types that exist, and what was known before. Owned, or NULL.
 * (Others may have changed what mp_connection_types says meanwhile.) */
mp_type_set *mp_connection_take_types(mp_connection *connection);
/* Forgets them all, since something of them proved untrue. */
void mp_connection_forget_types(mp_connection *connection);

typedef struct mp_request {
  mp_statement *statement;    /* borrowed for the call                                                             */
  mp_types *types;            /* as mp_statements_get gave it; borrowed; may be NULL                               */
  const mp_type_set *known;   /* has those among them that have no fixed OIDs; borrowed; may be NULL               */
  const mp_value *parameters; /* borrowed for the call: they are encoded at once                                   */
  size_t count;
  const char *const *before; /* commands that travel ahead in the same flush (BEGIN, SAVEPOINT ...); their failure
                                is the statement's */
  size_t before_count;
  const uint32_t *columns; /* the types that the result's columns certainly have; borrowed; NULL: not known        */
  size_t column_count;
  bool ask_xact;    /* also asks for the transaction's id; needs no round trip of its own                */
  int64_t deadline; /* then the statement is cancelled on the server, and the step fails with timeout    */
} mp_request;

/* Starts a statement. Errors at once, before anything is sent: usage (number, kind or range of parameters; the session
 * was set to another client_encoding), memory. */
bool mp_connection_execute(mp_connection *connection, const mp_request *request, mp_error **error);
/* Starts a text of one or more statements by the simple protocol: no parameters, one implicit transaction. */
bool mp_connection_script(mp_connection *connection, const char *text, int64_t deadline, mp_error **error);
/* Starts one command of ours (COMMIT, ROLLBACK TO SAVEPOINT ..., DISCARD ALL). */
bool mp_connection_command(mp_connection *connection, const char *text, int64_t deadline, mp_error **error);

/* Starts to ask, by itself, which session this is (not in an open transaction that matters: an old server refuses it),
 * or what the id of the open transaction is. Only with pipelines; the answer is in the two functions below. */
typedef enum mp_question { MP_ASK_SESSION, MP_ASK_XACT } mp_question;
bool mp_connection_ask(mp_connection *connection, mp_question question, int64_t deadline, mp_error **error);
const mp_session *mp_connection_session(const mp_connection *connection);
/* As it was after the last statement. */
mp_xact mp_connection_xact(const mp_connection *connection);

/* Goes on with the work under way. After MP_STEP_FAILED of an execute, mp_connection_is_stale says whether the failure
 * only was that what we knew about the statement is no longer true, nothing has happened, and the same request with
 * fresh types may be started again. */
mp_step mp_connection_step(mp_connection *connection, mp_want *want, mp_error **error);
bool mp_connection_is_stale(const mp_connection *connection);
/* The result of the execute or command that is done (of a script: its last); owned; NULL for others, and
 * without memory (then *error says so). */
mp_result *mp_connection_take_result(mp_connection *connection, mp_error **error);

/* Asks the server, again and again, to give up what runs (on a thread, since libpq's call blocks); go on stepping until
 * the work fails, with kind `cancelled`, or is done after all. Nothing running: nothing happens. A server that does not
 * answer within five seconds makes the connection BROKEN. */
void mp_connection_cancel(mp_connection *connection);

mp_connection_state mp_connection_state_of(const mp_connection *connection);
const char *mp_connection_state_name(mp_connection_state state);
/* What the server said of itself last: in no transaction, in one, in a failed one. */
typedef enum mp_transaction_status { MP_OUTSIDE, MP_INSIDE, MP_INSIDE_FAILED } mp_transaction_status;
mp_transaction_status mp_connection_transaction_status(const mp_connection *connection);
/* A statement may have left something in the session that the next user must not see. Cleared by a successful
 * DISCARD ALL (mp_connection_command), which also forgets the prepared statements. */
bool mp_connection_needs_reset(const mp_connection *connection);
/* It may have left something that DISCARD ALL does not undo (LOAD, the seed of random(), ...): nobody else may use the
 * session. */
bool mp_connection_is_spoiled(const mp_connection *connection);
/* What was set in the session until now stays: it is no reason for a reset, nor to give it up. */
void mp_connection_keep_session(mp_connection *connection);
/* False when the server has closed the session or has sent something unasked that ends it; looks without blocking. */
bool mp_connection_is_alive(mp_connection *connection);
int mp_connection_server_pid(const mp_connection *connection);
int mp_connection_server_version(const mp_connection *connection); /* 150020 */
int mp_connection_fd(const mp_connection *connection);             /* -1 when there is none */
/* What is known of the session, as text; borrowed until the next step; NULL when it is not told: "host", "hostaddr",
 * "port", "user", "dbname", "tls" and "cipher" (NULL: the traffic is not encrypted), or any setting that the server
 * reports ("server_version", "TimeZone", ...). */
const char *mp_connection_about(const mp_connection *connection, const char *name);
int mp_connection_library_version(void);                        /* of libpq: 150018 */
unsigned mp_connection_number(const mp_connection *connection); /* in traces; 0 when nothing is traced */
/* The beginning of what runs or ran last, blanks squeezed, for diagnoses; "" at first. From any thread. */
enum { MP_STATEMENT_SHOWN = 120 }; /* a good size */
void mp_connection_last_statement(mp_connection *connection, char *to, size_t size);

/* For owners such as the pool: a pointer of theirs. */
void mp_connection_set_owner(mp_connection *connection, void *owner);
void *mp_connection_owner(const mp_connection *connection);

#endif
