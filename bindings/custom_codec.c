/* mp.codec.register: a script's own functions for types that it knows better. They belong to the Lua state, since they
 * are its functions; a pool may be used from several. The functions are kept in the registry, the names here, so that
 * finding one makes no string. */
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "value_types.h"

typedef struct mpb_custom {
  struct mpb_custom *next;
  int decode, encode; /* references into the registry, or LUA_NOREF */
  char *type;         /* points behind the schema */
  char schema[];      /* "" for any */
} mpb_custom;

static bool is_named(const mpb_custom *custom, const char *schema, const char *type) {
  return strcmp(custom->schema, schema) == 0 && strcmp(custom->type, type) == 0;
}

static mpb_custom *find_named(const mpb_runtime *runtime, const char *schema, const char *type) {
  mpb_custom *custom = runtime->customs;
  while (custom != NULL && !is_named(custom, schema, type))
    custom = custom->next;
  return custom;
}

/* The name with a schema is the nearer one. */
static const mpb_custom *find(const mpb_runtime *runtime, const mp_codec *codec) {
  if (runtime->customs == NULL || codec->type == NULL) return NULL;
  const mpb_custom *exact = find_named(runtime, codec->schema, codec->type);
  return exact != NULL ? exact : find_named(runtime, "", codec->type);
}

bool mpb_has_customs(const mpb_runtime *runtime) {
  const mpb_custom *custom = runtime->customs;
  while (custom != NULL && custom->encode == LUA_NOREF)
    custom = custom->next;
  return custom != NULL;
}

/* ---- calling ---- */

/* An error of a script may be any value; tostring of it may run its code, so this is done while protected. */
static int l_message(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}

/* Calls the function on the value on top of the stack, which is replaced. */
static bool call(lua_State *L, int function, const char *what, const mp_codec *codec, mp_error_kind kind,
                 mp_error **error) {
  const int top = lua_gettop(L);
  if (!lua_checkstack(L, 8)) return mp_error_set_memory(error);
  lua_pushcfunction(L, l_message);
  lua_rawgeti(L, LUA_REGISTRYINDEX, function);
  lua_pushvalue(L, top);
  const bool ok = lua_pcall(L, 1, 1, top + 1) == LUA_OK;
  if (!ok) {
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "its error has no text";
    mp_error_set(error, kind, "%s of the codec for %s failed: %s", what, codec->name, message);
  }
  lua_replace(L, top);
  lua_settop(L, top);
  return ok;
}

bool mpb_custom_decode(lua_State *L, const mpb_runtime *runtime, const mp_codec *codec, mp_error **error) {
  const mpb_custom *custom = find(runtime, codec);
  if (custom == NULL || custom->decode == LUA_NOREF) return true;
  return call(L, custom->decode, "decode", codec, MP_ERROR_DECODE, error);
}

bool mpb_is_custom(const mpb_runtime *runtime, const mp_codec *codec) {
  const mpb_custom *custom = find(runtime, codec);
  return custom != NULL && custom->encode != LUA_NOREF;
}

/* The function may run statements, and a finaliser as well: their parameters get memory of their own. */
bool mpb_custom_encode(lua_State *L, int index, const mp_codec *codec, bool *done, mp_error **error) {
  mpb_runtime *runtime = mpb_runtime_of(L);
  const mpb_custom *custom = find(runtime, codec);
  if (custom == NULL || custom->encode == LUA_NOREF || lua_isnil(L, index) || mpb_is_null(L, index)) return true;
  if (!lua_checkstack(L, 2)) return mp_error_set_memory(error);
  struct mpb_arguments *outer = runtime->arguments;
  if (!mpb_open_arguments(runtime)) {
    runtime->arguments = outer;
    return mp_error_set_memory(error);
  }
  lua_pushvalue(L, index);
  *done = call(L, custom->encode, "encode", codec, MP_ERROR_USAGE, error);
  mpb_arguments_close(runtime);
  runtime->arguments = outer;
  return *done;
}

/* ---- registering ---- */

static void check_function(lua_State *L, const char *name) {
  const int type = lua_getfield(L, 2, name);
  if (type == LUA_TNIL || type == LUA_TFUNCTION) return;
  mpb_usage(L, NULL, "%s of mp.codec.register is a %s; expected a function", name, mpb_type_name(L, -1));
}

static void check_options(lua_State *L) {
  if (!lua_istable(L, 2)) {
    mpb_wrong_type(L, 2, "the codec of mp.codec.register", "{ decode = function, encode = function }");
  }
  lua_pushnil(L);
  while (lua_next(L, 2) != 0) {
    lua_pop(L, 1);
    const char *key = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (strcmp(key, "decode") == 0 || strcmp(key, "encode") == 0) continue;
    lua_pushvalue(L, -1);
    mpb_usage(L, NULL, "mp.codec.register has no option %s; its options are decode and encode",
              luaL_tolstring(L, -1, NULL));
  }
}

static const char *check_name(lua_State *L) {
  size_t size = 0;
  const char *name = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &size) : NULL;
  if (name == NULL) mpb_wrong_type(L, 1, "the name of mp.codec.register", "a type's name, such as \"public.point3d\"");
  const char *dot = memchr(name, '.', size);
  if (size == 0 || strlen(name) != size || dot == name || (dot != NULL && dot[1] == '\0')) {
    mpb_usage(L, NULL, "mp.codec.register needs a type's name, as pg_type has it, or schema.name");
  }
  return name;
}

/* The custom of that name, made if need be. */
static mpb_custom *custom_named(mpb_runtime *runtime, const char *name) {
  const char *dot = strchr(name, '.');
  const size_t schema_size = dot == NULL ? 0 : (size_t)(dot - name), size = strlen(name);
  mpb_custom *custom = malloc(sizeof *custom + size + 2);
  if (custom == NULL) return NULL;
  *custom = (mpb_custom){.next = runtime->customs, .decode = LUA_NOREF, .encode = LUA_NOREF};
  memcpy(custom->schema, name, schema_size);
  custom->schema[schema_size] = '\0';
  custom->type = custom->schema + schema_size + 1;
  strcpy(custom->type, dot == NULL ? name : dot + 1);
  mpb_custom *before = find_named(runtime, custom->schema, custom->type);
  if (before != NULL) {
    free(custom);
    return before;
  }
  runtime->customs = custom;
  return custom;
}

/* Replaces a reference by one to the function on top of the stack, or by none for nil. */
static void set_function(lua_State *L, int *reference) {
  const int before = *reference;
  *reference = LUA_NOREF;
  luaL_unref(L, LUA_REGISTRYINDEX, before);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
  } else {
    *reference = luaL_ref(L, LUA_REGISTRYINDEX);
  }
}

/* register(name, { decode = fn, encode = fn }) */
static int l_register(lua_State *L) {
  lua_settop(L, 2);
  const char *name = check_name(L);
  check_options(L);
  check_function(L, "decode");
  check_function(L, "encode");
  mpb_custom *custom = custom_named(mpb_runtime_of(L), name);
  if (custom == NULL) return luaL_error(L, "not enough memory");
  set_function(L, &custom->encode);
  set_function(L, &custom->decode);
  return 0;
}

void mpb_customs_close(mpb_runtime *runtime) {
  while (runtime->customs != NULL) {
    mpb_custom *next = runtime->customs->next;
    free(runtime->customs);
    runtime->customs = next;
  }
}

void mpb_open_codec(lua_State *L, mpb_runtime *runtime) {
  static const luaL_Reg functions[] = {{"register", l_register}, {NULL, NULL}};
  lua_newtable(L);
  mpb_set_functions(L, runtime, functions);
  lua_setfield(L, -2, "codec");
}
