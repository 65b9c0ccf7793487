/* Protected calls of the interpreter: the traceback of an error, its message, and Ctrl-C.
 *
 * A signal handler reaches nothing but file-scope data, so here is the one such variable of the program: the state that
 * runs, and the coroutine in it that a scheduler has noted. */
#include "main.h"

#include <signal.h>
#include <stdio.h>

#include <lauxlib.h>

static struct {
  lua_State *main;             /* set before the handler is */
  lua_State *volatile running; /* a task's coroutine       */
} interruptible;

static void hook(lua_State *L, lua_Hook function) {
  const int events = function == NULL ? 0 : LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;
  lua_sethook(L, function, events, 1);
}

static void raise_interrupted(lua_State *L, lua_Debug *where) {
  (void)where;
  hook(interruptible.main, NULL);
  hook(L, NULL);
  luaL_error(L, "interrupted!");
}

/* lua_sethook is the one function of Lua's API that may be called from a signal handler. A hook belongs to one
 * coroutine: the main one has it too, since who waits looks there for the interruption. */
static void on_interrupt(int signal_number) {
  (void)signal_number;
  lua_State *running = interruptible.running;
  hook(interruptible.main, raise_interrupted);
  if (running != NULL) hook(running, raise_interrupted);
}

/* An error value that is not a string speaks for itself if it can; only strings get a traceback. */
static int add_traceback(lua_State *L) {
  const char *message = lua_tostring(L, 1);
  if (message == NULL) {
    if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING) return 1;
    message = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
  }
  luaL_traceback(L, L, message, 1);
  return 1;
}

int mpb_call(lua_State *L, int arguments, int results) {
  const int handler = lua_gettop(L) - arguments;
  lua_pushcfunction(L, add_traceback);
  lua_insert(L, handler);
  /* Without SA_RESTART a script that waits in a system call hears of it; the second signal finds the default. */
  const struct sigaction once = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
  struct sigaction before;
  interruptible.main = L;
  sigaction(SIGINT, &once, &before);
  const int status = lua_pcall(L, arguments, results, handler);
  sigaction(SIGINT, &before, NULL);
  lua_remove(L, handler);
  return status;
}

bool mpb_report(lua_State *L, const char *program, int status) {
  if (status == LUA_OK) return true;
  const char *message = lua_tostring(L, -1);
  if (program != NULL) fprintf(stderr, "%s: ", program);
  fprintf(stderr, "%s\n", message != NULL ? message : "(error message is not a string)");
  fflush(stderr);
  lua_pop(L, 1);
  return false;
}

void mpb_call_open(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&interruptible.running);
  lua_setfield(L, LUA_REGISTRYINDEX, MPB_RUNNING);
}
