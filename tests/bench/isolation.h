/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the isolation benchmark share: the machine and its two services, and what they do alone. The machine counts an
 * instruction as a ns of system time: neither a busy host nor what a switch costs the emulator is taken for a neighbour's fault.
 */
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
};

/* ms of system time. */
struct usage {
	double run, charged; /* charged: what others did for it */
	double life;         /* since it began */
};

#define USED 4u

/* In the middle of a load. */
struct measure {
	double rate;             /* of web1, requests a second of system time */
	double system;           /* ms of system time, */
	double real;             /* and how many they were by the host's clock */
	struct usage used[USED]; /* what domains had meanwhile */
	struct probe_result probe;
};

struct alone {
	struct measure measure;
	double fair; /* the part of the rate that is left beside one more that always runs */
};

/* What `cpu` tells of domain @name; "itself": the control domain. */
bool usage(struct machine *m, const char *name, struct usage *u);

/* Types `@verb @name` and waits for the answer, @answer with the name in it. */
bool command(struct machine *m, const char *verb, const char *name, const char *answer);

/* Measures once more and adds the row "beside @what@how", with the CPU time of domain @name. */
void row_beside(const char *what, const char *name, const char *how, const struct place *p, const struct alone *alone);

/* Rows for a flood of datagrams for a third service: at half the rate at which the router drops, or the @whole curve. */
void flood_rows(const char *how, const struct place *p, const struct alone *alone, bool whole);

#endif
