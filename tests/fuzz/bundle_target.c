/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bundle and plan as hostile files, with the checks of the control domain, and a bundle with those of ring 0. The first
 * byte's high bit has the digests repaired. What passed a check is used as its user does, in a heap block of just its length.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <abi/shared.h>
#include <base/sha256.h>
#include <unikernel/control/core/bundle_check.h>
#include <unikernel/control/core/device_area.h>
#include <unikernel/control/core/plan_check.h>
#include <vmm/core/boot_check.h>

/* Ring 0's part: what it finds nothing against is laid out. */
static void lay_out(const void *bundle, size_t total)
{
	const struct bundle_control *c;
	uint64_t end = GUEST_LINK_VA;
	volatile uint8_t seen;

	if (boot_bundle_fault(bundle, total))
		return;
	c = boot_control(bundle);
	for (uint32_t i = 0; i < c->segment_count; i++) {
		const struct bundle_segment *s = &c->segment[i];

		cr_assert(s->va >= end && s->va % PAGE_SIZE == 0 && s->rights <= BUNDLE_EXECUTE);
		end = s->va + s->memory_bytes;
		cr_assert(end >= s->va && end <= GUEST_LINK_VA + (1ull << 30));
		for (uint64_t at = 0; at < s->memory_bytes && at < s->file_bytes; at += PAGE_SIZE)
			for (uint64_t k = 0; k < PAGE_SIZE; k++)
				seen = ((const uint8_t *)c + s->offset + at)[k];
	}
	(void)seen;
}

/*
 * A control domain's header out of bytes, one for each field, in a bundle that is right but for the entry's offset: page
 * numbers mostly, and now and then a number of any size.
 */
static uint64_t number(struct fuzz_input *input, uint64_t unit)
{
	uint64_t v = fuzz_byte(input);

	return v < 0xf0 ? v % 16 * unit : (uint64_t)fuzz_byte(input) << (v % 16 * 4) | (v == 0xff ? ~0ull << 32 : 0);
}

static void run_control(const uint8_t *bytes, size_t len)
{
	struct fuzz_input input = {bytes, len};
	uint64_t pages = 2 + fuzz_byte(&input) % 6, total = pages * PAGE_SIZE;
	struct bundle_header *h = calloc(1, total);
	struct bundle_entry *e = (struct bundle_entry *)(h + 1);
	struct bundle_control *c = (struct bundle_control *)((uint8_t *)h + PAGE_SIZE);
	uint8_t way = (uint8_t)fuzz_byte(&input);

	*h = (struct bundle_header){
		.magic = BUNDLE_MAGIC, .version = BUNDLE_VERSION, .entry_count = 1, .length = total};
	*e = (struct bundle_entry){.kind = BUNDLE_CONTROL, .offset = PAGE_SIZE, .length = total - PAGE_SIZE};
	if (way & 1)
		e->length = number(&input, PAGE_SIZE);
	c->entry = GUEST_LINK_VA + number(&input, PAGE_SIZE);
	c->segment_count = way & 2 ? (uint32_t)number(&input, 1) : 1 + way / 4 % BUNDLE_SEGMENT_MAX;
	for (uint32_t i = 0; i < BUNDLE_SEGMENT_MAX && input.left; i++) {
		c->segment[i].va = GUEST_LINK_VA + number(&input, PAGE_SIZE);
		c->segment[i].memory_bytes = number(&input, PAGE_SIZE);
		c->segment[i].offset = number(&input, PAGE_SIZE);
		c->segment[i].file_bytes = number(&input, PAGE_SIZE);
		c->segment[i].rights = (uint32_t)number(&input, 1) % 4;
	}
	lay_out(h, total);
	free(h);
}

/* Segments of one page, as many as @n says. */
static size_t seed_control(unsigned n, uint8_t *out)
{
	size_t len = 3;

	if (n == 5)
		return 0;
	out[0] = 5;
	out[1] = (uint8_t)(4 * n);
	out[2] = 0;
	for (unsigned i = 0; i <= n; i++) {
		const uint8_t segment[] = {(uint8_t)i, 1, (uint8_t)(1 + i), 1, i ? BUNDLE_WRITE : BUNDLE_EXECUTE};

		memcpy(out + len, segment, sizeof segment);
		len += sizeof segment;
	}
	return len;
}

/* An input is short and a bundle's data is page aligned: byte 1 is the number of pages that follow the table. */
static void run_bundle(const uint8_t *input, size_t len)
{
	size_t total = len >= 2 ? MAX(len - 2, (size_t)(input[1] % 6) * PAGE_SIZE) : 0;
	struct bundle_header *h = calloc(1, total + 1);
	uint32_t index = 0;
	enum bundle_error e;

	if (len > 2)
		memcpy(h, input + 2, len - 2);
	if (len > 2 && input[0] & 0x80 && total >= sizeof *h) {
		struct bundle_entry *entry = (struct bundle_entry *)(h + 1);
		uint32_t fit = (uint32_t)((total - sizeof *h) / sizeof *entry), n = MIN(h->entry_count, fit);

		h->magic = BUNDLE_MAGIC;
		h->version = BUNDLE_VERSION;
		for (uint32_t i = 0; i < n; i++)
			if (range_within(entry[i].offset, entry[i].length, total))
				sha256((uint8_t *)h + entry[i].offset, entry[i].length, entry[i].sha256);
		sha256(entry, n * sizeof *entry, h->table_sha256);
	}
	lay_out(h, total);
	e = bundle_check(h, total, &index);
	cr_assert_not_null(bundle_error_text(e));
	if (e == BUNDLE_OK) {
		volatile uint8_t seen;

		cr_assert(bundle_find(h, BUNDLE_CONTROL, NULL) && bundle_find(h, BUNDLE_PLAN, NULL));
		for (uint32_t i = 0; i < h->entry_count; i++) {
			const struct bundle_entry *entry = bundle_entry_at(h, i);
			const uint8_t *data = bundle_data(h, entry);

			for (uint64_t k = 0; k < entry->length; k++)
				seen = data[k];
			cr_assert(bundle_entry_intact(h, entry));
			cr_assert_eq(bundle_find(h, entry->kind, entry->name), entry);
		}
		(void)seen;
	}
	free(h);
}

static size_t seed_bundle(unsigned n, uint8_t *out)
{
	struct bundle_header h = {.magic = BUNDLE_MAGIC, .version = BUNDLE_VERSION, .entry_count = 2 + n};
	struct bundle_entry e[4] = {{.kind = BUNDLE_CONTROL, .name = "control", .offset = PAGE_SIZE, .length = 100},
				    {.kind = BUNDLE_PLAN, .name = "plan", .offset = 2 * PAGE_SIZE, .length = PAGE_SIZE},
				    {.kind = BUNDLE_IMAGE, .name = "web", .offset = 3 * PAGE_SIZE, .length = 1},
				    {.kind = BUNDLE_IMAGE, .name = "dns", .offset = 4 * PAGE_SIZE, .length = 0}};

	if (n == 3)
		return 0;
	h.length = 5 * PAGE_SIZE;
	out[0] = 0x80;
	out[1] = 5;
	memcpy(out + 2, &h, sizeof h);
	memcpy(out + 2 + sizeof h, e, (2 + n) * sizeof e[0]);
	return 2 + sizeof h + (2 + n) * sizeof e[0];
}

static void use_plan(const struct plan_view *view)
{
	for (uint32_t d = 0; d < view->domain_count; d++) {
		uint32_t pages = device_area_pages(view, d);
		void *area;

		cr_assert(view->order[d] < view->domain_count);
		cr_assert(pages <= DEVICE_PAGES_MAX);
		cr_assert(plan_window_needed(view, d) <= PLAN_WINDOW_PAGES_MAX);
		if (!pages)
			continue;
		area = calloc(pages, PAGE_SIZE);
		device_area_init(view, d, area, 2);
		cr_assert(strlen(plan_cmdline(view, d)) < PLAN_CMDLINE_MAX);
		free(area);
	}
	for (uint32_t l = 0; l < view->link_count; l++) {
		cr_assert(view->links[l].front < view->domain_count && view->links[l].back < view->domain_count);
		(void)device_front_template(view, l);
		(void)device_back_template(view, l);
	}
}

static void run_plan(const uint8_t *input, size_t len)
{
	struct plan_header *h = calloc(1, len + sizeof *h);
	struct plan_view view;
	struct plan_verdict v;
	size_t total = len > 1 ? len - 1 : 0;

	if (total)
		memcpy(h, input + 1, total);
	if (total >= sizeof *h && input[0] & 0x80) {
		h->magic = PLAN_MAGIC;
		h->version = PLAN_VERSION;
		h->length = (uint32_t)MIN(h->length, total);
		if (h->length >= sizeof *h)
			sha256(h + 1, h->length - sizeof *h, h->sha256);
	}
	v = plan_check(h, total, &view);
	cr_assert(plan_error_text(v.error) && plan_error_whose(v.error));
	if (v.error == PLAN_OK)
		use_plan(&view);
	free(h);
}

static size_t seed_plan(unsigned n, uint8_t *out)
{
	struct {
		struct plan_header header;
		struct plan_domain domains[4];
	} p = {.header = {.magic = PLAN_MAGIC, .version = PLAN_VERSION}};
	struct plan_link links[3];
	uint8_t *at = out + 1;
	size_t bytes;

	if (n == 4)
		return 0;
	for (unsigned d = 0; d <= n; d++) {
		memcpy(p.domains[d].name, "a", 2);
		p.domains[d].name[0] = (char)('a' + d);
		memcpy(p.domains[d].image, "web", 4);
		p.domains[d].mem_pages = p.domains[d].window_pages = 1024;
		p.domains[d].restart = d % 3;
	}
	p.domains[0].takes_rules = 1;
	for (uint32_t l = 0; l < n; l++)
		links[l] = (struct plan_link){.kind = PLAN_LINK_NET,
					      .front = l + 1,
					      .index = l + 1,
					      .mac = {2, 0, 0, 0, (uint8_t)l, 2},
					      .router_mac = {2, 0, 0, 0, (uint8_t)l, 1},
					      .address = 0x0a010002u | l << 8,
					      .prefix = 24,
					      .gateway = 0x0a010001u | l << 8,
					      .mtu = 1500};
	if (n == 3)
		p.domains[3].long_cmdline = (uint32_t)(sizeof p + n * sizeof links[0]); /* the 32 bytes of rules */
	p.header.domain_count = n + 1;
	p.header.link_count = n;
	bytes = sizeof p.header + (n + 1) * sizeof p.domains[0];
	p.header.length = (uint32_t)(bytes + n * sizeof links[0] + 32);
	p.header.rules_offset = p.header.length - 32;
	p.header.rules_bytes = 32;
	out[0] = 0x80;
	memcpy(at, &p, bytes);
	memcpy(at + bytes, links, n * sizeof links[0]);
	return 1 + p.header.length;
}

const struct fuzz_target fuzz_bundle = {"bundle", run_bundle, seed_bundle, 1024};
const struct fuzz_target fuzz_plan = {"plan", run_plan, seed_plan, 3072};
const struct fuzz_target fuzz_control = {"control", run_control, seed_control, 64};
