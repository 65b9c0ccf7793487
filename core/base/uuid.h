/* UUIDs (RFC 9562): checked, printed and made. */
#ifndef MP_BASE_UUID_H
#define MP_BASE_UUID_H

#include <stdbool.h>
#include <stddef.h>

enum { MP_UUID_SIZE = 16, MP_UUID_TEXT = 36 };

/* Reads the forms that PostgreSQL reads (hyphens optional after each group of four digits, braces, upper case). */
bool mp_uuid_parse(const char *text, size_t size, unsigned char *out);
void mp_uuid_format(const unsigned char *uuid, char *out); /* 36 characters, lower case, no terminator */
/* Random (version 4), or in the order of their making (version 7: the wall clock, then random): each one that this
 * process makes, in whichever thread, sorts after those before it. From libsodium's generator. */
void mp_uuid_random(unsigned char *out);
void mp_uuid_ordered(unsigned char *out);

#endif
