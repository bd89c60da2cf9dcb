/* SPDX-License-Identifier: BSD-2-Clause */
/* fcntl() and ioctl(): what is common to all files here, the rest by the file's operations. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include <cambium/fd.h>

#include "result.h"

#define SETTABLE (O_NONBLOCK | O_APPEND)

static int file_fcntl(struct file *f, int fd, int cmd, long arg)
{
	switch (cmd) {
	case F_DUPFD: return fd_dup(fd, (int)arg);
#ifdef F_DUPFD_CLOEXEC
	case F_DUPFD_CLOEXEC: return fd_dup(fd, (int)arg);
#endif
	case F_GETFD:
	case F_SETFD: return 0; /* there is no exec to close anything */
	}
	if (f->ops->fcntl)
		return f->ops->fcntl(f, cmd, arg);
	switch (cmd) {
	case F_GETFL: return f->flags;
	case F_SETFL: f->flags = (f->flags & ~SETTABLE) | ((int)arg & SETTABLE); return 0;
	default: return -EINVAL;
	}
}

int fcntl(int fd, int cmd, ...)
{
	struct file *f = fd_get(fd);
	va_list list;
	long arg;
	int result;

	va_start(list, cmd);
	arg = va_arg(list, long);
	va_end(list);
	if (!f)
		return (int)result_of(-EBADF);
	result = file_fcntl(f, fd, cmd, arg);
	file_put(f);
	return (int)result_of(result);
}

int ioctl(int fd, unsigned long request, ...)
{
	struct file *f = fd_get(fd);
	va_list list;
	void *arg;
	int result;

	va_start(list, request);
	arg = va_arg(list, void *);
	va_end(list);
	if (!f)
		return (int)result_of(-EBADF);
	if (request == FIONBIO && arg) {
		f->flags = *(int *)arg ? f->flags | O_NONBLOCK : f->flags & ~O_NONBLOCK;
		result = f->ops->fcntl ? f->ops->fcntl(f, F_SETFL, f->flags) : 0;
	} else {
		result = f->ops->ioctl ? f->ops->ioctl(f, request, arg) : -ENOTTY;
	}
	file_put(f);
	return (int)result_of(result);
}
