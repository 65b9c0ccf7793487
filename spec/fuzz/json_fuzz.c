/* A text as JSON: what is read, and written anew from its nodes, is read as the same nodes. */
#include "codec/json.h"
#include "support.h"

static void write_string(const mp_json_node *node, mp_buffer *out) {
  mp_error *error = NULL;
  PROMISE(mp_json_write_string(out, node->as.text, node->count, &error));
}

static void write_scalar(const mp_json_node *node, mp_buffer *out) {
  mp_error *error = NULL;
  switch ((mp_json_type)node->type) {
  case MP_JSON_NULL: mp_buffer_adds(out, "null"); break;
  case MP_JSON_FALSE: mp_buffer_adds(out, "false"); break;
  case MP_JSON_TRUE: mp_buffer_adds(out, "true"); break;
  case MP_JSON_INTEGER: mp_buffer_addf(out, "%lld", (long long)node->as.integer); break;
  case MP_JSON_FLOAT: PROMISE(mp_json_write_float(out, node->as.number, &error)); break;
  case MP_JSON_NUMBER: mp_buffer_add(out, node->as.text, node->count); break;
  default: write_string(node, out);
  }
}

/* The node at *at with all that is in it. */
static void write_node(const mp_json_tape *tape, size_t *at, mp_buffer *out) {
  PROMISE(*at < tape->count);
  const mp_json_node *node = &tape->nodes[(*at)++];
  bool is_object = node->type == MP_JSON_OBJECT;
  if (!is_object && node->type != MP_JSON_ARRAY) {
    write_scalar(node, out);
    return;
  }
  mp_buffer_addc(out, is_object ? '{' : '[');
  for (uint32_t i = 0; i < node->count; i++) {
    if (i > 0) mp_buffer_addc(out, ',');
    if (is_object) {
      PROMISE(*at < tape->count && tape->nodes[*at].type == MP_JSON_STRING);
      write_string(&tape->nodes[(*at)++], out);
      mp_buffer_addc(out, ':');
    }
    write_node(tape, at, out);
  }
  mp_buffer_addc(out, is_object ? '}' : ']');
}

static bool same_node(const mp_json_node *a, const mp_json_node *b) {
  if (a->type != b->type) return false;
  switch ((mp_json_type)a->type) {
  case MP_JSON_INTEGER: return a->as.integer == b->as.integer;
  case MP_JSON_FLOAT: return memcmp(&a->as.number, &b->as.number, sizeof(double)) == 0;
  case MP_JSON_STRING:
  case MP_JSON_NUMBER: return a->count == b->count && (a->count == 0 || memcmp(a->as.text, b->as.text, a->count) == 0);
  case MP_JSON_ARRAY:
  case MP_JSON_OBJECT: return a->count == b->count;
  default: return true;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mp_json_tape tape, again;
  mp_json_tape_init(&tape);
  mp_json_tape_init(&again);
  mp_buffer written;
  mp_buffer_init(&written, BUFFER_LIMIT);
  mp_error *error = NULL;
  if (settle(mp_json_read(&tape, (const char *)data, size, &error), &error)) {
    size_t at = 0;
    write_node(&tape, &at, &written);
    PROMISE(at == tape.count && mp_buffer_ok(&written));
    PROMISE(mp_json_read(&again, written.data, written.size, &error));
    PROMISE(again.count == tape.count);
    for (size_t i = 0; i < tape.count; i++)
      PROMISE(same_node(&tape.nodes[i], &again.nodes[i]));
  }
  mp_json_tape_finish(&tape);
  mp_json_tape_finish(&again);
  mp_buffer_finish(&written);
  return 0;
}
