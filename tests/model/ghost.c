/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ghost TLBs. A CPU knows at once everything that the vCPU on it can reach, through its root and through tables that it
 * still knows though they were unlinked (the CPU caches links, too), and forgets at its flush alone. A real TLB holds some
 * part of that. Every invariant says that something is not known, and a guest that writes uses one translation at a time:
 * so a violation here is one that the CPU which cached just this translation has, and each one of a CPU shows here.
 */
#include "model.h"

#include <string.h>

#include <vmm/core/frame.h>

static void see_leaf(const struct model *m, uint64_t e, mfn_t count, uint8_t *known)
{
	for (mfn_t f = (e & PTE_FRAME) >> PAGE_SHIFT; count--; f++)
		if (frame_is_ram(&m->w, f))
			known[f] |= e & PTE_W    ? KNOWN_WRITE | KNOWN_READ
				    : e & PTE_NX ? KNOWN_READ
						 : KNOWN_EXEC | KNOWN_READ;
}

static void see_entry(const struct model *m, unsigned level, uint64_t e, uint8_t *known)
{
	mfn_t f = (e & PTE_FRAME) >> PAGE_SHIFT;

	if (!(e & PTE_P) || !(e & PTE_U))
		return;
	if (level == 1)
		see_leaf(m, e, 1, known);
	else if (level == 2 && (e & PTE_PS))
		see_leaf(m, e, RUN_FRAMES, known);
	else if (frame_is_ram(&m->w, f))
		known[f] |= (uint8_t)KNOWN_TABLE(level - 1);
}

/* Follows what is known from the top down. */
static void close(const struct model *m, uint8_t *known)
{
	for (unsigned level = 4; level; level--)
		for (mfn_t f = 0; f < m->w.frame_limit; f++)
			for (unsigned i = 0;
			     (known[f] & KNOWN_TABLE(level)) && i < (level == 4 ? TABLE_GUEST : TABLE_ENTRIES); i++)
				see_entry(m, level, model_words(m, f)[i], known);
}

void ghost_reach(const struct model *m, unsigned c, uint8_t known[MODEL_FRAMES])
{
	const struct domain *d = m->cpus[c].runs ? m->w.domains[m->cpus[c].runs] : NULL;

	memset(known, 0, MODEL_FRAMES);
	if (!d)
		return;
	known[d->vcpu.root] = KNOWN_TABLE(4);
	close(m, known);
}

void ghost_fill(struct model *m)
{
	for (unsigned c = 0; c < MODEL_CPUS; c++) {
		const struct domain *d = m->cpus[c].runs ? m->w.domains[m->cpus[c].runs] : NULL;

		if (d) {
			m->cpus[c].known[d->vcpu.root] |= KNOWN_TABLE(4);
			close(m, m->cpus[c].known);
		}
	}
}

void ghost_flush(struct model *m, unsigned c)
{
	frame_flushed(&m->w, c);
	memset(m->cpus[c].known, 0, sizeof m->cpus[c].known);
	ghost_fill(m);
}

void ghost_flush_cpus(struct model *m)
{
	for (unsigned c = 0; c < MODEL_CPUS; c++)
		ghost_flush(m, c);
}

void ghost_flush_all(struct model *m)
{
	if (m->w.dma_stale)
		devices_flush(m);
	ghost_flush_cpus(m);
}
