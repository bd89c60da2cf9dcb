/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request at a time. What is lost on the line is asked again with the same id, which the machine does once; answers to
 * requests that were given up are passed over.
 */
#include "serial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define AGAIN_MS 3000    /* without a word a request is sent again */
#define SILENCE_MS 60000 /* and given up */
#define BUSY_MS 180000   /* while the machine says that it is at it */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int socket_open(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof a.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(a.sun_path, path);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A terminal line as it is, 115200 8N1. */
static int device_open(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios t;

	if (fd >= 0 && !tcgetattr(fd, &t)) {
		cfmakeraw(&t);
		cfsetspeed(&t, B115200);
		t.c_cflag |= CLOCAL | CREAD;
		tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}

bool serial_open(struct serial *s, const char *where)
{
	memset(s, 0, sizeof *s);
	s->fd = strncmp(where, "unix:", 5) ? device_open(where) : socket_open(where + 5);
	if (s->fd < 0) {
		snprintf(s->why, sizeof s->why, "%s: %s: is the machine running, with a second serial port there?",
			 where, strerror(errno));
		return false;
	}
	/* ids of an earlier run shall not be taken for ours */
	if (getrandom(&s->id, sizeof s->id, 0) != sizeof s->id)
		s->id = (uint32_t)now_ms();
	return true;
}

void serial_close(struct serial *s)
{
	close(s->fd);
}

static bool frame_send(struct serial *s, const struct manage_message *m)
{
	uint8_t frame[MANAGE_FRAME_MAX];
	uint32_t len = manage_line_write(m, frame), at = 0;

	while (at < len) {
		ssize_t n = write(s->fd, frame + at, len - at);

		if (n < 0 && errno != EINTR)
			return false;
		at += n > 0 ? (uint32_t)n : 0;
	}
	return true;
}

/* The next message until @end. 1: there is one; 0: there is none; -1: the line is gone. */
static int frame_get(struct serial *s, int64_t end, struct manage_message *m)
{
	for (;;) {
		struct pollfd p = {.fd = s->fd, .events = POLLIN};
		int64_t left = end - now_ms();
		ssize_t n;
		size_t used;
		bool whole = manage_line_feed(&s->line, s->bytes + s->at, s->len - s->at, &used, m);

		s->at += used;
		if (whole)
			return 1;
		if (left <= 0 || poll(&p, 1, (int)left) <= 0) /* or a signal: the caller looks */
			return 0;
		n = read(s->fd, s->bytes, sizeof s->bytes);
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return -1;
		s->at = 0;
		s->len = n > 0 ? (size_t)n : 0;
	}
}

static bool gone(struct serial *s)
{
	snprintf(s->why, sizeof s->why, "the serial line is gone: is the machine still running?");
	return false;
}

/* Waits for the answer to the request @m, until it is time to ask again. 1: it is there; 0: not yet, -1: no more. */
static int answer_await(struct serial *s, const struct manage_message *m, int64_t *end, struct manage_message *answer)
{
	int64_t again = now_ms() + AGAIN_MS;
	int got;

	while ((got = frame_get(s, again, answer)) == 1) {
		if (answer->id == 0 &&
		    answer->kind == MANAGE_ERROR) /* about a frame that was damaged: ours, most likely */
			return 0;
		if (answer->id == 0 && s->other)
			s->other(s->arg, answer);
		if (answer->id != m->id)
			continue;
		if (answer->kind != MANAGE_BUSY)
			return 1;
		*end = now_ms() + BUSY_MS;
	}
	return got;
}

bool serial_ask(struct serial *s, uint32_t kind, const void *payload, uint32_t length, uint32_t least,
		struct manage_message *answer)
{
	struct manage_message m;
	int64_t end = now_ms() + SILENCE_MS;
	int got = 0;

	s->id = s->id + 1 ? s->id + 1 : 1;
	m = manage_message_of(kind, s->id, payload, length);
	while (got == 0 && now_ms() < end) {
		if (!frame_send(s, &m))
			return gone(s);
		got = answer_await(s, &m, &end, answer);
	}
	if (got < 0)
		return gone(s);
	if (got == 0)
		snprintf(s->why, sizeof s->why, "nobody answers: is this the second serial port of a running machine?");
	else if (answer->kind != MANAGE_OK)
		snprintf(s->why, sizeof s->why, "%.*s", (int)answer->length, (const char *)answer->payload);
	else if (answer->length < least)
		snprintf(s->why, sizeof s->why, "an answer is too short: are command and machine of one version?");
	else
		return true;
	return false;
}

int serial_listen(struct serial *s, unsigned seconds, struct manage_message *m)
{
	int64_t end = now_ms() + seconds * INT64_C(1000);
	int got;

	while ((got = frame_get(s, end, m)) == 1 && m->id)
		;
	return got;
}
