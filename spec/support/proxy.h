/* A relay between clients and a server's Unix socket that misbehaves when told to: a network that is silent, slow, or
 * refuses. It listens on a TCP port of this machine and runs in a thread of its own. */
#ifndef SPEC_PROXY_H
#define SPEC_PROXY_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

typedef enum proxy_mode {
  PROXY_PASS,    /* what comes is passed on, `delay` later                        */
  PROXY_SILENT,  /* nothing is passed on, either way; connections stay open       */
  PROXY_HANG_UP, /* connections are closed, and new ones as soon as they are made */
  PROXY_REFUSE,  /* connections are closed, and nobody listens                    */
} proxy_mode;

enum { PROXY_LINKS = 128, PROXY_CHUNK = 16384 };

typedef struct proxy_flow {
  char bytes[PROXY_CHUNK];
  size_t size, sent;
  int64_t due;
} proxy_flow;

typedef struct proxy_link {
  int client, server; /* -1: not in use */
  proxy_flow up, down;
} proxy_link;

typedef struct proxy {
  struct sockaddr_un target;
  int port, listener;
  int wake[2];
  pthread_t thread;
  atomic_int mode;    /* proxy_mode */
  atomic_llong delay; /* nanoseconds */
  atomic_bool over;
  atomic_int settled; /* the mode that the thread has taken notice of */
  atomic_llong accepted, up_bytes, down_bytes;
  proxy_link links[PROXY_LINKS];
} proxy;

static inline void proxy_stop_unless(bool ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "proxy: %s: %s\n", what, strerror(errno));
  abort();
}

/* ---- links ---- */

static inline void proxy_close_link(proxy_link *link) {
  const struct linger at_once = {.l_onoff = 1};
  if (link->client >= 0) {
    setsockopt(link->client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(link->client);
  }
  if (link->server >= 0) close(link->server);
  *link = (proxy_link){.client = -1, .server = -1};
}

static inline int proxy_connect(const proxy *self) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  proxy_stop_unless(fd >= 0, "socket");
  if (connect(fd, (const struct sockaddr *)&self->target, sizeof self->target) == 0) return fd;
  close(fd);
  return -1;
}

static inline void proxy_add_link(proxy *self, int client) {
  int yes = 1, server = proxy_connect(self);
  atomic_fetch_add(&self->accepted, 1);
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  for (int i = 0; i < PROXY_LINKS && server >= 0; i++) {
    if (self->links[i].client >= 0) continue;
    fcntl(client, F_SETFL, O_NONBLOCK);
    fcntl(server, F_SETFL, O_NONBLOCK);
    self->links[i] = (proxy_link){.client = client, .server = server};
    return;
  }
  close(client);
  if (server >= 0) close(server);
}

/* Returns false at the end of the stream. */
static inline bool proxy_move(proxy_flow *flow, int from, int to, int64_t delay, atomic_llong *count) {
  if (flow->size == 0) {
    ssize_t got = recv(from, flow->bytes, sizeof flow->bytes, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
    if (got < 0) return true;
    flow->size = (size_t)got;
    flow->sent = 0;
    flow->due = mp_clock_now() + delay;
    atomic_fetch_add(count, got);
  }
  if (mp_clock_now() < flow->due) return true;
  ssize_t put = send(to, flow->bytes + flow->sent, flow->size - flow->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (put < 0 && errno != EAGAIN && errno != EINTR) return false;
  if (put > 0) flow->sent += (size_t)put;
  if (flow->sent == flow->size) flow->size = 0;
  return true;
}

/* ---- the thread ---- */

static inline void proxy_listen(proxy *self) {
  int yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  address.sin_port = htons((uint16_t)self->port);
  self->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  proxy_stop_unless(self->listener >= 0, "socket");
  setsockopt(self->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  proxy_stop_unless(bind(self->listener, (const struct sockaddr *)&address, size) == 0, "bind");
  proxy_stop_unless(listen(self->listener, 128) == 0, "listen");
  proxy_stop_unless(getsockname(self->listener, (struct sockaddr *)&address, &size) == 0, "getsockname");
  self->port = ntohs(address.sin_port);
}

static inline void proxy_obey(proxy *self, proxy_mode mode) {
  bool ends_links = mode == PROXY_HANG_UP || mode == PROXY_REFUSE;
  for (int i = 0; i < PROXY_LINKS && ends_links; i++)
    proxy_close_link(&self->links[i]);
  if (mode == PROXY_REFUSE && self->listener >= 0) {
    close(self->listener);
    self->listener = -1;
  } else if (mode != PROXY_REFUSE && self->listener < 0) {
    proxy_listen(self);
  }
}

static inline void proxy_accept(proxy *self, proxy_mode mode) {
  int client;
  while (self->listener >= 0 && (client = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
    if (mode != PROXY_HANG_UP) {
      proxy_add_link(self, client);
    } else {
      atomic_fetch_add(&self->accepted, 1);
      close(client);
    }
  }
}

static inline void proxy_want(const proxy_flow *flow, struct pollfd *from, struct pollfd *to, int64_t *deadline) {
  if (flow->size == 0) {
    from->events |= POLLIN;
  } else if (flow->due > mp_clock_now()) {
    if (flow->due < *deadline) *deadline = flow->due;
  } else {
    to->events |= POLLOUT;
  }
}

/* Sleeps until there is something to move, to accept or to obey. */
static inline void proxy_sleep(proxy *self, bool is_passing) {
  struct pollfd entries[2 + 2 * PROXY_LINKS];
  int64_t deadline = mp_clock_after(1);
  nfds_t count = 2;
  entries[0] = (struct pollfd){.fd = self->wake[0], .events = POLLIN};
  entries[1] = (struct pollfd){.fd = self->listener, .events = POLLIN};
  for (int i = 0; i < PROXY_LINKS && is_passing; i++) {
    proxy_link *link = &self->links[i];
    if (link->client < 0) continue;
    struct pollfd *client = &entries[count++], *server = &entries[count++];
    *client = (struct pollfd){.fd = link->client};
    *server = (struct pollfd){.fd = link->server};
    proxy_want(&link->up, client, server, &deadline);
    proxy_want(&link->down, server, client, &deadline);
  }
  int64_t left = deadline - mp_clock_now();
  poll(entries, count, left <= 0 ? 0 : (int)((left + MP_MILLISECOND - 1) / MP_MILLISECOND));
}

static inline void proxy_pass(proxy *self) {
  int64_t delay = atomic_load(&self->delay);
  for (int i = 0; i < PROXY_LINKS; i++) {
    proxy_link *link = &self->links[i];
    if (link->client < 0) continue;
    bool open = proxy_move(&link->up, link->client, link->server, delay, &self->up_bytes) &&
                proxy_move(&link->down, link->server, link->client, delay, &self->down_bytes);
    if (!open) proxy_close_link(link);
  }
}

static inline void *proxy_run(void *argument) {
  proxy *self = argument;
  char byte;
  while (!atomic_load(&self->over)) {
    proxy_mode mode = (proxy_mode)atomic_load(&self->mode);
    proxy_obey(self, mode);
    atomic_store(&self->settled, mode);
    proxy_accept(self, mode);
    if (mode == PROXY_PASS) proxy_pass(self);
    proxy_sleep(self, mode == PROXY_PASS);
    while (read(self->wake[0], &byte, 1) > 0)
      continue;
  }
  proxy_obey(self, PROXY_REFUSE);
  return NULL;
}

/* ---- what tests call ---- */

/* Starts one in front of the server's socket in that folder. */
static inline proxy *proxy_start(const char *folder, int port) {
  proxy *self = calloc(1, sizeof *self);
  proxy_stop_unless(self != NULL, "calloc");
  self->target.sun_family = AF_UNIX;
  int size = snprintf(self->target.sun_path, sizeof self->target.sun_path, "%s/.s.PGSQL.%d", folder, port);
  proxy_stop_unless(size < (int)sizeof self->target.sun_path, "the socket's path is too long");
  for (int i = 0; i < PROXY_LINKS; i++)
    self->links[i] = (proxy_link){.client = -1, .server = -1};
  proxy_stop_unless(pipe2(self->wake, O_CLOEXEC | O_NONBLOCK) == 0, "pipe");
  proxy_listen(self);
  proxy_stop_unless(pthread_create(&self->thread, NULL, proxy_run, self) == 0, "pthread_create");
  return self;
}

/* Has happened when this returns. */
static inline void proxy_set(proxy *self, proxy_mode mode) {
  atomic_store(&self->mode, mode);
  while (atomic_load(&self->settled) != (int)mode) {
    proxy_stop_unless(write(self->wake[1], "", 1) == 1 || errno == EAGAIN, "write");
    usleep(100);
  }
}

static inline void proxy_end(proxy *self) {
  atomic_store(&self->over, true);
  proxy_stop_unless(write(self->wake[1], "", 1) == 1 || errno == EAGAIN, "write");
  pthread_join(self->thread, NULL);
  close(self->wake[0]);
  close(self->wake[1]);
  free(self);
}

#endif
