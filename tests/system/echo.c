/* SPDX-License-Identifier: BSD-2-Clause */
/* Echo servers' callers. */
#include "echo.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#define TRIES 10u
#define OPEN_PATIENCE 20u  /* seconds; QEMU's user network sends a SYN again after six */
#define FLIGHT_MAX 20000ul /* bytes sent and not come back yet */
#define PIECE 1000u

bool echo_is_alive(struct http *h)
{
	char word[] = "here", heard[sizeof word];
	size_t got = 0;
	ssize_t n;

	if (!http_send(h, word, sizeof word))
		return false;
	for (; got < sizeof heard && (n = recv(h->fd, heard + got, sizeof heard - got, 0)) > 0; got += (size_t)n)
		;
	return got == sizeof heard && !memcmp(word, heard, got);
}

static bool try_open(struct http *h, uint16_t port)
{
	static const struct timeval patience = {.tv_sec = ECHO_PATIENCE};

	if (!http_open(h, port, OPEN_PATIENCE) || !echo_is_alive(h))
		return false;
	setsockopt(h->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return true;
}

bool echo_open(struct http *h, uint16_t port, unsigned *again)
{
	for (unsigned try = 0; try < TRIES; try++) {
		if (try_open(h, port))
			return true;
		http_close(h);
		++*again;
	}
	return false;
}

bool echo_ends(struct http *h)
{
	struct pollfd p = {.fd = h->fd, .events = POLLIN};
	char byte;

	return poll(&p, 1, (int)ECHO_PATIENCE * 1000) == 1 && recv(h->fd, &byte, 1, 0) <= 0;
}

struct stream {
	struct http *h;
	pthread_t thread;
	_Atomic bool stop, over;
	_Atomic unsigned long back;
	unsigned long sent;
	char why[100];
};

/* Byte number @at of the stream. */
static uint8_t byte_at(unsigned long at)
{
	return (uint8_t)(at * 2654435761ul >> 13);
}

static void over(struct stream *s, const char *why)
{
	snprintf(s->why, sizeof s->why, "%s after %lu bytes: %s", why, (unsigned long)s->back,
		 errno ? strerror(errno) : "end of connection");
	s->over = true;
}

static void stream_send(struct stream *s)
{
	uint8_t piece[PIECE];
	ssize_t n;

	for (unsigned i = 0; i < PIECE; i++)
		piece[i] = byte_at(s->sent + i);
	errno = 0;
	n = send(s->h->fd, piece, PIECE, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		s->sent += (unsigned long)n;
	else if (errno != EAGAIN)
		over(s, "send");
}

static void stream_hear(struct stream *s)
{
	uint8_t piece[PIECE];
	ssize_t n;

	errno = 0;
	n = recv(s->h->fd, piece, PIECE, MSG_DONTWAIT);
	if (n <= 0) {
		over(s, "receive");
		return;
	}
	for (ssize_t i = 0; i < n && !s->over; i++)
		if (piece[i] != byte_at(s->back + (unsigned long)i))
			over(s, "a byte is wrong");
	s->back += (unsigned long)n;
}

static void *stream_run(void *arg)
{
	struct stream *s = arg;

	while (!s->over && (!s->stop || s->back < s->sent)) {
		bool more = !s->stop && s->sent - s->back < FLIGHT_MAX;
		struct pollfd p = {.fd = s->h->fd, .events = (short)(POLLIN | (more ? POLLOUT : 0))};

		if (poll(&p, 1, (int)ECHO_PATIENCE * 1000) != 1) {
			errno = ETIMEDOUT;
			over(s, "poll");
			break;
		}
		if (p.revents & (POLLIN | POLLERR | POLLHUP))
			stream_hear(s);
		if (!s->over && p.revents & POLLOUT)
			stream_send(s);
	}
	s->over = true;
	return NULL;
}

struct stream *stream_start(struct http *h)
{
	struct stream *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->h = h;
	if (pthread_create(&s->thread, NULL, stream_run, s))
		abort();
	return s;
}

bool stream_progress(const struct stream *s, unsigned long count, unsigned seconds)
{
	unsigned long want = s->back + count;
	time_t end = time(NULL) + seconds;

	while (s->back < want && !s->over && time(NULL) < end)
		poll(NULL, 0, 20);
	return s->back >= want;
}

bool stream_stop(struct stream *s)
{
	bool good;

	s->stop = true;
	pthread_join(s->thread, NULL);
	good = !s->why[0];
	if (!good)
		fprintf(stderr, "stream: %s\n", s->why);
	http_close(s->h);
	free(s);
	return good;
}
