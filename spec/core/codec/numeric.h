/* Numerics in the tests: one in a buffer of its own, made from its text. */
#ifndef SPEC_CODEC_NUMERIC_H
#define SPEC_CODEC_NUMERIC_H

#include "support.h"

UNUSED static mp_buffer numeric_of(const char *text) {
  mp_buffer buffer;
  mp_buffer_init(&buffer, BUFFER_LIMIT);
  mp_error *error = NULL;
  assert_done(mp_numeric_parse(text, strlen(text), &buffer, &error), &error);
  return buffer;
}

UNUSED static void assert_numeric(const mp_buffer *buffer, const char *expected) {
  mp_buffer text;
  mp_buffer_init(&text, BUFFER_LIMIT);
  mp_numeric_format(mp_numeric_in(buffer), &text);
  assert_string_equal(mp_buffer_text(&text), expected);
  mp_buffer_finish(&text);
}

#endif
