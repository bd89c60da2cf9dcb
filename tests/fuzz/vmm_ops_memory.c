/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations of memory as a resource, and of images. */
#include "vmm_ops.h"

#include <string.h>

static void must_be_zero(const struct world *w, mfn_t mfn)
{
	static const uint8_t zero[PAGE_SIZE];

	cr_assert_eq(memcmp(world_page(w, mfn), zero, PAGE_SIZE), 0, "frame %lu was handed out with old contents", mfn);
}

enum abi_error op_alloc(struct vmm_run *t)
{
	enum abi_error e;
	mfn_t mfn = 0;

	FLUSHING(t, e, frame_alloc(t->w, t->d, &mfn));
	if (e == HC_OK)
		must_be_zero(t->w, mfn);
	else if (e == HC_ENOMEM)
		cr_assert(frame_charge(t->d) >= t->d->frame_reserve, "a promise is not kept");
	else
		cr_assert(e == HC_ELIMIT && frame_charge(t->d) >= t->d->frame_target);
	return e;
}

enum abi_error op_alloc_run(struct vmm_run *t)
{
	enum abi_error e;
	mfn_t mfn = 0;

	FLUSHING(t, e, frame_alloc_run(t->w, t->d, &mfn));
	if (e != HC_OK)
		return e;
	cr_assert_eq(mfn % RUN_FRAMES, 0);
	for (mfn_t m = mfn; m < mfn + RUN_FRAMES; m++) {
		cr_assert_eq(t->w->frames[m].owner, t->d->id);
		must_be_zero(t->w, m);
	}
	return e;
}

enum abi_error op_give_back(struct vmm_run *t)
{
	mfn_t mfn = typed_frame(t, t->d, FRAME_NONE, FRAME_NONE);

	enum abi_error e = frame_give_back(t->w, t->d, mfn);

	/* A stale translation may write until the flush. */
	if (e == HC_OK && t->w->frames[mfn].owner == OWNER_FREE)
		memset(world_page(t->w, mfn), 0xee, PAGE_SIZE);
	return e;
}

enum abi_error op_target(struct vmm_run *t)
{
	uint64_t target = pick(t, 140), reserve = pick(t, 140), free = t->w->frames_free;
	enum abi_error e;

	if (fuzz_byte(&t->in) < 128)
		reserve = reserve % (target + 1);
	e = frame_set_target(t->w, t->d, target, reserve);
	cr_assert_eq(t->w->frames_free, free);
	if (e == HC_OK)
		cr_assert(t->d->frame_target == target && t->d->frame_reserve == reserve);
	return e;
}

enum abi_error op_scrub(struct vmm_run *t)
{
	enum abi_error e;

	FLUSHING(t, e, frame_scrub_ahead(t->w));
	return e;
}

uint32_t any_image(struct vmm_run *t)
{
	uint32_t i = pick(t, 5);

	return i == 4 ? 4u << 16 | fuzz_byte(&t->in) : (uint32_t)t->w->images[i].generation << 16 | i;
}

enum abi_error op_image_create(struct vmm_run *t)
{
	uint32_t id = 0;

	if (image_count(t->w) >= 4)
		return HC_ENOSLOT;
	return image_create(t->w, &id);
}

enum abi_error op_image_populate(struct vmm_run *t)
{
	uint32_t id = any_image(t);
	bool text = pick(t, 2);
	enum abi_error e;
	mfn_t mfn = 0;

	FLUSHING(t, e, image_populate(t->w, id, text, &mfn));
	if (e != HC_OK)
		return e;
	must_be_zero(t->w, mfn);
	cr_assert_eq(!!(t->w->frames[mfn].flags & FRAME_TEXT), text);
	cr_assert_eq(t->w->images[id & 0xffff].state, IMAGE_OPEN);
	return e;
}

/* As the hypercall does it: the frame is held as writable while it is written. */
enum abi_error op_image_write(struct vmm_run *t)
{
	uint32_t id = any_image(t);
	mfn_t mfn = t->w->images[id & 3].frame_list;
	enum abi_error e;

	if (!pick(t, 4))
		mfn = any_frame(t, t->d);
	if (!image_writable(t->w, id, mfn))
		return HC_EIMAGE;
	FLUSHING(t, e, frame_get_type(t->w, mfn, FRAME_WRITABLE));
	if (e != HC_OK)
		return e;
	memset(world_page(t->w, mfn), (int)pick(t, 256), 32);
	frame_put_type(t->w, mfn);
	return HC_OK;
}

enum abi_error op_image_seal(struct vmm_run *t)
{
	return image_seal(t->w, any_image(t));
}

enum abi_error op_image_attach(struct vmm_run *t)
{
	return image_attach(t->w, t->d, any_image(t));
}

enum abi_error op_image_drop(struct vmm_run *t)
{
	enum abi_error e = image_drop(t->w, any_image(t));

	return e == HC_EAGAIN ? HC_OK : e;
}
