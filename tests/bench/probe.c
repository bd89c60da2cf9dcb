/* SPDX-License-Identifier: BSD-2-Clause */
/* One thread. A request that could not be sent in time, since the one before took longer, is left out and not caught up. */
#include "probe.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "../lib/http.h"
#include "bench.h"

#define SAMPLES_MAX 65536u
#define INTERVAL 0.01
#define PATIENCE 10u

struct probe {
	const char *address;
	uint16_t port;
	_Atomic bool stop;
	pthread_t thread;
	struct http http;
	struct http_answer answer;
	unsigned answers, failures;
	double ms[SAMPLES_MAX];
};

static void wait_until(double at)
{
	double rest = at - seconds_now();
	struct timespec t = {.tv_nsec = (long)(rest * 1e9)};

	if (rest > 0 && rest < 1)
		nanosleep(&t, NULL);
}

static void *work(void *arg)
{
	struct probe *p = arg;
	bool open = false;
	double at = seconds_now();

	while (!p->stop && p->answers < SAMPLES_MAX) {
		double began;

		if (!open)
			open = http_open_at(&p->http, p->address, p->port, PATIENCE);
		began = seconds_now();
		if (open && http_ask(&p->http, "HEAD", "/", &p->answer)) {
			p->ms[p->answers++] = 1e3 * (seconds_now() - began);
		} else {
			p->failures++;
			if (open)
				http_close(&p->http);
			open = false;
		}
		at += INTERVAL;
		at = at < seconds_now() ? seconds_now() : at;
		wait_until(at);
	}
	if (open)
		http_close(&p->http);
	return NULL;
}

struct probe *probe_start(const char *address, uint16_t port)
{
	struct probe *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	p->address = address;
	p->port = port;
	if (pthread_create(&p->thread, NULL, work, p))
		abort();
	return p;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct probe_result probe_stop(struct probe *p)
{
	struct probe_result r = {0};

	p->stop = true;
	pthread_join(p->thread, NULL);
	r.answers = p->answers;
	r.failures = p->failures;
	qsort(p->ms, p->answers, sizeof p->ms[0], compare);
	if (p->answers) {
		r.median = p->ms[p->answers / 2];
		r.p99 = p->ms[p->answers * 99 / 100];
		r.most = p->ms[p->answers - 1];
	}
	free(p);
	return r;
}
