/* A proxy between a client and PostgreSQL, as a Lua module for specs: it records what passes, and cuts a connection
 * after a given number of bytes of one direction. A thread of its own carries the bytes.
 *
 *   local proxy = require("spec.cut_proxy").open(listen_path, server_path)
 *   proxy:arm("client", 17)  -- forget what has passed; cut whichever connection first passes 17 bytes more that way
 *   proxy:arm()              -- forget what has passed, cut nothing
 *   proxy:passed()           -- what has passed since: two strings, the client's bytes and the server's
 *   proxy:refuse(true)       -- refuse new connections; false: take them again
 *   proxy:cut()              -- end all connections
 *   proxy:close() */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>

enum { MOST_PAIRS = 64, CLIENT = 0, SERVER = 1 };

typedef struct record {
  char *bytes;
  size_t size;
} record;

typedef struct proxy {
  pthread_t thread;
  pthread_mutex_t lock; /* guards what is below */
  bool closing, refusing, is_open;
  int direction;    /* in which to cut; -1: none */
  size_t cut_after; /* bytes */
  record passed[2];
  int listener, wake[2];
  int pairs[MOST_PAIRS][2];
  int count;
  struct sockaddr_un server;
} proxy;

static void end_pair(proxy *self, int index) {
  close(self->pairs[index][CLIENT]);
  close(self->pairs[index][SERVER]);
  self->count--;
  memcpy(self->pairs[index], self->pairs[self->count], sizeof self->pairs[index]);
}

static void keep(record *to, const char *bytes, size_t size) {
  char *grown = realloc(to->bytes, to->size + size);
  if (grown == NULL) abort();
  memcpy(grown + to->size, bytes, size);
  to->bytes = grown;
  to->size += size;
}

static bool send_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return false;
    if (sent < 0) continue;
    bytes += sent;
    size -= (size_t)sent;
  }
  return true;
}

/* Carries what has come from one side. False: the connection is over, or to be cut. */
static bool carry(proxy *self, int index, int from) {
  char bytes[65536];
  ssize_t size = recv(self->pairs[index][from], bytes, sizeof bytes, 0);
  if (size <= 0) return size < 0 && errno == EINTR;
  size_t left = (size_t)size;
  bool cuts = self->direction == from && self->passed[from].size + left >= self->cut_after;
  if (cuts) {
    left = self->cut_after - self->passed[from].size;
    self->direction = -1;
  }
  keep(&self->passed[from], bytes, left);
  return send_all(self->pairs[index][!from], bytes, left) && !cuts;
}

static void take_connection(proxy *self) {
  int client = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0) return;
  int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool ok = !self->refusing && self->count < MOST_PAIRS && server >= 0 &&
            connect(server, (const struct sockaddr *)&self->server, sizeof self->server) == 0;
  if (!ok) {
    close(client);
    if (server >= 0) close(server);
    return;
  }
  self->pairs[self->count][CLIENT] = client;
  self->pairs[self->count][SERVER] = server;
  self->count++;
}

static int watch(proxy *self, struct pollfd *polls) {
  int used = 0;
  polls[used++] = (struct pollfd){self->wake[0], POLLIN, 0};
  polls[used++] = (struct pollfd){self->listener, POLLIN, 0};
  for (int i = 0; i < self->count; i++) {
    polls[used++] = (struct pollfd){self->pairs[i][CLIENT], POLLIN, 0};
    polls[used++] = (struct pollfd){self->pairs[i][SERVER], POLLIN, 0};
  }
  return used;
}

static void serve(proxy *self, const struct pollfd *polls) {
  int count = self->count;
  for (int i = count - 1; i >= 0; i--) {
    bool client = polls[2 + 2 * i].revents != 0, server = polls[3 + 2 * i].revents != 0;
    bool goes_on = (!server || carry(self, i, SERVER)) && (!client || carry(self, i, CLIENT));
    if (!goes_on) end_pair(self, i);
  }
  if (polls[1].revents != 0) take_connection(self);
}

static void *run(void *argument) {
  proxy *self = argument;
  struct pollfd polls[2 + 2 * MOST_PAIRS];
  pthread_mutex_lock(&self->lock);
  while (!self->closing) {
    int used = watch(self, polls);
    pthread_mutex_unlock(&self->lock);
    int ready = poll(polls, (nfds_t)used, -1);
    pthread_mutex_lock(&self->lock);
    char byte;
    if (ready > 0 && polls[0].revents != 0 && read(self->wake[0], &byte, 1) > 0)
      continue; /* what was watched may be gone */
    if (ready > 0) serve(self, polls);
  }
  pthread_mutex_unlock(&self->lock);
  return NULL;
}

/* ---- Lua ---- */

static const char type_name[] = "moonpool.spec.cut_proxy";

static proxy *check(lua_State *L) {
  proxy *self = luaL_checkudata(L, 1, type_name);
  luaL_argcheck(L, self->is_open, 1, "the proxy is closed");
  return self;
}

static void forget(proxy *self) {
  for (int i = CLIENT; i <= SERVER; i++) {
    free(self->passed[i].bytes);
    self->passed[i] = (record){NULL, 0};
  }
}

static int l_arm(lua_State *L) {
  static const char *const directions[] = {"client", "server", "none", NULL};
  proxy *self = check(L);
  int direction = luaL_checkoption(L, 2, "none", directions);
  size_t after = (size_t)luaL_optinteger(L, 3, 0);
  pthread_mutex_lock(&self->lock);
  forget(self);
  self->direction = direction > SERVER ? -1 : direction;
  self->cut_after = after;
  pthread_mutex_unlock(&self->lock);
  return 0;
}

static int l_passed(lua_State *L) {
  proxy *self = check(L);
  luaL_Buffer client, server;
  pthread_mutex_lock(&self->lock);
  size_t sizes[] = {self->passed[CLIENT].size, self->passed[SERVER].size};
  pthread_mutex_unlock(&self->lock);
  char *to = luaL_buffinitsize(L, &client, sizes[CLIENT]);
  pthread_mutex_lock(&self->lock);
  if (sizes[CLIENT] > 0) memcpy(to, self->passed[CLIENT].bytes, sizes[CLIENT]);
  pthread_mutex_unlock(&self->lock);
  luaL_pushresultsize(&client, sizes[CLIENT]);
  to = luaL_buffinitsize(L, &server, sizes[SERVER]);
  pthread_mutex_lock(&self->lock);
  if (sizes[SERVER] > 0) memcpy(to, self->passed[SERVER].bytes, sizes[SERVER]);
  pthread_mutex_unlock(&self->lock);
  luaL_pushresultsize(&server, sizes[SERVER]);
  return 2;
}

static void wake(proxy *self) {
  if (write(self->wake[1], "", 1) < 0) abort();
}

static int l_refuse(lua_State *L) {
  proxy *self = check(L);
  pthread_mutex_lock(&self->lock);
  self->refusing = lua_toboolean(L, 2);
  pthread_mutex_unlock(&self->lock);
  return 0;
}

static int l_cut(lua_State *L) {
  proxy *self = check(L);
  pthread_mutex_lock(&self->lock);
  while (self->count > 0)
    end_pair(self, 0);
  wake(self);
  pthread_mutex_unlock(&self->lock);
  return 0;
}

static int l_close(lua_State *L) {
  proxy *self = luaL_checkudata(L, 1, type_name);
  if (!self->is_open) return 0;
  self->is_open = false;
  pthread_mutex_lock(&self->lock);
  self->closing = true;
  wake(self);
  pthread_mutex_unlock(&self->lock);
  pthread_join(self->thread, NULL);
  while (self->count > 0)
    end_pair(self, 0);
  close(self->listener);
  close(self->wake[0]);
  close(self->wake[1]);
  forget(self);
  return 0;
}

static struct sockaddr_un address(lua_State *L, int index) {
  struct sockaddr_un place = {.sun_family = AF_UNIX};
  size_t size;
  const char *path = luaL_checklstring(L, index, &size);
  luaL_argcheck(L, size < sizeof place.sun_path, index, "the path is too long for a socket");
  memcpy(place.sun_path, path, size + 1);
  return place;
}

static int l_open(lua_State *L) {
  struct sockaddr_un listen_at = address(L, 1), server = address(L, 2);
  proxy *self = lua_newuserdatauv(L, sizeof *self, 0);
  memset(self, 0, sizeof *self);
  luaL_setmetatable(L, type_name);
  self->server = server;
  self->direction = -1;
  self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->listener < 0 || bind(self->listener, (const struct sockaddr *)&listen_at, sizeof listen_at) != 0 ||
      listen(self->listener, MOST_PAIRS) != 0 || pipe2(self->wake, O_CLOEXEC) != 0 ||
      pthread_mutex_init(&self->lock, NULL) != 0 || pthread_create(&self->thread, NULL, run, self) != 0) {
    return luaL_error(L, "the proxy cannot listen: %s", strerror(errno));
  }
  self->is_open = true;
  return 1;
}

__attribute__((visibility("default"))) int luaopen_spec_cut_proxy(lua_State *L);

int luaopen_spec_cut_proxy(lua_State *L) {
  static const luaL_Reg methods[] = {{"arm", l_arm},     {"passed", l_passed}, {"refuse", l_refuse}, {"cut", l_cut},
                                     {"close", l_close}, {"__gc", l_close},    {NULL, NULL}};
  static const luaL_Reg functions[] = {{"open", l_open}, {NULL, NULL}};
  luaL_newmetatable(L, type_name);
  luaL_setfuncs(L, methods, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  luaL_newlib(L, functions);
  return 1;
}
