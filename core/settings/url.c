/* Connection URLs, by libpq's grammar, with errors that name the part. Our own parser, since libpq's messages quote the
 * text at fault, which may be a piece of the password, and since it knows no settings of ours. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "settings/internal.h"

enum { URL_MAX = 1 << 20 };

typedef struct url {
  mp_settings *settings;
  const char *origin;
  const char *at;
  mp_buffer hosts; /* separated by commas, as libpq takes them */
  mp_buffer ports;
} url;

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Decodes percent-encoding onto the end of `out`. part: what it is, for the message, which must not quote it. */
static bool decode(const url *parser, const char *from, const char *to, mp_buffer *out, const char *part,
                   mp_error **error) {
  for (const char *at = from; at < to; at++) {
    if (*at != '%') {
      mp_buffer_addc(out, *at);
      continue;
    }
    int high = to - at > 2 ? hex_value(at[1]) : -1;
    int low = to - at > 2 ? hex_value(at[2]) : -1;
    if (high < 0 || low < 0) {
      mp__settings_refuse(error, parser->origin, "the URL's %s has a %% without two hexadecimal digits behind it",
                          part);
      if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "a % itself is written %25");
      return false;
    }
    if (high + low == 0) {
      return mp__settings_refuse(error, parser->origin, "the URL's %s has a zero byte (%%00)", part);
    }
    mp_buffer_addc(out, (char)(high * 16 + low));
    at += 2;
  }
  return true;
}

static bool set_decoded(const url *parser, const char *name, const char *from, const char *to, mp_error **error) {
  mp_buffer value;
  mp_buffer_init(&value, URL_MAX);
  bool is_ok = decode(parser, from, to, &value, name, error);
  if (is_ok) {
    const char *text = mp_buffer_text(&value);
    is_ok = text == NULL ? mp_error_set_memory(error)
                         : mp_settings_set(parser->settings, name, text, parser->origin, error);
  }
  if (value.data != NULL) sodium_memzero(value.data, value.capacity); /* it may be a password */
  mp_buffer_finish(&value);
  return is_ok;
}

/* user[:password]@, if there is an @ before the first slash. */
static bool read_user(url *parser, mp_error **error) {
  const char *end = parser->at + strcspn(parser->at, "@/");
  if (*end != '@') return true;
  const char *colon = memchr(parser->at, ':', (size_t)(end - parser->at));
  const char *user_end = colon == NULL ? end : colon;
  if (!set_decoded(parser, "user", parser->at, user_end, error)) return false;
  if (colon != NULL && !set_decoded(parser, "password", colon + 1, end, error)) return false;
  parser->at = end + 1;
  return true;
}

/* A password that was not encoded is cut at the wrong place, and its rest would be shown as a host, a port or a
 * database. An @ that is left tells. */
static bool refuse_leftover(const url *parser, mp_error **error) {
  return mp__settings_refuse_with(error, parser->origin,
                                  "the URL's user, password or database holds a character that must be percent-encoded",
                                  "@ is written %40, / is %2F, : is %3A, ? is %3F, % is %25");
}

static bool check_leftover(const url *parser, mp_error **error) {
  bool has_more = memchr(parser->at, '@', strcspn(parser->at, "?")) != NULL;
  return !has_more || refuse_leftover(parser, error);
}

/* In user:password without a host, the password stands where a port does: so that only digits are ever shown. */
static bool refuse_port(const url *parser, mp_error **error) {
  return mp__settings_refuse_with(error, parser->origin,
                                  "the URL's port must be a whole number from 1 to 65535, and holds something else",
                                  "a user and a password stand in front of a host: user:password@host");
}

/* Behind an opening bracket: an IPv6 address, whose zone may be percent-encoded. */
static bool read_address(url *parser, mp_error **error) {
  const char *end = parser->at + strcspn(parser->at, "]");
  if (*end == '\0') return mp__settings_refuse(error, parser->origin, "the URL's IPv6 address has no closing ]");
  if (end == parser->at) return mp__settings_refuse(error, parser->origin, "the URL's IPv6 address in [ ] is empty");
  if (end[1] != '\0' && strchr(":/?,", end[1]) == NULL) {
    return mp__settings_refuse(error, parser->origin,
                               "the URL goes on behind the ] of its IPv6 address: only : / ? or , may follow");
  }
  bool is_ok = decode(parser, parser->at, end, &parser->hosts, "host", error);
  parser->at = end + 1;
  return is_ok;
}

static bool read_host(url *parser, mp_error **error) {
  if (*parser->at == '[') {
    parser->at++;
    return read_address(parser, error);
  }
  const char *end = parser->at + strcspn(parser->at, ":/?,");
  bool is_ok = decode(parser, parser->at, end, &parser->hosts, "host", error);
  parser->at = end;
  return is_ok;
}

static bool read_hosts(url *parser, mp_error **error) {
  for (;;) {
    if (!read_host(parser, error)) return false;
    if (*parser->at == ':') {
      size_t size = strcspn(parser->at + 1, "/?,");
      mp_buffer_add(&parser->ports, parser->at + 1, size);
      parser->at += 1 + size;
    }
    if (*parser->at != ',') break;
    parser->at++;
    mp_buffer_addc(&parser->hosts, ',');
    mp_buffer_addc(&parser->ports, ',');
  }
  const char *hosts = mp_buffer_text(&parser->hosts);
  const char *ports = mp_buffer_text(&parser->ports);
  if (hosts == NULL || ports == NULL) return mp_error_set_memory(error);
  if (ports[strspn(ports, "0123456789,")] != '\0') {
    return strchr(parser->at, '@') == NULL ? refuse_port(parser, error) : refuse_leftover(parser, error);
  }
  if (!mp_settings_set(parser->settings, "host", hosts, parser->origin, error)) return false;
  if (mp_settings_set(parser->settings, "port", ports, parser->origin, error)) return true;
  return strchr(parser->at, '@') == NULL ? false : refuse_leftover(parser, error);
}

static bool set_parameter(const url *parser, const char *name, const char *from, const char *to, mp_error **error) {
  /* libpq takes JDBC's word for it, too. */
  if (strcmp(name, "ssl") == 0 && to - from == 4 && memcmp(from, "true", 4) == 0) {
    return mp_settings_set(parser->settings, "sslmode", "require", parser->origin, error);
  }
  return set_decoded(parser, name, from, to, error);
}

static bool read_parameter(url *parser, mp_error **error) {
  const char *end = parser->at + strcspn(parser->at, "&");
  const char *equals = memchr(parser->at, '=', (size_t)(end - parser->at));
  if (equals == NULL)
    return mp__settings_refuse_with(error, parser->origin,
                                    "a parameter behind the URL's ? has no =", "write name=value&name=value");
  if (memchr(equals + 1, '=', (size_t)(end - equals - 1)) != NULL) {
    return mp__settings_refuse_with(error, parser->origin,
                                    "a parameter behind the URL's ? has two =", "an = in a value is written %3D");
  }
  mp_buffer name;
  mp_buffer_init(&name, URL_MAX);
  bool is_ok = decode(parser, parser->at, equals, &name, "parameter", error);
  if (is_ok) {
    const char *text = mp_buffer_text(&name);
    is_ok = text == NULL ? mp_error_set_memory(error) : set_parameter(parser, text, equals + 1, end, error);
  }
  mp_buffer_finish(&name);
  parser->at = *end == '&' ? end + 1 : end;
  return is_ok;
}

static bool read_url(url *parser, mp_error **error) {
  if (!read_user(parser, error) || !check_leftover(parser, error) || !read_hosts(parser, error)) return false;
  if (*parser->at == '/') {
    const char *name = parser->at + 1;
    parser->at = name + strcspn(name, "?");
    if (!set_decoded(parser, "dbname", name, parser->at, error)) return false;
  }
  if (*parser->at == '?') {
    parser->at++;
    while (*parser->at != '\0') {
      if (!read_parameter(parser, error)) return false;
    }
  }
  return true;
}

/* The length of "scheme://"; 0 when the text does not begin so. */
static size_t scheme_size(const char *text) {
  size_t size = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-");
  return size > 0 && strncmp(text + size, "://", 3) == 0 ? size + 3 : 0;
}

static bool is_scheme(const char *text, size_t size, const char *scheme) {
  return size == strlen(scheme) && memcmp(text, scheme, size) == 0;
}

static bool read_any(url *parser, mp_error **error) {
  static const char shape[] = "write postgres://user@host:5432/database, or host=... dbname=...";
  const char *text = parser->at;
  size_t size = scheme_size(text);
  if (is_scheme(text, size, "postgres://") || is_scheme(text, size, "postgresql://")) {
    parser->at += size;
    return read_url(parser, error);
  }
  if (size > 0) {
    return mp__settings_refuse(error, parser->origin, "the URL's scheme must be postgres or postgresql, not \"%.*s\"",
                               size > 33 ? 30 : (int)size - 3, text);
  }
  if (text[strspn(text, " \t\r\n")] == '\0')
    return mp__settings_refuse_with(error, parser->origin, "the URL is empty", shape);
  if (strchr(text, '=') == NULL)
    return mp__settings_refuse_with(error, parser->origin, "this is neither an URL nor keyword=value", shape);
  return mp__settings_set_keywords(parser->settings, text, parser->origin, error);
}

bool mp_settings_set_url(mp_settings *settings, const char *text, const char *origin, mp_error **error) {
  url parser = {.settings = mp_settings_copy(settings, error), .origin = origin, .at = text};
  if (parser.settings == NULL) return false;
  mp_buffer_init(&parser.hosts, URL_MAX);
  mp_buffer_init(&parser.ports, URL_MAX);
  bool is_ok = read_any(&parser, error);
  if (is_ok) mp__settings_swap(settings, parser.settings);
  mp_settings_destroy(parser.settings);
  mp_buffer_finish(&parser.hosts);
  mp_buffer_finish(&parser.ports);
  return is_ok;
}
