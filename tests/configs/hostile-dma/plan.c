/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile drivers, each with a device of its own, beside a web server and its router. The machine needs four edu devices
 * and three network cards behind the router's, the first of them virtio (tests/system/dma_test.c).
 */
#include <tools/plan_source.h>

/* A domain's slot is one more than its place. */
enum { ROUTER, WEB1, DMA, VECTORS, ORPHAN, CONFIG_EDU, CONFIG_NIC, CONFIG_VIRTIO, NIC, VICTIM, MORTAL, NIC_VICTIM };
enum { IF_WEB1 = 1 };
enum { CLASS_NIC = 0x0200, CLASS_EDU = 0x00ff };

#define DRIVER(n, file, words, class, nth, again)                                                                      \
	{                                                                                                              \
		.name = n, .image = file, .cmdline = words, .mem_pages = MIB(4), .mem_max_pages = MIB(5),              \
		.window_pages = 1024, .restart = again, .pci_class = class, .pci_nth = nth                             \
	}
#define VICTIM_OF(n, words)                                                                                            \
	{                                                                                                              \
		.name = n, .image = "victim", .cmdline = words, .mem_pages = MIB(4), .mem_max_pages = MIB(5),          \
		.window_pages = 512                                                                                    \
	}

static const struct plan_domain domains[] = {
	[ROUTER] = {.name = "router",
		    .image = "router",
		    .cmdline = "router",
		    .mem_pages = MIB(16),
		    .window_pages = 2048,
		    .weight = 512,
		    .restart = PLAN_RESTART_ALWAYS,
		    .pci_class = CLASS_NIC,
		    .takes_rules = 1,
		    .uplink = QEMU_UPLINK},
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_ALWAYS),
	[DMA] = DRIVER("dma", "dma", "dma 10 11", CLASS_EDU, 0, PLAN_RESTART_NEVER),
	[VECTORS] = DRIVER("vectors", "vectors", "vectors", CLASS_EDU, 1, PLAN_RESTART_NEVER),
	[ORPHAN] = DRIVER("orphan", "orphan", "orphan", CLASS_EDU, 2, PLAN_RESTART_ON_CRASH),
	[CONFIG_EDU] = DRIVER("config1", "config", "config", CLASS_EDU, 3, PLAN_RESTART_NEVER),
	[CONFIG_NIC] = DRIVER("config2", "config", "config", CLASS_NIC, 2, PLAN_RESTART_NEVER),
	[CONFIG_VIRTIO] = DRIVER("config3", "config", "config", CLASS_NIC, 3, PLAN_RESTART_NEVER),
	[NIC] = DRIVER("nic", "nic", "nic 12 3", CLASS_NIC, 1, PLAN_RESTART_NEVER),
	[VICTIM] = VICTIM_OF("victim", "victim 3"),
	[MORTAL] = VICTIM_OF("mortal", "victim 3"),
	[NIC_VICTIM] = VICTIM_OF("victim2", "victim 9"),
};

static const struct plan_link links[] = {
	INNER_LINK(WEB1, ROUTER, IF_WEB1),
};

const struct plan_source plan_source = {
	.file = "tests/configs/hostile-dma/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
