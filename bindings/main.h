/* The parts of the interpreter `moonpool`. They are linked into the executable only: the module never sees them, and
 * the executable never links libpq. (The library for hosts has Lua's memory and state from here, too.) Like every file
 * of bindings/ they may raise Lua errors where they take a state. */
#ifndef MPB_MAIN_H
#define MPB_MAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <lua.h>

/* ---- main_options.c: what the command line asks for ---- */

typedef enum mpb_action {
  MPB_RUN,     /* options, script, standard input: what lua5.4 does */
  MPB_VERB,    /* argv[1] is a verb                                 */
  MPB_HELP,    /* --help                                            */
  MPB_VERSION, /* --version                                         */
} mpb_action;

typedef struct mpb_options {
  mpb_action action;
  bool interactive;    /* -i                                                 */
  bool version;        /* -v or -i                                           */
  bool bare;           /* -E: the environment does not count                 */
  bool statement;      /* at least one -e                                    */
  bool standard_input; /* the script is "-"                                  */
  int script;          /* index in argv of the script or verb; argc for none */
} mpb_options;

/* Reads argv; runs nothing. argv: borrowed for the call.
 * Returns 0, or the index of the argument that is wrong; *options is complete only with 0. */
int mpb_options_read(mpb_options *options, int argc, char **argv);

void mpb_options_usage(FILE *to, const char *program);

/* Says on standard error what is wrong with the argument `argument`, and how the program is used. */
void mpb_options_explain(const char *program, const char *argument);

/* Runs the options -e, -l and -W that stand in front of the script, in their order.
 * Returns false after the first that failed; its message is already on standard error. */
bool mpb_options_run(lua_State *L, const char *program, const mpb_options *options, char **argv);

/* ---- main_call.c: protected calls, and what is said when they fail ---- */

/* Calls the function under `arguments` values with a traceback handler; while it runs Ctrl-C raises "interrupted!"
 * in it, and a second Ctrl-C ends the process. Pops function and arguments; pushes results, or one error value.
 * Returns a status of lua_pcall. */
int mpb_call(lua_State *L, int arguments, int results);

/* With a status other than LUA_OK: pops the error value and prints it on standard error, after "program: " unless
 * program is NULL. Returns status == LUA_OK. */
bool mpb_report(lua_State *L, const char *program, int status);

/* Stores in the registry where a scheduler has to note the coroutine that it resumes, so that Ctrl-C stops that one:
 * MPB_RUNNING is a light userdata that points to a `lua_State *volatile`. It is NULL outside of tasks. */
#define MPB_RUNNING "moonpool.running"
void mpb_call_open(lua_State *L);

/* ---- main_alloc.c: Lua's memory ---- */

typedef struct mpb_heap mpb_heap;

mpb_heap *mpb_heap_create(void);       /* owned (mpb_heap_destroy), or NULL without memory      */
void mpb_heap_destroy(mpb_heap *heap); /* after lua_close; NULL is fine                         */
/* A lua_Alloc whose `heap` is an mpb_heap. */
void *mpb_heap_allocate(void *heap, void *block, size_t old_size, size_t new_size);

/* ---- main_state.c: a state with our allocator ---- */

/* As luaL_newstate (warnings off, a panic function that speaks), on the given heap.
 * heap: borrowed until lua_close. Returns: owned (lua_close), or NULL without memory. */
lua_State *mpb_state_open(mpb_heap *heap);

/* ---- main_locate.c: where the installation is ---- */

/* Appends one searcher to package.searchers, for `moonpool`, `moonpool.*` and `buster.*`. package.path and
 * package.cpath stay as they are, and come first. */
void mpb_locate_open(lua_State *L);

/* ---- main_verb.c: the verbs ---- */

bool mpb_verb_exists(const char *name);
/* Calls moonpool.command's run with the verb argv[1] and the arguments behind it. Returns the exit code. */
int mpb_verb_run(lua_State *L, const char *program, int argc, char **argv);
/* Calls moonpool.command's help, which prints the verbs. Returns the exit code. */
int mpb_verb_help(lua_State *L, const char *program);

/* ---- main_repl.c: interactive mode ---- */

/* Reads statements from standard input and runs them until its end. */
void mpb_repl(lua_State *L);

/* ---- main_editor.c: one line from a person ---- */

typedef struct mpb_editor mpb_editor;

/* On a terminal with libedit installed: editing and history. Without: plain lines; what is not typed on a terminal
 * is echoed, so that a transcript can be read. Returns: owned (mpb_editor_close), or NULL without memory. */
mpb_editor *mpb_editor_open(void);
void mpb_editor_close(mpb_editor *editor); /* NULL is fine */
/* Shows the prompt and reads one line, without its end. Returns: owned (free), or NULL at the end of input. */
char *mpb_editor_line(mpb_editor *editor, const char *prompt);

#endif
