/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device areas from the plan. Invariant: an entry's place is a function of the plan alone, and an entry whose generation
 * is even is whole.
 */
#include <stdatomic.h>
#include <string.h>
#include <base/check.h>
#include "device_area.h"
#include "name.h"
#include "plan_net6.h"

static uint32_t front_count(const struct plan_view *view, uint32_t d, uint32_t before)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < before; i++)
		count += view->links[i].front == d;
	return count;
}

static uint32_t back_count(const struct plan_view *view, uint32_t d, uint32_t before)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < before; i++)
		count += view->links[i].back == d;
	return count;
}

static uint32_t link_entries(const struct plan_view *view, uint32_t d)
{
	return front_count(view, d, view->link_count) + back_count(view, d, view->link_count);
}

uint32_t device_entry_count(const struct plan_view *view, uint32_t d)
{
	return link_entries(view, d) + (view->domains[d].pci_class != 0) + view->domains[d].takes_rules +
	       (view->domains[d].handover != 0);
}

uint32_t device_front_entry(const struct plan_view *view, uint32_t link)
{
	return front_count(view, view->links[link].front, link);
}

uint32_t device_back_entry(const struct plan_view *view, uint32_t link)
{
	uint32_t d = view->links[link].back;

	return front_count(view, d, view->link_count) + back_count(view, d, link);
}

uint32_t device_pci_entry(const struct plan_view *view, uint32_t d)
{
	return view->domains[d].pci_class ? link_entries(view, d) : DEVICE_ENTRY_NONE;
}

uint32_t device_manage_entry(const struct plan_view *view, uint32_t d)
{
	return view->domains[d].takes_rules ? link_entries(view, d) + (view->domains[d].pci_class != 0)
					    : DEVICE_ENTRY_NONE;
}

uint32_t device_handover_entry(const struct plan_view *view, uint32_t d)
{
	return view->domains[d].handover ? device_entry_count(view, d) - 1 : DEVICE_ENTRY_NONE;
}

uint32_t device_area_pages(const struct plan_view *view, uint32_t d)
{
	uint32_t count = device_entry_count(view, d);
	uint64_t bytes = sizeof(struct device_page) + count * sizeof(struct device_entry);

	return count ? (uint32_t)(align_up(bytes, PAGE_SIZE) >> PAGE_SHIFT) : 0;
}

static uint64_t front_pages_before(const struct plan_view *view, uint32_t d, uint32_t before)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < before; i++)
		if (view->links[i].front == d)
			pages += NET_RING_PAGES + plan_pool_pages(&view->links[i]);
	return pages;
}

uint64_t device_front_pages(const struct plan_view *view, uint32_t d)
{
	return front_pages_before(view, d, view->link_count);
}

uint64_t device_front_offset(const struct plan_view *view, uint32_t link)
{
	return front_pages_before(view, view->links[link].front, link);
}

_Static_assert(PLAN_DHCP_ASKS == DEVICE_DHCP_ASKS && PLAN_DHCP_SERVES == DEVICE_DHCP_SERVES, "a back has the plan's");

static struct device_entry link_template(const struct plan_view *view, uint32_t link, uint32_t kind, uint32_t other)
{
	const struct plan_link *l = &view->links[link];
	struct device_entry e = {.kind = kind, .state = DEVICE_CLOSED, .peer = DOMID_NONE, .slot = other + 1};

	e.pool_pages = plan_pool_pages(l);
	name_copy(e.name, sizeof e.name, view->domains[other].name);
	memcpy(e.net.mac, l->mac, sizeof e.net.mac);
	memcpy(e.net.router_mac, l->router_mac, sizeof e.net.router_mac);
	e.net.address = l->address;
	e.net.prefix = l->prefix;
	e.net.gateway = l->gateway;
	e.net.mtu = l->mtu;
	e.net.net6 = net6_device(&l->net6);
	e.net.features = NET_FEATURE_CSUM;
	return e;
}

struct device_entry device_front_template(const struct plan_view *view, uint32_t link)
{
	struct device_entry e = link_template(view, link, DEVICE_NET_FRONT, view->links[link].back);

	e.index = front_count(view, view->links[link].front, link);
	if (view->links[link].net6.autoconf)
		e.net.net6 = (struct device_net6){.prefix = 0};
	if (view->links[link].dhcp == PLAN_DHCP_ASKS) {
		e.dhcp = DEVICE_DHCP_ASKS;
		e.net.address = e.net.prefix = e.net.gateway = 0;
	}
	return e;
}

struct device_entry device_back_template(const struct plan_view *view, uint32_t link)
{
	struct device_entry e = link_template(view, link, DEVICE_NET_BACK, view->links[link].front);

	e.index = view->links[link].index;
	e.dhcp = view->links[link].dhcp;
	return e;
}

void device_entry_write(void *area, uint32_t number, const struct device_entry *entry, uint32_t generation)
{
	struct device_page *page = area;
	struct device_entry *to = &page->entries[number];
	_Atomic uint32_t *lock = (_Atomic uint32_t *)&to->generation;

	CHECK(generation && generation % 2 == 0 && number < page->entry_count);
	/* 1. odd: whoever reads from here on knows that it must read again */
	atomic_store_explicit(lock, generation - 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	/* 2. all but the generation itself */
	memcpy((uint8_t *)to + sizeof to->generation, (const uint8_t *)entry + sizeof entry->generation,
	       sizeof *to - sizeof to->generation);
	/* 3. even, after everything that it vouches for */
	atomic_store_explicit(lock, generation, memory_order_release);
}

void device_area_init(const struct plan_view *view, uint32_t d, void *area, uint32_t generation)
{
	struct device_page *page = area;

	page->entry_count = device_entry_count(view, d);
	for (uint32_t i = 0; i < view->link_count; i++) {
		struct device_entry e;
		if (view->links[i].front == d) {
			e = device_front_template(view, i);
			device_entry_write(area, device_front_entry(view, i), &e, generation);
		}
		if (view->links[i].back == d) {
			e = device_back_template(view, i);
			device_entry_write(area, device_back_entry(view, i), &e, generation);
		}
	}
	page->magic = DEVICE_MAGIC;
}
