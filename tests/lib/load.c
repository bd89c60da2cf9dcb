/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads with a connection each; they share only counters. */
#include "load.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "http.h"

#define WORKERS_MAX 16u
#define PAUSE_MS 20 /* after a failure, so that a dead port is not hammered */

struct load {
	uint16_t port;
	unsigned workers, patience;
	_Atomic bool stop;
	_Atomic unsigned begun, good, bad;
	pthread_mutex_t lock;
	char first[160];
	int sockets[WORKERS_MAX]; /* now in use; -1: none */
	pthread_t threads[WORKERS_MAX];
};

/* The socket of one worker, for load_renew(). */
static void socket_note(struct load *l, int *place, int fd)
{
	pthread_mutex_lock(&l->lock);
	*place = fd;
	pthread_mutex_unlock(&l->lock);
}

static bool ask(struct load *l, int *place, struct http *h, struct http_answer *a)
{
	bool good = http_open(h, l->port, l->patience);

	socket_note(l, place, h->fd);
	good = good && http_ask(h, "GET", "/", a);
	if (good && a->status != 200) {
		snprintf(h->error, sizeof h->error, "status %d", a->status);
		good = false;
	}
	socket_note(l, place, -1);
	http_close(h);
	return good;
}

static void *work(void *arg)
{
	struct load *l = arg;
	int *place = &l->sockets[l->begun++];
	struct http *h = malloc(sizeof *h);
	struct http_answer *a = malloc(sizeof *a);

	while (h && a && !l->stop) {
		if (ask(l, place, h, a)) {
			l->good++;
			continue;
		}
		l->bad++;
		pthread_mutex_lock(&l->lock);
		if (!l->first[0])
			snprintf(l->first, sizeof l->first, "%s", h->error);
		pthread_mutex_unlock(&l->lock);
		poll(NULL, 0, PAUSE_MS);
	}
	free(h);
	free(a);
	return NULL;
}

struct load *load_start(uint16_t port, unsigned workers, unsigned patience)
{
	struct load *l = calloc(1, sizeof *l);

	if (!l || workers > WORKERS_MAX)
		abort();
	l->port = port;
	l->workers = workers;
	l->patience = patience;
	pthread_mutex_init(&l->lock, NULL);
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		l->sockets[i] = -1;
	for (unsigned i = 0; i < workers; i++)
		if (pthread_create(&l->threads[i], NULL, work, l))
			abort();
	return l;
}

unsigned load_good(const struct load *l)
{
	return l->good;
}

unsigned load_bad(const struct load *l)
{
	return l->bad;
}

void load_renew(struct load *l)
{
	pthread_mutex_lock(&l->lock);
	for (unsigned i = 0; i < l->workers; i++)
		if (l->sockets[i] >= 0)
			shutdown(l->sockets[i], SHUT_RDWR);
	pthread_mutex_unlock(&l->lock);
}

bool load_progress(const struct load *l, unsigned count, unsigned seconds)
{
	unsigned from = l->good;
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (l->good - from < count) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec >= (time_t)seconds) {
			fprintf(stderr, "load on port %u: %u good answers in %u s, %u bad ones, first: %s\n", l->port,
				l->good - from, seconds, l->bad, l->first);
			return false;
		}
		poll(NULL, 0, PAUSE_MS);
	}
	return true;
}

unsigned load_stop(struct load *l)
{
	unsigned bad;

	l->stop = true;
	for (unsigned i = 0; i < l->workers; i++)
		pthread_join(l->threads[i], NULL);
	bad = l->bad;
	if (bad)
		fprintf(stderr, "load on port %u: %u good, %u bad, first: %s\n", l->port, l->good, bad, l->first);
	free(l);
	return bad;
}
