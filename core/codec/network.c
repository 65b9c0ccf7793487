/* inet, cidr, macaddr and macaddr8: texts. The binary form is written as the server writes the text form; a parameter's
 * text is looked at before it is sent, by the rules of the server's own readers. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "codec/internal.h"

enum { HEADER = 4, FAMILY_4 = 2, FAMILY_6 = 3, OCTETS_4 = 4, OCTETS_6 = 16, MAC_OCTETS = 6, MAC8_OCTETS = 8 };

/* ---- from the server ---- */

MP__DECODE(mp__inet_from_binary) {
  if (size < HEADER) return mp__decode_error(codec, error, "it is too short");
  const unsigned char *bytes = (const unsigned char *)data;
  bool is_6 = bytes[0] == FAMILY_6;
  if (!is_6 && bytes[0] != FAMILY_4) return mp__decode_error(codec, error, "of an unknown family");
  size_t octets = is_6 ? OCTETS_6 : OCTETS_4;
  if (size != HEADER + octets) return mp__decode_size_error(codec, error, size, HEADER + octets);
  unsigned bits = bytes[1];
  if (bits > octets * 8 || bytes[3] != octets) return mp__decode_error(codec, error, "its lengths are wrong");
  char text[INET6_ADDRSTRLEN];
  inet_ntop(is_6 ? AF_INET6 : AF_INET, bytes + HEADER, text, sizeof text);
  mp_buffer_adds(scratch, text);
  if (codec->oid == MP_OID_CIDR || bits != octets * 8) mp_buffer_addf(scratch, "/%u", bits);
  return mp__give_text(scratch, out, error);
}

MP__DECODE(mp__macaddr_from_binary) {
  size_t octets = codec->oid == MP_OID_MACADDR ? MAC_OCTETS : MAC8_OCTETS;
  if (size != octets) return mp__decode_size_error(codec, error, size, octets);
  for (size_t i = 0; i < size; i++)
    mp_buffer_addf(scratch, i == 0 ? "%02x" : ":%02x", (unsigned char)data[i]);
  return mp__give_text(scratch, out, error);
}

/* ---- addresses as parameters ---- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Takes a decimal number up to `most`. */
static bool take_number(const char **at, const char *end, int most, int *out) {
  const char *start = *at;
  int number = 0;
  for (; *at < end && is_digit(**at); (*at)++) {
    number = number * 10 + (**at - '0');
    if (number > most) return false;
  }
  *out = number;
  return *at > start;
}

/* An address: its octets, how many were written, and the length of the prefix or -1. */
typedef struct address {
  unsigned char octets[OCTETS_6];
  int count;
  int bits;
} address;

static bool take(const char **at, const char *end, char c) {
  if (*at == end || **at != c) return false;
  (*at)++;
  return true;
}

/* "10.1.2.3/24": octets at the end may be left out, in an inet behind a point too. */
static bool read_4(const char *at, const char *end, bool is_cidr, address *out) {
  do {
    int octet;
    bool is_last = out->count > 0 && !is_cidr && (at == end || *at == '/');
    if (is_last) break;
    if (out->count == OCTETS_4 || !take_number(&at, end, UINT8_MAX, &octet)) return false;
    out->octets[out->count++] = (unsigned char)octet;
  } while (take(&at, end, '.'));
  return at == end || (take(&at, end, '/') && take_number(&at, end, OCTETS_4 * 8, &out->bits) && at == end);
}

/* "2001:db8::1/64", without points; the server passes over a colon in front of the prefix. */
static bool read_6(const char *at, const char *end, address *out) {
  const char *slash = memchr(at, '/', (size_t)(end - at));
  size_t size = (size_t)((slash == NULL ? end : slash) - at);
  char text[INET6_ADDRSTRLEN];
  if (slash != NULL && size > 2 && slash[-1] == ':' && slash[-2] != ':') size--;
  if (size >= sizeof text) return false;
  memcpy(text, at, size);
  text[size] = '\0';
  if (strlen(text) != size || inet_pton(AF_INET6, text, out->octets) != 1) return false;
  out->count = OCTETS_6;
  if (slash == NULL) return true;
  at = slash + 1;
  bool leading_zero = end - at > 1 && *at == '0';
  return !leading_zero && take_number(&at, end, OCTETS_6 * 8, &out->bits) && at == end;
}

static bool is_6(const char *text, size_t size) {
  return memchr(text, ':', size) != NULL;
}

static bool read_address(const char *text, size_t size, bool is_cidr, address *out) {
  *out = (address){.bits = -1};
  return is_6(text, size) ? read_6(text, text + size, out) : read_4(text, text + size, is_cidr, out);
}

/* What the server alone may judge: IPv4 within IPv6, of which it reads halves too. */
static bool is_mixed(const char *text, size_t size) {
  return is_6(text, size) && memchr(text, '.', size) != NULL;
}

bool mp__inet_check(const char *text, size_t size) {
  address given;
  if (is_mixed(text, size)) return true;
  if (!read_address(text, size, false, &given)) return false;
  return given.bits < 0 ? given.count >= OCTETS_4 : given.bits / 8 <= given.count;
}

/* No bit is set behind the prefix. */
static bool is_network(const address *given) {
  for (int i = 0; i < given->count; i++) {
    int kept = given->bits - i * 8;
    unsigned behind = kept >= 8 ? 0 : kept <= 0 ? 0xFF : 0xFFU >> kept;
    if ((given->octets[i] & behind) != 0) return false;
  }
  return true;
}

/* Without a prefix its length is that of the octets, or of the network's class, which is never too short. The form in
 * hexadecimal is left to the server too. */
bool mp__cidr_check(const char *text, size_t size) {
  address given;
  bool hexadecimal = size > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (is_mixed(text, size) || (hexadecimal && !is_6(text, size))) return true;
  if (!read_address(text, size, true, &given)) return false;
  return given.bits < 0 || is_network(&given);
}

/* ---- hardware addresses as parameters ---- */

/* The server reads them by scanf too. */
static bool reads_as_macaddr(const char *text) {
  unsigned o[MAC_OCTETS];
  char rest[2];
#define READS(format) (sscanf(text, format "%1s", &o[0], &o[1], &o[2], &o[3], &o[4], &o[5], rest) == MAC_OCTETS)
  bool ok = READS("%x:%x:%x:%x:%x:%x") || READS("%x-%x-%x-%x-%x-%x") || READS("%2x%2x%2x:%2x%2x%2x") ||
            READS("%2x%2x%2x-%2x%2x%2x") || READS("%2x%2x.%2x%2x.%2x%2x") || READS("%2x%2x-%2x%2x-%2x%2x") ||
            READS("%2x%2x%2x%2x%2x%2x");
#undef READS
  for (int i = 0; ok && i < MAC_OCTETS; i++)
    ok = o[i] <= UINT8_MAX;
  return ok;
}

bool mp__macaddr_check(const char *text, size_t size) {
  char copy[80];
  if (size >= sizeof copy) return true; /* leading zeros or blanks without end: the server may judge them */
  memcpy(copy, text, size);
  copy[size] = '\0';
  return reads_as_macaddr(copy);
}

static void skip_blanks(const char **at, const char *end) {
  while (*at < end && isspace((unsigned char)**at))
    (*at)++;
}

/* Pairs of digits with one kind of separator, or none, between any of them. */
bool mp__macaddr8_check(const char *text, size_t size) {
  const char *at = text;
  const char *end = text + size;
  char separator = '\0';
  int octets = 0;
  skip_blanks(&at, end);
  while (end - at >= 2) { /* a single last digit is passed over by the server */
    if (octets == MAC8_OCTETS || !isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1])) return false;
    octets++;
    at += 2;
    if (at < end && (*at == ':' || *at == '-' || *at == '.')) {
      if (separator != '\0' && *at != separator) return false;
      separator = *at++;
    }
    bool may_end = octets == MAC_OCTETS || octets == MAC8_OCTETS;
    if (may_end && at < end && isspace((unsigned char)*at)) {
      skip_blanks(&at, end);
      if (at < end) return false;
    }
  }
  return octets == MAC_OCTETS || octets == MAC8_OCTETS;
}
