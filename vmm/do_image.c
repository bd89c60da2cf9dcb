/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls of a builder: images that domains share. */
#include "calls.h"
#include "core/image.h"

int64_t do_image_create(struct vcpu *v)
{
	uint32_t id = 0;
	enum abi_error e = image_create(&world, &id);

	return e == HC_OK ? (int64_t)id : -(int64_t)e;
}

int64_t do_image_populate(struct vcpu *v, uint32_t image, guest_va_t mfns, uint32_t count, uint32_t flags)
{
	return flags & ~IMAGE_TEXT ? -HC_EINVAL : call_populate(NULL, image, flags & IMAGE_TEXT, mfns, count);
}

int64_t do_image_write(struct vcpu *v, const struct domain_copy *copy)
{
	if (copy->reserved0 || !range_within(copy->offset, copy->len, PAGE_SIZE))
		return -HC_EINVAL;
	return image_writable(&world, copy->domid, copy->mfn) ? call_write(copy) : -HC_EIMAGE;
}

int64_t do_image_seal(struct vcpu *v, uint32_t image)
{
	return -(int64_t)image_seal(&world, image);
}

int64_t do_image_drop(struct vcpu *v, uint32_t image)
{
	return -(int64_t)image_drop(&world, image);
}

int64_t do_image_attach(struct vcpu *v, struct domain *d, uint32_t image)
{
	return -(int64_t)image_attach(&world, d, image);
}
