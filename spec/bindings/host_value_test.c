/* Values to and from a function of a script. */
#include <math.h>

#include "host.h"

static mp_pool *pool;
static mp_runtime *runtime;

static int open_all(void **state) {
  (void)state;
  pool = open_idle_pool();
  runtime = open_runtime(pool);
  run(runtime, "function same(...) return ... end\n"
               "function kind(value) return math.type(value) or type(value) end\n"
               "function size(text) return #text end\n"
               "function calls() count = (count or 0) + 1 return count, {} end\n"
               "inner = { deeper = { call = same }, number = 7 }");
  return 0;
}

static int close_all(void **state) {
  (void)state;
  mp_runtime_close(runtime);
  mp_pool_close(pool);
  return 0;
}

static mp_value call(const char *function, mp_value argument) {
  mp_error *error = NULL;
  mp_value result = mp_string("untouched");
  mp_call(runtime, function, &argument, 1, &result, 1, &error);
  assert_no_error(error);
  return result;
}

static void assert_string(mp_value value, const char *data, size_t size) {
  assert_int_equal(value.type, MP_STRING);
  assert_int_equal(value.as.string.size, size);
  assert_memory_equal(value.as.string.data, data, size);
  assert_int_equal(value.as.string.data[size], '\0');
}

static void nil_and_booleans_come_back(void **state) {
  (void)state;
  assert_int_equal(call("same", mp_nil()).type, MP_NIL);
  assert_int_equal(call("same", mp_boolean(true)).type, MP_BOOLEAN);
  assert_true(call("same", mp_boolean(true)).as.boolean);
  assert_false(call("same", mp_boolean(false)).as.boolean);
  assert_string(call("kind", mp_boolean(false)), "boolean", 7);
}

static void integers_keep_all_their_bits(void **state) {
  (void)state;
  static const int64_t integers[] = {0, -1, INT64_MIN, INT64_MAX, (INT64_C(1) << 53) + 1};
  for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
    mp_value result = call("same", mp_integer(integers[i]));
    assert_int_equal(result.type, MP_INTEGER);
    assert_true(result.as.integer == integers[i]);
  }
  assert_string(call("kind", mp_integer(3)), "integer", 7);
}

static void floats_stay_floats(void **state) {
  (void)state;
  mp_value result = call("same", mp_float(3.0));
  assert_int_equal(result.type, MP_FLOAT);
  assert_true(result.as.number == 3.0);
  assert_string(call("kind", mp_float(3.0)), "float", 5);
  assert_true(isnan(call("same", mp_float(NAN)).as.number));
  assert_true(call("same", mp_float(-INFINITY)).as.number == -INFINITY);
  assert_true(signbit(call("same", mp_float(-0.0)).as.number));
}

static void strings_keep_all_their_bytes(void **state) {
  (void)state;
  assert_string(call("same", mp_string("Größe")), "Größe", strlen("Größe"));
  assert_string(call("same", mp_bytes("a\0b\0", 4)), "a\0b\0", 4);
  assert_string(call("same", mp_bytes("\xff\xfe\xc0", 3)), "\xff\xfe\xc0", 3);
  assert_string(call("same", mp_string("")), "", 0);
  assert_string(call("same", mp_bytes(NULL, 0)), "", 0);
  assert_int_equal(call("same", mp_string(NULL)).type, MP_NIL);
  assert_int_equal(call("size", mp_bytes("a\0b\0", 4)).as.integer, 4);
}

static void strings_may_be_huge(void **state) {
  (void)state;
  const size_t size = 64U << 20;
  char *data = malloc(size);
  assert_non_null(data);
  memset(data, 'x', size);
  data[size - 1] = '\0';
  mp_value result = call("same", mp_bytes(data, size));
  assert_int_equal(result.as.string.size, size);
  assert_memory_equal(result.as.string.data, data, size);
  free(data);
}

static void a_string_too_large_for_memory_is_an_error(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_value argument = mp_bytes("x", (size_t)1 << 46);
  assert_false(mp_call(runtime, "same", &argument, 1, NULL, 0, &error));
  assert_fails(error, "memory", "out of memory");
  assert_int_equal(call("same", mp_integer(1)).as.integer, 1);
}

static void results_live_until_the_next_call(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_value results[2];
  mp_value arguments[] = {mp_string("one"), mp_string("two")};
  assert_true(mp_call(runtime, "same", arguments, 2, results, 2, &error));
  assert_string(results[0], "one", 3);
  assert_string(results[1], "two", 3);
}

/* A runtime that, on the way to the function `late`, overwrites all that nobody holds on to. */
static mp_runtime *open_with_collector(void) {
  mp_runtime *collecting = open_runtime(pool);
  run(collecting, "setmetatable(_G, { __index = function(_, name)\n"
                  "  collectgarbage() collectgarbage()\n"
                  "  others = {} for i = 1, 200 do others[i] = ('y'):rep(1000) .. i end\n"
                  "  return name == 'late' and function(...) return ... end or nil\n"
                  "end })\n"
                  "function give() return ('x'):rep(1000), ('z'):rep(1000), 'la' .. 'te', 'kept = ' .. #_VERSION end");
  return collecting;
}

static void results_may_be_given_to_the_next_call(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_value values[4];
  char expected[1000];
  mp_runtime *collecting = open_with_collector();
  assert_true(mp_call(collecting, "give", NULL, 0, values, 4, &error));
  assert_true(mp_call(collecting, values[2].as.string.data, values, 4, values, 4, &error));
  memset(expected, 'x', sizeof expected);
  assert_string(values[0], expected, sizeof expected);
  memset(expected, 'z', sizeof expected);
  assert_string(values[1], expected, sizeof expected);
  assert_string(values[2], "late", 4);
  assert_true(
      mp_run_string(collecting, values[3].as.string.data, values[3].as.string.size, values[2].as.string.data, &error));
  run(collecting, "assert(kept == 7)");
  mp_runtime_close(collecting);
}

static void missing_results_are_nil_and_others_are_dropped(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_value results[3];
  mp_value arguments[] = {mp_integer(1), mp_integer(2)};
  assert_true(mp_call(runtime, "same", arguments, 2, results, 3, &error));
  assert_int_equal(results[1].as.integer, 2);
  assert_int_equal(results[2].type, MP_NIL);
  results[1] = mp_string("untouched");
  assert_true(mp_call(runtime, "same", arguments, 2, results, 1, &error));
  assert_int_equal(results[0].as.integer, 1);
  assert_string(results[1], "untouched", 9);
  assert_true(mp_call(runtime, "same", arguments, 2, NULL, 0, &error));
}

static void thousands_of_values_cross(void **state) {
  (void)state;
  enum { COUNT = 20000 };
  mp_error *error = NULL;
  mp_value *values = calloc(COUNT, sizeof *values), *results = calloc(COUNT, sizeof *results);
  assert_true(values != NULL && results != NULL);
  for (int i = 0; i < COUNT; i++)
    values[i] = mp_integer(i);
  mp_call(runtime, "same", values, COUNT, results, COUNT, &error);
  assert_no_error(error);
  assert_int_equal(results[COUNT - 1].as.integer, COUNT - 1);
  free(values);
  free(results);
}

static void too_many_values_are_an_error(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_value value = mp_nil();
  assert_false(mp_call(runtime, "same", &value, SIZE_MAX, NULL, 0, &error));
  assert_fails(error, "usage", "18446744073709551615 arguments and 0 results are more than a call can have");
  assert_false(mp_call(runtime, "same", NULL, 0, &value, 1U << 20, &error));
  assert_fails(error, "usage", "0 arguments and 1048576 results are more than a call can have");
  assert_false(mp_call(runtime, "same", NULL, 0, &value, 999999, &error));
  assert_fails(error, "script", "stack overflow (too many results)");
}

static void functions_are_found_in_tables(void **state) {
  (void)state;
  assert_int_equal(call("inner.deeper.call", mp_integer(5)).as.integer, 5);
  assert_string(call("string.upper", mp_string("up")), "UP", 2);
}

static void assert_not_found(const char *name, const char *message) {
  mp_error *error = NULL;
  assert_false(mp_call(runtime, name, NULL, 0, NULL, 0, &error));
  assert_fails(error, "usage", message);
}

static void a_function_that_is_not_there_is_an_error(void **state) {
  (void)state;
  assert_not_found("nothing", "there is no function \"nothing\": nothing is nil");
  assert_not_found("nothing.at.all", "there is no function \"nothing.at.all\": nothing is nil");
  assert_not_found("inner.other", "there is no function \"inner.other\": inner.other is nil");
  assert_not_found("inner", "there is no function \"inner\": inner is a table; expected a function");
  assert_not_found("inner.number.x",
                   "there is no function \"inner.number.x\": inner.number is a number; expected a table");
  assert_not_found("inner..call",
                   "the function's name is \"inner..call\"; expected a name, or names with a dot between");
  assert_not_found("inner.", "the function's name is \"inner.\"; expected a name, or names with a dot between");
  assert_not_found("", "the function's name is \"\"; expected a name, or names with a dot between");
  assert_not_found(NULL, "the function's name is NULL");
}

static void assert_stays(const char *expression, const char *type) {
  char text[200], message[200];
  mp_error *error = NULL;
  mp_value results[] = {mp_integer(1), mp_integer(2)};
  snprintf(text, sizeof text, "function give() return 'fine', %s end", expression);
  snprintf(message, sizeof message,
           "result 2 of give is a %s, which cannot leave Lua; expected nil, a boolean, a number or a string", type);
  run(runtime, text);
  assert_false(mp_call(runtime, "give", NULL, 0, results, 2, &error));
  assert_fails(error, "usage", message);
  assert_int_equal(results[0].as.integer, 1);
}

static void what_cannot_leave_lua_is_named(void **state) {
  (void)state;
  assert_stays("{}", "table");
  assert_stays("print", "function");
  assert_stays("coroutine.create(print)", "thread");
  assert_stays("io.stdout", "userdata");
  assert_stays("require('moonpool').numeric('1.5')", "mp.numeric");
  assert_stays("require('moonpool').null", "null");
}

static void what_the_host_gives_is_checked(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_value odd = {.type = (mp_type)77};
  assert_false(mp_call(runtime, "same", &odd, 1, NULL, 0, &error));
  assert_fails(error, "usage", "argument 1 has the type 77, which is none of mp_type");
  odd = mp_bytes(NULL, 3);
  assert_false(mp_call(runtime, "same", &odd, 1, NULL, 0, &error));
  assert_fails(error, "usage", "argument 1 is a string of 3 bytes at NULL");
  assert_false(mp_call(runtime, "same", NULL, 1, NULL, 0, &error));
  assert_fails(error, "usage", "the arguments are NULL; expected 1");
  assert_false(mp_call(runtime, "calls", NULL, 0, NULL, 2, &error));
  assert_fails(error, "usage", "the results are NULL; expected room for 2");
  assert_int_equal(integer_of(runtime, "calls"), 1); /* for the first time */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nil_and_booleans_come_back),
      cmocka_unit_test(integers_keep_all_their_bits),
      cmocka_unit_test(floats_stay_floats),
      cmocka_unit_test(strings_keep_all_their_bytes),
      cmocka_unit_test(strings_may_be_huge),
      cmocka_unit_test(a_string_too_large_for_memory_is_an_error),
      cmocka_unit_test(results_live_until_the_next_call),
      cmocka_unit_test(results_may_be_given_to_the_next_call),
      cmocka_unit_test(missing_results_are_nil_and_others_are_dropped),
      cmocka_unit_test(thousands_of_values_cross),
      cmocka_unit_test(too_many_values_are_an_error),
      cmocka_unit_test(functions_are_found_in_tables),
      cmocka_unit_test(a_function_that_is_not_there_is_an_error),
      cmocka_unit_test(what_cannot_leave_lua_is_named),
      cmocka_unit_test(what_the_host_gives_is_checked),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
