/* Short strings that a document repeats, keys above all: finding one among those that came last is cheaper than Lua's
 * way, which hashes every byte. */
#include <stdlib.h>
#include <string.h>

#include "yaml_value.h"

enum { SLOTS = 256, LONGEST = 32 };

struct mpb_yaml_strings {
  uint8_t sizes[SLOTS]; /* 0: empty */
  char bytes[SLOTS][LONGEST];
};

mpb_yaml_strings *mpb_yaml_strings_new(void) {
  return calloc(1, sizeof(mpb_yaml_strings));
}

/* By the first and the last bytes. */
static uint32_t slot_of(const char *text, size_t size) {
  uint64_t first = 0, last = 0;
  const size_t some = size < sizeof first ? size : sizeof first;
  memcpy(&first, text, some);
  memcpy(&last, text + size - some, some);
  const uint64_t mixed = (first ^ (last << 7 | last >> 57) ^ size) * UINT64_C(0x9E3779B97F4A7C15);
  return (uint32_t)(mixed >> 56);
}

void mpb_yaml_push_string(lua_State *L, mpb_yaml_strings *strings, int list, const char *text, size_t size) {
  if (strings == NULL || size == 0 || size > LONGEST) {
    lua_pushlstring(L, text, size);
    return;
  }
  const uint32_t slot = slot_of(text, size);
  if (strings->sizes[slot] == size && memcmp(strings->bytes[slot], text, size) == 0) {
    lua_rawgeti(L, list, (lua_Integer)slot + 1);
    return;
  }
  lua_pushlstring(L, text, size);
  lua_pushvalue(L, -1);
  lua_rawseti(L, list, (lua_Integer)slot + 1);
  memcpy(strings->bytes[slot], text, size); /* once the list has it */
  strings->sizes[slot] = (uint8_t)size;
}
