/* Arithmetic on random numerics against the server's own operators, to the letter. */
#include "numeric.h"
#include "server.h"

enum { ROUNDS = 1500 };

static void random_digits(char **to, int count) {
  int style = random_below(3); /* runs of 9 and 0 make carries and borrows that random digits hardly ever do */
  while (count-- > 0) {
    int digit = style == 0 ? random_below(10) : random_below(4) ? (style == 1 ? 9 : 0) : random_below(10);
    *(*to)++ = (char)('0' + digit);
  }
}

static void random_number(char *to) {
  static const char *const specials[] = {"NaN", "Infinity", "-Infinity", "0", "1", "-1", "10000", "0.0001", "0.00"};
  if (random_below(12) == 0) {
    strcpy(to, specials[random_below(9)]);
    return;
  }
  if (random_below(2)) *to++ = '-';
  random_digits(&to, 1 + random_below(random_below(5) ? 10 : 60));
  if (random_below(3)) {
    *to++ = '.';
    random_digits(&to, 1 + random_below(random_below(5) ? 8 : 60));
  }
  *to = '\0';
}

/* One row of the server's answers; a result's text is empty where the server would raise. */
static PGresult *ask(PGconn *server, const char *a, const char *b, const char *scale) {
  static const char sql[] = "select a + b, a - b, a * b, case when b = 0 then null else a / b end, round(a, s), -a, "
                            "case when a < b then -1 when a > b then 1 else 0 end "
                            "from (select $1::numeric as a, $2::numeric as b, $3::int as s) as given";
  const char *parameters[] = {a, b, scale};
  PGresult *result = PQexecParams(server, sql, 3, NULL, parameters, NULL, NULL, 0);
  if (PQresultStatus(result) != PGRES_TUPLES_OK) fail_msg("%s, %s: %s", a, b, PQerrorMessage(server));
  return result;
}

/* How many digits stand behind the point. */
static int scale_of(const char *text) {
  const char *point = strchr(text, '.');
  return point == NULL ? 0 : (int)strlen(point + 1);
}

static void assert_answer(bool ok, mp_error **error, const mp_buffer *out, const PGresult *result, int column,
                          const char *a, const char *b) {
  assert_done(ok, error);
  mp_buffer text;
  mp_buffer_init(&text, BUFFER_LIMIT);
  mp_numeric_format(mp_numeric_in(out), &text);
  const char *expected = PQgetvalue(result, 0, column);
  if (strcmp(mp_buffer_text(&text), expected) != 0) {
    fail_msg("column %d of %s and %s: %s, but the server says %s", column, a, b, text.data, expected);
  }
  mp_buffer_finish(&text);
}

static void compare_with_server(PGconn *server, const char *text_a, const char *text_b, int scale) {
  char scale_text[16];
  snprintf(scale_text, sizeof scale_text, "%d", scale);
  PGresult *result = ask(server, text_a, text_b, scale_text);
  mp_buffer buffer_a = numeric_of(text_a);
  mp_buffer buffer_b = numeric_of(text_b);
  mp_buffer out;
  mp_buffer_init(&out, BUFFER_LIMIT);
  const mp_numeric *a = mp_numeric_in(&buffer_a);
  const mp_numeric *b = mp_numeric_in(&buffer_b);
  mp_error *error = NULL;
  assert_answer(mp_numeric_add(a, b, &out, &error), &error, &out, result, 0, text_a, text_b);
  assert_answer(mp_numeric_subtract(a, b, &out, &error), &error, &out, result, 1, text_a, text_b);
  assert_answer(mp_numeric_multiply(a, b, &out, &error), &error, &out, result, 2, text_a, text_b);
  if (!PQgetisnull(result, 0, 3)) {
    int quotient_scale = scale_of(PQgetvalue(result, 0, 3));
    assert_answer(mp_numeric_divide(a, b, quotient_scale, &out, &error), &error, &out, result, 3, text_a, text_b);
  }
  assert_answer(mp_numeric_round(a, scale, &out, &error), &error, &out, result, 4, text_a, scale_text);
  assert_answer(mp_numeric_negate(a, &out, &error), &error, &out, result, 5, text_a, "");
  assert_int_equal(mp_numeric_compare(a, b), atoi(PQgetvalue(result, 0, 6)));
  mp_buffer_finish(&buffer_a);
  mp_buffer_finish(&buffer_b);
  mp_buffer_finish(&out);
  PQclear(result);
}

static void it_computes_what_the_server_computes(void **state) {
  (void)state;
  PGconn *server = server_open();
  for (int i = 0; i < ROUNDS; i++) {
    char a[160];
    char b[160];
    random_number(a);
    random_number(b);
    compare_with_server(server, a, b, random_below(40) - 20);
  }
  PQfinish(server);
}

static void it_rounds_a_product_past_the_largest_scale(void **state) {
  (void)state;
  PGconn *server = server_open();
  char a[9010];
  memset(a, '7', sizeof a);
  memcpy(a, "0.", 2);
  a[9002] = '\0';
  compare_with_server(server, a, a, 9001);
  PQfinish(server);
}

int main(void) {
  seed_random();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_computes_what_the_server_computes),
      cmocka_unit_test(it_rounds_a_product_past_the_largest_scale),
  };
  return cmocka_run_group_tests_name("numeric arithmetic", tests, NULL, NULL);
}
