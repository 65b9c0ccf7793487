/* Bytes as the server's: the first names the codec, the second the form and the interval style. What was read can be
 * written, and what was written is read again as the same. */
#include "values.h"

static bool decode(const mp_codec *codec, bool binary, const mp_codec_context *context, const char *data, size_t size,
                   mp_buffer *scratch, mp_value *out) {
  mp_error *error = NULL;
  mp_decode *decoder = binary ? codec->from_binary : codec->from_text;
  return settle(decoder(codec, data, size, context, scratch, out, &error), &error);
}

/* Our text of a value is what the server reads. We read it too, but for a boolean, of which the server writes one
 * letter, and "char", in which a zero byte is the empty text. */
static void write_and_read(const mp_codec *codec, const mp_value *value) {
  mp_buffer text, scratch;
  mp_buffer_init(&text, BUFFER_LIMIT);
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_codec_context iso = {MP_INTERVAL_ISO_8601};
  mp_error *error = NULL;
  bool alike = codec->oid != MP_OID_CHAR && codec->oid != MP_OID_BOOL;
  if (settle(mp_value_text(value, &text, &error), &error) && alike) {
    mp_value again;
    bool ok = decode(codec, false, &iso, text.size == 0 ? "" : text.data, text.size, &scratch, &again);
    PROMISE(ok && same_value(value, &again));
  }
  mp_buffer_finish(&text);
  mp_buffer_finish(&scratch);
}

/* The same through the form in which it would be sent. */
static void encode_and_read(const mp_codec *codec, const mp_value *value) {
  mp_buffer sent, scratch;
  mp_buffer_init(&sent, BUFFER_LIMIT);
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_codec_context iso = {MP_INTERVAL_ISO_8601};
  mp_error *error = NULL;
  size_t length;
  int format;
  if (settle(mp_encode_parameter(codec, value, 1, &sent, &length, &format, &error), &error)) {
    mp_value again;
    bool ok = decode(codec, format == MP_FORMAT_BINARY, &iso, sent.data, length, &scratch, &again);
    PROMISE(codec->oid == MP_OID_CHAR || (ok && same_value(value, &again)));
  }
  mp_buffer_finish(&sent);
  mp_buffer_finish(&scratch);
}

static void use(const mp_codec *codec, const mp_value *value) {
  if (value->kind == MP_VALUE_NULL) return;
  if (value->kind == MP_VALUE_ARRAY) {
    walk_array(value->as.array);
    PROMISE(same_array(value->as.array, value->as.array));
    return;
  }
  if (value->kind == MP_VALUE_RANGE) {
    walk_range(&value->as.range);
    return;
  }
  if (value->kind == MP_VALUE_HSTORE) {
    walk_hstore(codec, value->as.hstore);
    return;
  }
  write_and_read(codec, value);
  /* What the server could not have stored is not taken as a parameter: texts of bits, networks, ... */
  if (codec->check == NULL) encode_and_read(codec, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  const mp_codec *codec = codec_number(data[0]);
  bool binary = data[1] & 1 && codec->from_binary != NULL;
  mp_codec_context context = {(mp_interval_style)(data[1] >> 1 & 3)};
  char *bytes = text_of(data + 2, size - 2); /* a block of its own: the zero behind it belongs to nobody */
  char *exact = realloc(bytes, size - 2 == 0 ? 1 : size - 2);
  PROMISE(exact != NULL);
  mp_buffer scratch;
  mp_buffer_init(&scratch, BUFFER_LIMIT);
  mp_value value;
  if (decode(codec, binary, &context, exact, size - 2, &scratch, &value)) use(codec, &value);
  if (codec->check != NULL) codec->check(exact, size - 2);
  mp_buffer_finish(&scratch);
  free(exact);
  return 0;
}
