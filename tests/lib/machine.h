/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual machine that runs an appliance: QEMU as a child, its serial port read all the time and kept. Nothing here
 * waits for a fixed time: a caller waits for a line, with a deadline that is generous because the host is slow and
 * shared. Files are those of the build directory that the environment names in CAMBIUM_BUILD ("build" without it);
 * firmware is that of OVMF, a directory (/usr/share/OVMF without it).
 *
 * A machine ends with its test, however that ends. What it said stands in $CAMBIUM_BUILD/tests/log/LOG.log.
 */
#ifndef CAMBIUM_TESTS_MACHINE_H
#define CAMBIUM_TESTS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_FORWARDS 8u
#define MACHINE_PATIENCE 120u /* seconds for one line */

enum machine_door {
	MACHINE_PVH,  /* the hypervisor by -kernel, the bundle by -initrd: up in a tenth of a second */
	MACHINE_UEFI, /* the appliance's disk image on virtio-blk, by firmware and loader; writes are thrown away */
};

struct machine_options {
	const char *log;    /* name of the log file, without directory and ending; unique among tests */
	const char *config; /* the appliance */
	enum machine_door door;
	const char *append;        /* PVH: the hypervisor's command line; NULL: none */
	const char *machine;       /* QEMU's machine type; NULL: q35 */
	const char *cpu;           /* NULL: max */
	const char *nic;           /* model of the card, with properties; NULL: virtio-net, modern only */
	const char *kernel;        /* PVH: another file than the hypervisor; NULL: that */
	const char *bundle, *disk; /* files instead of the appliance's own; NULL: those */
	const char *const *extra;  /* further words for QEMU, NULL-terminated; NULL: none. They come before disk
						and card, as an IOMMU has to */
	const char *netdev;        /* -netdev of the card, with id=net; NULL: QEMU's user network */
	bool manage;               /* a second serial port, see machine_manage() */
	uint16_t forwards[MACHINE_FORWARDS]; /* TCP ports of the machine's network card, up to the first 0 */
};

struct machine;

/* Starts a machine with one network card, QEMU's device "nic". NULL, after saying why, when QEMU could not be started. */
struct machine *machine_start(const struct machine_options *options);
/* Kills and reaps it, and frees @m. NULL is allowed. */
void machine_stop(struct machine *m);

/* The port of 127.0.0.1 that leads to @port of the machine's card; 0: it is not among the forwards. */
uint16_t machine_port(const struct machine *m, uint16_t port);

/* Where the second serial port of @m is, as `cambium rules --serial` takes it, and its socket alone. */
const char *machine_manage(const struct machine *m);
const char *machine_manage_socket(const struct machine *m);

/* A port of 127.0.0.1 that nobody uses now. */
uint16_t port_free(void);

/*
 * Waiting for a line that contains @text; a leading ^ binds it to the line's start, a trailing $ to its end. False when
 * none came within MACHINE_PATIENCE seconds, when QEMU ended, or when the hypervisor died: then the last lines are shown
 * on standard error. machine_expect looks behind the line that it found last, machine_expect_from behind offset @from of
 * the log.
 */
bool machine_expect(struct machine *m, const char *text);
bool machine_expect_within(struct machine *m, const char *text, unsigned seconds);
bool machine_expect_from(struct machine *m, size_t from, const char *text);
/* All of these lines, in any order, @seconds for all together; each that is missing is named behind the last lines. */
bool machine_expect_all(struct machine *m, const char *const *texts, unsigned count, unsigned seconds);
/* How many such lines have come so far behind offset @from. Does not wait. */
unsigned machine_count(struct machine *m, size_t from, const char *text);
/* Copies the first such line behind @from, cut and NUL-terminated, to @line. False: there is none. Does not wait. */
bool machine_line(struct machine *m, size_t from, const char *text, char *line, size_t bytes);
/* The end of what was said so far, as an offset for the calls above. */
size_t machine_here(struct machine *m);
/* From now on machine_expect looks at what is said later. */
void machine_skip(struct machine *m);

/* Types @text on the serial console. */
void machine_send(struct machine *m, const char *text);
/* Gives @command, a line without its end, to QEMU's monitor. What it answers is not looked at. */
void machine_monitor(struct machine *m, const char *command);

/* QEMU's process. */
int machine_process(const struct machine *m);
/* Seconds of processor time that QEMU has taken so far. */
double machine_cpu_seconds(const struct machine *m);
/* Waits until QEMU takes hardly any: all CPUs halt. False: it does not within MACHINE_PATIENCE seconds. */
bool machine_halts(const struct machine *m);

/* Waits for QEMU to end by itself; false when it does not within MACHINE_PATIENCE seconds. */
bool machine_ends(struct machine *m);

/* Shows the last lines and says @why, on standard error; of a machine that has ended, also how QEMU did. */
void machine_show(struct machine *m, const char *why);
/* What machine_show said last, in this process, with the last line that it showed; "" at first. */
const char *machine_trouble(void);

/* The path of @name, formatted, in the build directory; in one of a few static buffers. */
const char *build_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
