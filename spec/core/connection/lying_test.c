/* Servers that lie once a session stands: whatever they say, a statement ends by its deadline with an error of the
 * right kind, and the pool goes on with a session that can be believed. */
#include "client.h"
#include "liar.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
size_t __sanitizer_get_current_allocated_bytes(void); /* gcc has no header for it */
#else
#include <malloc.h>
static void __lsan_disable(void) {}
static void __lsan_enable(void) {}
#endif

typedef enum then { GO_ON, CLOSE, SILENT } then;

/* What is said instead of the honest answer to the client's message of type `at`. */
typedef struct lie {
  const char *name;
  char at;
  const char *bytes;
  size_t size;
  bool (*tell)(liar *self); /* instead of bytes; false: the session is over */
  then then;
  mp_error_kind kind;
  const char *says; /* NULL: it passes for an answer */
  mp_connection_state left;
  bool leaks;    /* libpq forgets the result that it had begun */
  unsigned ways; /* bits: only when asked so; 0: always        */
} lie;

#define RAW(text) .bytes = text, .size = sizeof(text) - 1

/* ---- the liar ---- */

/* The data of a liar: which lie, and how many statements are answered honestly before. */
typedef struct plan {
  const lie *told;
  char at;
  int honest;
} plan;

static bool tell(liar *self, const lie *told) {
  if (told->tell != NULL && !told->tell(self)) return false;
  liar_add_raw(self, told->bytes, told->size);
  if (told->then == GO_ON) return true;
  liar_flush(self);
  if (told->then == SILENT) {
    while (liar_read(self) != 0)
      continue;
  }
  return false;
}

/* By the simple protocol the description of the result is a part of the answer. */
static bool answer_script(liar *self, const lie *told) {
  liar_add_column(self, MP_OID_TEXT, 0);
  if (!tell(self, told)) return false;
  liar_add(self, 'Z', "c", 'I');
  return liar_flush(self);
}

static void lie_once(liar *self) {
  const plan *planned = self->data;
  bool goes_on = liar_welcome(self);
  for (int asked = 0; goes_on;) {
    char type = liar_read(self);
    if (asked != planned->honest || type != planned->at) {
      goes_on = liar_answer(self, type);
    } else {
      goes_on = type == 'Q' ? answer_script(self, planned->told) : tell(self, planned->told);
    }
    if (type == 'S' || type == 'Q') asked++;
  }
}

/* ---- what is said ---- */

static bool error_without_sqlstate(liar *self) {
  liar_add_error(self, "ERROR", NULL, "no code");
  return true;
}

static bool error_without_message(liar *self) {
  liar_add_error(self, "ERROR", "42601", NULL);
  return true;
}

static bool error_of_a_server_that_goes(liar *self) {
  liar_add_error(self, "FATAL", "57P01", "terminating connection");
  return true;
}

static bool serialization_failure(liar *self) {
  liar_add_error(self, "ERROR", "40001", "could not serialize");
  return true;
}

static bool error_that_skips(liar *self) {
  self->skips = true;
  return serialization_failure(self);
}

static bool long_error(liar *self) {
  enum { SIZE = 4 << 20 };
  char *text = malloc(SIZE);
  memset(text, '%', SIZE);
  text[SIZE - 1] = '\0';
  liar_add_error(self, "ERROR", "XX000", text);
  free(text);
  return true;
}

static bool burst_of_notices(liar *self) {
  for (int i = 0; i < 100000; i++)
    liar_add(self, 'N', "cscscsc", 'S', "NOTICE", 'C', "00000", 'M', "again and again", 0);
  return liar_answer(self, 'E');
}

static bool burst_of_notifications(liar *self) {
  for (int i = 0; i < 100000; i++)
    liar_add(self, 'A', "iss", 1, "channel", "payload");
  return liar_answer(self, 'E');
}

static bool other_settings(liar *self) {
  liar_add(self, 'S', "ss", "DateStyle", "German, DMY");
  liar_add(self, 'S', "ss", "TimeZone", "Mars/Olympus");
  liar_add(self, 'S', "ss", "standard_conforming_strings", "off");
  liar_add(self, 'S', "ss", "IntervalStyle", "nonsense");
  return liar_answer(self, 'E');
}

static bool two_results(liar *self) {
  return liar_answer(self, 'E') && liar_answer(self, 'E');
}

static bool copy_out(liar *self) {
  liar_add(self, 'H', "chh", 0, 1, 0);
  liar_add(self, 'd', "b", "data\n", (size_t)5);
  liar_add(self, 'c', "");
  liar_add(self, 'C', "s", "COPY 1");
  return true;
}

/* Waits for the client to give up, as a server does. */
static bool copy_in(liar *self) {
  liar_add(self, 'G', "chh", 0, 1, 0);
  liar_flush(self);
  char type;
  do {
    type = liar_read(self);
    if (type == 0) return false;
  } while (type != 'f');
  liar_add_error(self, "ERROR", "57014", "COPY from stdin failed");
  return true;
}

static bool rows_without_end(liar *self) {
  for (int i = 0; i < 1000; i++)
    liar_add_cell(self, "good", 4);
  return true;
}

/* It says that all is forgotten, and then that what was prepared is not there. */
static bool forgetful(liar *self) {
  liar_add(self, 'n', "");
  liar_add(self, 'C', "s", "DEALLOCATE ALL");
  liar_add_error(self, "ERROR", "26000", "no such statement");
  return true;
}

static bool many_parameters(liar *self) {
  liar_add(self, 't', "hiiii", 4, 25, 25, 25, 25);
  liar_add_column(self, MP_OID_TEXT, 0);
  return true;
}

static bool no_parameters(liar *self) {
  liar_add(self, 't', "h", 0);
  liar_add_column(self, MP_OID_TEXT, 0);
  return true;
}

/* The ways to ask (execute.c), as bits. */
enum { DESCRIBED = 1, NAMED = 2, PREPARED = 4, AT_ONCE = 8, SCRIPT = 16, EXTENDED = 15 };

#define LOST .kind = MP_ERROR_CONNECTION, .left = MP_CONNECTION_BROKEN
#define LATE .kind = MP_ERROR_TIMEOUT, .left = MP_CONNECTION_BROKEN
#define SANE .left = MP_CONNECTION_IDLE
#define DONE "C\0\0\0\x0dSELECT 1\0"

/* Instead of the row and its end. */
static const lie lies[] = {
    {"an end within a row", 'E', RAW("D\0\0\0\x20\0\1\0\0\0\4go"), .then = CLOSE, .says = "closed the connection",
     LOST},
    {"an end before the answer", 'E', RAW(""), .then = CLOSE, .says = "closed the connection", LOST},
    {"a message of 2 GB", 'E', RAW("D\x7f\xff\xff\xff\0\1\0\0"), .then = CLOSE, .says = "memory",
     .kind = MP_ERROR_MEMORY, .left = MP_CONNECTION_BROKEN},
    {"a message of negative size", 'E', RAW("D\xff\xff\xff\xff\0\1"), .then = SILENT, .says = "synchronization", LOST},
    {"a message smaller than its head", 'E', RAW("D\0\0\0\3"), .then = SILENT, .says = "synchronization", LOST},
    {"a large message of a small type", 'E', RAW("C\x10\0\0\0"), .then = SILENT, .says = "synchronization", LOST},
    {"a row with too many columns", 'E', RAW("D\0\0\0\x10\0\2\0\0\0\1a\0\0\0\1b" DONE), .says = "field count", LOST},
    {"a row without columns", 'E', RAW("D\0\0\0\6\0\0" DONE), .says = "field count", LOST},
    {"a cell larger than its row", 'E', RAW("D\0\0\0\x0b\0\1\0\0\x40\0a" DONE), .says = "insufficient data", LOST},
    {"a cell smaller than its row", 'E', RAW("D\0\0\0\x10\0\1\0\0\0\1abcdef" DONE), .says = "", LOST},
    {"a message of an unknown type", 'E', RAW("?\0\0\0\4" DONE), .says = "unexpected response", LOST},
    {"garbage", 'E', RAW("HTTP/1.1 400 Bad Request\r\n\r\n"), .then = CLOSE, .says = "", LOST},
    {"zeros", 'E', RAW("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), .then = SILENT, .says = "synchronization", LOST},
    {"a suspended portal", 'E', RAW("s\0\0\0\4" DONE), .says = "unexpected response", LOST},
    {"another authentication", 'E', RAW("R\0\0\0\x08\0\0\0\3" DONE), .says = "unexpected response", LOST},
    {"a tag without an end", 'E', RAW("C\0\0\0\x0cSELECT 1"), .then = SILENT, .says = "", LATE},
    {"an error without an end", 'E', RAW("E\0\0\0\x09SERRO"), .then = SILENT, .says = "", LATE},
    {"an empty error", 'E', RAW("E\0\0\0\5\0"), .says = "", LOST},
    {"no answer", 'E', RAW(""), .then = SILENT, .says = "", LATE},
    {"no end of the answer", 'E', RAW(DONE), .then = SILENT, .says = "", LATE},
    {"only an end", 'E', RAW(""), .leaks = true, .says = "", LOST},
    {"an end that is early", 'E', RAW("Z\0\0\0\5I"), .leaks = true, .says = "", LOST},
    {"an end in an unknown state", 'E', RAW(DONE "Z\0\0\0\5?"), .then = SILENT, .says = "", LOST},
    {"a row of NULL by another number", 'E', RAW("D\0\0\0\x0a\0\1\xff\xff\xff\xf9" DONE), SANE},
    {"an empty statement", 'E', RAW("I\0\0\0\4"), SANE},
    {"an error without a code", 'E', .tell = error_without_sqlstate, .kind = MP_ERROR_SERVER, .says = "no code", SANE},
    {"an error without a text", 'E', .tell = error_without_message, .kind = MP_ERROR_SERVER,
     .says = "without a message", SANE},
    {"a long error", 'E', .tell = long_error, .kind = MP_ERROR_SERVER, .says = "%%%%", SANE},
    {"a serialization failure", 'E', .tell = serialization_failure, .kind = MP_ERROR_SERIALIZATION,
     .says = "could not serialize", SANE},
    {"last words", 'E', .tell = error_of_a_server_that_goes, .then = CLOSE, .says = "terminating", LOST},
    {"an early error", 'P', .ways = DESCRIBED | NAMED | AT_ONCE, .tell = error_that_skips,
     .kind = MP_ERROR_SERIALIZATION, .says = "serialize", SANE},
    {"an error at the bind", 'B', .ways = EXTENDED, .tell = error_that_skips, .kind = MP_ERROR_SERIALIZATION,
     .says = "", SANE},
    {"many notices", 'E', .tell = burst_of_notices, SANE},
    {"many notifications", 'E', .tell = burst_of_notifications, SANE},
    {"other settings", 'E', .tell = other_settings, SANE},
    {"two results", 'E', .tell = two_results, .says = "", LOST},
    {"rows without an end", 'E', .tell = rows_without_end, .then = CLOSE, .says = "closed the connection", LOST},
    {"data to copy", 'E', .leaks = true, .tell = copy_out, .kind = MP_ERROR_USAGE, .says = "COPY", SANE},
    {"a wish for data", 'E', .leaks = true, .tell = copy_in, .kind = MP_ERROR_USAGE, .says = "COPY", SANE},
    {"copying both ways", 'E', .leaks = true, RAW("W\0\0\0\x09\0\0\1\0\0c\0\0\0\4"), .then = SILENT, .says = "COPY",
     .kind = MP_ERROR_USAGE, .left = MP_CONNECTION_BROKEN},
    {"that all is forgotten", 'D', .ways = PREPARED, .tell = forgetful, .says = "no such", .kind = MP_ERROR_SERVER,
     .left = MP_CONNECTION_BROKEN},
    {"no description", 'D', .ways = NAMED | PREPARED | AT_ONCE, RAW("n\0\0\0\4"),
     .says = "without prior row description", LOST},
    {"columns that end early", 'D', .ways = EXTENDED, RAW("T\0\0\0\x0a\xff\xff\0abc"), .says = "insufficient data",
     LOST},
    {"too many parameters", 'D', .ways = DESCRIBED, .tell = many_parameters, .says = "parameters",
     .kind = MP_ERROR_CONNECTION, SANE},
    {"no parameters", 'D', .ways = DESCRIBED, .tell = no_parameters, .says = "parameters", .kind = MP_ERROR_CONNECTION,
     SANE},
};

/* ---- those who are lied to ---- */

static const struct {
  const char *name;
  start_work *begin;
  const char *sql;
  int before; /* honest answers before */
} ways[] = {
    {"described", start_statement, "select $1", 0}, {"named", start_statement, "select $1", 1},
    {"prepared", start_statement, "select $1", 2},  {"at once", start_statement, "select 'x'", 0},
    {"a script", start_script, "select 'x'", 0},
};

/* The pool goes on, with the session that is left or a new one. */
static void assert_goes_on(mp_pool *pool, const char *what) {
  outcome end = run_in(pool, start_statement, "select 'honest'", 5);
  if (end.step != MP_STEP_DONE) fail_msg("%s: afterwards: %s", what, mp_error_message(end.error));
  assert_cell(end.result, "good");
  outcome_finish(&end);
}

static void try_lie(const lie *told, size_t way) {
  char what[128];
  snprintf(what, sizeof what, "%s, %s", told->name, ways[way].name);
  plan planned = {.told = told, .at = ways[way].begin == start_script ? 'Q' : told->at, .honest = ways[way].before};
  liar *server = liar_start(lie_once, &planned);
  const char *const settings[] = {"max_size", "1", NULL};
  mp_pool *pool = open_pool_at(liar_url(server), settings);
  for (int i = 0; i < ways[way].before; i++) {
    outcome honest = run_in(pool, ways[way].begin, ways[way].sql, 5);
    assert_int_equal(honest.step, MP_STEP_DONE);
    outcome_finish(&honest);
  }
  outcome end = run_in(pool, ways[way].begin, ways[way].sql, told->then == SILENT ? 0.3 : 5);
  liar_be(server, liar_honest);
  if (told->says == NULL) {
    if (end.step != MP_STEP_DONE) fail_msg("%s: %s", what, mp_error_message(end.error));
    assert_non_null(end.result);
  } else {
    assert_failed(&end, what, told->kind, told->says);
  }
  if (end.left != told->left) fail_msg("%s: it is %s", what, mp_connection_state_name(end.left));
  if (end.took > 2 * MP_SECOND) fail_msg("%s: it took %.1f s", what, (double)end.took / MP_SECOND);
  outcome_finish(&end);
  assert_goes_on(pool, what);
  mp_pool_release(pool);
  liar_stop(server);
}

static void no_lie_is_believed(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
      if (lies[i].ways != 0 && (lies[i].ways & 1U << way) == 0) continue;
      if (lies[i].leaks) __lsan_disable();
      try_lie(&lies[i], way);
      if (lies[i].leaks) __lsan_enable();
    }
  }
}

/* ---- memory ---- */

static size_t heap_size(void) {
#ifdef __SANITIZE_ADDRESS__
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks;
#endif
}

static void notify_with_each_answer(liar *self) {
  bool goes_on = liar_welcome(self);
  while (goes_on) {
    char type = liar_read(self);
    goes_on = type == 'E' ? burst_of_notifications(self) : liar_answer(self, type);
  }
}

static void notifications_are_not_kept(void **state) {
  (void)state;
  const char *const settings[] = {"max_size", "1", NULL};
  liar *server = liar_start(notify_with_each_answer, NULL);
  mp_pool *pool = open_pool_at(liar_url(server), settings);
  size_t before = 0;
  for (int i = 0; i < 4; i++) {
    outcome end = run_in(pool, start_statement, "select 'x'", 10);
    assert_no_error(end.error);
    outcome_finish(&end);
    if (i == 0) before = heap_size();
  }
  assert_true(heap_size() < before + (1 << 20)); /* 100,000 of them are 5 MB */
  mp_pool_release(pool);
  liar_stop(server);
}

/* ---- a statement that is described by a query (execute.c) ---- */

/* As many commas as types are expected, and nothing else. */
static void describe_with_commas(liar *self) {
  enum { COUNT = 7498 };
  char commas[COUNT];
  memset(commas, ',', sizeof commas);
  bool goes_on = liar_welcome(self);
  while (goes_on) {
    char type = liar_read(self);
    if (type == 'E') {
      liar_add_cell(self, commas, sizeof commas);
      liar_add(self, 'C', "s", "SELECT 1");
    } else {
      goes_on = liar_answer(self, type);
    }
  }
}

static void a_list_of_types_that_is_none_is_read_to_its_end_only(void **state) {
  (void)state;
  const char *const settings[] = {"max_size", "1", NULL};
  liar *server = liar_start(describe_with_commas, NULL);
  mp_pool *pool = open_pool_at(liar_url(server), settings);
  mp_connection *connection = take(pool, NULL);
  mp_types *types = NULL;
  mp_error *error = NULL;
  mp_statement *statement = mp_statements_get(mp_pool_statements(pool), "select $7499", 12, &types, &error);
  assert_no_error(error);
  assert_true(mp_connection_describe(connection, statement, NULL, 0, mp_clock_after(5), &error));
  drive(connection, &error);
  assert_no_error(error);
  types = mp_statements_types(mp_pool_statements(pool), statement);
  assert_int_equal(types->count, 7499);
  assert_int_equal(types->oids[7498], 0);
  mp_types_release(types);
  mp_statement_release(statement);
  mp_pool_return(pool, connection);
  mp_pool_release(pool);
  liar_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_lie_is_believed),
      cmocka_unit_test(notifications_are_not_kept),
      cmocka_unit_test(a_list_of_types_that_is_none_is_read_to_its_end_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
