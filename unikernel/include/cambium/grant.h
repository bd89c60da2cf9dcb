/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of another domain, mapped into the window; and our own, offered. */
#ifndef CAMBIUM_GRANT_H
#define CAMBIUM_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Maps @count references of domain @granter from @first on, in one contiguous range of the window. @mfns, when not
 * NULL, gets the @count machine frame numbers. NULL on failure: then nothing is mapped, and *@error (when not NULL) is
 * -HC_x; -HC_ENOMEM when the window is full. */
void *grant_map_range(uint32_t granter, uint32_t first, size_t count, bool readonly, uint64_t *mfns, int64_t *error);

/* Drops the mapping of @count pages at @va that grant_map_range made, and its range of the window. */
void grant_unmap_range(void *va, size_t count);

/* Offers @count pages of memory at @va (page aligned, as for pages_mfn) to @peer. Returns the first of @count
 * consecutive references, or -HC_x. hc_grant_revoke takes them back. At most GRANT_OFFER_MAX pages. */
int64_t grant_offer_range(uint32_t peer, const void *va, size_t count, bool readonly);

#endif
