/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending and receiving.
 *
 * A stream is read message by message out of the netconn's mailbox; what a call leaves of a message stays in s->rest.
 * The window is opened (netconn_tcp_recvd) for what the caller really took. The end of the stream is told once by lwIP
 * and remembered in s->ended.
 */
#include <cambium/clock.h>
#include <cambium/thread.h>
#include <errno.h>
#include <fcntl.h>
#include <lwip/api.h>
#include <string.h>

#include "socket.h"

#define VECTORS_AT_ONCE 16u
#define REFUSALS_PER_YIELD 64u /* a program that asks in a loop lets the network's thread run */
#define DATAGRAM_MAX 65507u
#define BUFFER_WAIT_NS 100000000ull /* how long a blocking datagram waits for room in the interface */

/* A place in an array of buffers. */
struct cursor {
	const struct iovec *iov;
	size_t count;
	size_t offset; /* in iov[0] */
};

static size_t cursor_left(const struct cursor *c)
{
	size_t left = 0;

	for (size_t i = 0; i < c->count; i++)
		left += c->iov[i].iov_len;
	return left - c->offset;
}

/* Copies up to @length bytes from @from of @p to the cursor and moves it. Returns how many there was room for. */
static u16_t cursor_fill(struct cursor *c, const struct pbuf *p, u16_t from, u16_t length)
{
	u16_t done = 0;

	while (done < length && c->count > 0) {
		size_t room = c->iov->iov_len - c->offset;
		u16_t n = room < (size_t)(length - done) ? (u16_t)room : (u16_t)(length - done);

		(void)pbuf_copy_partial(p, (char *)c->iov->iov_base + c->offset, n, (u16_t)(from + done));
		done = (u16_t)(done + n);
		c->offset += n;
		if (c->offset == c->iov->iov_len) {
			c->iov++;
			c->count--;
			c->offset = 0;
		}
	}
	return done;
}

/* What ended a stream: 0 or -errno. An error is told once, whichever way it was first met; then the stream is over. */
static int stream_over(struct sock *s, err_t error)
{
	switch (error) {
	case ERR_CLSD: s->ended = true; return 0;
	case ERR_CONN:
		if (s->deleted)
			return -EBADF;
		return s->ended || s->shut_read ? 0 : -ENOTCONN;
	case ERR_ABRT:
	case ERR_RST:
		s->ended = true;
		(void)netconn_err(s->conn);
		return error == ERR_RST ? -ECONNRESET : -ETIMEDOUT;
	default: return sock_error(error);
	}
}

static ssize_t recv_stream(struct sock *s, struct cursor *to, int flags)
{
	u8_t api = NETCONN_NOAUTORCVD;
	size_t done = 0;
	err_t error;

	if (!s->connected)
		return -ENOTCONN;
	if (flags & MSG_DONTWAIT)
		api |= NETCONN_DONTBLOCK;
	while (to->count > 0) {
		u16_t copied;

		if (s->rest == NULL) {
			if (s->ended || s->shut_read)
				break;
			error = netconn_recv_tcp_pbuf_flags(s->conn, &s->rest, api);
			if (error != ERR_OK) {
				s->rest = NULL;
				if (done > 0)
					break;
				return stream_over(s, error);
			}
		}
		copied = cursor_fill(to, s->rest, 0, s->rest->tot_len);
		done += copied;
		if (flags & MSG_PEEK)
			break;
		s->rest = pbuf_free_header(s->rest, copied);
		api |= NETCONN_NOFIN;
		if (!(flags & MSG_WAITALL))
			api |= NETCONN_DONTBLOCK;
	}
	if (done > 0 && !(flags & MSG_PEEK))
		(void)netconn_tcp_recvd(s->conn, done);
	return (ssize_t)done;
}

static ssize_t recv_datagram(struct sock *s, struct cursor *to, int flags, struct sockaddr *from,
			     socklen_t *from_length, int *out_flags)
{
	struct netbuf *buf;
	u16_t length, copied;

	if (s->datagram == NULL) {
		err_t error = netconn_recv_udp_raw_netbuf_flags(s->conn, &s->datagram,
								flags & MSG_DONTWAIT ? NETCONN_DONTBLOCK : 0);

		if (error != ERR_OK) {
			s->datagram = NULL;
			return error == ERR_CONN ? -EBADF : sock_error(error);
		}
	}
	buf = s->datagram;
	length = buf->p->tot_len;
	copied = cursor_fill(to, buf->p, 0, length);
	if (copied < length && out_flags != NULL)
		*out_flags |= MSG_TRUNC;
	sock_address_out(s, netbuf_fromaddr(buf), netbuf_fromport(buf), from, from_length);
	if (!(flags & MSG_PEEK)) {
		s->datagram = NULL;
		netbuf_delete(buf);
	}
	return flags & MSG_TRUNC ? length : copied;
}

ssize_t sock_recv(struct sock *s, const struct iovec *iov, size_t count, int flags, struct sockaddr *from,
		  socklen_t *from_length, int *out_flags)
{
	static unsigned refusals;
	struct cursor to = {iov, count, 0};
	ssize_t result;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	while (to.count > 0 && to.iov->iov_len == 0) {
		to.iov++;
		to.count--;
	}
	if (sock_is_stream(s))
		result = recv_stream(s, &to, flags);
	else
		result = recv_datagram(s, &to, flags, from, from_length, out_flags);
	if (result == -EAGAIN && ++refusals % REFUSALS_PER_YIELD == 0)
		thread_yield();
	return result;
}

/* What keeps a stream from being written. */
static int stream_stopped(struct sock *s, err_t error)
{
	switch (error) {
	case ERR_CLSD:
	case ERR_CONN: return s->deleted ? -EBADF : -EPIPE;
	case ERR_RST: return -ECONNRESET;
	case ERR_ABRT: return -ETIMEDOUT;
	default: return sock_error(error);
	}
}

static ssize_t send_stream(struct sock *s, const struct iovec *iov, size_t count, int flags)
{
	u8_t api = NETCONN_COPY;
	size_t done = 0;

	if (s->shut_write)
		return -EPIPE;
	if (!s->connected)
		return -ENOTCONN;
	if (flags & MSG_DONTWAIT)
		api |= NETCONN_DONTBLOCK;
	while (count > 0) {
		struct netvector vectors[VECTORS_AT_ONCE];
		size_t n = count < VECTORS_AT_ONCE ? count : VECTORS_AT_ONCE;
		size_t wanted = 0, written = 0;
		err_t error;

		for (size_t i = 0; i < n; i++) {
			vectors[i] = (struct netvector){iov[i].iov_base, iov[i].iov_len};
			wanted += iov[i].iov_len;
		}
		iov += n;
		count -= n;
		error = netconn_write_vectors_partly(s->conn, vectors, (u16_t)n,
						     count > 0 || (flags & MSG_MORE) ? api | NETCONN_MORE : api,
						     &written);
		done += written;
		if (error != ERR_OK)
			return done > 0 ? (ssize_t)done : stream_stopped(s, error);
		if (written < wanted)
			break;
	}
	return (ssize_t)done;
}

/* A netbuf of the caller's bytes: by reference where they are in one piece, for the time of the call. */
static int datagram_make(struct netbuf *buf, const struct iovec *iov, size_t count, size_t length)
{
	u16_t at = 0;

	memset(buf, 0, sizeof(*buf));
	if (count == 1)
		return netbuf_ref(buf, iov->iov_base, (u16_t)length) == ERR_OK ? 0 : -ENOBUFS;
	buf->p = buf->ptr = pbuf_alloc(PBUF_TRANSPORT, (u16_t)length, PBUF_RAM);
	if (buf->p == NULL)
		return -ENOBUFS;
	for (size_t i = 0; i < count; i++) {
		(void)pbuf_take_at(buf->p, iov[i].iov_base, (u16_t)iov[i].iov_len, at);
		at = (u16_t)(at + iov[i].iov_len);
	}
	return 0;
}

static ssize_t send_datagram(struct sock *s, const struct iovec *iov, size_t count, int flags,
			     const struct sockaddr *to, socklen_t to_length)
{
	struct cursor all = {iov, count, 0};
	size_t length = cursor_left(&all);
	bool wait = !(s->file->flags & O_NONBLOCK) && !(flags & MSG_DONTWAIT);
	uint64_t deadline = clock_after(BUFFER_WAIT_NS);
	struct netbuf buf;
	int result;
	err_t error;

	if (to == NULL && !s->connected)
		return -EDESTADDRREQ;
	if (length > DATAGRAM_MAX)
		return -EMSGSIZE;
	result = datagram_make(&buf, iov, count, length);
	if (result == 0 && to != NULL)
		result = sock_address_in(s, to, to_length, &buf.addr, &buf.port);
	for (;;) {
		uint32_t seen = fd_change_count();

		if (result != 0)
			break;
		error = netconn_send(s->conn, &buf);
		if (error == ERR_MEM && wait && fd_wait_change(seen, deadline))
			continue;
		result = sock_error(error);
		break;
	}
	netbuf_free(&buf);
	return result != 0 ? result : (ssize_t)length;
}

ssize_t sock_send(struct sock *s, const struct iovec *iov, size_t count, int flags, const struct sockaddr *to,
		  socklen_t to_length)
{
	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	return sock_is_stream(s) ? send_stream(s, iov, count, flags)
				 : send_datagram(s, iov, count, flags, to, to_length);
}
