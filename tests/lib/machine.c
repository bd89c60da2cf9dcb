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

#include "lines.h"
#include "machine_command.h"

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
	struct lines said;
};

static char trouble[512];

/* --- what it says ------------------------------------------------------------------------------------------------ */

static void keep(struct machine *m, const char *bytes, size_t len)
{
	ssize_t ignored = write(m->file, bytes, len);

	(void)ignored;
	pthread_mutex_lock(&m->lock);
	lines_add(&m->said, bytes, len);
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
	m->said.ended = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

/* Looks for @text from *@at on, and moves *@at behind what was looked at. *@died: the hypervisor gave up there. */
static bool find(const struct machine *m, size_t *at, const char *text, bool *died)
{
	const char *line;
	size_t len;

	while (lines_next(&m->said, at, &line, &len)) {
		if (line_matches(line, len, text))
			return true;
		*died |= line_matches(line, len, "vmm: panic: ") || line_matches(line, len, "vmm: fatal: ");
	}
	return false;
}

/* How QEMU ended, which has closed its serial port; it stays to be reaped. */
static void describe_end(const struct machine *m, char *text, size_t bytes)
{
	siginfo_t info = {0};

	waitid(P_PID, (id_t)m->child, &info, WEXITED | WNOWAIT);
	snprintf(text, bytes,
		 info.si_code == CLD_EXITED ? " (QEMU ended with status %d)" : " (QEMU ended by signal %d)",
		 info.si_status);
}

void machine_show(struct machine *m, const char *why)
{
	char ended[64] = "";
	const char *line;
	size_t len;

	pthread_mutex_lock(&m->lock);
	if (m->said.ended)
		describe_end(m, ended, sizeof ended);
	fprintf(stderr, "machine %s: its last lines:\n", m->name);
	lines_show_tail(&m->said);
	fprintf(stderr, "--- machine %s%s: %s\n", m->name, ended, why);
	lines_last(&m->said, &line, &len);
	snprintf(trouble, sizeof trouble, "machine %s%s: %s, behind \"%.*s\"", m->name, ended, why, (int)len, line);
	pthread_mutex_unlock(&m->lock);
}

const char *machine_trouble(void)
{
	return trouble;
}

static struct timespec deadline_in(unsigned seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += seconds;
	return t;
}

/* Waits for @text from *@at on; *@at is moved behind the line that has it. Returns why it will not come, or NULL. */
static const char *wait_line(struct machine *m, size_t *at, const char *text, const struct timespec *deadline)
{
	bool found, died = false, late = false;

	pthread_mutex_lock(&m->lock);
	while (!(found = find(m, at, text, &died)) && !died && !m->said.ended && !late)
		late = pthread_cond_timedwait(&m->changed, &m->lock, deadline) != 0;
	pthread_mutex_unlock(&m->lock);
	if (found)
		return NULL;
	return died ? "the hypervisor died" : late ? "it did not come in time" : "the machine ended";
}

static bool wait_or_show(struct machine *m, size_t *at, const char *text, unsigned seconds)
{
	struct timespec deadline = deadline_in(seconds);
	const char *reason = wait_line(m, at, text, &deadline);
	char why[300];

	if (!reason)
		return true;
	snprintf(why, sizeof why, "no line \"%s\": %s", text, reason);
	machine_show(m, why);
	return false;
}

bool machine_expect_within(struct machine *m, const char *text, unsigned seconds)
{
	return wait_or_show(m, &m->cursor, text, seconds);
}

bool machine_expect(struct machine *m, const char *text)
{
	return machine_expect_within(m, text, MACHINE_PATIENCE);
}

bool machine_expect_from(struct machine *m, size_t from, const char *text)
{
	return wait_or_show(m, &from, text, MACHINE_PATIENCE);
}

bool machine_expect_all(struct machine *m, const char *const *texts, unsigned count, unsigned seconds)
{
	struct timespec deadline = deadline_in(seconds);
	unsigned missing = 0;
	const char *reason;
	size_t at;

	for (unsigned i = 0; i < count; i++) {
		at = 0;
		reason = wait_line(m, &at, texts[i], &deadline);
		if (!reason)
			continue;
		if (!missing++)
			machine_show(m, "lines are missing:");
		fprintf(stderr, "machine %s: no line \"%s\": %s\n", m->name, texts[i], reason);
	}
	return !missing;
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
	while (!found && lines_next(&m->said, &from, &start, &len))
		found = line_matches(start, len, text);
	if (found)
		snprintf(line, bytes, "%.*s", (int)len, start);
	pthread_mutex_unlock(&m->lock);
	return found;
}

size_t machine_here(struct machine *m)
{
	size_t here;

	pthread_mutex_lock(&m->lock);
	here = m->said.len;
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
	m->said.len = m->cursor = 0;
	m->said.ended = false;
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
	while (!m->said.len && !m->said.ended)
		pthread_cond_wait(&m->changed, &m->lock);
	taken = m->said.len && memmem(m->said.text, m->said.len, "Could not set up host forwarding", 32);
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
	free(m->said.text);
	free(m);
}

uint16_t machine_port(const struct machine *m, uint16_t port)
{
	for (unsigned i = 0; i < MACHINE_FORWARDS; i++)
		if (m->command.guest_ports[i] == port)
			return m->command.host_ports[i];
	return 0;
}

const char *machine_manage(const struct machine *m)
{
	return m->command.manage;
}

const char *machine_manage_socket(const struct machine *m)
{
	return m->command.manage + strlen("unix:");
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

int machine_process(const struct machine *m)
{
	return m->child;
}

double machine_cpu_seconds(const struct machine *m)
{
	struct timespec t = {0};
	clockid_t clock;

	if (!clock_getcpuclockid(m->child, &clock))
		clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool machine_halts(const struct machine *m)
{
	for (unsigned i = 0; i < MACHINE_PATIENCE; i++) {
		double before = machine_cpu_seconds(m);

		sleep(1);
		if (machine_cpu_seconds(m) - before < 0.1)
			return true;
	}
	return false;
}

bool machine_ends(struct machine *m)
{
	struct timespec deadline = deadline_in(MACHINE_PATIENCE);
	bool ended, late = false;

	pthread_mutex_lock(&m->lock);
	while (!m->said.ended && !late)
		late = pthread_cond_timedwait(&m->changed, &m->lock, &deadline) != 0;
	ended = m->said.ended;
	pthread_mutex_unlock(&m->lock);
	if (!ended)
		machine_show(m, "it does not end");
	return ended;
}
