/* Where in a document a mistake is: "rows[2].items[1].id", for readers and writers. */
#include "yaml_value.h"

static void add_key(lua_State *L, int key, mp_buffer *path) {
  enum { SHOWN = 60 }; /* bytes of a key */
  size_t size;
  if (lua_type(L, key) != LUA_TSTRING) {
    if (lua_isinteger(L, key)) {
      mp_buffer_addf(path, "[%lld]", (long long)lua_tointeger(L, key));
    } else if (lua_type(L, key) == LUA_TBOOLEAN) {
      mp_buffer_addf(path, "[%s]", lua_toboolean(L, key) ? "true" : "false");
    } else {
      mp_buffer_addf(path, "[a %s]", luaL_typename(L, key));
    }
    return;
  }
  const char *text = lua_tolstring(L, key, &size);
  bool is_name = size > 0 && !(text[0] >= '0' && text[0] <= '9');
  for (size_t i = 0; i < size && is_name; i++) {
    const unsigned char c = (unsigned char)text[i];
    is_name = c >= 0x80 || c == '_' || c == '-' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  }
  if (!is_name) mp_buffer_adds(path, "[\"");
  if (is_name && path->size > 0) mp_buffer_addc(path, '.');
  mp_yaml_show(path, text, size < SHOWN ? size : SHOWN);
  if (!is_name) mp_buffer_adds(path, "\"]");
}

static void add_path(lua_State *L, const mpb_yaml_frame *at, mp_buffer *path) {
  if (at == NULL) return;
  add_path(L, at->up, path);
  if (at->place > 0) {
    mp_buffer_addf(path, "[%lld]", (long long)at->place);
  } else if (at->key != 0) {
    add_key(L, at->key, path);
  }
}

bool mpb_yaml_fail_at(lua_State *L, mp_error **error, const mpb_yaml_frame *up) {
  if (error == NULL || *error == NULL || mp_error_get(*error, MP_ERROR_PATH) != NULL) return false;
  mp_buffer path;
  mp_buffer_init(&path, 2000); /* of a deep place only the beginning is said: what does not fit is left out */
  add_path(L, up, &path);
  path.failed = false;
  if (path.size > 0 && mp_buffer_text(&path) != NULL) mp_error_put(*error, MP_ERROR_PATH, path.data);
  mp_buffer_finish(&path);
  return false;
}
