/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls that move data, and readv and writev, which work on any file. */
#include <errno.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "socket.h"

ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to, socklen_t to_length)
{
	struct iovec iov = {(void *)(uintptr_t)data, length};
	int error;
	struct sock *s = sock_get(fd, &error);
	ssize_t result;

	if (s == NULL)
		return result_of(error);
	result = sock_send(s, &iov, 1, flags, to, to_length);
	sock_put(s);
	return result_of(result);
}

ssize_t send(int fd, const void *data, size_t length, int flags)
{
	return sendto(fd, data, length, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	int error;
	struct sock *s = sock_get(fd, &error);
	ssize_t result;

	if (s == NULL)
		return result_of(error);
	if (message->msg_iovlen > IOV_MAX)
		result = -EMSGSIZE;
	else
		result = sock_send(s, message->msg_iov, message->msg_iovlen, flags, message->msg_name,
				   message->msg_namelen);
	sock_put(s);
	return result_of(result);
}

ssize_t recvfrom(int fd, void *data, size_t length, int flags, struct sockaddr *from, socklen_t *from_length)
{
	struct iovec iov = {data, length};
	int error;
	struct sock *s = sock_get(fd, &error);
	ssize_t result;

	if (s == NULL)
		return result_of(error);
	result = sock_recv(s, &iov, 1, flags, from, from_length, NULL);
	sock_put(s);
	return result_of(result);
}

ssize_t recv(int fd, void *data, size_t length, int flags)
{
	return recvfrom(fd, data, length, flags, NULL, NULL);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	int error;
	struct sock *s = sock_get(fd, &error);
	ssize_t result;

	if (s == NULL)
		return result_of(error);
	message->msg_flags = 0;
	message->msg_controllen = 0;
	if (message->msg_iovlen > IOV_MAX)
		result = -EMSGSIZE;
	else
		result = sock_recv(s, message->msg_iov, message->msg_iovlen, flags, message->msg_name,
				   &message->msg_namelen, &message->msg_flags);
	sock_put(s);
	return result_of(result);
}

static int check_vector(const struct iovec *iov, int count)
{
	size_t total = 0;

	if (count < 0 || count > IOV_MAX)
		return -EINVAL;
	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len > (size_t)SSIZE_MAX - total)
			return -EINVAL;
		total += iov[i].iov_len;
	}
	return 0;
}

/* One piece after the other, for files that are no sockets. */
static ssize_t piecewise(struct file *f, const struct iovec *iov, int count, bool writing)
{
	ssize_t done = 0;

	if (writing ? f->ops->write == NULL : f->ops->read == NULL)
		return -EBADF;
	for (int i = 0; i < count; i++) {
		ssize_t n = writing ? f->ops->write(f, iov[i].iov_base, iov[i].iov_len)
				    : f->ops->read(f, iov[i].iov_base, iov[i].iov_len);

		if (n < 0)
			return done > 0 ? done : n;
		done += n;
		if ((size_t)n < iov[i].iov_len)
			break;
	}
	return done;
}

static ssize_t vectored(int fd, const struct iovec *iov, int count, bool writing)
{
	ssize_t result = check_vector(iov, count);
	struct file *f;
	int error;

	if (result != 0)
		return result;
	f = fd_get_ops(fd, &sock_ops);
	if (f != NULL) {
		struct sock *s = sock_get(fd, &error);

		result = writing ? sock_send(s, iov, (size_t)count, 0, NULL, 0)
				 : sock_recv(s, iov, (size_t)count, 0, NULL, NULL, NULL);
		sock_put(s);
		file_put(f);
		return result;
	}
	f = fd_get(fd);
	if (f == NULL)
		return -EBADF;
	result = piecewise(f, iov, count, writing);
	file_put(f);
	return result;
}

ssize_t readv(int fd, const struct iovec *iov, int count)
{
	return result_of(vectored(fd, iov, count, false));
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	return result_of(vectored(fd, iov, count, true));
}
