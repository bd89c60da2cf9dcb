/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls of a builder: images that domains share. */
#include "calls.h"
#include "core/image.h"

int64_t do_image_create(struct vcpu *v)
{
	uint32_t id = 0;
	enum abi_error e = image_create(&world, &id);

	(void)v;
	return e == HC_OK ? (int64_t)id : -(int64_t)e;
}

int64_t do_image_populate(struct vcpu *v, uint32_t image, guest_va_t mfns, uint32_t count, uint32_t flags)
{
	(void)v;
	return flags & ~IMAGE_TEXT ? -HC_EINVAL : call_populate(NULL, image, flags & IMAGE_TEXT, mfns, count);
}

int64_t do_image_write(struct vcpu *v, guest_va_t copy)
{
	struct domain_copy c;

	(void)v;
	if (!copy_from_guest(&c, copy, sizeof c))
		return -HC_EFAULT;
	if (c.reserved0 || !range_within(c.offset, c.len, PAGE_SIZE))
		return -HC_EINVAL;
	return image_writable(&world, c.domid, c.mfn) ? call_write(&c) : -HC_EIMAGE;
}

int64_t do_image_seal(struct vcpu *v, uint32_t image)
{
	(void)v;
	return -(int64_t)image_seal(&world, image);
}

int64_t do_image_drop(struct vcpu *v, uint32_t image)
{
	(void)v;
	return -(int64_t)image_drop(&world, image);
}

int64_t do_image_attach(struct vcpu *v, uint32_t domid, uint32_t image)
{
	int64_t error;
	struct domain *d = call_target_in(v, domid, DOMAIN_CONSTRUCTION, &error);

	return d ? -(int64_t)image_attach(&world, d, image) : error;
}
