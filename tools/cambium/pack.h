/* SPDX-License-Identifier: BSD-2-Clause */
/* Packing for a slow line (abi/manage.h, MANAGE_PACKED). */
#ifndef CAMBIUM_TOOLS_PACK_H
#define CAMBIUM_TOOLS_PACK_H

#include <abi/manage.h>
#include <stddef.h>

/* Packs the next piece of the @len bytes at @bytes, from *@at on, which moves on, into @out; how many it is. */
uint32_t pack_piece(const uint8_t *bytes, size_t len, size_t *at, uint8_t out[MANAGE_DATA_MAX]);

#endif
