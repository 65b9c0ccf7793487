/* The settings of a pool and its connections: one table of names, defaults and bounds; the same names in an URL, in the
 * environment and in a host's table. */
#ifndef MP_SETTINGS_SETTINGS_H
#define MP_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/nearest.h"

typedef enum mp_prepare { MP_PREPARE_AUTO, MP_PREPARE_NEVER } mp_prepare;
/* What is done where a database is not what a script's schema says. */
typedef enum mp_drift { MP_DRIFT_REFUSE, MP_DRIFT_WARN, MP_DRIFT_IGNORE } mp_drift;

/* Ours. Seconds are doubles; 0 means "no limit" where a limit may be absent. */
typedef struct mp_pool_settings {
  int64_t max_size;         /* 1..10,000, default 10              (also DATABASE_POOL_SIZE)               */
  int64_t min_idle;         /* 0..max_size, default 0                                                    */
  double checkout_timeout;  /* > 0, default 30                                                           */
  double connect_timeout;   /* > 0, default 10: one attempt, all hosts together                          */
  double idle_timeout;      /* default 600, 0: none                                                      */
  double max_lifetime;      /* default 1800, 0: none; each connection's own is up to 10 % shorter        */
  double health_check;      /* default 30, 0: none; idle for longer: the server must answer first        */
  double leak_threshold;    /* default 0: none; a connection held for longer is reported                 */
  double statement_timeout; /* default 0: none; the client's deadline of one statement                   */
  int64_t statement_cache;  /* prepared statements kept per connection, 0..10,000, default 256           */
  mp_prepare prepare;       /* "auto" or "never"                                                         */
  bool pipeline;            /* default true                                                              */
  bool numeric_as_float;    /* numeric = "exact" (default) or "float"                                    */
  unsigned trace;           /* "pool,wire,task" or some of them (base/trace.h), default none             */
  mp_drift schema_drift;    /* "refuse" (default), "warn" or "ignore"                                    */
} mp_pool_settings;

typedef struct mp_settings mp_settings;

mp_settings *mp_settings_create(mp_error **error); /* the defaults; owned (mp_settings_destroy) */
mp_settings *mp_settings_copy(const mp_settings *settings, mp_error **error);
void mp_settings_destroy(mp_settings *settings);

/* Sets one by name: ours, named as the fields above ("numeric" takes "exact" or "float"), or one of libpq's keywords
 * (host, port, user, password, dbname, sslmode, application_name, target_session_attrs, options, ...; "database" is
 * dbname; an empty value is its default), or "password_file". A later one wins. Numbers as text; durations in seconds,
 * or with a unit
 * ("500ms", "2s", "1min", "1h"). origin: where it came from, for the message ("DATABASE_POOL_SIZE", "option"), or NULL.
 * Errors: usage (names the setting, its value (never a password's) and what is allowed; unknown: the nearest right
 * name), memory. */
bool mp_settings_set(mp_settings *settings, const char *name, const char *value, const char *origin, mp_error **error);

/* An URL (postgres://, postgresql://; several hosts; ours as query parameters) or libpq's keyword=value form.
 * Errors: usage (names the part that is wrong: scheme, port 99999, percent-encoding; never shows the password). */
bool mp_settings_set_url(mp_settings *settings, const char *url, const char *origin, mp_error **error);

/* Everything of the environment: DATABASE_URL, DATABASE_POOL_SIZE, MOONPOOL_<SETTING>; and, when look_for_file, of the
 * nearest `.env` from the current folder up to the project's, for the same names and libpq's own (PGHOST ...), which
 * never win over the environment and are never put into it; MOONPOOL_NO_ENV turns the file off. (Libpq reads its
 * variables out of the environment itself.) *has_server: DATABASE_URL, or one of libpq's variables that name a server
 * (PGHOST, PGHOSTADDR, PGPORT, PGDATABASE, PGUSER, PGSERVICE), was there. Errors: usage, as above, with the file's
 * line; memory. */
bool mp_settings_set_environment(mp_settings *settings, bool look_for_file, bool *has_server, mp_error **error);

/* The part of it that does not say which server: DATABASE_POOL_SIZE and MOONPOOL_<SETTING>, for a caller who names one.
 */
bool mp_settings_set_pool_environment(mp_settings *settings, bool look_for_file, mp_error **error);

/* What no single setting can tell: min_idle is at most max_size. For whoever opens a pool, once all are set. */
bool mp_settings_check(const mp_settings *settings, mp_error **error);

const mp_pool_settings *mp_settings_pool(const mp_settings *settings);
/* The file that holds the password, read anew for each connection, or NULL. It wins over a password. */
const char *mp_settings_password_file(const mp_settings *settings);

/* libpq's keywords and values, each NULL terminated, for PQconnectStartParams; borrowed until the next set. */
void mp_settings_libpq(const mp_settings *settings, const char *const **keywords, const char *const **values);
/* One of them, or NULL. */
const char *mp_settings_get(const mp_settings *settings, const char *keyword);
/* Where the value of a setting (ours or libpq's) came from, as mp_settings_set was told: "DATABASE_URL",
 * "/project/.env:3: PGHOST"; NULL when that was not said or it has its default. */
const char *mp_settings_origin(const mp_settings *settings, const char *name);
/* libpq's keyword number `index` and its environment variable (which may be NULL); false behind the last. */
bool mp_settings_keyword(const mp_settings *settings, size_t index, const char **keyword, const char **variable);

#endif
