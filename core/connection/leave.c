/* Leaving in good order: until the server has ended its side too, it counts the session, and so must who has promised
 * not to have more than so many. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection/internal.h"

/* libpq closes its socket with the last word; a second descriptor of it hears of the server's end. */
static void say_goodbye(mp_connection *connection) {
  int fd = PQsocket(connection->pg);
  if (fd >= 0) connection->leaving_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  PQfinish(connection->pg);
  connection->pg = NULL;
  if (connection->leaving_fd >= 0) shutdown(connection->leaving_fd, SHUT_WR);
}

/* True while the server has not hung up. What it still sends is for nobody. */
static bool is_still_there(int fd) {
  char nobody[16384];
  ssize_t size;
  if (fd < 0) return false;
  do {
    size = recv(fd, nobody, sizeof nobody, MSG_DONTWAIT);
  } while (size > 0 || (size < 0 && errno == EINTR));
  return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void mp_connection_leave(mp_connection *connection, int64_t deadline) {
  if (connection->is_leaving) return;
  connection->is_leaving = true;
  connection->leave_deadline = deadline;
  mp_connection_cancel(connection);
}

mp_step mp__leave_step(mp_connection *connection, mp_want *want) {
  bool is_late = mp_clock_now() >= connection->leave_deadline;
  if (connection->state == MP_CONNECTION_CANCELLING && !is_late) {
    if (mp__work_step(connection, want, NULL) == MP_STEP_WAIT) {
      if (connection->leave_deadline < want->deadline) want->deadline = connection->leave_deadline;
      return MP_STEP_WAIT;
    }
  }
  if (connection->pg != NULL) say_goodbye(connection);
  if (is_late || !is_still_there(connection->leaving_fd)) return MP_STEP_DONE;
  *want = (mp_want){connection->leaving_fd, MP_WANT_READ, connection->leave_deadline};
  return MP_STEP_WAIT;
}

void mp__leave_finish(mp_connection *connection) {
  if (connection->leaving_fd >= 0) close(connection->leaving_fd);
}
