/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls of a builder: images that domains share. */
#include "calls.h"
#include "core/frame.h"
#include "core/image.h"

#include <string.h>

static bool builder(const struct vcpu *v)
{
	return v->domain->capabilities & CAP_DOMAIN;
}

int64_t do_image_create(struct vcpu *v)
{
	uint32_t id = 0;
	enum abi_error e = builder(v) ? image_create(&world, &id) : HC_EPERM;

	return e == HC_OK ? (int64_t)id : -(int64_t)e;
}

int64_t do_image_populate(struct vcpu *v, uint32_t image, guest_va_t mfns, uint32_t count, uint32_t flags)
{
	uint64_t list[POPULATE_MAX];
	enum abi_error e = HC_OK;
	uint32_t n = 0;

	if (!builder(v))
		return -HC_EPERM;
	if (!count || count > POPULATE_MAX || (flags & ~IMAGE_TEXT))
		return -HC_EINVAL;
	while (n < count && e == HC_OK) {
		WITH_FLUSH(e, image_populate(&world, image, flags & IMAGE_TEXT, &list[n]));
		n += e == HC_OK;
	}
	if (n && copy_to_guest(mfns, list, n * sizeof list[0]))
		return n;
	for (uint32_t i = 0; i < n; i++)
		frame_disown_image(&world, world.frames[list[i]].owner, list[i]);
	return n ? -HC_EFAULT : -(int64_t)e;
}

int64_t do_image_write(struct vcpu *v, guest_va_t copy)
{
	uint8_t bounce[PAGE_SIZE];
	struct domain_copy c;

	if (!builder(v))
		return -HC_EPERM;
	if (!copy_from_guest(&c, copy, sizeof c))
		return -HC_EFAULT;
	if (c.reserved0 || !range_within(c.offset, c.len, PAGE_SIZE))
		return -HC_EINVAL;
	if (!image_writable(&world, c.domid, c.mfn))
		return -HC_EIMAGE;
	if (!copy_from_guest(bounce, guest_va(c.buffer), c.len))
		return -HC_EFAULT;
	/* Nobody else can have a reference to a frame of an image that is not sealed. */
	CHECK(frame_get_type(&world, c.mfn, FRAME_WRITABLE) == HC_OK);
	memcpy((uint8_t *)world_page(&world, c.mfn) + c.offset, bounce, c.len);
	frame_put_type(&world, c.mfn);
	return 0;
}

int64_t do_image_seal(struct vcpu *v, uint32_t image)
{
	return -(int64_t)(builder(v) ? image_seal(&world, image) : HC_EPERM);
}

int64_t do_image_drop(struct vcpu *v, uint32_t image)
{
	return -(int64_t)(builder(v) ? image_drop(&world, image) : HC_EPERM);
}

int64_t do_image_attach(struct vcpu *v, uint32_t domid, uint32_t image)
{
	int64_t error;
	struct domain *d = call_target_in(v, domid, DOMAIN_CONSTRUCTION, &error);

	return d ? -(int64_t)image_attach(&world, d, image) : error;
}
