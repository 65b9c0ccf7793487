/* A Lua state for a host: made, asked to run something, closed. */
#include "host_state.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "host_value.h"
#include "main.h"

enum { PLACE_SIZE = LUA_IDSIZE + 16 };

struct mpb_host_state {
  mpb_heap *heap;
  lua_State *L;
  mpb_core_pool *pool;
  mp_error *raised;       /* what the message handler saw last; owned      */
  mp_error *refused;      /* why a call was given up without raising; owned */
  char chunk[LUA_IDSIZE]; /* how Lua's messages call what is being loaded */
};

/* What is on the stack between two calls: the message handler, then the results of the last one, which the host may
 * still read, and may give to the next one. */
enum { HANDLER_INDEX = 1, FIRST_RESULT = 2 };

/* ---- errors ---- */

/* Is the text "<source>:<line>: ..."? Returns the length of the place, or 0. */
static size_t match_place(const char *text, const char *source) {
  const size_t length = strlen(source);
  if (length == 0 || strncmp(text, source, length) != 0 || text[length] != ':') return 0;
  size_t end = length + 1;
  while (isdigit((unsigned char)text[end]))
    end++;
  return end > length + 1 && strncmp(text + end, ": ", 2) == 0 ? end : 0;
}

/* The length of the place that Lua has put in front of a message: of a function that runs, or of what is loaded. */
static size_t find_place(lua_State *L, const mpb_host_state *state, const char *message) {
  size_t length = match_place(message, state->chunk);
  lua_Debug frame;
  for (int level = 0; length == 0 && lua_getstack(L, level, &frame); level++) {
    if (lua_getinfo(L, "S", &frame) != 0) length = match_place(message, frame.short_src);
  }
  return length;
}

/* Pushes the calls that led here, a line each, without the heading and without the host's own at the end; NULL when
 * there are none. */
static const char *push_calls(lua_State *L) {
  luaL_traceback(L, L, NULL, 1);
  const char *calls = strstr(lua_tostring(L, -1), "\n\t");
  const char *last = calls == NULL ? NULL : strrchr(calls, '\n');
  if (last == NULL || last == calls) return NULL;
  return lua_pushlstring(L, calls + 2, (size_t)(last - calls - 2));
}

/* Lua's library and our bindings raise it as a text where they cannot do otherwise. */
static bool is_about_memory(const char *message) {
  return strcmp(message, "not enough memory") == 0 || strcmp(message, "out of memory") == 0;
}

static void note_message(lua_State *L, mpb_host_state *state, const char *message) {
  char where[PLACE_SIZE];
  const size_t length = find_place(L, state, message);
  if (length > 0 && length < sizeof where) {
    memcpy(where, message, length);
    where[length] = '\0';
    message += length + 2;
  } else {
    mpb_core_where(L, where, sizeof where);
  }
  if (is_about_memory(message)) {
    mpb_core_fail_memory(&state->raised);
  } else {
    mpb_core_fail_script(&state->raised, where, message, push_calls(L));
  }
}

static void note_error(lua_State *L, mpb_host_state *state) {
  if (mpb_core_error_of(L, 1, &state->raised)) return;
  const char *message = lua_tostring(L, 1);
  if (message == NULL && luaL_callmeta(L, 1, "__tostring")) message = lua_tostring(L, -1);
  if (message == NULL) message = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
  note_message(L, state, message);
}

/* The message handler: makes an error of whatever was raised, where it was raised. Lua calls it for some errors that it
 * catches itself, too (in load), so the value stays what it is. Upvalues: the module's runtime, the state. */
static int on_error(lua_State *L) {
  note_error(L, lua_touserdata(L, lua_upvalueindex(2)));
  lua_settop(L, 1);
  return 1;
}

/* Gives the host the error, if there is one, and forgets the other. Returns whether there is none. */
static bool settle(mpb_host_state *state, mp_error *found, mp_error **error) {
  mp_error *other = found == state->raised ? state->refused : state->raised;
  mpb_core_error_free(other);
  state->raised = state->refused = NULL;
  if (found == NULL) return true;
  mpb_core_error_move(error, found);
  return false;
}

/* Calls the function, protected, with the last call's results, which the request may borrow from, and the request on
 * top. It may refuse by setting state->refused. Its results are then on the stack, from FIRST_RESULT on. */
static bool run_protected(mpb_host_state *state, lua_CFunction function, void *request, mp_error **error) {
  lua_State *L = state->L;
  const int last_results = lua_gettop(L) - HANDLER_INDEX;
  if (!lua_checkstack(L, 2)) return mpb_core_fail_memory(error);
  state->chunk[0] = '\0';
  lua_pushcfunction(L, function);
  lua_insert(L, FIRST_RESULT);
  lua_pushlightuserdata(L, request);
  const int status = lua_pcall(L, last_results + 1, LUA_MULTRET, HANDLER_INDEX);
  if (status == LUA_OK) return settle(state, state->refused, error);
  if (status == LUA_ERRMEM) mpb_core_fail_memory(&state->raised);
  if (state->raised == NULL) {
    mpb_core_fail_script(&state->raised, "", "an error was raised whose text cannot be made", NULL);
  }
  return settle(state, state->raised, error);
}

/* ---- life ---- */

/* os.exit would end the host. */
static int l_exit(lua_State *L) {
  return mpb_core_raise_usage(L, "return from the script, or raise an error",
                              "os.exit would end the program that runs this script");
}

static void replace_exit(lua_State *L, int runtime) {
  lua_getglobal(L, LUA_OSLIBNAME);
  lua_pushvalue(L, runtime);
  lua_pushcclosure(L, l_exit, 1);
  lua_setfield(L, -2, "exit");
  lua_pop(L, 1);
}

/* Returns the message handler. */
static int l_open(lua_State *L) {
  mpb_host_state *state = lua_touserdata(L, 1);
  luaL_checkversion(L);
  lua_gc(L, LUA_GCSTOP);
  luaL_openlibs(L);
  mpb_core_open(L, state->pool);
  replace_exit(L, lua_gettop(L));
  lua_pushlightuserdata(L, state);
  lua_pushcclosure(L, on_error, 2);
  lua_gc(L, LUA_GCRESTART);
  lua_gc(L, LUA_GCGEN, 0, 0);
  return 1;
}

static bool open_state(mpb_host_state *state, mp_error **error) {
  state->heap = mpb_heap_create();
  if (state->heap != NULL) state->L = mpb_state_open(state->heap);
  if (state->L == NULL) return mpb_core_fail_memory(error);
  lua_pushcfunction(state->L, l_open);
  lua_pushlightuserdata(state->L, state);
  const int status = lua_pcall(state->L, 1, 1, 0);
  if (status == LUA_OK) return true;
  const char *message = lua_type(state->L, -1) == LUA_TSTRING ? lua_tostring(state->L, -1) : "Lua cannot be opened";
  if (status == LUA_ERRMEM || is_about_memory(message)) return mpb_core_fail_memory(error);
  return mpb_core_fail_usage(error, NULL, "%s", message);
}

mpb_host_state *mpb_host_state_open(mpb_core_pool *pool, mp_error **error) {
  mpb_host_state *state = calloc(1, sizeof *state);
  if (state == NULL) {
    mpb_core_fail_memory(error);
    return NULL;
  }
  state->pool = mpb_core_pool_retain(pool);
  if (open_state(state, error)) return state;
  mpb_host_state_close(state);
  return NULL;
}

void mpb_host_state_close(mpb_host_state *state) {
  if (state->L != NULL) lua_close(state->L);
  mpb_heap_destroy(state->heap);
  mpb_core_pool_release(state->pool);
  free(state);
}

/* ---- scripts ---- */

typedef struct run_request {
  mpb_host_state *state;
  const char *path; /* or NULL, and these: */
  const char *text;
  size_t size;
  const char *name;
} run_request;

/* A chunk that does not compile has no frame which would tell how Lua calls it. */
static void note_chunk(lua_State *L, mpb_host_state *state, const char *name) {
  lua_Debug chunk;
  if (luaL_loadbufferx(L, "", 0, name, "t") != LUA_OK) lua_error(L);
  lua_getinfo(L, ">S", &chunk);
  memcpy(state->chunk, chunk.short_src, sizeof state->chunk);
}

/* Passes over what Lua does not read at the head of a file either: a byte order mark, and a first line that begins with
 * "#". Its end stays, so that lines keep their numbers. */
static void skip_head(run_request *request) {
  static const char mark[] = "\xEF\xBB\xBF";
  const size_t mark_size = sizeof mark - 1;
  if (request->size >= mark_size && memcmp(request->text, mark, mark_size) == 0) {
    request->text += mark_size;
    request->size -= mark_size;
  }
  if (request->size == 0 || request->text[0] != '#') return;
  while (request->size > 0 && request->text[0] != '\n') {
    request->text++;
    request->size--;
  }
}

static int load(lua_State *L, run_request *request) {
  if (request->path == NULL) {
    const char *name = lua_pushfstring(L, "=%s", request->name);
    note_chunk(L, request->state, name);
    skip_head(request);
    return luaL_loadbufferx(L, request->text, request->size, name, "t");
  }
  note_chunk(L, request->state, lua_pushfstring(L, "@%s", request->path));
  return luaL_loadfilex(L, request->path, "t");
}

/* Lua's own words, which have no place in front, so no script's can be mistaken for them. */
static bool is_compiled(int status, const char *message) {
  return status == LUA_ERRSYNTAX && strcmp(message, "attempt to load a binary chunk (mode is 't')") == 0;
}

static int l_run(lua_State *L) {
  run_request *request = lua_touserdata(L, -1);
  mp_error **refused = &request->state->refused;
  const int status = load(L, request);
  if (status == LUA_ERRFILE) {
    mpb_core_fail_usage(refused, NULL, "%s", lua_tostring(L, -1));
    return 0;
  }
  if (is_compiled(status, lua_tostring(L, -1))) {
    mpb_core_fail_usage(refused, "run the source: a compiled script could crash the program",
                        "%s is compiled Lua; expected a text", request->state->chunk);
    return 0;
  }
  if (status != LUA_OK) return lua_error(L);
  lua_insert(L, 1);
  lua_settop(L, 1); /* nothing borrows from the last results any more */
  lua_call(L, 0, 0);
  return 0;
}

bool mpb_host_run_file(mpb_host_state *state, const char *path, mp_error **error) {
  if (path == NULL || path[0] == '\0') {
    return mpb_core_fail_usage(error, NULL, "the path is %s; expected that of a Lua file",
                               path == NULL ? "NULL" : "empty");
  }
  run_request request = {.state = state, .path = path};
  return run_protected(state, l_run, &request, error);
}

bool mpb_host_run_string(mpb_host_state *state, const char *text, size_t size, const char *name, mp_error **error) {
  if (text == NULL) return mpb_core_fail_usage(error, NULL, "the script is NULL; expected a text");
  run_request request = {.state = state, .text = text, .size = size, .name = name};
  if (name == NULL || name[0] == '\0') request.name = "(string)";
  return run_protected(state, l_run, &request, error);
}

/* ---- calls ---- */

typedef struct call_request {
  mpb_host_state *state;
  const char *function;
  const mp_value *arguments;
  size_t argument_count, result_count;
} call_request;

/* The name so far, up to `end`, is nothing that could be called, or looked into. */
static bool refuse_name(lua_State *L, const call_request *request, size_t end, const char *expected) {
  mp_error **error = &request->state->refused;
  const char *name = request->function;
  if (lua_isnil(L, -1)) {
    return mpb_core_fail_usage(error, "a script makes it: function name() ... end, without local",
                               "there is no function \"%s\": %.*s is nil", name, (int)end, name);
  }
  return mpb_core_fail_usage(error, NULL, "there is no function \"%s\": %.*s is a %s; expected a %s", name, (int)end,
                             name, mpb_core_type_name(L, -1), expected);
}

/* Pushes what the name says: a global, or what is in one. */
static bool push_function(lua_State *L, const call_request *request) {
  const char *name = request->function;
  size_t start = 0;
  lua_pushglobaltable(L);
  for (;;) {
    const size_t end = start + strcspn(name + start, ".");
    if (end == start) {
      return mpb_core_fail_usage(&request->state->refused, NULL,
                                 "the function's name is \"%s\"; expected a name, or names with a dot between", name);
    }
    lua_pushlstring(L, name + start, end - start);
    lua_gettable(L, -2);
    lua_remove(L, -2);
    if (name[end] == '\0') return lua_isfunction(L, -1) || refuse_name(L, request, end, "function");
    if (!lua_istable(L, -1)) return refuse_name(L, request, end, "table");
    start = end + 1;
  }
}

static bool push_arguments(lua_State *L, const call_request *request) {
  luaL_checkstack(L, (int)request->argument_count, "too many arguments");
  for (size_t i = 0; i < request->argument_count; i++) {
    if (!mpb_push_host_value(L, &request->arguments[i], i + 1, &request->state->refused)) return false;
  }
  return true;
}

/* Of the results, which are on top of the stack. */
static bool check_results(lua_State *L, const call_request *request) {
  const int below = lua_gettop(L) - (int)request->result_count;
  for (int i = 1; i <= (int)request->result_count; i++) {
    if (mpb_is_host_value(L, below + i)) continue;
    return mpb_core_fail_usage(
        &request->state->refused, "return what can: tostring(value), or its fields one by one",
        "result %d of %s is a %s, which cannot leave Lua; expected nil, a boolean, a number or a "
        "string",
        i, request->function, mpb_core_type_name(L, below + i));
  }
  return true;
}

/* Lets go of the `count` values at the bottom of the stack. */
static void drop_bottom(lua_State *L, int count) {
  const int kept = lua_gettop(L) - count;
  lua_rotate(L, 1, kept);
  lua_settop(L, kept);
}

static int l_call(lua_State *L) {
  call_request *request = lua_touserdata(L, -1);
  const int given = lua_gettop(L);
  request->function = lua_pushstring(L, request->function); /* errors call it so after the call, too */
  if (!push_function(L, request) || !push_arguments(L, request)) return 0;
  drop_bottom(L, given); /* nothing borrows from the last results any more */
  luaL_checkstack(L, (int)request->result_count, "too many results");
  lua_call(L, (int)request->argument_count, (int)request->result_count);
  return check_results(L, request) ? (int)request->result_count : 0;
}

static bool check_call(const call_request *request, const mp_value *results, mp_error **error) {
  const size_t arguments = request->argument_count, wanted = request->result_count;
  if (request->function == NULL) return mpb_core_fail_usage(error, NULL, "the function's name is NULL");
  if (arguments > LUAI_MAXSTACK || wanted > LUAI_MAXSTACK) {
    return mpb_core_fail_usage(error, NULL, "%zu arguments and %zu results are more than a call can have", arguments,
                               wanted);
  }
  if (request->arguments == NULL && arguments > 0) {
    return mpb_core_fail_usage(error, NULL, "the arguments are NULL; expected %zu", arguments);
  }
  if (results == NULL && wanted > 0) {
    return mpb_core_fail_usage(error, NULL, "the results are NULL; expected room for %zu", wanted);
  }
  return true;
}

bool mpb_host_call(mpb_host_state *state, const char *function, const mp_value *arguments, size_t argument_count,
                   mp_value *results, size_t result_count, mp_error **error) {
  call_request request = {state, function, arguments, argument_count, result_count};
  if (!check_call(&request, results, error) || !run_protected(state, l_call, &request, error)) return false;
  for (size_t i = 0; i < result_count; i++)
    results[i] = mpb_host_value_at(state->L, FIRST_RESULT + (int)i);
  return true;
}
