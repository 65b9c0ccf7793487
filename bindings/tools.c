/* The lexer, checksums, folders and programs, for Lua. */
#include "tools.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "error.h"
#include "settings/settings.h"
#include "sql/sql.h"

static const char *check_text(lua_State *L, int index, const char *name, size_t *size) {
  if (lua_type(L, index) != LUA_TSTRING) mpb_bad_argument(L, index, name, "a string");
  return lua_tolstring(L, index, size);
}

static const char *check_path(lua_State *L, int index) {
  size_t size;
  const char *path = check_text(L, index, "the path", &size);
  if (strlen(path) != size || size == 0) mpb_usage(L, NULL, "the path is empty or has a NUL byte");
  return path;
}

/* ---- sql ---- */

static lua_Integer count_lines(const char *from, const char *to) {
  lua_Integer lines = 0;
  for (; from < to; from++)
    lines += *from == '\n';
  return lines;
}

/* sql_statements(text) -> { { text =, start = (byte offset, from 1), line = }, ... } */
static int l_sql_statements(lua_State *L) {
  size_t size, at = 0, start, end, counted = 0;
  const char *text = check_text(L, 1, "the script", &size);
  lua_Integer line = 1, number = 0;
  lua_newtable(L);
  while (mp_sql_next(text, size, &at, &start, &end)) {
    line += count_lines(text + counted, text + start);
    counted = start;
    lua_createtable(L, 0, 3);
    lua_pushlstring(L, text + start, end - start);
    lua_setfield(L, -2, "text");
    lua_pushinteger(L, (lua_Integer)start + 1);
    lua_setfield(L, -2, "start");
    lua_pushinteger(L, line);
    lua_setfield(L, -2, "line");
    lua_rawseti(L, -2, ++number);
  }
  return 1;
}

/* sql_pieces(text) -> { "text", { "name" }, "text", ... }: cut at each $name. */
static int l_sql_pieces(lua_State *L) {
  size_t size, at = 0, start, end, copied = 0;
  const char *text = check_text(L, 1, "the fragment", &size);
  if (!mp_sql_check_part(text, size, mpb_error_slot(L))) return mpb_raise(L);
  lua_Integer number = 0;
  lua_newtable(L);
  while (mp_sql_next_name(text, size, &at, &start, &end)) {
    lua_pushlstring(L, text + copied, start - copied);
    lua_rawseti(L, -2, ++number);
    lua_createtable(L, 1, 0);
    lua_pushlstring(L, text + start + 1, end - start - 1);
    lua_rawseti(L, -2, 1);
    lua_rawseti(L, -2, ++number);
    copied = end;
  }
  lua_pushlstring(L, text + copied, size - copied);
  lua_rawseti(L, -2, ++number);
  return 1;
}

/* where() -> "script.lua:7", the line of the user's that is running; or nil. */
static int l_where(lua_State *L) {
  char where[LUA_IDSIZE + 16];
  mpb_where(L, where, sizeof where);
  if (where[0] == '\0') return 0;
  lua_pushstring(L, where);
  return 1;
}

/* sql_reads(text) -> whether a cursor can run the statement. */
static int l_sql_reads(lua_State *L) {
  size_t size;
  const char *text = check_text(L, 1, "the statement", &size);
  mp_sql sql = {0};
  bool reads = mp_sql_look(text, size, &sql, NULL) && sql.reads; /* what is wrong with it, is said by who runs it */
  mp_sql_finish(&sql);
  lua_pushboolean(L, reads);
  return 1;
}

/* quote_identifier(name) -> "name" */
static int l_quote_identifier(lua_State *L) {
  size_t size;
  const char *name = check_text(L, 1, "the identifier", &size);
  if (strlen(name) != size || size == 0) return mpb_usage(L, NULL, "an identifier is empty or has a NUL byte");
  luaL_Buffer buffer;
  char *to = luaL_buffinitsize(L, &buffer, 2 * size + 3);
  mp_sql_quote_identifier(name, to);
  luaL_pushresultsize(&buffer, strlen(to));
  return 1;
}

/* ---- checksums ---- */

/* checksum(text) -> SHA-256 in hexadecimal. */
static int l_checksum(lua_State *L) {
  size_t size;
  const char *text = check_text(L, 1, "the text", &size);
  unsigned char hash[crypto_hash_sha256_BYTES];
  char hex[crypto_hash_sha256_BYTES * 2 + 1];
  crypto_hash_sha256(hash, (const unsigned char *)text, size);
  lua_pushstring(L, sodium_bin2hex(hex, sizeof hex, hash, sizeof hash));
  return 1;
}

/* ---- folders ---- */

static int fail_with_errno(lua_State *L, const char *what, const char *path) {
  int code = errno;
  lua_pushnil(L);
  lua_pushfstring(L, "%s %s: %s", what, path, strerror(code));
  return 2;
}

static const char folder_type[] = "moonpool.folder";

static int folder_gc(lua_State *L) {
  DIR **box = lua_touserdata(L, 1);
  if (*box != NULL) closedir(*box);
  *box = NULL;
  return 0;
}

/* list_folder(path) -> the names in it, without "." and ".."; or nil and why not. */
static int l_list_folder(lua_State *L) {
  const char *path = check_path(L, 1);
  DIR **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  mpb_set_metatable(L, folder_type);
  *box = opendir(path);
  if (*box == NULL) return fail_with_errno(L, "cannot read the folder", path);
  lua_newtable(L);
  lua_Integer number = 0;
  for (struct dirent *entry; (entry = readdir(*box)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    lua_pushstring(L, entry->d_name);
    lua_rawseti(L, -2, ++number);
  }
  closedir(*box);
  *box = NULL;
  return 1;
}

/* make_folder(path) -> true; or nil and why not. */
static int l_make_folder(lua_State *L) {
  const char *path = check_path(L, 1);
  if (mkdir(path, 0777) != 0) return fail_with_errno(L, "cannot make the folder", path);
  lua_pushboolean(L, 1);
  return 1;
}

/* ---- names and programs ---- */

/* nearest_name(name, names) -> the most similar one, or nil. */
static int l_nearest_name(lua_State *L) {
  size_t size;
  const char *name = check_text(L, 1, "the name", &size);
  luaL_checktype(L, 2, LUA_TTABLE);
  size_t count = lua_rawlen(L, 2);
  const char **names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 2, (lua_Integer)i + 1);
    names[i] = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : ""; /* the table keeps them */
    lua_pop(L, 1);
  }
  const char *nearest = mp_nearest_name(name, names, count);
  if (nearest == NULL) return 0;
  lua_pushstring(L, nearest);
  return 1;
}

static void set_variables(lua_State *L, int index) {
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    luaL_checktype(L, -2, LUA_TSTRING);
    if (setenv(lua_tostring(L, -2), luaL_checkstring(L, -1), 1) != 0) luaL_error(L, "out of memory");
    lua_pop(L, 1);
  }
}

/* exec(program, arguments, variables) replaces this process by the program, found in PATH, with these environment
 * variables besides its own. Returns only nil and why not. */
static int l_exec(lua_State *L) {
  const char *program = check_path(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TTABLE);
  set_variables(L, 3);
  size_t count = lua_rawlen(L, 2);
  char **arguments = lua_newuserdatauv(L, (count + 2) * sizeof *arguments, 0);
  mpb_need_stack(L, (int)count + 4);
  arguments[0] = (char *)(uintptr_t)program;
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 2, (lua_Integer)i + 1);
    arguments[i + 1] = (char *)(uintptr_t)luaL_checkstring(L, -1);
  }
  arguments[count + 1] = NULL;
  execvp(program, arguments);
  return fail_with_errno(L, "cannot run", program);
}

/* is_terminal(number) -> whether the standard stream is one. */
static int l_is_terminal(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)) == 1);
  return 1;
}

/* clock() -> seconds of a clock that never jumps. */
static int l_clock(lua_State *L) {
  lua_pushnumber(L, (double)mp_clock_now() / (double)MP_SECOND);
  return 1;
}

void mpb_open_tools(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg metamethods[] = {{"__gc", folder_gc}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"sql_statements", l_sql_statements},
                                       {"sql_pieces", l_sql_pieces},
                                       {"where", l_where},
                                       {"sql_reads", l_sql_reads},
                                       {"quote_identifier", l_quote_identifier},
                                       {"checksum", l_checksum},
                                       {"list_folder", l_list_folder},
                                       {"make_folder", l_make_folder},
                                       {"nearest_name", l_nearest_name},
                                       {"exec", l_exec},
                                       {"is_terminal", l_is_terminal},
                                       {"clock", l_clock},
                                       {NULL, NULL}};
  mpb_new_metatable(L, runtime, folder_type, metamethods, NULL);
  lua_pop(L, 1);
  mpb_set_functions(L, runtime, functions);
}
