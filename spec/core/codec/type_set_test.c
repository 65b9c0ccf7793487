/* Types that are described at run time: what becomes of the server's descriptions, honest and not; and the catalog that
 * threads share. */
#include <pthread.h>

#include "type_rows.h"

static mp_type_set *make(const mp_type_row *rows, size_t count) {
  mp_error *error = NULL;
  mp_type_set *set = mp_type_set_create(rows, count, &error);
  if (set == NULL) fail_msg("%s", mp_error_message(error));
  return set;
}

static mp_type_set *make_all(void) {
  return make(type_rows, sizeof type_rows / sizeof type_rows[0]);
}

static void it_ties_types_to_what_they_are_made_of(void **state) {
  (void)state;
  mp_type_set *set = make_all();
  const mp_codec *deep = mp_type_set_find(set, DEEP), *address = mp_type_set_find(set, ADDRESS);
  assert_int_equal(deep->kind, MP_VALUE_COMPOSITE);
  assert_int_equal(deep->field_count, 4);
  assert_string_equal(deep->fields[1].name, "others");
  assert_ptr_equal(deep->fields[0].codec, address);
  assert_ptr_equal(deep->fields[1].codec->element, address);
  assert_int_equal(deep->fields[2].codec->kind, MP_VALUE_RANGE);
  assert_true(deep->fields[3].codec->is_multirange);
  assert_non_null(deep->from_binary);
  assert_string_equal(address->fields[1].name, "the street");
  assert_string_equal(address->schema, "public");
  assert_ptr_equal(address->fields[2].codec, mp_codec_find(1007));
  assert_true(mp_codec_holds_fields(mp_type_set_find(set, ADDRESSES)));
  assert_false(mp_codec_holds_fields(mp_type_set_find(set, SPANS_ARRAY)));
  mp_type_set_release(set);
}

static void it_gives_a_domain_the_codec_of_its_base(void **state) {
  (void)state;
  mp_type_set *set = make_all();
  const mp_codec *small = mp_type_set_find(set, SMALL);
  assert_int_equal(small->kind, MP_VALUE_INTEGER);
  assert_int_equal(small->oid, SMALL);
  assert_string_equal(small->name, "small");
  assert_non_null(small->to_binary);
  mp_type_set_release(set);
}

static void it_knows_the_labels_of_an_enum(void **state) {
  (void)state;
  mp_type_set *set = make_all();
  const mp_codec *mood = mp_type_set_find(set, MOOD);
  mp_error *error = NULL;
  mp_value right = text_value("so so"), near = text_value("so sp"), far = text_value("xyz"),
           longer = text_value("so so ");
  assert_true(mp_codec_check_label(mood, &right, &error));
  assert_false(mp_codec_check_label(mood, &near, &error));
  assert_string_equal(mp_error_get(error, MP_ERROR_HINT), "did you mean \"so so\"?");
  assert_false(mp_codec_check_label(mood, &longer, &error));
  assert_false(mp_codec_check_label(mood, &far, &error));
  assert_string_equal(mp_error_get(error, MP_ERROR_HINT), "its labels are \"glad\", \"so so\", \"sad\"");
  assert_refused(mp_codec_check_label(mood, &far, &error), &error, MP_ERROR_USAGE, "no label of the enum mood");
  assert_true(mp_codec_check_label(mp_codec_find(25), &far, &error));
  mp_type_set_release(set);
}

static void it_finds_types_with_fixed_oids_without_a_set(void **state) {
  (void)state;
  assert_ptr_equal(mp_type_set_find(NULL, 23), mp_codec_find(23));
  assert_null(mp_type_set_find(NULL, MOOD));
  mp_type_set *set = make_all();
  assert_null(mp_type_set_find(set, 30000));
  assert_int_equal(mp_type_set_find(set, BASE)->kind, MP_VALUE_TEXT);
  assert_null(mp_type_set_find(set, BASE)->from_binary);
  mp_type_set_release(set);
}

static void it_takes_no_type_that_contains_itself(void **state) {
  (void)state;
  const mp_type_row rows[] = {
      COMPOSITE(1000001, "a", "{x}", "{1000002}", 9, "s"),
      ROW(1000002, 'a', "b", 1000003, "{}"),
      ROW(1000003, 'd', "c", 1000001, "{}"),
      COMPOSITE(1000004, "self", "{x,y}", "{23,1000004}", 9, "s"),
      ROW(1000005, 'd', "loop", 1000005, "{}"),
      ROW(1000006, 'm', "of no range", 23, "{}"),
      ROW(1000007, 'a', "of nothing", 77777777, "{}"),
      ROW(1000008, '?', "of a new kind", 0, "{}"),
  };
  mp_type_set *set = make(rows, sizeof rows / sizeof rows[0]);
  int texts = 0;
  for (uint32_t oid = 1000001; oid <= 1000008; oid++)
    texts += mp_type_set_find(set, oid)->kind == MP_VALUE_TEXT;
  assert_true(texts >= 6); /* where the circle is cut, a part of it may be an array of text */
  mp_type_set_release(set);
}

enum { CHAIN = 100000 };

static void it_nests_no_deeper_than_the_stack_allows(void **state) {
  (void)state;
  mp_type_row *rows = calloc(CHAIN, sizeof *rows);
  assert_non_null(rows);
  for (int up = 0; up < 2; up++) {
    for (uint32_t i = 0; i < CHAIN; i++) {
      uint32_t child = up ? i + 1 : i - 1;
      bool last = up ? i + 1 == CHAIN : i == 0;
      rows[i] = (mp_type_row)ROW(1000000 + i, 'a', "chain", last ? 23 : 1000000 + child, "{}");
    }
    mp_type_set *set = make(rows, CHAIN);
    for (uint32_t i = 0; i < CHAIN; i++) {
      int depth = 0;
      for (const mp_codec *codec = mp_type_set_find(set, 1000000 + i); codec->element != NULL; codec = codec->element)
        depth++;
      assert_true(depth <= 40);
    }
    mp_buffer list;
    mp_buffer_init(&list, SIZE_MAX);
    uint32_t wanted = up ? 1000000 : 1000000 + CHAIN - 1;
    assert_int_equal(mp_type_set_relations(set, &wanted, 1, &list), 0);
    mp_buffer_finish(&list);
    mp_type_set_release(set);
  }
  free(rows);
}

static void it_refuses_descriptions_that_make_no_sense(void **state) {
  (void)state;
  const mp_type_row rows[] = {
      ROW(1000001, 'e', "x", 0, "glad"),
      ROW(1000001, 'e', "x", 0, "{glad,NULL}"),
      ROW(1000001, 'e', "x", 0, "{a"),
      COMPOSITE(1000001, "x", "{a,b}", "{23}", 9, "s"),
      COMPOSITE(1000001, "x", "{a}", "{23,25}", 9, "s"),
      COMPOSITE(1000001, "x", "{a}", "{x}", 9, "s"),
      COMPOSITE(1000001, "x", "{a}", "{NULL}", 9, "s"),
      ROW(1000001, 'e', "x", 0, "{\xff}"),
      COMPOSITE(1000001, "x", "", "{}", 9, "s"),
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    mp_error *error = NULL;
    mp_type_set *set = mp_type_set_create(&rows[i], 1, &error);
    assert_null(set);
    assert_refused(set != NULL, &error, MP_ERROR_DECODE, "");
  }
}

static void it_tells_which_composites_a_type_holds(void **state) {
  (void)state;
  mp_type_set *set = make_all();
  const uint32_t deep = DEEP, several[] = {ADDRESSES, MOOD, ADDRESS, 23, 99999};
  mp_buffer list;
  mp_buffer_init(&list, SIZE_MAX);
  assert_int_equal(mp_type_set_relations(set, &deep, 1, &list), 2);
  assert_string_equal(mp_buffer_text(&list), "{5,7}");
  mp_buffer_clear(&list);
  assert_int_equal(mp_type_set_relations(set, several, 5, &list), 1);
  assert_string_equal(mp_buffer_text(&list), "{5}");
  mp_buffer_clear(&list);
  assert_int_equal(mp_type_set_relations(set, several + 1, 1, &list), 0);
  assert_string_equal(mp_buffer_text(&list), "{}");
  assert_true(mp_type_set_is_stamped(set, 5, "a"));
  assert_false(mp_type_set_is_stamped(set, 5, "b"));
  assert_false(mp_type_set_is_stamped(set, 6, "a"));
  mp_buffer_finish(&list);
  mp_type_set_release(set);
}

/* ---- threads ---- */

enum { THREADS = 4, TURNS = 2000 };

static void *use_catalog(void *data) {
  mp_catalog *catalog = data;
  for (int i = 0; i < TURNS; i++) {
    mp_type_set *set = mp_catalog_types(catalog);
    if (set != NULL && mp_type_set_find(set, MOOD)->label_count != 3) return catalog;
    mp_type_set_release(set);
    if (i % 50 == 0) {
      mp_error *error = NULL;
      mp_type_set *made = mp_type_set_create(type_rows, sizeof type_rows / sizeof type_rows[0], &error);
      mp_catalog_set(catalog, i % 100 == 0 ? made : NULL);
      mp_type_set_release(made);
    }
  }
  return NULL;
}

static void it_is_shared_by_threads(void **state) {
  (void)state;
  mp_error *error = NULL;
  mp_catalog *catalog = mp_catalog_create(&error);
  assert_non_null(catalog);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, use_catalog, catalog), 0);
  for (int i = 0; i < THREADS; i++) {
    void *failed = NULL;
    pthread_join(threads[i], &failed);
    assert_null(failed);
  }
  mp_catalog_destroy(catalog);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_ties_types_to_what_they_are_made_of),
      cmocka_unit_test(it_gives_a_domain_the_codec_of_its_base),
      cmocka_unit_test(it_knows_the_labels_of_an_enum),
      cmocka_unit_test(it_finds_types_with_fixed_oids_without_a_set),
      cmocka_unit_test(it_takes_no_type_that_contains_itself),
      cmocka_unit_test(it_nests_no_deeper_than_the_stack_allows),
      cmocka_unit_test(it_refuses_descriptions_that_make_no_sense),
      cmocka_unit_test(it_tells_which_composites_a_type_holds),
      cmocka_unit_test(it_is_shared_by_threads),
  };
  return cmocka_run_group_tests_name("type sets", tests, NULL, NULL);
}
