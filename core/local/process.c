/* Starting programs: the child's side (descriptors, signals, account) and the two ways of the parent. */
#include "local/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INPUT_LIMIT = 4096, HIGH_FD = 16, KEPT_FD = 3 };

/* Nothing of ours leaks into a server that outlives us: no password in DATABASE_URL, no LD_PRELOAD, no TZ. */
static const char *const environment[] = {
    "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
    "LANG=C.UTF-8",
    "LC_MESSAGES=C",
    NULL,
};

static void close_from(int first) {
  if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0) return;
  struct rlimit limit;
  int end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur : 65536;
  for (int fd = first; fd < end; fd++)
    close(fd);
}

/* Through high numbers first, so that it does not matter which of 0 to 3 are open in the caller. */
static void place_descriptors(int input, int output, int kept) {
  int high_input = fcntl(input, F_DUPFD, HIGH_FD);
  int high_output = fcntl(output, F_DUPFD, HIGH_FD);
  int high_kept = kept < 0 ? -1 : fcntl(kept, F_DUPFD, HIGH_FD);
  dup2(high_input, STDIN_FILENO);
  dup2(high_output, STDOUT_FILENO);
  dup2(high_output, STDERR_FILENO);
  if (high_kept >= 0) dup2(high_kept, KEPT_FD);
  close_from(high_kept >= 0 ? KEPT_FD + 1 : KEPT_FD);
}

static void reset_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (int number = 1; number < NSIG; number++)
    signal(number, SIG_DFL);
}

/* The child's side; does not return. */
static void become_program(const mp__process *process, int input, int output) {
  setsid();
  reset_signals();
  place_descriptors(input, output, process->kept_fd);
  umask(077);
  const char *failed = "change to the account of";
  if (chdir("/") == 0 && (process->account == NULL || mp__account_become(process->account))) {
    /* The casts are what exec's type asks for; it does not write. */
    execvpe(process->arguments[0], (char *const *)(uintptr_t)process->arguments, (char *const *)(uintptr_t)environment);
    failed = "run";
  }
  dprintf(STDERR_FILENO, "cannot %s %s: %s\n", failed, process->arguments[0], strerror(errno));
  _exit(127);
}

static bool fail(mp_error **error, const char *program, const char *why) {
  return mp_error_set(error, MP_ERROR_LOCAL, "cannot run %s: %s", program, why);
}

/* A descriptor to read `text` from. It fits into the pipe, so nobody has to feed it. */
static int open_input(const char *text) {
  if (text == NULL) return open("/dev/null", O_RDONLY | O_CLOEXEC);
  size_t size = strlen(text);
  assert(size <= INPUT_LIMIT);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  ssize_t written = write(ends[1], text, size);
  close(ends[1]);
  if (written == (ssize_t)size) return ends[0];
  close(ends[0]);
  return -1;
}

/* Reads to the end. What does not fit into the buffer is read and dropped: the program must not block. */
static void collect(int fd, mp_buffer *output) {
  char part[4096];
  for (;;) {
    ssize_t got = read(fd, part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    mp_buffer_add(output, part, (size_t)got);
  }
}

/* Its last words, for an error: without the line's end behind them. */
static void tell_output(mp_buffer *output, mp_error *error) {
  while (output->size > 0 && output->data[output->size - 1] == '\n')
    output->size--;
  if (output->size > 0) mp_error_put(error, MP_ERROR_DETAIL, mp_buffer_text(output));
}

static int await(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

bool mp__process_run(const mp__process *process, mp_buffer *output, mp_error **error) {
  const char *program = process->arguments[0];
  int ends[2] = {-1, -1};
  bool ok = false;
  int input = open_input(process->input);
  if (input < 0 || pipe2(ends, O_CLOEXEC) != 0) {
    fail(error, program, strerror(errno));
    goto done;
  }
  pid_t pid = fork();
  if (pid < 0) {
    fail(error, program, strerror(errno));
    goto done;
  }
  if (pid == 0) become_program(process, input, ends[1]);
  close(ends[1]);
  ends[1] = -1;
  collect(ends[0], output);
  int status = await(pid);
  ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!ok && WIFSIGNALED(status)) {
    fail(error, program, strsignal(WTERMSIG(status)));
  } else if (!ok) {
    mp_error_set(error, MP_ERROR_LOCAL, "%s failed", program);
  }
  if (!ok && error != NULL) tell_output(output, *error);
done:
  if (input >= 0) close(input);
  if (ends[0] >= 0) close(ends[0]);
  if (ends[1] >= 0) close(ends[1]);
  return ok;
}

bool mp__process_start_daemon(const mp__process *process, const char *log, mp_error **error) {
  bool ok = false;
  int input = open_input(process->input);
  int output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (output < 0) {
    mp_error_set(error, MP_ERROR_LOCAL, "cannot write the server's log %s: %s", log, strerror(errno));
    goto done;
  }
  pid_t pid = input < 0 ? -1 : fork();
  if (pid < 0) {
    fail(error, process->arguments[0], strerror(errno));
    goto done;
  }
  if (pid == 0) { /* twice, so that the program's parent is init and never somebody who does not wait for it */
    pid_t second = fork();
    if (second == 0) become_program(process, input, output);
    _exit(second < 0);
  }
  ok = await(pid) == 0;
  if (!ok) fail(error, process->arguments[0], "no new process could be made");
done:
  if (input >= 0) close(input);
  if (output >= 0) close(output);
  return ok;
}
