/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels: takes all ports there are, binds what is another's, rings its own bell without end, and writes junk
 * all over the shared-info page, of which the hypervisor believes nothing.
 */
#include "raw.h"

static unsigned upcalls;

static void on_upcall(void)
{
	raw_events_take();
	upcalls++;
}

static void all_ports(void)
{
	static int64_t ports[EVENT_PORT_MAX];
	unsigned count = 0;
	int64_t port;

	while ((port = hc_event_alloc(DOMID_SELF, 0)) > 0 && count < EVENT_PORT_MAX)
		ports[count++] = port;
	raw_expect("one port more than there are", port, HC_ENOPORT);
	if (count < EVENT_PORT_MAX - 16)
		raw_hole("only %u ports", count);
	raw_expect("the virtual interrupt without a port", hc_event_bind_virq(VIRQ_TIMER, 0), HC_ENOPORT);
	for (unsigned i = 0; i < count; i++)
		raw_expect("closed", hc_event_close((uint32_t)ports[i]), HC_OK);
	raw_expect("closed twice", hc_event_close((uint32_t)ports[0]), HC_EPORT);
}

/* Ports of all others: none waits for this domain. */
static void foreign_ports(void)
{
	for (uint32_t slot = 0; slot < 16; slot++)
		for (uint32_t port = 0; port < 64; port++) {
			int64_t result = hc_event_bind(1u << 16 | slot, port, 0);

			raw_attempts++;
			if ((1u << 16 | slot) != start_info()->domid && result != -HC_EPORT && result != -HC_ENODOM)
				raw_hole("port %u of slot %u: %ld", port, slot, (long)result);
		}
}

/* A port that waits for another domain is nobody else's, not even its owner's. */
static void waiting_port(void)
{
	int64_t port = hc_event_alloc(start_info()->console_domid, 0);

	raw_expect("a port that waits for another domain", hc_event_bind(start_info()->domid, (uint32_t)port, 0),
		   HC_EPORT);
	raw_expect("closed", hc_event_close((uint32_t)port), HC_OK);
}

static void own_bell(void)
{
	int64_t a = hc_event_alloc(start_info()->domid, 0), b = hc_event_bind(start_info()->domid, (uint32_t)a, 0);

	raw_expect("bound twice", hc_event_bind(start_info()->domid, (uint32_t)a, 0), HC_EPORT);
	raw_mask(0);
	for (unsigned i = 0; i < 20000; i++) {
		raw_attempts++;
		if (hc_event_send((uint32_t)a))
			raw_hole("its own bell");
	}
	raw_mask(1);
	if (upcalls < 19000)
		raw_hole("only %u upcalls", upcalls);
	raw_expect("closed", hc_event_close((uint32_t)a), HC_OK);
	raw_expect("rung without a peer", hc_event_send((uint32_t)b), HC_OK);
	raw_expect("closed", hc_event_close((uint32_t)b), HC_OK);
}

/* All of the shared page but the upcall mask is junk, then all ones, over hypercalls, blocks and timers. */
static void junk_page(void)
{
	volatile uint8_t *page = (volatile uint8_t *)SHARED_VA;
	static uint8_t saved[PAGE_SIZE];
	uint64_t seed = 88172645463325252ull;
	struct entry_set none = {.exception = (uint64_t)raw_exception,
				 .exception_stack = (uint64_t)raw_stack + sizeof raw_stack};

	for (unsigned i = 0; i < PAGE_SIZE; i++)
		saved[i] = page[i];
	hc_entry_set(&none); /* the handler's address stands in the page */
	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < PAGE_SIZE; i++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			page[i] = round % 2 ? 0xff : (uint8_t)(seed >> 24);
		}
		raw_attempts++;
		if (hc_abi_version() != ABI_VERSION)
			raw_hole("abi_version");
		hc_timer_set(0);
		hc_sched_yield();
		hc_sched_block(0);
		hc_event_send(1);
		hc_event_unmask(1);
	}
	for (unsigned i = 0; i < PAGE_SIZE; i++)
		page[i] = saved[i];
	raw_mask(1);
}

int main(void)
{
	raw_mask(1);
	raw_start((uint64_t)on_upcall);
	all_ports();
	foreign_ports();
	waiting_port();
	own_bell();
	junk_page();
	return raw_end("events");
}
