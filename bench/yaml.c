/* libyaml alone: yaml drain <file> <count> reads a document and throws its events away, yaml emit <file> <count> keeps
 * them and writes the document. Both print how many nodes it has. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

static _Noreturn void stop(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

/* ---- the document ---- */

typedef struct text {
  unsigned char *data; /* owned */
  size_t size;
} text;

static text read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) stop("cannot read the document");
  const long size = ftell(file);
  text read = {malloc((size_t)size + 1), (size_t)size};
  rewind(file);
  if (read.data == NULL || fread(read.data, 1, read.size, file) != read.size) stop("cannot read the document");
  fclose(file);
  return read;
}

static bool is_node(const yaml_event_t *event) {
  return event->type == YAML_SCALAR_EVENT || event->type == YAML_SEQUENCE_START_EVENT ||
         event->type == YAML_MAPPING_START_EVENT;
}

static void next_event(yaml_parser_t *parser, yaml_event_t *event) {
  if (yaml_parser_parse(parser, event) == 0) stop("the document is no YAML");
}

/* ---- reading ---- */

static long drain(const text *document) {
  yaml_parser_t parser;
  yaml_event_t event;
  long nodes = 0;
  bool is_last = false;
  yaml_parser_initialize(&parser);
  yaml_parser_set_input_string(&parser, document->data, document->size);
  while (!is_last) {
    next_event(&parser, &event);
    nodes += is_node(&event);
    is_last = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return nodes;
}

/* ---- writing ---- */

enum { MOST_EVENTS = 1 << 18 };

/* The events of the document, which are never freed. */
static size_t keep_events(const text *document, yaml_event_t *events) {
  yaml_parser_t parser;
  size_t count = 0;
  yaml_parser_initialize(&parser);
  yaml_parser_set_input_string(&parser, document->data, document->size);
  do {
    if (count == MOST_EVENTS) stop("the document has too many nodes");
    next_event(&parser, &events[count]);
  } while (events[count++].type != YAML_STREAM_END_EVENT);
  yaml_parser_delete(&parser);
  return count;
}

/* The emitter takes its events over: it gets a copy, as a program that has values would make it. */
static void copy_event(const yaml_event_t *from, yaml_event_t *to) {
  int ok = 1;
  switch (from->type) {
  case YAML_STREAM_START_EVENT: ok = yaml_stream_start_event_initialize(to, YAML_UTF8_ENCODING); break;
  case YAML_STREAM_END_EVENT: ok = yaml_stream_end_event_initialize(to); break;
  case YAML_DOCUMENT_START_EVENT: ok = yaml_document_start_event_initialize(to, NULL, NULL, NULL, 1); break;
  case YAML_DOCUMENT_END_EVENT: ok = yaml_document_end_event_initialize(to, 1); break;
  case YAML_SEQUENCE_START_EVENT:
    ok = yaml_sequence_start_event_initialize(to, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
    break;
  case YAML_SEQUENCE_END_EVENT: ok = yaml_sequence_end_event_initialize(to); break;
  case YAML_MAPPING_START_EVENT:
    ok = yaml_mapping_start_event_initialize(to, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
    break;
  case YAML_MAPPING_END_EVENT: ok = yaml_mapping_end_event_initialize(to); break;
  default:
    ok = yaml_scalar_event_initialize(to, NULL, NULL, from->data.scalar.value, (int)from->data.scalar.length,
                                      from->data.scalar.plain_implicit, from->data.scalar.quoted_implicit,
                                      from->data.scalar.style);
  }
  if (ok == 0) stop("out of memory");
}

static int add_output(void *context, unsigned char *bytes, size_t size) {
  text *out = context;
  unsigned char *data = realloc(out->data, out->size + size);
  if (data == NULL) return 0;
  memcpy(data + out->size, bytes, size);
  out->data = data;
  out->size += size;
  return 1;
}

static void emit(const yaml_event_t *events, size_t count) {
  yaml_emitter_t emitter;
  yaml_event_t event;
  text out = {NULL, 0};
  yaml_emitter_initialize(&emitter);
  yaml_emitter_set_output(&emitter, add_output, &out);
  yaml_emitter_set_unicode(&emitter, 1);
  for (size_t i = 0; i < count; i++) {
    copy_event(&events[i], &event);
    if (yaml_emitter_emit(&emitter, &event) == 0) stop("the document cannot be written");
  }
  yaml_emitter_delete(&emitter);
  free(out.data);
}

int main(int argc, char **argv) {
  if (argc != 4) stop("expected arguments: drain|emit <file> <count>");
  const text document = read_file(argv[2]);
  const long count = strtol(argv[3], NULL, 10);
  if (strcmp(argv[1], "emit") == 0) {
    yaml_event_t *events = calloc(MOST_EVENTS, sizeof *events);
    if (events == NULL) stop("out of memory");
    const size_t kept = keep_events(&document, events);
    for (long i = 0; i < count; i++)
      emit(events, kept);
  } else {
    for (long i = 1; i < count; i++)
      drain(&document);
  }
  printf("%ld\n", drain(&document));
  return 0;
}
