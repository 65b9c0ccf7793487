/* The lying server: its thread, its sockets, and the honest answers that lies start from. */
#include "liar.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "codec/codec.h"

enum { MOST_BYTES = 64 << 20, CANCEL_CODE = 80877102, SSL_CODE = 80877103, GSS_CODE = 80877104 };

struct liar_private {
  pthread_t thread;
  _Atomic(liar_session *) session;
  atomic_bool stopping;
  int listener;
  int stop_fds[2]; /* readable when the liar is to stop */
  bool cancelled;  /* the session under way */
  char folder[64];
  char url[128];
};

/* ---- sockets ---- */

static bool read_exactly(int fd, void *to, size_t size) {
  for (char *at = to; size > 0;) {
    ssize_t got = recv(fd, at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= (size_t)got;
  }
  return true;
}

/* A second connection while a session is under way: a cancel request, which is noted and closed unanswered. */
static void take_cancel(liar *self) {
  char packet[16];
  int fd = accept4(self->private_->listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) return;
  if (read_exactly(fd, packet, sizeof packet) && mp_get32(packet + 4) == CANCEL_CODE) {
    atomic_fetch_add(&self->cancels, 1);
    self->private_->cancelled = true;
  }
  close(fd);
}

bool liar_wait(liar *self) {
  struct liar_private *state = self->private_;
  for (;;) {
    struct pollfd entries[] = {{self->fd, POLLIN, 0}, {state->listener, POLLIN, 0}, {state->stop_fds[0], POLLIN, 0}};
    if (poll(entries, 3, -1) < 0) continue;
    if (entries[2].revents != 0) return false;
    if (entries[0].revents != 0) return true; /* its end comes before another connection's begin */
    if (entries[1].revents != 0) take_cancel(self);
    if (state->cancelled && !self->deaf) return false;
  }
}

bool liar_skip(liar *self, size_t size) {
  char scratch[4096];
  while (size > 0) {
    size_t part = size < sizeof scratch ? size : sizeof scratch;
    ssize_t got = liar_wait(self) ? recv(self->fd, scratch, part, 0) : 0;
    if (got <= 0) return false;
    size -= (size_t)got;
  }
  return true;
}

static bool read_body(liar *self, size_t size) {
  mp_buffer_clear(&self->body);
  char *to = mp_buffer_reserve(&self->body, size + 1);
  if (to == NULL || !read_exactly(self->fd, to, size)) return false;
  to[size] = '\0';
  mp_buffer_commit(&self->body, size);
  return true;
}

bool liar_read_startup(liar *self) {
  char size[4];
  for (;;) {
    if (!liar_wait(self) || !read_exactly(self->fd, size, 4) || !read_body(self, mp_get32(size) - 4)) return false;
    uint32_t code = mp_get32(self->body.data);
    if (code != SSL_CODE && code != GSS_CODE) return true;
    liar_add_raw(self, "N", 1);
    if (!liar_flush(self)) return false;
  }
}

char liar_read(liar *self) {
  char head[5];
  if (!liar_wait(self) || !read_exactly(self->fd, head, 5)) return 0;
  return read_body(self, mp_get32(head + 1) - 4) ? head[0] : 0;
}

/* ---- messages ---- */

void liar_add_raw(liar *self, const void *bytes, size_t size) {
  mp_buffer_add(&self->out, bytes, size);
}

void liar_add(liar *self, char type, const char *format, ...) {
  mp_buffer_addc(&self->out, type);
  size_t start = self->out.size;
  mp_buffer_add32(&self->out, 0);
  va_list arguments;
  va_start(arguments, format);
  for (; *format != '\0'; format++) {
    switch (*format) {
    case 'h': mp_buffer_add16(&self->out, (uint16_t)va_arg(arguments, int)); break;
    case 'i': mp_buffer_add32(&self->out, (uint32_t)va_arg(arguments, int)); break;
    case 'c': mp_buffer_addc(&self->out, (char)va_arg(arguments, int)); break;
    case 's': {
      const char *text = va_arg(arguments, const char *);
      mp_buffer_add(&self->out, text, strlen(text) + 1);
      break;
    }
    default: {
      const void *bytes = va_arg(arguments, const void *);
      mp_buffer_add(&self->out, bytes, va_arg(arguments, size_t));
    }
    }
  }
  va_end(arguments);
  mp_put32(self->out.data + start, (uint32_t)(self->out.size - start));
}

void liar_add_column(liar *self, uint32_t type, int format) {
  liar_add(self, 'T', "hsihihih", 1, "a", 0, 0, (int)type, -1, -1, format);
}

void liar_add_cell(liar *self, const void *bytes, size_t size) {
  liar_add(self, 'D', "hib", 1, (int)size, bytes, size);
}

void liar_add_error(liar *self, const char *severity, const char *sqlstate, const char *message) {
  mp_buffer fields;
  mp_buffer_init(&fields, MOST_BYTES);
  const char *const values[] = {severity, severity, sqlstate, message};
  for (size_t i = 0; i < 4; i++) {
    if (values[i] == NULL) continue;
    mp_buffer_addc(&fields, "SVCM"[i]);
    mp_buffer_add(&fields, values[i], strlen(values[i]) + 1);
  }
  mp_buffer_addc(&fields, '\0');
  liar_add(self, 'E', "b", fields.data, fields.size);
  mp_buffer_finish(&fields);
}

bool liar_flush(liar *self) {
  const char *at = self->out.data, *end = at + self->out.size;
  while (at < end) {
    ssize_t sent = send(self->fd, at, self->trickles ? 1 : (size_t)(end - at), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) break;
    at += sent;
  }
  bool ok = at == end;
  mp_buffer_clear(&self->out);
  return ok;
}

/* ---- honest behaviour ---- */

bool liar_welcome(liar *self) {
  static const char *const settings[][2] = {
      {"server_version", "15.6"},    {"server_encoding", "UTF8"}, {"client_encoding", "UTF8"},
      {"DateStyle", "ISO, MDY"},     {"TimeZone", "UTC"},         {"integer_datetimes", "on"},
      {"IntervalStyle", "postgres"}, {"is_superuser", "on"},      {"standard_conforming_strings", "on"},
  };
  if (!liar_read_startup(self)) return false;
  liar_add(self, 'R', "i", 0);
  for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
    liar_add(self, 'S', "ss", settings[i][0], settings[i][1]);
  liar_add(self, 'K', "ii", 4711, 42);
  liar_add(self, 'Z', "c", 'I');
  return liar_flush(self);
}

/* As many as the highest $n, which is what a statement's text has here. */
static int count_parameters(const char *text) {
  int most = 0;
  for (const char *at = strchr(text, '$'); at != NULL; at = strchr(at + 1, '$')) {
    int number = atoi(at + 1);
    if (number > most) most = number;
  }
  return most;
}

static void add_parameters(liar *self) {
  char types[64];
  size_t count = (size_t)self->parameters < sizeof types / 4 ? (size_t)self->parameters : sizeof types / 4;
  for (size_t i = 0; i < count; i++)
    mp_put32(types + 4 * i, MP_OID_TEXT);
  liar_add(self, 't', "hb", self->parameters, types, count * 4);
}

static void answer_script(liar *self) {
  static const char *const commands[] = {"DISCARD ALL", "ROLLBACK"};
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    if (strcmp(self->body.data, commands[i]) != 0) continue;
    liar_add(self, 'C', "s", commands[i]);
    return;
  }
  liar_add_column(self, MP_OID_TEXT, 0);
  liar_add_cell(self, "good", 4);
  liar_add(self, 'C', "s", "SELECT 1");
}

bool liar_answer(liar *self, char type) {
  if (self->skips && type != 'S' && type != 0) return true;
  self->skips = false;
  switch (type) {
  case 'P':
    self->parameters = count_parameters(self->body.data + strlen(self->body.data) + 1);
    liar_add(self, '1', "");
    return true;
  case 'B': liar_add(self, '2', ""); return true;
  case 'D':
    if (self->body.data[0] == 'S') add_parameters(self);
    liar_add_column(self, MP_OID_TEXT, 0);
    return true;
  case 'E':
    liar_add_cell(self, "good", 4);
    liar_add(self, 'C', "s", "SELECT 1");
    return true;
  case 'Q': answer_script(self); break;
  case 'S': break;
  default: return false;
  }
  liar_add(self, 'Z', "c", 'I');
  return liar_flush(self);
}

void liar_honest(liar *self) {
  bool goes_on = liar_welcome(self);
  while (goes_on)
    goes_on = liar_answer(self, liar_read(self));
}

/* ---- its life ---- */

static void serve(liar *self) {
  struct liar_private *state = self->private_;
  struct pollfd entries[] = {{state->listener, POLLIN, 0}, {state->stop_fds[0], POLLIN, 0}};
  if (poll(entries, 2, -1) < 0 || entries[0].revents == 0) return;
  self->fd = accept4(state->listener, NULL, NULL, SOCK_CLOEXEC);
  if (self->fd < 0) return;
  state->cancelled = false;
  mp_buffer_clear(&self->out);
  char head[8];
  bool is_cancel = recv(self->fd, head, sizeof head, MSG_PEEK | MSG_WAITALL) == sizeof head &&
                   mp_get32(head + 4) == CANCEL_CODE; /* of a session that is over */
  atomic_fetch_add(is_cancel ? &self->cancels : &self->sessions, 1);
  if (!is_cancel) atomic_load (&state->session)(self);
  close(self->fd);
  self->fd = -1;
}

static void *run(void *argument) {
  liar *self = argument;
  while (!atomic_load(&self->private_->stopping))
    serve(self);
  return NULL;
}

static int listen_at(const char *folder) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", folder);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0) {
    fail_msg("the liar cannot listen at %s: %s", address.sun_path, strerror(errno));
  }
  return fd;
}

liar *liar_start(liar_session *session, const void *data) {
  liar *self = calloc(1, sizeof *self);
  struct liar_private *state = calloc(1, sizeof *state);
  assert_true(self != NULL && state != NULL);
  self->private_ = state;
  self->data = data;
  self->fd = -1;
  mp_buffer_init(&self->body, MOST_BYTES);
  mp_buffer_init(&self->out, MOST_BYTES);
  atomic_init(&state->session, session);
  strcpy(state->folder, "/tmp/mp-liar-XXXXXX");
  assert_non_null(mkdtemp(state->folder));
  snprintf(state->url, sizeof state->url, "postgresql:///x?host=%s&user=x", state->folder);
  state->listener = listen_at(state->folder);
  assert_int_equal(pipe(state->stop_fds), 0);
  assert_int_equal(pthread_create(&state->thread, NULL, run, self), 0);
  return self;
}

void liar_be(liar *self, liar_session *session) {
  atomic_store(&self->private_->session, session);
}

const char *liar_url(const liar *self) {
  return self->private_->url;
}

void liar_stop(liar *self) {
  struct liar_private *state = self->private_;
  char path[128];
  atomic_store(&state->stopping, true);
  assert_int_equal(write(state->stop_fds[1], "", 1), 1);
  pthread_join(state->thread, NULL);
  snprintf(path, sizeof path, "%s/.s.PGSQL.5432", state->folder);
  unlink(path);
  rmdir(state->folder);
  close(state->listener);
  close(state->stop_fds[0]);
  close(state->stop_fds[1]);
  mp_buffer_finish(&self->body);
  mp_buffer_finish(&self->out);
  free(state);
  free(self);
}
