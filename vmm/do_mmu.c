/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls of direct paging: decode, let the core decide, flush what it asks for. */
#include "calls.h"
#include "core/frame.h"
#include "core/mmu.h"
#include "run.h"
#include "x86.h"

/* Table entries that one call may validate or release before it gives the rest of its batch back. */
#define BATCH_WORK 16384u
/* Pages from which a flush of everything is cheaper than one by one. */
#define FLUSH_ALL_PAGES 32u

static enum abi_error switch_base(struct vcpu *v, mfn_t mfn)
{
	enum abi_error e = mmu_link(&world, v->domain, mfn, 4);
	mfn_t old = v->root;

	if (e != HC_OK)
		return e;
	v->root = mfn;
	tables_load(this_cpu(), mfn << PAGE_SHIFT);
	mmu_unlink(&world, old);
	return HC_OK;
}

static enum abi_error update_va(struct vcpu *v, const struct mmu_op *op, bool *flush_all)
{
	unsigned index, level = op->level ? op->level : 1;
	enum abi_error e;
	bool flush = false;
	mfn_t table;

	if (level > 4)
		return HC_EINVAL;
	e = mmu_walk(&world, v->root, op->address, level, &table, &index);
	if (e == HC_OK)
		e = mmu_set_entry(&world, v->domain, table, index, op->value, &flush);
	if (flush && level == 1 && v->domain->vcpu_count == 1)
		invlpg(op->address);
	else
		*flush_all |= flush;
	return e;
}

static enum abi_error flush_range(const struct vcpu *v, uint64_t va, uint64_t pages, bool *flush_all)
{
	if (va >= GUEST_TOP || pages > align_up(GUEST_TOP - va, PAGE_SIZE) / PAGE_SIZE)
		return HC_EADDRESS;
	/* Another vCPU of the domain may know them on another CPU. */
	*flush_all |= pages >= FLUSH_ALL_PAGES || v->domain->vcpu_count > 1;
	for (uint64_t i = 0; i < pages && pages < FLUSH_ALL_PAGES; i++)
		invlpg(va + i * PAGE_SIZE);
	return HC_OK;
}

/* Operations that any domain's tables may undergo, by itself or by its builder. */
static enum abi_error on_tables(struct domain *d, const struct mmu_op *op, bool *flush)
{
	switch (op->op) {
	case MMU_UPDATE:
		if (op->address > TABLE_ENTRIES - 1)
			return HC_EADDRESS;
		return mmu_set_entry(&world, d, op->mfn, (unsigned)op->address, op->value, flush);
	case MMU_PIN:
		if (op->value < 1 || op->value > 4)
			return HC_EINVAL;
		return mmu_pin(&world, d, op->mfn, (unsigned)op->value);
	case MMU_UNPIN: *flush = true; return mmu_unpin(&world, d, op->mfn);
	default: return HC_EINVAL;
	}
}

/* Operations on the address space that @v runs in. */
static enum abi_error on_space(struct vcpu *v, const struct mmu_op *op, bool *flush)
{
	switch (op->op) {
	case MMU_UPDATE_VA: return update_va(v, op, flush);
	case MMU_BASE: return switch_base(v, op->mfn);
	case MMU_FLUSH: *flush |= op->value != 0; return op->value ? HC_OK : flush_range(v, op->address, 1, flush);
	case MMU_FLUSH_RANGE: return flush_range(v, op->address, op->value, flush);
	default: return on_tables(v->domain, op, flush);
	}
}

/* A batch on @d; @v: on the address space it runs in, too. */
static int64_t batch(struct domain *d, struct vcpu *v, guest_va_t ops, uint32_t count, guest_va_t done)
{
	uint64_t start = world_work(&world);
	enum abi_error e = HC_OK;
	bool flush = false;
	uint32_t i;

	if (count > MMU_OPS_MAX)
		return -HC_EINVAL;
	for (i = 0; i < count; i++) {
		struct mmu_op op;

		if (world_work(&world) - start > BATCH_WORK)
			e = HC_EAGAIN;
		else if (!copy_from_guest(&op, guest_va(ops.v + i * sizeof op), sizeof op))
			e = HC_EFAULT;
		else if (op.level && op.op != MMU_UPDATE_VA)
			e = HC_EINVAL;
		else
			WITH_FLUSH(e, v ? on_space(v, &op, &flush) : on_tables(d, &op, &flush));
		if (e != HC_OK)
			break;
	}
	if (flush)
		tlb_flush_all();
	if (!copy_to_guest(done, &i, sizeof i) && e == HC_OK)
		e = HC_EFAULT;
	return -(int64_t)e;
}

int64_t do_mmu_update(struct vcpu *v, guest_va_t ops, uint32_t count, guest_va_t done)
{
	return batch(v->domain, v, ops, count, done);
}

int64_t do_domain_mmu(struct vcpu *v, struct domain *d, guest_va_t ops, uint32_t count, guest_va_t done)
{
	return batch(d, NULL, ops, count, done);
}

int64_t do_mmu_seal(struct vcpu *v)
{
	v->domain->sealed = 1;
	return 0;
}
