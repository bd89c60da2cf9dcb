/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attaching and detaching fronts.
 *
 * Invariant: pages and pool are mapped exactly while the state is WAITING or OPEN; our end of an event port is closed
 * before another one takes its place. Whatever a front does ends in NETBACK_DETACHED for it alone.
 */
#include "netback.h"

#include <stddef.h>

#include <cambium/event.h>
#include <cambium/grant.h>
#include <cambium/hypercall.h>

static void on_event(unsigned port, void *arg)
{
	struct netback *back = arg;

	(void)port;
	back->wake(back->wake_arg);
}

static void unmap(struct netback *back)
{
	if (back->pages)
		grant_unmap_range(back->pages, NET_RING_PAGES);
	if (back->pool)
		grant_unmap_range(back->pool, back->entry.pool_pages);
	back->pages = NULL;
	back->pool = NULL;
}

/* The port belongs to the old front; the builder made it for us, so nobody else closes our end. */
static void port_drop(struct netback *back, uint32_t new_port)
{
	uint32_t old = back->entry.port;

	if (!back->entry.generation || !old || old == new_port)
		return;
	event_off(old);
	(void)hc_event_close(old);
}

static const char *map(struct netback *back)
{
	const struct device_entry *e = &back->entry;

	if (e->pool_pages == 0 || e->pool_pages > NET_POOL_PAGES_MAX)
		return "its pool has an impossible size";
	back->pages = grant_map_range(e->peer, e->ring_ref, NET_RING_PAGES, false, NULL, NULL);
	if (!back->pages)
		return "its rings cannot be mapped";
	back->pool = grant_map_range(e->peer, e->pool_ref, e->pool_pages, false, NULL, NULL);
	if (!back->pool)
		return "its pool cannot be mapped";
	if (event_on(e->port, on_event, back) < 0)
		return "its event port cannot be used";
	netback_rings_init(&back->rings, back->pages, back->pool, e->pool_pages * PAGE_SIZE,
			   e->net.features & NET_FEATURE_CSUM);
	return NULL;
}

bool netback_update(struct netback *back, const struct device_entry *entry)
{
	const char *why;

	if (entry->generation == back->entry.generation)
		return false;
	unmap(back);
	port_drop(back, entry->state == DEVICE_OPEN ? entry->port : 0);
	back->entry = *entry;
	back->state = NETBACK_CLOSED;
	if (entry->kind != DEVICE_NET_BACK || entry->state != DEVICE_OPEN) {
		back->entry.port = 0;
		return true;
	}
	why = map(back);
	back->state = NETBACK_WAITING;
	if (why)
		netback_detach(back, why);
	return true;
}

bool netback_is_ready(struct netback *back)
{
	bool was_open = back->state == NETBACK_OPEN;

	if (back->state != NETBACK_WAITING && !was_open)
		return false;
	back->state = NETBACK_WAITING;
	if (ring_epoch_check(back->pages, back->entry.generation) == RING_OK)
		back->state = NETBACK_OPEN;
	if (back->state == NETBACK_OPEN && !was_open)
		netback_rings_greet(&back->rings);
	return back->state == NETBACK_OPEN;
}

void netback_detach(struct netback *back, const char *why)
{
	unmap(back);
	if (back->entry.port)
		event_off(back->entry.port); /* it cannot even wake us any more */
	back->why = why;
	back->state = NETBACK_DETACHED;
}

void netback_flush(struct netback *back)
{
	if (netback_publish(&back->rings))
		(void)hc_event_send(back->entry.port);
}
