/* Time as deadlines need it: nanoseconds of a clock that never jumps. */
#ifndef MP_BASE_CLOCK_H
#define MP_BASE_CLOCK_H

#include <stdint.h>

#define MP_FOREVER     INT64_MAX /* a deadline that never comes */
#define MP_SECOND      INT64_C(1000000000)
#define MP_MILLISECOND INT64_C(1000000)

int64_t mp_clock_now(void); /* monotonic; does not go on while the machine sleeps */
/* now + seconds, at most MP_FOREVER; seconds <= 0 is now. */
int64_t mp_clock_after(double seconds);
/* Microseconds since 1970-01-01 UTC, by the wall clock. */
int64_t mp_clock_wall_us(void);

#endif
