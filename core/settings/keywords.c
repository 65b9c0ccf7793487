/* libpq's other form of a connection string: keyword=value pairs. Values are never quoted in messages, since an
 * unquoted blank in a password makes a keyword of its second half. */
#include <sodium.h>
#include <string.h>

#include "base/buffer.h"
#include "settings/internal.h"

enum { TEXT_MAX = 1 << 20 };

static const char *skip_blanks(const char *at) {
  return at + strspn(at, " \t\r\n\f\v");
}

static bool refuse(const char *origin, const char *message, const char *keyword, mp_error **error) {
  mp__settings_refuse(error, origin, "%s \"%s\"", message, keyword);
  if (error != NULL)
    mp_error_put(*error, MP_ERROR_HINT, "a value with blanks is written 'in quotes', a quote in it \\'");
  return false;
}

/* A backslash takes the next character as it is, in both forms. Returns where the value ends, or NULL when its closing
 * quote is missing. */
static const char *read_value(const char *at, mp_buffer *value) {
  bool is_quoted = *at == '\'';
  if (is_quoted) at++;
  const char *stops = is_quoted ? "'" : " \t\r\n\f\v";
  while (*at != '\0' && strchr(stops, *at) == NULL) {
    if (*at == '\\') at++;
    if (*at != '\0') mp_buffer_addc(value, *at++);
  }
  if (!is_quoted) return at;
  return *at == '\'' ? at + 1 : NULL;
}

typedef struct pair {
  mp_buffer keyword;
  mp_buffer value;
} pair;

/* What the keyword before this one was tells where a value was cut short by a blank. */
static bool refuse_word(const pair *read, const char *origin, mp_error **error) {
  if (read->keyword.size > 0)
    return refuse(origin, "a keyword=value is expected behind the value of", read->keyword.data, error);
  return mp__settings_refuse_with(error, origin, "the connection string does not begin with keyword=value",
                                  "write host=... dbname=..., or postgres://user@host:5432/database");
}

static bool read_pair(const char **at, pair *read, mp_settings *settings, const char *origin, mp_error **error) {
  size_t size = strcspn(*at, "= \t\r\n\f\v");
  const char *equals = skip_blanks(*at + size);
  if (*equals != '=' || size == 0) return refuse_word(read, origin, error);
  mp_buffer_clear(&read->keyword);
  mp_buffer_clear(&read->value);
  mp_buffer_add(&read->keyword, *at, size);
  const char *end = read_value(skip_blanks(equals + 1), &read->value);
  const char *keyword = mp_buffer_text(&read->keyword);
  const char *value = mp_buffer_text(&read->value);
  if (keyword == NULL || value == NULL) return mp_error_set_memory(error);
  if (end == NULL) return refuse(origin, "the closing quote is missing behind", keyword, error);
  *at = skip_blanks(end);
  return mp_settings_set(settings, keyword, value, origin, error);
}

bool mp__settings_set_keywords(mp_settings *settings, const char *text, const char *origin, mp_error **error) {
  pair read;
  mp_buffer_init(&read.keyword, TEXT_MAX);
  mp_buffer_init(&read.value, TEXT_MAX);
  const char *at = skip_blanks(text);
  bool is_ok = true;
  while (is_ok && *at != '\0')
    is_ok = read_pair(&at, &read, settings, origin, error);
  if (read.value.data != NULL) sodium_memzero(read.value.data, read.value.capacity); /* it may be a password */
  mp_buffer_finish(&read.keyword);
  mp_buffer_finish(&read.value);
  return is_ok;
}
