/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives back each datagram that comes to port 7, by either family, whole. */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

int main(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(7), .sin6_addr = IN6ADDR_ANY_INIT}, from;
	static char bytes[65536];
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any)) {
		puts("mirror: cannot bind");
		return 1;
	}
	puts("mirror: waiting at port 7");
	fflush(stdout);
	for (;;) {
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &len);

		if (n < 0 || sendto(fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, len) != n)
			puts("mirror: a datagram is lost");
		fflush(stdout);
	}
}
