/* Fragments: what may be put into another text, and where their names are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "sql/sql.h"

static void assert_fits(const char *text) {
  assert_true(mp_sql_check_part(text, strlen(text), NULL));
}

static void assert_refused(const char *text, const char *message, int position) {
  mp_error *error = NULL;
  assert_false(mp_sql_check_part(text, strlen(text), &error));
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE);
  assert_string_equal(mp_error_message(error), message);
  assert_int_equal(mp_error_position(error), position);
  mp_error_free(error);
}

static void takes_expressions_and_queries(void **state) {
  (void)state;
  assert_fits("");
  assert_fits("lower(name) = $name");
  assert_fits("select ';', \")\", $$ ( ; $$, E'\\'' -- ; )\n from (select 1) x /* ( ; */");
  assert_fits("case when a then b end");
}

static void refuses_what_would_reach_out_of_its_place(void **state) {
  (void)state;
  assert_refused("true; drop table users", "the fragment has a semicolon", 5);
  assert_refused("true) or (true", "the fragment has a parenthesis that was never opened", 5);
  assert_refused("(true", "the fragment has a parenthesis that is never closed", 6);
  assert_refused("(true; x)", "the fragment has a semicolon", 6);
  assert_refused("'x", "the fragment has a string that is never closed", 1);
  assert_refused("a /* x", "the fragment has a comment that is never closed", 3);
  assert_refused("$$ x", "the fragment has a dollar-quoted string that is never closed", 1);
  assert_refused("\"x", "the fragment has a quoted name that is never closed", 1);
}

static void refuses_positions_and_zero_bytes(void **state) {
  (void)state;
  mp_error *error = NULL;
  assert_refused("\xC3\xA4 = $1", "the fragment has a parameter by position", 5);
  assert_false(mp_sql_check_part("a\0b", 3, &error));
  assert_string_equal(mp_error_message(error), "the fragment has a NUL byte");
  mp_error_free(error);
}

static void finds_names_outside_of_strings_and_comments(void **state) {
  (void)state;
  const char *text = "$a + '$b' + \"$c\" + $$ $d $$ -- $e\n + /* $g */ $h";
  size_t at = 0, start = 0, end = 0, size = strlen(text);
  assert_true(mp_sql_next_name(text, size, &at, &start, &end));
  assert_int_equal(start, 0);
  assert_int_equal(end, 2);
  assert_true(mp_sql_next_name(text, size, &at, &start, &end));
  assert_int_equal(start, size - 2);
  assert_int_equal(end, size);
  assert_false(mp_sql_next_name(text, size, &at, &start, &end));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_expressions_and_queries),
      cmocka_unit_test(refuses_what_would_reach_out_of_its_place),
      cmocka_unit_test(refuses_positions_and_zero_bytes),
      cmocka_unit_test(finds_names_outside_of_strings_and_comments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
