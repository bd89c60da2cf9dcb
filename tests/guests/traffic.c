/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * traffic: what fills a network. A connection to TCP port 9 is given bytes until its other end closes it; a datagram to UDP
 * port 7 is sent back.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_BYTES 9u
#define PORT_ECHO 7u

static uint8_t bytes[65536];

static int bound(int type, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_ANY)}};
	int fd = socket(AF_INET, type, 0);

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof a))
		return fd;
	printf("traffic: no socket on port %u\n", port);
	exit(1);
}

static void *echo(void *arg)
{
	static uint8_t datagram[2048];
	struct sockaddr_in from;
	int fd = bound(SOCK_DGRAM, PORT_ECHO);

	for (;;) {
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(fd, datagram, sizeof datagram, 0, (struct sockaddr *)&from, &len);

		if (n > 0)
			sendto(fd, datagram, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
	return arg;
}

int main(void)
{
	int fd = bound(SOCK_STREAM, PORT_BYTES);
	pthread_t thread;

	if (listen(fd, 4) || pthread_create(&thread, NULL, echo, NULL))
		return 1;
	printf("traffic: listening\n");
	fflush(stdout);
	for (;;) {
		int to = accept(fd, NULL, NULL);

		while (to >= 0 && send(to, bytes, sizeof bytes, 0) > 0)
			;
		if (to >= 0)
			close(to);
	}
}
