/* tsvector: the binary form has each word's places as numbers, which are written as the server's text form does. (The
 * binary form of a tsquery is a tree upside down; it is asked for as text.) */
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "codec/internal.h"

enum { PLACE_BITS = 14, PLACE_MASK = (1 << PLACE_BITS) - 1 };

static void add_word(mp_buffer *out, const char *word, size_t size) {
  mp_buffer_addc(out, '\'');
  for (size_t i = 0; i < size; i++) {
    if (word[i] == '\'' || word[i] == '\\') mp_buffer_addc(out, word[i]);
    mp_buffer_addc(out, word[i]);
  }
  mp_buffer_addc(out, '\'');
}

static void add_places(mp_buffer *out, const char *places, size_t count) {
  static const char weights[] = {'\0', 'C', 'B', 'A'};
  for (size_t i = 0; i < count; i++) {
    unsigned place = mp_get16(places + 2 * i);
    mp_buffer_addf(out, i == 0 ? ":%u" : ",%u", place & PLACE_MASK);
    if (place >> PLACE_BITS != 0) mp_buffer_addc(out, weights[place >> PLACE_BITS]);
  }
}

/* One word and its places; NULL, or what is wrong. */
static const char *add_lexeme(mp_buffer *out, const char **at, const char *end) {
  const char *zero = memchr(*at, '\0', (size_t)(end - *at));
  if (zero == NULL || end - zero < 3) return "it ends within a word";
  size_t size = (size_t)(zero - *at);
  if (mp_utf8_check(*at, size) < size) return "invalid UTF-8";
  size_t places = mp_get16(zero + 1);
  if ((size_t)(end - zero - 3) < 2 * places) return "it ends within a word";
  add_word(out, *at, size);
  add_places(out, zero + 3, places);
  *at = zero + 3 + 2 * places;
  return NULL;
}

MP__DECODE(mp__tsvector_from_binary) {
  if (size < 4) return mp__decode_error(codec, error, "it is too short");
  const char *at = data + 4;
  const char *end = data + size;
  const char *wrong = NULL;
  uint32_t count = mp_get32(data);
  for (uint32_t i = 0; i < count && wrong == NULL; i++) {
    if (i > 0) mp_buffer_addc(scratch, ' ');
    wrong = add_lexeme(scratch, &at, end);
  }
  if (wrong == NULL && at != end) wrong = "something follows its last word";
  return wrong == NULL ? mp__give_text(scratch, out, error) : mp__decode_error(codec, error, "%s", wrong);
}
