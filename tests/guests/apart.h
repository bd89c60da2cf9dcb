/* SPDX-License-Identifier: BSD-2-Clause */
/* What guests/apart.c does, and who tells it so from outside. */
#ifndef CAMBIUM_TESTS_APART_H
#define CAMBIUM_TESTS_APART_H

#include <stdint.h>

enum job {
	JOB_CALLS,  /* of its own CPU and its own events */
	JOB_GRANTS, /* of its own frames and its peer's */
	JOB_FLUSH,  /* what every CPU has to forget a translation for */
	JOB_QUERY,  /* one that shares the world and that no other job makes */
	JOB_WORLD,  /* one that has it */
	JOBS
};

#define APART_MAGIC 0x6170617274000000u /* plus the CPUs that it may have */

struct apart_board {
	uint64_t magic;
	uint64_t job;
	uint64_t done[JOBS];
};

#endif
