/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls of a builder: making, controlling and examining domains. None maps another domain's memory. */
#include "calls.h"
#include "core/domain.h"
#include "core/frame.h"
#include "core/grant.h"
#include "core/mmu.h"
#include "vcpu.h"

#include <string.h>

int64_t do_domain_create(struct vcpu *v, const struct domain_create *create)
{
	struct domain *d = NULL;
	enum abi_error e;

	if (create->capabilities & ~v->domain->capabilities)
		return -HC_EPERM;
	if (!create->slot)
		return -HC_EINVAL;
	WITH_FLUSH(e, domain_create(&world, create, &d));
	if (e != HC_OK)
		return -(int64_t)e;
	d->builder = v->domain->id;
	vcpus_attach(d);
	CHECK(vcpus_schedule(d, &(struct domain_schedule){.weight = create->weight, .cpus = UINT64_MAX}) == HC_OK);
	return d->id;
}

int64_t do_domain_populate(struct vcpu *v, struct domain *d, guest_va_t mfns, uint32_t count)
{
	return call_populate(d, 0, false, mfns, count);
}

static bool copy_valid(const struct domain *d, const struct domain_copy *c)
{
	return c->reserved0 == 0 && range_within(c->offset, c->len, PAGE_SIZE) && frame_is_ram(&world, c->mfn) &&
	       world.frames[c->mfn].owner == d->id;
}

int64_t call_write(const struct domain_copy *c)
{
	uint8_t bounce[PAGE_SIZE];
	enum abi_error e;

	if (!copy_from_guest(bounce, guest_va(c->buffer), c->len))
		return -HC_EFAULT;
	WITH_FLUSH(e, frame_get_type(&world, c->mfn, FRAME_WRITABLE));
	if (e != HC_OK)
		return -(int64_t)e;
	memcpy((uint8_t *)world_page(&world, c->mfn) + c->offset, bounce, c->len);
	frame_put_type(&world, c->mfn);
	return 0;
}

int64_t do_domain_write(struct vcpu *v, struct domain *d, const struct domain_copy *copy)
{
	return copy_valid(d, copy) ? call_write(copy) : -HC_EINVAL;
}

int64_t do_domain_read(struct vcpu *v, struct domain *d, const struct domain_copy *copy)
{
	if (!copy_valid(d, copy))
		return -HC_EINVAL;
	return copy_to_guest(guest_va(copy->buffer), (uint8_t *)world_page(&world, copy->mfn) + copy->offset, copy->len)
		       ? 0
		       : -HC_EFAULT;
}

int64_t do_domain_vcpu_setup(struct vcpu *v, struct domain *d, const struct domain_vcpu *vcpu)
{
	enum abi_error e;

	if (vcpu->vcpu != 0 || d->vcpu.root)
		return -HC_EINVAL;
	if (vcpu->entry >= GUEST_TOP || vcpu->stack > GUEST_TOP)
		return -HC_EADDRESS;
	e = mmu_link(&world, d, vcpu->root, 4);
	if (e == HC_OK)
		vcpu_prepare(&d->vcpu, vcpu->root, vcpu->entry, vcpu->stack, vcpu->argument);
	return -(int64_t)e;
}

int64_t do_domain_start(struct vcpu *v, struct domain *d)
{
	if (!d->vcpu.root)
		return -HC_ESTATE;
	if (grant_any_mapped(d))
		return -HC_EBUSY;
	d->state = DOMAIN_RUNNING;
	vcpus_start(d);
	return 0;
}

int64_t do_domain_pause(struct vcpu *v, struct domain *d)
{
	if (d == v->domain)
		return -HC_EINVAL;
	d->state = DOMAIN_PAUSED;
	vcpus_stop(d);
	d->has_frame = 1;
	return 0;
}

int64_t do_domain_unpause(struct vcpu *v, struct domain *d)
{
	d->state = DOMAIN_RUNNING;
	d->has_frame = 0;
	vcpus_start(d);
	return 0;
}

int64_t do_domain_destroy(struct vcpu *v, struct domain *d)
{
	if (d == v->domain)
		return -HC_EINVAL;
	domain_kill(d, REASON_KILLED, 0);
	return 0;
}

int64_t do_domain_release(struct vcpu *v, struct domain *d)
{
	return -(int64_t)domain_release(&world, d);
}

int64_t do_domain_info(struct vcpu *v, struct domain *d, struct domain_info *info)
{
	const struct vcpu *each;

	*info = (struct domain_info){
		.domid = d->id,
		.state = d->state,
		.reason = d->reason,
		.code = d->code,
		.shared_mfn = d->shared_mfn,
		.hypercall_mfn = world.stubs_mfn,
		.root_mfn = d->vcpu.root,
		.frames = d->frame_count,
		.max_frames = d->frame_max,
		.ports = d->port_count,
		.grants = d->grant_count,
		.mappings = d->mapping_count,
		.has_frame = d->has_frame,
		.frame = d->has_frame ? d->vcpu.frame : (struct trap_frame){0},
	};
	memcpy(info->name, d->name, sizeof info->name);
	EACH_VCPU(each, d)
	info->run_time += each->sched.time[BVT_RUNNING];
	return 0;
}

int64_t do_domain_at(struct vcpu *v, uint32_t slot, struct domain_place *place)
{
	const struct domain *d = slot < DOMAIN_SLOTS ? world.domains[slot] : NULL;

	if (d)
		*place = (struct domain_place){d->id, d->builder};
	return d ? 0 : -HC_ENODOM;
}

int64_t do_machine_info(struct vcpu *v, struct machine_info *info)
{
	*info = (struct machine_info){
		.frames_total = world.frames_total,
		.frames_free = world.frames_free,
		.frames_hypervisor = world.frames_hypervisor,
		.bundle_frames = world.frames_bundle,
		.domains = world.domain_count,
		.devices = pci_count(),
		.features = world.features,
		.unexpected_interrupts = world.unexpected_interrupts,
	};
	return 0;
}
