/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams go to the kernel by the handful; a rate is kept by looking at the clock between two of them. */
#include "blast.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define HANDFUL 32u
#define DATAGRAM_BYTES 18u
#define PAUSE_NS 200000

struct blast {
	int socket;
	double rate;
	_Atomic bool stop;
	uint64_t sent;
	pthread_t thread;
};

static int connected(const char *address, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(address)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !connect(fd, (struct sockaddr *)&a, sizeof a))
		return fd;
	close(fd);
	return -1;
}

static void *work(void *arg)
{
	static char bytes[DATAGRAM_BYTES];
	struct iovec piece = {bytes, sizeof bytes};
	struct mmsghdr all[HANDFUL];
	struct blast *b = arg;
	double began = seconds_now();

	for (unsigned i = 0; i < HANDFUL; i++)
		all[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};
	while (b->socket >= 0 && !b->stop) {
		int n;

		if (b->rate > 0 && (double)b->sent > b->rate * (seconds_now() - began)) {
			nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
			continue;
		}
		n = sendmmsg(b->socket, all, HANDFUL, 0);
		b->sent += n > 0 ? (uint64_t)n : 0;
	}
	return NULL;
}

struct blast *blast_start(const char *address, uint16_t port, double rate)
{
	struct blast *b = calloc(1, sizeof *b);

	if (!b)
		abort();
	b->socket = connected(address, port);
	b->rate = rate;
	if (pthread_create(&b->thread, NULL, work, b))
		abort();
	return b;
}

uint64_t blast_stop(struct blast *b)
{
	uint64_t sent;

	b->stop = true;
	pthread_join(b->thread, NULL);
	close(b->socket);
	sent = b->sent;
	free(b);
	return sent;
}

uint64_t blast(const char *address, uint16_t port, double rate, double seconds)
{
	struct timespec t = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
	struct blast *b = blast_start(address, port, rate);

	nanosleep(&t, NULL);
	return blast_stop(b);
}
