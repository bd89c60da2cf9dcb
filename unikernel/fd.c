/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The descriptor table. Invariant: a file's refs is the number of descriptors that name it plus the number of fd_get()
 * not yet put back; it is freed exactly when that reaches zero.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include <cambium/fd.h>
#include <cambium/thread.h>

static struct file *table[FD_MAX];
static int lowest; /* no free descriptor below */

static uint32_t changes;
static struct waitq pollers;

int fd_alloc(const struct file_ops *ops, void *priv)
{
	struct file *f;
	int fd = lowest;

	while (fd < FD_MAX && table[fd])
		fd++;
	if (fd == FD_MAX)
		return -EMFILE;
	f = malloc(sizeof *f);
	if (!f)
		return -ENOMEM;
	*f = (struct file){.ops = ops, .priv = priv, .flags = O_RDWR, .refs = 1};
	table[fd] = f;
	lowest = fd + 1;
	return fd;
}

static bool in_table(int fd)
{
	return fd >= 0 && fd < FD_MAX && table[fd];
}

struct file *fd_get(int fd)
{
	if (!in_table(fd))
		return NULL;
	table[fd]->refs++;
	return table[fd];
}

struct file *fd_get_ops(int fd, const struct file_ops *ops)
{
	if (!in_table(fd) || table[fd]->ops != ops)
		return NULL;
	return fd_get(fd);
}

void file_put(struct file *f)
{
	if (--f->refs)
		return;
	if (f->ops->close)
		f->ops->close(f);
	free(f);
}

int fd_close(int fd)
{
	struct file *f;

	if (!in_table(fd))
		return -EBADF;
	f = table[fd];
	table[fd] = NULL;
	if (fd < lowest)
		lowest = fd;
	if (f->refs > 1 && f->ops->interrupt)
		f->ops->interrupt(f);
	file_put(f);
	return 0;
}

int fd_dup(int fd, int least)
{
	struct file *f;
	int to = least;

	if (!in_table(fd))
		return -EBADF;
	if (least < 0 || least >= FD_MAX)
		return -EINVAL;
	f = table[fd];
	while (to < FD_MAX && table[to])
		to++;
	if (to == FD_MAX)
		return -EMFILE;
	f->refs++;
	table[to] = f;
	return to;
}

void fd_changed(void)
{
	changes++;
	waitq_wake_all(&pollers);
}

uint32_t fd_change_count(void)
{
	return changes;
}

bool fd_wait_change(uint32_t seen, uint64_t deadline_ns)
{
	return changes != seen || waitq_wait(&pollers, deadline_ns);
}

unsigned file_poll(struct file *f)
{
	return f->ops->poll ? f->ops->poll(f) : POLLIN | POLLOUT;
}
