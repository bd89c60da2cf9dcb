/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets and their addresses: bind, listen, accept, connect, names. */
#include <errno.h>
#include <fcntl.h>
#include <lwip/api.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "socket.h"

static int address_in4(const struct sockaddr *address, socklen_t length, ip_addr_t *ip, u16_t *port)
{
	struct sockaddr_in in;

	if (length < sizeof(in))
		return -EINVAL;
	memcpy(&in, address, sizeof(in));
	ip_addr_set_ip4_u32_val(*ip, in.sin_addr.s_addr);
	*port = ntohs(in.sin_port);
	return 0;
}

static int address_in6(const struct sockaddr *address, socklen_t length, ip_addr_t *ip, u16_t *port)
{
	struct sockaddr_in6 in;
	ip6_addr_t *ip6 = ip_2_ip6(ip);

	if (length < sizeof(in))
		return -EINVAL;
	memcpy(&in, address, sizeof(in));
	*port = ntohs(in.sin6_port);
	*ip = *IP6_ADDR_ANY;
	memcpy(ip6->addr, in.sin6_addr.s6_addr, sizeof(in.sin6_addr));
	if (ip6_addr_isipv4mappedipv6(ip6))
		ip_addr_set_ip4_u32_val(*ip, ip6->addr[3]);
	else if (ip6_addr_has_scope(ip6, IP6_UNKNOWN))
		ip6_addr_set_zone(ip6, (u8_t)in.sin6_scope_id);
	return 0;
}

int sock_address_in(const struct sock *s, const struct sockaddr *address, socklen_t length, ip_addr_t *ip, u16_t *port)
{
	if (address == NULL)
		return -EFAULT;
	if (length < offsetof(struct sockaddr, sa_data))
		return -EINVAL;
	if (address->sa_family != sock_family(s))
		return -EAFNOSUPPORT;
	return address->sa_family == AF_INET ? address_in4(address, length, ip, port)
					     : address_in6(address, length, ip, port);
}

/* @ip as a socket of AF_INET6 tells it. */
static struct in6_addr in6_of(const ip_addr_t *ip)
{
	struct in6_addr in = IN6ADDR_ANY_INIT;

	if (IP_IS_V4(ip)) {
		in.s6_addr[10] = in.s6_addr[11] = 0xff;
		in.s6_addr32[3] = ip4_addr_get_u32(ip_2_ip4(ip));
	} else {
		memcpy(in.s6_addr, ip_2_ip6(ip)->addr, sizeof(in));
	}
	return in;
}

void sock_address_out(const struct sock *s, const ip_addr_t *ip, u16_t port, struct sockaddr *address,
		      socklen_t *length)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	bool is_v6 = sock_family(s) == AF_INET6;
	socklen_t size = is_v6 ? sizeof(in6) : sizeof(in);

	if (address == NULL || length == NULL)
		return;
	if (is_v6) {
		in6.sin6_addr = in6_of(ip);
		in6.sin6_scope_id = IP_IS_V6(ip) ? ip6_addr_zone(ip_2_ip6(ip)) : 0;
	} else if (IP_IS_V4(ip)) {
		in.sin_addr.s_addr = ip4_addr_get_u32(ip_2_ip4(ip));
	}
	memcpy(address, is_v6 ? (const void *)&in6 : (const void *)&in, *length < size ? *length : size);
	*length = size;
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	ip_addr_t ip;
	u16_t port;
	int result;
	struct sock *s = sock_get(fd, &result);

	if (s == NULL)
		return (int)result_of(result);
	result = sock_address_in(s, address, length, &ip, &port);
	if (result == 0)
		result = sock_error(netconn_bind(s->conn, &ip, port));
	sock_put(s);
	return (int)result_of(result);
}

int listen(int fd, int backlog)
{
	int result;
	struct sock *s = sock_get(fd, &result);

	if (s == NULL)
		return (int)result_of(result);
	if (backlog < 1)
		backlog = 1;
	if (backlog > SOMAXCONN)
		backlog = SOMAXCONN;
	if (!sock_is_stream(s))
		result = -EOPNOTSUPP;
	else
		result = sock_error(netconn_listen_with_backlog(s->conn, (u8_t)backlog));
	if (result == 0)
		s->listening = true;
	sock_put(s);
	return (int)result_of(result);
}

/* Takes a connection off the queue of @s. */
static int accept_one(struct sock *s, struct sockaddr *address, socklen_t *length, int flags)
{
	struct netconn *conn;
	ip_addr_t ip = *IP4_ADDR_ANY;
	u16_t port = 0;
	err_t error;

	if (!sock_is_stream(s))
		return -EOPNOTSUPP;
	if (!s->listening)
		return -EINVAL;
	error = netconn_accept(s->conn, &conn);
	if (error == ERR_CLSD || error == ERR_CONN)
		return -EBADF; /* closed by another thread */
	if (error != ERR_OK)
		return sock_error(error);
	if (address != NULL && netconn_peer(conn, &ip, &port) == ERR_OK)
		sock_address_out(s, &ip, port, address, length);
	return sock_open(conn, flags, s);
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
	int result;
	struct sock *s = sock_get(fd, &result);

	if (s == NULL)
		return (int)result_of(result);
	result = accept_one(s, address, length, flags);
	sock_put(s);
	return (int)result_of(result);
}

int accept(int fd, struct sockaddr *address, socklen_t *length)
{
	return accept4(fd, address, length, 0);
}

/* What a failed attempt to connect is called. */
static int connect_error(err_t error)
{
	switch (error) {
	case ERR_RST: return -ECONNREFUSED;
	case ERR_ABRT: return -ETIMEDOUT;
	case ERR_CLSD: return -EBADF;
	case ERR_VAL: return -EADDRNOTAVAIL;
	default: return sock_error(error);
	}
}

static int connect_to(struct sock *s, const struct sockaddr *address, socklen_t length)
{
	ip_addr_t ip;
	u16_t port;
	err_t error;
	int result;

	if (address != NULL && length >= sizeof(sa_family_t) && address->sa_family == AF_UNSPEC && !sock_is_stream(s))
		return sock_error(netconn_disconnect(s->conn));
	result = sock_address_in(s, address, length, &ip, &port);
	if (result != 0)
		return result;
	if (s->listening)
		return -EOPNOTSUPP;
	error = netconn_connect(s->conn, &ip, port);
	s->connecting = error == ERR_INPROGRESS;
	s->connected = error == ERR_OK || error == ERR_INPROGRESS || error == ERR_ISCONN;
	return connect_error(error);
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	int result;
	struct sock *s = sock_get(fd, &result);

	if (s == NULL)
		return (int)result_of(result);
	result = connect_to(s, address, length);
	sock_put(s);
	return (int)result_of(result);
}

int shutdown(int fd, int how)
{
	int result;
	struct sock *s = sock_get(fd, &result);

	if (s == NULL)
		return (int)result_of(result);
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		result = -EINVAL;
	else if (!sock_is_stream(s))
		result = s->connected ? 0 : -ENOTCONN;
	else
		result = sock_error(netconn_shutdown(s->conn, how != SHUT_WR, how != SHUT_RD));
	if (result == 0) {
		s->shut_read |= how != SHUT_WR;
		s->shut_write |= how != SHUT_RD;
		fd_changed();
	}
	sock_put(s);
	return (int)result_of(result);
}

static int name_of(int fd, struct sockaddr *address, socklen_t *length, u8_t local)
{
	ip_addr_t ip;
	u16_t port;
	int result;
	struct sock *s = sock_get(fd, &result);

	if (s == NULL)
		return (int)result_of(result);
	result = sock_error(netconn_getaddr(s->conn, &ip, &port, local));
	if (result == 0)
		sock_address_out(s, &ip, port, address, length);
	sock_put(s);
	return (int)result_of(result);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
	return name_of(fd, address, length, 1);
}

int getpeername(int fd, struct sockaddr *address, socklen_t *length)
{
	return name_of(fd, address, length, 0);
}
