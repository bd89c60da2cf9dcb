/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small packets and bulk through our router, and through a Linux guest that does the same with nftables: same emulator,
 * same card, memory and CPU, the same load program (guests/load.c) at the same two places behind it, domains here, network
 * namespaces there. The two take turns, several times, and each figure is the median of its turns: the host has other work
 * to do. What the emulator's processor time bought is less at its mercy than what a second did, and is told too.
 */
#include "bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/command.h"
#include "../lib/machine.h"
#include "../lib/network.h"
#include "blast.h"
#include "host.h"

#define TURNS 3u
#define PATIENCE 300u
#define ROUTER "10.0.2.15"
#define PORT_LOAD1 7001u
#define PORT_LOAD2 7002u
#define LOAD2_INSIDE "10.1.2.2"
#define BLAST_SECONDS 2.0
#define BULK_SECONDS 4.0
#define BULK_BYTES 48000000ull
#define REPLY_SECONDS 120

enum { UDP_IN, UDP_BETWEEN, TCP_IN, TCP_OUT, TCP_BETWEEN, FIGURES };

static const char *const figure_names[FIGURES] = {
	[UDP_IN] = "datagrams of 18 bytes from outside to a published service, at the service",
	[UDP_BETWEEN] = "the same from one service to another",
	[TCP_IN] = "TCP from outside to a published service",
	[TCP_OUT] = "TCP from a published service to outside",
	[TCP_BETWEEN] = "TCP from one service to another",
};

/* What a load brought, a second of the wall and a second of the emulator's processor time. */
struct figure {
	double wall, cpu;
};

struct side {
	const char *name;
	struct figure turns[FIGURES][TURNS];
	unsigned count[FIGURES];
};

/* What was measured so far of one load. */
struct span {
	const struct machine *m;
	double wall, cpu;
};

static struct span span_begin(const struct machine *m)
{
	return (struct span){m, seconds_now(), machine_cpu_seconds(m)};
}

static void span_end(const struct span *began, struct side *side, unsigned what, double amount)
{
	double wall = seconds_now() - began->wall, cpu = machine_cpu_seconds(began->m) - began->cpu;

	if (amount > 0 && wall > 0 && cpu > 0)
		side->turns[what][side->count[what]++] = (struct figure){amount / wall, amount / cpu};
}

/* A connection to the load program behind @port, which was told @command; -1: there is none. */
static int ask(uint16_t port, const char *command)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(ROUTER)};
	struct timeval patience = {.tv_sec = REPLY_SECONDS};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (!connect(fd, (struct sockaddr *)&a, sizeof a) &&
	    send(fd, command, strlen(command), MSG_NOSIGNAL) == (ssize_t)strlen(command))
		return fd;
	close(fd);
	return -1;
}

/* The numbers that it answers with; closes @fd. */
static bool answer(int fd, double *first, double *second)
{
	char text[64] = "";
	ssize_t n = fd < 0 ? -1 : recv(fd, text, sizeof text - 1, 0);
	int found = sscanf(text, "%lf %lf", first, second);

	close(fd);
	return n > 0 && found >= 1;
}

static double counted(uint16_t port)
{
	double count = 0, nothing;

	(void)answer(ask(port, "count\n"), &count, &nothing);
	return count;
}

/* Each offered rate in turn, the last one without a limit: what counts is the best that came of any of them. */
static void udp_in(const struct machine *m, struct side *side)
{
	static const double offered[] = {5e3, 10e3, 20e3, 40e3, 80e3, 0};
	struct figure best = {0, 0};

	for (unsigned i = 0; i < sizeof offered / sizeof offered[0]; i++) {
		double before = counted(PORT_LOAD1), came, cpu;
		struct span began = span_begin(m);

		blast(ROUTER, PORT_LOAD1, offered[i], BLAST_SECONDS);
		came = counted(PORT_LOAD1) - before;
		cpu = machine_cpu_seconds(m) - began.cpu;
		if (came / BLAST_SECONDS > best.wall)
			best.wall = came / BLAST_SECONDS;
		if (cpu > 0 && came / cpu > best.cpu)
			best.cpu = came / cpu;
	}
	if (best.wall > 0)
		side->turns[UDP_IN][side->count[UDP_IN]++] = best;
}

static void udp_between(const struct machine *m, struct side *side)
{
	double before = counted(PORT_LOAD2), sent, nothing;
	struct span began = span_begin(m);

	if (answer(ask(PORT_LOAD1, "blast " LOAD2_INSIDE " 3000\n"), &sent, &nothing))
		span_end(&began, side, UDP_BETWEEN, counted(PORT_LOAD2) - before);
}

static void tcp_in(const struct machine *m, struct side *side)
{
	static char bytes[65536];
	struct span began = span_begin(m);
	int fd = ask(PORT_LOAD1, "take\n");
	double taken, nothing;

	while (fd >= 0 && seconds_now() - began.wall < BULK_SECONDS)
		if (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) < 0)
			break;
	shutdown(fd, SHUT_WR);
	if (answer(fd, &taken, &nothing))
		span_end(&began, side, TCP_IN, taken);
}

static void tcp_out(const struct machine *m, struct side *side)
{
	static char bytes[65536];
	struct span began = span_begin(m);
	int fd = ask(PORT_LOAD1, "give 100000000000\n");
	double taken = 0;
	ssize_t n = 0;

	while (fd >= 0 && seconds_now() - began.wall < BULK_SECONDS && (n = recv(fd, bytes, sizeof bytes, 0)) > 0)
		taken += (double)n;
	span_end(&began, side, TCP_OUT, n > 0 ? taken : 0);
	close(fd);
}

static void tcp_between(const struct machine *m, struct side *side)
{
	struct span began = span_begin(m);
	char command[80];
	double ms, taken;

	snprintf(command, sizeof command, "bulk " LOAD2_INSIDE " %llu take\n", BULK_BYTES);
	if (answer(ask(PORT_LOAD1, command), &ms, &taken) && taken == (double)BULK_BYTES)
		span_end(&began, side, TCP_BETWEEN, taken);
}

static void turn(const struct machine *m, struct side *side)
{
	progress(side->name);
	udp_in(m, side);
	udp_between(m, side);
	tcp_in(m, side);
	tcp_out(m, side);
	tcp_between(m, side);
}

static struct machine *ours_start(void)
{
	struct machine_options options = {.log = "bench-router",
					  .config = "bench-router",
					  .door = MACHINE_PVH,
					  .manage = true,
					  .netdev = "tap,id=net,ifname=" NETWORK_TAP ",script=no,downscript=no"};
	static const char *const lines[] = {"^load1| load: listening on port ", "^load2| load: listening on port "};
	struct machine *m = machine_start(&options);

	if (m && machine_expect_all(m, lines, 2, PATIENCE))
		return m;
	machine_stop(m);
	return NULL;
}

static struct machine *linux_start(void)
{
	struct machine_options options = {.log = "bench-linux",
					  .door = MACHINE_PVH,
					  .kernel = build_path("bench-linux/vmlinuz"),
					  .bundle = build_path("bench-linux/initrd"),
					  .append = "console=ttyS0 quiet",
					  .netdev = "tap,id=net,ifname=" NETWORK_TAP ",script=no,downscript=no"};
	struct machine *m = machine_start(&options);

	if (m && machine_expect_within(m, "^linux: ", PATIENCE))
		return m;
	machine_stop(m);
	return NULL;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct figure median(const struct side *side, unsigned what)
{
	double wall[TURNS], cpu[TURNS];
	unsigned n = side->count[what];

	for (unsigned i = 0; i < n; i++)
		wall[i] = side->turns[what][i].wall, cpu[i] = side->turns[what][i].cpu;
	qsort(wall, n, sizeof wall[0], ascending);
	qsort(cpu, n, sizeof cpu[0], ascending);
	return n ? (struct figure){wall[n / 2], cpu[n / 2]} : (struct figure){0, 0};
}

static void rows(const struct side *ours, const struct side *peer, const char *version)
{
	for (unsigned i = 0; i < FIGURES; i++) {
		struct figure us = median(ours, i), them = median(peer, i);
		bool packets = i == UDP_IN || i == UDP_BETWEEN;
		const char *unit = packets ? "packets" : "MB";
		double scale = packets ? 1 : 1e-6;
		char condition[300];

		if (us.wall <= 0) {
			row_missing(figure_names[i], "the load failed");
			continue;
		}
		snprintf(
			condition, sizeof condition,
			"median of %u turns; for each second of the emulator's processor time %.*f and %.*f, ratio %.2f",
			ours->count[i], packets ? 0 : 1, us.cpu * scale, packets ? 0 : 1, them.cpu * scale,
			them.cpu > 0 ? us.cpu / them.cpu : 0);
		row(figure_names[i], condition, "%.*f %s/s; Linux %s: %.*f, ratio %.2f", packets ? 0 : 1,
		    us.wall * scale, unit, version, packets ? 0 : 1, them.wall * scale,
		    them.wall > 0 ? us.wall / them.wall : 0);
	}
}

/* Kernel and initial file system of the Linux guest, in the build directory; *@version: its kernel's. */
static bool linux_make(char *version, size_t bytes)
{
	const char *const words[] = {"tests/bench/linux.sh", build_path("bench-linux"), build_path("linux/load"), NULL};

	if (command_run(words, version, bytes))
		return false;
	version[strcspn(version, "\n")] = 0;
	return true;
}

void bench_router(void)
{
	static struct side ours = {.name = "our router"}, peer = {.name = "the Linux router"};
	char version[256] = "";
	struct machine *m;

	if (!linux_make(version, sizeof version) || !network_private()) {
		row_missing("our router against a Linux guest",
			    "it needs root, nftables, and a network the first time");
		return;
	}
	for (unsigned i = 0; i < TURNS; i++) {
		m = ours_start();
		if (m)
			turn(m, &ours);
		machine_stop(m);
		m = linux_start();
		if (m)
			turn(m, &peer);
		machine_stop(m);
	}
	rows(&ours, &peer, version);
}
