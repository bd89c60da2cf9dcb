/* SPDX-License-Identifier: BSD-2-Clause */
/* The words that start QEMU; used by machine.c alone. */
#ifndef CAMBIUM_TESTS_MACHINE_COMMAND_H
#define CAMBIUM_TESTS_MACHINE_COMMAND_H

#include "machine.h"

#define MACHINE_MONITOR_FD                                                                                             \
	3 /* where the child finds its end of the monitor's connection; no suffix: it goes into words */
#define COMMAND_WORDS 64u
#define COMMAND_BYTES 8192u

struct machine_command {
	char *words[COMMAND_WORDS]; /* NULL-terminated, into text[] but for those of options->extra */
	unsigned count;
	char text[COMMAND_BYTES];
	size_t used;
	char manage[320]; /* "unix:" and the socket of the second serial port */
	uint16_t guest_ports[MACHINE_FORWARDS], host_ports[MACHINE_FORWARDS];
};

/* Fills @c afresh, with host ports that are free now. */
void machine_command_make(struct machine_command *c, const struct machine_options *options);

#endif
