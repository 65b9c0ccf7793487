/* Interactive mode: reads a statement or an expression, over as many lines as it needs, runs it, prints its values. */
#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

static const char chunk_name[] = "=stdin";

/* Pushes the prompt: the global `name` as a string, if there is one. */
static const char *push_prompt(lua_State *L, const char *name, const char *otherwise) {
  if (lua_getglobal(L, name) == LUA_TNIL) return lua_pushstring(L, otherwise);
  return luaL_tolstring(L, -1, NULL);
}

/* Pushes one line of input. Returns false, with nothing pushed, at the end of input. */
static bool push_line(lua_State *L, mpb_editor *editor, bool first) {
  const int top = lua_gettop(L);
  const char *prompt = first ? push_prompt(L, "_PROMPT", "> ") : push_prompt(L, "_PROMPT2", ">> ");
  char *line = mpb_editor_line(editor, prompt);
  lua_settop(L, top);
  if (line == NULL) return false;
  lua_pushstring(L, line);
  free(line);
  return true;
}

static int load(lua_State *L, int text) {
  size_t length;
  const char *bytes = lua_tolstring(L, text, &length);
  return luaL_loadbuffer(L, bytes, length, chunk_name);
}

/* Loads the line at `text` as the values of a `return`, with or without the old "=" in front. */
static bool load_expression(lua_State *L, int text) {
  const char *line = lua_tostring(L, text);
  lua_pushfstring(L, "return %s", line[0] == '=' ? line + 1 : line);
  const bool is_expression = load(L, lua_gettop(L)) == LUA_OK;
  if (is_expression)
    lua_remove(L, -2);
  else
    lua_pop(L, 2);
  return is_expression;
}

/* The compiler says where it stopped; at the end of the text, more text may help. */
static bool wants_more(lua_State *L, int status) {
  static const char mark[] = "<eof>";
  size_t length;
  if (status != LUA_ERRSYNTAX) return false;
  const char *message = lua_tolstring(L, -1, &length);
  return length >= sizeof mark - 1 && strcmp(message + length - (sizeof mark - 1), mark) == 0;
}

/* Loads the statement that begins with the line at `text`, reading on while it is incomplete. */
static int load_statement(lua_State *L, mpb_editor *editor, int text) {
  for (;;) {
    const int status = load(L, text);
    if (!wants_more(L, status) || !push_line(L, editor, false)) return status;
    lua_remove(L, -2); /* the message */
    lua_pushliteral(L, "\n");
    lua_insert(L, -2);
    lua_pushvalue(L, text);
    lua_insert(L, -3);
    lua_concat(L, 3);
    lua_replace(L, text);
  }
}

/* Leaves the function, or a message, as the only value. Returns false at the end of input. */
static bool read_chunk(lua_State *L, mpb_editor *editor, int *status) {
  lua_settop(L, 0);
  if (!push_line(L, editor, true)) return false;
  *status = load_expression(L, 1) ? LUA_OK : load_statement(L, editor, 1);
  lua_remove(L, 1);
  return true;
}

/* Prints what is on the stack with the global `print`. */
static void print_values(lua_State *L) {
  const int count = lua_gettop(L);
  if (count == 0) return;
  luaL_checkstack(L, LUA_MINSTACK, "too many results to print");
  lua_getglobal(L, "print");
  lua_insert(L, 1);
  if (lua_pcall(L, count, 0, 0) != LUA_OK) {
    lua_pushfstring(L, "error calling 'print' (%s)", lua_tostring(L, -1));
    mpb_report(L, NULL, LUA_ERRRUN);
  }
}

void mpb_repl(lua_State *L) {
  mpb_editor *editor = mpb_editor_open();
  int status;
  if (editor == NULL) {
    luaL_error(L, "not enough memory");
    return;
  }
  while (read_chunk(L, editor, &status)) {
    if (status == LUA_OK) status = mpb_call(L, 0, LUA_MULTRET);
    if (mpb_report(L, NULL, status)) print_values(L);
  }
  lua_settop(L, 0);
  mpb_editor_close(editor);
  putchar('\n');
  fflush(stdout);
}
