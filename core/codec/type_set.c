/* Codecs out of the server's descriptions: names and members are copied, then the types that are made of others are
 * tied together, each after those that it is made of. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "codec/catalog.h"
#include "codec/internal.h"

enum { DEEPEST = 32 }; /* each level takes stack when a value is decoded */

typedef struct entry {
  mp_codec codec;
  char kind;
  uint32_t child, relation;
  const char *stamp; /* points into names */
  enum { NEW, UNDER_WAY, TIED } state;
  int depth;           /* of what it is made of */
  mp_buffer names;     /* its own, and those of its members, each zero terminated */
  mp_field *fields;    /* owned */
  const char **labels; /* owned; point into names */
  uint32_t *types;     /* owned: of the fields */
  int members;
} entry;

struct mp_type_set {
  atomic_int references;
  size_t count;
  entry entries[]; /* by OID */
};

/* ---- life ---- */

static void destroy(mp_type_set *set) {
  for (size_t i = 0; i < set->count; i++) {
    mp_buffer_finish(&set->entries[i].names);
    free(set->entries[i].fields);
    free(set->entries[i].labels);
    free(set->entries[i].types);
  }
  free(set);
}

mp_type_set *mp_type_set_retain(mp_type_set *set) {
  if (set != NULL) atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
  return set;
}

void mp_type_set_release(mp_type_set *set) {
  if (set != NULL && atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) == 1) destroy(set);
}

/* ---- finding ---- */

static int by_oid(const void *a, const void *b) {
  uint32_t left = ((const entry *)a)->codec.oid, right = ((const entry *)b)->codec.oid;
  return (left > right) - (left < right);
}

static entry *find(const mp_type_set *set, uint32_t oid) {
  entry key = {.codec = {.oid = oid}};
  return bsearch(&key, set->entries, set->count, sizeof key, by_oid);
}

const mp_codec *mp_type_set_find(const mp_type_set *set, uint32_t oid) {
  const mp_codec *fixed = mp_codec_find(oid);
  if (fixed->oid != 0) return fixed;
  const entry *found = set == NULL ? NULL : find(set, oid);
  return found == NULL ? NULL : &found->codec;
}

size_t mp_type_set_count(const mp_type_set *set) {
  return set == NULL ? 0 : set->count;
}

uint32_t mp_type_set_oid(const mp_type_set *set, size_t number) {
  return set->entries[number].codec.oid;
}

/* ---- composites ---- */

/* Notes what a type is and holds; each type is gone through once. */
static void visit(const mp_type_set *set, uint32_t oid, int level, bool *visited) {
  const entry *type = find(set, oid);
  if (type == NULL || visited[type - set->entries] || level > DEEPEST) return;
  visited[type - set->entries] = true;
  if (type->child != 0) visit(set, type->child, level + 1, visited);
  for (int i = 0; type->relation != 0 && i < type->members; i++)
    visit(set, type->types[i], level + 1, visited);
}

size_t mp_type_set_relations(const mp_type_set *set, const uint32_t *oids, size_t count, mp_buffer *list) {
  bool *visited = calloc(set->count + 1, sizeof *visited);
  size_t found = 0;
  if (visited == NULL) {
    list->failed = true;
    return 0;
  }
  for (size_t i = 0; i < count; i++)
    visit(set, oids[i], 0, visited);
  for (size_t i = 0; i < set->count; i++) {
    const entry *type = &set->entries[i];
    if (!visited[i] || type->relation == 0 || type->stamp[0] == '\0') continue;
    mp_buffer_addf(list, "%c%u", found++ == 0 ? '{' : ',', type->relation);
  }
  mp_buffer_adds(list, found == 0 ? "{}" : "}");
  free(visited);
  return found;
}

bool mp_type_set_is_stamped(const mp_type_set *set, uint32_t relation, const char *stamp) {
  for (size_t i = 0; i < set->count; i++) {
    const entry *type = &set->entries[i];
    if (type->relation == relation) return strcmp(type->stamp, stamp) == 0;
  }
  return false;
}

/* ---- reading a row ---- */

static const mp_codec_context no_context = {MP_INTERVAL_POSTGRES};

/* Calls act for each element of an array literal of texts or OIDs; an empty one stands for none. */
static bool each_member(const mp_bytes *literal, uint32_t array_type, bool (*act)(entry *, int, const mp_value *),
                        entry *to, int *count, mp_error **error) {
  const mp_codec *codec = mp_codec_find(array_type);
  mp_buffer scratch;
  mp_buffer_init(&scratch, SIZE_MAX);
  mp_value list, member;
  mp_error *wrong = NULL;
  *count = 0;
  bool ok = codec->from_text(codec, literal->data, literal->size, &no_context, &scratch, &list, &wrong);
  while (ok && mp_array_next(&list.as.array, &scratch, &member, &wrong)) {
    ok = act(to, (*count)++, &member);
    if (!ok) mp_error_set(&wrong, MP_ERROR_DECODE, "the server described the type %s wrongly", to->codec.name);
  }
  mp_buffer_finish(&scratch);
  if (wrong == NULL) return true;
  mp_error_move(error, wrong);
  return false;
}

static bool count_member(entry *to, int number, const mp_value *member) {
  (void)to;
  (void)number;
  return member->kind != MP_VALUE_NULL;
}

static bool add_name(entry *to, int number, const mp_value *member) {
  (void)number;
  if (member->kind != MP_VALUE_TEXT) return false;
  mp_buffer_add(&to->names, member->as.bytes.data, member->as.bytes.size);
  mp_buffer_addc(&to->names, '\0');
  return true;
}

static bool add_type(entry *to, int number, const mp_value *member) {
  if (number >= to->members || member->kind != MP_VALUE_INTEGER) return false;
  to->types[number] = (uint32_t)member->as.integer;
  return true;
}

static void add_text(mp_buffer *out, const char *text) {
  mp_buffer_add(out, text, strlen(text) + 1);
}

static bool allocate_members(entry *to, mp_error **error) {
  size_t count = (size_t)to->members + 1; /* never nothing: the pointer tells what it is */
  to->labels = calloc(count, sizeof *to->labels);
  to->fields = calloc(count, sizeof *to->fields);
  to->types = calloc(count, sizeof *to->types);
  return (to->labels != NULL && to->fields != NULL && to->types != NULL) || mp_error_set_memory(error);
}

static const char *next_text(const char **at) {
  const char *text = *at;
  *at += strlen(text) + 1;
  return text;
}

/* The buffer does not move any more. */
static void point_at_names(entry *to) {
  const char *at = to->names.data;
  to->codec.name = next_text(&at);
  to->codec.schema = next_text(&at);
  to->codec.type = next_text(&at);
  to->stamp = next_text(&at);
  for (int i = 0; i < to->members; i++)
    to->fields[i].name = to->labels[i] = next_text(&at);
}

static bool read_row(entry *to, const mp_type_row *row, mp_error **error) {
  bool has_members = row->kind == 'c' || row->kind == 'e';
  to->kind = row->kind;
  to->child = row->child;
  to->relation = row->kind == 'c' ? row->relation : 0;
  to->codec = (mp_codec){.oid = row->oid, .name = row->name, .delimiter = row->delimiter};
  mp_buffer_init(&to->names, SIZE_MAX);
  if (has_members && !each_member(&row->members, 1009, count_member, to, &to->members, error)) return false;
  if (!allocate_members(to, error)) return false;
  add_text(&to->names, row->name);
  add_text(&to->names, row->schema);
  add_text(&to->names, row->type);
  add_text(&to->names, row->stamp);
  int count = 0, types = 0;
  if (has_members && !each_member(&row->members, 1009, add_name, to, &count, error)) return false;
  if (row->kind == 'c' && !each_member(&row->member_types, 1028, add_type, to, &types, error)) return false;
  if (!mp_buffer_ok(&to->names)) return mp_error_set_memory(error);
  point_at_names(to);
  if (row->kind != 'c' || types == to->members) return true;
  return mp_error_set(error, MP_ERROR_DECODE, "the server described the type %s wrongly", to->codec.name);
}

/* ---- tying them together ---- */

static void tie(mp_type_set *set, entry *type, int level);

static void make_text(mp_codec *codec) {
  codec->kind = MP_VALUE_TEXT;
  codec->from_text = mp__text_decode;
}

/* The codec of what a type is made of; NULL when there is none that could be used. level: how deep we are. */
static const mp_codec *part(mp_type_set *set, entry *whole, uint32_t oid, int level) {
  const mp_codec *fixed = mp_codec_find(oid);
  if (fixed->oid != 0) return fixed;
  entry *found = find(set, oid);
  if (found == NULL || found->state == UNDER_WAY || level == DEEPEST) return NULL;
  tie(set, found, level + 1);
  if (found->depth + 1 > whole->depth) whole->depth = found->depth + 1;
  return whole->depth > DEEPEST ? NULL : &found->codec;
}

static void tie_enum(entry *type) {
  type->codec.kind = MP_VALUE_TEXT;
  type->codec.from_text = type->codec.from_binary = mp__text_decode;
  type->codec.to_binary = mp__enum_to_binary;
  type->codec.labels = type->labels;
  type->codec.label_count = type->members;
}

static bool tie_hstore(entry *type) {
  type->codec.kind = MP_VALUE_HSTORE;
  type->codec.from_text = mp__hstore_from_text;
  type->codec.from_binary = mp__hstore_from_binary;
  return true;
}

static bool tie_array(entry *type, const mp_codec *element) {
  if (element == NULL) return false;
  type->codec.kind = MP_VALUE_ARRAY;
  type->codec.element = element;
  type->codec.from_text = mp__array_from_text;
  type->codec.from_binary = element->from_binary == NULL ? NULL : mp__array_from_binary;
  return true;
}

static bool tie_range(entry *type, const mp_codec *subtype) {
  if (subtype == NULL) return false;
  type->codec.kind = MP_VALUE_RANGE;
  type->codec.element = subtype;
  type->codec.from_text = mp__range_from_text;
  type->codec.from_binary = subtype->from_binary == NULL ? NULL : mp__range_from_binary;
  return true;
}

static bool tie_multirange(entry *type, const mp_codec *range) {
  if (range == NULL || range->kind != MP_VALUE_RANGE) return false;
  type->codec.kind = MP_VALUE_ARRAY;
  type->codec.is_multirange = true;
  type->codec.element = range;
  type->codec.from_text = mp__multirange_from_text;
  type->codec.from_binary = range->from_binary == NULL ? NULL : mp__multirange_from_binary;
  return true;
}

/* A domain is its base type under another name. */
static bool tie_domain(entry *type, const mp_codec *base) {
  if (base == NULL) return false;
  mp_codec own = type->codec;
  type->codec = *base;
  type->codec.oid = own.oid;
  type->codec.name = own.name;
  type->codec.schema = own.schema;
  type->codec.type = own.type;
  type->codec.delimiter = own.delimiter;
  type->codec.array = 0;
  return true;
}

static bool tie_composite(mp_type_set *set, entry *type, int level) {
  bool binary = true;
  for (int i = 0; i < type->members; i++) {
    type->fields[i].codec = part(set, type, type->types[i], level);
    if (type->fields[i].codec == NULL) return false;
    binary = binary && type->fields[i].codec->from_binary != NULL;
  }
  type->codec.kind = MP_VALUE_COMPOSITE;
  type->codec.from_text = mp__composite_from_text;
  type->codec.from_binary = binary ? mp__composite_from_binary : NULL;
  type->codec.fields = type->fields;
  type->codec.field_count = type->members;
  return true;
}

static bool tie_parts(mp_type_set *set, entry *type, int level) {
  switch (type->kind) {
  case 'e': tie_enum(type); return true;
  case 'a': return tie_array(type, part(set, type, type->child, level));
  case 'd': return tie_domain(type, part(set, type, type->child, level));
  case 'r': return tie_range(type, part(set, type, type->child, level));
  case 'm': return tie_multirange(type, part(set, type, type->child, level));
  case 'c': return tie_composite(set, type, level);
  case 'h': return tie_hstore(type);
  default: return false;
  }
}

static void tie(mp_type_set *set, entry *type, int level) {
  if (type->state != NEW) return;
  type->state = UNDER_WAY;
  if (!tie_parts(set, type, level)) make_text(&type->codec);
  type->state = TIED;
}

static bool read_rows(mp_type_set *set, const mp_type_row *rows, size_t count, mp_error **error) {
  for (size_t i = 0; i < count; i++) {
    set->count++;
    if (!read_row(&set->entries[i], &rows[i], error)) return false;
  }
  return true;
}

mp_type_set *mp_type_set_create(const mp_type_row *rows, size_t count, mp_error **error) {
  mp_type_set *set = calloc(1, sizeof *set + count * sizeof set->entries[0]);
  if (set == NULL) {
    mp_error_set_memory(error);
    return NULL;
  }
  atomic_init(&set->references, 1);
  if (!read_rows(set, rows, count, error)) {
    destroy(set);
    return NULL;
  }
  qsort(set->entries, count, sizeof set->entries[0], by_oid);
  for (size_t i = 0; i < count; i++)
    tie(set, &set->entries[i], 0);
  return set;
}
