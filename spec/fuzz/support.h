/* What the fuzz targets share. A broken promise ends the process, which the fuzzer reports with the input. */
#ifndef SPEC_FUZZ_SUPPORT_H
#define SPEC_FUZZ_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"

#define UNUSED __attribute__((unused))

enum { BUFFER_LIMIT = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                                                             \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                                          \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

/* An operation that failed says why, and one that did not says nothing. Frees the error. */
UNUSED static bool settle(bool ok, mp_error **error) {
  PROMISE(ok == (*error == NULL));
  if (*error != NULL) PROMISE(mp_error_message(*error)[0] != '\0');
  mp_error_free(*error);
  *error = NULL;
  return ok;
}

/* The input as a text that ends with a zero, in a block of exactly its size; owned. */
UNUSED static char *text_of(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  PROMISE(text != NULL);
  if (size > 0) memcpy(text, data, size);
  text[size] = '\0';
  return text;
}

#endif
