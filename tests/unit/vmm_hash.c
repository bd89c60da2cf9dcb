/* SPDX-License-Identifier: BSD-2-Clause */
/* What a domain or its builder can observe of the world, as one number: a refusal must not change it. */
#include "vmm_ghost.h"

#include <string.h>

static void mix(uint64_t *h, const void *bytes, size_t n)
{
	uint64_t v;

	for (size_t i = 0; i + 8 <= n; i += 8) {
		memcpy(&v, (const uint8_t *)bytes + i, 8);
		*h = (*h ^ v) * 0x9e3779b97f4a7c15ull;
		*h ^= *h >> 29;
	}
}

static uint64_t dma_sum; /* of tw_dma_each() */

static void mix_dma(struct world *w, const struct domain *d, mfn_t mfn, uint32_t rights)
{
	uint64_t leaf[] = {d->id, rights ? mfn : 0, rights};

	(void)w;
	mix(&dma_sum, leaf, sizeof leaf);
}

static void mix_domain(uint64_t *h, const struct domain *d)
{
	uint64_t head[] = {d->id,         d->state,       d->sealed,        d->frame_count,   d->vcpu.root,
			   d->port_count, d->grant_count, d->mapping_count, d->vcpu.state,    d->release_step,
			   d->image,      d->table_count, d->frame_target,  d->frame_reserve, d->release_at};

	mix(h, head, sizeof head);
	mix(h, d->vcpu.virq_port, sizeof d->vcpu.virq_port);
	for (uint32_t n = 0; n < EVENT_PORT_MAX; n++)
		if (event_port(d, n))
			mix(h, event_port(d, n), sizeof(struct port));
	for (uint32_t r = 0; r < GRANT_MAX; r++) {
		const struct grant *g = d->grants[r / GRANTS_PER_PAGE];
		if (g && g[r % GRANTS_PER_PAGE].peer != DOMID_NONE)
			mix(h, &g[r % GRANTS_PER_PAGE], sizeof *g);
	}
}

uint64_t tw_hash(const struct world *w)
{
	uint64_t h = 1;

	mix(&h, w->generations, sizeof w->generations);
	mix(&h, w->images, sizeof w->images);
	mix(&h, &w->frames_promised, sizeof w->frames_promised);
	for (unsigned s = 0; s < DOMAIN_SLOTS; s++)
		if (w->domains[s]) {
			mix_domain(&h, w->domains[s]);
			dma_sum = h;
			/* It only looks. */
			tw_dma_each((struct world *)(uintptr_t)w, w->domains[s], mix_dma);
			h = dma_sum;
		}
	for (mfn_t m = 0; m < w->frame_limit; m++) {
		const struct frame *f = &w->frames[m];
		uint64_t head[] = {m, f->owner, f->refs, f->type_count, f->type, f->flags};

		if (f->owner == OWNER_FREE || f->owner == OWNER_NONE || (f->owner == OWNER_HYPERVISOR && f->refs == 1))
			continue;
		mix(&h, head, sizeof head);
		mix(&h, world_page(w, m), PAGE_SIZE);
	}
	return h;
}
