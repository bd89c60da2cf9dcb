/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers of a line per child or device. They may be a thousand, more than the output has room for, so they are given step
 * by step; and memory, which they tell most about.
 */
#include <stdlib.h>
#include <string.h>

#include <cambium/clock.h>

#include "control.h"

#define LIST_ROOM (2 * TEXT_QUEUE_RESERVE)

enum listing { LIST_NONE = 0, LIST_PS, LIST_STATS, LIST_MEMORY, LIST_DEVICES, LIST_CPU };

static enum listing listing;
static uint32_t next_child; /* or device */

static const char *state_text(const struct child *child)
{
	switch (child->state) {
	case CHILD_WAITING: return "waiting";
	case CHILD_RUNNING: return child->paused ? "paused" : "running";
	default: return "ended";
	}
}

static void ps_child(const struct child *child)
{
	struct domain_info info = {0};
	struct memory_info m = {0};

	if (child->state == CHILD_RUNNING) {
		hc_domain_info(child->domid, &info);
		hc_memory_info(child->domid, &m);
	}
	say("ps: %u %s %s %lu %lu %u %lu", (unsigned)child->index + 1, child->plan->name, state_text(child),
	    info.frames, info.run_time / 1000000, (unsigned)child->restart.count, m.target);
}

static void stats_head(void)
{
	struct machine_info m;
	int64_t result = hc_machine_info(&m);

	if (result < 0) {
		say("stats: %s", abi_error_text(result));
		return;
	}
	say("stats: uptime %lu ms, frames %lu total %lu free %lu hypervisor %lu bundle, %u domains, %u devices, "
	    "%u unexpected interrupts",
	    clock_ns() / 1000000, m.frames_total, m.frames_free, m.frames_hypervisor, m.bundle_frames,
	    (unsigned)m.domains, (unsigned)m.devices, (unsigned)m.unexpected_interrupts);
}

static void stats_child(const struct child *child)
{
	struct domain_info info;

	if (child->state == CHILD_RUNNING && hc_domain_info(child->domid, &info) >= 0)
		say("stats: %s ports %u grants %u mappings %u dropped %lu, build began at %lu ns with "
		    "%lu frames free, took %lu ns",
		    child->plan->name, (unsigned)info.ports, (unsigned)info.grants, (unsigned)info.mappings,
		    child->line.dropped_total, child->began_ns, child->began_free, child->started_ns - child->began_ns);
}

static void memory_head(void)
{
	struct machine_memory m;
	int64_t result = hc_machine_memory(&m);

	if (result < 0)
		say("memory: %s", abi_error_text(result));
	else
		say("memory: machine: pages free %lu clean %lu promised %lu, %lu images of %lu pages", m.free, m.clean,
		    m.promised, m.images, m.image_frames);
	say("memory: name has target maximum reserved tables page-tables image");
}

static void memory_child(const struct child *child)
{
	struct memory_info m;

	if (child->state == CHILD_RUNNING && hc_memory_info(child->domid, &m) >= 0)
		say("memory: %s %lu %lu %lu %lu %lu %lu %lu", child->plan->name, m.frames, m.target, m.maximum,
		    m.reserved, m.table_pages, m.page_tables, m.image);
}

static const char *owner_text(uint32_t domid)
{
	for (uint32_t i = 0; i < control.plan.domain_count; i++)
		if (control.children[i].state == CHILD_RUNNING && control.children[i].domid == domid)
			return control.children[i].plan->name;
	return domid ? "another" : "nobody";
}

/* False: there is no device of that number. */
static bool device_line(uint32_t index)
{
	struct device_info d;

	if (hc_device_info(index, &d) < 0)
		return false;
	say("devices: %u %02x:%02x.%u %04x:%04x class %04x owner %s interrupts %u faults %u", (unsigned)index,
	    d.bdf >> 8, d.bdf >> 3 & 31u, d.bdf & 7u, d.vendor, d.device, d.class_subclass, owner_text(d.owner),
	    (unsigned)d.msix_entries, (unsigned)d.faults);
	return true;
}

void devices_tell(void)
{
	struct device_info d;

	for (uint32_t i = 0; hc_device_info(i, &d) >= 0; i++)
		say("pci: %02x:%02x.%u %04x:%04x class %04x, %u interrupts", d.bdf >> 8, d.bdf >> 3 & 31u, d.bdf & 7u,
		    d.vendor, d.device, d.class_subclass, (unsigned)d.msix_entries);
}

static void devices_head(void)
{
	say("devices: DMA is %s, interrupts are %s", control.features & FEATURE_IOMMU ? "confined" : "not confined",
	    control.features & FEATURE_INTREMAP ? "remapped" : "not remapped");
}

void list_start(const char *verb)
{
	next_child = 0;
	if (!strcmp(verb, "ps")) {
		listing = LIST_PS;
		say("ps: slot name state frames run-ms restarts target");
	} else if (!strcmp(verb, "stats")) {
		listing = LIST_STATS;
		stats_head();
	} else if (!strcmp(verb, "devices")) {
		listing = LIST_DEVICES;
		devices_head();
	} else if (!strcmp(verb, "cpu")) {
		listing = LIST_CPU;
		cpu_head();
	} else {
		listing = LIST_MEMORY;
		memory_head();
	}
}

/* The next line; false: that was all. */
static bool list_line(void)
{
	const struct child *child = &control.children[next_child];

	if (listing == LIST_DEVICES)
		return device_line(next_child);
	if (next_child >= control.plan.domain_count)
		return false;
	if (listing == LIST_PS)
		ps_child(child);
	else if (listing == LIST_STATS)
		stats_child(child);
	else if (listing == LIST_CPU)
		cpu_line(child);
	else
		memory_child(child);
	return true;
}

bool list_step(void)
{
	while (listing) {
		if (text_room(&control.out) < LIST_ROOM)
			return true;
		if (list_line())
			next_child++;
		else
			listing = LIST_NONE;
	}
	return false;
}

/* Sets the target of a running child; its promise goes down with it. */
static void target_set(struct child *child, uint64_t target)
{
	const char *name = child->plan->name;
	struct memory_info m;
	int64_t result = hc_memory_info(child->domid, &m);

	if (result >= 0 && target > m.maximum) {
		say("memory: %s may have %lu pages at most: raise its greatest memory in the plan", name, m.maximum);
		return;
	}
	if (result >= 0)
		result = hc_memory_set(child->domid, (uint32_t)target, (uint32_t)MIN(m.reserved, target));
	if (result < 0) {
		say("memory: the target of %s stays: %s", name, abi_error_text(result));
		return;
	}
	say("memory: %s has %lu pages, its target is %lu now, %lu of them promised", name, m.frames, target,
	    MIN(m.reserved, target));
	control.shrinking -= child->shrink_ns != 0;
	child->shrink_ns = m.frames > target ? clock_ns() : 0;
	child->shrink_told = false;
	control.shrinking += child->shrink_ns != 0;
}

void memory_command(struct child *child, const char *pages)
{
	char *end = NULL;
	unsigned long target = pages ? strtoul(pages, &end, 10) : 0;

	if (!child)
		say("memory: which domain? `ps` lists their names");
	else if (child->state != CHILD_RUNNING)
		say("memory: %s is not running", child->plan->name);
	else if (!target || *end || *pages == '-' || target > UINT32_MAX)
		say("memory: how many pages of 4 KiB? `memory %s 1024` gives it 4 MiB", child->plan->name);
	else
		target_set(child, target);
}
