/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of fragments, in chains of blocks of one size: headers, where they are kept, and the data behind them. A place is a
 * fragment's first block and how many bytes from its beginning on. For net/core/fragment.c alone.
 */
#ifndef CAMBIUM_NET_CORE_FRAGMENT_BLOCKS_H
#define CAMBIUM_NET_CORE_FRAGMENT_BLOCKS_H

#include "fragment.h"

/* All FRAGMENT_BLOCK_COUNT @blocks become one chain, from 0 on. */
void fragment_blocks_chain(struct fragment_block *blocks);

/* Copies @len bytes, which the chain of @block holds from @from on, there or from there. */
void fragment_bytes_write(struct fragment_block *blocks, uint16_t block, uint32_t from, const uint8_t *bytes,
			  uint32_t len);
void fragment_bytes_read(struct fragment_block *blocks, uint16_t block, uint32_t from, uint8_t *bytes, uint32_t len);

/* Is the fragment that begins with @block where @part is, as long, and of the same data? */
bool fragment_bytes_equal(struct fragment_block *blocks, uint16_t block, const struct fragment_part *part);

#endif
