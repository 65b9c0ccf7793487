/* Opening a pool for a script: settings from the environment and from a table, and the private server where no other is
 * named. */
#include "connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "database.h"
#include "error.h"
#include "local/cluster.h"
#include "pool.h"
#include "scheduler.h"

static const char settings_type[] = "moonpool.settings";

static int settings_gc(lua_State *L) {
  mp_settings **box = lua_touserdata(L, 1);
  mp_settings_destroy(*box);
  *box = NULL;
  return 0;
}

/* ---- options ---- */

static bool names_server(const char *option) {
  static const char *const names[] = {"url", "host", "hostaddr", "port", "dbname", "database", "user", "service"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(names[i], option) == 0) return true;
  }
  return false;
}

static const char *option_name(lua_State *L, int index) {
  if (lua_type(L, index) == LUA_TSTRING) return lua_tostring(L, index);
  mpb_usage(L, "write { host = \"...\", database = \"...\" }", "the options of connect have a key that is a %s",
            luaL_typename(L, index));
  return NULL;
}

static bool has_server_option(lua_State *L, int index) {
  bool found = false;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    found = found || names_server(option_name(L, -2));
    lua_pop(L, 1);
  }
  return found;
}

/* Pushes the option's value (on top of the stack) as text. */
static const char *option_text(lua_State *L, const char *name) {
  switch (lua_type(L, -1)) {
  case LUA_TSTRING: {
    size_t size;
    const char *text = lua_tolstring(L, -1, &size);
    if (strlen(text) != size) mpb_usage(L, NULL, "option %s has a NUL byte", name);
    return lua_pushstring(L, text);
  }
  case LUA_TNUMBER: return luaL_tolstring(L, -1, NULL);
  case LUA_TBOOLEAN: return lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
  default:
    mpb_usage(L, NULL, "option %s is a %s; expected a string, a number or a boolean", name, luaL_typename(L, -1));
  }
  return NULL;
}

static void set_options(lua_State *L, mp_settings *settings, int index) {
  if (lua_getfield(L, index, "url") != LUA_TNIL) { /* first, so that other options refine it */
    const char *url = option_text(L, "url");
    if (!mp_settings_set_url(settings, url, "option url", mpb_error_slot(L))) mpb_raise(L);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    const char *name = option_name(L, -2);
    if (strcmp(name, "url") != 0) {
      const char *value = option_text(L, name);
      if (!mp_settings_set(settings, name, value, "option", mpb_error_slot(L))) mpb_raise(L);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
}

/* ---- the private server ---- */

static void say(void *context, const char *text) {
  (void)context;
  fprintf(stderr, "moonpool: %s\n", text);
}

static bool use_local(mp_settings *settings, void (*tell)(void *context, const char *text), mp_error **error) {
  const mp_local_options options = {.say = tell};
  mp_local_place place = {0};
  bool ok =
      mp_local_start(&options, &place, error) && mp_settings_set_url(settings, place.url, "the private server", error);
  mp_local_place_finish(&place);
  return ok;
}

bool mpb_add_environment(mp_settings *settings, bool has_server, void (*tell)(void *context, const char *text),
                         mp_error **error) {
  if (has_server) return mp_settings_set_pool_environment(settings, true, error);
  if (!mp_settings_set_environment(settings, true, &has_server, error)) return false;
  return has_server || use_local(settings, tell, error);
}

/* ---- connect ---- */

enum { HOOKS_INDEX = 2 };

static void check_argument(lua_State *L) {
  if (lua_isnil(L, 1) || lua_istable(L, 1) || lua_type(L, 1) == LUA_TSTRING) return;
  mpb_bad_argument(L, 1, "the argument of connect", "an URL, a table of options, or nothing");
}

static void collect(lua_State *L, mp_settings *settings) {
  bool is_text = lua_type(L, 1) == LUA_TSTRING, is_table = lua_istable(L, 1);
  bool has_server = is_text || (is_table && has_server_option(L, 1));
  if (!mpb_add_environment(settings, has_server, say, mpb_error_slot(L))) mpb_raise(L);
  if (is_text) {
    lua_pushvalue(L, 1);
    const char *url = option_text(L, "url");
    if (!mp_settings_set_url(settings, url, "mp.connect", mpb_error_slot(L))) mpb_raise(L);
    lua_pop(L, 2);
  }
  if (is_table) set_options(L, settings, 1);
}

static mp_settings **push_settings(lua_State *L) {
  mp_settings **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  mpb_set_metatable(L, settings_type);
  *box = mp_settings_create(mpb_error_slot(L));
  if (*box == NULL) mpb_raise(L);
  collect(L, *box);
  return box;
}

/* Tells Lua what to do where a schema differs, by what it knows of the pool of the handle at `index`. */
static void note_drift(lua_State *L, int index, const mp_pool *pool) {
  static const char *const words[] = {"refuse", "warn", "ignore"};
  lua_getiuservalue(L, index, MPB_KNOWN_VALUE);
  lua_pushstring(L, words[mp_settings_pool(mp_pool_settings_of(pool))->schema_drift]);
  lua_setfield(L, -2, "schema_drift");
  lua_pop(L, 1);
}

static int push_host_pool(lua_State *L, mp_pool *pool) {
  mpb_database *database = mpb_push_handle(L);
  database->pool = mp_pool_retain(pool);
  database->is_hosts = true;
  note_drift(L, -1, pool);
  return 1;
}

static bool has_hook(lua_State *L, const char *name) {
  if (!lua_istable(L, HOOKS_INDEX)) return false;
  bool has = lua_getfield(L, HOOKS_INDEX, name) != LUA_TNIL;
  lua_pop(L, 1);
  return has;
}

static void open_pool(lua_State *L, mpb_database *database, const mp_settings *settings) {
  mp_pool_hooks hooks = {.sets_credential = has_hook(L, "password")};
  bool keeps_reports = has_hook(L, "leak");
  mp_error **error = mpb_error_slot(L);
  mpb_reports *reports = keeps_reports ? mpb_reports_create() : NULL;
  if (reports != NULL) {
    hooks.data = reports;
    hooks.report = mpb_reports_add;
    hooks.destroy = mpb_reports_destroy;
  } else if (keeps_reports) {
    mp_error_set_memory(error);
    mpb_raise(L);
  }
  database->pool = mp_pool_open_with(settings, &hooks, error);
  if (database->pool == NULL) mpb_raise(L);
  database->reports = reports;
}

/* In a host a pool of the script's own is on a server that the script names: the environment's, or a private one, is
 * not where the host has its data. */
static void check_names_server(lua_State *L) {
  if (!lua_istable(L, 1) || has_server_option(L, 1)) return;
  mpb_usage(L,
            "mp.connect() is the host's pool; name a server (url, host, database, service, ...) for a pool of the "
            "script's own",
            "the options of connect name no server, and this script runs in a host that has a pool");
}

/* connect([url or options [, hooks]]) -> a pool; without arguments in a host, the host's. Nothing is sent before its
 * first use. */
static int l_connect(lua_State *L) {
  lua_settop(L, HOOKS_INDEX);
  check_argument(L);
  mp_pool *host_pool = mpb_runtime_of(L)->host_pool;
  if (host_pool != NULL && lua_isnil(L, 1)) return push_host_pool(L, host_pool);
  if (host_pool != NULL) check_names_server(L);
  mpb_database *database = mpb_push_handle(L);
  mp_settings **box = push_settings(L);
  mp_error **error = mpb_error_slot(L);
  if (!mp_settings_check(*box, error)) return mpb_raise(L);
  open_pool(L, database, *box);
  mpb_trace_tasks(L, mp_settings_pool(*box)->trace);
  mp_settings_destroy(*box);
  *box = NULL;
  lua_settop(L, HOOKS_INDEX + 1);
  note_drift(L, -1, database->pool);
  return 1;
}

/* libpq_variables([url or options]) -> { PGHOST = ..., ... }: what connect() would use, for programs that libpq is in.
 */
static int l_libpq_variables(lua_State *L) {
  lua_settop(L, 1);
  check_argument(L);
  mp_settings **box = push_settings(L);
  const char *keyword, *variable;
  lua_newtable(L);
  for (size_t i = 0; mp_settings_keyword(*box, i, &keyword, &variable); i++) {
    const char *value = mp_settings_get(*box, keyword);
    if (variable == NULL || value == NULL || value[0] == '\0') continue;
    lua_pushstring(L, value);
    lua_setfield(L, -2, variable);
  }
  return 1;
}

static void set_text(lua_State *L, const char *name, const char *value) {
  if (value == NULL) return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

/* libpq takes what is in no setting of ours out of its own variable. */
static void push_keyword(lua_State *L, const mp_settings *settings, const char *keyword, const char *variable) {
  const char *value = mp_settings_get(settings, keyword), *origin = mp_settings_origin(settings, keyword);
  if (value == NULL && variable != NULL) {
    value = getenv(variable);
    origin = variable;
  }
  if (value == NULL || value[0] == '\0') return;
  lua_createtable(L, 0, 2);
  if (strstr(keyword, "password") == NULL) set_text(L, "value", value);
  set_text(L, "origin", origin);
  lua_setfield(L, -2, keyword);
}

/* settings([url or options]) -> what connect() would use: { host = { value =, origin = }, ... } of libpq's keywords
 * that have a value (a password's is not told), and { max_size =, prepare =, pipeline =, statement_timeout = } of ours.
 */
static int l_settings(lua_State *L) {
  lua_settop(L, 1);
  check_argument(L);
  mp_settings **box = push_settings(L);
  const mp_pool_settings *pool = mp_settings_pool(*box);
  const char *keyword, *variable;
  lua_newtable(L);
  for (size_t i = 0; mp_settings_keyword(*box, i, &keyword, &variable); i++)
    push_keyword(L, *box, keyword, variable);
  lua_createtable(L, 0, 4);
  lua_pushinteger(L, pool->max_size);
  lua_setfield(L, -2, "max_size");
  set_text(L, "prepare", pool->prepare == MP_PREPARE_NEVER ? "never" : "auto");
  lua_pushboolean(L, pool->pipeline);
  lua_setfield(L, -2, "pipeline");
  lua_pushnumber(L, pool->statement_timeout);
  lua_setfield(L, -2, "statement_timeout");
  return 2;
}

/* ---- what a session knows ---- */

/* session(connection) -> { pid =, host =, port =, ..., tls =, server_version =, ... }, as the client was told. */
static int l_session(lua_State *L) {
  static const char *const names[] = {"host",
                                      "hostaddr",
                                      "port",
                                      "user",
                                      "dbname",
                                      "tls",
                                      "cipher",
                                      "server_version",
                                      "server_encoding",
                                      "client_encoding",
                                      "is_superuser"};
  const mpb_database *database = mpb_check_database(L, 1);
  if (database->lease == NULL) return mpb_usage(L, NULL, "a pool has no session; a connection has one");
  const mp_connection *connection = database->lease->connection;
  lua_createtable(L, 0, 12);
  lua_pushinteger(L, mp_connection_server_pid(connection));
  lua_setfield(L, -2, "pid");
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    set_text(L, names[i], mp_connection_about(connection, names[i]));
  return 1;
}

/* versions() -> { moonpool =, libpq =, libuv =, lua = } */
static int l_versions(lua_State *L) {
  int libpq = mp_connection_library_version();
  lua_createtable(L, 0, 4);
  set_text(L, "moonpool", MP_VERSION);
  lua_pushfstring(L, "%d.%d", libpq / 10000, libpq % 10000);
  lua_setfield(L, -2, "libpq");
  set_text(L, "libuv", uv_version_string());
  set_text(L, "lua", LUA_RELEASE);
  return 1;
}

void mpb_open_connect(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg metamethods[] = {{"__gc", settings_gc}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"connect", l_connect},   {"libpq_variables", l_libpq_variables},
                                       {"settings", l_settings}, {"session", l_session},
                                       {"versions", l_versions}, {NULL, NULL}};
  lua_getfield(L, LUA_REGISTRYINDEX, MPB_HOST_POOL);
  runtime->host_pool = lua_touserdata(L, -1);
  mpb_new_metatable(L, runtime, settings_type, metamethods, NULL);
  lua_pop(L, 2);
  mpb_set_functions(L, runtime, functions);
}
