/* libyaml's events as ours: scalars get their types, aliases the anchors that they mean, and limits are kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml/internal.h"

/* A list or map that is open. */
typedef struct level {
  size_t start;    /* in characters                                       */
  uint64_t nodes;  /* read, with repetitions, before this one             */
  uint32_t anchor; /* its own, or 0                                       */
  uint32_t height; /* of what is in it                                    */
  bool is_map;
  bool is_key;      /* itself a key                                        */
  bool expects_key; /* of a map: the next node is one                      */
} level;

struct mp_yaml_reader {
  yaml_parser_t parser;
  yaml_event_t event; /* the last one, from which the host's event borrows */
  bool has_event;
  mp_yaml_options options;
  mp__yaml_text text, seen; /* as it is, and as libyaml has it: borrowed from text or disguise */
  mp__yaml_disguise disguise;
  mp__yaml_anchors anchors;
  level *levels;
  uint32_t depth, capacity;
  uint64_t written, total; /* nodes: as written, and with what aliases repeat */
  bool has_alias;
  bool is_open_ended; /* the document before has no "..." */
  mp_buffer scratch;
};

/* ---- opening and closing ---- */

static void take_default(size_t *limit, size_t value) {
  if (*limit == 0) *limit = value;
}

static void take_defaults(mp_yaml_limits *limits) {
  take_default(&limits->bytes, MP_YAML_BYTES);
  take_default(&limits->depth, MP_YAML_DEFAULT_DEPTH);
  take_default(&limits->nodes, MP_YAML_NODES);
  take_default(&limits->key, MP_YAML_KEY);
  take_default(&limits->amplification, MP_YAML_AMPLIFICATION);
  if (limits->depth > MP_YAML_DEPTH) limits->depth = MP_YAML_DEPTH;
}

static bool start(mp_yaml_reader *reader, const char *text, size_t size, mp_error **error) {
  const mp__yaml_text *whole = &reader->text;
  if (!mp__yaml_text_init(&reader->text, text, size, error)) return false;
  if (!mp__yaml_check_directives(whole, error)) return false;
  if (!mp__yaml_disguise_init(&reader->disguise, whole->data, whole->size)) return mp_error_set_memory(error);
  if (yaml_parser_initialize(&reader->parser) == 0) return mp_error_set_memory(error);
  const mp_buffer *worn = &reader->disguise.text;
  reader->seen = (mp__yaml_text){.data = whole->data, .size = whole->size};
  if (reader->disguise.is_worn) reader->seen = (mp__yaml_text){.data = worn->data, .size = worn->size};
  yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&reader->parser, (const unsigned char *)reader->seen.data, reader->seen.size);
  return true;
}

mp_yaml_reader *mp_yaml_open(const char *text, size_t size, const mp_yaml_options *options, mp_error **error) {
  mp_yaml_options chosen = *options;
  take_defaults(&chosen.limits);
  if (size > chosen.limits.bytes) {
    mp__yaml_refuse_size(text, size, chosen.limits.bytes, error);
    return NULL;
  }
  mp_yaml_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return (void)mp_error_set_memory(error), NULL;
  reader->options = chosen;
  mp_buffer_init(&reader->scratch, SIZE_MAX);
  mp__yaml_anchors_init(&reader->anchors);
  if (!start(reader, text, size, error)) {
    mp_yaml_close(reader);
    return NULL;
  }
  return reader;
}

static void drop_event(mp_yaml_reader *reader) {
  if (reader->has_event) yaml_event_delete(&reader->event);
  reader->has_event = false;
}

void mp_yaml_close(mp_yaml_reader *reader) {
  if (reader == NULL) return;
  drop_event(reader);
  yaml_parser_delete(&reader->parser);
  mp__yaml_text_finish(&reader->text);
  mp__yaml_disguise_finish(&reader->disguise);
  mp__yaml_anchors_finish(&reader->anchors);
  mp_buffer_finish(&reader->scratch);
  free(reader->levels);
  free(reader);
}

const char *mp_yaml_text(const mp_yaml_reader *reader, size_t *size) {
  *size = reader->text.size;
  return reader->text.data;
}

/* ---- errors ---- */

bool mp_yaml_fail(const mp_yaml_reader *reader, mp_yaml_mark mark, mp_error **error, const char *format, ...) {
  char raw[512];
  mp_buffer shown;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(raw, sizeof raw, format, arguments);
  va_end(arguments);
  mp_buffer_init(&shown, SIZE_MAX);
  mp_yaml_show(&shown, raw, strlen(raw));
  const char *message = mp_buffer_text(&shown);
  if (message == NULL) {
    mp_error_set_memory(error);
  } else {
    mp_error_set(error, MP_ERROR_YAML, "%s", message);
  }
  mp_buffer_finish(&shown);
  if (error != NULL && *error != NULL) mp__yaml_put_place(&reader->text, mark, *error);
  return false;
}

static mp_yaml_mark mark_of(const yaml_mark_t *mark) {
  return (mp_yaml_mark){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1};
}

static bool hint(mp_error **error, const char *text) {
  if (error != NULL && *error != NULL) mp_error_put(*error, MP_ERROR_HINT, text);
  return false;
}

/* ---- counting ---- */

static level *top(mp_yaml_reader *reader) {
  return reader->depth == 0 ? NULL : &reader->levels[reader->depth - 1];
}

/* True when the node that begins now is a key. */
static bool turn(mp_yaml_reader *reader) {
  level *up = top(reader);
  if (up == NULL || !up->is_map) return false;
  const bool is_key = up->expects_key;
  up->expects_key = !is_key;
  return is_key;
}

static bool count_nodes(mp_yaml_reader *reader, uint64_t more, mp_yaml_mark mark, mp_error **error) {
  const mp_yaml_limits *limits = &reader->options.limits;
  reader->written++;
  reader->total += more;
  if (reader->total > limits->nodes) {
    mp_yaml_fail(reader, mark, error, "the document has more than %zu nodes (lists, maps, keys and values)%s",
                 limits->nodes, reader->has_alias ? ", with what its aliases repeat" : "");
    return hint(error, "the option max_nodes allows more");
  }
  if (reader->has_alias && reader->total / limits->amplification > reader->written) {
    mp_yaml_fail(reader, mark, error, "aliases repeat too much: more than %zu nodes for each that is written",
                 limits->amplification);
    return hint(error, "the option max_amplification allows more");
  }
  return true;
}

static bool check_key(const mp_yaml_reader *reader, size_t size, mp_yaml_mark mark, mp_error **error) {
  if (size <= reader->options.limits.key) return true;
  mp_yaml_fail(reader, mark, error, "a key of %zu bytes, and %zu are allowed", size, reader->options.limits.key);
  return hint(error, "the option max_key allows more");
}

static bool check_depth(const mp_yaml_reader *reader, uint32_t levels, mp_yaml_mark mark, mp_error **error) {
  if (reader->depth + levels <= reader->options.limits.depth) return true;
  mp_yaml_fail(reader, mark, error, "nested too deeply: %zu levels are allowed", reader->options.limits.depth);
  return reader->options.limits.depth < MP_YAML_DEPTH ? hint(error, "the option max_depth allows more, up to 1,000")
                                                      : false;
}

/* What is open has to know how high it is. */
static void raise_height(mp_yaml_reader *reader, uint32_t height) {
  level *up = top(reader);
  if (up != NULL && up->height < height) up->height = height;
}

static bool name_anchor(mp_yaml_reader *reader, const yaml_char_t *name, uint32_t *number, mp_error **error) {
  *number = 0;
  if (name == NULL) return true;
  *number = mp__yaml_anchor_add(&reader->anchors, (const char *)name);
  return *number != 0 || mp_error_set_memory(error);
}

/* ---- tags ---- */

static bool refuse_tag(const mp_yaml_reader *reader, const char *tag, mp_yaml_mark mark, mp_error **error) {
  char shown[80];
  mp__yaml_tag_shown(tag, shown, sizeof shown);
  mp_yaml_fail(reader, mark, error, "the tag %s is not known", shown);
  return hint(error,
              "the option tag takes a function for tags of your own; a text that begins with '!' must be quoted");
}

/* A tag of a list or map; `fits` is the one that says nothing new. */
static bool look_at_tag(const mp_yaml_reader *reader, const yaml_char_t *given, mp__yaml_tag fits, mp_yaml_event *event,
                        mp_error **error) {
  const char *tag = (const char *)given;
  const mp__yaml_tag found = mp__yaml_tag_of(tag);
  event->tag = NULL;
  if (found == MP__TAG_NONE || found == MP__TAG_PLAIN_TEXT || found == fits) return true;
  if (found != MP__TAG_FOREIGN) {
    char shown[80];
    mp__yaml_tag_shown(tag, shown, sizeof shown);
    return mp_yaml_fail(reader, event->mark, error, "the tag %s is on a %s", shown,
                        fits == MP__TAG_MAP ? "map" : "list");
  }
  if (!reader->options.foreign_tags) return refuse_tag(reader, tag, event->mark, error);
  event->tag = tag;
  return true;
}

/* ---- events ---- */

static bool refuse_scalar(const mp_yaml_reader *reader, const mp_yaml_event *event, const char *wrong,
                          mp_error **error) {
  enum { SHOWN = 40 };
  if (wrong == NULL) return mp_error_set_memory(error);
  const char *text = (const char *)reader->event.data.scalar.value;
  const size_t size = reader->event.data.scalar.length;
  int shown = size > SHOWN ? SHOWN : (int)size;
  while (shown > 0 && shown < (int)size && ((unsigned char)text[shown] & 0xC0U) == 0x80U)
    shown--;
  return mp_yaml_fail(reader, event->mark, error, "\"%.*s%s\" %s", shown, text, size > SHOWN ? "..." : "", wrong);
}

static bool read_value(mp_yaml_reader *reader, mp_yaml_event *event, bool is_key, mp_error **error) {
  const char *text = (const char *)reader->event.data.scalar.value;
  const size_t size = reader->event.data.scalar.length;
  const bool is_plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  const char *tag = (const char *)reader->event.data.scalar.tag;
  const mp__yaml_tag found = mp__yaml_tag_of(tag);
  const bool exact = reader->options.exact_decimals;
  const char *wrong = NULL;
  event->tag = NULL;
  event->is_merge_key = is_key && reader->options.merge && (is_plain || found == MP__TAG_MERGE) && size == 2 &&
                        memcmp(text, "<<", 2) == 0 && (found == MP__TAG_NONE || found == MP__TAG_MERGE);
  if (found == MP__TAG_FOREIGN) {
    if (!reader->options.foreign_tags) return refuse_tag(reader, tag, event->mark, error);
    event->tag = tag;
  }
  if (found == MP__TAG_NONE && is_plain) {
    return mp__yaml_resolve(text, size, exact, &reader->scratch, &event->value, &wrong) ||
           refuse_scalar(reader, event, wrong, error);
  }
  return mp__yaml_resolve_as(found, text, size, exact, &reader->scratch, &event->value, &wrong) ||
         refuse_scalar(reader, event, wrong, error);
}

/* For libyaml an anchor's name ends before a colon, and the rest of it would be a text. */
static bool check_anchor(const mp_yaml_reader *reader, mp_yaml_mark mark, mp_error **error) {
  const bool is_plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  const bool has_colon = reader->event.data.scalar.length > 0 && reader->event.data.scalar.value[0] == ':';
  if (!is_plain || !has_colon || reader->event.data.scalar.anchor == NULL) return true;
  return mp_yaml_fail(reader, mark, error, "an anchor's name has letters, digits, '-' and '_', and no ':'");
}

/* In a flow libyaml takes a dash for a text. */
static bool check_dash(const mp_yaml_reader *reader, bool is_key, mp_yaml_mark mark, mp_error **error) {
  const bool is_plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  const bool is_dash = reader->event.data.scalar.length == 1 && reader->event.data.scalar.value[0] == '-';
  if (is_key || !is_plain || !is_dash) return true;
  mp_yaml_fail(reader, mark, error, "a '-' cannot stand alone here");
  return hint(error, "a text that is '-' must be quoted");
}

static bool read_scalar(mp_yaml_reader *reader, mp_yaml_event *event, mp_error **error) {
  const bool is_key = turn(reader);
  event->type = MP_YAML_SCALAR;
  if (!check_anchor(reader, event->mark, error) || !check_dash(reader, is_key, event->mark, error)) return false;
  reader->event.data.scalar.length = mp__yaml_disguise_take_off(
      &reader->disguise, (char *)reader->event.data.scalar.value, reader->event.data.scalar.length);
  return count_nodes(reader, 1, event->mark, error) &&
         (!is_key || check_key(reader, reader->event.data.scalar.length, event->mark, error)) &&
         name_anchor(reader, reader->event.data.scalar.anchor, &event->anchor, error) &&
         read_value(reader, event, is_key, error);
}

static bool grow_levels(mp_yaml_reader *reader) {
  const uint32_t capacity = reader->capacity == 0 ? 16 : reader->capacity * 2;
  level *levels = realloc(reader->levels, capacity * sizeof *levels);
  if (levels == NULL) return false;
  reader->levels = levels;
  reader->capacity = capacity;
  return true;
}

static bool open_level(mp_yaml_reader *reader, mp_yaml_event *event, const yaml_char_t *anchor, mp_error **error) {
  const bool is_key = turn(reader);
  if (!check_depth(reader, 1, event->mark, error) || !count_nodes(reader, 1, event->mark, error)) return false;
  if (!name_anchor(reader, anchor, &event->anchor, error)) return false;
  if (event->anchor != 0) reader->anchors.list[event->anchor - 1].is_open = true;
  if (reader->depth == reader->capacity && !grow_levels(reader)) return mp_error_set_memory(error);
  reader->levels[reader->depth++] = (level){
      .start = reader->event.start_mark.index,
      .nodes = reader->total - 1,
      .anchor = event->anchor,
      .height = 1,
      .is_map = event->type == MP_YAML_MAP,
      .is_key = is_key,
      .expects_key = true,
  };
  return true;
}

static bool read_list(mp_yaml_reader *reader, mp_yaml_event *event, mp_error **error) {
  event->type = MP_YAML_LIST;
  return look_at_tag(reader, reader->event.data.sequence_start.tag, MP__TAG_SEQ, event, error) &&
         open_level(reader, event, reader->event.data.sequence_start.anchor, error);
}

static bool read_map(mp_yaml_reader *reader, mp_yaml_event *event, mp_error **error) {
  event->type = MP_YAML_MAP;
  return look_at_tag(reader, reader->event.data.mapping_start.tag, MP__TAG_MAP, event, error) &&
         open_level(reader, event, reader->event.data.mapping_start.anchor, error);
}

static bool read_close(mp_yaml_reader *reader, mp_yaml_event *event, mp_error **error) {
  const level closed = reader->levels[--reader->depth];
  event->type = MP_YAML_CLOSE;
  event->anchor = closed.anchor;
  raise_height(reader, closed.height + 1);
  if (closed.anchor != 0) {
    mp__yaml_anchor *anchor = &reader->anchors.list[closed.anchor - 1];
    *anchor = (mp__yaml_anchor){.nodes = (uint32_t)(reader->total - closed.nodes), .height = closed.height};
  }
  return !closed.is_key || check_key(reader, reader->event.end_mark.index - closed.start, event->mark, error);
}

/* All is counted before anybody copies. */
static bool read_alias(mp_yaml_reader *reader, mp_yaml_event *event, mp_error **error) {
  const char *name = (const char *)reader->event.data.alias.anchor;
  turn(reader);
  event->type = MP_YAML_ALIAS;
  event->anchor = mp__yaml_anchor_find(&reader->anchors, name);
  if (event->anchor == 0) {
    mp_yaml_fail(reader, event->mark, error, "there is no anchor &%.60s before this alias", name);
    return hint(error, "a text that begins with '*' must be quoted");
  }
  const mp__yaml_anchor *anchor = &reader->anchors.list[event->anchor - 1];
  if (anchor->is_open) {
    return mp_yaml_fail(reader, event->mark, error, "the alias *%.60s stands within what it repeats", name);
  }
  reader->has_alias = true;
  raise_height(reader, anchor->height + 1);
  return check_depth(reader, anchor->height, event->mark, error) &&
         count_nodes(reader, anchor->nodes, event->mark, error);
}

/* libyaml takes a line that begins with '%' for a directive, also where YAML 1.2 takes it for a text that goes on. */
static bool read_document(mp_yaml_reader *reader, mp_yaml_event *event, mp_error **error) {
  const bool has_version = reader->event.data.document_start.version_directive != NULL;
  const bool has_tags =
      reader->event.data.document_start.tag_directives.start != reader->event.data.document_start.tag_directives.end;
  mp__yaml_anchors_clear(&reader->anchors);
  event->type = MP_YAML_DOCUMENT;
  if (!reader->is_open_ended || (!has_version && !has_tags)) return true;
  mp_yaml_fail(reader, event->mark, error, "directives stand here, and the document before has not ended");
  return hint(error, "before a line that begins with '%' a document ends with a line that is '...'");
}

static bool read_event(mp_yaml_reader *reader, mp_yaml_event *event, mp_error **error) {
  event->mark = mark_of(&reader->event.start_mark);
  event->anchor = 0;
  switch (reader->event.type) {
  case YAML_SCALAR_EVENT: return read_scalar(reader, event, error);
  case YAML_SEQUENCE_START_EVENT: return read_list(reader, event, error);
  case YAML_MAPPING_START_EVENT: return read_map(reader, event, error);
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT: return read_close(reader, event, error);
  case YAML_ALIAS_EVENT: return read_alias(reader, event, error);
  case YAML_DOCUMENT_START_EVENT: return read_document(reader, event, error);
  case YAML_DOCUMENT_END_EVENT:
    reader->is_open_ended = reader->event.data.document_end.implicit != 0;
    event->type = MP_YAML_DOCUMENT_END;
    return true;
  default: event->type = MP_YAML_END; return true;
  }
}

bool mp_yaml_next(mp_yaml_reader *reader, mp_yaml_event *event, mp_error **error) {
  do {
    drop_event(reader);
    if (yaml_parser_parse(&reader->parser, &reader->event) == 0) {
      return mp__yaml_complain(&reader->parser, &reader->text, &reader->seen, error);
    }
    reader->has_event = true;
  } while (reader->event.type == YAML_STREAM_START_EVENT);
  return read_event(reader, event, error);
}
