/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls about vCPUs: switching them on and off, what they have used, and what share of the CPUs they get. */
#include "calls.h"
#include "core/mmu.h"
#include "vcpu.h"
#include "x86.h"

#include <string.h>

int64_t do_vcpu_set_base(struct vcpu *v, uint32_t which, uint64_t base)
{
	if (which > 1)
		return -HC_EINVAL;
	if (base >= GUEST_TOP)
		return -HC_EADDRESS;
	wrmsr(which == 0 ? MSR_FS_BASE : MSR_GS_BASE, base);
	return 0;
}

int64_t do_vcpu_start(struct vcpu *v, uint32_t vcpu, const struct vcpu_start *start)
{
	struct vcpu *other;
	enum abi_error e;
	mfn_t old;

	if (vcpu >= v->domain->vcpu_count)
		return -HC_EINVAL;
	other = domain_vcpu(v->domain, vcpu);
	if (other->state != VCPU_OFF)
		return -HC_EBUSY;
	if (start->entry >= GUEST_TOP || start->stack > GUEST_TOP)
		return -HC_EADDRESS;
	e = mmu_link(&world, v->domain, v->root, 4);
	if (e != HC_OK)
		return -(int64_t)e;
	old = other->root;
	memset(other->fpu, 0, PAGE_SIZE);
	other->upcall = other->exception = other->exception_stack = other->in_exception = 0;
	vcpu_prepare(other, v->root, start->entry, start->stack, start->argument);
	if (old)
		mmu_unlink(&world, old);
	vcpus_start(v->domain);
	return 0;
}

int64_t do_vcpu_stop(struct vcpu *v)
{
	const struct vcpu *other;
	uint32_t on = 0;

	EACH_VCPU(other, v->domain)
	on += other->state != VCPU_OFF;
	if (on == 1)
		return -HC_EBUSY;
	vcpu_off(v);
	return 0;
}

int64_t do_vcpu_times(struct vcpu *v, struct domain *d, uint32_t vcpu, struct vcpu_times *times)
{
	if (vcpu >= d->vcpu_count)
		return -HC_EINVAL;
	vcpu_times_now(domain_vcpu(d, vcpu), times);
	return 0;
}

int64_t do_domain_schedule(struct vcpu *v, struct domain *d, const struct domain_schedule *schedule)
{
	return -(int64_t)vcpus_schedule(d, schedule);
}

int64_t do_domain_set_weight(struct vcpu *v, struct domain *d, uint32_t weight)
{
	const struct bvt_entity *e = &d->vcpu.sched;
	struct domain_schedule s = {.weight = weight,
				    .cap = e->cap,
				    .warp = e->warp.value,
				    .warp_limit = e->warp.limit,
				    .unwarp = e->warp.unwarp,
				    .cpus = e->affinity};

	return vcpus_schedule(d, &s) == HC_OK ? 0 : -HC_EINVAL;
}

int64_t do_domain_link(struct vcpu *v, struct domain *backend, struct domain *front)
{
	backend->links[DOMID_SLOT(front->id) / 64] |= 1ull << DOMID_SLOT(front->id) % 64;
	return 0;
}
