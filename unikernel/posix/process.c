/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes, signals and the file tree: there is one process, nobody outside sends signals, and nothing is on a disk
 * yet. What cannot exist fails with the errno that POSIX has for it and says so once on the console.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cambium/crash.h>
#include <cambium/start.h>

#include "result.h"

#define UNSUPPORTED(name, error)                                                                                       \
	({                                                                                                             \
		static unsigned char said;                                                                             \
		unsupported_once(&said, name);                                                                         \
		(int)result_of(-(error));                                                                              \
	})

pid_t getpid(void)
{
	return 1;
}

pid_t getppid(void)
{
	return 0;
}

pid_t fork(void)
{
	return UNSUPPORTED("fork()", ENOSYS);
}

pid_t vfork(void)
{
	return UNSUPPORTED("vfork()", ENOSYS);
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	(void)path, (void)argv, (void)envp;
	return UNSUPPORTED("execve()", ENOSYS);
}

pid_t wait(int *status)
{
	(void)status;
	return (pid_t)result_of(-ECHILD);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	(void)pid, (void)status, (void)options;
	return (pid_t)result_of(-ECHILD);
}

int pipe(int fds[2])
{
	(void)fds;
	return UNSUPPORTED("pipe()", ENOSYS);
}

/* A signal to oneself that nobody handles (newlib's raise() looks first) ends the domain as it would a process. */
int kill(pid_t pid, int number)
{
	if (pid != 1 && pid != 0)
		return (int)result_of(-ESRCH);
	if (!number || number == SIGCHLD || number == SIGURG || number == SIGCONT)
		return 0;
	crash("signal %d that nobody handles%s", number, number == SIGABRT ? " (abort)" : "");
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	(void)how, (void)set;
	if (old)
		*old = 0;
	return 0;
}

/* SIG_DFL and SIG_IGN are as good as done; a handler runs for raise() alone. */
int sigaction(int number, const struct sigaction *act, struct sigaction *old)
{
	static unsigned char said;

	if (number <= 0 || number >= NSIG)
		return (int)result_of(-EINVAL);
	if (old)
		memset(old, 0, sizeof *old);
	if (!act)
		return 0;
	if (act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN)
		unsupported_once(&said, "a signal from outside (a handler runs for raise() only)");
	signal(number, act->sa_handler);
	return 0;
}

int stat(const char *path, struct stat *st)
{
	(void)path, (void)st;
	return (int)result_of(-ENOENT);
}

int lstat(const char *path, struct stat *st);

int lstat(const char *path, struct stat *st)
{
	return stat(path, st);
}

int access(const char *path, int mode)
{
	(void)path, (void)mode;
	return (int)result_of(-ENOENT);
}

int unlink(const char *path)
{
	(void)path;
	return (int)result_of(-ENOENT);
}

int link(const char *from, const char *to)
{
	(void)from, (void)to;
	return (int)result_of(-ENOENT);
}

int mkdir(const char *path, mode_t mode)
{
	(void)path, (void)mode;
	return (int)result_of(-EROFS);
}

char *getcwd(char *buf, size_t size)
{
	if (size < 2) {
		errno = ERANGE;
		return NULL;
	}
	return strcpy(buf, "/");
}

int gethostname(char *name, size_t len)
{
	const char *own = start_info()->name;

	if (strlen(own) >= len)
		return (int)result_of(-ENAMETOOLONG);
	strcpy(name, own);
	return 0;
}

int getpagesize(void)
{
	return 4096;
}
