/* SPDX-License-Identifier: BSD-2-Clause */
/* Guest memory, through checked copies. SMAP is open only around user_copy(). */
#include "uaccess.h"

#include "cpu_features.h"

uint64_t user_copy(void *to, const void *from, uint64_t bytes);

struct fixup {
	uint64_t fault, resume;
};

extern const struct fixup vmm_fixup_start[], vmm_fixup_end[];

uint64_t fixup_find(uint64_t rip)
{
	for (const struct fixup *f = vmm_fixup_start; f < vmm_fixup_end; f++)
		if (f->fault == rip)
			return f->resume;
	return 0;
}

static bool copy(void *to, const void *from, uint64_t bytes)
{
	bool smap = cpu_policy()->smap;
	uint64_t failed;

	if (smap)
		__asm__ volatile("stac" : : : "memory");
	failed = user_copy(to, from, bytes);
	if (smap)
		__asm__ volatile("clac" : : : "memory");
	return !failed;
}

bool copy_from_guest(void *to, guest_va_t from, uint64_t bytes)
{
	return range_within(from.v, bytes, GUEST_TOP) && copy(to, (const void *)from.v, bytes);
}

bool copy_to_guest(guest_va_t to, const void *from, uint64_t bytes)
{
	return range_within(to.v, bytes, GUEST_TOP) && copy((void *)to.v, from, bytes);
}
