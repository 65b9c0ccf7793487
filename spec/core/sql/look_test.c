/* Placeholders and the meaning of words, as far as the lexer tells them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sql/sql.h"

static mp_sql look(const char *text) {
  mp_sql sql;
  mp_error *error = NULL;
  if (!mp_sql_look(text, strlen(text), &sql, &error)) fail_msg("%s: %s", text, mp_error_message(error));
  return sql;
}

static void assert_flags(const char *text, unsigned flags) {
  mp_sql sql = look(text);
  if (sql.flags != flags) fail_msg("%s: flags %u, expected %u", text, sql.flags, flags);
  mp_sql_finish(&sql);
}

static void assert_refused(const char *text, const char *message, int position) {
  mp_error *error = NULL;
  mp_sql sql = {.positions = 77};
  assert_false(mp_sql_look(text, strlen(text), &sql, &error));
  assert_int_equal(sql.positions, 77);
  assert_int_equal(mp_error_kind_of(error), MP_ERROR_USAGE);
  if (strstr(mp_error_message(error), message) == NULL) fail_msg("%s: %s", text, mp_error_message(error));
  assert_string_equal(mp_error_get(error, MP_ERROR_STATEMENT), text);
  assert_int_equal(mp_error_position(error), position);
  mp_error_free(error);
}

static void assert_positions(const char *text, int positions) {
  mp_sql sql = look(text);
  if (sql.positions != positions) fail_msg("%s: %d positions, expected %d", text, sql.positions, positions);
  assert_null(sql.text);
  mp_sql_finish(&sql);
}

static void assert_named(const char *text, const char *numbered, const char *names) {
  mp_sql sql = look(text);
  char joined[200] = "";
  for (size_t i = 0; i < sql.name_count; i++) {
    strcat(joined, i > 0 ? "," : "");
    strcat(joined, sql.names[i]);
  }
  assert_string_equal(joined, names);
  assert_string_equal(sql.text, numbered);
  assert_int_equal(sql.text_size, strlen(numbered));
  mp_sql_finish(&sql);
}

static void finds_positions(void **state) {
  (void)state;
  assert_positions("select 1", 0);
  assert_positions("select $1, $12, $3", 12);
  assert_positions("select $1::int", 1);
  assert_positions("select '$1', \"$2\", E'\\'$3', $$ $4 $$, $x$ $5 $$ $x$ -- $6\n/* $7 /* $8 */ $9 */", 0);
  assert_positions("select a$1, _$2", 0);
  assert_positions("select $65535", 65535);
}

static void numbers_names_by_first_appearance(void **state) {
  (void)state;
  assert_named("select $a", "select $1", "a");
  assert_named("select $b, $a, $b::text", "select $1, $2, $1::text", "b,a");
  assert_named("select a$b, $b_1+$B", "select a$b, $1+$2", "b_1,B");
  assert_named("select '$no', $yes, $tag$ $no $tag$", "select '$no', $1, $tag$ $no $tag$", "yes");
  assert_named("select $gr\xC3\xB6\xC3\x9F"
               "e",
               "select $1",
               "gr\xC3\xB6\xC3\x9F"
               "e");
  assert_named("$a$ $b $a$ || $c", "$a$ $b $a$ || $1", "c");
  assert_named("select $ab, $a", "select $1, $2", "ab,a");
}

static void knows_how_strings_go_on(void **state) {
  (void)state;
  assert_positions("select E'a'\n  'b\\'$1'", 0);
  assert_positions("select E'a' -- c\n 'b\\'$1'", 0);
  assert_positions("select 'a'\n 'b\\', $1", 1);
  assert_positions("select E'a' 'b\\', $1", 1);
  assert_positions("select E'a\\\\', $1, e''''", 1);
  assert_positions("select U&'\\', $1, \"a\"\"$2\", B'01', x'ff'", 1);
  assert_positions("select 'it''s', $2", 2);
  assert_positions("select typE'\\', $1", 1);
  assert_positions("select 1e5$a$ $1 $a$, 1.5E-3$$ $1 $$, .5$$ $1 $$, 1e$a$", 0);
  assert_positions("select x[1..$1], 1.$2", 2);
  assert_positions("select 1 */* $3 */ $1", 1);
  assert_positions("select 1 - - $1 --$2", 1);
}

static void refuses_what_cannot_be_bound(void **state) {
  (void)state;
  assert_refused("select $1, $name", "by position ($1) or by name ($name), not both", 12);
  assert_refused("select $name, $1", "not both", 15);
  assert_refused("select $0", "no parameter $0", 8);
  assert_refused("select $65536", "no parameter $65536: they go from $1 to $65535", 8);
  assert_refused("select $99999999999999999999999999", "no parameter", 8);
}

static void names_what_is_not_closed(void **state) {
  (void)state;
  assert_refused("select 'abc", "a string that is never closed", 8);
  assert_refused("select '\xC3\xA4\xC3\xB6', 'abc", "a string that is never closed", 14);
  assert_refused("select E'abc\\'", "a string that is never closed", 8);
  assert_refused("select E'abc\\", "a string that is never closed", 8);
  assert_refused("select \"abc", "a quoted name that is never closed", 8);
  assert_refused("select /* a /* b */", "a comment that is never closed", 8);
  assert_refused("select $x$ abc $y$ $$", "a dollar-quoted string that is never closed", 8);
}

static void refuses_a_zero_byte(void **state) {
  (void)state;
  mp_sql sql;
  mp_error *error = NULL;
  assert_false(mp_sql_look("select 1\0; drop table t", 23, &sql, &error));
  assert_non_null(strstr(mp_error_message(error), "a zero byte, at byte 9"));
  mp_error_free(error);
  assert_false(mp_sql_look("select 1\0", 9, &sql, NULL));
}

static void knows_plain_statements(void **state) {
  (void)state;
  assert_flags("select 1", MP_SQL_PLAIN);
  assert_flags("  -- why\n /* x */ SeLeCt 1;", MP_SQL_PLAIN);
  assert_flags("((select 1) union (select 2));;", MP_SQL_PLAIN);
  assert_flags("with x as (select 1) select * from x", MP_SQL_PLAIN);
  assert_flags("values (1)", MP_SQL_PLAIN);
  assert_flags("table t", MP_SQL_PLAIN);
  assert_flags("insert into t values (nextval('s'))", MP_SQL_PLAIN);
  assert_flags("update t set set_config = 1", MP_SQL_PLAIN);
  assert_flags("select pg_notify('a', 'b'), pg_advisory_xact_lock(1), pg_try_advisory_xact_lock(1)", MP_SQL_PLAIN);
  assert_flags("select 'set_config(1)', lo_price from t", MP_SQL_PLAIN);
  assert_flags("delete from t", MP_SQL_PLAIN);
  assert_flags("merge into t using s on true when matched then do nothing", MP_SQL_PLAIN);
}

static void assert_reads(const char *text, bool reads) {
  mp_sql sql = look(text);
  if (sql.reads != reads) fail_msg("%s: %d, expected %d", text, sql.reads, reads);
  mp_sql_finish(&sql);
}

static void knows_what_a_cursor_runs(void **state) {
  (void)state;
  const char *const readers[] = {
      "select 1;",
      "-- why\n((select 1) union (select 2))",
      "VALUES (1)",
      "table t",
      "select set_config('a', 'b', false), update, \"into\" from t for update",
      "with x as (select 1) select * from x",
      "with x as (select 1 from t for update), y as (table t for no key update) select 'delete', \"insert\" from x",
  };
  const char *const others[] = {
      "insert into t values (1) returning a",
      "update t set a = 1 returning a",
      "delete from t returning a",
      "merge into t using s on true when matched then do nothing",
      "with x as (insert into t values (1) returning a) select a from x",
      "with x as (Update t set a = 1 returning a) select a from x",
      "with x as (delete from t returning a) select a from x",
      "with x as (merge into t using s on true when matched then do nothing returning a) select a from x",
      "with x as (select 1) insert into t select * from x",
      "select 1 as a into t",
      "with x as (select 1 as a) select a into t from x",
      "show work_mem",
      "explain select 1",
      "execute p",
      "select 1; select 2",
      "",
  };
  for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
    assert_reads(readers[i], true);
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    assert_reads(others[i], false);
}

static void knows_what_stays_in_the_session(void **state) {
  (void)state;
  const char *const texts[] = {
      "set search_path = x",
      "set session authorization bob",
      "reset all",
      "discard all",
      "listen x",
      "unlisten x",
      "prepare x as select 1",
      "execute x",
      "deallocate x",
      "do $$ begin end $$",
      "call p()",
      "nonsense",
      "select set_config('a', 'b', false)",
      "select PG_CATALOG.Set_Config ('a', 'b', false)",
      "select \"set_config\"('a', 'b', false)",
      "select pg_advisory_lock(1)",
      "select pg_advisory_unlock_all()",
      "select pg_try_advisory_lock_shared(1)",
      "select currval('s')",
      "select lastval()",
      "select setval/* */('s', 1)",
      "select lo_open(1, 2)",
      "select * from dblink('x', 'select 1')",
      "select U&\"set\\005fconfig\"('a', 'b', false)",
      "select * from u&\"pg!005ftemp\".t uescape '!'",
      "explain analyze create temp table x as select 1",
      "select pg_export_snapshot()",
      "select * into temp x from t",
      "select * into local temporary x from t",
      "create temp table x (a int)",
      "create or replace temporary view x as select 1",
      "create local temp table x ()",
      "create table pg_temp.x (a int)",
      "declare c cursor with hold for select 1",
      "explain analyze select set_config('a', 'b', false)",
      "update pg_settings set setting = 'b' where name = 'a'",
      "update only pg_catalog.\"pg_settings\" set setting = 'b'",
      "with a as (select 1) update pg_settings set setting = 'b'",
      "set session characteristics as transaction read only",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    assert_flags(texts[i], MP_SQL_SESSION);
}

static void tells_escaped_names_from_operators(void **state) {
  (void)state;
  assert_flags("select $you&\"set\\005fconfig\"('a', 'b', false)", MP_SQL_PLAIN);
  assert_flags("select menu&\"x\"", MP_SQL_PLAIN);
  assert_flags("select u & \"x\"", MP_SQL_PLAIN);
  assert_flags("select 1u&\"x\"", MP_SQL_SESSION); /* before PostgreSQL 15 the number ends there */
}

static void knows_what_no_reset_undoes(void **state) {
  (void)state;
  const char *const texts[] = {
      "load 'x'",
      "select setseed(0.5)",
      "set seed = 0.5",
      "set session seed to 0.5",
      "SET LOCAL Seed TO 0.5",
      "select dblink_connect('a', 'b')",
      "select pg_replication_origin_session_setup('a')",
      "select pg_create_physical_replication_slot('a', true, true)",
      "select * from pg_create_logical_replication_slot('a', 'pgoutput', true)",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    assert_flags(texts[i], MP_SQL_SESSION | MP_SQL_LASTING);
  assert_flags("select seed, u & \"seed\" from t", MP_SQL_PLAIN);
  assert_flags("update t set seed = 1", MP_SQL_PLAIN);
  assert_flags("select setseed from t", MP_SQL_PLAIN);
}

static void knows_what_leaves_nothing_behind(void **state) {
  (void)state;
  assert_flags("create table x (temp int, temporary int)", 0);
  assert_flags("drop table x", 0);
  assert_flags("set local search_path = x", 0);
  assert_flags("SET TRANSACTION READ ONLY", 0);
  assert_flags("set constraints all deferred", 0);
  assert_flags("declare c cursor without hold for select 1", 0);
  assert_flags("copy t to '/tmp/x'", 0);
  assert_flags("copy (select * from stdin) to '/tmp/x'", 0);
  assert_flags("notify x", 0);
  assert_flags("", 0);
  assert_flags(" ; -- nothing", 0);
}

static void knows_transaction_control_and_copy(void **state) {
  (void)state;
  assert_flags("begin", MP_SQL_CONTROL);
  assert_flags("START TRANSACTION", MP_SQL_CONTROL);
  assert_flags("commit prepared 'x'", MP_SQL_CONTROL);
  assert_flags("end", MP_SQL_CONTROL);
  assert_flags("rollback to savepoint a", MP_SQL_CONTROL);
  assert_flags("abort", MP_SQL_CONTROL);
  assert_flags("savepoint a", MP_SQL_CONTROL);
  assert_flags("release a", MP_SQL_CONTROL);
  assert_flags("prepare transaction 'x'", MP_SQL_CONTROL);
  assert_flags("copy t from stdin", MP_SQL_COPY);
  assert_flags("copy t (a, b) from STDIN with (format csv)", MP_SQL_COPY);
  assert_flags("copy (select 1) to stdout", MP_SQL_COPY);
  assert_flags("copy (select set_config('a', 'b', true)) to stdout", MP_SQL_COPY | MP_SQL_SESSION);
}

static void knows_several_statements(void **state) {
  (void)state;
  assert_flags("select 1; select 2", MP_SQL_CONTROL | MP_SQL_SESSION);
  assert_flags("select 1; 2", MP_SQL_CONTROL | MP_SQL_SESSION);
  assert_flags("create rule r as on insert to t do (select 1; select 2)", 0);
  assert_flags("create function f() returns int begin atomic select case when true then 1 end; select 2; end", 0);
  assert_flags("create function f() returns int begin atomic select 1; end; select 2", MP_SQL_CONTROL | MP_SQL_SESSION);
}

static void quotes_identifiers(void **state) {
  (void)state;
  char to[32];
  mp_sql_quote_identifier("a \"b\"", to);
  assert_string_equal(to, "\"a \"\"b\"\"\"");
  mp_sql_quote_identifier("", to);
  assert_string_equal(to, "\"\"");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_positions),
      cmocka_unit_test(numbers_names_by_first_appearance),
      cmocka_unit_test(knows_how_strings_go_on),
      cmocka_unit_test(refuses_what_cannot_be_bound),
      cmocka_unit_test(names_what_is_not_closed),
      cmocka_unit_test(refuses_a_zero_byte),
      cmocka_unit_test(knows_plain_statements),
      cmocka_unit_test(knows_what_a_cursor_runs),
      cmocka_unit_test(knows_what_stays_in_the_session),
      cmocka_unit_test(tells_escaped_names_from_operators),
      cmocka_unit_test(knows_what_no_reset_undoes),
      cmocka_unit_test(knows_what_leaves_nothing_behind),
      cmocka_unit_test(knows_transaction_control_and_copy),
      cmocka_unit_test(knows_several_statements),
      cmocka_unit_test(quotes_identifiers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
