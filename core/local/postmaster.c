/* Reading postmaster.pid and /proc. */
#include "local/postmaster.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "local/files.h"

/* The lines of postmaster.pid, as PostgreSQL's miscadmin.h numbers them from 1. */
enum { LINE_PID, LINE_DATA, LINE_START_TIME, LINE_PORT, LINE_SOCKET, LINE_ADDRESS, LINE_MEMORY, LINE_STATUS, LINES };
enum { PID_FILE_SIZE = 3 * PATH_MAX, COMMAND_SIZE = 2 * PATH_MAX };

static void split_lines(char *text, const char *lines[LINES]) {
  for (int i = 0; i < LINES; i++) {
    lines[i] = text;
    char *end = strchr(text, '\n');
    text = end == NULL ? text + strlen(text) : end + 1;
    if (end != NULL) *end = '\0';
  }
}

static bool is_same(const struct stat *one, const struct stat *other) {
  return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

static bool has_argument(pid_t pid, const char *wanted) {
  char path[64], command[COMMAND_SIZE];
  snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
  ssize_t size = mp__local_read(path, command, sizeof command);
  for (ssize_t at = 0; at < size; at += (ssize_t)strlen(command + at) + 1) {
    if (strcmp(command + at, wanted) == 0) return true;
  }
  return false;
}

/* A server's current folder is its data folder; where we may not look at that, its command line names it. */
static bool serves(pid_t pid, const char *told, const struct stat *data) {
  char path[64];
  struct stat other;
  snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
  if (stat(path, &other) == 0) return is_same(&other, data);
  if (errno != EACCES && errno != EPERM) return false;
  return has_argument(pid, told) && stat(told, &other) == 0 && is_same(&other, data);
}

bool mp__postmaster_find(const char *data, mp__postmaster *postmaster) {
  char path[PATH_MAX], text[PID_FILE_SIZE];
  const char *lines[LINES];
  struct stat folder;
  snprintf(path, sizeof path, "%s/postmaster.pid", data);
  if (stat(data, &folder) != 0 || mp__local_read(path, text, sizeof text) <= 0) return false;
  split_lines(text, lines);
  long pid = labs(strtol(lines[LINE_PID], NULL, 10)); /* negative: a server in single-user mode */
  if (pid <= 0 || pid > INT_MAX || !serves((pid_t)pid, lines[LINE_DATA], &folder)) return false;
  postmaster->pid = (pid_t)pid;
  postmaster->port = (int)strtol(lines[LINE_PORT], NULL, 10);
  postmaster->is_ready = strncmp(lines[LINE_STATUS], "ready", strlen("ready")) == 0;
  snprintf(postmaster->socket_folder, sizeof postmaster->socket_folder, "%s", lines[LINE_SOCKET]);
  return true;
}

static bool is_titled(const char *pid, const char *name, uid_t account) {
  char path[64], title[128], wanted[128];
  struct stat about;
  snprintf(path, sizeof path, "/proc/%.20s", pid);
  if (stat(path, &about) != 0 || about.st_uid != account) return false;
  snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
  snprintf(wanted, sizeof wanted, "postgres: %s: ", name);
  return mp__local_read(path, title, sizeof title) > 0 && strncmp(title, wanted, strlen(wanted)) == 0;
}

void mp__postmaster_signal_orphans(const char *name, uid_t account, int signal_number) {
  DIR *processes = opendir("/proc");
  if (processes == NULL) return;
  for (struct dirent *entry = readdir(processes); entry != NULL; entry = readdir(processes)) {
    long pid = strtol(entry->d_name, NULL, 10);
    if (pid > 0 && is_titled(entry->d_name, name, account)) kill((pid_t)pid, signal_number);
  }
  closedir(processes);
}
