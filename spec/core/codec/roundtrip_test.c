/* Properties of the codec against a real server: a random value of each type is sent in the text and in the binary
 * form, read back in both, and all of them, and the server's own ::text, must agree. */
#include "server.h"

enum { ROUNDS = 150, EXECUTIONS = 3 };

/* A random value, and what it borrows from. */
typedef struct sample {
  mp_value value;
  mp_buffer store;
} sample;

typedef void generate(sample *out);

/* ---- generators ---- */

static void give_integer(sample *out, mp_value_kind kind, int64_t integer) {
  out->value.kind = kind;
  out->value.as.integer = integer;
}

static void give_stored(sample *out, mp_value_kind kind) {
  out->value.kind = kind;
  out->value.as.bytes = (mp_bytes){mp_buffer_text(&out->store), out->store.size};
}

static void any_bool(sample *out) {
  out->value.kind = MP_VALUE_BOOL;
  out->value.as.boolean = random_below(2);
}

static void any_int2(sample *out) {
  give_integer(out, MP_VALUE_INTEGER, random_integer(16));
}

static void any_int4(sample *out) {
  give_integer(out, MP_VALUE_INTEGER, random_integer(32));
}

static void any_int8(sample *out) {
  give_integer(out, MP_VALUE_INTEGER, random_below(20) ? random_integer(64) : random_below(2) ? INT64_MIN : INT64_MAX);
}

static void any_oid(sample *out) {
  give_integer(out, MP_VALUE_INTEGER, (int64_t)(random_bits() & UINT32_MAX));
}

static double special_float(void) {
  static const double specials[] = {
      0.0,  -0.0, HUGE_VAL,          -HUGE_VAL, 1e23, 5e-324,   1.7976931348623157e308, 9007199254740993.0, 0.1,
      1e15, 1e14, 123456789012345.0, 1e-5,      1e-4, 4.9e-324, 2.2250738585072014e-308};
  int index = random_below((int)(sizeof specials / sizeof specials[0]) + 1);
  return index == 0 ? (double)NAN : specials[index - 1];
}

static double random_float8(void) {
  uint64_t bits = random_bits();
  double number;
  switch (random_below(5)) {
  case 0: return special_float();
  case 1: return (double)random_integer(40) / 100;
  case 2: return ldexp(1, random_below(2000) - 1000);
  case 3: return (double)random_integer(63);
  default: memcpy(&number, &bits, sizeof number); return isnan(number) ? (double)NAN : number;
  }
}

static void any_float8(sample *out) {
  out->value = float_value(random_float8());
}

static void any_float4(sample *out) {
  static const float specials[] = {0.0F,          -0.0F, HUGE_VALF, -HUGE_VALF, 1e-45F,
                                   3.4028235e38F, 1e6F,  123456.0F, 0.1F,       16777216.0F};
  uint32_t bits = (uint32_t)random_bits();
  float number;
  switch (random_below(4)) {
  case 0: number = specials[random_below(10)]; break;
  case 1: number = (float)random_integer(30) / 8; break;
  case 2: number = ldexpf(1, random_below(270) - 140); break;
  default: memcpy(&number, &bits, sizeof number);
  }
  out->value = float_value(isnan(number) ? (double)NAN : (double)number);
}

/* The middle of two float4: rounding it directly and rounding its digits may differ. */
static void any_float4_middle(sample *out) {
  float number = (float)random_integer(40) / 1e9F;
  out->value = float_value(((double)number + (double)nextafterf(number, HUGE_VALF)) / 2);
}

static void add_digits(mp_buffer *to, int count) {
  while (count-- > 0)
    mp_buffer_addc(to, (char)('0' + (random_below(3) ? random_below(10) : 0)));
}

static void any_numeric(sample *out) {
  static const char *const specials[] = {"NaN",    "Infinity", "-Infinity", "0",     "0.0000",
                                         "1e-100", "1e200",    "10000",     "0.0001"};
  mp_buffer text;
  mp_buffer_init(&text, BUFFER_LIMIT);
  if (random_below(8) == 0) {
    mp_buffer_adds(&text, specials[random_below(9)]);
  } else {
    if (random_below(2)) mp_buffer_addc(&text, '-');
    add_digits(&text, 1 + random_below(random_below(10) ? 12 : 300));
    if (random_below(3)) {
      mp_buffer_addc(&text, '.');
      add_digits(&text, 1 + random_below(random_below(10) ? 8 : 200));
    }
  }
  mp_error *error = NULL;
  assert_done(mp_numeric_parse(text.data, text.size, &out->store, &error), &error);
  out->value.kind = MP_VALUE_NUMERIC;
  out->value.as.numeric = mp_numeric_in(&out->store);
  mp_buffer_finish(&text);
}

static void fill_text(mp_buffer *to, int most) {
  static const char *const pieces[] = {
      "a", "Z", " ",    "\"", "'",    "{", "}",  ",",  ";", "\n",   "\t", "ä",        "€",
      "🎲", "%", "NULL", "(",  "null", "e", "\\", "$1", ":", "\x7f", "/",  "\xc2\x85", "\xf4\x8f\xbf\xbf",
      "x"};
  for (int i = random_below(most); i > 0; i--) {
    mp_buffer_adds(to, pieces[random_below((int)(sizeof pieces / sizeof pieces[0]))]);
  }
}

static void any_text(sample *out) {
  fill_text(&out->store, random_below(20) ? 12 : 3000);
  give_stored(out, MP_VALUE_TEXT);
}

static void any_short_text(sample *out) {
  fill_text(&out->store, 10);
  give_stored(out, MP_VALUE_TEXT);
}

static void any_char(sample *out) {
  if (random_below(8)) mp_buffer_addc(&out->store, (char)(1 + random_below(126)));
  if (out->store.size == 1 && out->store.data[0] == '\\') out->store.data[0] = 'b'; /* begins an octal form since 16 */
  give_stored(out, MP_VALUE_TEXT);
}

static void any_xml(sample *out) {
  mp_buffer_addf(&out->store, "<a b=\"%d\">ä</a>", random_below(1000));
  give_stored(out, MP_VALUE_TEXT);
}

static void any_bytea(sample *out) {
  for (int i = random_below(random_below(10) ? 20 : 4000); i > 0; i--) {
    mp_buffer_addc(&out->store, random_below(4) ? (char)random_bits() : '\\');
  }
  give_stored(out, MP_VALUE_BYTES);
}

static void any_uuid(sample *out) {
  for (int i = 0; i < 36; i++) {
    bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    mp_buffer_addc(&out->store, hyphen ? '-' : "0123456789abcdef"[random_below(16)]);
  }
  give_stored(out, MP_VALUE_UUID);
}

static int64_t random_timestamp(void) {
  const int64_t first = INT64_C(-211813488000000000) + 2 * MP_TIME_DAY_US; /* a zone must not push the text below it */
  const int64_t last = INT64_C(9223371331199999999) - 2 * MP_TIME_DAY_US;
  int64_t second = 1000000;
  switch (random_below(6)) {
  case 0: return random_below(2) ? INT64_MIN : INT64_MAX;
  case 1: return random_between(first, last);
  case 2: return random_between(first, 0);
  case 3: return random_between(-3000, 3000) * second;
  default: return random_between(-50 * 366 * MP_TIME_DAY_US, 50 * 366 * MP_TIME_DAY_US);
  }
}

static void any_timestamptz(sample *out) {
  give_integer(out, MP_VALUE_TIMESTAMPTZ, random_timestamp());
}

static void any_timestamp(sample *out) {
  give_integer(out, MP_VALUE_TIMESTAMP, random_timestamp());
}

static void any_date(sample *out) {
  switch (random_below(4)) {
  case 0: give_integer(out, MP_VALUE_DATE, random_below(2) ? INT32_MIN : INT32_MAX); break;
  case 1: give_integer(out, MP_VALUE_DATE, random_between(-2451545, 2145031948)); break;
  default: give_integer(out, MP_VALUE_DATE, random_between(-800000, 40000)); break;
  }
}

static void any_time(sample *out) {
  give_integer(out, MP_VALUE_TIME, random_below(10) ? random_between(0, MP_TIME_DAY_US) : MP_TIME_DAY_US);
}

static void any_interval(sample *out) {
  mp_interval interval = {0};
  if (random_below(2)) interval.months = (int32_t)random_integer(random_below(4) ? 10 : 31);
  if (random_below(2)) interval.days = (int32_t)random_integer(random_below(4) ? 10 : 32);
  if (random_below(3)) interval.microseconds = random_integer(random_below(4) ? 45 : 62);
  if (random_below(4) == 0) interval.microseconds -= interval.microseconds % 1000000;
  out->value.kind = MP_VALUE_INTERVAL;
  out->value.as.interval = interval;
}

static void add_json(mp_buffer *to, int depth) {
  mp_error *error = NULL;
  switch (random_below(depth > 3 ? 4 : 6)) {
  case 0: mp_buffer_addf(to, "%lld", (long long)random_integer(64)); break;
  case 1: mp_buffer_adds(to, random_below(2) ? "true" : "null"); break;
  case 2: mp_buffer_addf(to, "%d.%de%d", random_below(10), random_below(1000), random_below(40) - 20); break;
  case 3: {
    mp_buffer text;
    mp_buffer_init(&text, BUFFER_LIMIT);
    fill_text(&text, 8);
    assert_done(mp_json_write_string(to, text.data, text.size, &error), &error);
    mp_buffer_finish(&text);
    break;
  }
  case 4:
    mp_buffer_addc(to, '[');
    for (int i = random_below(4); i > 0; i--) {
      add_json(to, depth + 1);
      mp_buffer_addc(to, i > 1 ? ',' : ' ');
    }
    mp_buffer_addc(to, ']');
    break;
  default:
    mp_buffer_addf(to, "{\"k\": ");
    add_json(to, depth + 1);
    mp_buffer_adds(to, ", \"l\":");
    add_json(to, depth + 1);
    mp_buffer_addc(to, '}');
    break;
  }
}

static void any_json(sample *out) {
  add_json(&out->store, 0);
  give_stored(out, MP_VALUE_JSON);
}

/* ---- statements ---- */

/* One execution's answer: $1 as itself and as the server's text. */
typedef struct answer {
  PGresult *result;
  mp_value value;
  mp_buffer scratch;
} answer;

/* known: the parameter is encoded for its type, as from the second execution on. */
static PGresult *execute(PGconn *server, const mp_codec *codec, const char *sql, const mp_value *value, bool known,
                         bool binary) {
  mp_buffer bytes;
  mp_buffer_init(&bytes, BUFFER_LIMIT);
  size_t size;
  int format;
  mp_error *error = NULL;
  assert_done(mp_encode_parameter(known ? codec : NULL, value, 1, &bytes, &size, &format, &error), &error);
  const char *parameter = bytes.data;
  int length = (int)size;
  Oid type = known ? codec->oid : 0;
  PGresult *result = PQexecParams(server, sql, 1, &type, &parameter, &length, &format, binary);
  if (PQresultStatus(result) != PGRES_TUPLES_OK) fail_msg("%s: %s", codec->name, PQerrorMessage(server));
  mp_buffer_finish(&bytes);
  return result;
}

static void decode_cell(const mp_codec *codec, const mp_codec_context *context, answer *out) {
  bool binary = PQfformat(out->result, 0) == 1;
  assert_int_equal(PQftype(out->result, 0), codec->oid);
  mp_buffer_init(&out->scratch, BUFFER_LIMIT);
  mp_error *error = NULL;
  mp_decode *decode = binary ? codec->from_binary : codec->from_text;
  bool ok = decode(codec, PQgetvalue(out->result, 0, 0), (size_t)PQgetlength(out->result, 0, 0), context, &out->scratch,
                   &out->value, &error);
  assert_done(ok, &error);
}

static void answer_finish(answer *given) {
  PQclear(given->result);
  mp_buffer_finish(&given->scratch);
}

/* All executions of one statement with one value agree; returns the first answer's value in *first. */
static void assert_agreement(PGconn *server, const mp_codec *codec, const mp_codec_context *context,
                             const mp_value *value, const mp_value *expected) {
  static const bool known[EXECUTIONS] = {false, true, true};
  static const bool binary[EXECUTIONS] = {false, true, false};
  char sql[128];
  snprintf(sql, sizeof sql, "select $1::%s, $1::%s::text", codec->name, codec->name);
  answer answers[EXECUTIONS];
  for (int i = 0; i < EXECUTIONS; i++) {
    answers[i].result = execute(server, codec, sql, value, known[i], binary[i]);
    decode_cell(codec, context, &answers[i]);
    const char *first_text = PQgetvalue(answers[0].result, 0, 1);
    const char *text = PQgetvalue(answers[i].result, 0, 1);
    if (strcmp(text, first_text) != 0) fail_msg("%s: stored \"%s\", then \"%s\"", codec->name, first_text, text);
    if (!same_value(&answers[i].value, &answers[0].value)) {
      fail_msg("%s: execution %d reads %s differently", codec->name, i + 1, text);
    }
  }
  if (expected != NULL && !same_value(&answers[0].value, expected)) {
    fail_msg("%s: %s is not what was sent", codec->name, PQgetvalue(answers[0].result, 0, 1));
  }
  for (int i = 0; i < EXECUTIONS; i++)
    answer_finish(&answers[i]);
}

/* What we write for a value is to the letter what the server writes. */
static void assert_same_words(PGconn *server, const mp_codec *codec, const mp_value *value) {
  PGresult *result = execute(server, codec, codec->kind == MP_VALUE_FLOAT ? "select $1::float8" : "select $1::numeric",
                             value, false, false);
  assert_value_text(value, PQgetvalue(result, 0, 0));
  PQclear(result);
}

/* ---- arrays ---- */

enum { ARRAY_LIMIT = 24 };

enum { MOST_DIMENSIONS = 3 };

typedef struct array_sample {
  mp_buffer literal;
  sample elements[ARRAY_LIMIT];
  bool is_null[ARRAY_LIMIT];
  int count;
  int dimensions, lengths[MOST_DIMENSIONS];
} array_sample;

static void add_element(array_sample *array, generate *any) {
  int i = array->count++;
  sample *element = &array->elements[i];
  mp_buffer_init(&element->store, BUFFER_LIMIT);
  array->is_null[i] = random_below(5) == 0;
  if (array->is_null[i]) {
    mp_buffer_adds(&array->literal, "NULL");
    return;
  }
  any(element);
  mp_buffer text;
  mp_buffer_init(&text, BUFFER_LIMIT);
  mp_error *error = NULL;
  assert_done(mp_value_text(&element->value, &text, &error), &error);
  mp_array_add_element(&array->literal, text.data, text.size, ',');
  mp_buffer_finish(&text);
}

static void add_level(array_sample *array, generate *any, int level) {
  if ((level > 0 && level == array->dimensions) || level == MOST_DIMENSIONS) {
    add_element(array, any);
    return;
  }
  mp_buffer_addc(&array->literal, '{');
  for (int i = 0; i < array->lengths[level]; i++) {
    if (i > 0) mp_buffer_addc(&array->literal, ',');
    add_level(array, any, level + 1);
  }
  mp_buffer_addc(&array->literal, '}');
}

static void array_start(array_sample *array, generate *any) {
  *array = (array_sample){0};
  mp_buffer_init(&array->literal, BUFFER_LIMIT);
  array->dimensions = random_below(4);
  bool bounds = array->dimensions > 0 && random_below(3) == 0;
  for (int i = 0; i < array->dimensions; i++) {
    array->lengths[i] = 1 + random_below(array->dimensions == 1 ? 10 : 2);
    int low = random_below(5) - 2;
    if (bounds) mp_buffer_addf(&array->literal, "[%d:%d]", low, low + array->lengths[i] - 1);
  }
  if (bounds) mp_buffer_addc(&array->literal, '=');
  add_level(array, any, 0);
}

static void array_finish(array_sample *array) {
  for (int i = 0; i < array->count; i++)
    mp_buffer_finish(&array->elements[i].store);
  mp_buffer_finish(&array->literal);
}

/* The elements that were sent are those that the server's text form holds. */
static void assert_elements(PGconn *server, const mp_codec *codec, const mp_codec_context *context,
                            const array_sample *array, bool exact) {
  char sql[128];
  snprintf(sql, sizeof sql, "select $1::%s", codec->name);
  mp_value literal = {.kind = MP_VALUE_ARRAY, .as.bytes = {array->literal.data, array->literal.size}};
  answer read_back = {.result = execute(server, codec, sql, &literal, false, false)};
  decode_cell(codec, context, &read_back);
  mp_array *read = &read_back.value.as.array;
  assert_int_equal(read->dimensions, array->count == 0 ? 0 : array->dimensions);
  for (int i = 0; i < read->dimensions; i++)
    assert_int_equal(read->lengths[i], array->lengths[i]);
  mp_error *error = NULL;
  for (int i = 0; i < array->count; i++) {
    mp_value element;
    assert_done(mp_array_next(read, &read_back.scratch, &element, &error), &error);
    bool same =
        array->is_null[i] ? element.kind == MP_VALUE_NULL : !exact || same_value(&element, &array->elements[i].value);
    if (!same) fail_msg("%s: element %d differs in %s", codec->name, i + 1, PQgetvalue(read_back.result, 0, 0));
  }
  answer_finish(&read_back);
}

static void check_arrays(PGconn *server, const mp_codec *element, const mp_codec_context *context, generate *any,
                         bool exact) {
  const mp_codec *codec = mp_codec_find(element->array);
  array_sample array;
  array_start(&array, any);
  mp_value literal = {.kind = MP_VALUE_ARRAY, .as.bytes = {array.literal.data, array.literal.size}};
  assert_agreement(server, codec, context, &literal, NULL);
  assert_elements(server, codec, context, &array, exact);
  array_finish(&array);
}

/* ---- tests ---- */

static const struct {
  mp_type_oid oid;
  generate *any;
  bool exact; /* the value read is the one that was sent; the server changes others (name is cut, jsonb rewritten) */
} types[] = {
    {MP_OID_BOOL, any_bool, true},
    {MP_OID_INT2, any_int2, true},
    {MP_OID_INT4, any_int4, true},
    {MP_OID_INT8, any_int8, true},
    {MP_OID_OID, any_oid, true},
    {MP_OID_FLOAT4, any_float4, true},
    {MP_OID_FLOAT8, any_float8, true},
    {MP_OID_NUMERIC, any_numeric, true},
    {MP_OID_TEXT, any_text, true},
    {MP_OID_VARCHAR, any_text, true},
    {MP_OID_CHAR, any_char, true},
    {MP_OID_NAME, any_short_text, true},
    {MP_OID_BYTEA, any_bytea, true},
    {MP_OID_UUID, any_uuid, true},
    {MP_OID_TIMESTAMPTZ, any_timestamptz, true},
    {MP_OID_TIMESTAMP, any_timestamp, true},
    {MP_OID_DATE, any_date, true},
    {MP_OID_TIME, any_time, true},
    {MP_OID_INTERVAL, any_interval, true},
    {MP_OID_JSON, any_json, true},
    {MP_OID_JSONB, any_json, false},
    {MP_OID_XML, any_xml, true},
    {MP_OID_FLOAT4, any_float8, false},
    {MP_OID_FLOAT4, any_float4_middle, false},
    {MP_OID_FLOAT8, any_int8, false},
    {MP_OID_FLOAT4, any_int8, false},
    {MP_OID_NUMERIC, any_int8, false},
    {MP_OID_NUMERIC, any_float8, false},
    {MP_OID_TEXT, any_int8, false},
    {MP_OID_TEXT, any_timestamptz, false},
    {MP_OID_JSON, any_float8, false},
};

/* A float8 beyond float4, and NaN in JSON, are refused, rightly. */
static bool is_storable(mp_type_oid oid, const mp_value *value) {
  if (value->kind != MP_VALUE_FLOAT) return true;
  double number = fabs(value->as.number);
  if (oid == MP_OID_JSON) return isfinite(number);
  return oid != MP_OID_FLOAT4 || !isfinite(number) || number == 0 || (number > 1e-44 && number < 3.4e38);
}

static void check_type(PGconn *server, size_t index, const mp_codec_context *context) {
  const mp_codec *codec = mp_codec_find(types[index].oid);
  for (int round = 0; round < ROUNDS; round++) {
    sample drawn = {0};
    mp_buffer_init(&drawn.store, BUFFER_LIMIT);
    types[index].any(&drawn);
    if (is_storable(types[index].oid, &drawn.value)) {
      assert_agreement(server, codec, context, &drawn.value, types[index].exact ? &drawn.value : NULL);
      bool own = codec->kind == drawn.value.kind && (codec->oid == MP_OID_FLOAT8 || codec->oid == MP_OID_NUMERIC);
      if (own) assert_same_words(server, codec, &drawn.value);
      if (types[index].exact && round % 3 == 0) check_arrays(server, codec, context, types[index].any, true);
    }
    mp_buffer_finish(&drawn.store);
  }
}

static void it_reads_every_type_alike_in_both_forms(void **state) {
  (void)state;
  PGconn *server = server_open();
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    check_type(server, i, &default_context);
  PQfinish(server);
}

static void it_reads_every_type_alike_under_other_settings(void **state) {
  (void)state;
  static const struct {
    const char *settings;
    mp_interval_style style;
  } sessions[] = {
      {"set timezone = 'Asia/Kolkata'; set intervalstyle = postgres_verbose; set bytea_output = escape",
       MP_INTERVAL_POSTGRES_VERBOSE},
      {"set timezone = 'America/St_Johns'; set intervalstyle = sql_standard", MP_INTERVAL_SQL_STANDARD},
      {"set timezone = 'Pacific/Apia'; set intervalstyle = iso_8601", MP_INTERVAL_ISO_8601},
  };
  PGconn *server = server_open();
  for (size_t session = 0; session < sizeof sessions / sizeof sessions[0]; session++) {
    server_command(server, sessions[session].settings);
    mp_codec_context context = {sessions[session].style};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
      bool depends = types[i].oid == MP_OID_BYTEA || types[i].oid == MP_OID_INTERVAL ||
                     types[i].oid == MP_OID_TIMESTAMPTZ || types[i].oid == MP_OID_TIMESTAMP;
      if (depends) check_type(server, i, &context);
    }
  }
  PQfinish(server);
}

static void it_writes_floats_in_the_servers_words(void **state) {
  (void)state;
  PGconn *server = server_open();
  for (int i = -300; i < 300; i++) {
    mp_value power_of_two = float_value(ldexp(1, i));
    char text[16];
    snprintf(text, sizeof text, "1e%d", i);
    mp_value power_of_ten = float_value(strtod(text, NULL));
    assert_same_words(server, mp_codec_find(MP_OID_FLOAT8), &power_of_two);
    assert_same_words(server, mp_codec_find(MP_OID_FLOAT8), &power_of_ten);
  }
  PQfinish(server);
}

static void it_sends_text_to_bytea_as_its_bytes(void **state) {
  (void)state;
  PGconn *server = server_open();
  mp_value value = {.kind = MP_VALUE_TEXT, .as.bytes = {"\\x41\0\xff", 6}};
  PGresult *result = execute(server, mp_codec_find(MP_OID_BYTEA), "select encode($1, 'hex')", &value, true, false);
  assert_string_equal(PQgetvalue(result, 0, 0), "5c78343100ff");
  PQclear(result);
  PQfinish(server);
}

int main(void) {
  seed_random();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_every_type_alike_in_both_forms),
      cmocka_unit_test(it_reads_every_type_alike_under_other_settings),
      cmocka_unit_test(it_writes_floats_in_the_servers_words),
      cmocka_unit_test(it_sends_text_to_bytea_as_its_bytes),
  };
  return cmocka_run_group_tests_name("round trips", tests, NULL, NULL);
}
