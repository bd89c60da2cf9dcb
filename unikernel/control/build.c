/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds a domain through hypercalls that copy; not a byte of it is ever mapped here. Invariants: the image and its note
 * are checked, digest included, before the domain exists; the page tables are mapped nowhere in it; whatever fails, the
 * half-built domain is dropped whole.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cambium/clock.h>

#include "control.h"
#include "core/image.h"
#include "core/layout.h"
#include "core/name.h"

struct build {
	struct child *child;
	const struct plan_domain *plan;
	uint32_t domid;
	const struct shared_image *shared;
	struct layout layout;
	struct layout_table *tables;
	uint64_t *mfns;
	struct layout_frames frames;
};

/* Says that step @what of building @b failed with @error, and passes the error on. */
static int64_t failed(const struct build *b, const char *what, int64_t error)
{
	say("%s cannot be built: %s: %s", b->plan->name, what, abi_error_text(error));
	return error;
}

/* What the domain owns at its start but memory, stack and tables, for the message alone. */
static uint64_t data_pages(const struct image *image)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < image->segment_count; i++)
		pages += image->segments[i].rights & ELF_PF_W ? image->segments[i].pages : 0;
	return pages;
}

static int64_t layout_choose(struct build *b)
{
	struct layout_wish wish = {.image = &b->shared->image, .reserved = b->plan->mem_pages};
	enum layout_error error;

	wish.maximum = plan_mem_max(b->plan);
	wish.device_pages = device_front_pages(&control.plan, b->child->index);
	wish.window_pages = plan_window_pages(&control.plan, b->child->index);
	wish.cmdline_bytes = b->plan->long_cmdline ? strlen(plan_cmdline(&control.plan, b->child->index)) + 1 : 0;
	if (getentropy(wish.random, sizeof wish.random)) {
		say("%s cannot be built: no randomness", b->plan->name);
		return -HC_EINVAL;
	}
	error = layout_compute(&b->layout, &wish);
	if (error == LAYOUT_TOO_SMALL) {
		say("%s cannot be built: %lu KiB is too little: image needs %lu, network %lu, all with tables, stack and the "
		    "program's least memory %lu KiB: raise its memory in the plan",
		    b->plan->name, wish.reserved * 4, data_pages(wish.image) * 4, wish.device_pages * 4,
		    b->layout.needed * 4);
		return -HC_EINVAL;
	}
	if (error) {
		say("%s cannot be built: its regions do not fit the address space: lower its memory in the plan",
		    b->plan->name);
		return -HC_EINVAL;
	}
	b->tables = calloc(b->layout.tables, sizeof *b->tables);
	b->mfns = calloc(b->layout.frames, sizeof *b->mfns);
	if (!b->tables || !b->mfns) {
		say("%s cannot be built: the control domain's memory is short", b->plan->name);
		return -HC_ENOMEM;
	}
	layout_tables(&b->layout, b->tables);
	return 0;
}

/* The machine cannot promise the reservation now: said once, for it may pass. */
static void say_full(const struct build *b, uint64_t wanted)
{
	struct machine_memory m;

	if (b->child->told_waiting || hc_machine_memory(&m) < 0)
		return;
	say("%s cannot be built now: it needs %lu KiB, the machine has %lu that are not promised to others: lower its "
	    "memory in the plan, or stop another",
	    b->plan->name, wanted * 4, (m.free - m.promised) * 4);
}

static int64_t domain_populate(struct build *b)
{
	uint64_t want = b->layout.frames;
	int64_t result;

	for (uint64_t have = 0; have < want; have += (uint64_t)result) {
		result = hc_domain_populate(b->domid, b->mfns + have, (uint32_t)MIN(want - have, POPULATE_MAX));
		if (result == 0)
			result = -HC_ENOMEM;
		if (result < 0)
			return failed(b, "its memory cannot be had", result);
		/* A large domain takes a while. */
		if (have && have % (POPULATE_MAX * 16) == 0)
			others_turn();
	}
	return 0;
}

static int64_t domain_make(struct build *b)
{
	struct domain_create create = {.slot = b->child->index + 1};
	struct domain_schedule schedule = b->child->schedule;
	struct domain_info info;
	int64_t result;

	name_copy(create.name, sizeof create.name, b->plan->name);
	create.reserved_pages = b->plan->mem_pages + plan_table_pages(&control.plan, b->child->index);
	create.max_pages = plan_mem_max(b->plan) + plan_table_pages(&control.plan, b->child->index);
	create.capabilities = b->plan->capabilities;
	create.weight = schedule.weight;
	create.vcpu_count = b->plan->vcpus ? b->plan->vcpus : 1;
	result = hc_domain_create(&create);
	if (result == -HC_ENOMEM) {
		say_full(b, create.reserved_pages);
		return result;
	}
	if (result < 0)
		return failed(b, "the domain cannot be made", result);
	b->domid = schedule.domid = (uint32_t)result;
	result = hc_domain_schedule(&schedule);
	if (result < 0)
		return failed(b, "its share of the CPUs cannot be so", result);
	result = hc_domain_info(b->domid, &info);
	if (result < 0)
		return failed(b, "the domain cannot be examined", result);
	b->frames = (struct layout_frames){b->mfns, b->shared->mfns, info.hypercall_mfn, info.shared_mfn};
	result = hc_image_attach(b->domid, b->shared->id);
	return result < 0 ? failed(b, "its image cannot be attached", result) : domain_populate(b);
}

/* Copies @len bytes from @from to @offset within the domain's frame number @frame. */
static int64_t frame_write(const struct build *b, uint64_t frame, uint32_t offset, const void *from, uint32_t len)
{
	struct domain_copy copy = {.domid = b->domid, .offset = offset, .len = len, .mfn = b->mfns[frame]};
	int64_t result;

	copy.buffer = (uint64_t)(uintptr_t)from;
	result = hc_domain_write(&copy);
	return result < 0 ? failed(b, "its memory cannot be written", result) : 0;
}

/* Copies @len bytes to consecutive frames from @frame on, starting at @offset of the first. */
static int64_t frames_write(const struct build *b, uint64_t frame, uint32_t offset, const uint8_t *from, uint64_t len)
{
	int64_t result = 0;

	while (len && !result) {
		uint32_t n = (uint32_t)MIN(len, PAGE_SIZE - offset);
		result = frame_write(b, frame++, offset, from, n);
		from += n;
		len -= n;
		offset = 0;
	}
	return result;
}

/* Copies what the image says of the writable segments; the rest of their frames is zero already. */
static int64_t segments_write(const struct build *b)
{
	int64_t result = 0;

	for (uint32_t i = 0; i < b->layout.region_count && !result; i++) {
		const struct region *r = &b->layout.regions[i];
		const struct image_segment *s = &b->shared->image.segments[r->part];
		if (r->kind == REGION_SEGMENT && (r->rights & REGION_W))
			result = frames_write(b, r->first, s->lead, s->data, s->bytes);
	}
	return result;
}

/* Writes the tables where they have entries. */
static int64_t tables_write(const struct build *b)
{
	static struct layout_run run;
	int64_t result = 0;

	run.parent = run.child = run.page = run.leaf = 0;
	run.region = 0;
	while (!result && layout_run_next(&b->layout, b->tables, &b->frames, &run))
		result = frame_write(b, run.table, run.first * 8, run.entries, run.count * 8);
	return result;
}

/* Declares the tables to the hypervisor, from the leaves up: they are listed from the top down. */
static int64_t tables_pin(const struct build *b)
{
	static struct mmu_op ops[MMU_OPS_MAX];
	uint64_t left = b->layout.tables;
	int64_t result = 0;

	while (left && (!result || result == -HC_EAGAIN)) {
		uint32_t count = (uint32_t)MIN(left, MMU_OPS_MAX), done = 0;

		for (uint32_t i = 0; i < count; i++)
			ops[i] = (struct mmu_op){
				.op = MMU_PIN, .mfn = b->mfns[left - 1 - i], .value = b->tables[left - 1 - i].level};
		result = hc_domain_mmu(b->domid, ops, count, &done);
		left -= done;
	}
	return result < 0 ? failed(b, "its page tables are refused", result) : 0;
}

/* A command line that the start-info does not hold. */
static int64_t cmdline_write(const struct build *b, const struct region *start)
{
	const char *line = plan_cmdline(&control.plan, b->child->index);
	uint64_t at = layout_cmdline_offset(&b->layout);

	return frames_write(b, start->first + (at >> PAGE_SHIFT), (uint32_t)(at % PAGE_SIZE), (const uint8_t *)line,
			    b->layout.cmdline_bytes);
}

static int64_t start_write(const struct build *b)
{
	const struct region *start = layout_region(&b->layout, REGION_START),
			    *mem = layout_region(&b->layout, REGION_MEM);
	const struct offer *console = &b->child->console, *devices = &b->child->devices;
	const uint32_t self = start_info()->domid;
	struct start_info info = {.magic = START_MAGIC, .abi_version = ABI_VERSION};
	int64_t result;

	info.features = control.features;
	info.domid = b->domid;
	info.capabilities = b->plan->capabilities;
	name_copy(info.name, sizeof info.name, b->plan->name);
	layout_describe(&b->layout, &info);
	info.console_domid = self;
	info.console_ref = (uint32_t)console->ref;
	info.console_port = console->peer_port;
	if (devices->page_count) {
		info.device_domid = self;
		info.device_ref = (uint32_t)devices->ref;
		info.device_pages = devices->page_count;
		info.device_port = devices->peer_port;
	}
	info.vcpu_count = b->plan->vcpus ? b->plan->vcpus : 1;
	if (getentropy(info.seed, sizeof info.seed))
		return failed(b, "no randomness", -HC_EINVAL);
	memcpy(info.cmdline, b->plan->cmdline, sizeof info.cmdline);
	result = frame_write(b, start->first, 0, &info, sizeof info);
	memset(info.seed, 0, sizeof info.seed);
	if (!result)
		result = frames_write(b, start->first, LAYOUT_P2M_OFFSET, (const uint8_t *)(b->mfns + mem->first),
				      mem->pages * sizeof b->mfns[0]);
	return result ? result : cmdline_write(b, start);
}

static int64_t vcpu_start(const struct build *b)
{
	const struct region *start = layout_region(&b->layout, REGION_START);
	const struct region *stack = layout_region(&b->layout, REGION_STACK);
	struct domain_vcpu vcpu = {.domid = b->domid, .root = b->mfns[0], .entry = b->shared->image.entry};
	int64_t result;

	vcpu.stack = stack->va + (stack->pages << PAGE_SHIFT);
	vcpu.argument = start->va;
	result = hc_domain_vcpu_setup(&vcpu);
	if (result < 0)
		return failed(b, "its page tables are refused", result);
	result = hc_domain_start(b->domid);
	return result < 0 ? failed(b, "it cannot be started", result) : 0;
}

/* The steps between checked image and running domain. */
static int64_t domain_build(struct build *b)
{
	const struct region *devices = layout_region(&b->layout, REGION_DEVICES);
	int64_t result = domain_make(b);

	if (!result)
		result = segments_write(b);
	if (!result)
		result = tables_write(b);
	if (!result)
		result = tables_pin(b);
	if (!result)
		result = connect_own(b->child, b->domid);
	if (!result && devices)
		result = connect_fronts(b->child, b->domid, b->mfns + devices->first, devices->va);
	if (!result)
		result = start_write(b);
	if (!result) {
		connect_backs(b->child, b->domid);
		result = vcpu_start(b);
	}
	return result;
}

int64_t child_build(struct child *child)
{
	static struct build b;
	struct machine_memory m;
	int64_t result;

	b = (struct build){.child = child, .plan = child->plan, .domid = DOMID_NONE};
	if (hc_machine_memory(&m) >= 0)
		child->began_free = m.free;
	child->began_ns = clock_ns();
	b.shared = image_get(child, &result);
	if (!result)
		result = layout_choose(&b);
	if (!result)
		result = domain_build(&b);
	if (!result) {
		child->domid = b.domid;
		child->state = CHILD_RUNNING;
		child->paused = child->told_waiting = false;
		child->started_ns = clock_ns();
		child->starts++;
		(void)hc_domain_link(DOMID_SELF, b.domid); /* its console's work is for it */
		connect_open(child);
		/* It comes to its main before the next domain is built. */
		hc_sched_yield();
		drain_look(child);
	} else if (b.domid != DOMID_NONE) {
		domain_discard(b.domid);
		disconnect_own(child);
		connect_close(child);
	}
	free(b.tables);
	free(b.mfns);
	return result;
}
