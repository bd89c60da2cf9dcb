// SPDX-License-Identifier: BSD-2-Clause
#include "net_fragment_recount.h"

#include <criterion/criterion.h>
#include <string.h>

void fragment_recount(const struct fragment_table *t)
{
	struct fragment_use all = {0, 0}, iface[RULES_IF_COUNT] = {{0, 0}}, source[FRAGMENT_SOURCE_COUNT] = {{0, 0}};
	static bool seen[FRAGMENT_BLOCK_COUNT];
	uint32_t free_count = 0;

	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < FRAGMENT_DATAGRAM_COUNT; i++) {
		const struct fragment_datagram *d = &t->datagrams[i];
		uint32_t blocks = 0, reach = 0, have = 0;

		if (d->state == FRAGMENT_FREE)
			continue;
		for (uint16_t part = d->first; part != FRAGMENT_NONE; part = t->blocks[part].next_part) {
			cr_assert(t->blocks[part].offset >= reach, "sorted, without overlap");
			reach = t->blocks[part].offset + t->blocks[part].len;
			have += t->blocks[part].len;
			for (uint16_t b = part; b != FRAGMENT_NONE; b = t->blocks[b].next) {
				cr_assert(!seen[b]);
				seen[b] = true;
				blocks++;
			}
		}
		cr_assert(d->state != FRAGMENT_REFUSED || blocks == 0);
		cr_assert(blocks == d->block_count && have == d->have);
		all.datagrams++, iface[d->key.in_if].datagrams++, source[d->source].datagrams++;
		all.blocks += blocks, iface[d->key.in_if].blocks += blocks, source[d->source].blocks += blocks;
	}
	for (uint16_t b = t->free; b != FRAGMENT_NONE; b = t->blocks[b].next) {
		cr_assert(!seen[b]);
		seen[b] = true;
		free_count++;
	}
	cr_assert_eq(free_count + all.blocks, FRAGMENT_BLOCK_COUNT, "no block is lost");
	cr_assert(memcmp(&all, &t->all, sizeof(all)) == 0);
	cr_assert(memcmp(iface, t->iface, sizeof(iface)) == 0);
	cr_assert(memcmp(source, t->source, sizeof(source)) == 0);
	for (uint32_t i = 0; i < RULES_IF_COUNT; i++)
		cr_assert(iface[i].datagrams <= FRAGMENT_DATAGRAM_COUNT / 2 &&
			  iface[i].blocks <= FRAGMENT_BLOCK_COUNT / 2);
	for (uint32_t i = 0; i < FRAGMENT_SOURCE_COUNT; i++)
		cr_assert(source[i].datagrams <= FRAGMENT_DATAGRAM_COUNT / 4 &&
			  source[i].blocks <= FRAGMENT_BLOCK_COUNT / 4);
}
