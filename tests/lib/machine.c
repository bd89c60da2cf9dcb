/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU as a child. A thread reads its serial port (and its error output) as long as it lives, so that the guest never
 * waits for us; everybody else only looks at what was read, under the lock. Invariant: the kernel kills the child when
 * the thread that started it ends, so no machine outlives its test.
 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "machine_command.h"

#define TAIL_LINES 60u
#define START_TRIES 5u

struct machine {
	struct machine_command command;
	char name[64];
	pid_t child;
	int serial, monitor, file;
	pthread_t reader;
	size_t cursor;
	/* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *text;
	size_t len, room;
	bool ended;
};

/* --- what it says ------------------------------------------------------------------------------------------------ */

static void keep(struct machine *m, const char *bytes, size_t len)
{
	ssize_t ignored = write(m->file, bytes, len);

	(void)ignored;
	pthread_mutex_lock(&m->lock);
	if (m->len + len > m->room) {
		m->room = 2 * (m->len + len);
		m->text = realloc(m->text, m->room);
		if (!m->text)
			abort();
	}
	memcpy(m->text + m->len, bytes, len);
	m->len += len;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

static void *read_serial(void *arg)
{
	struct machine *m = arg;
	char bytes[4096];
	ssize_t got;

	while ((got = read(m->serial, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR))
		if (got > 0)
			keep(m, bytes, (size_t)got);
	pthread_mutex_lock(&m->lock);
	m->ended = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

static bool matches(const char *line, size_t len, const char *text)
{
	size_t want = strlen(text);
	bool head = want && text[0] == '^', tail = want > head && text[want - 1] == '$';

	text += head;
	want -= (size_t)head + tail;
	if (want > len)
		return false;
	if (head && tail)
		return want == len && !memcmp(line, text, len);
	if (head || tail)
		return !memcmp(head ? line : line + len - want, text, want);
	return !want || memmem(line, len, text, want);
}

/* The next whole line at or behind *@at (the last one may lack its end when the machine ended); *@at moves behind it. */
static bool next_line(const struct machine *m, size_t *at, const char **line, size_t *len)
{
	const char *end;

	if (*at >= m->len)
		return false;
	*line = m->text + *at;
	end = memchr(*line, '\n', m->len - *at);
	if (!end && !m->ended)
		return false;
	*len = end ? (size_t)(end - *line) : m->len - *at;
	*at += *len + (end != NULL);
	while (*len && (*line)[*len - 1] == '\r')
		--*len;
	return true;
}

/* Looks for @text from *@at on, and moves *@at behind what was looked at. *@died: the hypervisor gave up there. */
static bool find(const struct machine *m, size_t *at, const char *text, bool *died)
{
	const char *line;
	size_t len;

	while (next_line(m, at, &line, &len)) {
		if (matches(line, len, text))
			return true;
		*died |= matches(line, len, "vmm: panic: ") || matches(line, len, "vmm: fatal: ");
	}
	return false;
}

void machine_show(struct machine *m, const char *why)
{
	size_t from;
	unsigned lines = 0;

	pthread_mutex_lock(&m->lock);
	for (from = m->len; from > 0; from--)
		if (m->text[from - 1] == '\n' && lines++ == TAIL_LINES)
			break;
	fprintf(stderr, "machine %s: %s. Its last lines:\n", m->name, why);
	fwrite(m->text + from, 1, m->len - from, stderr);
	fprintf(stderr, "--- end of machine %s%s\n", m->name, m->ended ? ", which has ended" : "");
	pthread_mutex_unlock(&m->lock);
}

/* Waits for @text from *@at on; *@at is moved behind the line that has it. */
static bool wait_line(struct machine *m, size_t *at, const char *text, unsigned seconds)
{
	bool found, died = false, late = false;
	struct timespec deadline;
	char why[300];

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += seconds;
	pthread_mutex_lock(&m->lock);
	while (!(found = find(m, at, text, &died)) && !died && !m->ended && !late)
		late = pthread_cond_timedwait(&m->changed, &m->lock, &deadline) != 0;
	pthread_mutex_unlock(&m->lock);
	if (found)
		return true;
	snprintf(why, sizeof why, "no line \"%s\"%s", text,
		 died   ? ", the hypervisor died"
		 : late ? " came in time"
			: ", the machine ended");
	machine_show(m, why);
	return false;
}

bool machine_expect_within(struct machine *m, const char *text, unsigned seconds)
{
	return wait_line(m, &m->cursor, text, seconds);
}

bool machine_expect(struct machine *m, const char *text)
{
	return machine_expect_within(m, text, MACHINE_PATIENCE);
}

bool machine_expect_from(struct machine *m, size_t from, const char *text)
{
	return wait_line(m, &from, text, MACHINE_PATIENCE);
}

unsigned machine_count(struct machine *m, size_t from, const char *text)
{
	unsigned count = 0;
	bool died = false;

	pthread_mutex_lock(&m->lock);
	while (find(m, &from, text, &died))
		count++;
	pthread_mutex_unlock(&m->lock);
	return count;
}

bool machine_line(struct machine *m, size_t from, const char *text, char *line, size_t bytes)
{
	const char *start;
	bool found = false;
	size_t len;

	pthread_mutex_lock(&m->lock);
	while (!found && next_line(m, &from, &start, &len))
		found = matches(start, len, text);
	if (found)
		snprintf(line, bytes, "%.*s", (int)len, start);
	pthread_mutex_unlock(&m->lock);
	return found;
}

size_t machine_here(struct machine *m)
{
	size_t here;

	pthread_mutex_lock(&m->lock);
	here = m->len;
	pthread_mutex_unlock(&m->lock);
	return here;
}

void machine_skip(struct machine *m)
{
	m->cursor = machine_here(m);
}

/* --- its life ---------------------------------------------------------------------------------------------------- */

_Noreturn static void become_qemu(const struct machine_command *command, int serial, int monitor, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	setpgid(0, 0); /* a Ctrl-C is for the tests, which then take us along */
	dup2(serial, 0);
	dup2(serial, 1);
	dup2(serial, 2);
	if (monitor == MACHINE_MONITOR_FD)
		fcntl(monitor, F_SETFD, 0); /* it is there already, but would close */
	else
		dup2(monitor, MACHINE_MONITOR_FD);
	execvp(command->words[0], command->words);
	fprintf(stderr, "%s cannot be run: %s; run `make deps`\n", command->words[0], strerror(errno));
	_exit(127);
}

static bool spawn(struct machine *m)
{
	pid_t parent = getpid();
	int ends[2], monitor[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor))
		return false;
	m->child = fork();
	if (m->child == 0)
		become_qemu(&m->command, ends[1], monitor[1], parent);
	close(ends[1]);
	close(monitor[1]);
	m->serial = ends[0];
	m->monitor = monitor[0];
	m->len = m->cursor = 0;
	m->ended = false;
	if (m->child > 0 && !pthread_create(&m->reader, NULL, read_serial, m))
		return true;
	fprintf(stderr, "machine %s: cannot start a process: %s\n", m->name, strerror(errno));
	return false;
}

static void reap(struct machine *m)
{
	kill(m->child, SIGKILL);
	waitpid(m->child, NULL, 0);
	pthread_join(m->reader, NULL);
	close(m->serial);
	close(m->monitor);
}

static int log_open(const char *name)
{
	int fd;

	mkdir(build_path("tests"), 0777);
	mkdir(build_path("tests/log"), 0777);
	fd = open(build_path("tests/log/%s.log", name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		fprintf(stderr, "machine %s: no log: %s\n", name, strerror(errno));
	return fd;
}

/* The first sign of life. False: it ended because somebody else took one of our ports meanwhile. */
static bool took_ports(struct machine *m)
{
	bool taken;

	pthread_mutex_lock(&m->lock);
	while (!m->len && !m->ended)
		pthread_cond_wait(&m->changed, &m->lock);
	taken = m->len && memmem(m->text, m->len, "Could not set up host forwarding", 32);
	pthread_mutex_unlock(&m->lock);
	return !taken;
}

struct machine *machine_start(const struct machine_options *options)
{
	struct machine *m = calloc(1, sizeof *m);
	pthread_condattr_t attributes;

	if (!m)
		return NULL;
	snprintf(m->name, sizeof m->name, "%s", options->log);
	m->file = log_open(options->log);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->changed, &attributes);
	for (unsigned i = 0; i < START_TRIES && m->file >= 0; i++) {
		machine_command_make(&m->command, options);
		if (!spawn(m))
			break;
		if (took_ports(m))
			return m;
		reap(m);
	}
	return NULL;
}

void machine_stop(struct machine *m)
{
	if (!m)
		return;
	reap(m);
	close(m->file);
	free(m->text);
	free(m);
}

uint16_t machine_port(const struct machine *m, uint16_t port)
{
	for (unsigned i = 0; i < MACHINE_FORWARDS; i++)
		if (m->command.guest_ports[i] == port)
			return m->command.host_ports[i];
	return 0;
}

static void send_all(int to, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t n = send(to, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

void machine_send(struct machine *m, const char *text)
{
	send_all(m->serial, text);
}

void machine_monitor(struct machine *m, const char *command)
{
	send_all(m->monitor, command);
	send_all(m->monitor, "\n");
}

bool machine_ends(struct machine *m)
{
	struct timespec deadline;
	bool ended, late = false;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += MACHINE_PATIENCE;
	pthread_mutex_lock(&m->lock);
	while (!m->ended && !late)
		late = pthread_cond_timedwait(&m->changed, &m->lock, &deadline) != 0;
	ended = m->ended;
	pthread_mutex_unlock(&m->lock);
	if (!ended)
		machine_show(m, "it does not end");
	return ended;
}
