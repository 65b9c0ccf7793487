/* A text as a .env file: names and values lie in it, and what is written anew, in quotes, is read as the same. */
#include <sys/mman.h>
#include <unistd.h>

#include "settings/internal.h"
#include "support.h"

static bool read_file(const void *data, size_t size, mp__env_file *out, mp_error **error) {
  char path[64];
  int file = memfd_create("env", MFD_CLOEXEC);
  PROMISE(file >= 0);
  PROMISE(size == 0 || write(file, data, size) == (ssize_t)size);
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  bool ok = mp__env_file_read(path, out, error);
  close(file);
  return ok;
}

static void write_value(const char *value, mp_buffer *out) {
  mp_buffer_addc(out, '"');
  for (; *value != '\0'; value++) {
    if (*value == '"' || *value == '\\') mp_buffer_addc(out, '\\');
    mp_buffer_addc(out, *value);
  }
  mp_buffer_adds(out, "\"\n");
}

static void check_again(const mp__env_file *file) {
  mp_buffer written;
  mp_buffer_init(&written, BUFFER_LIMIT);
  for (size_t i = 0; i < file->count; i++) {
    mp_buffer_addf(&written, "%s=", file->entries[i].name);
    write_value(file->entries[i].value, &written);
  }
  mp__env_file again;
  mp_error *error = NULL;
  PROMISE(mp_buffer_ok(&written) && read_file(written.data, written.size, &again, &error));
  PROMISE(again.count == file->count);
  for (size_t i = 0; i < file->count; i++) {
    PROMISE(strcmp(file->entries[i].name, again.entries[i].name) == 0);
    PROMISE(strcmp(file->entries[i].value, again.entries[i].value) == 0);
    const mp__env_entry *found = mp__env_file_find(file, file->entries[i].name);
    PROMISE(found != NULL && found >= &file->entries[i]);
  }
  mp__env_file_finish(&again);
  mp_buffer_finish(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mp__env_file file;
  mp_error *error = NULL;
  if (!settle(read_file(data, size, &file, &error), &error)) return 0;
  int line = 1;
  for (size_t i = 0; i < file.count; i++) {
    PROMISE(file.entries[i].line >= line && file.entries[i].name[0] != '\0');
    line = file.entries[i].line;
  }
  if (file.count > 0) check_again(&file);
  mp__env_file_finish(&file);
  return 0;
}
