/* hstore, the extension's type of keys and values: its pairs are taken one text at a time, and written as the server
 * reads them. A value may be NULL, a key may not. */
#ifndef MP_CODEC_HSTORE_H
#define MP_CODEC_HSTORE_H

#include "base/buffer.h"
#include "base/error.h"
#include "codec/value.h"

/* Takes the next text of a decoded hstore: a key, then its value, and so on, 2 * pairs in all; to be called no more
 * often. *out has no data for NULL; else it borrows from what was decoded or from `scratch`, which is cleared. Errors:
 * memory. */
bool mp_hstore_next(mp_hstore *hstore, mp_buffer *scratch, mp_bytes *out, mp_error **error);

/* Appends a pair of the text form, `"key"=>"value"`; a value without data is NULL. Commas between pairs are the
 * caller's. Without memory `out` says so. */
void mp_hstore_add(mp_buffer *out, const mp_bytes *key, const mp_bytes *value);

#endif
