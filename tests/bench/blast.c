/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams go to the kernel by the handful; a rate is kept by looking at the clock between two of them. */
#include "blast.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define HANDFUL 32u
#define DATAGRAM_BYTES 18u

static char bytes[DATAGRAM_BYTES];

static int connected(const char *address, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(address)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd >= 0 && !connect(fd, (struct sockaddr *)&a, sizeof a))
		return fd;
	close(fd);
	return -1;
}

uint64_t blast(const char *address, uint16_t port, double rate, double seconds)
{
	struct iovec piece = {bytes, sizeof bytes};
	struct mmsghdr all[HANDFUL];
	double began = seconds_now(), passed;
	int fd = connected(address, port);
	uint64_t sent = 0;

	for (unsigned i = 0; i < HANDFUL; i++)
		all[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};
	while (fd >= 0 && (passed = seconds_now() - began) < seconds) {
		int n;

		if (rate > 0 && (double)sent > rate * passed) {
			nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
			continue;
		}
		n = sendmmsg(fd, all, HANDFUL, 0);
		sent += n > 0 ? (uint64_t)n : 0;
	}
	close(fd);
	return sent;
}
