/* Composites, `(1,"a b",)`: a cursor over their fields, which the type names. A record without a type comes as text
 * only, and its fields are texts: in that form nothing says what they are, and the binary one, which does, must not
 * give other values. */
#include "base/bytes.h"
#include "codec/internal.h"

enum { HEADER = 4, OID = 4 };

static void set_composite(const mp_codec *codec, const mp_codec_context *context, int count, mp_value *out) {
  out->kind = MP_VALUE_COMPOSITE;
  out->as.composite = (mp_composite){.codec = codec, .context = context, .count = count};
}

static bool check_count(const mp_codec *codec, int64_t count, mp_error **error) {
  if (codec->fields == NULL || count == codec->field_count) return true;
  return mp__decode_error(codec, error, "it has %lld fields instead of %d", (long long)count, codec->field_count);
}

static bool check_binary(const mp_codec *codec, const char *at, const char *end, mp_error **error) {
  for (int i = 0; i < codec->field_count; i++) {
    const mp_field *field = &codec->fields[i];
    mp_bytes bytes;
    if (end - at < OID) return mp__decode_error(codec, error, "it ends before the field \"%.64s\"", field->name);
    uint32_t type = mp_get32(at);
    if (type != field->codec->oid) {
      return mp__decode_error(codec, error, "the field \"%.64s\" is of another type", field->name);
    }
    at += OID;
    if (mp__take_sized(&at, end, &bytes)) continue;
    return mp__decode_error(codec, error, "the length of the field \"%.64s\" is wrong", field->name);
  }
  return at == end || mp__decode_error(codec, error, "something follows its last field");
}

MP__DECODE(mp__composite_from_binary) {
  if (size < HEADER) return mp__decode_error(codec, error, "it is too short");
  if (!check_count(codec, (int32_t)mp_get32(data), error)) return false;
  if (!check_binary(codec, data + HEADER, data + size, error)) return false;
  set_composite(codec, context, codec->field_count, out);
  out->as.composite.binary = true;
  out->as.composite.at = data + HEADER;
  out->as.composite.end = data + size;
  return true;
}

/* A record of no field and one of a single NULL are the same text; the latter is less unlikely. */
static bool count_fields(const mp_codec *codec, const char *data, size_t size, int *count) {
  const char *at = data + 1, *end = data + size;
  *count = 0;
  if (size < 2 || data[0] != '(') return false;
  if (size == 2 && codec->fields != NULL && codec->field_count == 0) return data[1] == ')';
  for (;;) {
    if (!mp__quoted_skip(&at, end, ",)")) return false;
    ++*count;
    if (*at == ')') return at + 1 == end;
    at++;
  }
}

MP__DECODE(mp__composite_from_text) {
  int count;
  if (size > INT32_MAX || !count_fields(codec, data, size, &count)) {
    return mp__decode_error(codec, error, "not a literal of a composite");
  }
  if (!check_count(codec, count, error)) return false;
  set_composite(codec, context, count, out);
  out->as.composite.at = data + 1;
  out->as.composite.end = data + size;
  return true;
}

/* ---- fields ---- */

static bool next_text(mp_composite *composite, mp_buffer *scratch, mp_item *out) {
  mp_bytes piece = {composite->at, 0};
  if (!mp__quoted_skip(&composite->at, composite->end, ",)")) return true; /* cannot be: it was counted */
  piece.size = (size_t)(composite->at++ - piece.data);
  return piece.size == 0 || mp__quoted_read(&piece, scratch, out);
}

bool mp_composite_next_item(mp_composite *composite, mp_buffer *scratch, mp_item *out, mp_error **error) {
  mp_buffer_clear(scratch);
  if (composite->next == composite->count) return false;
  const mp_codec *codec = composite->codec;
  int number = composite->next++;
  *out = (mp_item){.context = composite->context, .binary = composite->binary};
  out->codec = codec->fields == NULL ? mp_codec_find(MP_OID_TEXT) : codec->fields[number].codec;
  if (!composite->binary) return next_text(composite, scratch, out) || mp_error_set_memory(error);
  composite->at += OID;
  return mp__take_sized(&composite->at, composite->end, &out->bytes) || mp__decode_error(codec, error, "it ends early");
}
