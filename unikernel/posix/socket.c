/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets as files: their life, and what they report to poll().
 *
 * A netconn carries the number of its sock in conn->socket; a connection that waits to be accepted has none yet and
 * counts its messages there, downwards from -1. `readable` is the number of messages in the netconn's mailbox: raised by
 * lwIP when it puts one in, lowered when one is taken out, so it is exact under the cooperative scheduler.
 *
 * close() in one thread while another one is in a call on the same socket: the file lives until that call returns, and
 * sock_interrupt() makes lwIP end what it waits for.
 */
#include "socket.h"

#include <cambium/net.h>
#include <errno.h>
#include <fcntl.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

static struct sock *socks[SOCK_COUNT_MAX];
static unsigned lowest_free; /* no free number below */

static __attribute__((constructor)) void start_network(void)
{
	net_start();
}

int sock_error(err_t error)
{
	switch (error) {
	case ERR_OK: return 0;
	case ERR_MEM:
	case ERR_BUF: return -ENOBUFS;
	case ERR_TIMEOUT:
	case ERR_WOULDBLOCK: return -EAGAIN;
	case ERR_RTE: return -EHOSTUNREACH;
	case ERR_INPROGRESS: return -EINPROGRESS;
	case ERR_USE: return -EADDRINUSE;
	case ERR_ALREADY: return -EALREADY;
	case ERR_ISCONN: return -EISCONN;
	case ERR_CONN:
	case ERR_CLSD: return -ENOTCONN;
	case ERR_IF: return -ENETDOWN;
	case ERR_ABRT: return -ECONNABORTED;
	case ERR_RST: return -ECONNRESET;
	default: return -EINVAL;
	}
}

static void on_event(struct netconn *conn, enum netconn_evt event, u16_t length)
{
	struct sock *s;
	bool changed = false;

	(void)length;
	if (conn->socket < 0) {
		if (event == NETCONN_EVT_RCVPLUS)
			conn->socket--;
		return;
	}
	s = socks[conn->socket];
	if (s == NULL || s->conn != conn)
		return;
	switch (event) {
	case NETCONN_EVT_RCVPLUS: changed = s->readable++ == 0; break;
	case NETCONN_EVT_RCVMINUS: s->readable--; break;
	case NETCONN_EVT_SENDPLUS:
		changed = !s->writable;
		s->writable = true;
		break;
	case NETCONN_EVT_SENDMINUS: s->writable = false; break;
	case NETCONN_EVT_ERROR:
		changed = !s->failed;
		s->failed = true;
		break;
	}
	if (changed)
		fd_changed();
}

struct sock *sock_get(int fd, int *error)
{
	struct file *f = fd_get_ops(fd, &sock_ops);
	struct sock *s;

	if (f == NULL) {
		f = fd_get(fd);
		*error = f == NULL ? -EBADF : -ENOTSOCK;
		if (f != NULL)
			file_put(f);
		return NULL;
	}
	s = f->priv;
	s->busy++;
	netconn_set_nonblocking(s->conn, f->flags & O_NONBLOCK);
	return s;
}

void sock_put(struct sock *s)
{
	s->busy--;
	file_put(s->file);
}

static int sock_register(struct sock *s)
{
	unsigned i;

	for (i = lowest_free; i < SOCK_COUNT_MAX && socks[i] != NULL;)
		i++;
	if (i == SOCK_COUNT_MAX)
		return -ENFILE;
	lowest_free = i + 1;
	socks[i] = s;
	return (int)i;
}

static void sock_unregister(int number)
{
	socks[number] = NULL;
	if ((unsigned)number < lowest_free)
		lowest_free = (unsigned)number;
}

/* What came in before the connection was accepted becomes the socket's. */
static void adopt(struct sock *s, int number, bool accepted)
{
	LOCK_TCPIP_CORE();
	s->readable = accepted ? -1 - s->conn->socket : 0;
	s->conn->socket = number;
	if (s->nodelay && s->conn->pcb.tcp != NULL)
		tcp_nagle_disable(s->conn->pcb.tcp);
	UNLOCK_TCPIP_CORE();
}

int sock_open(struct netconn *conn, int flags, const struct sock *listener)
{
	bool accepted = listener != NULL;
	struct sock *s = calloc(1, sizeof(*s));
	int number, fd = -ENOMEM;

	if (s == NULL)
		goto no_sock;
	s->conn = conn;
	s->connected = accepted;
	s->nodelay = accepted && listener->nodelay;
	s->writable = accepted || !sock_is_stream(s);
	number = fd = sock_register(s);
	if (number < 0)
		goto no_number;
	fd = fd_alloc(&sock_ops, s);
	if (fd < 0)
		goto no_file;
	s->file = fd_get(fd);
	file_put(s->file); /* the pointer lives as long as the descriptor: it is no count of its own */
	if (flags & SOCK_NONBLOCK)
		s->file->flags |= O_NONBLOCK;
	adopt(s, number, accepted);
	return fd;
no_file:
	sock_unregister(number);
no_number:
	free(s);
no_sock:
	(void)netconn_delete(conn);
	return fd;
}

int socket(int domain, int type, int protocol)
{
	int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct netconn *conn;

	net_start();
	if (domain != AF_INET && domain != AF_INET6)
		return (int)result_of(-EAFNOSUPPORT);
	if (kind == SOCK_STREAM && (protocol == 0 || protocol == IP_PROTO_TCP))
		conn = netconn_new_with_callback(domain == AF_INET ? NETCONN_TCP : NETCONN_TCP_IPV6, on_event);
	else if (kind == SOCK_DGRAM && (protocol == 0 || protocol == IP_PROTO_UDP))
		conn = netconn_new_with_callback(domain == AF_INET ? NETCONN_UDP : NETCONN_UDP_IPV6, on_event);
	else
		return (int)result_of(kind == SOCK_STREAM || kind == SOCK_DGRAM ? -EPROTONOSUPPORT : -EPROTOTYPE);
	if (conn == NULL)
		return (int)result_of(-ENOBUFS);
	return (int)result_of(sock_open(conn, type & SOCK_NONBLOCK, NULL));
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
	(void)domain;
	(void)type;
	(void)protocol;
	(void)fds;
	return (int)result_of(-EAFNOSUPPORT);
}

static void sock_interrupt(struct file *f)
{
	struct sock *s = f->priv;

	/* One count is the descriptor that goes, the busy ones are calls; any other is a duplicate that stays. */
	if (s->busy > 0 && f->refs == 1 + s->busy && !s->deleted) {
		s->deleted = true;
		(void)netconn_prepare_delete(s->conn);
	}
}

/* SO_LINGER with no time: the connection ends with a reset, whatever is still on its way. */
static void reset_hard(struct sock *s)
{
	LOCK_TCPIP_CORE();
	if (s->conn->linger == 0 && s->conn->pcb.tcp != NULL && s->conn->pcb.tcp->state != LISTEN)
		tcp_abort(s->conn->pcb.tcp);
	UNLOCK_TCPIP_CORE();
}

static void sock_close(struct file *f)
{
	struct sock *s = f->priv;
	int number = s->conn->socket;

	if (s->rest != NULL)
		pbuf_free(s->rest);
	if (s->datagram != NULL)
		netbuf_delete(s->datagram);
	if (!s->deleted && sock_is_stream(s))
		reset_hard(s);
	/* netconn_delete leaves this out once reading has met the end of the stream: its mailboxes are invalid then, too. */
	if (!s->deleted)
		(void)netconn_prepare_delete(s->conn);
	(void)netconn_delete(s->conn);
	sock_unregister(number);
	free(s);
}

static unsigned sock_poll(struct file *f)
{
	const struct sock *s = f->priv;
	unsigned events = 0;

	if (s->readable > 0 || s->rest != NULL || s->datagram != NULL || s->ended || s->shut_read)
		events |= POLLIN | POLLRDNORM;
	if (s->writable && !s->listening)
		events |= POLLOUT | POLLWRNORM;
	if (s->ended || s->shut_read)
		events |= POLLRDHUP;
	if (s->failed)
		events |= POLLERR | POLLHUP | POLLIN | POLLOUT;
	else if (s->ended && s->shut_write)
		events |= POLLHUP;
	return events;
}

static ssize_t sock_file_read(struct file *f, void *data, size_t length)
{
	struct sock *s = f->priv;
	struct iovec iov = {data, length};
	ssize_t result;

	s->busy++;
	netconn_set_nonblocking(s->conn, f->flags & O_NONBLOCK);
	result = sock_recv(s, &iov, 1, 0, NULL, NULL, NULL);
	s->busy--;
	return result;
}

static ssize_t sock_file_write(struct file *f, const void *data, size_t length)
{
	struct sock *s = f->priv;
	struct iovec iov = {(void *)(uintptr_t)data, length};
	ssize_t result;

	s->busy++;
	netconn_set_nonblocking(s->conn, f->flags & O_NONBLOCK);
	result = sock_send(s, &iov, 1, 0, NULL, 0);
	s->busy--;
	return result;
}

static int sock_fstat(struct file *f, struct stat *st)
{
	(void)f;
	*st = (struct stat){.st_mode = S_IFSOCK | 0777, .st_nlink = 1, .st_blksize = TCP_MSS};
	return 0;
}

static int sock_ioctl(struct file *f, unsigned long request, void *arg)
{
	struct sock *s = f->priv;
	int *value = arg;

	switch (request) {
	case FIONBIO: f->flags = *value != 0 ? f->flags | O_NONBLOCK : f->flags & ~O_NONBLOCK; return 0;
	case FIONREAD:
		*value = s->rest != NULL ? s->rest->tot_len : s->datagram != NULL ? s->datagram->p->tot_len : 0;
		return 0;
	default: return -ENOTTY;
	}
}

const struct file_ops sock_ops = {
	.read = sock_file_read,
	.write = sock_file_write,
	.fstat = sock_fstat,
	.ioctl = sock_ioctl,
	.poll = sock_poll,
	.interrupt = sock_interrupt,
	.close = sock_close,
};
