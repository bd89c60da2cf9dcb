/* SPDX-License-Identifier: BSD-2-Clause */
/* resolve SERVER NAME...: asks the name server at the IPv4 address SERVER for each name's address, and says what it answers. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define TRIES 30

/* A query for the IPv4 address of @name; returns its length. */
static size_t make_query(unsigned char *q, const char *name)
{
	size_t at = 12;

	memset(q, 0, 12);
	if (getrandom(q, 2, 0) != 2)
		return 0;
	q[2] = q[5] = 1;
	while (*name) {
		size_t n = strcspn(name, ".");

		q[at++] = (unsigned char)n;
		memcpy(q + at, name, n);
		at += n;
		name += n + (name[n] == '.');
	}
	memcpy(q + at, "\0\0\1\0\1", 5);
	return at + 5;
}

/* Asks until there is an answer; its length, or 0. */
static size_t ask(const struct sockaddr_in *server, const unsigned char *q, size_t len, unsigned char *a, size_t room)
{
	const struct timeval patience = {.tv_sec = 6};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	ssize_t got = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (fd < 0 || connect(fd, (const struct sockaddr *)server, sizeof *server))
		return 0;
	for (int i = 0; i < TRIES; i++) {
		if (send(fd, q, len, 0) != (ssize_t)len) {
			sleep(1);
			continue;
		}
		got = recv(fd, a, room, 0);
		if (got >= 12 && !memcmp(a, q, 2))
			break;
		got = 0;
	}
	close(fd);
	return got > 0 ? (size_t)got : 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53)};
	unsigned char q[300], a[512];

	if (argc < 3 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
		return 2;
	for (int i = 2; i < argc; i++) {
		size_t len = make_query(q, argv[i]), got = len ? ask(&server, q, len, a, sizeof a) : 0;

		/* the first answer's address stands behind the question and 12 bytes of its record */
		if (got == 0)
			printf("%s: no answer\n", argv[i]);
		else if ((a[3] & 15) == 0 && a[7] >= 1 && got >= len + 16)
			printf("%s is %u.%u.%u.%u\n", argv[i], a[len + 12], a[len + 13], a[len + 14], a[len + 15]);
		else
			printf("%s: code %u\n", argv[i], a[3] & 15u);
	}
	return 0;
}
