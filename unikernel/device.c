/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device area, mapped once at start. It changes under us: entry_count is read once, entries are copied between two
 * looks at their generation.
 */
#include <errno.h>
#include <string.h>

#include <cambium/device.h>
#include <cambium/event.h>
#include <cambium/grant.h>

#include "runtime.h"

#define WATCHERS_MAX 8u
#define RETRIES_MAX 1000u

struct watcher {
	void (*fn)(void *);
	void *arg;
};

static const struct device_page *area;
static size_t area_bytes;
static unsigned entry_count;
static struct watcher watchers[WATCHERS_MAX];
static unsigned watcher_count;

static void device_event(unsigned port, void *arg)
{
	(void)port;
	(void)arg;
	for (unsigned i = 0; i < watcher_count; i++)
		watchers[i].fn(watchers[i].arg);
}

void device_setup(const struct start_info *start)
{
	const size_t page = 4096;

	if (start->device_domid == DOMID_NONE || !start->device_pages || start->device_pages > DEVICE_PAGES_MAX)
		return;
	area = grant_map_range(start->device_domid, start->device_ref, start->device_pages, true, NULL, NULL);
	if (!area)
		start_fail("the device page cannot be mapped");
	area_bytes = start->device_pages * page;
	if (area->magic != DEVICE_MAGIC)
		start_fail("the device page has a wrong magic number");
	entry_count = __atomic_load_n(&area->entry_count, __ATOMIC_RELAXED);
	if (entry_count > DEVICE_ENTRY_MAX || sizeof *area + entry_count * sizeof(struct device_entry) > area_bytes)
		start_fail("the device page has too many entries");
	event_on(start->device_port, device_event, NULL);
}

unsigned device_count(void)
{
	return entry_count;
}

bool device_read(unsigned i, struct device_entry *out)
{
	const struct device_entry *e;

	if (i >= entry_count)
		return false;
	e = &area->entries[i];
	for (unsigned n = 0; n < RETRIES_MAX; n++) {
		uint32_t before = __atomic_load_n(&e->generation, __ATOMIC_ACQUIRE);

		if (before & 1 || !before) {
			__asm__ volatile("pause");
			continue;
		}
		memcpy(out, e, sizeof *out);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&e->generation, __ATOMIC_RELAXED) != before)
			continue;
		out->generation = before;
		out->name[sizeof out->name - 1] = '\0';
		return out->kind != DEVICE_NONE;
	}
	return false;
}

int device_watch(void (*fn)(void *), void *arg)
{
	if (watcher_count == WATCHERS_MAX)
		return -ENOSPC;
	watchers[watcher_count++] = (struct watcher){.fn = fn, .arg = arg};
	return 0;
}
