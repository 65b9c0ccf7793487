/* Runs a program on one CPU and tells what it cost:
 *
 *   measure <cpu> <times> <program> [arguments]   runs it that many times, one after the other
 *   measure <cpu> pin <pid>                       binds a process that runs already, and what it starts from now on
 *
 * <cpu> is the first (0) or a later one of the CPUs that this process may use. After what the program prints comes a
 * line of three numbers: seconds, seconds of CPU in the program and the kernel, and the largest memory in kB. The first
 * two are sums over all runs. */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct cost {
  double seconds, cpu_seconds;
  long peak_kb;
} cost;

static _Noreturn void stop(const char *what) {
  fprintf(stderr, "measure: %s\n", what);
  exit(1);
}

static bool bind_to(pid_t pid, long number) {
  cpu_set_t allowed, chosen;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return false;
  for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed) || number-- > 0) continue;
    CPU_ZERO(&chosen);
    CPU_SET(cpu, &chosen);
    return sched_setaffinity(pid, sizeof chosen, &chosen) == 0;
  }
  errno = ENODEV;
  return false;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds_of(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void run_once(long cpu, char **command, cost *total) {
  int status;
  struct rusage usage;
  double begun = now();
  pid_t child = fork();
  if (child < 0) stop("cannot fork");
  if (child == 0) {
    if (!bind_to(0, cpu)) stop("there is no such CPU");
    execvp(command[0], command);
    stop(strerror(errno));
  }
  while (wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) stop("cannot wait");
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) stop("the program failed");
  total->seconds += now() - begun;
  total->cpu_seconds += seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  if (usage.ru_maxrss > total->peak_kb) total->peak_kb = usage.ru_maxrss;
}

int main(int argc, char **argv) {
  if (argc < 4) stop("expected arguments: <cpu> <times> <program> [arguments], or <cpu> pin <pid>");
  long cpu = strtol(argv[1], NULL, 10);
  if (strcmp(argv[2], "pin") == 0) {
    if (!bind_to((pid_t)strtol(argv[3], NULL, 10), cpu)) stop(strerror(errno));
    return 0;
  }
  cost total = {0};
  for (long times = strtol(argv[2], NULL, 10); times > 0; times--) {
    run_once(cpu, argv + 3, &total);
  }
  printf("%.6f %.6f %ld\n", total.seconds, total.cpu_seconds, total.peak_kb);
  return 0;
}
