/* A text as YAML: events nest rightly, places do not go back, limits hold, and each text that was read is written anew,
 * as value and as key, so that it reads back as the same. The first byte chooses options. */
#include "support.h"
#include "yaml/write.h"
#include "yaml/yaml.h"

enum { MOST_DEPTH = 20, MOST_NODES = 10000 };

/* ---- a text, written and read ---- */

static bool is_text(const mp_yaml_event *event, const char *text, size_t size) {
  return event->type == MP_YAML_SCALAR && event->value.kind == MP_VALUE_TEXT && event->value.as.bytes.size == size &&
         (size == 0 || memcmp(event->value.as.bytes.data, text, size) == 0);
}

static void expect(mp_yaml_reader *reader, mp_yaml_type type, mp_yaml_event *event) {
  mp_error *error = NULL;
  PROMISE(mp_yaml_next(reader, event, &error));
  PROMISE(event->type == type);
}

/* `written` is the map { text: text } in a list. */
static void expect_same(const mp_buffer *written, const char *text, size_t size) {
  const mp_yaml_options options = {.limits = {.key = SIZE_MAX / 2, .bytes = SIZE_MAX / 2}};
  mp_error *error = NULL;
  mp_yaml_event event;
  mp_yaml_reader *reader = mp_yaml_open(written->data, written->size, &options, &error);
  PROMISE(reader != NULL);
  expect(reader, MP_YAML_DOCUMENT, &event);
  expect(reader, MP_YAML_LIST, &event);
  expect(reader, MP_YAML_MAP, &event);
  for (int i = 0; i < 2; i++) {
    expect(reader, MP_YAML_SCALAR, &event);
    PROMISE(is_text(&event, text, size));
  }
  expect(reader, MP_YAML_CLOSE, &event);
  expect(reader, MP_YAML_SCALAR, &event);
  PROMISE(is_text(&event, text, size));
  expect(reader, MP_YAML_CLOSE, &event);
  expect(reader, MP_YAML_DOCUMENT_END, &event);
  expect(reader, MP_YAML_END, &event);
  mp_yaml_close(reader);
}

static void write_and_read(const char *text, size_t size, const mp_yaml_style *style) {
  const mp_yaml_place key = {MP_YAML_BEHIND_KEY, 2}, dash = {MP_YAML_BEHIND_DASH, 0};
  mp_buffer out;
  mp_error *error = NULL;
  mp_buffer_init(&out, BUFFER_LIMIT);
  mp_buffer_adds(&out, "- ");
  PROMISE(mp_yaml_write_key(&out, text, size, &error));
  if (mp_yaml_is_simple_key(out.size)) {
    mp_buffer_addc(&out, ':');
    PROMISE(mp_yaml_write_text(&out, style, key, text, size, &error));
    mp_buffer_adds(&out, "\n- ");
    PROMISE(mp_yaml_write_text(&out, style, dash, text, size, &error));
    mp_buffer_addc(&out, '\n');
    expect_same(&out, text, size);
  }
  mp_buffer_finish(&out);
}

/* ---- a document ---- */

static void check_event(const mp_yaml_event *event, int *depth, mp_yaml_mark *last) {
  PROMISE(event->mark.line >= 1 && event->mark.column >= 1);
  PROMISE(event->mark.line > last->line || (event->mark.line == last->line && event->mark.column >= last->column));
  *last = event->mark;
  if (event->type == MP_YAML_LIST || event->type == MP_YAML_MAP) PROMISE(++*depth <= MOST_DEPTH);
  if (event->type == MP_YAML_CLOSE) PROMISE(--*depth >= 0);
  if (event->type == MP_YAML_ALIAS) PROMISE(event->anchor != 0);
  if (event->type == MP_YAML_DOCUMENT_END) PROMISE(*depth == 0);
}

static bool read_document(mp_yaml_reader *reader, const mp_yaml_style *style, mp_error **error) {
  mp_yaml_event event;
  mp_yaml_mark last = {1, 1};
  int depth = 0, nodes = 0;
  for (;;) {
    if (!mp_yaml_next(reader, &event, error)) return false;
    check_event(&event, &depth, &last);
    if (event.type == MP_YAML_END) return true;
    const bool is_node = event.type == MP_YAML_SCALAR || event.type == MP_YAML_LIST || event.type == MP_YAML_MAP;
    PROMISE(!is_node || ++nodes <= MOST_NODES);
    if (event.type == MP_YAML_SCALAR && event.value.kind == MP_VALUE_TEXT) {
      write_and_read(event.value.as.bytes.data, event.value.as.bytes.size, style);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const mp_yaml_options options = {
      .limits = {.depth = MOST_DEPTH, .nodes = MOST_NODES, .key = 200},
      .exact_decimals = (data[0] & 1) != 0,
      .merge = (data[0] & 2) != 0,
      .foreign_tags = (data[0] & 4) != 0,
  };
  const mp_yaml_style style = {.indent = 2 + (data[0] >> 3 & 7), .width = (data[0] & 0x40) != 0 ? 10 : 0};
  char *text = text_of(data + 1, size - 1);
  mp_error *error = NULL;
  mp_yaml_reader *reader = mp_yaml_open(text, size - 1, &options, &error);
  if (reader != NULL) {
    const bool ok = read_document(reader, &style, &error);
    if (!ok && mp_error_line(error) > 0) PROMISE(mp_error_column(error) > 0);
    settle(ok, &error);
  } else {
    settle(false, &error);
  }
  mp_yaml_close(reader);
  free(text);
  return 0;
}
