/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a sequence of operations and judges the world after each. Beside the recount: what a domain is charged grows only
 * up to its target; text of a sealed domain stays text, and nothing else becomes text; the contents of a sealed image
 * never change; in the end every frame is free.
 */
#include <vmm/core/dma.h>

#include "vmm_ops.h"

#include <string.h>

#define STEPS_MAX 96u

static uint64_t image_sum(const struct world *w, const struct image *image)
{
	uint64_t sum = 1;

	for (uint32_t m = image->frame_list; m; m = w->frames[m].next) {
		const uint64_t *page = world_page(w, m);

		for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
			sum = (sum ^ page[i] ^ m) * 0x100000001b3ull;
	}
	return sum | 1;
}

static void images_check(struct vmm_run *t)
{
	for (uint32_t i = 0; i < IMAGE_MAX; i++) {
		const struct image *image = &t->w->images[i];

		/* An image that is being freed loses its frames. */
		if (image->state != IMAGE_SEALED || (!image->held && !image->users)) {
			t->image_sums[i] = 0;
			continue;
		}
		if (!t->image_sums[i])
			t->image_sums[i] = image_sum(t->w, image);
		cr_assert_eq(t->image_sums[i], image_sum(t->w, image), "a sealed image changed");
	}
}

static void text_check(struct vmm_run *t)
{
	for (mfn_t m = 0; m < FRAMES; m++) {
		const struct frame *f = &t->w->frames[m];
		const struct domain *d = domain_find(t->w, f->owner);

		if (t->text_of[m] && f->owner != t->text_of[m])
			t->text_of[m] = 0;
		if (!d || !d->sealed || d->state == DOMAIN_DEAD)
			continue;
		if (t->text_of[m])
			cr_assert(f->type == FRAME_NONE || f->type == FRAME_EXEC, "text became type %u", f->type);
		else
			cr_assert(f->type != FRAME_EXEC, "frame %lu became text after seal", m);
	}
}

struct charges {
	uint32_t id[SLOTS];
	uint64_t frames[SLOTS], target[SLOTS];
};

static void charges_note(const struct vmm_run *t, struct charges *c)
{
	for (unsigned s = 0; s < SLOTS; s++) {
		const struct domain *d = t->w->domains[s];

		c->id[s] = d ? d->id : 0;
		c->frames[s] = d ? frame_charge(d) : 0;
		c->target[s] = d ? d->frame_target : 0;
	}
}

static void charges_check(const struct vmm_run *t, const struct charges *before)
{
	for (unsigned s = 0; s < SLOTS; s++) {
		const struct domain *d = t->w->domains[s];

		if (d && d->id == before->id[s] && frame_charge(d) > before->frames[s])
			cr_assert(frame_charge(d) <= d->frame_target, "domain %u grew beyond its target", s);
	}
}

static void step(struct vmm_run *t, vmm_op *op)
{
	struct charges before;
	enum abi_error e;
	uint64_t after;

	charges_note(t, &before);
	e = op(t);
	after = tw_hash(t->w);
	cr_assert(e == HC_OK || after == t->hash, "refused (%s) and changed something", abi_error_text(e));
	t->hash = after;
	tw_recount(t->w);
	charges_check(t, &before);
	images_check(t);
	text_check(t);
	tw_ghost_scribble(t->w);
}

static void take_down(struct vmm_run *t)
{
	struct world *w = t->w;

	for (unsigned s = 0; s < SLOTS; s++)
		if (w->domains[s])
			tw_release(w, w->domains[s]);
	for (uint32_t i = 0; i < IMAGE_MAX; i++)
		while (w->images[i].state != IMAGE_FREE)
			cr_assert(image_drop(w, (uint32_t)w->images[i].generation << 16 | i) != HC_EIMAGE);
	tw_recount(w);
	cr_assert_eq(w->frames_free, FRAMES - TW_FIRST - TW_HOLE_FRAMES, "a frame is lost");
	cr_assert_eq(w->frames_promised, 0);
	cr_assert_eq(image_count(w), 0);
}

/* Two domains that run, the second of which can do without a builder's help. */
static void begin(struct vmm_run *t)
{
	t->w = tw_new(FRAMES);
	for (unsigned s = 0; s < 2; s++) {
		struct tw_space space;

		t->d = tw_run(t->w, s, &space);
		tw_io(s, t->d, IO_FIRST, 4);
		/* One owns a device; the other gets one where an operation says so. */
		if (s == 1)
			TW_OK(t->w, dma_open(t->w, t->d));
		for (unsigned spare = 0; spare < 4; spare++)
			tw_frame(t->w, t->d);
	}
}

void vmm_run(vmm_op *const *ops, unsigned count, const uint8_t *bytes, size_t len)
{
	struct vmm_run t = {.in = {bytes, len}};

	begin(&t);
	t.hash = tw_hash(t.w);
	for (unsigned i = 0; i < STEPS_MAX && t.in.left; i++) {
		vmm_op *op = ops[pick(&t, count)];

		t.d = t.w->domains[pick(&t, SLOTS)];
		if (!t.d || t.d->state == DOMAIN_DEAD)
			t.d = any_alive(&t);
		if (!t.d)
			op = op == op_release ? op_release : op_create;
		step(&t, op);
	}
	take_down(&t);
	tw_free(t.w);
}

size_t vmm_seed(unsigned n, uint8_t *out)
{
	if (n == 12)
		return 0;
	fuzz_random(n + 1, out, 64 * (n + 1) / 2);
	return 64 * (n + 1) / 2;
}
