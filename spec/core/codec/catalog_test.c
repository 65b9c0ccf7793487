/* The table of types against the server's catalog, random values of its types, and the checks of parameters, which
 * refuse nothing that the server would take. */
#include "server.h"

enum { ROUNDS = 200, MUTATIONS = 400 };

static PGresult *query(PGconn *server, const char *sql, Oid type, const char *parameter, int format) {
  return PQexecParams(server, sql, parameter == NULL ? 0 : 1, &type, &parameter, NULL, NULL, format);
}

static int cell_integer(const PGresult *result, int row, int column) {
  return atoi(PQgetvalue(result, row, column));
}

/* ---- the table ---- */

static void assert_name(PGconn *server, const mp_codec *codec) {
  PGresult *result = query(server, "select $1::regtype::oid", MP_OID_TEXT, codec->name, MP_FORMAT_TEXT);
  assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
  if (cell_integer(result, 0, 0) != (int)codec->oid) fail_msg("%s is another type", codec->name);
  PQclear(result);
}

static void it_agrees_with_the_catalog(void **state) {
  (void)state;
  PGconn *server = server_open();
  PGresult *types = query(server,
                          "select oid, typarray, typdelim, typsend <> 0, typname from pg_type "
                          "where typtype = 'b' and typcategory <> 'A' and oid < 16384",
                          0, NULL, MP_FORMAT_TEXT);
  assert_int_equal(PQresultStatus(types), PGRES_TUPLES_OK);
  int known = 0;
  for (int i = 0; i < PQntuples(types); i++) {
    const mp_codec *codec = mp_codec_find((uint32_t)cell_integer(types, i, 0));
    uint32_t array = (uint32_t)cell_integer(types, i, 1);
    if (codec->oid == 0 && array != 0) fail_msg("%s and its array have no codec", PQgetvalue(types, i, 4));
    if (codec->oid == 0) continue;
    known++;
    assert_name(server, codec);
    assert_int_equal(codec->array, array);
    assert_int_equal(mp_codec_delimiter(codec), PQgetvalue(types, i, 2)[0]);
    if (codec->from_binary != NULL) assert_string_equal(PQgetvalue(types, i, 3), "t");
  }
  assert_in_range(known, 60, 100);
  PQclear(types);
  PQfinish(server);
}

/* ---- random values ---- */

typedef void generate(mp_buffer *out);

static void add_float(mp_buffer *out) {
  static const double specials[] = {0.0, -0.0, HUGE_VAL, 1e23, 5e-324, 1.7976931348623157e308, 0.1, 1e15};
  char text[32];
  double number;
  uint64_t bits = random_bits();
  switch (random_below(3)) {
  case 0: number = specials[random_below(8)]; break;
  case 1: number = (double)random_integer(30) / 100; break;
  default: memcpy(&number, &bits, sizeof number);
  }
  mp_buffer_add(out, text, mp_float_format(number, text));
}

static void add_floats(mp_buffer *out, int count) {
  for (int i = 0; i < count; i++) {
    if (i > 0) mp_buffer_addc(out, ',');
    add_float(out);
  }
}

static void any_inet(mp_buffer *out) {
  if (random_below(2)) {
    for (int i = 0; i < 4; i++)
      mp_buffer_addf(out, i == 0 ? "%d" : ".%d", random_below(256));
    if (random_below(2)) mp_buffer_addf(out, "/%d", random_below(33));
    return;
  }
  for (int i = 0; i < 8; i++)
    mp_buffer_addf(out, i == 0 ? "%x" : ":%x", random_below(3) ? 0 : random_below(5) ? random_below(65536) : 0xffff);
  if (random_below(2)) mp_buffer_addf(out, "/%d", random_below(129));
}

static void any_macaddr(mp_buffer *out) {
  mp_buffer_addf(out, "%012llx", (unsigned long long)(random_bits() >> 16));
}

static void any_macaddr8(mp_buffer *out) {
  mp_buffer_addf(out, "%016llx", (unsigned long long)random_bits());
}

static void any_bits(mp_buffer *out) {
  for (int i = random_below(80); i > 0; i--)
    mp_buffer_addc(out, random_below(2) ? '1' : '0');
}

static void any_point(mp_buffer *out) {
  add_floats(out, 2);
}

static void any_four(mp_buffer *out) {
  add_floats(out, 4);
}

static void any_points(mp_buffer *out) {
  mp_buffer_addc(out, '(');
  add_floats(out, 2 * (1 + random_below(8)));
  mp_buffer_addc(out, ')');
}

static void any_path(mp_buffer *out) {
  mp_buffer_addc(out, '[');
  add_floats(out, 2 * (1 + random_below(8)));
  mp_buffer_addc(out, ']');
}

static void any_line(mp_buffer *out) {
  mp_buffer_adds(out, "{1,");
  add_floats(out, 2);
  mp_buffer_addc(out, '}');
}

static void any_circle(mp_buffer *out) {
  mp_buffer_addc(out, '(');
  add_floats(out, 2);
  mp_buffer_addf(out, "),%d.%d", random_below(1000), random_below(1000));
}

static void any_lsn(mp_buffer *out) {
  mp_buffer_addf(out, "%x/%X", (unsigned)random_integer(32), (unsigned)random_integer(32));
}

static void any_tid(mp_buffer *out) {
  mp_buffer_addf(out, "(%u,%d)", (unsigned)random_integer(32), random_below(65536));
}

static void any_wide(mp_buffer *out) {
  mp_buffer_addf(out, "%llu", (unsigned long long)random_integer(64));
}

static void any_snapshot(mp_buffer *out) {
  uint64_t id = 1 + (uint64_t)random_below(1000);
  mp_buffer_addf(out, "%llu:%llu:", (unsigned long long)id, (unsigned long long)id + 1000);
  for (int i = random_below(5); i > 0; i--)
    mp_buffer_addf(out, "%llu%s", (unsigned long long)++id, i > 1 ? "," : "");
}

static void any_timetz(mp_buffer *out) {
  mp_time_format(random_between(0, MP_TIME_DAY_US), out);
  mp_buffer_addf(out, "%c%02d:%02d:%02d", random_below(2) ? '+' : '-', random_below(16), random_below(2) * 30,
                 random_below(4) ? 0 : random_below(60));
}

static void any_vector(mp_buffer *out) {
  for (int i = random_below(6); i > 0; i--)
    mp_buffer_addf(out, "%d ", random_below(32768));
}

static void any_tsvector(mp_buffer *out) {
  static const char *const words[] = {"a", "'it''s'", "'b\\\\'", "Zoë", "'two words'", "'\"'"};
  for (int i = random_below(6); i > 0; i--) {
    mp_buffer_adds(out, words[random_below(6)]);
    for (int places = random_below(4), first = 1; places > 0; places--, first = 0)
      mp_buffer_addf(out, "%c%d%c", first ? ':' : ',', 1 + random_below(17000), "ABCD"[random_below(4)]);
    mp_buffer_addc(out, ' ');
  }
}

static const struct {
  mp_type_oid oid;
  generate *any;
  const char *sql; /* around the value, or NULL */
} types[] = {
    {MP_OID_INET, any_inet, NULL},
    {MP_OID_CIDR, any_inet, "network($1::inet)"},
    {MP_OID_MACADDR, any_macaddr, NULL},
    {MP_OID_MACADDR8, any_macaddr8, NULL},
    {MP_OID_VARBIT, any_bits, NULL},
    {MP_OID_POINT, any_point, NULL},
    {MP_OID_LINE, any_line, NULL},
    {MP_OID_LSEG, any_four, NULL},
    {MP_OID_BOX, any_four, NULL},
    {MP_OID_PATH, any_path, NULL},
    {MP_OID_PATH, any_points, NULL},
    {MP_OID_POLYGON, any_points, NULL},
    {MP_OID_CIRCLE, any_circle, NULL},
    {MP_OID_TSVECTOR, any_tsvector, NULL},
    {MP_OID_TIMETZ, any_timetz, NULL},
    {MP_OID_PG_LSN, any_lsn, NULL},
    {MP_OID_TID, any_tid, NULL},
    {MP_OID_XID8, any_wide, NULL},
    {MP_OID_PG_SNAPSHOT, any_snapshot, NULL},
    {MP_OID_OIDVECTOR, any_vector, NULL},
    {MP_OID_INT2VECTOR, any_vector, NULL},
};

static mp_value decode_column(const PGresult *result, int column, mp_buffer *scratch) {
  const mp_codec *codec = mp_codec_find(PQftype(result, column));
  mp_decode *decode = PQfformat(result, column) == MP_FORMAT_BINARY ? codec->from_binary : codec->from_text;
  mp_value value;
  mp_error *error = NULL;
  mp_buffer_init(scratch, BUFFER_LIMIT);
  bool ok = decode(codec, PQgetvalue(result, 0, column), (size_t)PQgetlength(result, 0, column), &default_context,
                   scratch, &value, &error);
  assert_done(ok, &error);
  return value;
}

/* The columns: a value, and an array of it. */
static void assert_same_columns(const PGresult *text, const PGresult *binary) {
  for (int column = 0; column < 2; column++) {
    mp_buffer scratch_text, scratch_binary;
    mp_value one = decode_column(text, column, &scratch_text);
    mp_value other = decode_column(binary, column, &scratch_binary);
    if (one.kind == MP_VALUE_ARRAY && column == 0) one.as.array.lower[0] = other.as.array.lower[0];
    if (!same_value(&one, &other)) fail_msg("read differently: %s", PQgetvalue(text, 0, column));
    if (one.kind == MP_VALUE_GEOMETRY) assert_value_text(&other, PQgetvalue(text, 0, column));
    mp_buffer_finish(&scratch_text);
    mp_buffer_finish(&scratch_binary);
  }
}

static void check_value(PGconn *server, size_t index) {
  char value[64], sql[200];
  const mp_codec *codec = mp_codec_find(types[index].oid);
  snprintf(value, sizeof value, types[index].sql == NULL ? "$1::%s" : "%s",
           types[index].sql == NULL ? codec->name : types[index].sql);
  snprintf(sql, sizeof sql, "select %s, array[%s, null]", value, value);
  mp_buffer literal;
  mp_buffer_init(&literal, BUFFER_LIMIT);
  types[index].any(&literal);
  if (codec->check != NULL) assert_true(types[index].sql != NULL || codec->check(literal.data, literal.size));
  PGresult *results[2];
  for (int format = 0; format < 2; format++) {
    const char *text = literal.size == 0 ? "" : mp_buffer_text(&literal);
    results[format] = query(server, sql, 0, text, format);
    if (PQresultStatus(results[format]) != PGRES_TUPLES_OK) fail_msg("%s: %s", text, PQerrorMessage(server));
  }
  assert_same_columns(results[0], results[1]);
  PQclear(results[0]);
  PQclear(results[1]);
  mp_buffer_finish(&literal);
}

static void it_reads_random_values_alike_in_both_forms(void **state) {
  (void)state;
  PGconn *server = server_open();
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    for (int round = 0; round < ROUNDS; round++)
      check_value(server, i);
  }
  PQfinish(server);
}

/* ---- checks ---- */

static const struct {
  mp_type_oid oid;
  const char *alphabet;
  const char *literals[8];
} checked[] = {
    {MP_OID_INET,
     "0123456789abcdefF:./ x-",
     {"192.168.0.1", "10/8", "1.2.3.4/24", "::1", "2001:db8::1/64", "1:2:3:4:5:6:7:8"}},
    {MP_OID_CIDR, "0123456789abcdefF:./ x-", {"192.168.0.0/24", "10", "224", "0x0a", "2001:db8::/32", "::1/128"}},
    {MP_OID_MACADDR,
     "0123456789abcdefF:.- x+",
     {"08:00:2b:01:02:03", "08-00-2b-01-02-03", "08002b:010203", "0800.2b01.0203", "08002b010203"}},
    {MP_OID_MACADDR8,
     "0123456789abcdefF:.- x+",
     {"08:00:2b:01:02:03:04:05", "08002b:0102030405", "0800.2b01.0203.0405", "08002b010203"}},
    {MP_OID_VARBIT, "0101xbXBaF2 ", {"0101", "b01", "xdead", "XF0"}},
    {MP_OID_BIT, "0101xbXBaF2 ", {"0101", "b01", "xdead", "XF0"}},
};

/* Takes out, puts in, or replaces a character, some times. */
static void mutate(char *text, const char *alphabet) {
  for (int times = 1 + random_below(3); times > 0; times--) {
    size_t size = strlen(text);
    size_t at = (size_t)random_below((int)size + 1);
    char other = alphabet[random_below((int)strlen(alphabet))];
    switch (random_below(3)) {
    case 0: memmove(text + at, text + at + (at < size), size - at + (at == size)); break;
    case 1:
      memmove(text + at + 1, text + at, size - at + 1);
      text[at] = other;
      break;
    default:
      if (at < size) text[at] = other;
    }
  }
}

static bool server_takes(PGconn *server, const mp_codec *codec, const char *text) {
  char sql[64];
  snprintf(sql, sizeof sql, "select $1::%s", codec->name);
  PGresult *result = query(server, sql, 0, text, MP_FORMAT_TEXT);
  bool takes = PQresultStatus(result) == PGRES_TUPLES_OK;
  PQclear(result);
  return takes;
}

static void it_refuses_no_text_that_the_server_takes(void **state) {
  (void)state;
  PGconn *server = server_open();
  for (size_t i = 0; i < sizeof checked / sizeof checked[0]; i++) {
    const mp_codec *codec = mp_codec_find(checked[i].oid);
    int count = 0, refused = 0, missed = 0;
    while (checked[i].literals[count] != NULL)
      count++;
    for (int round = 0; round < MUTATIONS; round++) {
      char text[64];
      snprintf(text, sizeof text, "%s", checked[i].literals[random_below(count)]);
      mutate(text, checked[i].alphabet);
      bool takes = server_takes(server, codec, text);
      bool passes = codec->check(text, strlen(text));
      if (takes && !passes) fail_msg("%s: the server takes '%s'", codec->name, text);
      refused += !passes;
      missed += !takes && passes;
    }
    if (missed > refused / 4) fail_msg("%s: %d of %d wrong texts pass", codec->name, missed, missed + refused);
  }
  PQfinish(server);
}

int main(void) {
  seed_random();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_agrees_with_the_catalog),
      cmocka_unit_test(it_reads_random_values_alike_in_both_forms),
      cmocka_unit_test(it_refuses_no_text_that_the_server_takes),
  };
  return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
