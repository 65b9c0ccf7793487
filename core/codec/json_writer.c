/* The pieces of a JSON document that need care: strings and floats. */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/internal.h"
#include "codec/json.h"

static bool needs_escape(unsigned char c) {
  return c < 0x20 || c == '"' || c == '\\';
}

static void add_escape(mp_buffer *out, unsigned char c) {
  static const char short_forms[0x20] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
  mp_buffer_addc(out, '\\');
  if (c >= 0x20) {
    mp_buffer_addc(out, (char)c);
  } else if (short_forms[c] != 0) {
    mp_buffer_addc(out, short_forms[c]);
  } else {
    mp_buffer_addf(out, "u%04x", c);
  }
}

bool mp_json_write_string(mp_buffer *out, const char *text, size_t size, mp_error **error) {
  size_t valid = mp_utf8_check(text, size);
  if (valid < size) {
    return mp_error_set(error, MP_ERROR_USAGE, "JSON: a string is not valid UTF-8 at its byte %zu", valid + 1);
  }
  mp_buffer_addc(out, '"');
  size_t start = 0;
  for (size_t i = 0; i < size; i++) {
    if (!needs_escape((unsigned char)text[i])) continue;
    mp_buffer_add(out, text + start, i - start);
    add_escape(out, (unsigned char)text[i]);
    start = i + 1;
  }
  mp_buffer_add(out, text + start, size - start);
  mp_buffer_addc(out, '"');
  return mp__written(out, error);
}

bool mp_json_write_float(mp_buffer *out, double value, mp_error **error) {
  if (!isfinite(value)) {
    return mp_error_set(error, MP_ERROR_USAGE, "JSON has no %s", isnan(value) ? "NaN" : "infinity");
  }
  char text[32];
  size_t size = mp_float_format(value, text);
  mp_buffer_add(out, text, size);
  if (strpbrk(text, ".e") == NULL) mp_buffer_adds(out, ".0");
  return mp__written(out, error);
}
