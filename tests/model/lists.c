/* SPDX-License-Identifier: BSD-2-Clause */
/* The lists of frames, which a packed state leaves out: which one a frame is on follows from its owner. */
#include "model.h"

#include <vmm/core/domain.h>

static void list_add(struct model *m, uint32_t *head, uint32_t mfn)
{
	m->frames[mfn].prev = 0;
	m->frames[mfn].next = *head;
	if (*head)
		m->frames[*head].prev = mfn;
	*head = mfn;
}

/* Which list a frame is on follows from its owner. */
void state_lists(struct model *m)
{
	struct world *w = &m->w;

	w->free_list = w->clean_list = w->images[0].frame_list = 0;
	for (unsigned slot = 1; slot < MODEL_SLOTS; slot++)
		if (w->domains[slot])
			w->domains[slot]->frame_list = 0;
	for (uint32_t f = (uint32_t)w->frame_limit - 1; f; f--) {
		struct frame *frame = &m->frames[f];
		struct domain *d = domain_find(w, frame->owner);

		frame->next = frame->prev = 0;
		if (frame->owner == OWNER_FREE)
			list_add(m, frame->flags & FRAME_CLEAN ? &w->clean_list : &w->free_list, f);
		else if (frame->owner == OWNER_IMAGE)
			list_add(m, &w->images[0].frame_list, f);
		else if (d)
			list_add(m, &d->frame_list, f);
	}
}
