/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets inside: a struct sock is what a socket's file has as priv. It pairs a netconn of lwIP with the counts that
 * poll() needs. All functions return a value >= 0 or -errno.
 */
#ifndef CAMBIUM_POSIX_SOCKET_H
#define CAMBIUM_POSIX_SOCKET_H

#include <cambium/fd.h>
#include <lwip/api.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "result.h"

#define SOCK_COUNT_MAX 512

struct sock {
	struct netconn *conn;
	struct file *file;
	unsigned busy; /* calls in progress */

	/* written by on_event(), under the core lock */
	int readable; /* messages in the netconn's mailbox */
	bool writable;
	bool failed;

	/* written by the calls themselves */
	struct pbuf *rest;       /* stream: what the last message has left */
	struct netbuf *datagram; /* datagram: looked at, not yet taken */
	bool connecting;         /* a non-blocking connect was begun */
	bool connected;
	bool listening;
	bool ended; /* the peer sent its end of the stream, and we told */
	bool shut_read, shut_write;
	bool deleted; /* the netconn is closed, as another thread is in a call */
	bool nodelay; /* TCP_NODELAY, inherited by accepted connections */
};

extern const struct file_ops sock_ops;

static inline bool sock_is_stream(const struct sock *s)
{
	return NETCONNTYPE_GROUP(netconn_type(s->conn)) == NETCONN_TCP;
}

/* The socket behind @fd, marked busy, its netconn set to the file's blocking mode. NULL and *@error = -EBADF or
 * -ENOTSOCK. Pair: sock_put. */
struct sock *sock_get(int fd, int *error);
void sock_put(struct sock *s);

/* A file for @conn, which becomes its own (deleted on failure), with @flags of SOCK_NONBLOCK. @listener: where @conn was
 * accepted, else NULL. Returns the descriptor. */
int sock_open(struct netconn *conn, int flags, const struct sock *listener);

/* lwIP's error as -errno. */
int sock_error(err_t error);

static inline int sock_family(const struct sock *s)
{
	return NETCONNTYPE_ISIPV6(netconn_type(s->conn)) ? AF_INET6 : AF_INET;
}

/* The address in @address, of the family of @s, as lwIP has it. An IPv6 socket reaches IPv4 as ::ffff:a.b.c.d. */
int sock_address_in(const struct sock *s, const struct sockaddr *address, socklen_t length, ip_addr_t *ip, u16_t *port);
/* And back, cut to *@length, which becomes the true length. @address may be NULL. */
void sock_address_out(const struct sock *s, const ip_addr_t *ip, u16_t port, struct sockaddr *address,
		      socklen_t *length);

/* Moves data. @flags: MSG_x. A received message's address goes to @from (may be NULL). *@out_flags gets MSG_TRUNC. */
ssize_t sock_send(struct sock *s, const struct iovec *iov, size_t count, int flags, const struct sockaddr *to,
		  socklen_t to_length);
ssize_t sock_recv(struct sock *s, const struct iovec *iov, size_t count, int flags, struct sockaddr *from,
		  socklen_t *from_length, int *out_flags);

#endif
