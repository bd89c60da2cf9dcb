/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The router domain's start. Until there is a policy, the router drops everything; interfaces that come later (a guest
 * that starts or restarts) attach through the device page. Without a usable card where one was assigned the domain
 * ends, so that whoever restarts domains decides.
 */
#include "domain.h"

#include <cambium/account.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cambium/clock.h>
#include <cambium/device.h>
#include <cambium/mem.h>
#include <cambium/start.h>
#include <drivers/pci/dma.h>

/* What the card has for receiving and sending, what waits for ARP, and some in our hands. */
#define FRAME_COUNT (NIC_FRAMES_MAX + NEIGHBOUR_HOLD_COUNT + 64u)
#define FLOWS_DEFAULT 8192u

static struct router_domain domain;

/* The number behind @name, "word=", among the words of the command line; @otherwise where there is none. */
static uint64_t option(char **words, const char *name, uint64_t otherwise)
{
	size_t len = strlen(name);

	for (; *words; words++)
		if (strncmp(*words, name, len) == 0)
			return strtoull(*words + len, NULL, 10);
	return otherwise;
}

bool frames_raise(struct frame_pool *pool, unsigned count)
{
	while (pool->count < count) {
		struct frame *frames = calloc(FRAMES_PER_PAGE, sizeof *frames);
		uint8_t *page = frames ? pages_alloc(1) : NULL;
		int64_t error = page ? dma_allow(page, 1) : -HC_ENOMEM;

		/* Without a card nobody has to reach it. */
		if (error < 0 && error != -HC_EDEVICE) {
			pages_free(page, 1);
			free(frames);
			return false;
		}
		frame_pool_add(pool, frames, page, pages_mfn(page) << PAGE_SHIFT);
	}
	return true;
}

/* Memory for the router's brain where it seldom needs some. */

static void *lend(void *arg, size_t bytes)
{
	(void)arg;
	return pages_alloc(pages_for(bytes));
}

static void take_back(void *arg, void *memory, size_t bytes)
{
	(void)arg;
	pages_free(memory, pages_for(bytes));
	pages_trim();
}

static bool brain_setup(struct router_domain *d)
{
	size_t len = router_get_memory_size((uint32_t)MIN(d->options.flows, 1u << 24));
	struct router_seed seed;
	void *memory = pages_alloc(pages_for(len));

	if (!memory || getentropy(&seed, sizeof seed) != 0 || !router_init(&d->brain, memory, len, seed))
		return false;
	router_set_lender(&d->brain, (struct router_lender){lend, take_back, NULL});
	return true;
}

static void devices_changed(void *arg)
{
	struct router_domain *d = arg;

	d->devices_changed = true;
	domain_wake(d);
}

int main(int argc, char **argv)
{
	struct router_domain *d = &domain;

	(void)argc;
	d->options.flows = option(argv, "flows=", FLOWS_DEFAULT);
	/* in its first life only, so that a test sees it come back */
	if (DOMID_GENERATION(start_info()->domid) == 1)
		d->options.die_after = option(argv, "die-after=", 0);
	d->options.stats = option(argv, "stats=", 0);
	if (!frames_raise(&d->frames, FRAME_COUNT) || !brain_setup(d)) {
		report("memory or randomness is short");
		return 1;
	}
	poll_init(d);
	account_whole();
	if (!uplink_open(d))
		return 1;
	if (device_watch(devices_changed, d) < 0) {
		report("the device page cannot be watched");
		return 1;
	}
	domain_update_devices(d);
	handover_start(d);
	if (!manage_start(d)) {
		report("the management area cannot be used: memory is short");
		return 1;
	}
	domain_run(d);
}
