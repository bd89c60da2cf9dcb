/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for received packets: private copies, so that nothing that the back end does later to the shared pool can
 * change a header after it was checked, and so that unread data never holds a shared buffer.
 *
 * A few sizes, each a list of free blocks that grows from the heap up to its limit and is reused from the top, where the
 * cache is warm. The two long ones are for units.
 */
#include <lwip/pbuf.h>
#include <stdlib.h>

#include "rx_pool.h"

struct rx_size {
	uint32_t bytes;
	uint32_t limit;
	uint32_t count; /* blocks that exist */
	struct rx_block *free;
};

struct rx_block {
	struct pbuf_custom pbuf; /* first: lwIP gives back the address of this */
	struct rx_size *size;
	struct rx_block *next;
	_Alignas(16) unsigned char bytes[];
};

static struct rx_size rx_sizes[] = {
	{.bytes = 256, .limit = 1024},
	{.bytes = 1536, .limit = 1024},
	{.bytes = 16384, .limit = 128},
	{.bytes = 65535, .limit = 64},
};

static void block_free(struct pbuf *p)
{
	struct rx_block *block = (struct rx_block *)(void *)p;

	block->next = block->size->free;
	block->size->free = block;
}

static struct rx_block *block_get(struct rx_size *size)
{
	struct rx_block *block = size->free;

	if (block != NULL) {
		size->free = block->next;
		return block;
	}
	if (size->count == size->limit)
		return NULL;
	block = malloc(sizeof(*block) + size->bytes);
	if (block == NULL)
		return NULL;
	size->count++;
	block->size = size;
	block->pbuf.custom_free_function = block_free;
	return block;
}

struct pbuf *rx_pool_alloc(uint32_t len)
{
	struct rx_block *block;
	struct rx_size *size = NULL;

	for (unsigned i = 0; i < sizeof(rx_sizes) / sizeof(rx_sizes[0]) && size == NULL; i++)
		if (len <= rx_sizes[i].bytes)
			size = &rx_sizes[i];
	block = size != NULL ? block_get(size) : NULL;
	if (block == NULL)
		return NULL;
	return pbuf_alloced_custom(PBUF_RAW, (u16_t)len, PBUF_REF, &block->pbuf, block->bytes, (u16_t)size->bytes);
}
