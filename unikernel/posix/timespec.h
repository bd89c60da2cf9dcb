/* SPDX-License-Identifier: BSD-2-Clause */
/* struct timespec and the nanoseconds of cambium/clock.h. */
#ifndef UNIKERNEL_POSIX_TIMESPEC_H
#define UNIKERNEL_POSIX_TIMESPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <cambium/clock.h>

#define NS_PER_SECOND 1000000000ull

static inline bool clock_is_wall(clockid_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

static inline bool timespec_valid(const struct timespec *t)
{
	return t->tv_sec >= 0 && t->tv_nsec >= 0 && (uint64_t)t->tv_nsec < NS_PER_SECOND;
}

/* Saturates at the end of time. */
static inline uint64_t timespec_ns(const struct timespec *t)
{
	uint64_t seconds = (uint64_t)t->tv_sec;

	if (seconds >= UINT64_MAX / NS_PER_SECOND)
		return UINT64_MAX;
	return seconds * NS_PER_SECOND + (uint64_t)t->tv_nsec;
}

static inline struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_SECOND), .tv_nsec = (long)(ns % NS_PER_SECOND)};
}

/* An absolute time of @clock as a deadline in system time. A past one becomes 1, the first instant. */
static inline uint64_t deadline_of(clockid_t clock, const struct timespec *t)
{
	uint64_t ns = timespec_ns(t), offset = clock_is_wall(clock) ? clock_wall_ns() - clock_ns() : 0;

	if (ns == UINT64_MAX)
		return ns;
	return ns > offset + 1 ? ns - offset : 1;
}

#endif
