/* What arrays, ranges and composites have in common: items that are decoded one by one. */
#include "codec/internal.h"

#include "base/bytes.h"

bool mp__take_sized(const char **at, const char *end, mp_bytes *out) {
  if (end - *at < 4) return false;
  int32_t size = (int32_t)mp_get32(*at);
  if (size < -1 || size > end - *at - 4) return false;
  *at += 4;
  *out = size < 0 ? (mp_bytes){NULL, 0} : (mp_bytes){*at, (size_t)size};
  *at += out->size;
  return true;
}

/* Only these may hold what their literal must escape; the others' decoders write into scratch what they read from it.
 */
static bool may_be_escaped(mp_value_kind kind) {
  return kind == MP_VALUE_TEXT || kind == MP_VALUE_BYTES || kind == MP_VALUE_JSON || mp_kind_is_container(kind);
}

bool mp_item_decode(const mp_item *item, mp_buffer *scratch, mp_value *out, mp_error **error) {
  const mp_codec *codec = item->codec;
  if (item->bytes.data == NULL) {
    out->kind = MP_VALUE_NULL;
    return true;
  }
  if (item->in_scratch && !may_be_escaped(codec->kind)) return mp__decode_error(codec, error, "it has a backslash");
  mp_decode *decode = item->binary ? codec->from_binary : codec->from_text;
  if (decode == NULL) return mp__decode_error(codec, error, "its binary form is not known here");
  return decode(codec, item->bytes.data, item->bytes.size, item->context, scratch, out, error);
}
