/* Codecs: how each type of the server is read and written, found by OID.
 *
 * One rule holds for all: the text form and the binary form of one value decode to equal values, to the bit, and a
 * parameter stores the same whichever form it was sent in. A type that has no codec here is the server's text. */
#ifndef MP_CODEC_CODEC_H
#define MP_CODEC_CODEC_H

#include "codec/value.h"

/* The types that have a codec of their own; each but void has one for its array type too (mp_codec.array). */
typedef enum mp_type_oid {
  MP_OID_BOOL = 16,
  MP_OID_BYTEA = 17,
  MP_OID_CHAR = 18,
  MP_OID_NAME = 19,
  MP_OID_INT8 = 20,
  MP_OID_INT2 = 21,
  MP_OID_INT2VECTOR = 22,
  MP_OID_INT4 = 23,
  MP_OID_REGPROC = 24,
  MP_OID_TEXT = 25,
  MP_OID_OID = 26,
  MP_OID_TID = 27,
  MP_OID_XID = 28,
  MP_OID_CID = 29,
  MP_OID_OIDVECTOR = 30,
  MP_OID_JSON = 114,
  MP_OID_XML = 142,
  MP_OID_POINT = 600,
  MP_OID_LSEG = 601,
  MP_OID_PATH = 602,
  MP_OID_BOX = 603,
  MP_OID_POLYGON = 604,
  MP_OID_LINE = 628,
  MP_OID_CIDR = 650,
  MP_OID_FLOAT4 = 700,
  MP_OID_FLOAT8 = 701,
  MP_OID_CIRCLE = 718,
  MP_OID_MACADDR8 = 774,
  MP_OID_MONEY = 790,
  MP_OID_MACADDR = 829,
  MP_OID_INET = 869,
  MP_OID_ACLITEM = 1033,
  MP_OID_BPCHAR = 1042,
  MP_OID_VARCHAR = 1043,
  MP_OID_DATE = 1082,
  MP_OID_TIME = 1083,
  MP_OID_TIMESTAMP = 1114,
  MP_OID_TIMESTAMPTZ = 1184,
  MP_OID_INTERVAL = 1186,
  MP_OID_TIMETZ = 1266,
  MP_OID_BIT = 1560,
  MP_OID_VARBIT = 1562,
  MP_OID_NUMERIC = 1700,
  MP_OID_RECORD = 2249,
  MP_OID_REFCURSOR = 1790,
  MP_OID_REGPROCEDURE = 2202,
  MP_OID_REGOPER = 2203,
  MP_OID_REGOPERATOR = 2204,
  MP_OID_REGCLASS = 2205,
  MP_OID_REGTYPE = 2206,
  MP_OID_VOID = 2278,
  MP_OID_UUID = 2950,
  MP_OID_TXID_SNAPSHOT = 2970,
  MP_OID_PG_LSN = 3220,
  MP_OID_TSVECTOR = 3614,
  MP_OID_TSQUERY = 3615,
  MP_OID_GTSVECTOR = 3642,
  MP_OID_REGCONFIG = 3734,
  MP_OID_REGDICTIONARY = 3769,
  MP_OID_JSONB = 3802,
  MP_OID_JSONPATH = 4072,
  MP_OID_REGNAMESPACE = 4089,
  MP_OID_REGROLE = 4096,
  MP_OID_REGCOLLATION = 4191,
  MP_OID_PG_SNAPSHOT = 5038,
  MP_OID_XID8 = 5069,
} mp_type_oid;

typedef struct mp_codec mp_codec;

/* Decodes one cell that is not NULL. Decoded values borrow from `data` or from `scratch` (cleared before each cell by
 * the caller of mp_decode). Errors: decode (names the type and what was wrong, never the whole value), memory. */
typedef bool mp_decode(const mp_codec *codec, const char *data, size_t size, const mp_codec_context *context,
                       mp_buffer *scratch, mp_value *out, mp_error **error);

/* Appends the binary form. Only called (by mp_encode_parameter) with a value of a kind that goes into the type. */
typedef bool mp_encode(const mp_codec *codec, const mp_value *value, mp_buffer *out, mp_error **error);

/* Could the server read this text as a value of the type? A text that is refused is one that it would refuse too. */
typedef bool mp_check(const char *text, size_t size);

typedef struct mp_field {
  const char *name;
  const mp_codec *codec;
} mp_field;

struct mp_codec {
  uint32_t oid;
  const char *name;        /* the SQL name, for messages: "smallint", "timestamp with time zone", "integer[]"  */
  mp_value_kind kind;      /* of decoded values                                                              */
  uint32_t array;          /* OID of the array type over this, or 0                                          */
  const mp_codec *element; /* of an array's elements, a range's bounds, a multirange's ranges; else NULL     */
  char delimiter;          /* between elements of an array of this type; 0 means a comma                     */
  bool is_multirange;      /* of kind ARRAY                                                                  */
  mp_decode *from_text;    /* never NULL                                                                     */
  mp_decode *from_binary;  /* NULL: the result is asked for as text                                          */
  mp_encode *to_binary;    /* NULL: parameters go as text                                                    */
  mp_check *check;         /* NULL: the server judges a parameter's text                                     */

  /* Types that were looked up (catalog.h). */
  const char *schema, *type; /* its name in pg_type; NULL for those of the table here  */
  const mp_field *fields;    /* of a composite; NULL for any other, and for a record   */
  int field_count;           /* without a type                                         */
  const char *const *labels; /* of an enum; NULL for any other                         */
  int label_count;
};

/* True when values of the type are composites, or hold some within arrays and ranges. */
static inline bool mp_codec_holds_fields(const mp_codec *codec) {
  while (codec->element != NULL)
    codec = codec->element;
  return codec->fields != NULL;
}

/* Types with fixed OIDs. Never NULL: an unknown OID gives the codec of the server's text (kind TEXT, no binary form),
 * whose oid is 0. */
const mp_codec *mp_codec_find(uint32_t oid);

/* What stands between the elements of an array in its text form. element: their codec. */
char mp_codec_delimiter(const mp_codec *element);

/* oidvector and int2vector: arrays without braces, with blanks between their elements. */
bool mp_codec_is_vector(const mp_codec *codec);

/* One parameter, ready to be sent. */
enum { MP_FORMAT_TEXT = 0, MP_FORMAT_BINARY = 1 };

/* Appends the form in which `value` (not NULL) is sent and says which form it is, followed by a zero byte that does not
 * count in *size. codec: of the parameter's type, or NULL while it is not known: then the text form that means the
 * same for whatever type the server finds. number: of the parameter, 1-based, for messages.
 * What is checked: UTF-8 and NUL bytes of text; once the type is known, the range of integers and the form of a uuid,
 * of bits, and of network and hardware addresses.
 * Errors: usage (names the parameter, the value's kind or number, and what is allowed), memory. */
bool mp_encode_parameter(const mp_codec *codec, const mp_value *value, int number, mp_buffer *out, size_t *size,
                         int *format, mp_error **error);

/* True when the text form of `value` depends on the parameter's type, so that the type must be known before it is sent:
 * text with a backslash, a NUL byte or invalid UTF-8 (it may be meant for bytea), and JSON or array tables the caller
 * has not written yet. */
bool mp_value_needs_type(const mp_value *value);

/* Appends the text form of a value that is not NULL, as it would be sent (no terminator). Errors: usage, memory. */
bool mp_value_text(const mp_value *value, mp_buffer *out, mp_error **error);

/* Whether the text is a label of the enum (of a codec without labels: always). Errors: usage (hints at the nearest). */
bool mp_codec_check_label(const mp_codec *codec, const mp_value *value, mp_error **error);

/* Array literals, for callers that walk their own lists: add `{`, elements, the delimiter and `}` themselves; this
 * appends one element's text, quoted where it must be. */
void mp_array_add_element(mp_buffer *out, const char *text, size_t size, char delimiter);

/* Appends a field of a composite's literal, or a bound of a range's, quoted where it must be. */
void mp_quoted_add(mp_buffer *out, const char *text, size_t size);

/* ---- what is in arrays, ranges and composites ---- */

/* The next element of an array, or field of a composite. Returns false at the end and on failure; then *error says
 * which (it must be NULL before). `scratch` is cleared. */
bool mp_array_next_item(mp_array *array, mp_buffer *scratch, mp_item *out, mp_error **error);
bool mp_composite_next_item(mp_composite *composite, mp_buffer *scratch, mp_item *out, mp_error **error);
/* A bound of a range that is not empty; a NULL item where there is none. `scratch` is cleared. */
bool mp_range_bound(const mp_range *range, const mp_bytes *bound, mp_buffer *scratch, mp_item *out, mp_error **error);

/* Decodes an item; NULL gives kind NULL. `scratch` is the one that it was taken with. The value borrows as those of
 * mp_decode do: so an array, range, composite or hstore out of scratch memory has to be copied first, with `bytes` and
 * `in_scratch` of the item changed to what says so. */
bool mp_item_decode(const mp_item *item, mp_buffer *scratch, mp_value *out, mp_error **error);
static inline bool mp_kind_is_container(mp_value_kind kind) {
  return kind == MP_VALUE_ARRAY || kind == MP_VALUE_RANGE || kind == MP_VALUE_COMPOSITE || kind == MP_VALUE_HSTORE;
}

/* Both in one, for arrays whose elements hold nothing else. */
bool mp_array_next(mp_array *array, mp_buffer *scratch, mp_value *out, mp_error **error);

/* Floats: the shortest digits that read back to the same value, as the server writes them (extra_float_digits 1): no
 * ".0" behind an integral one, "NaN", "Infinity", "-0". to: at least 32 bytes. Returns the length. */
size_t mp_float_format(double value, char *to);
size_t mp_float4_format(float value, char *to);

#endif
