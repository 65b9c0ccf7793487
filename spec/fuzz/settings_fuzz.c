/* A text as an URL or as keyword=value, with a password in it that no message may show; and, where libpq reads the text
 * too, the same server as libpq would find. */
#include <libpq-fe.h>

#include "settings/settings.h"
#include "support.h"

#define PASSWORD "S3cr3tW0rd"

static void assert_silent(const mp_error *error) {
  for (int field = 0; field < MP_ERROR_FIELDS; field++) {
    const char *text = mp_error_get(error, (mp_error_field)field);
    PROMISE(text == NULL || strstr(text, PASSWORD) == NULL);
  }
}

static const char *libpq_value(const PQconninfoOption *options, const char *keyword) {
  for (; options->keyword != NULL; options++) {
    if (strcmp(options->keyword, keyword) == 0) return options->val;
  }
  return NULL;
}

/* An empty value is the default. */
static bool same_text(const char *a, const char *b) {
  return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static void compare_with_libpq(const mp_settings *settings, const char *text) {
  static const char *const keywords[] = {"user", "password", "dbname", "sslmode", "application_name"};
  char *message = NULL;
  PQconninfoOption *options = PQconninfoParse(text, &message);
  PQfreemem(message);
  if (options == NULL) return; /* ours has more names, and more units */
  for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
    PROMISE(same_text(mp_settings_get(settings, keywords[i]), libpq_value(options, keywords[i])));
  }
  PQconninfoFree(options);
}

/* is_secret: holds the password; else libpq is asked for the same. */
static void set(const char *text, bool is_secret) {
  mp_error *error = NULL;
  mp_settings *settings = mp_settings_create(&error);
  PROMISE(settings != NULL);
  bool ok = mp_settings_set_url(settings, text, "fuzz", &error);
  if (!ok && is_secret) assert_silent(error);
  if (settle(ok, &error) && !is_secret) compare_with_libpq(settings, text);
  mp_settings_destroy(settings);
}

/* The input goes behind the password: in an URL, and among keywords. */
static void set_with_password(const char *text) {
  static const char *const heads[] = {"postgres://user:" PASSWORD "@", "postgres://user:" PASSWORD,
                                      "password=" PASSWORD " ", "password='" PASSWORD};
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
    mp_buffer whole;
    mp_buffer_init(&whole, BUFFER_LIMIT);
    mp_buffer_adds(&whole, heads[i]);
    mp_buffer_adds(&whole, text);
    set(mp_buffer_text(&whole), true);
    mp_buffer_finish(&whole);
  }
}

/* name=value as one setting of ours. */
static void set_one(char *text) {
  char *equals = strchr(text, '=');
  if (equals == NULL) return;
  *equals = '\0';
  mp_error *error = NULL;
  mp_settings *settings = mp_settings_create(&error);
  PROMISE(settings != NULL);
  if (settle(mp_settings_set(settings, text, equals + 1, NULL, &error), &error)) {
    const mp_pool_settings *pool = mp_settings_pool(settings);
    PROMISE(pool->max_size >= 1 && pool->max_size <= 10000 && pool->min_idle >= 0 && pool->checkout_timeout > 0);
    PROMISE(pool->connect_timeout > 0 && pool->idle_timeout >= 0 && pool->statement_timeout >= 0);
  }
  mp_settings_destroy(settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = text_of(data, size);
  set(text, false);
  if (strstr(text, PASSWORD) == NULL) set_with_password(text);
  set_one(text);
  free(text);
  return 0;
}
