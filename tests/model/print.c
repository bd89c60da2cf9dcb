/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations in words. */
#include "model.h"

static const char *const entry_names[] = {
	[ENTRY_NONE] = "nothing",
	[ENTRY_RO] = "read-only",
	[ENTRY_RW] = "writable",
	[ENTRY_TEXT] = "text",
	[ENTRY_LINK] = "link",
	[ENTRY_RUN] = "writable run",
	[ENTRY_RUN_RO] = "read-only run",
	[ENTRY_RUN_TEXT] = "executable run",
	[ENTRY_WX] = "writable text",
	[ENTRY_GLOBAL] = "global",
	[ENTRY_SUPERVISOR] = "supervisor",
	[ENTRY_GRANT] = "grant bit",
	[ENTRY_ABSENT] = "absent, not zero",
};

static const char *const op_names[] = {
	[OP_ALLOC] = "alloc",
	[OP_ALLOC_RUN] = "alloc_run",
	[OP_GIVE_BACK] = "give_back",
	[OP_PIN] = "pin",
	[OP_UNPIN] = "unpin",
	[OP_SET] = "set_entry",
	[OP_WRITE] = "guest writes",
	[OP_BASE] = "base",
	[OP_SEAL] = "seal",
	[OP_FLUSH] = "flush of every CPU",
	[OP_SWITCH] = "CPU loads",
	[OP_OFFER] = "grant_offer",
	[OP_REVOKE] = "grant_revoke",
	[OP_MAP] = "grant_map",
	[OP_UNMAP] = "grant_unmap",
	[OP_ACCEPT] = "grant_accept",
	[OP_COPY] = "grant_copy",
	[OP_POPULATE] = "image_populate",
	[OP_IMAGE_WRITE] = "image_write",
	[OP_IMAGE_SEAL] = "image_seal",
	[OP_ATTACH] = "image_attach",
	[OP_DROP] = "image_drop",
	[OP_TARGET] = "set_target",
	[OP_SCRUB] = "scrub_ahead",
	[OP_GROW] = "grow the grant table",
	[OP_DMA_ENTER] = "dma_enter",
	[OP_DMA_LEAVE] = "dma_leave",
	[OP_DMA_FLUSH] = "flush of the IOTLB",
	[OP_END] = "end",
	[OP_RELEASE] = "release",
};

void op_print(const struct op *o, char *text, size_t size)
{
	const char *name = op_names[o->kind], *entry = o->how < ARRAY_SIZE(entry_names) ? entry_names[o->how] : "?";

	switch (o->kind) {
	case OP_SET:
		snprintf(text, size, "domain %u: %s, table %u [%u] = %s of %u", o->who, name, o->frame, o->at, entry,
			 o->on);
		break;
	case OP_WRITE: snprintf(text, size, "%s frame %u [%u] = %s of %u", name, o->frame, o->at, entry, o->on); break;
	case OP_SWITCH: snprintf(text, size, "CPU %u loads domain %u", o->at, o->who); break;
	case OP_FLUSH: snprintf(text, size, "%s%s", name, o->at ? " alone" : ""); break;
	case OP_DMA_FLUSH: snprintf(text, size, "%s", name); break;
	default:
		snprintf(text, size, "domain %u: %s, frame %u, at %u, how %u, on %u", o->who, name, o->frame, o->at,
			 o->how, o->on);
		break;
	}
}
