/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Life and death of devices: the router and the driver of the edu device are killed while their devices write to memory as
 * fast as they can, and are started again, many times. The network card gets frames all the time, also while nobody drives
 * it; the edu device always has a copy into its driver's frames under way. With `check=freed` the hypervisor looks at each
 * frame that it hands out again, whether anybody wrote to it while it was free; the counters of the machine and of the
 * domain that lives on have to be the same after each life.
 *
 * LIFE_KILLS=n takes that many lives of each (make soak); SEED=n repeats the moments of another run.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/flood.h"
#include "system.h"

#define KILLS 20u
#define SECTION_TIMEOUT 7200
#define PATIENCE 60u
#define WORKERS 4u
#define REQUEST 5u /* seconds */
#define EDU "-device", "edu,dma_mask=0xffffffff"
#define IOMMU "-device", "intel-iommu,intremap=on"
#define MOMENT_MS 120u /* an edu copy takes 100 */

/* What has to come back after each life, with the driver domains gone. */
struct counters {
	unsigned long free, hypervisor, promised; /* frames; without those of web1 */
	unsigned domains, ports, grants, mappings;
};

struct life {
	struct machine *m;
	struct load *load;
	struct flood *flood;
	unsigned seed, kills;
	uint32_t random;
	struct counters first;
};

/* The machine behind a console command: the line with @text that answers it. */
static void ask(struct life *l, const char *command, const char *text, char line[300])
{
	size_t from = machine_here(l->m);

	machine_send(l->m, command);
	MUST(machine_expect_from(l->m, from, text));
	MUST(machine_line(l->m, from, text, line, 300));
}

static struct counters count(struct life *l)
{
	struct counters c = {0};
	unsigned long has, tables;
	char line[300];

	ask(l, "stats\n", "^control: stats: uptime ", line);
	cr_assert_eq(sscanf(line,
			    "control: stats: uptime %*u ms, frames %*u total %lu free %lu hypervisor %*u bundle, %u",
			    &c.free, &c.hypervisor, &c.domains),
		     3, "%s", line);
	ask(l, "stats\n", "^control: stats: web1 ", line);
	cr_assert_eq(
		sscanf(line, "control: stats: web1 ports %u grants %u mappings %u", &c.ports, &c.grants, &c.mappings),
		3, "%s", line);
	ask(l, "memory\n", "^control: memory: machine: ", line);
	cr_assert_eq(sscanf(line, "control: memory: machine: pages free %*u clean %*u promised %lu", &c.promised), 1);
	ask(l, "memory\n", "^control: memory: web1 ", line);
	cr_assert_eq(sscanf(line, "control: memory: web1 %lu %*u %*u %*u %lu", &has, &tables), 2, "%s", line);
	c.free += has;
	c.promised += has;
	c.hypervisor -= tables;
	return c;
}

static bool same(const struct counters *a, const struct counters *b)
{
	return a->free == b->free && a->hypervisor == b->hypervisor && a->promised == b->promised &&
	       a->domains == b->domains && a->ports == b->ports && a->grants == b->grants && a->mappings == b->mappings;
}

/* web1 lives on and may take a page between two answers: what is lost stays lost, whenever one looks. */
static void counters_come_back(struct life *l)
{
	struct counters now;
	time_t end = time(NULL) + PATIENCE;

	do
		now = count(l);
	while (!same(&now, &l->first) && time(NULL) < end);
	cr_assert(
		same(&now, &l->first),
		"after %u kills free %lu, hypervisor %lu, promised %lu, domains %u, ports %u, grants %u, mappings %u; before "
		"%lu, %lu, %lu, %u, %u, %u, %u",
		l->kills, now.free, now.hypervisor, now.promised, now.domains, now.ports, now.grants, now.mappings,
		l->first.free, l->first.hypervisor, l->first.promised, l->first.domains, l->first.ports,
		l->first.grants, l->first.mappings);
}

/*
 * No page comes any more: what the machine and the router say of themselves goes into the log, and whether it was only slow.
 * Never returns.
 */
static void stalled(struct life *l)
{
	static const char *const commands[][2] = {{"ps\n", "^control: ps: 2 web1 "},
						  {"devices\n", "^control: devices: DMA is "},
						  {"memory\n", "^control: memory: web1 "},
						  {"stats\n", "^control: stats: web1 "}};
	char line[300];
	bool slow;

	for (unsigned turn = 0; turn < 2; turn++) {
		size_t from = machine_here(l->m);

		for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
			ask(l, commands[i][0], commands[i][1], line);
		MUST(machine_expect_from(l->m, from, "^router| router: stats: "));
	}
	slow = load_progress(l->load, 2, 10 * PATIENCE);
	machine_show(l->m, "no page came");
	cr_assert_fail("after %u kills no page came for %u s, and then %s", l->kills, PATIENCE,
		       slow ? "they came again" : "for ten times as long");
}

/* Both drivers work: edu's has verified a page, and a request has come through the router. */
static void drivers_work(struct life *l, size_t from)
{
	MUST(machine_expect_from(l->m, from, "^router| router: interface 1 (web1) "));
	load_renew(l->load);
	MUST(machine_expect_from(l->m, from, "^edu| edu: busy$"));
	if (!load_progress(l->load, 2, PATIENCE))
		stalled(l);
}

static void drivers_start(struct life *l)
{
	size_t from = machine_here(l->m);

	/* In either order: the sooner edu's comes, the more is left of what its predecessor began. */
	machine_send(l->m, draw_below(&l->random, 2) ? "start router\nstart edu\n" : "start edu\nstart router\n");
	drivers_work(l, from);
}

/* At any moment of what the devices do, in either order. */
static void drivers_kill(struct life *l)
{
	size_t from = machine_here(l->m);

	poll(NULL, 0, (int)draw_below(&l->random, MOMENT_MS));
	machine_send(l->m, draw_below(&l->random, 2) ? "kill router\nkill edu\n" : "kill edu\nkill router\n");
	MUST(machine_expect_from(l->m, from, "^control: router died: ended by the control domain, code 0$"));
	MUST(machine_expect_from(l->m, from, "^control: edu died: ended by the control domain, code 0$"));
	/* What was under way may arrive while the frames are free, or when they are others'. */
	if (draw_below(&l->random, 2))
		poll(NULL, 0, (int)MOMENT_MS);
}

static void begin(struct life *l, const char *log, const char *nic, const char *const *extra)
{
	const char *words[FLOOD_WORDS + 8];
	struct machine_options options = {.log = log,
					  .config = "driver",
					  .door = MACHINE_PVH,
					  .append = "check=freed",
					  .nic = nic,
					  .netdev = FLOOD_NETDEV,
					  .extra = words};
	uint16_t port = port_free();
	unsigned n = FLOOD_WORDS - 1;

	l->seed = number_from("SEED", (unsigned)time(NULL));
	l->random = l->seed;
	flood_words(words, log, port, PORT_WEB1);
	while ((words[n] = *extra++))
		n++;
	l->m = machine_start(&options);
	MUST(l->m);
	MUST(machine_expect(l->m, "^vmm: freed frames are compared with what they were before they are used again$"));
	MUST(http_serves(port, SERVES_SECONDS));
	l->flood = flood_start(log);
	l->load = load_start(port, WORKERS, REQUEST);
	drivers_work(l, 0);
}

/* The greatest number of freed frames that were looked at. */
static unsigned long frames_checked(struct life *l)
{
	char text[64];
	unsigned long n = 0;

	for (;;) {
		snprintf(text, sizeof text, "^vmm: %lu freed frames were checked$", n + 512);
		if (!machine_count(l->m, 0, text))
			return n;
		n += 512;
	}
}

static void end(struct life *l)
{
	unsigned long checked = frames_checked(l);
	unsigned written = machine_count(l->m, 0, "was written after it was freed");
	uint64_t frames = flood_stop(l->flood);
	unsigned answers = load_good(l->load);

	load_stop(l->load);
	printf("life: seed %u: %u kills of the router, %u of edu; %u answers and %" PRIu64
	       " frames of load, %lu freed frames checked, %u written after their release, 0 leaked\n",
	       l->seed, l->kills, l->kills, answers, frames, checked, written);
	cr_assert_eq(written, 0, "%u frames were written after their release", written);
	cr_assert_geq(checked, 512 * (l->kills / 2), "hardly a frame was used again");
	cr_assert_eq(machine_count(l->m, 0, "^control: web1 died"), 0);
	cr_assert_eq(machine_count(l->m, 0, "cannot be assigned"), 0);
	machine_is_well(l->m);
	machine_stop(l->m);
}

/* A @share of the kills. */
static void lives(const char *log, const char *nic, const char *const *extra, unsigned share)
{
	struct life l = {0};
	unsigned kills = number_from("LIFE_KILLS", KILLS) / share;

	begin(&l, log, nic, extra);
	while (l.kills < kills) {
		drivers_kill(&l);
		l.kills++;
		/* The first lives grow what is kept. */
		if (l.kills == 2)
			l.first = count(&l);
		if (l.kills >= 2)
			counters_come_back(&l);
		drivers_start(&l);
	}
	end(&l);
}

Test(life, drivers_killed_under_load_leave_nothing_behind, .timeout = SECTION_TIMEOUT)
{
	static const char *const extra[] = {EDU, NULL};

	lives("life", NULL, extra, 1);
}

Test(life, drivers_killed_under_load_behind_an_iommu_leave_nothing_behind, .timeout = SECTION_TIMEOUT)
{
	static const char *const extra[] = {IOMMU, EDU, NULL};

	lives("life-iommu", "virtio-net-pci,disable-legacy=on,iommu_platform=on", extra, 1);
}

Test(life, drivers_killed_under_load_with_an_e1000e_leave_nothing_behind, .timeout = SECTION_TIMEOUT)
{
	static const char *const extra[] = {IOMMU, EDU, NULL};

	lives("life-e1000e", "e1000e", extra, 2);
}

/* Behind a port of PCI Express QEMU's card offers a reset of its function, and bus mastering of the port stays on. */
Test(life, a_card_that_offers_a_reset_is_reset_and_given_to_the_successor, .timeout = SECTION_TIMEOUT)
{
	static const char *const extra[] = {IOMMU, EDU, "-device", "pcie-root-port,id=above,chassis=1", NULL};

	lives("life-reset", "virtio-net-pci,disable-legacy=on,iommu_platform=on,bus=above", extra, 4);
}
