/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the isolation benchmark share: the machine and its two services, and what they do alone. */
#ifndef CAMBIUM_TESTS_BENCH_ISOLATION_H
#define CAMBIUM_TESTS_BENCH_ISOLATION_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/machine.h"
#include "probe.h"

#define ISOLATION_LOG "bench-isolation"

struct place {
	struct machine *m;
	bool tap;            /* else QEMU's user network */
	const char *address; /* of the services, */
	uint16_t web2;       /* and the port of the second */
	char url[64];        /* of the first */
	int thread;          /* of QEMU, that is the emulated CPU */
};

struct measure {
	double rate; /* of web1, requests a second */
	double took, ran,
		waited; /* seconds; those that the emulated CPU had a processor of the host, and was kept waiting for one */
	struct probe_result probe;
};

struct alone {
	struct measure measure;
	double fair;     /* the part of the rate that is left beside one more that always runs */
	double fair_ran; /* requests that are left so for each second that the emulated CPU had a processor */
};

/* What `cpu` tells of domain @name ("itself": the control domain), in ms: run, and what others did for it. */
bool usage(struct machine *m, const char *name, double *run, double *charged);

/* Types `@verb @name` and waits for the answer, @answer with the name in it. */
bool command(struct machine *m, const char *verb, const char *name, const char *answer);

/* Measures once more and adds the row "beside @what@how", with the CPU time of domain @name. */
void row_beside(const char *what, const char *name, const char *how, const struct place *p, const struct alone *alone);

/* Rows for a flood of datagrams for a third service: at half the rate at which the router drops, or the @whole curve. */
void flood_rows(const char *how, const struct place *p, const struct alone *alone, bool whole);

#endif
