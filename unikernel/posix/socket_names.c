/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets and their addresses: bind, listen, accept, connect, names. */
#include <errno.h>
#include <fcntl.h>
#include <lwip/api.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "socket.h"

int sock_address_in(const struct sockaddr *address, socklen_t length, ip_addr_t *ip, u16_t *port)
{
	struct sockaddr_in in;

	if (address == NULL)
		return -EFAULT;
	if (length < offsetof(struct sockaddr, sa_data))
		return -EINVAL;
	if (address->sa_family != AF_INET)
		return -EAFNOSUPPORT;
	if (length < sizeof(in))
		return -EINVAL;
	memcpy(&in, address, sizeof(in));
	ip->addr = in.sin_addr.s_addr;
	*port = ntohs(in.sin_port);
	return 0;
}

void sock_address_out(const ip_addr_t *ip, u16_t port, struct sockaddr *address, socklen_t *length)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {ip->addr}};

	if (address == NULL || length == NULL)
		return;
	memcpy(address, &in, *length < sizeof(in) ? *length : sizeof(in));
	*length = sizeof(in);
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	ip_addr_t ip;
	u16_t port;
	int result;
	struct sock *s = sock_get(fd, &result);

	if (s == NULL)
		return (int)result_of(result);
	result = sock_address_in(address, length, &ip, &port);
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
	ip_addr_t ip = {0};
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
		sock_address_out(&ip, port, address, length);
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
	result = sock_address_in(address, length, &ip, &port);
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
	sock_put(s);
	if (result == 0)
		sock_address_out(&ip, port, address, length);
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
