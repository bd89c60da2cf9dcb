/* SPDX-License-Identifier: BSD-2-Clause */
/* Few enough to be looked through. The sum stays far below 2^31: it is what a text queue holds. */
#include "payers.h"

#include <base/bits.h>

void payers_add(struct payers *p, uint32_t domid, uint32_t bytes)
{
	uint32_t i = 0;

	while (i < p->count && p->domids[i] != domid)
		i++;
	if (i == p->count && domid != DOMID_NONE && p->count >= PAYERS_MAX - 1) {
		payers_add(p, DOMID_NONE, bytes);
		return;
	}
	if (!bytes)
		return;
	if (i == p->count) {
		p->domids[i] = domid;
		p->bytes[i] = 0;
		p->count++;
	}
	p->bytes[i] += bytes;
}

void payers_sent(struct payers *p, uint32_t bytes)
{
	uint64_t all = 0, upto = 0, taken = 0;
	uint32_t left = 0;

	for (uint32_t i = 0; i < p->count; i++)
		all += p->bytes[i];
	bytes = (uint32_t)MIN(bytes, all);
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t had = p->bytes[i], part;

		upto += had;
		part = (uint32_t)(upto * bytes / all - taken);
		taken += part;
		if (part == had)
			continue;
		p->domids[left] = p->domids[i];
		p->bytes[left++] = had - part;
	}
	p->count = left;
}
