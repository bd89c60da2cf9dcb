/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load: one end of what `make bench` measures of routers (tests/bench/router.c), the same program under Cambium and under
 * Linux. Datagrams to UDP port 7000 are counted, and sent back where they are of another length than the small ones below. A connection to TCP port 7000 asks for one thing by a line:
 *
 *   count                  how many datagrams have come                              -> N
 *   take                   reads to the end of the stream                            -> the bytes
 *   check                  the same, and looks at each                               -> the bytes, 1 if all were right
 *   give N                 N bytes, and the end
 *   blast ADDRESS MS       sends small datagrams to ADDRESS:7000 for so long         -> how many
 *   flows ADDRESS N        sends a datagram to ADDRESS:7000 from each of N ports     -> how many
 *   bulk ADDRESS N VERB    sends N bytes to VERB, take or check, of ADDRESS:7000     -> ms, and what VERB answers
 *
 * Byte i of a stream is LOAD_BYTE(i) (load.h).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define PORT 7000u
#define DATAGRAM_BYTES 18u /* a frame of 60 bytes */
#define BATCH 256u         /* datagrams between two looks at the connections, or at the clock */

static uint8_t bytes[LOAD_PERIOD], heard[65536];
static uint64_t counted;

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static int bound(int type)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || (type == SOCK_STREAM && listen(fd, 16))) {
		puts("load: no socket");
		exit(1);
	}
	return fd;
}

static int connected(int type, const char *address)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, type, 0);

	if (fd >= 0 && inet_pton(AF_INET, address, &a.sin_addr) == 1 && !connect(fd, (struct sockaddr *)&a, sizeof a))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void answer(int fd, const char *format, unsigned long long a, unsigned long long b)
{
	char text[64];
	int len = snprintf(text, sizeof text, format, a, b);

	(void)send(fd, text, (size_t)len, MSG_NOSIGNAL);
}

static uint64_t take(int fd)
{
	uint64_t sum = 0;
	ssize_t n;

	while ((n = recv(fd, heard, sizeof heard, 0)) > 0)
		sum += (uint64_t)n;
	return sum;
}

static void check(int fd)
{
	uint64_t sum = 0;
	bool right = true;
	ssize_t n;

	while ((n = recv(fd, heard, sizeof heard, 0)) > 0)
		for (ssize_t i = 0; i < n; i++, sum++)
			right &= heard[i] == bytes[sum % LOAD_PERIOD];
	answer(fd, "%llu %llu\n", sum, right);
}

static void give(int fd, uint64_t count)
{
	uint64_t sent = 0;

	while (sent < count) {
		size_t from = sent % LOAD_PERIOD, room = LOAD_PERIOD - from;
		ssize_t n = send(fd, bytes + from, count - sent < room ? (size_t)(count - sent) : room, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		sent += (uint64_t)n;
	}
}

static void blast(int fd, const char *address, uint64_t ms)
{
	int to = connected(SOCK_DGRAM, address);
	uint64_t sent = 0, end = now_ms() + ms;

	while (to >= 0 && now_ms() < end)
		for (unsigned i = 0; i < BATCH; i++)
			sent += send(to, bytes, DATAGRAM_BYTES, 0) == DATAGRAM_BYTES;
	answer(fd, "%llu\n", sent, 0);
	close(to);
}

static void flows(int fd, const char *address, uint64_t count)
{
	uint64_t sent = 0;

	for (uint64_t i = 0; i < count; i++) {
		int to = connected(SOCK_DGRAM, address);

		sent += to >= 0 && send(to, bytes, DATAGRAM_BYTES, 0) == DATAGRAM_BYTES;
		if (to >= 0)
			close(to);
	}
	answer(fd, "%llu\n", sent, 0);
}

static void bulk(int fd, const char *address, uint64_t count, const char *verb)
{
	uint64_t began = now_ms();
	char text[96] = "";
	int to = connected(SOCK_STREAM, address), len = snprintf(text, sizeof text, "%s\n", verb);

	if (to >= 0 && send(to, text, (size_t)len, MSG_NOSIGNAL) == len) {
		give(to, count);
		shutdown(to, SHUT_WR);
		len = snprintf(text, sizeof text, "%llu ", (unsigned long long)(now_ms() - began));
		len += (int)recv(to, text + len, sizeof text - 1 - (size_t)len, 0);
		(void)send(fd, text, (size_t)len, MSG_NOSIGNAL);
	}
	close(to);
}

/* The line that a connection begins with, its bytes taken one at a time since others may follow. */
static bool line_read(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len + 1 < size && recv(fd, line + len, 1, 0) == 1)
		if (line[len++] == '\n') {
			line[len - 1] = 0;
			return true;
		}
	return false;
}

static void serve(int fd)
{
	char line[128], address[64], verb[16];
	unsigned long long n = 0;

	if (!line_read(fd, line, sizeof line))
		return;
	if (!strcmp(line, "count"))
		answer(fd, "%llu\n", counted, 0);
	else if (!strcmp(line, "take"))
		answer(fd, "%llu\n", take(fd), 0);
	else if (!strcmp(line, "check"))
		check(fd);
	else if (sscanf(line, "give %llu", &n) == 1)
		give(fd, n);
	else if (sscanf(line, "blast %63s %llu", address, &n) == 2)
		blast(fd, address, n);
	else if (sscanf(line, "flows %63s %llu", address, &n) == 2)
		flows(fd, address, n);
	else if (sscanf(line, "bulk %63s %llu %15s", address, &n, verb) == 3)
		bulk(fd, address, n, verb);
}

static bool datagram_take(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(fd, heard, sizeof heard, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (n >= 0 && n != DATAGRAM_BYTES)
		(void)sendto(fd, heard, (size_t)n, 0, (struct sockaddr *)&from, len);
	return n >= 0;
}

int main(void)
{
	struct pollfd polls[2] = {{.fd = bound(SOCK_DGRAM), .events = POLLIN},
				  {.fd = bound(SOCK_STREAM), .events = POLLIN}};

	for (unsigned i = 0; i < LOAD_PERIOD; i++)
		bytes[i] = LOAD_BYTE(i);
	puts("load: listening on port 7000");
	fflush(stdout);
	while (poll(polls, 2, -1) >= 0) {
		for (unsigned i = 0; i < BATCH && datagram_take(polls[0].fd); i++)
			counted++;
		if (polls[1].revents) {
			int fd = accept(polls[1].fd, NULL, NULL);

			serve(fd);
			close(fd);
		}
	}
	return 1;
}
