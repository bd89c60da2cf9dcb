/* SPDX-License-Identifier: BSD-2-Clause */
/* What a door hands over, under suspicion: the boot information (abi/boot.h) and the bundle (abi/bundle.h). */
#pragma once

#include <abi/boot.h>
#include <abi/bundle.h>
#include <stdbool.h>

/*
 * Why @b cannot be used by an image that takes @image_bytes of memory; NULL: it can. Then its texts end, its counts are at
 * most the lengths of their arrays, the map's ranges ascend without overlap below BOOT_MEMORY_TOP, none crosses
 * BOOT_LOW_END, and the map marks all of the image and of the bundle, both above that and below 4 GiB.
 */
const char *boot_fault(const struct boot_info *b, uint64_t image_bytes);

/* The highest frame number of @b's memory (any type but reserved) plus one; 0: it has none. */
uint64_t boot_memory_end(const struct boot_info *b);

/* Why the control domain cannot be built from the @bytes bytes at @bundle, which is page aligned; NULL: it can. */
const char *boot_bundle_fault(const void *bundle, uint64_t bytes);

/* The control domain's image in a bundle that boot_bundle_fault() finds nothing against. */
const struct bundle_control *boot_control(const void *bundle);
