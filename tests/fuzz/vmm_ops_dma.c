/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations of devices: what they reach, and when the IOTLB forgets it. */
#include <vmm/core/dma.h>

#include "vmm_ops.h"

/* A domain comes to own a device. */
enum abi_error op_device(struct vmm_run *t)
{
	enum abi_error e;

	if (t->d->dma_root)
		return HC_EDEVICE;
	FLUSHING(t, e, dma_open(t->w, t->d));
	return e;
}

/* One frame of device_dma. */
enum abi_error op_dma_enter(struct vmm_run *t)
{
	uint32_t rights = 1 + pick(t, 3);
	mfn_t mfn = any_frame(t, t->d);
	enum abi_error e;

	if (!frame_is_ram(t->w, mfn) || t->w->frames[mfn].owner != t->d->id)
		return HC_EFRAME;
	FLUSHING(t, e, dma_enter(t->w, t->d, mfn, rights));
	if (e == HC_OK)
		cr_assert_eq(dma_rights(t->w, t->d, mfn), rights);
	return e;
}

enum abi_error op_dma_leave(struct vmm_run *t)
{
	mfn_t mfn = any_frame(t, t->d);

	for (uint64_t left = t->d->frame_count; left && mfn < FRAMES && !dma_rights(t->w, t->d, mfn); left--)
		mfn = t->w->frames[mfn].next ? t->w->frames[mfn].next : t->d->frame_list;
	if (!frame_is_ram(t->w, mfn) || t->w->frames[mfn].owner != t->d->id)
		return HC_EFRAME;
	if (!dma_leave(t->w, t->d, mfn))
		return HC_EINVAL;
	cr_assert_eq(dma_rights(t->w, t->d, mfn), 0);
	/* The door does so always. */
	if (pick(t, 2))
		tw_dma_flush(t->w);
	return HC_OK;
}

enum abi_error op_dma_flush(struct vmm_run *t)
{
	tw_dma_flush(t->w);
	return HC_OK;
}

enum abi_error op_flush_cpus(struct vmm_run *t)
{
	tw_flush_cpus(t->w);
	return HC_OK;
}
