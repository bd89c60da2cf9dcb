/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Megabytes through the router, each byte looked at where it arrives: into a domain, out of it, and from one to another. They
 * pass in units, whole where both sides take them, cut where the outer one does not.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <base/bits.h>

#include "../guests/load.h"
#include "../lib/network.h"
#include "system.h"

#define TIMEOUT 600
#define PATIENCE 200
#define BYTES 12000000u
#define PORT_LOAD1 7001u
#define STATS "router| router: stats: "

static uint8_t bytes[LOAD_PERIOD], heard[65536];

/* A connection to @port of @address that was told @command. */
static int ask(const char *address, uint16_t port, const char *command)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(address)};
	struct timeval patience = {.tv_sec = PATIENCE};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	cr_assert(!connect(fd, (struct sockaddr *)&a, sizeof a), "no connection");
	cr_assert_eq(send(fd, command, strlen(command), 0), (ssize_t)strlen(command));
	return fd;
}

/* The answer on @fd has @text behind its first @skip words; closes it. */
static void answers(int fd, unsigned skip, const char *text)
{
	char line[96] = "", *at = line;
	size_t len = 0;
	ssize_t n;

	while (len < sizeof line - 1 && (n = recv(fd, line + len, sizeof line - 1 - len, 0)) > 0)
		len += (size_t)n;
	while (skip-- && (at = strchr(at, ' ')))
		at++;
	cr_assert(at && !strcmp(at, text), "the answer is \"%s\"", line);
	close(fd);
}

static void goes_in(const char *address, uint16_t port)
{
	char want[32];
	int fd = ask(address, port, "check\n");

	for (uint32_t sent = 0; sent < BYTES;) {
		uint32_t from = sent % LOAD_PERIOD, room = MIN(LOAD_PERIOD - from, BYTES - sent);
		ssize_t n = send(fd, bytes + from, room, 0);

		cr_assert_gt(n, 0, "behind %u bytes", sent);
		sent += (uint32_t)n;
	}
	shutdown(fd, SHUT_WR);
	snprintf(want, sizeof want, "%u 1\n", BYTES);
	answers(fd, 0, want);
}

static void comes_out(const char *address, uint16_t port)
{
	char command[32];
	uint32_t got = 0;
	ssize_t n;
	int fd;

	snprintf(command, sizeof command, "give %u\n", BYTES);
	fd = ask(address, port, command);
	while ((n = recv(fd, heard, sizeof heard, 0)) > 0)
		for (ssize_t i = 0; i < n; i++, got++)
			if (heard[i] != bytes[got % LOAD_PERIOD])
				cr_assert_fail("byte %u differs", got);
	cr_assert_eq(got, BYTES);
	close(fd);
}

static void goes_across(const char *address, uint16_t port)
{
	char command[64], want[32];

	snprintf(command, sizeof command, "bulk 10.1.2.2 %u check\n", BYTES);
	snprintf(want, sizeof want, "%u 1\n", BYTES);
	answers(ask(address, port, command), 1, want);
}

/* The router's counter behind @label in its last line that has it. */
static uint64_t counter(struct machine *m, const char *label)
{
	size_t from = machine_here(m);
	char line[300] = "";
	const char *at;

	MUST(machine_expect_from(m, from, label));
	cr_assert(machine_line(m, from, label, line, sizeof line));
	at = strstr(line, label);
	return strtoull(at + strlen(label), NULL, 10);
}

static struct machine *begin(const struct machine_options *options)
{
	static const char *const lines[] = {"^load1| load: listening on port ", "^load2| load: listening on port "};
	struct machine *m = machine_start(options);

	for (uint32_t i = 0; i < LOAD_PERIOD; i++)
		bytes[i] = LOAD_BYTE(i);
	MUST(m);
	MUST(machine_expect_all(m, lines, 2, SERVES_SECONDS));
	return m;
}

/* QEMU's user network takes no segmentation. */
Test(bulk, streams_arrive_whole_by_a_card_that_takes_no_units, .timeout = TIMEOUT)
{
	struct machine_options options = {
		.log = "bulk", .config = "bench-router", .door = MACHINE_PVH, .forwards = {PORT_LOAD1}};
	struct machine *m = begin(&options);
	uint16_t port = machine_port(m, PORT_LOAD1);
	uint64_t units;

	goes_in("127.0.0.1", port);
	comes_out("127.0.0.1", port);
	units = counter(m, " units ");
	cr_assert_gt(units, 50, "%lu units", (unsigned long)units);
	cr_assert_gt(counter(m, " cut "), 50, "they are cut for the card");
	goes_across("127.0.0.1", port);
	cr_assert_gt(counter(m, " units "), units + 50);
	cr_assert_eq(counter(m, " bad-slots "), 0);
	machine_is_well(m);
	machine_stop(m);
}

static void by_tap(const char *log, const char *nic, bool units_in)
{
	struct machine_options options = {.log = log,
					  .config = "bench-router",
					  .door = MACHINE_PVH,
					  .nic = nic,
					  .netdev = "tap,id=net,ifname=" NETWORK_TAP ",script=no,downscript=no"};
	struct machine *m;
	uint64_t units;

	if (!network_private())
		cr_skip_test("no network namespace, or no tap, or no ip(8)");
	m = begin(&options);
	goes_in("10.0.2.15", PORT_LOAD1);
	units = counter(m, " units ");
	if (units_in)
		cr_assert_gt(units, 100, "%lu units came in", (unsigned long)units);
	comes_out("10.0.2.15", PORT_LOAD1);
	goes_across("10.0.2.15", PORT_LOAD1);
	cr_assert_gt(counter(m, " units "), units + 100);
	cr_assert_eq(counter(m, " cut "), 0, "everybody takes them");
	cr_assert_eq(counter(m, " bad-slots "), 0);
	machine_is_well(m);
	machine_stop(m);
}

Test(bulk, streams_pass_in_units_by_virtio, .timeout = TIMEOUT)
{
	by_tap("bulk-virtio", NULL, true);
}

Test(bulk, streams_leave_in_units_by_e1000e, .timeout = TIMEOUT)
{
	by_tap("bulk-e1000e", "e1000e", false);
}
