/* What a call knows of the types of its parameters. */
#include "call.h"

void mpb_call_forget_types(mpb_call *call) {
  mp_types_release(call->types.types);
  mp_type_set_release(call->types.known);
  call->types = (mpb_types){NULL, NULL};
  call->looked = false;
}

bool mpb_call_knows_types(mpb_call *call) {
  mpb_types *types = &call->types;
  bool known = true;
  for (int i = 0; types->types != NULL && i < types->types->count; i++) {
    uint32_t oid = types->types->oids[i];
    if (mp_codec_find(oid)->oid != 0) continue;
    if (types->known == NULL) types->known = mp_connection_types(call->connection);
    known = known && mp_type_set_find(types->known, oid) != NULL;
  }
  return known;
}
