/* UUIDs: what is read, what is printed, and what new ones look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/uuid.h"

static const char canonical[] = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";

static void it_reads_what_postgresql_reads(void **state) {
  (void)state;
  static const char *const forms[] = {
      "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
      "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",  "a0eebc999c0b4ef8bb6d6bb9bd380a11",
      "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
  };
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    unsigned char uuid[MP_UUID_SIZE];
    char text[MP_UUID_TEXT];
    assert_true(mp_uuid_parse(forms[i], strlen(forms[i]), uuid));
    mp_uuid_format(uuid, text);
    assert_memory_equal(text, canonical, MP_UUID_TEXT);
  }
}

static void it_refuses_anything_else(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "",
      "{}",
      "{",
      "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
      "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
      "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g",
      "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
      "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
      "a0-eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
      "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11",
      "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-",
      " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    unsigned char uuid[MP_UUID_SIZE];
    assert_false(mp_uuid_parse(wrong[i], strlen(wrong[i]), uuid));
  }
}

static void it_makes_random_ones_of_version_4(void **state) {
  (void)state;
  unsigned char last[MP_UUID_SIZE] = {0};
  for (int i = 0; i < 100; i++) {
    unsigned char uuid[MP_UUID_SIZE];
    mp_uuid_random(uuid);
    assert_int_equal(uuid[6] >> 4, 4);
    assert_int_equal(uuid[8] >> 6, 2);
    assert_memory_not_equal(uuid, last, sizeof last);
    memcpy(last, uuid, sizeof last);
  }
}

static int64_t milliseconds_of(const unsigned char *uuid) {
  int64_t milliseconds = 0;
  for (int i = 0; i < 6; i++)
    milliseconds = milliseconds << 8 | uuid[i];
  return milliseconds;
}

static void it_makes_ordered_ones_of_version_7(void **state) {
  (void)state;
  for (int i = 0; i < 100; i++) {
    unsigned char uuid[MP_UUID_SIZE];
    int64_t before = mp_clock_wall_us() / 1000;
    mp_uuid_ordered(uuid);
    int64_t after = mp_clock_wall_us() / 1000;
    assert_int_equal(uuid[6] >> 4, 7);
    assert_int_equal(uuid[8] >> 6, 2);
    assert_in_range(milliseconds_of(uuid), before, after);
  }
}

static void it_orders_those_of_version_7_as_they_were_made(void **state) {
  (void)state;
  unsigned char last[MP_UUID_SIZE] = {0};
  for (int i = 0; i < 100000; i++) {
    unsigned char uuid[MP_UUID_SIZE];
    mp_uuid_ordered(uuid);
    assert_true(memcmp(last, uuid, sizeof uuid) < 0);
    memcpy(last, uuid, sizeof last);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_reads_what_postgresql_reads),
      cmocka_unit_test(it_refuses_anything_else),
      cmocka_unit_test(it_makes_random_ones_of_version_4),
      cmocka_unit_test(it_makes_ordered_ones_of_version_7),
      cmocka_unit_test(it_orders_those_of_version_7_as_they_were_made),
  };
  return cmocka_run_group_tests_name("uuid", tests, NULL, NULL);
}
