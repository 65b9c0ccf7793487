/* moonpool: an interpreter that stands in for lua5.4, with a database in it. It loads the module moonpool.so only when
 * a script requires it, so that a script without a database starts as fast as in lua5.4. */
#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

typedef struct invocation {
  const char *program; /* argv[0] */
  int argc;
  char **argv;
  mpb_options options;
  int exit_code;
} invocation;

/* The global `arg`: the script is number 0, its arguments follow, all that stood before it counts down. */
static void set_arg(lua_State *L, const invocation *call) {
  const int script = call->options.script == call->argc ? 0 : call->options.script;
  lua_createtable(L, call->argc - script - 1, script + 1);
  for (int i = 0; i < call->argc; i++) {
    lua_pushstring(L, call->argv[i]);
    lua_rawseti(L, -2, i - script);
  }
  lua_setglobal(L, "arg");
}

static void print_version(void) {
  puts(LUA_COPYRIGHT);
  fflush(stdout);
}

static int print_own_version(void) {
  puts("Moonpool " MP_VERSION " (" LUA_RELEASE ")");
  return EXIT_SUCCESS;
}

static int print_help(lua_State *L, const char *program) {
  mpb_options_usage(stdout, program);
  return mpb_verb_help(L, program);
}

static bool run_environment(lua_State *L, const char *program) {
  const char *name = "LUA_INIT" LUA_VERSUFFIX;
  const char *code = getenv(name);
  if (code == NULL) {
    name = "LUA_INIT";
    code = getenv(name);
  }
  if (code == NULL) return true;
  int status;
  if (code[0] == '@')
    status = luaL_loadfile(L, code + 1);
  else
    status = luaL_loadbuffer(L, code, strlen(code), lua_pushfstring(L, "=%s", name));
  if (status == LUA_OK) status = mpb_call(L, 0, 0);
  const bool done = mpb_report(L, program, status);
  lua_settop(L, 0);
  return done;
}

/* Pushes the script's arguments, as the table `arg` has them by now. Returns their number. */
static int push_arguments(lua_State *L) {
  if (lua_getglobal(L, "arg") != LUA_TTABLE) luaL_error(L, "'arg' is not a table");
  const int count = (int)luaL_len(L, -1);
  luaL_checkstack(L, count + 3, "too many arguments to script");
  for (int i = 1; i <= count; i++)
    lua_rawgeti(L, -i, i);
  lua_remove(L, -count - 1);
  return count;
}

/* file: NULL means standard input. */
static bool run_file(lua_State *L, const char *program, const char *file, bool with_arguments) {
  int status = luaL_loadfile(L, file);
  if (status == LUA_OK) status = mpb_call(L, with_arguments ? push_arguments(L) : 0, 0);
  return mpb_report(L, program, status);
}

/* After the options: the script, then or instead the interactive mode, or standard input when nothing else is there. */
static bool run_rest(lua_State *L, const invocation *call) {
  const mpb_options *options = &call->options;
  const bool has_script = options->script < call->argc;
  if (has_script) {
    const char *file = options->standard_input ? NULL : call->argv[options->script];
    if (!run_file(L, call->program, file, true)) return false;
  }
  const bool has_nothing = !has_script && !options->statement && !options->version;
  if (options->interactive || (has_nothing && isatty(STDIN_FILENO))) {
    if (!options->version) print_version();
    mpb_repl(L);
    return true;
  }
  return !has_nothing || run_file(L, call->program, NULL, false);
}

static int run_as_lua(lua_State *L, const invocation *call) {
  const mpb_options *options = &call->options;
  if (options->version) print_version();
  const bool done = (options->bare || run_environment(L, call->program)) &&
                    mpb_options_run(L, call->program, options, call->argv) && run_rest(L, call);
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void open_libraries(lua_State *L, const invocation *call) {
  if (call->options.bare) {
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV"); /* package looks at it */
  }
  luaL_openlibs(L);
  mpb_locate_open(L);
  mpb_call_open(L);
  set_arg(L, call);
}

/* Runs protected, with the invocation as a light userdata. */
static int l_run(lua_State *L) {
  invocation *call = lua_touserdata(L, 1);
  lua_settop(L, 0);
  luaL_checkversion(L);
  lua_gc(L, LUA_GCSTOP);
  open_libraries(L, call);
  lua_gc(L, LUA_GCRESTART);
  lua_gc(L, LUA_GCGEN, 0, 0);
  switch (call->options.action) {
  case MPB_RUN: call->exit_code = run_as_lua(L, call); break;
  case MPB_VERB: call->exit_code = mpb_verb_run(L, call->program, call->argc, call->argv); break;
  case MPB_HELP: call->exit_code = print_help(L, call->program); break;
  case MPB_VERSION: call->exit_code = print_own_version(); break;
  }
  return 0;
}

static void interpret(invocation *call) {
  mpb_heap *heap = mpb_heap_create();
  lua_State *L = heap != NULL ? mpb_state_open(heap) : NULL;
  if (L == NULL) {
    fprintf(stderr, "%s: cannot create state: not enough memory\n", call->program);
    goto done;
  }
  lua_pushcfunction(L, l_run);
  lua_pushlightuserdata(L, call);
  if (!mpb_report(L, call->program, lua_pcall(L, 1, 0, 0))) call->exit_code = EXIT_FAILURE;
  lua_close(L);
done:
  mpb_heap_destroy(heap);
}

int main(int argc, char **argv) {
  invocation call = {.program = "moonpool", .argc = argc, .argv = argv, .exit_code = EXIT_FAILURE};
  if (argc > 0 && argv[0][0] != '\0') call.program = argv[0];
  const int wrong = mpb_options_read(&call.options, argc, argv);
  if (wrong != 0)
    mpb_options_explain(call.program, argv[wrong]);
  else
    interpret(&call);
  return call.exit_code;
}
