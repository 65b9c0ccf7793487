/* Two decimals with a blank line between them: reading and writing, in both forms, give them back, and the operations
 * agree with each other. */
#include "codec/numeric.h"
#include "support.h"

static mp_buffer new_number(void) {
  mp_buffer buffer;
  mp_buffer_init(&buffer, BUFFER_LIMIT);
  return buffer;
}

static bool same(const mp_buffer *a, const mp_buffer *b) {
  const mp_numeric *one = mp_numeric_in(a);
  const mp_numeric *other = mp_numeric_in(b);
  return mp_numeric_size(one) == mp_numeric_size(other) && memcmp(one, other, mp_numeric_size(one)) == 0;
}

static void check_forms(const mp_buffer *number) {
  mp_buffer form = new_number(), again = new_number();
  mp_error *error = NULL;
  mp_numeric_format(mp_numeric_in(number), &form);
  PROMISE(mp_numeric_parse(form.data, form.size, &again, &error) && same(number, &again));
  mp_buffer_clear(&form);
  mp_numeric_encode(mp_numeric_in(number), &form);
  PROMISE(mp_numeric_decode(form.data, form.size, &again, &error) && same(number, &again));
  PROMISE(mp_numeric_compare(mp_numeric_in(number), mp_numeric_in(&again)) == 0);
  mp_buffer_finish(&form);
  mp_buffer_finish(&again);
}

static bool is_finite(const mp_buffer *number) {
  return (mp_numeric_in(number)->sign & MP_NUMERIC_NAN) != MP_NUMERIC_NAN;
}

typedef bool operate(const mp_numeric *a, const mp_numeric *b, mp_buffer *out, mp_error **error);

static bool run(operate *operation, const mp_buffer *a, const mp_buffer *b, mp_buffer *out) {
  mp_error *error = NULL;
  return settle(operation(mp_numeric_in(a), mp_numeric_in(b), out, &error), &error);
}

/* a + b = b + a, (a + b) - b = a, a * b = b * a, and an order that is the opposite the other way round. */
static void check_operations(const mp_buffer *a, const mp_buffer *b) {
  mp_buffer one = new_number(), other = new_number();
  int order = mp_numeric_compare(mp_numeric_in(a), mp_numeric_in(b));
  PROMISE(order == -mp_numeric_compare(mp_numeric_in(b), mp_numeric_in(a)));
  if (run(mp_numeric_add, a, b, &one)) {
    PROMISE(run(mp_numeric_add, b, a, &other) && same(&one, &other));
    check_forms(&one);
    if (is_finite(a) && is_finite(b) && run(mp_numeric_subtract, &one, b, &other)) {
      PROMISE(mp_numeric_compare(mp_numeric_in(a), mp_numeric_in(&other)) == 0);
    }
  }
  if (run(mp_numeric_multiply, a, b, &one)) {
    PROMISE(run(mp_numeric_multiply, b, a, &other) && same(&one, &other));
    check_forms(&one);
  }
  mp_error *error = NULL;
  if (settle(mp_numeric_divide(mp_numeric_in(a), mp_numeric_in(b), 20, &one, &error), &error)) check_forms(&one);
  if (settle(mp_numeric_round(mp_numeric_in(a), -3, &one, &error), &error)) check_forms(&one);
  mp_buffer_finish(&one);
  mp_buffer_finish(&other);
}

static void check_conversions(const mp_buffer *number) {
  mp_buffer again = new_number();
  int64_t integer;
  mp_error *error = NULL;
  if (mp_numeric_to_integer(mp_numeric_in(number), &integer)) {
    PROMISE(mp_numeric_from_integer(integer, &again, &error));
    PROMISE(mp_numeric_compare(mp_numeric_in(number), mp_numeric_in(&again)) == 0);
  }
  PROMISE(mp_numeric_from_float(mp_numeric_to_float(mp_numeric_in(number)), &again, &error));
  mp_buffer_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { LONGEST = 400 }; /* a multiplication is quadratic */
  const char *text = (const char *)data;
  const char *line = size == 0 ? NULL : memchr(text, '\n', size);
  if (line == NULL || size > LONGEST || memchr(text, 'e', size) != NULL) return 0;
  mp_buffer a = new_number(), b = new_number();
  mp_error *error = NULL;
  bool ok = settle(mp_numeric_parse(text, (size_t)(line - text), &a, &error), &error);
  size_t rest = size - (size_t)(line - text) - 1;
  if (ok && settle(mp_numeric_parse(line + 1, rest, &b, &error), &error)) {
    check_forms(&a);
    check_conversions(&a);
    check_operations(&a, &b);
  }
  mp_buffer_finish(&a);
  mp_buffer_finish(&b);
  return 0;
}
