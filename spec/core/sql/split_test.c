/* Statement boundaries of scripts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/sql.h"

/* expected: the statements, each in brackets. */
static void assert_split(const char *script, const char *expected) {
  char found[1000] = "";
  size_t at = 0, start = 0, end = 0, used = 0;
  while (mp_sql_next(script, strlen(script), &at, &start, &end)) {
    assert_true(start < end && end <= at && at <= strlen(script));
    used += (size_t)snprintf(found + used, sizeof found - used, "[%.*s]", (int)(end - start), script + start);
  }
  assert_string_equal(found, expected);
}

static void splits_at_semicolons(void **state) {
  (void)state;
  assert_split("", "");
  assert_split(" ;; -- x ;\n /* ; */ ;", "");
  assert_split("select 1; select 2 ;", "[select 1][select 2]");
  assert_split("-- why\nselect 1 -- behind\n; /* x */ select 2", "[select 1][select 2]");
}

static void keeps_quoted_semicolons(void **state) {
  (void)state;
  assert_split("a ';' \";\" E'\\';' $$;$$ $x$;$$;$x$; b", "[a ';' \";\" E'\\';' $$;$$ $x$;$$;$x$][b]");
  assert_split("a /* ; /* ; */ ; */ b; c", "[a /* ; /* ; */ ; */ b][c]");
  assert_split("a$b$; c$b$;", "[a$b$][c$b$]");
}

static void keeps_parentheses_and_routine_bodies_whole(void **state) {
  (void)state;
  assert_split("create rule r as on insert to t do (a; b); c", "[create rule r as on insert to t do (a; b)][c]");
  assert_split("f begin atomic x; case a when b then c end; y; END; z",
               "[f begin atomic x; case a when b then c end; y; END][z]");
  assert_split("begin; select case when a then b end; end; x", "[begin][select case when a then b end][end][x]");
  assert_split("a ); b", "[a )][b]");
}

static void gives_the_rest_when_something_is_not_closed(void **state) {
  (void)state;
  assert_split("a; b '; c", "[a][b '; c]");
  assert_split("a; /* b; c", "[a][/* b; c]");
  assert_split("a; b (; c", "[a][b (; c]");
}

/* Whatever the bytes are: the walk ends, moves forward, and never leaves the text (a sanitizer would see it). */
static void survives_random_bytes(void **state) {
  (void)state;
  static const char alphabet[] = "'\"$$;()/*-\n \\eEax1_\xC3\xA4";
  unsigned seed = 7;
  for (int round = 0; round < 20000; round++) {
    size_t size = (size_t)(round % 40);
    char *text = malloc(size == 0 ? 1 : size); /* exactly: a read behind it is seen */
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) {
      seed = seed * 1103515245U + 12345U;
      text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
    }
    size_t at = 0, start = 0, end = 0, before = 0;
    while (mp_sql_next(text, size, &at, &start, &end)) {
      assert_true(before <= start && start < end && end <= at && at <= size);
      before = at;
    }
    mp_sql sql;
    if (mp_sql_look(text, size, &sql, NULL)) mp_sql_finish(&sql);
    free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(splits_at_semicolons),
      cmocka_unit_test(keeps_quoted_semicolons),
      cmocka_unit_test(keeps_parentheses_and_routine_bodies_whole),
      cmocka_unit_test(gives_the_rest_when_something_is_not_closed),
      cmocka_unit_test(survives_random_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
