/* The table of types by OID, and how a parameter is sent: in the binary form where the value's kind and the type agree,
 * else as text, which the server judges. */
#include "codec/codec.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/geometry.h"
#include "codec/internal.h"
#include "codec/time.h"

/* X(name of the constant, SQL name, kind, OID of the array type, from text, from binary, to binary, check) */
#define TYPES(X)                                                                                                       \
  X(BOOL, "boolean", BOOL, 1000, mp__bool_from_text, mp__bool_from_binary, mp__bool_to_binary, NULL)                   \
  X(BYTEA, "bytea", BYTES, 1001, mp__bytea_from_text, mp__bytea_from_binary, mp__bytes_to_binary, NULL)                \
  X(CHAR, "\"char\"", TEXT, 1002, mp__char_decode, mp__char_decode, NULL, NULL)                                        \
  X(NAME, "name", TEXT, 1003, mp__text_decode, mp__text_decode, NULL, NULL)                                            \
  X(INT8, "bigint", INTEGER, 1016, mp__integer_from_text, mp__int8_from_binary, mp__integer_to_binary, NULL)           \
  X(INT2, "smallint", INTEGER, 1005, mp__integer_from_text, mp__int2_from_binary, mp__integer_to_binary, NULL)         \
  X(INT4, "integer", INTEGER, 1007, mp__integer_from_text, mp__int4_from_binary, mp__integer_to_binary, NULL)          \
  X(TEXT, "text", TEXT, 1009, mp__text_decode, mp__text_decode, mp__bytes_to_binary, NULL)                             \
  X(OID, "oid", INTEGER, 1028, mp__integer_from_text, mp__oid_from_binary, mp__integer_to_binary, NULL)                \
  X(JSON, "json", JSON, 199, mp__json_decode, mp__json_decode, mp__bytes_to_binary, NULL)                              \
  X(XML, "xml", TEXT, 143, mp__text_decode, mp__text_decode, NULL, NULL)                                               \
  X(FLOAT4, "real", FLOAT, 1021, mp__float4_from_text, mp__float4_from_binary, mp__float4_to_binary, NULL)             \
  X(FLOAT8, "double precision", FLOAT, 1022, mp__float8_from_text, mp__float8_from_binary, mp__float8_to_binary, NULL) \
  X(BPCHAR, "character", TEXT, 1014, mp__text_decode, mp__text_decode, mp__bytes_to_binary, NULL)                      \
  X(VARCHAR, "character varying", TEXT, 1015, mp__text_decode, mp__text_decode, mp__bytes_to_binary, NULL)             \
  X(DATE, "date", DATE, 1182, mp__date_from_text, mp__date_from_binary, mp__date_to_binary, NULL)                      \
  X(TIME, "time", TIME, 1183, mp__time_from_text, mp__time_from_binary, mp__int64_to_binary, NULL)                     \
  X(TIMESTAMP, "timestamp", TIMESTAMP, 1115, mp__timestamp_from_text, mp__timestamp_from_binary, mp__int64_to_binary,  \
    NULL)                                                                                                              \
  X(TIMESTAMPTZ, "timestamp with time zone", TIMESTAMPTZ, 1185, mp__timestamptz_from_text, mp__timestamp_from_binary,  \
    mp__int64_to_binary, NULL)                                                                                         \
  X(INTERVAL, "interval", INTERVAL, 1187, mp__interval_from_text, mp__interval_from_binary, mp__interval_to_binary,    \
    NULL)                                                                                                              \
  X(NUMERIC, "numeric", NUMERIC, 1231, mp__numeric_from_text, mp__numeric_from_binary, mp__numeric_to_binary, NULL)    \
  X(UUID, "uuid", UUID, 2951, mp__uuid_from_text, mp__uuid_from_binary, mp__uuid_to_binary, NULL)                      \
  X(JSONB, "jsonb", JSON, 3807, mp__json_decode, mp__jsonb_from_binary, mp__jsonb_to_binary, NULL)                     \
  X(BIT, "bit", TEXT, 1561, mp__text_decode, mp__bits_from_binary, NULL, mp__bits_check)                               \
  X(VARBIT, "bit varying", TEXT, 1563, mp__text_decode, mp__bits_from_binary, NULL, mp__bits_check)                    \
  X(INET, "inet", TEXT, 1041, mp__text_decode, mp__inet_from_binary, NULL, mp__inet_check)                             \
  X(CIDR, "cidr", TEXT, 651, mp__text_decode, mp__inet_from_binary, NULL, mp__cidr_check)                              \
  X(MACADDR, "macaddr", TEXT, 1040, mp__text_decode, mp__macaddr_from_binary, NULL, mp__macaddr_check)                 \
  X(MACADDR8, "macaddr8", TEXT, 775, mp__text_decode, mp__macaddr_from_binary, NULL, mp__macaddr8_check)               \
  X(POINT, "point", GEOMETRY, 1017, mp__geometry_from_text, mp__geometry_from_binary, NULL, NULL)                      \
  X(LINE, "line", GEOMETRY, 629, mp__geometry_from_text, mp__geometry_from_binary, NULL, NULL)                         \
  X(LSEG, "lseg", GEOMETRY, 1018, mp__geometry_from_text, mp__geometry_from_binary, NULL, NULL)                        \
  X(BOX, "box", GEOMETRY, 1020, mp__geometry_from_text, mp__geometry_from_binary, NULL, NULL)                          \
  X(PATH, "path", GEOMETRY, 1019, mp__geometry_from_text, mp__geometry_from_binary, NULL, NULL)                        \
  X(POLYGON, "polygon", GEOMETRY, 1027, mp__geometry_from_text, mp__geometry_from_binary, NULL, NULL)                  \
  X(CIRCLE, "circle", GEOMETRY, 719, mp__geometry_from_text, mp__geometry_from_binary, NULL, NULL)                     \
  X(TSVECTOR, "tsvector", TEXT, 3643, mp__text_decode, mp__tsvector_from_binary, NULL, NULL)                           \
  X(JSONPATH, "jsonpath", TEXT, 4073, mp__text_decode, mp__jsonpath_from_binary, NULL, NULL)                           \
  X(TIMETZ, "time with time zone", TEXT, 1270, mp__text_decode, mp__timetz_from_binary, NULL, NULL)                    \
  X(REFCURSOR, "refcursor", TEXT, 2201, mp__text_decode, mp__text_decode, mp__bytes_to_binary, NULL)                   \
  X(XID, "xid", INTEGER, 1011, mp__integer_from_text, mp__oid_from_binary, mp__integer_to_binary, NULL)                \
  X(CID, "cid", INTEGER, 1012, mp__integer_from_text, mp__oid_from_binary, mp__integer_to_binary, NULL)                \
  X(XID8, "xid8", INTEGER, 271, mp__xid8_from_text, mp__xid8_from_binary, mp__integer_to_binary, NULL)                 \
  X(TID, "tid", TEXT, 1010, mp__text_decode, mp__tid_from_binary, NULL, NULL)                                          \
  X(PG_LSN, "pg_lsn", TEXT, 3221, mp__text_decode, mp__lsn_from_binary, NULL, NULL)                                    \
  X(PG_SNAPSHOT, "pg_snapshot", TEXT, 5039, mp__text_decode, mp__snapshot_from_binary, NULL, NULL)                     \
  X(TXID_SNAPSHOT, "txid_snapshot", TEXT, 2949, mp__text_decode, mp__snapshot_from_binary, NULL, NULL)

/* X(name of the constant, SQL name, OID of the array type): texts as the server writes them, for want of a binary form,
 * or since that says something else (the OID that a regclass is now called by, an amount without its currency). */
#define TEXT_TYPES(X)                                                                                                  \
  X(MONEY, "money", 791)                                                                                               \
  X(TSQUERY, "tsquery", 3645)                                                                                          \
  X(GTSVECTOR, "gtsvector", 3644)                                                                                      \
  X(ACLITEM, "aclitem", 1034)                                                                                          \
  X(REGPROC, "regproc", 1008)                                                                                          \
  X(REGPROCEDURE, "regprocedure", 2207)                                                                                \
  X(REGOPER, "regoper", 2208)                                                                                          \
  X(REGOPERATOR, "regoperator", 2209)                                                                                  \
  X(REGCLASS, "regclass", 2210)                                                                                        \
  X(REGTYPE, "regtype", 2211)                                                                                          \
  X(REGROLE, "regrole", 4097)                                                                                          \
  X(REGNAMESPACE, "regnamespace", 4090)                                                                                \
  X(REGCONFIG, "regconfig", 3735)                                                                                      \
  X(REGDICTIONARY, "regdictionary", 3770)                                                                              \
  X(REGCOLLATION, "regcollation", 4192)

/* X(name of the constant, SQL name, constant of the element, OID of the array type) */
#define VECTORS(X)                                                                                                     \
  X(OIDVECTOR, "oidvector", OID, 1013)                                                                                 \
  X(INT2VECTOR, "int2vector", INT2, 1006)

enum {
#define X(id, ...) INDEX_##id,
  TYPES(X) TEXT_TYPES(X) VECTORS(X)
#undef X
};

static const mp_codec scalars[] = {
#define X(id, sql_name, value_kind, array_oid, text, binary, encode, check_text)                                       \
  {.oid = MP_OID_##id,                                                                                                 \
   .name = sql_name,                                                                                                   \
   .kind = MP_VALUE_##value_kind,                                                                                      \
   .array = array_oid,                                                                                                 \
   .from_text = text,                                                                                                  \
   .from_binary = binary,                                                                                              \
   .to_binary = encode,                                                                                                \
   .check = check_text},
    TYPES(X)
#undef X
#define X(id, sql_name, array_oid)                                                                                     \
  {.oid = MP_OID_##id, .name = sql_name, .kind = MP_VALUE_TEXT, .array = array_oid, .from_text = mp__text_decode},
        TEXT_TYPES(X)
#undef X
#define X(id, sql_name, element_id, array_oid)                                                                         \
  {.oid = MP_OID_##id,                                                                                                 \
   .name = sql_name,                                                                                                   \
   .kind = MP_VALUE_ARRAY,                                                                                             \
   .array = array_oid,                                                                                                 \
   .element = &scalars[INDEX_##element_id],                                                                            \
   .from_text = mp__vector_from_text,                                                                                  \
   .from_binary = mp__vector_from_binary},
            VECTORS(X)
#undef X
};

#define ARRAY(id, sql_name, array_oid, binary)                                                                         \
  {.oid = array_oid,                                                                                                   \
   .name = sql_name "[]",                                                                                              \
   .kind = MP_VALUE_ARRAY,                                                                                             \
   .element = &scalars[INDEX_##id],                                                                                    \
   .from_text = mp__array_from_text,                                                                                   \
   .from_binary = binary},

static const mp_codec arrays[] = {
#define X(id, sql_name, value_kind, array_oid, ...) ARRAY(id, sql_name, array_oid, mp__array_from_binary)
    TYPES(X)
#undef X
#define X(id, sql_name, array_oid) ARRAY(id, sql_name, array_oid, NULL)
        TEXT_TYPES(X)
#undef X
#define X(id, sql_name, element_id, array_oid) ARRAY(id, sql_name, array_oid, mp__array_from_binary)
            VECTORS(X)
#undef X
};

/* X(name, OID of the subtype's constant, OIDs of: range, its array, multirange, its array) */
#define RANGES(X)                                                                                                      \
  X(int4, INT4, 3904, 3905, 4451, 6150)                                                                                \
  X(num, NUMERIC, 3906, 3907, 4532, 6151)                                                                              \
  X(ts, TIMESTAMP, 3908, 3909, 4533, 6152)                                                                             \
  X(tstz, TIMESTAMPTZ, 3910, 3911, 4534, 6153)                                                                         \
  X(date, DATE, 3912, 3913, 4535, 6155)                                                                                \
  X(int8, INT8, 3926, 3927, 4536, 6157)

enum {
#define X(name, ...) RANGE_##name,
  RANGES(X)
#undef X
};

static const mp_codec ranges[] = {
#define X(id, subtype, range_oid, array_oid, ...)                                                                      \
  {.oid = range_oid,                                                                                                   \
   .name = #id "range",                                                                                                \
   .kind = MP_VALUE_RANGE,                                                                                             \
   .array = array_oid,                                                                                                 \
   .element = &scalars[INDEX_##subtype],                                                                               \
   .from_text = mp__range_from_text,                                                                                   \
   .from_binary = mp__range_from_binary},
    RANGES(X)
#undef X
};

static const mp_codec multiranges[] = {
#define X(id, subtype, range_oid, range_array_oid, multirange_oid, array_oid)                                          \
  {.oid = multirange_oid,                                                                                              \
   .name = #id "multirange",                                                                                           \
   .kind = MP_VALUE_ARRAY,                                                                                             \
   .array = array_oid,                                                                                                 \
   .element = &ranges[RANGE_##id],                                                                                     \
   .is_multirange = true,                                                                                              \
   .from_text = mp__multirange_from_text,                                                                              \
   .from_binary = mp__multirange_from_binary},
    RANGES(X)
#undef X
};

#define RANGE_ARRAY(array_oid, sql_name, of)                                                                           \
  {                                                                                                                    \
    .oid = array_oid, .name = sql_name "[]", .kind = MP_VALUE_ARRAY, .element = of, .from_text = mp__array_from_text,  \
    .from_binary = mp__array_from_binary                                                                               \
  }

static const mp_codec range_arrays[] = {
#define X(id, subtype, range_oid, array_oid, ...) RANGE_ARRAY(array_oid, #id "range", &ranges[RANGE_##id]),
    RANGES(X)
#undef X
};

static const mp_codec multirange_arrays[] = {
#define X(id, subtype, range_oid, range_array_oid, multirange_oid, array_oid)                                          \
  RANGE_ARRAY(array_oid, #id "multirange", &multiranges[RANGE_##id]),
    RANGES(X)
#undef X
};

/* Of no type that has a name; only its text can be read. */
static const mp_codec record = {.oid = MP_OID_RECORD,
                                .name = "record",
                                .kind = MP_VALUE_COMPOSITE,
                                .array = 2287,
                                .from_text = mp__composite_from_text};
static const mp_codec record_array = {
    .oid = 2287, .name = "record[]", .kind = MP_VALUE_ARRAY, .element = &record, .from_text = mp__array_from_text};
static const mp_codec nothing = {.oid = MP_OID_VOID,
                                 .name = "void",
                                 .kind = MP_VALUE_NULL,
                                 .from_text = mp__void_decode,
                                 .from_binary = mp__void_decode};

static const mp_codec unknown = {.name = "text", .kind = MP_VALUE_TEXT, .from_text = mp__text_decode};

const mp_codec *mp_codec_find(uint32_t oid) {
  switch (oid) {
#define CASES(id, array_oid)                                                                                           \
  case MP_OID_##id: return &scalars[INDEX_##id];                                                                       \
  case array_oid:                                                                                                      \
    return &arrays[INDEX_##id];
#define X(id, sql_name, value_kind, array_oid, ...) CASES(id, array_oid)
    TYPES(X)
#undef X
#define X(id, sql_name, array_oid) CASES(id, array_oid)
    TEXT_TYPES(X)
#undef X
#define X(id, sql_name, element_id, array_oid) CASES(id, array_oid)
    VECTORS(X)
#undef X
  case MP_OID_VOID: return &nothing;
#define X(id, subtype, range_oid, range_array_oid, multirange_oid, array_oid)                                          \
  case range_oid: return &ranges[RANGE_##id];                                                                          \
  case range_array_oid: return &range_arrays[RANGE_##id];                                                              \
  case multirange_oid: return &multiranges[RANGE_##id];                                                                \
  case array_oid: return &multirange_arrays[RANGE_##id];
    RANGES(X)
#undef X
  case MP_OID_RECORD: return &record;
  case 2287: return &record_array;
  default: return &unknown;
  }
}

char mp_codec_delimiter(const mp_codec *element) {
  if (element->delimiter != '\0') return element->delimiter;
  return element->oid == MP_OID_BOX ? ';' : ',';
}

bool mp_codec_is_vector(const mp_codec *codec) {
  return codec->from_text == mp__vector_from_text;
}

/* ---- errors ---- */

bool mp__decode_error(const mp_codec *codec, mp_error **error, const char *format, ...) {
  char wrong[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(wrong, sizeof wrong, format, arguments);
  va_end(arguments);
  return mp_error_set(error, MP_ERROR_DECODE, "the server sent a value that is no %s: %s", codec->name, wrong);
}

bool mp__decode_size_error(const mp_codec *codec, mp_error **error, size_t size, size_t expected) {
  return mp__decode_error(codec, error, "%zu bytes instead of %zu", size, expected);
}

bool mp__written(const mp_buffer *out, mp_error **error) {
  return mp_buffer_ok(out) || mp_error_set_memory(error);
}

int mp__shown(const char *text, size_t size) {
  enum { SHOWN = 60 };
  if (size <= SHOWN) return (int)size;
  int shown = SHOWN;
  while (shown > 0 && (text[shown] & 0xC0) == 0x80)
    shown--;
  return shown;
}

static bool name_parameter(int number, mp_error **error) {
  if (error == NULL || mp_error_kind_of(*error) == MP_ERROR_MEMORY) return false;
  mp_error_putf(*error, MP_ERROR_MESSAGE, "parameter $%d: %s", number, mp_error_message(*error));
  return false;
}

/* ---- parameters ---- */

static bool is_valid_text(const mp_value *value, mp_error **error) {
  const char *text = value->as.bytes.data;
  size_t size = value->as.bytes.size;
  size_t valid = mp_utf8_check(text, size);
  const char *zero = memchr(text, '\0', valid);
  if (valid == size && zero == NULL) return true;
  if (zero != NULL) {
    mp_error_set(error, MP_ERROR_USAGE, "the text has a NUL byte at byte %zu, which PostgreSQL cannot store in a text",
                 (size_t)(zero - text) + 1);
  } else {
    mp_error_set(error, MP_ERROR_USAGE, "the text is not valid UTF-8 at byte %zu", valid + 1);
  }
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "pass binary data as bytes, to a column of type bytea");
  return false;
}

bool mp_value_needs_type(const mp_value *value) {
  if (value->kind == MP_VALUE_JSON || mp_kind_is_container(value->kind)) return value->as.bytes.data == NULL;
  if (value->kind != MP_VALUE_TEXT) return false;
  const char *text = value->as.bytes.data;
  size_t size = value->as.bytes.size;
  return memchr(text, '\\', size) != NULL || memchr(text, '\0', size) != NULL || mp_utf8_check(text, size) < size;
}

static void add_hex(mp_buffer *out, const mp_bytes *bytes) {
  static const char digits[] = "0123456789abcdef";
  char *to = bytes->size > SIZE_MAX / 4 ? NULL : mp_buffer_reserve(out, 2 + 2 * bytes->size);
  if (to == NULL) {
    out->failed = true;
    return;
  }
  *to++ = '\\';
  *to++ = 'x';
  for (size_t i = 0; i < bytes->size; i++) {
    unsigned char byte = (unsigned char)bytes->data[i];
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 15];
  }
  mp_buffer_commit(out, 2 + 2 * bytes->size);
}

static void add_integer(mp_buffer *out, int64_t integer) {
  char text[24];
  mp_buffer_add(out, text, (size_t)snprintf(text, sizeof text, "%" PRId64, integer));
}

static void add_float(mp_buffer *out, double number) {
  char text[32];
  mp_buffer_add(out, text, mp_float_format(number, text));
}

static void add_text(const mp_value *value, mp_buffer *out) {
  switch (value->kind) {
  case MP_VALUE_NULL: break; /* has no text: the caller asked first */
  case MP_VALUE_BOOL: mp_buffer_adds(out, value->as.boolean ? "true" : "false"); break;
  case MP_VALUE_INTEGER: add_integer(out, value->as.integer); break;
  case MP_VALUE_FLOAT: add_float(out, value->as.number); break;
  case MP_VALUE_BYTES: add_hex(out, &value->as.bytes); break;
  case MP_VALUE_NUMERIC: mp_numeric_format(value->as.numeric, out); break;
  case MP_VALUE_TIMESTAMPTZ: mp_timestamp_format(value->as.integer, true, out); break;
  case MP_VALUE_TIMESTAMP: mp_timestamp_format(value->as.integer, false, out); break;
  case MP_VALUE_DATE: mp_date_format((int32_t)value->as.integer, out); break;
  case MP_VALUE_TIME: mp_time_format(value->as.integer, out); break;
  case MP_VALUE_INTERVAL: mp_interval_format(&value->as.interval, out); break;
  case MP_VALUE_GEOMETRY: mp_geometry_format(&value->as.geometry, out); break;
  case MP_VALUE_TEXT:
  case MP_VALUE_UUID:
  case MP_VALUE_JSON:
  case MP_VALUE_ARRAY:
  case MP_VALUE_RANGE:
  case MP_VALUE_COMPOSITE:
  case MP_VALUE_HSTORE: mp_buffer_add(out, value->as.bytes.data, value->as.bytes.size); break;
  }
}

static bool is_text(mp_value_kind kind) {
  return kind == MP_VALUE_TEXT || kind == MP_VALUE_UUID || kind == MP_VALUE_JSON || mp_kind_is_container(kind);
}

bool mp_value_text(const mp_value *value, mp_buffer *out, mp_error **error) {
  if (is_text(value->kind) && !is_valid_text(value, error)) return false;
  add_text(value, out);
  return mp__written(out, error);
}

static bool accepts(const mp_codec *codec, mp_value_kind kind) {
  if (codec == NULL || codec->to_binary == NULL) return false;
  switch (codec->kind) {
  case MP_VALUE_FLOAT: return kind == MP_VALUE_FLOAT || kind == MP_VALUE_INTEGER;
  case MP_VALUE_NUMERIC: return kind == MP_VALUE_NUMERIC || kind == MP_VALUE_FLOAT || kind == MP_VALUE_INTEGER;
  case MP_VALUE_BYTES:
  case MP_VALUE_UUID:
  case MP_VALUE_JSON: return kind == codec->kind || kind == MP_VALUE_TEXT;
  default: return kind == codec->kind;
  }
}

static bool encode_binary(const mp_codec *codec, const mp_value *value, mp_buffer *out, mp_error **error) {
  if (codec->kind != MP_VALUE_BYTES && is_text(value->kind) && !is_valid_text(value, error)) return false;
  return codec->to_binary(codec, value, out, error);
}

static const char *right_form(const mp_codec *codec) {
  switch (codec->oid) {
  case MP_OID_INET: return "write it as 192.168.0.1, 192.168.0.1/24 or 2001:db8::1";
  case MP_OID_CIDR: return "write it as 192.168.0.0/24 or 2001:db8::/32, with no bit set behind the prefix";
  case MP_OID_MACADDR: return "write it as 08:00:2b:01:02:03";
  case MP_OID_MACADDR8: return "write it as 08:00:2b:01:02:03:04:05";
  default: return "write it with the digits 0 and 1: 0101";
  }
}

static bool check_text(const mp_codec *codec, const mp_value *value, mp_error **error) {
  bool right = codec == NULL || codec->check == NULL || value->kind != MP_VALUE_TEXT ||
               codec->check(value->as.bytes.data, value->as.bytes.size);
  if (right) return true;
  mp_error_set(error, MP_ERROR_USAGE, "the text is no %s", codec->name);
  if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, right_form(codec));
  return false;
}

static bool encode_text(const mp_codec *codec, const mp_value *value, mp_buffer *out, mp_error **error) {
  return mp_value_text(value, out, error) && check_text(codec, value, error);
}

bool mp_encode_parameter(const mp_codec *codec, const mp_value *value, int number, mp_buffer *out, size_t *size,
                         int *format, mp_error **error) {
  assert(value->kind != MP_VALUE_NULL && number > 0);
  size_t start = out->size;
  bool binary = accepts(codec, value->kind);
  bool ok = binary ? encode_binary(codec, value, out, error) : encode_text(codec, value, out, error);
  if (!ok) return name_parameter(number, error);
  size_t end = out->size;
  mp_buffer_addc(out, '\0'); /* ends a text, and makes an empty value's pointer one that is not NULL */
  if (!mp__written(out, error)) return false;
  *size = end - start;
  *format = binary ? MP_FORMAT_BINARY : MP_FORMAT_TEXT;
  return true;
}
