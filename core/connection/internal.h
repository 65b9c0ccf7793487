/* What the files of core/connection share. */
#ifndef MP_CONNECTION_INTERNAL_H
#define MP_CONNECTION_INTERNAL_H

#include <libpq-fe.h>
#include <pthread.h>

#include "base/lru.h"
#include "connection/connection.h"

/* A statement as one connection knows it. */
typedef struct mp__prepared {
  mp_lru_entry entry;
  struct mp__prepared *next; /* on the list of those to be closed */
  mp_statement *statement;   /* owned */
  mp_types *types;           /* owned; what the server was told when it was prepared */
  bool is_prepared;          /* false: used once so far */
  char name[16];             /* on the server */
  mp_types *columns;         /* owned; of its result; NULL: it has none, or not yet known */
} mp__prepared;

/* What one flush has asked for, in the order of the answers. */
typedef struct mp__expected {
  bool session, session_sync; /* which session this is, and the end of that part */
  size_t before;              /* commands that travelled ahead */
  bool deallocate, prepare, describe, execute, verify;
  bool xact_prepare, xact; /* the transaction's id */
} mp__expected;

typedef struct mp__parameters {
  mp_buffer bytes;
  size_t capacity;
  Oid *types;
  const char **values;
  int *lengths;
  int *formats;
  size_t *offsets; /* of the values in `bytes` */
  bool unsure;     /* a value is of another kind than the type that we remember, or was written for what we remember
                      of a type: perhaps that has changed */
} mp__parameters;

/* The beginning of the last statement's text. */
typedef struct mp__last {
  pthread_mutex_t lock;
  char text[256];
} mp__last;

typedef struct mp__dial mp__dial;
typedef struct mp__wire mp__wire;

struct mp_connection {
  mp_connection_state state;
  const mp_settings *settings;
  mp_statements *statements;
  PGconn *pg;
  void *owner;
  mp__dial *dial;           /* while RESOLVING and CONNECTING */
  mp__wire *wire;           /* owned; NULL: nothing is traced */
  unsigned number;          /* in traces; 0: nothing is traced */
  mp_credential credential; /* until it is connected */

  /* the work under way */
  bool pipelined; /* in libpq's pipeline mode                              */
  bool sent;      /* all that is to be sent has left our buffer            */
  bool waited;    /* the caller has waited since: there may be something to read */
  bool complete;  /* all answers are there; only the end of a cancel may be awaited */
  bool is_script;
  bool draining;   /* COPY TO STDOUT, which nobody wants here, is read to its end */
  bool looking_up; /* the answer describes types */
  mp__expected expected;
  mp_statement *statement; /* owned */
  mp__prepared *prepared;  /* of the statement, in `known`; or NULL */
  bool wide;               /* a describe that goes through pg_prepared_statements */
  bool named_types;        /* parameters were encoded for types that we had remembered */
  int64_t deadline;
  PGresult *answer;  /* the last result that is not an error */
  mp_error *failure; /* the first error */
  bool stale;
  bool broke_protocol; /* or libpq could make nothing of an answer, for whatever reason: the session ends */

  /* cancelling */
  bool timed_out;
  mp_background *cancel;
  int64_t cancel_deadline, cancel_again;
  double cancel_pause; /* seconds */

  bool needs_reset, spoiled;

  bool is_leaving;
  int leaving_fd; /* the line on which the server's end of it is awaited, or -1 */
  int64_t leave_deadline;

  bool altered;           /* the transaction under way may have altered types   */
  mp_type_set *own_types; /* owned; as that transaction sees them; NULL: unknown */
  mp_type_set *found;     /* owned; by the look-up that is done, or verified with the statement */
  mp_type_set *verifying; /* owned; what is known of composites, while the server is asked for their stamps */
  size_t verify_count;    /* of these composites */
  mp__parameters parameters;
  mp_lru known; /* statements used here, by statement */
  mp__prepared *closing;
  unsigned last_number;
  mp_session session;
  mp_xact xact;
  bool xact_prepared;
  mp__last last;
};

/* Sets the state; a change that the machine does not know is a bug and asserts. */
void mp__connection_set_state(mp_connection *connection, mp_connection_state state);
/* Ends with BROKEN and the error that libpq, or `format`, gives. Returns MP_STEP_FAILED. */
mp_step mp__connection_break(mp_connection *connection, mp_error **error);

/* connection.c: of BUSY and CANCELLING */
mp_step mp__work_step(mp_connection *connection, mp_want *want, mp_error **error);

/* leave.c */
mp_step mp__leave_step(mp_connection *connection, mp_want *want);
void mp__leave_finish(mp_connection *connection);

/* execute.c */
/* Whether the session speaks another encoding than UTF-8. */
bool mp__has_other_encoding(const mp_connection *connection);
/* What an end of work has to undo. */
void mp__work_clear(mp_connection *connection);

/* dial.c */
mp_step mp__dial_step(mp_connection *connection, mp_want *want, mp_error **error);
void mp__dial_destroy(mp__dial *dial);

/* last.c */
bool mp__last_init(mp__last *last); /* false without memory */
void mp__last_finish(mp__last *last);
void mp__last_note(mp__last *last, const char *text);

/* lookup.c */
bool mp__send_look_up(mp_connection *connection, const uint32_t *oids, size_t count);
void mp__on_looked_up(mp_connection *connection, const PGresult *answer);
bool mp__send_verify(mp_connection *connection, mp_type_set *set, const mp_types *columns);
void mp__on_verified(mp_connection *connection, const PGresult *answer);

/* parameters.c */
bool mp__parameters_encode(mp__parameters *parameters, const mp_request *request, mp_error **error);
void mp__parameters_finish(mp__parameters *parameters);

/* prepared.c */
bool mp__prepared_init(mp_connection *connection);
void mp__prepared_forget_all(mp_connection *connection); /* the server has none of them any more */
mp__prepared *mp__prepared_find(mp_connection *connection, const mp_statement *statement);
/* Notes the first use; may fail for want of memory, which only means that it stays unprepared. */
void mp__prepared_note(mp_connection *connection, mp_statement *statement);
void mp__prepared_drop(mp_connection *connection,
                       mp__prepared *prepared);      /* to be closed on the server with the next prepare */
void mp__prepared_closed(mp_connection *connection); /* the first of `closing` is gone */

/* session.c */
bool mp__session_send(mp_connection *connection);
bool mp__xact_send(mp_connection *connection);
bool mp__xact_can_be_asked(const mp_connection *connection);
void mp__session_read(mp_connection *connection, const PGresult *answer);
void mp__xact_read(mp_connection *connection, const PGresult *answer);

/* receive.c */
mp_step mp__receive(mp_connection *connection, mp_want *want, mp_error **error);

/* server_error.c */
/* Whether an error is what the server said, and not libpq's own. */
bool mp__is_servers_error(const PGresult *result);
/* The error of a result (which may lack any field), with the statement's source and position. */
void mp__server_error(const mp_connection *connection, const PGresult *result, mp_error **error);
/* Whether libpq says that memory has ended, which it tells by its words alone. */
bool mp__is_memory_message(const char *message);
/* libpq's own message of a lost connection, without its line ends. */
void mp__libpq_error(PGconn *pg, mp_error_kind kind, mp_error **error);

/* wire.c; wire: NULL is fine, and all does nothing */
mp__wire *mp__wire_open(unsigned number); /* owned (mp__wire_close); NULL without memory */
void mp__wire_watch(mp__wire *wire, PGconn *pg);
void mp__wire_text(mp__wire *wire, const char *text); /* of the next Parse or Query; borrowed until it is sent */
void mp__wire_close(mp__wire *wire);                  /* after the last PGconn that it watched */

/* result.c */
/* Consumes the answer. */
mp_result *mp__result_create(PGresult *answer, const mp_connection *connection, mp_error **error);

#endif
