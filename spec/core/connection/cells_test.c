/* A server whose cells do not have the form of the type that it names: each is refused with its place, or is a value,
 * and nothing is read outside of it. */
#include "base/bytes.h"
#include "client.h"
#include "liar.h"

enum { COLUMNS = 48, TEXT = 0, BINARY = 1 };

/* A column of each size from 0 bytes on, all of one type and one content. */
typedef struct row {
  uint32_t type;
  int format;
  char byte;
} row;

static void add_columns(liar *self, const row *sent) {
  char columns[COLUMNS * 32];
  size_t size = 0;
  for (int i = 0; i < COLUMNS; i++) {
    size += (size_t)snprintf(columns + size, 8, "c%d", i) + 1;
    mp_put32(columns + size, 0);
    mp_put16(columns + size + 4, 0);
    mp_put32(columns + size + 6, sent->type);
    mp_put16(columns + size + 10, 8);
    mp_put32(columns + size + 12, 0);
    mp_put16(columns + size + 16, (uint16_t)sent->format);
    size += 18;
  }
  liar_add(self, 'T', "hb", COLUMNS, columns, size);
}

static void add_cells(liar *self, const row *sent) {
  char cells[COLUMNS * (4 + COLUMNS)];
  size_t size = 0;
  for (size_t i = 0; i < COLUMNS; i++) {
    mp_put32(cells + size, (uint32_t)i);
    memset(cells + size + 4, sent->byte, i);
    size += 4 + i;
  }
  liar_add(self, 'D', "hb", COLUMNS, cells, size);
  liar_add(self, 'C', "s", "SELECT 1");
}

static void send_row(liar *self) {
  const row *sent = self->data;
  bool goes_on = liar_welcome(self);
  while (goes_on) {
    char type = liar_read(self);
    if (type == 'D') {
      add_columns(self, sent);
    } else if (type == 'E') {
      add_cells(self, sent);
    } else {
      goes_on = liar_answer(self, type);
    }
  }
}

/* Returns how many cells are values. Every element of an array is read. */
static int read_row(const mp_result *result) {
  int values = 0;
  mp_buffer scratch;
  mp_buffer_init(&scratch, 1 << 20);
  for (int i = 0; i < COLUMNS; i++) {
    mp_error *error = NULL;
    mp_value value, element;
    char name[8];
    snprintf(name, sizeof name, "c%d", i);
    bool ok = mp_result_cell(result, 0, i, &scratch, &value, &error);
    if (ok && value.kind == MP_VALUE_ARRAY) {
      while (mp_array_next(&value.as.array, &scratch, &element, &error))
        continue;
      ok = error == NULL;
    } else if (!ok) {
      assert_string_equal(mp_error_get(error, MP_ERROR_COLUMN), name);
      assert_text(mp_error_get(error, MP_ERROR_DETAIL), "row 1");
    }
    if (!ok) assert_int_equal(mp_error_kind_of(error), MP_ERROR_DECODE);
    mp_error_free(error);
    values += ok ? 1 : 0;
  }
  mp_buffer_finish(&scratch);
  return values;
}

static int count_values(const row *sent) {
  liar *server = liar_start(send_row, sent);
  const char *const settings[] = {"max_size", "1", NULL};
  mp_pool *pool = open_pool_at(liar_url(server), settings);
  outcome end = run_in(pool, start_statement, "select 'x'", 5);
  assert_no_error(end.error);
  int values = read_row(end.result);
  outcome_finish(&end);
  mp_pool_release(pool);
  liar_stop(server);
  return values;
}

/* ---- types ---- */

/* Those of one size: any other is refused. The sizes' contents are zeros, which are values of all of them. */
static const uint32_t fixed[] = {MP_OID_BOOL,   MP_OID_INT2,     MP_OID_INT4,       MP_OID_INT8, MP_OID_OID,
                                 MP_OID_FLOAT4, MP_OID_FLOAT8,   MP_OID_DATE,       MP_OID_TIME, MP_OID_TIMESTAMP,
                                 MP_OID_UUID,   MP_OID_INTERVAL, MP_OID_TIMESTAMPTZ};

static const uint32_t others[] = {MP_OID_BYTEA, MP_OID_CHAR,    MP_OID_NAME,   MP_OID_TEXT,    MP_OID_JSON,
                                  MP_OID_XML,   MP_OID_VARCHAR, MP_OID_BPCHAR, MP_OID_NUMERIC, MP_OID_JSONB};

static void a_binary_value_of_another_size_is_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
    int values = count_values(&(row){fixed[i], BINARY, 0});
    if (values != 1) fail_msg("type %u has %d sizes", fixed[i], values);
  }
}

static void a_binary_value_of_a_type_that_is_unknown_is_refused(void **state) {
  (void)state;
  assert_int_equal(count_values(&(row){0, BINARY, 'x'}), 0);
  assert_int_equal(count_values(&(row){4294967295U, BINARY, 'x'}), 0);
  assert_int_equal(count_values(&(row){4294967295U, TEXT, 'x'}), COLUMNS);
}

static void try_contents(uint32_t type) {
  static const char contents[] = {0, 1, '1', '{', (char)0xff};
  for (size_t i = 0; i < sizeof contents; i++) {
    count_values(&(row){type, TEXT, contents[i]});
    count_values(&(row){type, BINARY, contents[i]});
  }
}

static void any_content_is_a_value_or_an_error(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
    try_contents(fixed[i]);
    try_contents(mp_codec_find(fixed[i])->array);
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    try_contents(others[i]);
    try_contents(mp_codec_find(others[i])->array);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_binary_value_of_another_size_is_refused),
      cmocka_unit_test(a_binary_value_of_a_type_that_is_unknown_is_refused),
      cmocka_unit_test(any_content_is_a_value_or_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
