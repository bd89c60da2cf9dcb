/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls of memory as a resource: frames taken and given back, targets and promises, figures. */
#include "calls.h"
#include "core/event.h"
#include "core/frame.h"
#include "core/image.h"

_Static_assert(MEMORY_MAX == POPULATE_MAX && RUN_PAGES == RUN_FRAMES, "one limit for whoever asks");

int64_t call_populate(struct domain *d, uint32_t image, bool text, guest_va_t mfns, uint32_t count)
{
	uint64_t list[MEMORY_MAX];
	enum abi_error e = HC_OK;
	uint32_t n = 0;

	if (!count || count > MEMORY_MAX)
		return -HC_EINVAL;
	while (n < count && e == HC_OK) {
		WITH_FLUSH(e, d ? frame_alloc(&world, d, &list[n]) : image_populate(&world, image, text, &list[n]));
		n += e == HC_OK;
	}
	if (n && copy_to_guest(mfns, list, n * sizeof list[0]))
		return n;
	for (uint32_t i = 0; i < n; i++)
		if (d)
			frame_disown(&world, d, list[i]);
		else
			frame_disown_image(&world, world.frames[list[i]].owner, list[i]);
	return n ? -HC_EFAULT : -(int64_t)e;
}

static int64_t increase_by_run(struct domain *d, guest_va_t mfn)
{
	enum abi_error e;
	mfn_t first = 0;

	WITH_FLUSH(e, frame_alloc_run(&world, d, &first));
	if (e != HC_OK)
		return -(int64_t)e;
	if (copy_to_guest(mfn, &first, sizeof first))
		return RUN_FRAMES;
	for (mfn_t m = first; m < first + RUN_FRAMES; m++)
		frame_disown(&world, d, m);
	return -HC_EFAULT;
}

int64_t do_memory_increase(struct vcpu *v, guest_va_t mfns, uint32_t count, uint32_t flags)
{
	if (flags == MEMORY_RUN && count == RUN_PAGES)
		return increase_by_run(v->domain, mfns);
	return flags ? -HC_EINVAL : call_populate(v->domain, 0, false, mfns, count);
}

int64_t do_memory_decrease(struct vcpu *v, guest_va_t mfns, uint32_t count)
{
	uint64_t list[MEMORY_MAX];
	enum abi_error e = HC_OK;
	uint32_t n = 0;

	if (!count || count > MEMORY_MAX)
		return -HC_EINVAL;
	if (!copy_from_guest(list, mfns, count * sizeof list[0]))
		return -HC_EFAULT;
	while (n < count && e == HC_OK) {
		e = frame_give_back(&world, v->domain, list[n]);
		n += e == HC_OK;
	}
	return n ? (int64_t)n : -(int64_t)e;
}

int64_t do_memory_info(struct vcpu *v, struct domain *d, struct memory_info *info)
{
	*info = (struct memory_info){
		.frames = frame_charge(d),
		.target = d->frame_target,
		.maximum = d->frame_max,
		.reserved = d->frame_reserve,
		.table_pages = d->table_count,
		.page_tables = (uint64_t)d->tables[1] + d->tables[2] + d->tables[3] + d->tables[4],
		.image = d->image ? image_frames(&world, d) : 0,
	};
	return 0;
}

int64_t do_memory_set(struct vcpu *v, struct domain *d, uint32_t target, uint32_t reserved)
{
	enum abi_error e = frame_set_target(&world, d, target, reserved);

	if (e == HC_OK) {
		__atomic_store_n(&d->shared->memory_target, target, __ATOMIC_SEQ_CST);
		event_raise_virq(&world, d, VIRQ_MEMORY);
	}
	return -(int64_t)e;
}

int64_t do_machine_memory(struct vcpu *v, struct machine_memory *info)
{
	*info = (struct machine_memory){
		.free = world.frames_free,
		.clean = world.frames_clean,
		.promised = world.frames_promised,
		.images = image_count(&world),
		.image_frames = image_frames(&world, NULL),
	};
	return 0;
}
