/* SPDX-License-Identifier: BSD-2-Clause */
/* Grant mappings in the window. A range that needs several hypercalls is all or nothing here too. */
#include <cambium/grant.h>
#include <cambium/hypercall.h>
#include <cambium/mem.h>

#include "runtime.h"

static void unmap(uint64_t va, size_t count)
{
	for (size_t at = 0; at < count; at += GRANT_MAP_MAX)
		hc_grant_unmap(va + at * PAGE_SIZE, (uint32_t)MIN(count - at, GRANT_MAP_MAX));
}

void *grant_map_range(uint32_t granter, uint32_t first, size_t count, bool readonly, uint64_t *mfns, int64_t *error)
{
	uint64_t va = window_alloc(count);
	int64_t result = va ? 0 : -HC_ENOMEM;
	size_t at = 0;

	while (result >= 0 && at < count) {
		struct grant_map map = {
			.granter = granter,
			.first = first + (uint32_t)at,
			.count = (uint32_t)MIN(count - at, GRANT_MAP_MAX),
			.flags = readonly ? GRANT_READONLY : 0,
			.va = va + at * PAGE_SIZE,
			.mfns = mfns ? (uintptr_t)(mfns + at) : 0,
		};

		result = hc_grant_map(&map);
		if (result >= 0)
			at += map.count;
	}
	if (error)
		*error = result < 0 ? result : 0;
	if (result >= 0)
		return (void *)(uintptr_t)va;
	unmap(va, at);
	if (va)
		window_free(va, count);
	return NULL;
}

void grant_unmap_range(void *va, size_t count)
{
	unmap((uintptr_t)va, count);
	window_free((uintptr_t)va, count);
}

int64_t grant_offer_range(uint32_t peer, const void *va, size_t count, bool readonly)
{
	uint64_t mfns[GRANT_OFFER_MAX];
	struct grant_offer offer = {
		.peer = peer,
		.flags = readonly ? GRANT_READONLY : 0,
		.count = (uint32_t)count,
		.mfns = (uintptr_t)mfns,
	};

	if (!count || count > GRANT_OFFER_MAX)
		return -HC_EINVAL;
	for (size_t i = 0; i < count; i++)
		mfns[i] = pages_mfn((const char *)va + i * PAGE_SIZE);
	return hc_grant_offer(DOMID_SELF, &offer);
}
