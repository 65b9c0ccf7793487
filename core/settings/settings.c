/* The table of our settings with their bounds, and beside it the keywords that this libpq knows. */
#include "settings/settings.h"

#include <libpq-fe.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/trace.h"
#include "settings/internal.h"

#define YEAR 31536000.0 /* seconds: the longest time that a setting may say */

typedef enum setting_kind { WHOLE, SECONDS, FLAG, PREPARE, NUMERIC, TRACE, DRIFT, PASSWORD_FILE } setting_kind;

static const struct {
  const char *name;
  setting_kind kind;
  size_t offset; /* in mp_pool_settings; not of PASSWORD_FILE */
  double low, high;
} own[] = {
    {"max_size", WHOLE, offsetof(mp_pool_settings, max_size), 1, 10000},
    {"min_idle", WHOLE, offsetof(mp_pool_settings, min_idle), 0, 10000},
    {"checkout_timeout", SECONDS, offsetof(mp_pool_settings, checkout_timeout), 0.001, YEAR},
    {"connect_timeout", SECONDS, offsetof(mp_pool_settings, connect_timeout), 0.001, YEAR},
    {"idle_timeout", SECONDS, offsetof(mp_pool_settings, idle_timeout), 0, YEAR},
    {"max_lifetime", SECONDS, offsetof(mp_pool_settings, max_lifetime), 0, YEAR},
    {"health_check", SECONDS, offsetof(mp_pool_settings, health_check), 0, YEAR},
    {"leak_threshold", SECONDS, offsetof(mp_pool_settings, leak_threshold), 0, YEAR},
    {"statement_timeout", SECONDS, offsetof(mp_pool_settings, statement_timeout), 0, YEAR},
    {"statement_cache", WHOLE, offsetof(mp_pool_settings, statement_cache), 0, 10000},
    {"prepare", PREPARE, offsetof(mp_pool_settings, prepare), 0, 0},
    {"pipeline", FLAG, offsetof(mp_pool_settings, pipeline), 0, 0},
    {"numeric", NUMERIC, offsetof(mp_pool_settings, numeric_as_float), 0, 0},
    {"trace", TRACE, offsetof(mp_pool_settings, trace), 0, 0},
    {"schema_drift", DRIFT, offsetof(mp_pool_settings, schema_drift), 0, 0},
    {"password_file", PASSWORD_FILE, 0, 0, 0},
};

enum { OWN_COUNT = sizeof own / sizeof own[0] };

struct mp_settings {
  mp_pool_settings pool;
  char *own_origins[OWN_COUNT]; /* owned, each; NULL: not told */
  PQconninfoOption *known;      /* owned: libpq's list of keywords, without values */
  size_t known_count;
  char *password_file;   /* owned, or NULL */
  char **chosen;         /* owned, each too: the value of each of them, or NULL */
  char **origins;        /* likewise */
  const char **keywords; /* owned: those that have a value, for PQconnectStartParams */
  const char **values;
};

static const mp_pool_settings defaults = {
    .max_size = 10,
    .checkout_timeout = 30,
    .connect_timeout = 10,
    .idle_timeout = 600,
    .max_lifetime = 1800,
    .health_check = 30,
    .statement_cache = 256,
    .prepare = MP_PREPARE_AUTO,
    .pipeline = true,
};

/* ---- reading values ---- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Digits only. By hand, since strtod follows the locale and reads "nan", "0x1p3" and blanks. */
static bool read_whole(const char *text, size_t size, double low, double high, int64_t *out) {
  int64_t number = 0;
  if (size == 0 || size > 18) return false;
  for (size_t i = 0; i < size; i++) {
    if (!is_digit(text[i])) return false;
    number = number * 10 + (text[i] - '0');
  }
  if ((double)number < low || (double)number > high) return false;
  *out = number;
  return true;
}

static bool read_unit(const char *text, double *seconds) {
  static const struct {
    const char *name;
    double seconds;
  } units[] = {{"", 1}, {"ms", 0.001}, {"s", 1}, {"min", 60}, {"h", 3600}};
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    if (strcmp(text, units[i].name) != 0) continue;
    *seconds = units[i].seconds;
    return true;
  }
  return false;
}

static bool read_seconds(const char *text, double low, double high, double *out) {
  double number = 0, scale = 1, unit;
  const char *at = text;
  while (is_digit(*at))
    number = number * 10 + (*at++ - '0');
  if (at == text) return false;
  if (*at == '.') {
    at++;
    if (!is_digit(*at)) return false;
    for (; is_digit(*at); at++) {
      scale /= 10;
      number += (*at - '0') * scale;
    }
  }
  if (!read_unit(at, &unit)) return false;
  number *= unit;
  if (number < low || number > high) return false;
  *out = number;
  return true;
}

/* The index of a value among the words, separated by blanks; -1 when it is none of them. */
static int read_word(const char *words, const char *value) {
  size_t size = strlen(value);
  for (int index = 0; *words != '\0'; index++) {
    size_t word = strcspn(words, " ");
    if (word == size && memcmp(words, value, size) == 0) return index;
    words += word;
    words += strspn(words, " ");
  }
  return -1;
}

/* ---- errors ---- */

bool mp__settings_refuse(mp_error **error, const char *origin, const char *format, ...) {
  mp_buffer text;
  mp_buffer_init(&text, 1 << 20);
  if (origin != NULL) mp_buffer_addf(&text, "%s: ", origin);
  va_list arguments;
  va_start(arguments, format);
  char *message = NULL;
  if (vasprintf(&message, format, arguments) < 0) message = NULL;
  va_end(arguments);
  if (message != NULL) mp_buffer_adds(&text, message);
  const char *whole = mp_buffer_text(&text);
  if (message == NULL || whole == NULL) {
    mp_error_set_memory(error);
  } else {
    mp_error_set(error, MP_ERROR_USAGE, "%s", whole);
  }
  free(message);
  mp_buffer_finish(&text);
  return false;
}

bool mp__settings_refuse_with(mp_error **error, const char *origin, const char *message, const char *hint) {
  mp__settings_refuse(error, origin, "%s", message);
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, hint);
  return false;
}

/* A long value is cut for the message, at a character's beginning. */
static int shown_size(const char *value) {
  size_t size = strnlen(value, 60);
  if (value[size] == '\0') return (int)size;
  while (size > 0 && ((unsigned char)value[size] & 0xC0U) == 0x80U)
    size--;
  return (int)size;
}

static bool refuse_value(const char *name, const char *value, const char *origin, const char *allowed,
                         mp_error **error) {
  return mp__settings_refuse(error, origin, "%s must be %s, not \"%.*s\"", name, allowed, shown_size(value), value);
}

static bool refuse_own(size_t index, const char *value, const char *origin, mp_error **error) {
  mp_buffer text;
  mp_buffer_init(&text, 200);
  switch (own[index].kind) {
  case WHOLE: mp_buffer_addf(&text, "a whole number from %.0f to %.0f", own[index].low, own[index].high); break;
  case SECONDS:
    mp_buffer_addf(&text, "seconds from %g to %.0f, or with a unit (500ms, 2s, 1min, 1h)", own[index].low,
                   own[index].high);
    break;
  case FLAG: mp_buffer_adds(&text, "true or false"); break;
  case PREPARE: mp_buffer_adds(&text, "auto or never"); break;
  case NUMERIC: mp_buffer_adds(&text, "exact or float"); break;
  case DRIFT: mp_buffer_adds(&text, "refuse, warn or ignore"); break;
  case TRACE: mp_buffer_adds(&text, "a list of pool, wire and task"); break;
  case PASSWORD_FILE: break; /* anything may be a path */
  }
  const char *allowed = mp_buffer_text(&text);
  if (allowed == NULL) {
    mp_error_set_memory(error);
  } else {
    refuse_value(own[index].name, value, origin, allowed, error);
  }
  mp_buffer_finish(&text);
  return false;
}

static bool refuse_name(const mp_settings *settings, const char *name, const char *origin, mp_error **error) {
  mp__settings_refuse(error, origin, "there is no setting \"%.*s\"", shown_size(name), name);
  if (error == NULL) return false;
  size_t count = OWN_COUNT + settings->known_count;
  const char **names = calloc(count, sizeof *names);
  if (names == NULL) return mp_error_set_memory(error);
  for (size_t i = 0; i < OWN_COUNT; i++)
    names[i] = own[i].name;
  for (size_t i = 0; i < settings->known_count; i++)
    names[OWN_COUNT + i] = settings->known[i].keyword;
  const char *nearest = mp_nearest_name(name, names, count);
  free(names);
  if (nearest != NULL) mp_error_putf(*error, MP_ERROR_HINT, "did you mean \"%s\"?", nearest);
  return false;
}

/* ---- setting ---- */

static bool set_trace(unsigned *topics, const char *value, size_t index, const char *origin, mp_error **error) {
  const char *wrong = NULL;
  size_t size = 0;
  char name[32];
  if (mp_trace_read(value, topics, &wrong, &size)) return true;
  refuse_own(index, value, origin, error);
  if (error == NULL || size >= sizeof name) return false;
  memcpy(name, wrong, size);
  name[size] = '\0';
  const char *nearest = mp_nearest_name(name, mp_trace_names, MP_TRACE_TOPICS);
  if (nearest != NULL) mp_error_putf(*error, MP_ERROR_HINT, "did you mean \"%s\"?", nearest);
  return false;
}

static void wipe_text(char *text) {
  if (text != NULL) sodium_memzero(text, strlen(text));
  free(text);
}

/* What was there is wiped: it may be a password. */
static bool copy_text(char **to, const char *text, mp_error **error) {
  char *copy = text == NULL ? NULL : strdup(text);
  if (text != NULL && copy == NULL) return mp_error_set_memory(error);
  wipe_text(*to);
  *to = copy;
  return true;
}

static bool read_own(mp_settings *settings, size_t index, const char *value, const char *origin, mp_error **error) {
  void *field = (char *)&settings->pool + own[index].offset;
  double low = own[index].low, high = own[index].high;
  int word = 0;
  bool is_right = false;
  switch (own[index].kind) {
  case WHOLE: is_right = read_whole(value, strlen(value), low, high, field); break;
  case SECONDS: is_right = read_seconds(value, low, high, field); break;
  case FLAG:
    word = read_word("false true off on no yes 0 1", value);
    is_right = word >= 0;
    if (is_right) *(bool *)field = word % 2 == 1;
    break;
  case PREPARE:
    word = read_word("auto never", value);
    is_right = word >= 0;
    if (is_right) *(mp_prepare *)field = word == 1 ? MP_PREPARE_NEVER : MP_PREPARE_AUTO;
    break;
  case NUMERIC:
    word = read_word("exact float", value);
    is_right = word >= 0;
    if (is_right) *(bool *)field = word == 1;
    break;
  case DRIFT:
    word = read_word("refuse warn ignore", value);
    is_right = word >= 0;
    if (is_right) *(mp_drift *)field = (mp_drift)word;
    break;
  case TRACE: return set_trace(field, value, index, origin, error);
  case PASSWORD_FILE: return copy_text(&settings->password_file, value[0] == '\0' ? NULL : value, error);
  }
  return is_right || refuse_own(index, value, origin, error);
}

static bool set_own(mp_settings *settings, size_t index, const char *value, const char *origin, mp_error **error) {
  mp_pool_settings before = settings->pool;
  if (!read_own(settings, index, value, origin, error)) return false;
  if (copy_text(&settings->own_origins[index], origin, error)) return true;
  settings->pool = before;
  return false;
}

/* One port per host, separated by commas; an absent one is the default. */
static bool check_ports(const char *value, const char *origin, mp_error **error) {
  int64_t port;
  for (const char *at = value;; at++) {
    size_t size = strcspn(at, ",");
    if (size > 0 && !read_whole(at, size, 1, 65535, &port)) {
      return refuse_value("port", value, origin, "a whole number from 1 to 65535", error);
    }
    at += size;
    if (*at == '\0') return true;
  }
}

/* What libpq would find wrong only when it connects, and say without the setting's origin. */
static bool check_keyword(const char *keyword, const char *value, const char *origin, mp_error **error) {
  static const struct {
    const char *keyword, *words;
  } choices[] = {{"sslmode", "disable allow prefer require verify-ca verify-full"},
                 {"target_session_attrs", "any read-write read-only primary standby prefer-standby"}};
  if (strcmp(keyword, "port") == 0) return check_ports(value, origin, error);
  for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
    if (strcmp(keyword, choices[i].keyword) != 0 || read_word(choices[i].words, value) >= 0) continue;
    return mp__settings_refuse(error, origin, "%s must be one of: %s; not \"%.*s\"", keyword, choices[i].words,
                               shown_size(value), value);
  }
  return true;
}

static void list_chosen(mp_settings *settings) {
  size_t count = 0;
  for (size_t i = 0; i < settings->known_count; i++) {
    if (settings->chosen[i] == NULL) continue;
    settings->keywords[count] = settings->known[i].keyword;
    settings->values[count] = settings->chosen[i];
    count++;
  }
  settings->keywords[count] = NULL;
  settings->values[count] = NULL;
}

static size_t find_keyword(const mp_settings *settings, const char *name) {
  if (strcmp(name, "database") == 0) name = "dbname";
  size_t i = 0;
  while (i < settings->known_count && strcmp(settings->known[i].keyword, name) != 0)
    i++;
  return i;
}

/* An empty value is libpq's way to say "the default". */
static bool set_keyword(mp_settings *settings, size_t index, const char *value, const char *origin, mp_error **error) {
  char *copy = NULL;
  if (value[0] != '\0') {
    if (!check_keyword(settings->known[index].keyword, value, origin, error)) return false;
    copy = strdup(value);
    if (copy == NULL) return mp_error_set_memory(error);
  }
  if (!copy_text(&settings->origins[index], copy == NULL ? NULL : origin, error)) {
    wipe_text(copy);
    return false;
  }
  wipe_text(settings->chosen[index]);
  settings->chosen[index] = copy;
  list_chosen(settings);
  return true;
}

bool mp_settings_set(mp_settings *settings, const char *name, const char *value, const char *origin, mp_error **error) {
  for (size_t i = 0; i < OWN_COUNT; i++) {
    if (strcmp(own[i].name, name) == 0) return set_own(settings, i, value, origin, error);
  }
  size_t index = find_keyword(settings, name);
  if (index == settings->known_count) return refuse_name(settings, name, origin, error);
  return set_keyword(settings, index, value, origin, error);
}

/* ---- the whole ---- */

mp_settings *mp_settings_create(mp_error **error) {
  mp_settings *settings = calloc(1, sizeof *settings);
  if (settings == NULL) goto failed;
  settings->pool = defaults;
  settings->known = PQconninfoParse("", NULL);
  if (settings->known == NULL) goto failed;
  size_t count = 0;
  while (settings->known[count].keyword != NULL)
    count++;
  settings->chosen = calloc(count + 1, sizeof *settings->chosen);
  settings->origins = calloc(count + 1, sizeof *settings->origins);
  settings->keywords = calloc(count + 1, sizeof *settings->keywords);
  settings->values = calloc(count + 1, sizeof *settings->values);
  if (settings->chosen == NULL || settings->origins == NULL || settings->keywords == NULL || settings->values == NULL) {
    goto failed;
  }
  settings->known_count = count;
  return settings;

failed:
  mp_settings_destroy(settings);
  mp_error_set_memory(error);
  return NULL;
}

mp_settings *mp_settings_copy(const mp_settings *settings, mp_error **error) {
  mp_settings *copy = mp_settings_create(error);
  if (copy == NULL) return NULL;
  copy->pool = settings->pool;
  bool ok = copy_text(&copy->password_file, settings->password_file, error);
  for (size_t i = 0; i < OWN_COUNT && ok; i++)
    ok = copy_text(&copy->own_origins[i], settings->own_origins[i], error);
  for (size_t i = 0; i < settings->known_count && ok; i++) {
    ok = copy_text(&copy->chosen[i], settings->chosen[i], error) &&
         copy_text(&copy->origins[i], settings->origins[i], error);
  }
  if (ok) {
    list_chosen(copy);
    return copy;
  }
  mp_settings_destroy(copy);
  return NULL;
}

void mp_settings_destroy(mp_settings *settings) {
  if (settings == NULL) return;
  for (size_t i = 0; i < OWN_COUNT; i++)
    free(settings->own_origins[i]);
  for (size_t i = 0; i < settings->known_count; i++) {
    wipe_text(settings->chosen[i]);
    free(settings->origins[i]);
  }
  wipe_text(settings->password_file);
  PQconninfoFree(settings->known);
  free(settings->chosen);
  free(settings->origins);
  free(settings->keywords);
  free(settings->values);
  free(settings);
}

bool mp_settings_check(const mp_settings *settings, mp_error **error) {
  const mp_pool_settings *pool = &settings->pool;
  if (pool->min_idle <= pool->max_size) return true;
  return mp_error_set(error, MP_ERROR_USAGE, "min_idle must be at most max_size (%lld), not %lld",
                      (long long)pool->max_size, (long long)pool->min_idle);
}

const mp_pool_settings *mp_settings_pool(const mp_settings *settings) {
  return &settings->pool;
}

const char *mp_settings_password_file(const mp_settings *settings) {
  return settings->password_file;
}

void mp_settings_libpq(const mp_settings *settings, const char *const **keywords, const char *const **values) {
  *keywords = settings->keywords;
  *values = settings->values;
}

const char *mp_settings_get(const mp_settings *settings, const char *keyword) {
  size_t index = find_keyword(settings, keyword);
  return index == settings->known_count ? NULL : settings->chosen[index];
}

const char *mp_settings_origin(const mp_settings *settings, const char *name) {
  for (size_t i = 0; i < OWN_COUNT; i++) {
    if (strcmp(own[i].name, name) == 0) return settings->own_origins[i];
  }
  size_t index = find_keyword(settings, name);
  return index == settings->known_count ? NULL : settings->origins[index];
}

const char *mp__settings_own_name(size_t index) {
  return index < OWN_COUNT ? own[index].name : NULL;
}

bool mp_settings_keyword(const mp_settings *settings, size_t index, const char **keyword, const char **variable) {
  if (index >= settings->known_count) return false;
  *keyword = settings->known[index].keyword;
  *variable = settings->known[index].envvar;
  return true;
}

void mp__settings_swap(mp_settings *one, mp_settings *other) {
  mp_settings held = *one;
  *one = *other;
  *other = held;
}
