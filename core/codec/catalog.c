/* The present set of types, behind a lock. */
#include "codec/catalog.h"

#include <stdlib.h>
#include <uv.h>

struct mp_catalog {
  uv_mutex_t lock;
  mp_type_set *set;
};

mp_catalog *mp_catalog_create(mp_error **error) {
  mp_catalog *catalog = calloc(1, sizeof *catalog);
  if (catalog != NULL && uv_mutex_init(&catalog->lock) == 0) return catalog;
  free(catalog);
  mp_error_set_memory(error);
  return NULL;
}

void mp_catalog_destroy(mp_catalog *catalog) {
  if (catalog == NULL) return;
  mp_type_set_release(catalog->set);
  uv_mutex_destroy(&catalog->lock);
  free(catalog);
}

mp_type_set *mp_catalog_types(mp_catalog *catalog) {
  uv_mutex_lock(&catalog->lock);
  mp_type_set *set = mp_type_set_retain(catalog->set);
  uv_mutex_unlock(&catalog->lock);
  return set;
}

void mp_catalog_set(mp_catalog *catalog, mp_type_set *set) {
  mp_type_set_retain(set);
  uv_mutex_lock(&catalog->lock);
  mp_type_set *before = catalog->set;
  catalog->set = set;
  uv_mutex_unlock(&catalog->lock);
  mp_type_set_release(before);
}
