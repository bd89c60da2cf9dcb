// SPDX-License-Identifier: BSD-2-Clause
/*
 * Listening sockets. Invariant: a socket that is returned listens and does not block; any other was
 * closed. IPv6 has a socket of its own, so that nothing depends on how a system maps IPv4 into it.
 */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* lwIP caps it at 255; Linux at its own limit. */
#define BACKLOG 128

static int listen_at(int family, const struct sockaddr *address, socklen_t length, int only_v6)
{
	int one = 1, saved;
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	/* Without it a restart has to wait for old connections; a system may lack it. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (only_v6 != 0 && setsockopt(fd, IPPROTO_IPV6, only_v6, &one, sizeof(one)) != 0)
		goto fail;
	if (bind(fd, address, length) == 0 && listen(fd, BACKLOG) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int listen_v4(uint16_t port)
{
	struct sockaddr_in address;

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_port = htons(port);
	address.sin_addr.s_addr = htonl(INADDR_ANY);
	return listen_at(AF_INET, (const struct sockaddr *)&address, sizeof(address), 0);
}

#ifdef IPV6_V6ONLY
static int listen_v6(uint16_t port)
{
	struct sockaddr_in6 address; /* all zero is the unspecified address */

	memset(&address, 0, sizeof(address));
	address.sin6_family = AF_INET6;
	address.sin6_port = htons(port);
	return listen_at(AF_INET6, (const struct sockaddr *)&address, sizeof(address), IPV6_V6ONLY);
}
#else
static int listen_v6(uint16_t port)
{
	(void)port;
	errno = EAFNOSUPPORT;
	return -1;
}
#endif

unsigned listen_on(uint16_t port, int sockets[LISTEN_MAX])
{
	unsigned count = 0;
	int saved;

	sockets[count] = listen_v4(port);
	saved = errno;
	if (sockets[count] >= 0)
		count++;
	else if (saved == EADDRINUSE || saved == EACCES)
		return 0;
	sockets[count] = listen_v6(port);
	if (sockets[count] >= 0)
		count++;
	errno = saved; /* what IPv4 said counts */
	return count;
}
