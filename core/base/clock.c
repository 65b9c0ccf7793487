/* Monotonic and wall clock. */
#include "base/clock.h"

#include <time.h>

int64_t mp_clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * MP_SECOND + now.tv_nsec;
}

int64_t mp_clock_after(double seconds) {
  int64_t now = mp_clock_now();
  if (!(seconds > 0)) return now;
  if (seconds >= (double)((MP_FOREVER - now) / MP_SECOND)) return MP_FOREVER;
  return now + (int64_t)(seconds * (double)MP_SECOND);
}

int64_t mp_clock_wall_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
