/* A new Lua state on our heap, with what luaL_newstate adds to lua_newstate: warnings, and last words on a panic. */
#include "main.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

static int on_panic(lua_State *L) {
  const char *message = lua_tostring(L, -1);
  fprintf(stderr, "PANIC: unprotected error in call to Lua API (%s)\n",
          message != NULL ? message : "error object is not a string");
  fflush(stderr);
  return 0; /* Lua aborts */
}

/* Each of these is the state's warning function for a while, and sets the next one. */
static void on_warning_off(void *state, const char *text, int to_be_continued);
static void on_warning_start(void *state, const char *text, int to_be_continued);

/* A message of one piece that starts with "@" is a control message. */
static bool obey_control(lua_State *L, const char *text, int to_be_continued) {
  if (to_be_continued || text[0] != '@') return false;
  if (strcmp(text, "@off") == 0)
    lua_setwarnf(L, on_warning_off, L);
  else if (strcmp(text, "@on") == 0)
    lua_setwarnf(L, on_warning_start, L);
  return true;
}

static void on_warning_more(void *state, const char *text, int to_be_continued) {
  fputs(text, stderr);
  if (!to_be_continued) fputc('\n', stderr);
  fflush(stderr);
  lua_setwarnf(state, to_be_continued ? on_warning_more : on_warning_start, state);
}

static void on_warning_start(void *state, const char *text, int to_be_continued) {
  if (obey_control(state, text, to_be_continued)) return;
  fputs("Lua warning: ", stderr);
  on_warning_more(state, text, to_be_continued);
}

static void on_warning_off(void *state, const char *text, int to_be_continued) {
  obey_control(state, text, to_be_continued);
}

lua_State *mpb_state_open(mpb_heap *heap) {
  lua_State *L = lua_newstate(mpb_heap_allocate, heap);
  if (L == NULL) return NULL;
  lua_atpanic(L, on_panic);
  lua_setwarnf(L, on_warning_off, L);
  return L;
}
