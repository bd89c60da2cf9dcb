/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls of direct paging: decode, let the core decide, flush what it asks for. */
#include "calls.h"
#include "core/frame.h"
#include "core/mmu.h"
#include "x86.h"

/* Table entries that one call may validate or release before it gives the rest of its batch back. */
#define BATCH_WORK 65536u

static enum abi_error switch_base(struct vcpu *v, mfn_t mfn)
{
	enum abi_error e = mmu_get_table(&world, v->domain, mfn, 4);
	mfn_t old = v->root;

	if (e != HC_OK)
		return e;
	v->root = mfn;
	write_cr3(mfn << PAGE_SHIFT);
	frame_flushed(&world);
	mmu_put_table(&world, v->domain, old);
	return HC_OK;
}

static enum abi_error update_va(struct vcpu *v, const struct mmu_op *op)
{
	enum abi_error e;
	bool flush = false;
	unsigned index;
	mfn_t table;

	e = mmu_walk(&world, v->root, op->address, &table, &index);
	if (e == HC_OK)
		e = mmu_set_entry(&world, v->domain, table, index, op->value, &flush);
	if (flush)
		invlpg(op->address);
	return e;
}

static enum abi_error one(struct vcpu *v, const struct mmu_op *op, bool *flush)
{
	switch (op->op) {
	case MMU_UPDATE:
		if (op->address > 511)
			return HC_EADDRESS;
		return mmu_set_entry(&world, v->domain, op->mfn, (unsigned)op->address, op->value, flush);
	case MMU_UPDATE_VA: return update_va(v, op);
	case MMU_PIN:
		if (op->value < 1 || op->value > 4)
			return HC_EINVAL;
		return mmu_pin(&world, v->domain, op->mfn, (unsigned)op->value);
	case MMU_UNPIN: *flush = true; return mmu_unpin(&world, v->domain, op->mfn);
	case MMU_BASE: return switch_base(v, op->mfn);
	case MMU_FLUSH:
		if (op->value)
			*flush = true;
		else if (op->address >= GUEST_TOP)
			return HC_EADDRESS;
		else
			invlpg(op->address);
		return HC_OK;
	default: return HC_EINVAL;
	}
}

int64_t do_mmu_update(struct vcpu *v, guest_va_t ops, uint32_t count, guest_va_t done)
{
	uint64_t start = world.work;
	enum abi_error e = HC_OK;
	bool flush = false;
	uint32_t i;

	if (count > MMU_OPS_MAX)
		return -HC_EINVAL;
	for (i = 0; i < count; i++) {
		struct mmu_op op;

		if (world.work - start > BATCH_WORK)
			e = HC_EAGAIN;
		else if (!copy_from_guest(&op, guest_va(ops.v + i * sizeof op), sizeof op))
			e = HC_EFAULT;
		else
			WITH_FLUSH(e, one(v, &op, &flush));
		if (e != HC_OK)
			break;
	}
	if (flush)
		tlb_flush_all();
	if (!copy_to_guest(done, &i, sizeof i) && e == HC_OK)
		e = HC_EFAULT;
	return -(int64_t)e;
}

int64_t do_mmu_seal(struct vcpu *v)
{
	v->domain->sealed = 1;
	return 0;
}
