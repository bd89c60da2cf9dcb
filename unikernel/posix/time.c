/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks and sleeping. Every clock but CLOCK_REALTIME is system time; nobody interrupts a sleep. */
#include <errno.h>
#include <sched.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include <cambium/clock.h>
#include <cambium/thread.h>

#include "result.h"
#include "timespec.h"

int clock_gettime(clockid_t clock, struct timespec *out)
{
	*out = timespec_of(clock_is_wall(clock) ? clock_wall_ns() : clock_ns());
	return 0;
}

int clock_getres(clockid_t clock, struct timespec *out)
{
	(void)clock;
	if (out)
		*out = (struct timespec){.tv_nsec = 1};
	return 0;
}

int clock_settime(clockid_t clock, const struct timespec *to)
{
	(void)clock, (void)to;
	return (int)result_of(-EPERM);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *left)
{
	uint64_t deadline;

	if (!timespec_valid(request))
		return EINVAL;
	deadline = flags & TIMER_ABSTIME ? deadline_of(clock, request) : clock_after(timespec_ns(request));
	thread_sleep_until(deadline);
	if (left && !(flags & TIMER_ABSTIME))
		*left = (struct timespec){0};
	return 0;
}

int nanosleep(const struct timespec *request, struct timespec *left)
{
	return (int)result_of(-clock_nanosleep(CLOCK_MONOTONIC, 0, request, left));
}

unsigned sleep(unsigned seconds)
{
	thread_sleep_until(clock_after(seconds * NS_PER_SECOND));
	return 0;
}

int usleep(useconds_t us)
{
	thread_sleep_until(clock_after(us * 1000ull));
	return 0;
}

int sched_yield(void)
{
	thread_yield();
	return 0;
}

int gettimeofday(struct timeval *tv, void *zone)
{
	uint64_t ns = clock_wall_ns();

	(void)zone;
	if (tv)
		*tv = (struct timeval){
			.tv_sec = (time_t)(ns / NS_PER_SECOND),
			.tv_usec = (suseconds_t)(ns % NS_PER_SECOND / 1000),
		};
	return 0;
}

clock_t times(struct tms *t)
{
	clock_t now = (clock_t)(clock_ns() / (NS_PER_SECOND / CLOCKS_PER_SEC));

	if (t)
		*t = (struct tms){.tms_utime = now};
	return now;
}
