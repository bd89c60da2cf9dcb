/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls of a builder: making, controlling and examining domains. None maps another domain's memory. */
#include "calls.h"
#include "core/domain.h"
#include "core/frame.h"
#include "core/grant.h"
#include "core/mmu.h"
#include "device.h"
#include "pci.h"
#include "run.h"

#include <string.h>

struct domain *call_target(struct vcpu *v, uint32_t domid, int64_t *error)
{
	struct domain *d = domid == DOMID_SELF ? v->domain : domain_find(&world, domid);

	*error = !(v->domain->capabilities & CAP_DOMAIN) ? -HC_EPERM : d ? 0 : -HC_ENODOM;
	return *error ? NULL : d;
}

struct domain *call_target_in(struct vcpu *v, uint32_t domid, uint32_t state, int64_t *error)
{
	struct domain *d = call_target(v, domid, error);

	if (!d || d->state == state)
		return d;
	*error = -HC_ESTATE;
	return NULL;
}

int64_t do_domain_create(struct vcpu *v, guest_va_t create)
{
	struct domain_create c;
	struct domain *d = NULL;
	enum abi_error e;

	if (!copy_from_guest(&c, create, sizeof c))
		return -HC_EFAULT;
	if (c.capabilities & ~v->domain->capabilities)
		return -HC_EPERM;
	if (!c.slot)
		return -HC_EINVAL;
	WITH_FLUSH(e, domain_create(&world, &c, &d));
	return e == HC_OK ? (int64_t)d->id : -(int64_t)e;
}

int64_t do_domain_populate(struct vcpu *v, uint32_t domid, guest_va_t mfns, uint32_t count)
{
	int64_t error;
	struct domain *d = call_target_in(v, domid, DOMAIN_CONSTRUCTION, &error);

	return d ? call_populate(d, 0, false, mfns, count) : error;
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

int64_t do_domain_write(struct vcpu *v, guest_va_t copy)
{
	struct domain_copy c;
	struct domain *d;
	int64_t error;

	if (!copy_from_guest(&c, copy, sizeof c))
		return -HC_EFAULT;
	d = call_target_in(v, c.domid, DOMAIN_CONSTRUCTION, &error);
	if (!d)
		return error;
	return copy_valid(d, &c) ? call_write(&c) : -HC_EINVAL;
}

int64_t do_domain_read(struct vcpu *v, guest_va_t copy)
{
	struct domain_copy c;
	struct domain *d;
	int64_t error;

	if (!copy_from_guest(&c, copy, sizeof c))
		return -HC_EFAULT;
	d = call_target(v, c.domid, &error);
	if (!d)
		return error;
	if (d->state != DOMAIN_PAUSED && d->state != DOMAIN_DEAD)
		return -HC_ESTATE;
	if (!copy_valid(d, &c))
		return -HC_EINVAL;
	return copy_to_guest(guest_va(c.buffer), (uint8_t *)world_page(&world, c.mfn) + c.offset, c.len) ? 0
													 : -HC_EFAULT;
}

int64_t do_domain_vcpu_setup(struct vcpu *v, guest_va_t vcpu)
{
	struct domain_vcpu s;
	struct domain *d;
	enum abi_error e;
	int64_t error;

	if (!copy_from_guest(&s, vcpu, sizeof s))
		return -HC_EFAULT;
	d = call_target_in(v, s.domid, DOMAIN_CONSTRUCTION, &error);
	if (!d)
		return error;
	if (s.vcpu != 0 || d->vcpu.root)
		return -HC_EINVAL;
	if (s.entry >= GUEST_TOP || s.stack > GUEST_TOP)
		return -HC_EADDRESS;
	e = mmu_link(&world, d, s.root, 4);
	if (e != HC_OK)
		return -(int64_t)e;
	vcpu_prepare(&d->vcpu, s.root, s.entry, s.stack, s.argument);
	return 0;
}

int64_t do_domain_start(struct vcpu *v, uint32_t domid)
{
	int64_t error;
	struct domain *d = call_target_in(v, domid, DOMAIN_CONSTRUCTION, &error);

	if (!d)
		return error;
	if (!d->vcpu.root)
		return -HC_ESTATE;
	if (grant_any_mapped(d))
		return -HC_EBUSY;
	d->state = DOMAIN_RUNNING;
	run_start(d);
	return 0;
}

int64_t do_domain_pause(struct vcpu *v, uint32_t domid)
{
	int64_t error;
	struct domain *d = call_target_in(v, domid, DOMAIN_RUNNING, &error);

	if (!d)
		return error;
	if (d == v->domain)
		return -HC_EINVAL;
	run_stop(d);
	d->state = DOMAIN_PAUSED;
	d->has_frame = 1;
	return 0;
}

int64_t do_domain_unpause(struct vcpu *v, uint32_t domid)
{
	int64_t error;
	struct domain *d = call_target_in(v, domid, DOMAIN_PAUSED, &error);

	if (!d)
		return error;
	d->state = DOMAIN_RUNNING;
	d->has_frame = 0;
	run_start(d);
	return 0;
}

int64_t do_domain_destroy(struct vcpu *v, uint32_t domid)
{
	int64_t error;
	struct domain *d = call_target(v, domid, &error);

	if (!d)
		return error;
	if (d == v->domain)
		return -HC_EINVAL;
	if (d->state == DOMAIN_DEAD)
		return -HC_ESTATE;
	run_kill(d, REASON_KILLED, 0);
	return 0;
}

int64_t do_domain_release(struct vcpu *v, uint32_t domid)
{
	int64_t error;
	struct domain *d = call_target_in(v, domid, DOMAIN_DEAD, &error);

	return d ? -(int64_t)domain_release(&world, d) : error;
}

int64_t do_domain_info(struct vcpu *v, uint32_t domid, guest_va_t info)
{
	struct domain_info i;
	int64_t error;
	struct domain *d = call_target(v, domid, &error);

	if (!d)
		return error;
	domain_describe(&world, d, &i);
	return copy_to_guest(info, &i, sizeof i) ? 0 : -HC_EFAULT;
}

int64_t do_domain_set_weight(struct vcpu *v, uint32_t domid, uint32_t weight)
{
	int64_t error;
	struct domain *d = call_target(v, domid, &error);

	if (!d)
		return error;
	if (!weight || weight > SCHED_WEIGHT_MAX)
		return -HC_EINVAL;
	d->vcpu.sched.weight = weight;
	return 0;
}

int64_t do_machine_info(struct vcpu *v, guest_va_t info)
{
	struct machine_info i = {
		.frames_total = world.frames_total,
		.frames_free = world.frames_free,
		.frames_hypervisor = world.frames_hypervisor,
		.bundle_frames = world.frames_bundle,
		.domains = world.domain_count,
		.devices = pci_count(),
		.features = world.features,
		.unexpected_interrupts = device_unexpected(),
	};

	(void)v;
	return copy_to_guest(info, &i, sizeof i) ? 0 : -HC_EFAULT;
}
