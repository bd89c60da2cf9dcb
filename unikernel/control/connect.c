/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a domain finds when it starts, and what its peers learn when it comes and goes. Invariants: the two entries of a
 * link carry the same generation, and it grows with every change; a new domain's own entries are complete before it
 * starts, its peers' are opened only when it runs, so that a back end maps nothing of a domain under construction.
 */
#include <string.h>

#include <cambium/clock.h>
#include <cambium/event.h>
#include <cambium/grant.h>
#include <cambium/mem.h>

#include "control.h"
#include "core/plan_net6.h"

#define FIRST_GENERATION 2u
#define ASSIGN_TRIES 200u
#define ASSIGN_PAUSE 10000000ull /* ns */
#define PCI_CLASS_BRIDGE 0x06u

static struct child *front_of(uint32_t link)
{
	return &control.children[control.plan.links[link].front];
}

static struct child *back_of(uint32_t link)
{
	return &control.children[control.plan.links[link].back];
}

static void console_fired(unsigned port, void *arg)
{
	(void)port;
	drain_look(arg);
	waitq_wake_all(&control.wake);
}

static void manage_fired(unsigned port, void *arg)
{
	(void)port;
	(void)arg;
	waitq_wake_all(&control.wake);
}

bool connect_setup(void)
{
	for (uint32_t i = 0; i < control.plan.domain_count; i++) {
		struct child *c = &control.children[i];

		c->console.page_count = 1;
		c->console.pages = pages_alloc(1);
		c->devices.page_count = device_area_pages(&control.plan, i);
		c->devices.pages = pages_alloc(c->devices.page_count);
		c->handover.page_count = c->plan->handover ? HANDOVER_PAGES(c->plan->handover) : 0;
		c->handover.pages = pages_alloc(c->handover.page_count);
		if (!c->console.pages || (c->devices.page_count && !c->devices.pages) ||
		    (c->handover.page_count && !c->handover.pages))
			return false;
	}
	for (uint32_t i = 0; i < control.plan.link_count; i++)
		control.links[i].generation = FIRST_GENERATION;
	return true;
}

/* Offers the pages of @o to @domid and makes a port beside them. */
static int64_t offer_make(struct offer *o, uint32_t domid, bool readonly)
{
	struct event_pair pair = {.a = DOMID_SELF, .b = domid};
	int64_t result = grant_offer_range(domid, o->pages, o->page_count, readonly);

	if (result < 0)
		return result;
	o->ref = result;
	result = hc_event_pair(&pair);
	if (result < 0)
		return result;
	o->port = pair.port_a;
	o->peer_port = pair.port_b;
	return 0;
}

static void offer_drop(struct offer *o, const char *name)
{
	int64_t result;

	if (o->port) {
		event_off(o->port);
		hc_event_close(o->port);
	}
	o->port = o->peer_port = 0;
	if (!o->ref)
		return;
	result = hc_grant_revoke((uint32_t)o->ref, o->page_count);
	if (result < 0)
		say("%s: a page granted to it is still mapped: %s", name, abi_error_text(result));
	o->ref = 0;
}

/* The index of the PCI function that @plan asks for, or -HC_x. */
static int64_t pci_find(const struct plan_domain *plan)
{
	struct device_info info;
	uint32_t nth = 0;
	int64_t result;

	for (uint32_t i = 0;; i++) {
		result = hc_device_info(i, &info);
		if (result < 0)
			return result;
		if (info.class_subclass == plan->pci_class && nth++ == plan->pci_nth)
			return i;
	}
}

/* A device whose last owner has just died is still being reset: that is waited for, within a bound. */
static int64_t assign(uint32_t domid, uint32_t index)
{
	int64_t result = -HC_EAGAIN;

	for (unsigned tries = 0; tries < ASSIGN_TRIES; tries++) {
		result = hc_device_assign(domid, index);
		if (result != -HC_EAGAIN)
			break;
		thread_sleep_until(clock_after(ASSIGN_PAUSE));
	}
	return result;
}

/* Assigns the PCI device; a machine without it is told so, and the domain starts without it. */
static void pci_connect(struct child *child, uint32_t domid)
{
	const struct plan_domain *plan = child->plan;
	struct device_entry e = {.kind = DEVICE_PCI, .state = DEVICE_OPEN, .peer = DOMID_NONE};
	int64_t index, result;

	if (!plan->pci_class)
		return;
	index = pci_find(plan);
	if (index < 0) {
		say("%s: the machine has no PCI device number %u of class %04x: it starts without; add the device and restart",
		    plan->name, (unsigned)plan->pci_nth, (unsigned)plan->pci_class);
		return;
	}
	result = assign(domid, (uint32_t)index);
	if (result < 0) {
		say("%s: PCI device %d cannot be assigned: %s: it starts without", plan->name, (int)index,
		    result == -HC_EDEVICE && plan->pci_class >> 8 == PCI_CLASS_BRIDGE
			    ? "a bridge is given to nobody, name the device behind it"
			    : abi_error_text(result));
		return;
	}
	if (!(control.features & FEATURE_IOMMU) && !child->starts)
		say("%s owns a PCI device and this machine does not confine DMA: it is part of the trusted base",
		    plan->name);
	e.pci_device = (uint32_t)index;
	e.net.address = plan->uplink.address;
	e.net.prefix = plan->uplink.prefix;
	e.net.gateway = plan->uplink.gateway;
	e.net.mtu = plan->uplink.mtu;
	e.dhcp = plan->uplink.dhcp;
	e.net.net6 = net6_device(&plan->uplink6);
	memcpy(e.name, "pci", 4);
	device_entry_write(child->devices.pages, device_pci_entry(&control.plan, child->index), &e, FIRST_GENERATION);
}

/* Offers the router its management area and names it in its entry. */
static int64_t manage_connect(struct child *child, uint32_t domid)
{
	struct device_entry e = {.kind = DEVICE_MANAGE, .state = DEVICE_OPEN, .peer = start_info()->domid};
	int64_t result;

	memset(child->manage.pages, 0, child->manage.page_count * PAGE_SIZE);
	result = offer_make(&child->manage, domid, false);
	if (result < 0)
		return result;
	e.ring_ref = (uint32_t)child->manage.ref;
	e.port = child->manage.peer_port;
	memcpy(e.name, "manage", 7);
	device_entry_write(child->devices.pages, device_manage_entry(&control.plan, child->index), &e,
			   FIRST_GENERATION);
	manage_router_up();
	return event_on(child->manage.port, manage_fired, NULL) ? -HC_ENOMEM : 0;
}

/* Offers the router what the ones before it left there, and names it in its entry. */
static int64_t handover_connect(struct child *child, uint32_t domid)
{
	struct device_entry e = {.kind = DEVICE_HANDOVER, .state = DEVICE_OPEN, .peer = start_info()->domid};
	int64_t result = offer_make(&child->handover, domid, false);

	if (result < 0)
		return result;
	e.ring_ref = (uint32_t)child->handover.ref;
	e.pool_pages = child->handover.page_count;
	memcpy(e.name, "handover", 9);
	device_entry_write(child->devices.pages, device_handover_entry(&control.plan, child->index), &e,
			   FIRST_GENERATION);
	return 0;
}

int64_t connect_own(struct child *child, uint32_t domid)
{
	int64_t result;

	memset(child->console.pages, 0, PAGE_SIZE);
	child->lost_seen = 0;
	result = offer_make(&child->console, domid, false);
	if (!result)
		result = event_on(child->console.port, console_fired, child) ? -HC_ENOMEM : 0;
	if (!result && child->devices.page_count) {
		memset(child->devices.pages, 0, child->devices.page_count * PAGE_SIZE);
		device_area_init(&control.plan, child->index, child->devices.pages, FIRST_GENERATION);
		pci_connect(child, domid);
		if (child->manage.page_count)
			result = manage_connect(child, domid);
		if (!result && child->handover.page_count)
			result = handover_connect(child, domid);
	}
	if (!result && child->devices.page_count)
		result = offer_make(&child->devices, domid, true);
	if (result < 0)
		say("%s cannot be built: its console and device pages cannot be granted: %s", child->plan->name,
		    abi_error_text(result));
	return result;
}

void disconnect_own(struct child *child)
{
	offer_drop(&child->console, child->plan->name);
	offer_drop(&child->devices, child->plan->name);
	if (child->manage.ref)
		manage_router_down();
	offer_drop(&child->manage, child->plan->name);
	offer_drop(&child->handover, child->plan->name);
}

/* The entries of link @i on both sides as they are now: open when it is ready. */
static void link_entries(uint32_t i, uint32_t front, uint32_t back, struct device_entry *f, struct device_entry *b)
{
	const struct link *l = &control.links[i];

	*f = device_front_template(&control.plan, i);
	*b = device_back_template(&control.plan, i);
	if (!l->ready)
		return;
	f->state = b->state = DEVICE_OPEN;
	f->peer = back;
	b->peer = front;
	f->port = l->front_port;
	b->port = l->back_port;
	f->ring_va = l->ring_va;
	f->pool_va = l->pool_va;
	f->ring_ref = b->ring_ref = l->ring_ref;
	f->pool_ref = b->pool_ref = l->pool_ref;
}

/* Makes the ports of link @i, which is ready from now on, and its next generation. */
static int64_t link_connect(struct link *l, uint32_t front, uint32_t back)
{
	struct event_pair pair = {.a = front, .b = back};
	int64_t result = hc_domain_link(back, front);

	if (result >= 0)
		result = hc_event_pair(&pair);
	if (result < 0)
		return result;
	l->front_port = pair.port_a;
	l->back_port = pair.port_b;
	l->generation = l->generation + 2 ? l->generation + 2 : FIRST_GENERATION;
	l->ready = true;
	return 0;
}

/* Offers @count frames of @front, which is under construction, to @back; the first reference or -HC_x. */
static int64_t frames_offer(uint32_t front, uint32_t back, const uint64_t *mfns, uint32_t count)
{
	struct grant_offer offer = {.peer = back, .count = count, .mfns = (uint64_t)(uintptr_t)mfns};

	return hc_grant_offer(front, &offer);
}

static int64_t front_connect(uint32_t i, uint32_t domid, const uint64_t *mfns, uint64_t devices_va)
{
	struct link *l = &control.links[i];
	uint32_t back = back_of(i)->domid, pool = plan_pool_pages(&control.plan.links[i]);
	uint64_t offset = device_front_offset(&control.plan, i);
	int64_t ring_ref, pool_ref, result;
	struct device_entry f, b;

	ring_ref = frames_offer(domid, back, mfns + offset, NET_RING_PAGES);
	if (ring_ref < 0)
		return ring_ref;
	pool_ref = frames_offer(domid, back, mfns + offset + NET_RING_PAGES, pool);
	if (pool_ref < 0)
		return pool_ref;
	result = link_connect(l, domid, back);
	if (result < 0)
		return result;
	l->ring_ref = (uint32_t)ring_ref;
	l->pool_ref = (uint32_t)pool_ref;
	l->ring_va = devices_va + (offset << PAGE_SHIFT);
	l->pool_va = l->ring_va + NET_RING_PAGES * PAGE_SIZE;
	link_entries(i, domid, back, &f, &b);
	device_entry_write(front_of(i)->devices.pages, device_front_entry(&control.plan, i), &f, l->generation);
	return 0;
}

int64_t connect_fronts(struct child *child, uint32_t domid, const uint64_t *mfns, uint64_t devices_va)
{
	for (uint32_t i = 0; i < control.plan.link_count; i++) {
		int64_t result = front_of(i) == child ? front_connect(i, domid, mfns, devices_va) : 0;

		if (result < 0) {
			say("%s cannot be built: its link to %s: %s", child->plan->name, back_of(i)->plan->name,
			    abi_error_text(result));
			return result;
		}
	}
	return 0;
}

static int64_t back_connect(uint32_t i, uint32_t domid)
{
	struct link *l = &control.links[i];
	uint32_t front = front_of(i)->domid, pool = plan_pool_pages(&control.plan.links[i]);
	int64_t result = hc_grant_retarget(front, l->ring_ref, NET_RING_PAGES, domid);
	struct device_entry f, b;

	if (result >= 0)
		result = hc_grant_retarget(front, l->pool_ref, pool, domid);
	if (result >= 0)
		result = link_connect(l, front, domid);
	if (result < 0)
		return result;
	link_entries(i, front, domid, &f, &b);
	device_entry_write(back_of(i)->devices.pages, device_back_entry(&control.plan, i), &b, l->generation);
	return 0;
}

void connect_backs(struct child *child, uint32_t domid)
{
	for (uint32_t i = 0; i < control.plan.link_count; i++) {
		struct child *front = front_of(i);
		int64_t result;

		if (back_of(i) != child || front->state != CHILD_RUNNING)
			continue;
		result = back_connect(i, domid);
		if (result < 0)
			say("%s: its link to %s stays down: %s", front->plan->name, child->plan->name,
			    abi_error_text(result));
	}
}

/* Rewrites the entry of link @i at its back (@at_back) or front, when a domain runs there, and tells it. */
static void side_tell(uint32_t i, bool at_back)
{
	struct child *side = at_back ? back_of(i) : front_of(i);
	uint32_t number = at_back ? device_back_entry(&control.plan, i) : device_front_entry(&control.plan, i);
	struct device_entry f, b;

	if (side->state != CHILD_RUNNING)
		return;
	link_entries(i, front_of(i)->domid, back_of(i)->domid, &f, &b);
	device_entry_write(side->devices.pages, number, at_back ? &b : &f, control.links[i].generation);
	hc_event_send(side->devices.port);
}

void connect_open(struct child *child)
{
	for (uint32_t i = 0; i < control.plan.link_count; i++) {
		if (control.links[i].ready && front_of(i) == child)
			side_tell(i, true);
		if (control.links[i].ready && back_of(i) == child)
			side_tell(i, false);
	}
}

void connect_close(struct child *child)
{
	for (uint32_t i = 0; i < control.plan.link_count; i++) {
		struct link *l = &control.links[i];

		if (front_of(i) != child && back_of(i) != child)
			continue;
		l->ready = false;
		l->generation = l->generation + 2 ? l->generation + 2 : FIRST_GENERATION;
		side_tell(i, front_of(i) == child);
	}
}
