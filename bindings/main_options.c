/* The command line of lua5.4, as its manual (section 7) describes it, and Moonpool's additions to it: --help,
 * --version, and verbs. Reading and running are apart, so that a wrong option stops everything before it starts. */
#include "main.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

static const char usage[] = "usage: %s [options] [script [args]]\n"
                            "Available options are:\n"
                            "  -e stat    execute string 'stat'\n"
                            "  -i         enter interactive mode after executing 'script'\n"
                            "  -l mod     require library 'mod' into global 'mod'\n"
                            "  -l g=mod   require library 'mod' into global 'g'\n"
                            "  -v         show version information\n"
                            "  -E         ignore environment variables\n"
                            "  -W         turn warnings on\n"
                            "  --         stop handling options\n"
                            "  -          stop handling options and execute stdin\n"
                            "  --help     show the options and the verbs\n"
                            "  --version  show the versions of Moonpool and Lua\n";

/* An option of one letter that stands alone: "-i" but not "-ix". */
static bool read_flag(mpb_options *options, const char *argument) {
  if (argument[2] != '\0') return false;
  switch (argument[1]) {
  case 'i': options->interactive = options->version = true; return true;
  case 'v': options->version = true; return true;
  case 'E': options->bare = true; return true;
  case 'W': return true;
  default: return false;
  }
}

static bool read_long(mpb_options *options, const char *argument) {
  if (strcmp(argument, "--help") == 0)
    options->action = MPB_HELP;
  else if (strcmp(argument, "--version") == 0)
    options->action = MPB_VERSION;
  else
    return false;
  return true;
}

/* -e and -l: the value is the rest of the argument, or the next argument unless that looks like an option. */
static bool takes_value(const char *argument) {
  return argument[0] == '-' && (argument[1] == 'e' || argument[1] == 'l');
}

static const char *value_of(char **argv, int *index) {
  const char *argument = argv[*index];
  if (argument[2] != '\0') return argument + 2;
  (*index)++;
  return argv[*index];
}

static bool read_value(mpb_options *options, char **argv, int *index) {
  const char kind = argv[*index][1];
  const bool apart = argv[*index][2] == '\0';
  const char *value = value_of(argv, index);
  if (value == NULL || (apart && value[0] == '-')) return false;
  if (kind == 'e') options->statement = true;
  return true;
}

int mpb_options_read(mpb_options *options, int argc, char **argv) {
  *options = (mpb_options){.action = MPB_RUN, .script = argc};
  if (argc > 1 && mpb_verb_exists(argv[1])) {
    options->action = MPB_VERB;
    options->script = 1;
    return 0;
  }
  int i = 1;
  for (; i < argc && argv[i][0] == '-'; i++) {
    const int start = i;
    if (argv[i][1] == '\0') {
      options->standard_input = true;
      break;
    }
    if (strcmp(argv[i], "--") == 0) {
      i++;
      break;
    }
    if (!(takes_value(argv[i]) ? read_value(options, argv, &i)
                               : read_flag(options, argv[i]) || read_long(options, argv[i])))
      return start;
  }
  options->script = i < argc ? i : argc;
  return 0;
}

void mpb_options_usage(FILE *to, const char *program) {
  fprintf(to, usage, program);
  fflush(to);
}

void mpb_options_explain(const char *program, const char *argument) {
  if (takes_value(argument))
    fprintf(stderr, "%s: '%s' needs argument\n", program, argument);
  else
    fprintf(stderr, "%s: unrecognized option '%s'\n", program, argument);
  mpb_options_usage(stderr, program);
}

/* "name" is required into the global of its name, "global=name" into another. */
static int run_library(lua_State *L, const char *value) {
  const char *equals = strchr(value, '=');
  const char *library = equals == NULL ? value : equals + 1;
  lua_pushlstring(L, value, equals == NULL ? strlen(value) : (size_t)(equals - value));
  lua_getglobal(L, "require");
  lua_pushstring(L, library);
  const int status = mpb_call(L, 1, 1);
  if (status == LUA_OK) lua_setglobal(L, lua_tostring(L, -2));
  lua_remove(L, status == LUA_OK ? -1 : -2);
  return status;
}

static int run_statement(lua_State *L, const char *text) {
  const int status = luaL_loadbuffer(L, text, strlen(text), "=(command line)");
  return status == LUA_OK ? mpb_call(L, 0, 0) : status;
}

bool mpb_options_run(lua_State *L, const char *program, const mpb_options *options, char **argv) {
  for (int i = 1; i < options->script; i++) {
    int status = LUA_OK;
    switch (argv[i][1]) {
    case 'e': status = run_statement(L, value_of(argv, &i)); break;
    case 'l': status = run_library(L, value_of(argv, &i)); break;
    case 'W': lua_warning(L, "@on", 0); break;
    default: break;
    }
    if (!mpb_report(L, program, status)) return false;
  }
  return true;
}
