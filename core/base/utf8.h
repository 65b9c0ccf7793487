/* UTF-8 as PostgreSQL accepts it: no surrogates, no overlong forms, nothing past U+10FFFF. */
#ifndef MP_BASE_UTF8_H
#define MP_BASE_UTF8_H

#include <stddef.h>

/* The offset of the first byte that is not part of valid UTF-8, or size. A zero byte is valid here. */
size_t mp_utf8_check(const char *text, size_t size);

#endif
