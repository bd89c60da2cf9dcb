/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives back what it hears on port 80, to hundreds of callers who may be silent for ever. */
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLERS 300u
#define CROWD 100u /* the end of so many is told */

static struct pollfd polls[1 + CALLERS];
static unsigned long heard[1 + CALLERS], turn; /* when each was heard last */
static unsigned count = 1, most;

static int listen_on(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 32))
		return -1;
	return fd;
}

static unsigned oldest_find(void)
{
	unsigned oldest = 1;

	for (unsigned i = 2; i < count; i++)
		if (heard[i] < heard[oldest])
			oldest = i;
	return oldest;
}

static void caller_drop(unsigned i)
{
	close(polls[i].fd);
	polls[i] = polls[--count];
	heard[i] = heard[count];
	if (count == 1 && most >= CROWD) {
		printf("echo: all of %u callers have gone\n", most);
		fflush(stdout);
		most = 0;
	}
}

static void caller_take(void)
{
	int fd = accept(polls[0].fd, NULL, NULL);

	if (fd < 0)
		return;
	/* a caller that a router cut off in silence never ends: the one that was heard longest ago gives way */
	if (count == 1 + CALLERS)
		caller_drop(oldest_find());
	heard[count] = ++turn;
	polls[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	most = count - 1 > most ? count - 1 : most;
}

/* False: the caller has gone. */
static bool caller_answer(int fd)
{
	char bytes[256];
	ssize_t n = recv(fd, bytes, sizeof bytes, 0);

	return n > 0 && send(fd, bytes, (size_t)n, 0) == n;
}

int main(void)
{
	polls[0] = (struct pollfd){.fd = listen_on(80), .events = POLLIN};
	if (polls[0].fd < 0) {
		puts("echo: cannot listen");
		return 1;
	}
	puts("echo: listening on port 80");
	fflush(stdout);
	while (poll(polls, (nfds_t)count, -1) >= 0) {
		for (unsigned i = count - 1; i > 0; i--) {
			if (!polls[i].revents)
				continue;
			heard[i] = ++turn;
			if (!caller_answer(polls[i].fd))
				caller_drop(i);
		}
		if (polls[0].revents)
			caller_take();
	}
	puts("echo: cannot poll");
	return 1;
}
