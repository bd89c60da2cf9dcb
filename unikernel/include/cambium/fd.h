/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file descriptor table: console, sockets and files in one. A descriptor names a struct file; a file is counted:
 * once by each descriptor, once by each call in progress, so that close() in one thread does not pull it from under a
 * read() in another. ops->close runs when the last count goes.
 *
 * Operations return a value >= 0, or -errno. They may block unless the file is O_NONBLOCK. NULL: see each.
 */
#ifndef CAMBIUM_FD_H
#define CAMBIUM_FD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define FD_MAX 1024

struct file;

struct file_ops {
	ssize_t (*read)(struct file *f, void *buf, size_t len);        /* NULL: EBADF */
	ssize_t (*write)(struct file *f, const void *buf, size_t len); /* NULL: EBADF */
	off_t (*lseek)(struct file *f, off_t offset, int whence);      /* NULL: ESPIPE */
	int (*fstat)(struct file *f, struct stat *st);                 /* NULL: an empty character device */
	int (*fcntl)(struct file *f, int cmd, long arg); /* F_SETFL and others; NULL: F_GETFL/F_SETFL on file->flags */
	int (*ioctl)(struct file *f, unsigned long request, void *arg); /* NULL: ENOTTY */
	unsigned (*poll)(struct file *f);  /* POLLIN etc. that hold now, never blocks; NULL: always in and out */
	void (*interrupt)(struct file *f); /* a descriptor is being closed: make blocked calls return. May be NULL */
	void (*close)(struct file *f);     /* free priv. May be NULL */
	bool tty;                          /* for isatty() */
};

struct file {
	const struct file_ops *ops;
	void *priv;
	int flags; /* O_NONBLOCK, O_RDWR... as F_GETFL returns them */
	unsigned refs;
};

/* A new file on the lowest free descriptor, which is returned; or -EMFILE, -ENFILE, -ENOMEM (ops->close not called). */
int fd_alloc(const struct file_ops *ops, void *priv);

/* The file of @fd with a count of its own, or NULL (EBADF). Pair: file_put. */
struct file *fd_get(int fd);
void file_put(struct file *f);

/* As fd_get, but NULL also when the file is of other operations than @ops: how sockets tell ENOTSOCK from EBADF. */
struct file *fd_get_ops(int fd, const struct file_ops *ops);

/* Another descriptor for the file of @fd, the lowest free one from @least on; or -EBADF, -EINVAL, -EMFILE. */
int fd_dup(int fd, int least);

/* Frees the descriptor. 0 or -EBADF. */
int fd_close(int fd);

/*
 * For poll(), select() and the like: whoever makes a file ready calls fd_changed() (callable from event callbacks); a
 * poller reads fd_change_count(), asks each file's ops->poll, and when none is ready waits with the count it read.
 * unikernel/posix/poll.c has poll() and select() on top of this: a socket only needs ops->poll and fd_changed().
 */
void fd_changed(void);
uint32_t fd_change_count(void);
/* Returns at once when the count is no longer @seen; else blocks until fd_changed() (true) or @deadline_ns (false). */
bool fd_wait_change(uint32_t seen, uint64_t deadline_ns);
/* What ops->poll would answer, NULL cases included. */
unsigned file_poll(struct file *f);

#endif
