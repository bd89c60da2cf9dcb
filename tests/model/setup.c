/* SPDX-License-Identifier: BSD-2-Clause */
/* Small worlds, built by the cores themselves. */
#include "scenarios.h"

#include <stdlib.h>
#include <string.h>

#include <vmm/core/dma.h>
#include <vmm/core/domain.h>
#include <vmm/core/frame.h>
#include <vmm/core/grant.h>
#include <vmm/core/image.h>
#include <vmm/core/mmu.h>

/* The hypervisor's half of a level-4 table: one entry, supervisor only. */
static const uint64_t upper_half[TABLE_ENTRIES - TABLE_UPPER] = {PTE_P | PTE_W};

static bool io_none(const struct domain *d, mfn_t mfn)
{
	(void)d, (void)mfn;
	return false;
}

static void woken(struct vcpu *v)
{
	(void)v;
}

/* A set-up step must succeed, after a flush where one is asked for. */
#define MUST(m, expression)                                                                                            \
	do {                                                                                                           \
		enum abi_error e_;                                                                                     \
		while ((e_ = (expression)) == CORE_FLUSH_FIRST)                                                        \
			ghost_flush_all(m);                                                                            \
		if (e_ != HC_OK)                                                                                       \
			setup_failed(m, #expression, e_);                                                              \
	} while (0)

static void setup_failed(const struct model *m, const char *what, enum abi_error e)
{
	fprintf(stderr, "model: set-up of %s: %s: %s\n", m->scenario->name, what, abi_error_text(e));
	exit(2);
}

static struct domain *domain(struct model *m, uint32_t slot, uint32_t max)
{
	struct domain_create c = {.name = "model", .slot = slot, .max_pages = max, .weight = 1, .vcpu_count = 1};
	struct domain *d = NULL;

	MUST(m, domain_create(&m->w, &c, &d));
	d->state = DOMAIN_RUNNING;
	return d;
}

static mfn_t frame(struct model *m, struct domain *d)
{
	mfn_t mfn = 0;

	MUST(m, frame_alloc(&m->w, d, &mfn));
	return mfn;
}

/* A tree whose level-1 table maps @data writable at its first entry; the vCPU of @d is on @cpu. */
static void tree(struct model *m, struct domain *d, mfn_t data, unsigned cpu)
{
	uint32_t slot = DOMID_SLOT(d->id);
	mfn_t *t = m->table[slot];

	for (unsigned level = 1; level <= 4; level++) {
		t[level] = frame(m, d);
		model_words(m, t[level])[0] = level == 1 ? op_entry(ENTRY_RW, data)
							 : op_entry(ENTRY_LINK, t[level - 1]);
		MUST(m, mmu_pin(&m->w, d, t[level], level));
	}
	MUST(m, mmu_link(&m->w, d, t[4], 4));
	d->vcpu.root = t[4];
	m->cpus[cpu].runs = (uint8_t)slot;
}

void setup_paging(struct model *m)
{
	struct domain *d = domain(m, 1, 12);

	m->data[0] = frame(m, d);
	m->data[1] = frame(m, d);
	tree(m, d, m->data[0], 0);
	domain(m, 2, 12);
}

void setup_grants(struct model *m)
{
	struct domain *a, *b;
	uint32_t ref;
	mfn_t mfn;
	bool flush;

	setup_paging(m);
	a = model_domain(m, 1);
	b = model_domain(m, 2);
	m->data[2] = frame(m, b);
	tree(m, b, m->data[2], 1);
	MUST(m, mmu_set_entry(&m->w, b, m->table[2][1], 0, 0, &flush));
	/* The pages of the tables of grants and mappings come with their first use. */
	MUST(m, grant_reserve(&m->w, a, 1, &ref));
	MUST(m, grant_offer(&m->w, a, ref, b->id, 0, m->data[1]));
	MUST(m, grant_map(&m->w, b, a, ref, true, m->table[2][1], 0, &mfn));
	MUST(m, grant_unmap(&m->w, b, m->table[2][1], 0));
	MUST(m, grant_revoke(&m->w, a, ref, 1));
}

void setup_death(struct model *m)
{
	struct domain *a, *b;
	mfn_t mfn;

	setup_grants(m);
	a = model_domain(m, 1);
	b = model_domain(m, 2);
	MUST(m, grant_offer(&m->w, a, 1, b->id, 0, m->data[1]));
	MUST(m, grant_offer(&m->w, a, 2, b->id, GRANT_TRANSFER, m->data[0]));
	MUST(m, grant_map(&m->w, b, a, 1, false, m->table[2][1], 0, &mfn));
}

void setup_images(struct model *m)
{
	bool flush;

	setup_grants(m);
	MUST(m, image_create(&m->w, &m->image_id));
	MUST(m, image_populate(&m->w, m->image_id, true, &m->data[3]));
	MUST(m, image_populate(&m->w, m->image_id, false, &m->data[4]));
	m->data[5] = frame(m, model_domain(m, 1));
	MUST(m, mmu_set_entry(&m->w, model_domain(m, 1), m->table[1][1], 1, op_entry(ENTRY_TEXT, m->data[5]), &flush));
}

void setup_memory(struct model *m)
{
	uint32_t ref;

	setup_paging(m);
	MUST(m, grant_reserve(&m->w, model_domain(m, 1), 1, &ref));
	MUST(m, grant_offer(&m->w, model_domain(m, 1), ref, model_domain(m, 2)->id, GRANT_TRANSFER, m->data[1]));
	MUST(m, frame_set_target(&m->w, model_domain(m, 1), 9, 0));
	MUST(m, frame_set_target(&m->w, model_domain(m, 2), 3, 0));
	MUST(m, image_create(&m->w, &m->image_id));
}

void setup_runs(struct model *m)
{
	bool flush;

	setup_paging(m);
	MUST(m, frame_alloc_run(&m->w, model_domain(m, 1), &m->data[2]));
	m->data[3] = m->data[2] + 1;
	m->data[6] = frame(m, model_domain(m, 1));
	model_words(m, m->data[6])[0] = op_entry(ENTRY_RW, m->data[1]);
	model_words(m, m->data[6])[1] = op_entry(ENTRY_GLOBAL, m->data[1]);
	MUST(m, mmu_set_entry(&m->w, model_domain(m, 1), m->table[1][2], 1, op_entry(ENTRY_RUN, m->data[2]), &flush));
}

void setup_devices(struct model *m)
{
	struct domain *b;
	uint32_t ref;

	setup_grants(m);
	b = model_domain(m, 2);
	MUST(m, grant_reserve(&m->w, b, 1, &ref));
	MUST(m, grant_offer(&m->w, model_domain(m, 1), 1, b->id, 0, m->data[1]));
	MUST(m, dma_open(&m->w, b));
	MUST(m, dma_enter(&m->w, b, m->data[2], DMA_READ | DMA_WRITE));
}

void setup_orphans(struct model *m)
{
	mfn_t mfn;

	setup_devices(m);
	MUST(m, grant_map(&m->w, model_domain(m, 2), model_domain(m, 1), 1, GRANT_DMA, m->table[2][1], 0, &mfn));
}

static void remember_pages(struct model *m)
{
	state_kinds(m, m->live);
	for (unsigned slot = 1; slot < MODEL_SLOTS; slot++) {
		m->template[slot] = *model_domain(m, slot);
		m->home[slot] = model_domain(m, slot)->self_mfn;
	}
}

struct model *model_new(const struct scenario *s)
{
	struct model *m = calloc(1, sizeof *m);
	struct world *w;

	if (!m)
		exit(2);
	m->scenario = s;
	w = &m->w;
	w->memory = aligned_alloc(PAGE_SIZE, (size_t)s->frames * PAGE_SIZE);
	if (!w->memory)
		exit(2);
	memset(w->memory, 0x5c, (size_t)s->frames * PAGE_SIZE);
	w->frames = m->frames;
	w->frame_limit = s->frames;
	w->runs = m->runs;
	w->cpu_count = MODEL_CPUS;
	w->stubs_mfn = MODEL_STUBS;
	w->upper_half = upper_half;
	w->wake = woken;
	w->io_allowed = io_none;
	devices_watch(m);
	frame_reserve_boot(w, 0, OWNER_HYPERVISOR);
	frame_reserve_boot(w, MODEL_STUBS, OWNER_STUBS);
	for (mfn_t f = s->frames - 1; f > MODEL_STUBS; f--)
		frame_release_boot(w, f);
	s->setup(m);
	ghost_flush_all(m);
	remember_pages(m);
	return m;
}

void model_free(struct model *m)
{
	free(m->w.memory);
	free(m);
}
