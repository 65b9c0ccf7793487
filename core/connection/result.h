/* The answer to one statement: cells that are pulled one by one. */
#ifndef MP_CONNECTION_RESULT_H
#define MP_CONNECTION_RESULT_H

#include "codec/catalog.h"

typedef struct mp_result mp_result;

void mp_result_destroy(mp_result *result); /* NULL is fine */

int mp_result_rows(const mp_result *result);
int mp_result_columns(const mp_result *result);
const char *mp_result_name(const mp_result *result, int column); /* borrowed; UTF-8 as the server sent it */
const mp_codec *mp_result_codec(const mp_result *result, int column);
uint32_t mp_result_type(const mp_result *result, int column); /* OID */
/* Rows that the statement changed, or returned when it is a query; 0 for statements without a count. */
int64_t mp_result_affected(const mp_result *result);
const char *mp_result_tag(const mp_result *result); /* "INSERT 0 1" */
size_t mp_result_memory(const mp_result *result);   /* bytes held */

/* The types of columns that are not known, or may have been altered since they were (composites, unless the statement
 * verified them): how many, and which; borrowed. While there are any, they have to be looked up (mp_connection_look_up)
 * and given to mp_result_learn; what is not known then is read as the server's text. */
size_t mp_result_unknown(const mp_result *result, const uint32_t **oids);
void mp_result_learn(mp_result *result, mp_type_set *types); /* retained; NULL is fine */

/* Puts into an error about a cell what it belongs to: the column and its type. */
void mp_result_blame(const mp_result *result, int row, int column, mp_error *error);

/* Decodes one cell; NULL gives kind NULL. The value borrows from the result and from scratch, until the next call.
 * Errors: decode (names the column), memory. */
bool mp_result_cell(const mp_result *result, int row, int column, mp_buffer *scratch, mp_value *out, mp_error **error);

#endif
