/* Moonpool inside of a C or C++ program: a pool of PostgreSQL connections, and runtimes that run Lua scripts on it.
 *
 *     mp_error *error = NULL;
 *     mp_pool *pool = mp_pool_open("postgres://user@host/database", &error);
 *     mp_runtime *runtime = mp_runtime_open(pool, NULL, &error);
 *     const char *script = "local mp = require('moonpool')\n"
 *                          "local db = mp.connect() -- the pool above\n"
 *                          "for _, user in ipairs(db:query('select name from users')) do print(user.name) end";
 *     if (!mp_run_string(runtime, script, strlen(script), "users", &error)) {
 *       fprintf(stderr, "%s\n", mp_error_text(error));
 *       mp_error_free(error);
 *       error = NULL; // for the next call
 *     }
 *     mp_runtime_close(runtime);
 *     mp_pool_close(pool);
 *
 * The pages that this header names are installed in share/doc/moonpool/docs/. docs/embedding.md has whole programs,
 * docs/databases.md what scripts can do.
 *
 * Errors. What can fail takes `mp_error **error` last and returns false or NULL. Look at that, not at the error: a
 * success leaves *error as it was. A failure stores an error there, which is yours (mp_error_free, once). `error` may
 * be NULL; *error has to be NULL or an error that is not freed yet, which the new one replaces and frees. Only "the
 * pool is NULL" and "the runtime is NULL" replace nothing: in a row of calls such as the above, the first error is the
 * one that explains the others. Outputs stay untouched on failure. Whatever fails in a script comes back as an error:
 * nothing jumps out of your code.
 *
 * Threads. A pool may be used by all threads. A runtime may be used by any thread, but by one at a time; a second one
 * gets an error. An error and what was read of it belong to one thread at a time. A thread that runs scripts needs 1 MB
 * of stack. A pool may have a thread of its own, in which all signals are blocked. In a child of fork() the parent's
 * pool is refused and its connections are left alone; open another.
 *
 * Handles. Whoever uses a pool or a runtime that was closed gets an error, not a crash.
 *
 * Output. Scripts write to the program's standard output and error. To standard error the library itself writes which
 * connection a script has forgotten, or holds for longer than leak_threshold; traces, where MOONPOOL_TRACE asks for
 * them; and Lua's warnings, which are off until a script says warn("@on").
 *
 * Version 0: functions may still change. What is linked against one 0.x goes on working with all its 0.x.y. */
#ifndef MOONPOOL_H
#define MOONPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MOONPOOL_VERSION_MAJOR 0
#define MOONPOOL_VERSION_MINOR 1
#define MOONPOOL_VERSION_PATCH 0
#define MOONPOOL_VERSION       "0.1.0"
/* For comparisons: #if MOONPOOL_VERSION_NUMBER >= 102 means 0.1.2 or later. */
#define MOONPOOL_VERSION_NUMBER (MOONPOOL_VERSION_MAJOR * 10000 + MOONPOOL_VERSION_MINOR * 100 + MOONPOOL_VERSION_PATCH)

#ifdef __GNUC__
#define MOONPOOL_API __attribute__((visibility("default")))
#else
#define MOONPOOL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mp_pool mp_pool;
typedef struct mp_runtime mp_runtime;
typedef struct mp_runtime_options mp_runtime_options;
typedef struct mp_error mp_error;

/* The version of the library that runs, as MOONPOOL_VERSION is that of the header. */
MOONPOOL_API const char *mp_version(void);

/* ---- pools ---- */

/* Opens a pool; connections are made when they are needed. url: postgres://user@host:port/database?max_size=4, or
 * libpq's keyword=value form, with the settings of docs/pool.md. NULL: what scripts would use outside of a host, that
 * is DATABASE_URL, libpq's variables, or the project's private server, which is started if need be. Returns: yours
 * (mp_pool_close), or NULL. Errors: usage (a wrong setting, named), local, memory. */
MOONPOOL_API mp_pool *mp_pool_open(const char *url, mp_error **error);

/* Closes it for all runtimes: what is under way ends, what comes later is an error ("the pool is closed"). The runtimes
 * stay open. NULL, or a pool that is closed, is fine. */
MOONPOOL_API void mp_pool_close(mp_pool *pool);

/* ---- runtimes ---- */

/* Opens a Lua 5.4 of its own, with all of Lua's libraries, in which mp.connect() without arguments gives a handle on
 * the pool; with an URL, or a table that names a server, it opens a pool of the script's. `require` looks where lua5.4
 * looks (package.path, LUA_PATH; not beside the script), and finds Moonpool's own files by itself. os.exit raises an
 * error. Runtimes share nothing but the pool. options: NULL; there are none yet. Returns: yours (mp_runtime_close), or
 * NULL. Errors: usage (no pool, closed), memory. */
MOONPOOL_API mp_runtime *mp_runtime_open(mp_pool *pool, const mp_runtime_options *options, mp_error **error);

/* Closes it: Lua's finalizers run. While a call is under way (in another thread), it is closed as that returns. NULL,
 * or a runtime that is closed, is fine. */
MOONPOOL_API void mp_runtime_close(mp_runtime *runtime);

/* Run a script to its end. What it makes global stays for the next one, what it returns is dropped. It is text;
 * compiled Lua is refused. A byte order mark and a first line that begins with # are passed over.
 *
 * text: `size` bytes, without need of a zero at the end. name: how errors call it ("report" in "report:12"), of which
 * they show 59 bytes; NULL: "(string)".
 *
 * Errors: whatever the script raises; script (it does not compile, or Lua's own errors); usage (no such file, a
 * compiled one); memory. */
MOONPOOL_API bool mp_run_file(mp_runtime *runtime, const char *path, mp_error **error);
MOONPOOL_API bool mp_run_string(mp_runtime *runtime, const char *text, size_t size, const char *name, mp_error **error);

/* ---- values ---- */

typedef enum mp_type { MP_NIL, MP_BOOLEAN, MP_INTEGER, MP_FLOAT, MP_STRING } mp_type;

/* A value on its way to Lua or back. Read the member that `type` says: 3 is an integer in Lua, 3.0 a float. */
typedef struct mp_value {
  mp_type type;
  union {
    int64_t integer;
    double number; /* MP_FLOAT */
    bool boolean;
    struct {
      const char *data; /* any bytes; those that come back have a zero behind the last, which does not count */
      size_t size;
    } string;
  } as;
} mp_value;

/* Calls a global function, or one in tables: "report.monthly". Gives it argument_count values (they are copied), and
 * writes its first result_count results; those that it does not return are nil, and so is SQL's NULL. With 0, arguments
 * and results may be NULL; both may be the same array.
 *
 * Strings in results are borrowed: they stay until the next mp_call or mp_run_... with this runtime, to which they may
 * still be given, or its end.
 *
 * What is none of mp_type cannot leave: tables, functions, mp.null, and the types of SQL that Lua has not, such as
 * numeric, timestamp and date (docs/values.md). Let the script return tostring(value), or the fields one by one.
 *
 * Errors: whatever the function raises; script; usage (no such function; a result that cannot leave: the function has
 * run by then); memory. */
MOONPOOL_API bool mp_call(mp_runtime *runtime, const char *function, const mp_value *arguments, size_t argument_count,
                          mp_value *results, size_t result_count, mp_error **error);

static inline mp_value mp_nil(void) {
  mp_value value = {MP_NIL, {0}};
  return value;
}

static inline mp_value mp_boolean(bool boolean) {
  mp_value value = {MP_BOOLEAN, {0}};
  value.as.boolean = boolean;
  return value;
}

static inline mp_value mp_integer(int64_t integer) {
  mp_value value = {MP_INTEGER, {0}};
  value.as.integer = integer;
  return value;
}

static inline mp_value mp_float(double number) {
  mp_value value = {MP_FLOAT, {0}};
  value.as.number = number;
  return value;
}

/* Borrows the bytes until the call has returned. */
static inline mp_value mp_bytes(const char *data, size_t size) {
  mp_value value = {MP_STRING, {0}};
  value.as.string.data = data;
  value.as.string.size = size;
  return value;
}

/* The same, up to a zero; NULL is nil. */
static inline mp_value mp_string(const char *text) {
  return text ? mp_bytes(text, strlen(text)) : mp_nil();
}

/* ---- errors ---- */

/* What went wrong, field by field (docs/errors.md). The error may be NULL: it has nothing. All texts are borrowed: they
 * stay until mp_error_free, also when the runtime and the pool are closed. Those that an error does not have are NULL;
 * kind, message and text never are. They are bytes as the script or the server gave them, so not always UTF-8, and end
 * at a zero byte, if one is in them. */

/* One of:
 *   usage            the call is wrong, here or in the script; found before anything was sent
 *   script           the script failed by itself: it does not compile, or raised an error of its own
 *   connection       no connection could be made, or it was lost
 *   timeout          a deadline has passed: of a checkout, a statement, a transaction
 *   cancelled        the caller gave up
 *   server           the server refused a statement; sqlstate says why
 *   constraint       a constraint was violated: unique, foreign key, check, not null
 *   serialization    a serialization failure or a deadlock: run the transaction again
 *   transaction      a transaction that could not commit
 *   unknown_outcome  the answer to COMMIT was lost, and nobody can say whether it was done
 *   rows             another number of rows or columns than was asked for
 *   decode           the server sent something that is no value of its type
 *   migration        a migration, or the ledger of them, is not as it should be
 *   local            the private server could not be found, made or started
 *   schema           the database is not what the script's schema says
 *   yaml             a document is not YAML, or not what its reader expects
 *   memory           out of memory
 * A later version may have more. */
MOONPOOL_API const char *mp_error_kind(const mp_error *error);
MOONPOOL_API const char *mp_error_message(const mp_error *error);
MOONPOOL_API const char *mp_error_detail(const mp_error *error);
MOONPOOL_API const char *mp_error_hint(const mp_error *error);
MOONPOOL_API const char *mp_error_where(const mp_error *error); /* the script's "file:line" */
MOONPOOL_API const char *mp_error_sqlstate(const mp_error *error);
MOONPOOL_API const char *mp_error_statement(const mp_error *error);
MOONPOOL_API int mp_error_position(const mp_error *error); /* the character in the statement, from 1; 0: none */
MOONPOOL_API const char *mp_error_schema(const mp_error *error);
MOONPOOL_API const char *mp_error_table(const mp_error *error);
MOONPOOL_API const char *mp_error_column(const mp_error *error);
MOONPOOL_API const char *mp_error_datatype(const mp_error *error);
MOONPOOL_API const char *mp_error_constraint(const mp_error *error);
MOONPOOL_API const char *mp_error_file(const mp_error *error);    /* of a migration or a document */
MOONPOOL_API const char *mp_error_context(const mp_error *error); /* the call stack: the server's, or a script's */
MOONPOOL_API bool mp_error_retryable(const mp_error *error);      /* the same transaction may succeed another time */

/* All of it as a person wants to read it: one line or several, without a line's end behind the last. */
MOONPOOL_API const char *mp_error_text(const mp_error *error);

/* NULL is fine. The variable that held it has to become NULL before it is given to another call. */
MOONPOOL_API void mp_error_free(mp_error *error);

#ifdef __cplusplus
}
#endif

#endif
