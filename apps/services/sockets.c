// SPDX-License-Identifier: BSD-2-Clause
/*
 * Invariant: a socket that is returned does not block; any other was closed. Each family has sockets of its own, so that nothing
 * depends on how a system maps IPv4 into IPv6.
 */
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 32

socklen_t endpoint_out(const struct dns_endpoint *endpoint, struct sockaddr_storage *address)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port)};

	memset(address, 0, sizeof(*address));
	memcpy(&v4.sin_addr, endpoint->address.bytes, 4);
	memcpy(&v6.sin6_addr, endpoint->address.bytes, 16);
	if (endpoint->address.is_v6)
		memcpy(address, &v6, sizeof(v6));
	else
		memcpy(address, &v4, sizeof(v4));
	return endpoint->address.is_v6 ? sizeof(v6) : sizeof(v4);
}

bool endpoint_in(const struct sockaddr_storage *address, struct dns_endpoint *endpoint)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memset(endpoint, 0, sizeof(*endpoint));
	memcpy(&v4, address, sizeof(v4));
	memcpy(&v6, address, sizeof(v6));
	if (address->ss_family == AF_INET) {
		memcpy(endpoint->address.bytes, &v4.sin_addr, 4);
		endpoint->port = ntohs(v4.sin_port);
		return true;
	}
	memcpy(endpoint->address.bytes, &v6.sin6_addr, 16);
	endpoint->address.is_v6 = true;
	endpoint->port = ntohs(v6.sin6_port);
	return address->ss_family == AF_INET6;
}

static int give_up(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

bool socket_set_nonblocking(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

int socket_open(bool is_v6, int type)
{
	int one = 1, fd = socket(is_v6 ? AF_INET6 : AF_INET, type, 0);

	if (fd < 0)
		return -1;
	if (is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) != 0)
		return give_up(fd);
	return socket_set_nonblocking(fd) ? fd : give_up(fd);
}

int socket_open_at(bool is_v6, int type, uint16_t port)
{
	struct dns_endpoint any = {.address.is_v6 = is_v6, .port = port};
	int one = 1, fd = socket_open(is_v6, type);
	struct sockaddr_storage address;
	socklen_t len = endpoint_out(&any, &address);

	if (fd < 0)
		return -1;
	/* Without it a restart has to wait for old connections; a system may lack it. */
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&address, len) != 0)
		return give_up(fd);
	return type != SOCK_STREAM || listen(fd, BACKLOG) == 0 ? fd : give_up(fd);
}

bool is_passing(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

uint64_t clock_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
