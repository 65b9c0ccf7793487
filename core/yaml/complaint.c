/* What libyaml complains about, in the words of somebody who writes documents. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "yaml/internal.h"

typedef struct translation {
  const char *said;    /* by libyaml: how its problem begins  */
  const char *message; /* ours                                */
  const char *hint;    /* or NULL                             */
} translation;

static const char directive[] = "a line that begins with '%' is a directive: %YAML or %TAG";
static const char quote_percent[] = "a text that begins with '%' must be quoted";

static const translation translations[] = {
    {"mapping values are not allowed", "a ': ' cannot stand here",
     "a text that has ': ' in it must be quoted; a key stands on a line of its own, with a blank behind its colon"},
    {"could not find expected ':'", "this line is no \"key: value\"",
     "a key needs a colon and a blank behind it; a text that goes on over several lines must be indented"},
    {"did not find expected key", "a key was expected here",
     "is the line indented like its neighbours, and is a quoted text closed and alone?"},
    {"did not find expected '-' indicator", "an item was expected here: '- '",
     "is the line indented like the items before it?"},
    {"block sequence entries are not allowed", "a list cannot begin here",
     "an item begins on a line of its own; a text that begins with '- ' must be quoted"},
    {"mapping keys are not allowed", "a '?' cannot begin a key here", "a text that begins with '? ' must be quoted"},
    {"did not find expected ',' or ']'", "a ',' or the end of the list, ']', was expected here", NULL},
    {"did not find expected ',' or '}'", "a ',' or the end of the map, '}', was expected here",
     "in a map between braces a key and its ':' stand in one line; a text with ',', '[', ']', '{' or '}' must be "
     "quoted"},
    {"did not find expected node content", "a value was expected here",
     "a text that begins with '#', ',', '[', ']', '{' or '}' must be quoted: '#' begins a remark"},
    {"did not find expected <document start>", "the document has ended, but something follows",
     "a line that is '---' divides documents, and ends directives; a document is one value, with one tag and one "
     "anchor"},
    {"found unexpected end of stream", "the text ends within a quoted text", "is a quote missing?"},
    {"found unexpected document indicator", "a '---' or '...' stands within a quoted text", "is a quote missing?"},
    {"found unknown escape character", "there is no such escape",
     "in double quotes a backslash is written as \\\\; single quotes know no escapes"},
    {"did not find expected hexdecimal", "an escape has too few hexadecimal digits",
     "\\x takes 2, \\u 4, \\U 8; a backslash itself is written as \\\\"},
    {"found invalid Unicode character escape", "the escape is no Unicode character",
     "a character beyond U+FFFF is written as \\U and 8 digits"},
    {"found a tab character", "a tab cannot indent", "indent with blanks"},
    {"found an indentation indicator equal to 0", "a block's indentation is given as 1 to 9", NULL},
    {"did not find expected comment or line break", "nothing but a comment may follow in this line", NULL},
    {"did not find expected alphabetic or numeric",
     "a name was expected behind '&' or '*': letters, digits, '-' and '_'",
     "a text that begins with '&' or '*' must be quoted"},
    {"found undefined tag handle", "the document does not define what this tag begins with",
     "a text that begins with '!' must be quoted"},
    {"did not find expected whitespace", "a blank was expected here",
     "a tag ends before a blank; a text that begins with '!' must be quoted"},
    {"did not find the expected '>'", "the tag has no end: '>'", "a text that begins with '!' must be quoted"},
    {"did not find expected tag URI", "the tag has no name", "a text that begins with '!' must be quoted"},
    {"did not find expected '!'", "a '!' was expected here",
     "%TAG takes a handle, such as !x!, and what it stands for"},
    {"did not find URI escaped octet", "a '%' in a tag begins an escape: two hexadecimal digits", NULL},
    {"found an incorrect", "the escapes in the tag are not UTF-8", NULL},
    {"found unexpected ':'", "a ':' cannot stand here", "a text that has ': ' in it must be quoted"},
    {"found incompatible YAML document", "the document is of a version of YAML that is not read: 1.1 and 1.2 are",
     NULL},
    {"found duplicate %YAML directive", "%YAML stands there twice", NULL},
    {"found duplicate %TAG directive", "%TAG gives the same handle twice", NULL},
    {"duplicate %TAG directive", "%TAG gives the same handle twice", NULL},
    {"did not find expected digit or '.'", "a version was expected here, such as 1.2", NULL},
    {"did not find expected version number", "a version was expected here, such as 1.2", NULL},
    {"found extremely long version number", "a version was expected here, such as 1.2", NULL},
    {"found unknown directive name", directive, quote_percent},
    {"could not find expected directive name", directive, quote_percent},
    {"found unexpected non-alphabetical character", directive, quote_percent},
    {"control characters are not allowed", "a control character cannot stand in a document",
     "in double quotes it is written as an escape, such as \\x07"},
};

static const translation *find(const char *said) {
  for (size_t i = 0; i < sizeof translations / sizeof translations[0]; i++) {
    if (strncmp(said, translations[i].said, strlen(translations[i].said)) == 0) return &translations[i];
  }
  return NULL;
}

/* The character that cannot begin a value. */
static void complain_of_start(char c, mp_error **error) {
  if (c == '\t') {
    mp_error_set(error, MP_ERROR_YAML, "a tab cannot indent");
    if (error != NULL) mp_error_put(*error, MP_ERROR_HINT, "indent with blanks");
    return;
  }
  mp_error_set(error, MP_ERROR_YAML, "a value cannot begin with '%c'", c);
  if (error != NULL) mp_error_putf(*error, MP_ERROR_HINT, "a text that begins with '%c' must be quoted", c);
}

static char byte_at(const mp__yaml_text *text, mp_yaml_mark mark);

/* libyaml looks for the colon of a key among so many characters, and then takes the key for a text. */
static const char *hint_of(const translation *known, mp_yaml_mark mark) {
  enum { LONGEST_KEY = 1024 };
  if (known != &translations[0] || mark.column <= LONGEST_KEY) return known->hint;
  return "a key of more than 1,024 characters begins with '? '; a text that has ': ' in it must be quoted";
}

static void put_words(const char *said, const mp__yaml_text *text, mp_yaml_mark mark, mp_error **error) {
  const translation *known = find(said);
  if (known != NULL) {
    mp_error_set(error, MP_ERROR_YAML, "%s", known->message);
    const char *hint = hint_of(known, mark);
    if (error != NULL && hint != NULL) mp_error_put(*error, MP_ERROR_HINT, hint);
  } else if (strncmp(said, "found character that cannot start", 33) == 0) {
    complain_of_start(byte_at(text, mark), error);
  } else {
    mp_error_set(error, MP_ERROR_YAML, "%s", said);
  }
}

static char byte_at(const mp__yaml_text *text, mp_yaml_mark mark) {
  mp_error *place = NULL;
  mp_error_set(&place, MP_ERROR_YAML, "%s", "");
  mp__yaml_put_place(text, mark, place);
  const char *line = mp_error_get(place, MP_ERROR_SOURCE);
  char found = '?';
  for (uint32_t column = 1; line != NULL && *line != '\0'; line++) {
    if (((unsigned char)*line & 0xC0U) == 0x80U) continue;
    if (column++ == mark.column) {
      found = *line;
      break;
    }
  }
  mp_error_free(place);
  return found;
}

/* Where the text ends, when the place is behind it: that is where something is missing. */
static mp_yaml_mark within(const mp__yaml_text *text, mp_yaml_mark mark) {
  size_t end = text->size;
  while (end > 0 && strchr(" \t\r\n", text->data[end - 1]) != NULL && text->data[end - 1] != '\0')
    end--;
  const mp_yaml_mark last = mp__yaml_mark_of(text, end);
  return mark.line > last.line ? last : mark;
}

/* Where the innermost list or map in brackets begins that is not closed, or NULL. */
static const yaml_mark_t *open_bracket(const yaml_parser_t *parser) {
  const char *context = parser->context != NULL ? parser->context : "";
  if (strcmp(context, "while parsing a flow sequence") == 0 || strcmp(context, "while parsing a flow mapping") == 0)
    return &parser->context_mark;
  if (strcmp(context, "while parsing a flow node") != 0) return NULL;
  return parser->marks.top > parser->marks.start ? parser->marks.top - 1 : NULL;
}

/* Of what was opened in another line and is not closed. */
static void put_beginning(const yaml_parser_t *parser, const mp__yaml_text *text, mp_yaml_mark mark, mp_error *error) {
  const yaml_mark_t *begin = open_bracket(parser);
  const char *what = "the quoted text";
  if (begin != NULL) {
    const mp_yaml_mark place = {(uint32_t)begin->line + 1, (uint32_t)begin->column + 1};
    what = byte_at(text, place) == '{' ? "the map" : "the list";
  } else if (parser->context != NULL && strcmp(parser->context, "while scanning a quoted scalar") == 0) {
    begin = &parser->context_mark;
  }
  if (begin == NULL || begin->line + 1 == mark.line) return;
  mp_error_putf(error, MP_ERROR_DETAIL, "%s begins in line %zu, column %zu", what, begin->line + 1, begin->column + 1);
}

/* How many hexadecimal digits stand at a place, and nothing that goes on behind them. */
static size_t count_digits(const char *at, const char *end) {
  const char *last = at;
  while (last < end && isxdigit((unsigned char)*last))
    last++;
  const bool ends = last == end || strchr(" \t\r\n,]}", *last) != NULL;
  return ends ? (size_t)(last - at) : 0;
}

/* Whether a # begins a comment that reads like a colour. */
static bool is_colour(const char *first, const char *at, const char *end) {
  if (*at != '#' || at == first || strchr("[{, \t", at[-1]) == NULL) return false;
  const size_t digits = count_digits(at + 1, end);
  return digits == 3 || digits == 4 || digits == 6 || digits == 8;
}

/* In brackets that do not end, a colour without quotes may have made a comment of their end. */
static void put_colour(const yaml_parser_t *parser, const mp__yaml_text *text, mp_yaml_mark mark, mp_error *error) {
  const yaml_mark_t *bracket = open_bracket(parser);
  if (bracket == NULL) return;
  const char *first = mp__yaml_line_start(text, (uint32_t)bracket->line + 1);
  const char *end = mp__yaml_line_start(text, mark.line + 1);
  for (const char *at = first; at < end; at++) {
    if (!is_colour(first, at, text->data + text->size)) continue;
    const mp_yaml_mark place = mp__yaml_mark_of(text, (size_t)(at - text->data));
    const int length = (int)count_digits(at + 1, text->data + text->size) + 1;
    mp_error_putf(error, MP_ERROR_HINT, "in line %u a # begins a comment; write it in quotes: \"%.*s\"",
                  (unsigned)place.line, length, at);
    return;
  }
}

bool mp__yaml_complain(const yaml_parser_t *parser, const mp__yaml_text *text, const mp__yaml_text *seen,
                       mp_error **error) {
  /* libyaml does not always say that it had no memory, but otherwise always what its problem is. */
  if (parser->error == YAML_MEMORY_ERROR || parser->problem == NULL) return mp_error_set_memory(error);
  mp_yaml_mark mark;
  if (parser->error == YAML_READER_ERROR) {
    mark = mp__yaml_mark_of(seen, parser->problem_offset < seen->size ? parser->problem_offset : seen->size);
  } else {
    mark = (mp_yaml_mark){(uint32_t)parser->problem_mark.line + 1, (uint32_t)parser->problem_mark.column + 1};
  }
  const mp_yaml_mark shown = within(text, mark);
  put_words(parser->problem, text, mark, error);
  if (error == NULL || *error == NULL) return false;
  mp__yaml_put_place(text, shown, *error);
  put_beginning(parser, text, shown, *error);
  put_colour(parser, text, shown, *error);
  return false;
}
