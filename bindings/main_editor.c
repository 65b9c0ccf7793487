/* One line of input for the interactive mode. libedit is looked for when a terminal needs it, so that no script pays
 * for it at its start, and that the interpreter runs where it is not installed. */
#include "main.h"

#include <dlfcn.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef char *(*read_line_function)(const char *prompt);
typedef int (*add_history_function)(const char *line);

struct mpb_editor {
  void *library;
  read_line_function read_line;
  add_history_function add_history;
  locale_t locale; /* the person's, to read characters of several bytes; a script has "C" until it asks */
  bool echo;
};

/* ISO C has no cast from an object's pointer to a function's; POSIX has the values alike. */
static void find(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof symbol);
}

static void set_variable(void *library, const char *name, const void *value, size_t size) {
  void *variable = dlsym(library, name);
  if (variable != NULL) memcpy(variable, value, size);
}

static void load_libedit(mpb_editor *editor) {
  static const char name[] = "moonpool"; /* for a person's ~/.editrc */
  const char *const name_pointer = name;
  const int tab_is_text = 1; /* names of files, which it would complete, are of no use in a statement */
  void *library = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return;
  find(library, "readline", (void *)&editor->read_line);
  find(library, "add_history", (void *)&editor->add_history);
  if (editor->read_line == NULL || editor->add_history == NULL) {
    editor->read_line = NULL;
    dlclose(library);
    return;
  }
  set_variable(library, "rl_readline_name", &name_pointer, sizeof name_pointer);
  set_variable(library, "rl_inhibit_completion", &tab_is_text, sizeof tab_is_text);
  editor->locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
  editor->library = library;
}

mpb_editor *mpb_editor_open(void) {
  mpb_editor *editor = calloc(1, sizeof *editor);
  if (editor == NULL) return NULL;
  editor->echo = !isatty(STDIN_FILENO);
  if (!editor->echo && isatty(STDOUT_FILENO)) load_libedit(editor);
  return editor;
}

void mpb_editor_close(mpb_editor *editor) {
  if (editor == NULL) return;
  if (editor->locale != (locale_t)0) freelocale(editor->locale);
  if (editor->library != NULL) dlclose(editor->library);
  free(editor);
}

static char *edit_line(const mpb_editor *editor, const char *prompt) {
  const locale_t before = uselocale(editor->locale); /* (locale_t)0 changes nothing */
  char *line = editor->read_line(prompt);
  uselocale(before);
  if (line != NULL && line[0] != '\0') editor->add_history(line);
  return line;
}

static char *plain_line(const mpb_editor *editor, const char *prompt) {
  char *line = NULL;
  size_t capacity = 0;
  fputs(prompt, stdout);
  fflush(stdout);
  const ssize_t length = getline(&line, &capacity, stdin);
  if (length < 0) {
    free(line);
    return NULL;
  }
  if (length > 0 && line[length - 1] == '\n') line[length - 1] = '\0';
  if (editor->echo) {
    puts(line);
    fflush(stdout);
  }
  return line;
}

char *mpb_editor_line(mpb_editor *editor, const char *prompt) {
  return editor->read_line != NULL ? edit_line(editor, prompt) : plain_line(editor, prompt);
}
