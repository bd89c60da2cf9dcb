/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poll() and select() over the descriptor table: look at every file, and when none is ready wait for any change and
 * look again. The change count is read before the look, so a change during it is not slept through.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>

#include <cambium/clock.h>
#include <cambium/event.h>
#include <cambium/fd.h>
#include <cambium/thread.h>

#include "result.h"

#define ALWAYS ((unsigned)(POLLERR | POLLHUP | POLLNVAL))

static unsigned look(int fd)
{
	struct file *f = fd_get(fd);
	unsigned events = POLLNVAL;

	if (f) {
		events = file_poll(f);
		file_put(f);
	}
	return events;
}

static int look_all(struct pollfd *fds, nfds_t count)
{
	int ready = 0;

	for (nfds_t i = 0; i < count; i++) {
		unsigned want = (unsigned short)fds[i].events | ALWAYS;

		fds[i].revents = fds[i].fd < 0 ? 0 : (short)(look(fds[i].fd) & want);
		ready += fds[i].revents != 0;
	}
	return ready;
}

/* Who polls in a loop without waiting lets the threads run that could make something ready. */
static void give_way(uint64_t deadline)
{
	if (deadline == 0)
		thread_yield();
	else
		event_poll();
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	uint64_t deadline = timeout_ms < 0 ? UINT64_MAX : timeout_ms ? clock_after((uint64_t)timeout_ms * 1000000) : 0;
	int ready;

	give_way(deadline);
	for (;;) {
		uint32_t seen = fd_change_count();

		ready = look_all(fds, count);
		if (ready || !fd_wait_change(seen, deadline))
			return ready;
	}
}

/* The bit of descriptor @fd, by hand: newlib's macros mix signs. */
static unsigned long bit_of(int fd)
{
	return 1ul << ((unsigned)fd % NFDBITS);
}

static bool wanted(const fd_set *set, int fd)
{
	return set && set->fds_bits[(unsigned)fd / NFDBITS] & bit_of(fd);
}

static int found_one(fd_set *set, int fd)
{
	set->fds_bits[(unsigned)fd / NFDBITS] |= bit_of(fd);
	return 1;
}

/* Fills @found with what is ready of @want (each for reading, writing, exceptions); how many bits, or -EBADF. */
static int look_sets(int n, fd_set *const want[3], fd_set found[3])
{
	static const unsigned when[3] = {POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI};
	int ready = 0;

	memset(found, 0, 3 * sizeof *found);
	for (int fd = 0; fd < n; fd++) {
		unsigned events;

		if (!wanted(want[0], fd) && !wanted(want[1], fd) && !wanted(want[2], fd))
			continue;
		events = look(fd);
		if (events & POLLNVAL)
			return -EBADF;
		for (unsigned i = 0; i < 3; i++)
			if (wanted(want[i], fd) && events & when[i])
				ready += found_one(&found[i], fd);
	}
	return ready;
}

int select(int n, fd_set *in, fd_set *out, fd_set *err, struct timeval *timeout)
{
	fd_set *const want[3] = {in, out, err};
	fd_set found[3];
	uint64_t deadline = UINT64_MAX;
	int ready;

	if (n < 0 || n > FD_SETSIZE || (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0)))
		return (int)result_of(-EINVAL);
	if (timeout && !timeout->tv_sec && !timeout->tv_usec)
		deadline = 0;
	else if (timeout)
		deadline = clock_after((uint64_t)timeout->tv_sec * 1000000000 + (uint64_t)timeout->tv_usec * 1000);
	give_way(deadline);
	for (;;) {
		uint32_t seen = fd_change_count();

		ready = look_sets(n, want, found);
		if (ready || !fd_wait_change(seen, deadline))
			break;
	}
	if (ready < 0)
		return (int)result_of(ready);
	for (unsigned i = 0; i < 3; i++)
		if (want[i])
			*want[i] = found[i];
	return ready;
}
