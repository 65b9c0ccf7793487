/* Lines of trace as a reader of standard error gets them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/trace.h"

/* ---- standard error, caught in a pipe ---- */

typedef struct catcher {
  int saved, read_fd;
} catcher;

static catcher catch_errors(void) {
  int fds[2];
  assert_int_equal(pipe(fds), 0);
  catcher caught = {.saved = dup(STDERR_FILENO), .read_fd = fds[0]};
  assert_true(caught.saved >= 0);
  assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
  close(fds[1]);
  return caught;
}

/* What was written, up to size - 1 bytes, zero terminated. */
static void release(catcher *caught, char *to, size_t size) {
  dup2(caught->saved, STDERR_FILENO); /* closes the pipe's other end */
  close(caught->saved);
  size_t filled = 0;
  ssize_t got;
  while (filled + 1 < size && (got = read(caught->read_fd, to + filled, size - 1 - filled)) > 0)
    filled += (size_t)got;
  to[filled] = '\0';
  close(caught->read_fd);
}

/* ---- lists of topics ---- */

static void reads_lists(void **state) {
  (void)state;
  static const struct {
    const char *list;
    unsigned topics;
  } cases[] = {{"", 0},
               {"pool", MP_TRACE_POOL},
               {"wire", MP_TRACE_WIRE},
               {"task,pool", MP_TRACE_TASK | MP_TRACE_POOL},
               {"pool,wire,task", 7},
               {"wire,wire", MP_TRACE_WIRE}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    unsigned topics = 99;
    const char *wrong = NULL;
    size_t size = 0;
    assert_true(mp_trace_read(cases[i].list, &topics, &wrong, &size));
    assert_int_equal(topics, cases[i].topics);
  }
}

static void names_what_is_no_topic(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"pol", "pol"}, {"pool,wir,task", "wir"}, {",", ""},
                                         {"pool,", ""},  {"POOL", "POOL"},         {"pool wire", "pool wire"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    unsigned topics = 99;
    const char *wrong = NULL;
    size_t size = 99;
    assert_false(mp_trace_read(cases[i][0], &topics, &wrong, &size));
    assert_int_equal(topics, 99);
    assert_int_equal(size, strlen(cases[i][1]));
    assert_memory_equal(wrong, cases[i][1], size);
  }
}

/* ---- lines ---- */

static void writes_time_thread_topic_and_event(void **state) {
  (void)state;
  char text[2048], topic[16], event[16], connection[16], waited[32], rest[8] = "";
  long seconds = -1, micros = -1;
  int thread = 0;
  catcher caught = catch_errors();
  errno = ENOENT;
  MP_TRACE(MP_TRACE_POOL | MP_TRACE_TASK, MP_TRACE_POOL, "grant c%u waited=%.6f", 3U, 0.000412);
  int after = errno;
  release(&caught, text, sizeof text);
  assert_int_equal(after, ENOENT);
  int found = sscanf(text, "moonpool %ld.%6ld %d %15s %15s %15s %31s%7s", &seconds, &micros, &thread, topic, event,
                     connection, waited, rest);
  assert_int_equal(found, 7);
  assert_int_equal(thread, (int)gettid());
  assert_string_equal(topic, "pool");
  assert_string_equal(event, "grant");
  assert_string_equal(connection, "c3");
  assert_string_equal(waited, "waited=0.000412");
  assert_int_equal(text[strlen(text) - 1], '\n');
}

static void keeps_errno_and_loses_the_line_without_standard_error(void **state) {
  (void)state;
  int saved = dup(STDERR_FILENO);
  assert_true(saved >= 0);
  close(STDERR_FILENO);
  errno = ENOENT;
  mp_trace_line(MP_TRACE_POOL, "wait t%d", 1);
  int after = errno;
  dup2(saved, STDERR_FILENO);
  close(saved);
  assert_int_equal(after, ENOENT);
}

static int evaluated(int *count) {
  return ++*count;
}

static void writes_and_evaluates_nothing_of_other_topics(void **state) {
  (void)state;
  char text[64];
  int count = 0;
  catcher caught = catch_errors();
  MP_TRACE(0U, MP_TRACE_POOL, "%d", evaluated(&count));
  MP_TRACE((unsigned)MP_TRACE_TASK | MP_TRACE_WIRE, MP_TRACE_POOL, "%d", evaluated(&count));
  release(&caught, text, sizeof text);
  assert_string_equal(text, "");
  assert_int_equal(count, 0);
}

static void keeps_to_one_line(void **state) {
  (void)state;
  char text[2048], many[1001];
  catcher caught = catch_errors();
  mp_trace_line(MP_TRACE_WIRE, "a\nb\r\tc\x1b[31m\x7f");
  memset(many, 'x', 1000);
  many[1000] = '\0';
  mp_trace_line(MP_TRACE_TASK, "%s", many);
  release(&caught, text, sizeof text);
  assert_non_null(strstr(text, " wire a b  c [31m \nmoonpool "));
  char *second = strchr(text, '\n') + 1;
  assert_int_equal(strlen(second), 500);
  assert_int_equal(second[499], '\n');
  assert_int_equal(second[498], 'x');
}

static void cuts_no_character_in_two(void **state) {
  (void)state;
  for (size_t blanks = 0; blanks < 3; blanks++) {
    char text[2048], many[1024] = "   ";
    for (size_t i = blanks; i + 3 < sizeof many; i += 3)
      memcpy(many + i, "€", 4);
    catcher caught = catch_errors();
    mp_trace_line(MP_TRACE_TASK, "%s", many);
    release(&caught, text, sizeof text);
    size_t size = strlen(text);
    assert_in_range(size, 497, 500);
    assert_memory_equal(text + size - 4, "€\n", 4);
  }
}

/* ---- threads ---- */

enum { THREADS = 4, LINES = 200 };

static void *write_lines(void *letter) {
  char word[101];
  memset(word, *(const char *)letter, 100);
  word[100] = '\0';
  for (int i = 0; i < LINES; i++)
    mp_trace_line(MP_TRACE_POOL, "%s", word);
  return NULL;
}

typedef struct drain {
  int fd;
  char *text;
  size_t size;
} drain;

static void *read_all(void *argument) {
  drain *into = argument;
  ssize_t got;
  while ((got = read(into->fd, into->text + into->size, 200000 - into->size)) > 0)
    into->size += (size_t)got;
  return NULL;
}

static bool is_one_letter(const char *word, size_t size) {
  for (size_t i = 1; i < size; i++)
    if (word[i] != word[0]) return false;
  return size == 100;
}

static void lines_of_several_threads_never_mix(void **state) {
  (void)state;
  static char letters[THREADS] = {'a', 'b', 'c', 'd'};
  pthread_t writers[THREADS], reader;
  catcher caught = catch_errors();
  drain into = {.fd = caught.read_fd, .text = calloc(1, 200001)};
  assert_non_null(into.text);
  assert_int_equal(pthread_create(&reader, NULL, read_all, &into), 0);
  for (size_t i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&writers[i], NULL, write_lines, &letters[i]), 0);
  for (size_t i = 0; i < THREADS; i++)
    pthread_join(writers[i], NULL);
  dup2(caught.saved, STDERR_FILENO);
  close(caught.saved);
  pthread_join(reader, NULL);
  close(caught.read_fd);
  size_t lines = 0;
  for (char *line = into.text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, lines++) {
    *end = '\0';
    char *word = strrchr(line, ' ');
    assert_non_null(word);
    assert_true(is_one_letter(word + 1, strlen(word + 1)));
  }
  assert_int_equal(lines, THREADS * LINES);
  free(into.text);
}

static void numbers_go_up(void **state) {
  (void)state;
  unsigned first = mp_trace_number();
  assert_int_equal(mp_trace_number(), first + 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_lists),
      cmocka_unit_test(names_what_is_no_topic),
      cmocka_unit_test(writes_time_thread_topic_and_event),
      cmocka_unit_test(keeps_errno_and_loses_the_line_without_standard_error),
      cmocka_unit_test(writes_and_evaluates_nothing_of_other_topics),
      cmocka_unit_test(keeps_to_one_line),
      cmocka_unit_test(cuts_no_character_in_two),
      cmocka_unit_test(lines_of_several_threads_never_mix),
      cmocka_unit_test(numbers_go_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
