/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring that makes no sense is not looked at again: then there are no requests, and answers find no room. */
#include "manage_area.h"

#include <cambium/event.h>
#include <cambium/grant.h>
#include <cambium/hypercall.h>
#include <cambium/thread.h>
#include <drivers/ring/ring.h>

static struct ring_end requests, answers;
static uint32_t port;
static struct waitq sleeper;
static bool woken;

static void fired(unsigned which, void *arg)
{
	(void)which;
	(void)arg;
	manage_area_wake();
}

bool manage_area_attach(const struct device_entry *entry)
{
	struct manage_area *area = grant_map_range(entry->peer, entry->ring_ref, MANAGE_AREA_PAGES, false, NULL, NULL);

	if (!area || event_on(entry->port, fired, NULL) < 0)
		return false;
	port = entry->port;
	ring_init_consumer(&requests, &area->requests, area->request_slots, sizeof area->request_slots[0],
			   MANAGE_REQUEST_COUNT);
	ring_init_producer(&answers, &area->answers, area->answer_slots, sizeof area->answer_slots[0],
			   MANAGE_ANSWER_COUNT);
	return true;
}

bool manage_area_take(struct manage_message *message)
{
	if (ring_take(&requests, message) != RING_OK)
		return false;
	if (ring_release(&requests, 1))
		hc_event_send(port);
	return true;
}

bool manage_area_say(const struct manage_message *message, uint32_t spare)
{
	uint32_t space;

	if (ring_space(&answers, &space) != RING_OK || space <= spare || ring_push(&answers, message) != RING_OK)
		return false;
	if (ring_publish(&answers))
		hc_event_send(port);
	return true;
}

void manage_area_wake(void)
{
	woken = true;
	waitq_wake_all(&sleeper);
}

void manage_area_wait(uint64_t deadline_ns)
{
	if (!woken && (requests.broken || !ring_sleep_prepare(&requests, 1) || requests.broken))
		waitq_wait(&sleeper, deadline_ns);
	woken = false;
}
