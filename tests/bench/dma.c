/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What DMA remapping costs: the same loads through the router on a machine without an IOMMU and on one with it, in short
 * turns, so that both meet the same noise of the host; and whether anything is mapped or unmapped for devices meanwhile.
 * Each machine belongs to a process of its own, which has a network of its own where the host lets it.
 */
#include "bench.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../lib/command.h"
#include "../lib/machine.h"
#include "../lib/network.h"
#include "host.h"

#define ROUNDS 15u
#define SECONDS 1.5
#define WARM_SECONDS 0.2
#define WINDOW 64u /* datagrams under way */
#define DATAGRAM_BYTES 64u
#define LOST_MS 50 /* then those under way are taken for lost */
#define PORT_REQUESTS 8080u
#define PORT_BYTES 8009u
#define PORT_ECHO 8007u
#define CARD "virtio-net-pci,disable-legacy=on"
#define INVALIDATIONS "iotlb invalidate" /* of an entry, a domain or all, as QEMU's trace has it */

enum { PLAIN, CONFINED, KINDS, COUNTED = KINDS }; /* the last says when entries enter or leave a device's table */

/* What a machine's process is asked for: a load's figure, by its number, or one of these. */
enum { ASK_TOLD = 100, ASK_MAPPINGS };

struct place {
	int process, to, from;
};

/* What a load did; for the other questions the answer is in rate. */
struct figure {
	double rate; /* a second */
	double work; /* a second of processor time that QEMU took: other work of the host hardly counts */
};

static struct {
	char netdev[256];
	const char *host;
	uint16_t requests, bytes, echo; /* ports there */
} net;

/* A socket that is connected to @port, or -1. */
static int caller(int type, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(net.host)};
	struct timeval limit = {.tv_sec = 5};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (!connect(fd, (struct sockaddr *)&a, sizeof a))
		return fd;
	close(fd);
	return -1;
}

/* Datagrams that come back, per second. */
static double packets(void)
{
	uint8_t datagram[DATAGRAM_BYTES] = {0};
	int fd = caller(SOCK_DGRAM, net.echo);
	double began = seconds_now();
	unsigned under_way = 0, echoes = 0;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (fd >= 0 && seconds_now() < began + SECONDS) {
		for (; under_way < WINDOW && send(fd, datagram, sizeof datagram, MSG_DONTWAIT) > 0; under_way++)
			;
		if (poll(&p, 1, LOST_MS) < 1)
			under_way = 0;
		for (; recv(fd, datagram, sizeof datagram, MSG_DONTWAIT) > 0; echoes++)
			under_way -= under_way != 0;
	}
	close(fd);
	return echoes / SECONDS;
}

/* Megabytes per second of one connection. */
static double bulk(void)
{
	static uint8_t bytes[1u << 18];
	int fd = caller(SOCK_STREAM, net.bytes);
	double began = seconds_now() + WARM_SECONDS, now = 0, got = 0;
	ssize_t n = 0;

	while (fd >= 0 && now < began + SECONDS && (n = recv(fd, bytes, sizeof bytes, 0)) > 0) {
		now = seconds_now();
		if (now > began)
			got += (double)n;
	}
	close(fd);
	return n > 0 ? got / SECONDS / 1e6 : 0;
}

/* Requests per second on connections that stay. */
static double requests(void)
{
	char url[64], text[4096];
	const char *const words[] = {"wrk", "-t1", "-c30", "-d2s", url, NULL};
	double rate = 0;

	snprintf(url, sizeof url, "http://%s:%u/", net.host, net.requests);
	if (!command_exists(words[0]) || command_run(words, text, sizeof text) ||
	    !number_behind(text, "Requests/sec:", &rate))
		return 0;
	return rate;
}

static const struct {
	double (*run)(void);
	const char *what, *format;
} loads[] = {
	{packets, "packets: datagrams of 64 bytes that a guest sends back", "%.0f"},
	{bulk, "bulk: megabytes of one connection", "%.1f"},
	{requests, "requests: wrk -t1 -c30 (keep-alive)", "%.0f"},
};

#define LOADS (sizeof loads / sizeof loads[0])

static void network(void)
{
	if (network_private()) {
		snprintf(net.netdev, sizeof net.netdev, "tap,id=net,ifname=" NETWORK_TAP ",script=no,downscript=no");
		net.host = "10.0.2.15";
		net.requests = PORT_REQUESTS;
		net.bytes = PORT_BYTES;
		net.echo = PORT_ECHO;
		return;
	}
	net.host = "127.0.0.1";
	net.requests = port_free();
	net.bytes = port_free();
	net.echo = port_free();
	snprintf(net.netdev, sizeof net.netdev,
		 "user,id=net,hostfwd=tcp:127.0.0.1:%u-:%u,hostfwd=tcp:127.0.0.1:%u-:%u,hostfwd=udp:127.0.0.1:%u-:%u",
		 net.requests, PORT_REQUESTS, net.bytes, PORT_BYTES, net.echo, PORT_ECHO);
}

/* A machine of @kind that serves, or NULL. */
static struct machine *start(unsigned kind)
{
	static const char *const plain[] = {NULL}, *const confined[] = {"-device", "intel-iommu,intremap=on", NULL};
	/* In caching mode the IOMMU has to be told of each entry, also of those that come. */
	static const char *const counted[] = {"-device", "intel-iommu,intremap=on,caching-mode=on", "-trace",
					      "vtd_inv_desc_iotlb_*", NULL};
	static const char *const *const extra[] = {plain, confined, counted};
	static const char *const logs[] = {"bench-dma-without", "bench-dma-with", "bench-dma-counted"};
	struct machine_options options = {.log = logs[kind],
					  .config = "bench-dma",
					  .door = MACHINE_PVH,
					  .netdev = net.netdev,
					  .nic = kind == PLAIN ? CARD : CARD ",iommu_platform=on",
					  .extra = extra[kind]};
	struct machine *m = machine_start(&options);

	if (m && machine_expect_from(m, 0, "router: interface 1 (web1) ") &&
	    machine_expect_from(m, 0, "router: interface 2 (traffic) ") &&
	    machine_expect_from(m, 0, "web: listening on port ") && machine_expect_from(m, 0, "traffic: listening"))
		return m;
	machine_stop(m);
	return NULL;
}

/* The mappings of grants that the router has, as the control domain tells; -1: it does not. */
static double mappings(struct machine *m)
{
	size_t from = machine_here(m);
	char line[300];
	double n;

	machine_send(m, "stats\n");
	if (!machine_expect_from(m, from, "^control: stats: router ") ||
	    !machine_line(m, from, "^control: stats: router ", line, sizeof line) ||
	    !number_behind(line, " mappings ", &n))
		return -1;
	return n;
}

static struct figure load_run(struct machine *m, unsigned load)
{
	double began = seconds_now(), cpu = machine_cpu_seconds(m);
	struct figure f = {.rate = loads[load].run()};

	cpu = machine_cpu_seconds(m) - cpu;
	f.work = cpu > 0 ? f.rate * (seconds_now() - began) / cpu : 0;
	return f;
}

_Noreturn static void serve(unsigned kind, int from, int to)
{
	struct machine *m;
	unsigned what;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	network();
	m = start(kind);
	while (m && read(from, &what, sizeof what) == sizeof what) {
		struct figure f = {0};

		if (what == ASK_TOLD)
			f.rate = machine_count(m, 0, INVALIDATIONS);
		else if (what == ASK_MAPPINGS)
			f.rate = mappings(m);
		else
			f = load_run(m, what);
		if (write(to, &f, sizeof f) != sizeof f)
			break;
	}
	machine_stop(m);
	_exit(0);
}

static struct place place_start(unsigned kind)
{
	int orders[2], answers[2];
	struct place p = {.process = -1};

	fflush(stdout);
	if (pipe2(orders, O_CLOEXEC) || pipe2(answers, O_CLOEXEC) || (p.process = fork()) < 0)
		return p;
	if (!p.process) {
		close(orders[1]);
		serve(kind, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	p.to = orders[1];
	p.from = answers[0];
	return p;
}

/* Zeros: it could not be had. */
static struct figure ask(const struct place *p, unsigned what)
{
	struct figure f;

	if (p->process < 0 || write(p->to, &what, sizeof what) != sizeof what ||
	    read(p->from, &f, sizeof f) != sizeof f)
		return (struct figure){0};
	return f;
}

static void place_stop(const struct place *p)
{
	if (p->process < 0)
		return;
	program_stop(p->process); /* its machine ends with it */
	close(p->to);
	close(p->from);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts them, too. */
static double median(double figures[ROUNDS])
{
	qsort(figures, ROUNDS, sizeof figures[0], ascending);
	return figures[ROUNDS / 2];
}

/* One line of a load: @figures of all rounds, @per what. */
static void load_row(unsigned load, const char *per, double figures[KINDS][ROUNDS])
{
	double ratios[ROUNDS], middle;
	char what[160], text[KINDS][32], condition[160];

	snprintf(what, sizeof what, "%s, per second%s", loads[load].what, per);
	for (unsigned r = 0; r < ROUNDS; r++) {
		if (figures[PLAIN][r] <= 0 || figures[CONFINED][r] <= 0) {
			row_missing(what, "the load failed, or its program is missing");
			return;
		}
		ratios[r] = figures[CONFINED][r] / figures[PLAIN][r];
	}
	middle = median(ratios);
	for (unsigned k = 0; k < KINDS; k++)
		snprintf(text[k], sizeof text[k], loads[load].format, median(figures[k]));
	snprintf(condition, sizeof condition,
		 "medians of %u rounds in turn; half of their ratios within %.2f and %.2f; of the best of each: %.3f",
		 ROUNDS, ratios[ROUNDS / 4], ratios[ROUNDS - 1 - ROUNDS / 4],
		 figures[CONFINED][ROUNDS - 1] / figures[PLAIN][ROUNDS - 1]);
	row(what, condition, "%s without DMA remapping, %s with: ratio %.3f", text[PLAIN], text[CONFINED], middle);
}

static void operations_row(void)
{
	const char *what = "times that the IOMMU was told of a changed entry during these loads";
	struct place p = place_start(COUNTED);
	double told = ask(&p, ASK_TOLD).rate, before = ask(&p, ASK_MAPPINGS).rate, after;
	char condition[200];

	for (unsigned i = 0; i < LOADS; i++)
		ask(&p, i);
	after = ask(&p, ASK_MAPPINGS).rate;
	snprintf(
		condition, sizeof condition,
		"QEMU's trace of a machine with caching-mode=on; %.0f until it served; the router's grant mappings: %.0f "
		"before, %.0f after",
		told, before, after);
	if (told > 0 && before > 0)
		row(what, condition, "%.0f", ask(&p, ASK_TOLD).rate - told);
	else
		row_missing(what, "the appliance did not start, or QEMU does not trace");
	place_stop(&p);
}

void bench_dma(void)
{
	static double rates[LOADS][KINDS][ROUNDS], work[LOADS][KINDS][ROUNDS];
	struct place places[KINDS] = {place_start(PLAIN), place_start(CONFINED)};

	signal(SIGPIPE, SIG_IGN); /* a machine that did not start is a row, not an end */
	for (unsigned r = 0; r < ROUNDS; r++)
		for (unsigned i = 0; i < LOADS; i++)
			for (unsigned k = 0; k < KINDS; k++) {
				unsigned kind = (r + k) % KINDS; /* neither always comes first */

				struct figure f = ask(&places[kind], i);

				rates[i][kind][r] = f.rate;
				work[i][kind][r] = f.work;
			}
	for (unsigned k = 0; k < KINDS; k++)
		place_stop(&places[k]);
	for (unsigned i = 0; i < LOADS; i++) {
		load_row(i, "", rates[i]);
		load_row(i, " of QEMU's processor time", work[i]);
	}
	operations_row();
}
