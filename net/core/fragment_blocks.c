/* SPDX-License-Identifier: BSD-2-Clause */
#include "fragment_blocks.h"

#include <string.h>

#include <base/bits.h>

void fragment_blocks_chain(struct fragment_block *blocks)
{
	for (uint16_t i = 0; i < FRAGMENT_BLOCK_COUNT; i++)
		blocks[i].next = i + 1u < FRAGMENT_BLOCK_COUNT ? (uint16_t)(i + 1) : FRAGMENT_NONE;
}

/* The bytes from @from on of the fragment that begins with @block, as far as they stand together, of at most *@len. */
static uint8_t *bytes_at(struct fragment_block *blocks, uint16_t block, uint32_t from, uint32_t *len)
{
	for (; from >= FRAGMENT_BLOCK_BYTES; from -= FRAGMENT_BLOCK_BYTES)
		block = blocks[block].next;
	*len = MIN(*len, FRAGMENT_BLOCK_BYTES - from);
	return blocks[block].bytes + from;
}

void fragment_bytes_write(struct fragment_block *blocks, uint16_t block, uint32_t from, const uint8_t *bytes,
			  uint32_t len)
{
	for (uint32_t done = 0, step; done < len; done += step) {
		uint8_t *to;

		step = len - done;
		to = bytes_at(blocks, block, from + done, &step);
		memcpy(to, bytes + done, step);
	}
}

void fragment_bytes_read(struct fragment_block *blocks, uint16_t block, uint32_t from, uint8_t *bytes, uint32_t len)
{
	for (uint32_t done = 0, step; done < len; done += step) {
		const uint8_t *here;

		step = len - done;
		here = bytes_at(blocks, block, from + done, &step);
		memcpy(bytes + done, here, step);
	}
}

bool fragment_bytes_equal(struct fragment_block *blocks, uint16_t block, const struct fragment_part *part)
{
	const struct fragment_block *b = &blocks[block];

	if (b->offset != part->offset || b->len != part->len)
		return false;
	for (uint32_t done = 0, step; done < part->len; done += step) {
		const uint8_t *here;

		step = part->len - done;
		here = bytes_at(blocks, block, b->head_len + done, &step);
		if (memcmp(here, part->data + done, step) != 0)
			return false;
	}
	return true;
}
