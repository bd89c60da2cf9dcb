/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors 0, 1 and 2: the console as a file. Input arrives as it was typed; nobody edits lines. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include <cambium/console.h>
#include <cambium/fd.h>

#include "runtime.h"

static ssize_t console_file_read(struct file *f, void *buf, size_t len)
{
	size_t n;

	if (!len)
		return 0;
	for (;;) {
		n = console_read(buf, len);
		if (n)
			return (ssize_t)n;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		console_wait_input(TIME_NEVER);
	}
}

static ssize_t console_file_write(struct file *f, const void *buf, size_t len)
{
	(void)f;
	console_write(buf, len);
	return (ssize_t)len;
}

static unsigned console_file_poll(struct file *f)
{
	(void)f;
	return console_has_input() ? POLLIN | POLLOUT : POLLOUT;
}

static const struct file_ops console_ops = {
	.read = console_file_read,
	.write = console_file_write,
	.poll = console_file_poll,
	.tty = true,
};

void fd_setup(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fd_alloc(&console_ops, NULL) != fd)
			start_fail("no memory for standard descriptors");
}
