/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile drivers (tests/guests/hostile_*.c of the appliance hostile-dma) beside a web server: with an IOMMU whatever their
 * devices are told to reach and should not is refused, told and counted; without one the same attacks arrive, and start-up
 * said before that it would be so. In both cases nobody else ends, and the web page is served all the time.
 */
#include "system.h"

#include <stdio.h>

#define SECTION_TIMEOUT 600
#define LINES_SECONDS 300
#define LINES(list) list, sizeof(list) / sizeof(list)[0]
#define EDU "-device", "edu,dma_mask=0xffffffff"
#define TRUSTED "owns a PCI device and this machine does not confine DMA: it is part of the trusted base$"

/* The router's card is the first of its class. */
#define CARD "virtio-net-pci,disable-legacy=on,"
#define CARDS(platform)                                                                                                \
	"-netdev", "user,id=second", "-device", CARD "netdev=second,addr=0x10" platform, "-netdev", "user,id=third",   \
		"-device", "e1000e,netdev=third,addr=0x11", "-netdev", "user,id=fourth", "-device",                    \
		CARD "netdev=fourth,addr=0x12" platform
#define PLATFORM ",iommu_platform=on"

/* Of both machines. */
static const char *const always[] = {
	/* every register of three configuration spaces: of edu, of an e1000e, of virtio */
	"^config1| config: 134443 attempts, each met as documented$",
	"^control: config1 died: exited, code 0$",
	"^config2| config: 134445 attempts, each met as documented$",
	"^control: config2 died: exited, code 0$",
	"^config3| config: 134445 attempts, each met as documented$",
	"^control: config3 died: exited, code 0$",
	/* a driver that dies with a write under way, and its successor */
	"^orphan| orphan: dying$",
	"^control: orphan died: reported its own crash, code 1$",
	"^control: restarted orphan as domain 5.2, 4 MiB$",
	"^orphan| orphan: 3 attempts, each met as documented$",
	"^control: orphan died: exited, code 0$",
	/* the granter that dies while its frame is mapped for devices */
	"^control: mortal died: exited, code 3$",
	"^victim| victim: 2 attempts, each met as documented$",
	"^control: victim died: exited, code 0$",
	"^victim2| victim: 2 attempts, each met as documented$",
	"^control: victim2 died: exited, code 0$",
	"^control: dma died: exited, code 0$",
	"^control: nic died: exited, code 0$",
	"^control: vectors died: exited, code 0$",
};

static const char *const confined[] = {
	"interrupts are remapped$",
	"^dma| dma: 112 attempts, each met as documented$",
	"^vmm: dma: 00:01.0 of domain 3 (dma): read of ",
	"^vmm: dma: 00:01.0 of domain 3 (dma): write to ",
	/* the word that the victim gave it, and no other */
	"^victim| victim: 1 words were changed$",
	"^nic| nic: 9 attempts, each met as documented$",
	"^nic| nic: stopped$",
	"^vmm: dma: 00:10.0 of domain 9 (nic): read of ",
	"^vmm: dma: 00:10.0 of domain 9 (nic): write to ",
	"^vmm: dma: 00:10.0 is stopped: 256 faults without a pause$",
	"^victim2| victim: 0 words were changed$",
	"^vectors| vectors: 15 attempts, each met as documented$",
};

static const char *const unconfined[] = {
	"^vmm: iommu: not used: the machine has none, or it is off. A domain that owns a device can reach all of memory with it$",
	"^control: router " TRUSTED,
	"^control: dma " TRUSTED,
	"^control: nic " TRUSTED,
	"^dma| dma: 17 attacks arrived, nothing stops them$",
	"^dma| dma: 53 attempts, each met as documented$",
	"^victim| victim: 4 words were changed$",
	"^nic| nic: 2 attacks arrived, nothing stops them$",
	"^nic| nic: 4 attempts, each met as documented$",
	"^vectors| vectors: 9 attempts, each met as documented$",
};

static struct machine *begin(const char *log, const char *nic, const char *const *extra, struct load **load)
{
	struct machine_options options = {.log = log,
					  .config = "hostile-dma",
					  .door = MACHINE_PVH,
					  .append = "check=freed",
					  .nic = nic,
					  .extra = extra,
					  .forwards = {PORT_WEB1}};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	*load = load_start(machine_port(m, PORT_WEB1), 1, 60);
	return m;
}

static void end(struct machine *m, struct load *load)
{
	static const char *const nowhere[] = {"HOLE", " HOLES in ", "^control: router died", "^control: web1 died",
					      "was written after it was freed"};

	MUST(load_progress(load, 20, 60));
	cr_expect_eq(load_stop(load), 0, "the web page failed meanwhile");
	for (unsigned i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++)
		cr_expect_eq(machine_count(m, 0, nowhere[i]), 0, "the log has a line with \"%s\"", nowhere[i]);
	machine_is_well(m);
	machine_stop(m);
}

/* What the line with @text that answers @command has at @format's only conversion. */
static unsigned figure(struct machine *m, const char *command, const char *text, const char *format)
{
	char line[300];
	unsigned n = 0;

	machine_send(m, command);
	MUST(machine_expect(m, text));
	MUST(machine_line(m, 0, text, line, sizeof line));
	cr_expect_eq(sscanf(line, format, &n), 1, "%s", line);
	return n;
}

Test(dma, whatever_a_device_was_not_given_is_refused_told_and_counted, .timeout = SECTION_TIMEOUT)
{
	static const char *const extra[] = {"-device", "intel-iommu,intremap=on", EDU, EDU, EDU,
					    EDU,       CARDS(PLATFORM),           NULL};
	struct load *load;
	struct machine *m = begin("dma-confined", CARD "addr=8" PLATFORM, extra, &load);

	MUST(machine_expect_all(m, LINES(always), LINES_SECONDS));
	MUST(machine_expect_all(m, LINES(confined), LINES_SECONDS));
	cr_expect_eq(machine_count(m, 0, TRUSTED), 0);
	cr_expect_geq(figure(m, "devices\n", "^control: devices: 1 00:01.0 1234:11e8 ",
			     "control: devices: 1 00:01.0 1234:11e8 class 00ff owner nobody interrupts 0 faults %u"),
		      64);
	MUST(machine_expect(m,
			    "^control: devices: 5 00:08.0 1af4:1041 class 0200 owner router interrupts 4 faults 0$"));
	end(m, load);
}

Test(dma, without_an_iommu_the_attacks_arrive_and_it_was_said_that_they_would, .timeout = SECTION_TIMEOUT)
{
	static const char *const extra[] = {EDU, EDU, EDU, EDU, CARDS(""), NULL};
	struct load *load;
	struct machine *m = begin("dma-unconfined", CARD "addr=8", extra, &load);

	MUST(machine_expect_all(m, LINES(always), LINES_SECONDS));
	MUST(machine_expect_all(m, LINES(unconfined), LINES_SECONDS));
	/* Forged vectors that nobody waits for; those of others' devices look like theirs. */
	cr_expect_geq(figure(m, "stats\n", " unexpected interrupts$", "%*[^,], %*[^,], %*[^,], %*[^,], %u unexpected"),
		      3);
	end(m, load);
}
