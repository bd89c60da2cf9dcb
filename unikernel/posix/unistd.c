/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors as POSIX and newlib call them. Each call takes a count of the file for its duration, turns -errno into
 * errno and -1, and leaves everything else to the file's operations. There is no file system: open() knows /dev/null,
 * /dev/zero, /dev/random and /dev/urandom.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/bits.h>
#include <cambium/fd.h>

#include "../runtime.h"
#include "result.h"

ssize_t read(int fd, void *buf, size_t len)
{
	struct file *f = fd_get(fd);
	ssize_t result = f && f->ops->read ? f->ops->read(f, buf, len) : -EBADF;

	if (f)
		file_put(f);
	return result_of(result);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	struct file *f = fd_get(fd);
	ssize_t result = f && f->ops->write ? f->ops->write(f, buf, len) : -EBADF;

	if (f)
		file_put(f);
	return result_of(result);
}

off_t lseek(int fd, off_t offset, int whence)
{
	struct file *f = fd_get(fd);
	off_t result = -EBADF;

	if (f) {
		result = f->ops->lseek ? f->ops->lseek(f, offset, whence) : -ESPIPE;
		file_put(f);
	}
	return result_of(result);
}

int close(int fd)
{
	return (int)result_of(fd_close(fd));
}

int fstat(int fd, struct stat *st)
{
	struct file *f = fd_get(fd);
	int result = -EBADF;

	if (f) {
		memset(st, 0, sizeof *st);
		st->st_mode = S_IFCHR | 0666;
		st->st_blksize = 1024;
		result = f->ops->fstat ? f->ops->fstat(f, st) : 0;
		file_put(f);
	}
	return (int)result_of(result);
}

int isatty(int fd)
{
	struct file *f = fd_get(fd);
	bool tty = f && f->ops->tty;

	errno = f ? ENOTTY : EBADF;
	if (f)
		file_put(f);
	return tty;
}

int dup(int fd)
{
	return (int)result_of(fd_dup(fd, 0));
}

int dup2(int fd, int to)
{
	struct file *f = fd_get(fd);

	if (!f || to < 0 || to >= FD_MAX)
		return (int)result_of(f ? (file_put(f), -EBADF) : -EBADF);
	file_put(f);
	if (fd == to)
		return fd;
	fd_close(to);
	return (int)result_of(fd_dup(fd, to));
}

/* --- devices ----------------------------------------------------------------------------------------------------- */

static ssize_t null_read(struct file *f, void *buf, size_t len)
{
	(void)f, (void)buf, (void)len;
	return 0;
}

static ssize_t zero_read(struct file *f, void *buf, size_t len)
{
	(void)f;
	memset(buf, 0, len);
	return (ssize_t)len;
}

static ssize_t random_read(struct file *f, void *buf, size_t len)
{
	(void)f;
	random_bytes(buf, len);
	return (ssize_t)len;
}

static ssize_t sink_write(struct file *f, const void *buf, size_t len)
{
	(void)f, (void)buf;
	return (ssize_t)len;
}

static const struct file_ops null_ops = {.read = null_read, .write = sink_write};
static const struct file_ops zero_ops = {.read = zero_read, .write = sink_write};
static const struct file_ops random_ops = {.read = random_read, .write = sink_write};

int open(const char *path, int flags, ...)
{
	static const struct {
		const char *path;
		const struct file_ops *ops;
	} nodes[] = {
		{"/dev/null", &null_ops},
		{"/dev/zero", &zero_ops},
		{"/dev/random", &random_ops},
		{"/dev/urandom", &random_ops},
	};
	struct file *f;
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		if (strcmp(path, nodes[i].path))
			continue;
		fd = fd_alloc(nodes[i].ops, NULL);
		f = fd_get(fd);
		if (f) {
			f->flags = flags & (O_ACCMODE | O_NONBLOCK | O_APPEND);
			file_put(f);
		}
		return (int)result_of(fd);
	}
	return (int)result_of(flags & O_CREAT ? -EROFS : -ENOENT);
}
