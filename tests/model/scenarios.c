/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scenarios: from which world, and all operations with all their parameters. What the others own, what is no frame, and
 * every kind of entry that must be refused are among the parameters once each.
 */
#include "scenarios.h"

static void add(struct moves *v, struct op o)
{
	if (v->count == OPS_MAX)
		__builtin_trap();
	v->ops[v->count++] = o;
}

#define ADD(v, ...) add(v, (struct op){__VA_ARGS__})

static uint8_t name(mfn_t f)
{
	return (uint8_t)f;
}

/* Which frames are free changes, so any frame but those of boot may be the one; 0: none is free. */
static void add_takes(const struct model *m, struct moves *v, enum op_kind kind, unsigned who, unsigned how)
{
	for (unsigned f = 0; f < m->w.frame_limit; f++)
		if (f != MODEL_STUBS)
			ADD(v, .kind = (uint8_t)kind, .who = (uint8_t)who, .frame = (uint8_t)f, .how = (uint8_t)how);
}

static void add_each(struct moves *v, enum op_kind kind, unsigned who, const mfn_t *frames, unsigned n, unsigned at)
{
	for (unsigned i = 0; i < n; i++)
		ADD(v, .kind = (uint8_t)kind, .who = (uint8_t)who, .frame = name(frames[i]), .at = (uint8_t)at);
}

/* Sets (@table, @index) to an entry of each of @kinds for each frame. */
static void add_sets(struct moves *v, unsigned who, mfn_t table, unsigned index, const char *kinds, const mfn_t *frames,
		     unsigned n)
{
	ADD(v, .kind = OP_SET, .who = (uint8_t)who, .frame = name(table), .at = (uint8_t)index);
	for (; *kinds; kinds++)
		for (unsigned i = 0; i < n; i++)
			ADD(v, .kind = OP_SET, .who = (uint8_t)who, .frame = name(table), .at = (uint8_t)index,
			    .how = (uint8_t)*kinds, .on = name(frames[i]));
}

static void add_writes(struct moves *v, mfn_t frame, unsigned word, const char *kinds, const mfn_t *frames, unsigned n)
{
	ADD(v, .kind = OP_WRITE, .frame = name(frame), .at = (uint8_t)word);
	for (; *kinds; kinds++)
		for (unsigned i = 0; i < n; i++)
			ADD(v, .kind = OP_WRITE, .frame = name(frame), .at = (uint8_t)word, .how = (uint8_t)*kinds,
			    .on = name(frames[i]));
}

#define RO "\1"
#define RW "\2"
#define TEXT "\3"
#define LINK "\4"
#define RUN "\5\6"
#define RUN_TEXT "\7"
#define BAD "\10\11\12\13\14" /* WX, GLOBAL, SUPERVISOR, GRANT, ABSENT */

_Static_assert(ENTRY_LINK == 4 && ENTRY_RUN_TEXT == 7 && ENTRY_WX == 8 && ENTRY_ABSENT == 12, "strings of entry kinds");

static void add_cpus(struct moves *v, bool both)
{
	ADD(v, .kind = OP_FLUSH);
	for (uint8_t c = 0; c < MODEL_CPUS; c++)
		for (uint8_t slot = 0; slot <= (both ? 2 : 1); slot++)
			ADD(v, .kind = OP_SWITCH, .at = c, .who = slot);
}

static void add_life(struct moves *v, unsigned who)
{
	ADD(v, .kind = OP_END, .who = (uint8_t)who);
	ADD(v, .kind = OP_RELEASE, .who = (uint8_t)who);
	ADD(v, .kind = OP_RELEASE, .who = (uint8_t)who, .at = 1);
}

/* Frames that nobody may name: not RAM, the hypervisor's, domain 2's shared page. */
static void foreign(const struct model *m, mfn_t *f)
{
	f[0] = 200;
	f[1] = 0;
	f[2] = model_domain(m, 2)->shared_mfn;
}

static void paging(const struct model *m, struct moves *v)
{
	const mfn_t *t = m->table[1], *d = m->data, own[6] = {d[0], d[1], t[1], t[2], t[3], t[4]}, stubs = MODEL_STUBS;
	mfn_t bad[3];

	foreign(m, bad);
	for (unsigned level = 1; level <= 4; level++) {
		add_each(v, OP_PIN, 1, own, 6, level);
		add_each(v, OP_PIN, 1, bad, level == 1 ? 3 : 0, level);
	}
	add_each(v, OP_UNPIN, 1, own, 6, 0);
	add_each(v, OP_BASE, 1, own, 6, 0);
	add_each(v, OP_GIVE_BACK, 1, own, 6, 0);
	add_each(v, OP_GIVE_BACK, 2, own, 6, 0);
	add_takes(m, v, OP_ALLOC, 1, 0);
	add_takes(m, v, OP_ALLOC, 2, 0);
	add_sets(v, 1, t[1], 0, RO RW TEXT, own, 4);
	add_sets(v, 1, t[1], 1, RO RW TEXT, own, 3);
	add_sets(v, 1, t[1], 1, BAD LINK RUN, d, 1);
	add_sets(v, 1, t[1], 2, RO RW TEXT, bad, 3);
	add_sets(v, 1, t[1], 2, RO RW TEXT, &stubs, 1);
	for (unsigned level = 2; level <= 4; level++) {
		add_sets(v, 1, t[level], 0, LINK, own, 6);
		add_sets(v, 1, t[level], 1, LINK BAD, &t[level - 1], 1);
		add_sets(v, 1, t[level], 1, LINK, d, 1);
	}
	add_sets(v, 1, t[4], 2, LINK, &t[3], 1);
	add_sets(v, 1, d[0], 0, RO RW TEXT LINK, own, 3);
	add_sets(v, 1, d[1], 0, RW LINK, own, 3);
	for (unsigned i = 0; i < 2; i++) {
		add_writes(v, d[i], 0, RW TEXT, own, 5);
		add_writes(v, d[i], 0, RO BAD RUN, d, 1);
		add_writes(v, d[i], 1, RW TEXT, own, 3);
		add_writes(v, d[i], 1, BAD, d, 1);
		add_writes(v, d[i], 2, RW, d, 1);
	}
	ADD(v, .kind = OP_SEAL, .who = 1);
	add_cpus(v, false);
	add_life(v, 1);
}

/* What domain 1 offers and domain 2 maps: @refs offers of @frames. */
static void add_sharing(struct moves *v, unsigned refs, const mfn_t *frames, unsigned n, mfn_t target)
{
	for (uint8_t ref = 1; ref <= refs; ref++) {
		for (unsigned i = 0; i < n; i++)
			for (uint8_t flags = 0; flags <= GRANT_TRANSFER; flags++)
				ADD(v, .kind = OP_OFFER, .who = 1, .at = ref, .how = flags, .frame = name(frames[i]));
		ADD(v, .kind = OP_REVOKE, .who = 1, .at = ref);
		ADD(v, .kind = OP_ACCEPT, .who = 2, .at = ref);
		for (uint8_t how = 0; how < 2; how++) {
			for (uint8_t index = 0; index < 2; index++)
				ADD(v, .kind = OP_MAP, .who = 2, .at = ref, .how = how, .on = index);
			ADD(v, .kind = OP_COPY, .who = 2, .at = ref, .how = how, .frame = name(target));
		}
	}
	for (uint8_t index = 0; index < 2; index++)
		ADD(v, .kind = OP_UNMAP, .who = 2, .on = index);
}

static void grants(const struct model *m, struct moves *v)
{
	const mfn_t *a = m->table[1], *b = m->table[2], *d = m->data;
	mfn_t bad[3];

	foreign(m, bad);
	add_sharing(v, 2, d, 2, d[2]);
	add_each(v, OP_OFFER, 1, &a[1], 1, 1);
	add_each(v, OP_OFFER, 1, bad, 3, 1);
	add_each(v, OP_PIN, 1, d, 2, 1);
	add_each(v, OP_UNPIN, 1, d, 2, 0);
	add_each(v, OP_PIN, 2, d, 3, 1);
	add_each(v, OP_UNPIN, 2, &b[1], 1, 0);
	add_each(v, OP_GIVE_BACK, 1, d, 2, 0);
	add_each(v, OP_GIVE_BACK, 2, d, 3, 0);
	add_takes(m, v, OP_ALLOC, 2, 0);
	add_sets(v, 1, a[1], 0, RO RW TEXT, d, 1);
	add_sets(v, 1, a[1], 1, RO RW TEXT, &d[1], 1);
	add_sets(v, 2, b[1], 0, RO RW TEXT, &d[2], 1);
	add_sets(v, 2, b[1], 1, RW, d, 1);
	add_sets(v, 2, b[2], 0, LINK, &b[1], 1);
	for (unsigned i = 0; i < 3; i++)
		add_writes(v, d[i], 0, RW TEXT, d, 1);
	ADD(v, .kind = OP_SEAL, .who = 1);
	add_cpus(v, true);
	add_life(v, 1);
	add_life(v, 2);
}

static void images(const struct model *m, struct moves *v)
{
	const mfn_t *a = m->table[1], *b = m->table[2], *d = m->data, mine[5] = {d[0], d[1], d[3], d[4], d[5]};

	add_sharing(v, 1, &mine[1], 3, d[2]);
	add_takes(m, v, OP_POPULATE, 0, 0);
	add_takes(m, v, OP_POPULATE, 0, 1);
	add_takes(m, v, OP_ALLOC, 2, 0);
	add_each(v, OP_IMAGE_WRITE, 0, &d[3], 2, 0);
	ADD(v, .kind = OP_IMAGE_SEAL);
	ADD(v, .kind = OP_DROP);
	ADD(v, .kind = OP_ATTACH, .who = 1);
	ADD(v, .kind = OP_ATTACH, .who = 2);
	add_sets(v, 1, a[1], 0, RO RW TEXT, mine, 4);
	add_sets(v, 1, a[1], 1, RO TEXT, &mine[1], 3);
	add_sets(v, 1, a[1], 2, RW, &d[5], 1);
	add_sets(v, 2, b[1], 0, RO TEXT RW, &d[2], 3);
	add_each(v, OP_PIN, 1, &mine[1], 4, 1);
	add_each(v, OP_UNPIN, 1, &mine[1], 4, 0);
	add_each(v, OP_GIVE_BACK, 1, mine, 5, 0);
	add_writes(v, d[0], 0, RW, &d[4], 1);
	ADD(v, .kind = OP_SEAL, .who = 1);
	add_cpus(v, true);
	add_life(v, 1);
	add_life(v, 2);
}

static void memory(const struct model *m, struct moves *v)
{
	static const uint8_t targets[][3] = {{1, 9, 0}, {1, 9, 9}, {1, 7, 0}, {1, 11, 11}, {1, 14, 0}, {1, 3, 4},
					     {2, 3, 0}, {2, 3, 3}, {2, 1, 0}, {2, 6, 6},   {2, 6, 0}};
	const mfn_t *d = m->data;

	for (unsigned who = 1; who <= 2; who++) {
		add_takes(m, v, OP_ALLOC, who, 0);
		add_takes(m, v, OP_GROW, who, 0);
		for (mfn_t f = 2; f <= m->w.frame_limit; f++)
			ADD(v, .kind = OP_GIVE_BACK, .who = (uint8_t)who, .frame = name(f));
		add_life(v, who);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(targets); i++)
		ADD(v, .kind = OP_TARGET, .who = targets[i][0], .at = targets[i][1], .how = targets[i][2]);
	for (uint8_t r = 0; r < m->w.frame_limit / RUN_FRAMES; r++)
		ADD(v, .kind = OP_ALLOC_RUN, .who = 1 + r % 2, .at = r);
	add_takes(m, v, OP_SCRUB, 0, 0);
	add_takes(m, v, OP_POPULATE, 0, 0);
	ADD(v, .kind = OP_DROP);
	ADD(v, .kind = OP_OFFER, .who = 1, .at = 1, .how = GRANT_TRANSFER, .frame = name(d[1]));
	ADD(v, .kind = OP_ACCEPT, .who = 2, .at = 1);
	ADD(v, .kind = OP_REVOKE, .who = 1, .at = 1);
	/* The first mapping of domain 1 needs two pages for its table, which its target may not leave it. */
	ADD(v, .kind = OP_OFFER, .who = 2, .at = 1, .how = GRANT_READONLY,
	    .frame = name(model_domain(m, 2)->shared_mfn));
	ADD(v, .kind = OP_MAP, .who = 1, .at = 1, .how = GRANT_READONLY, .on = 1);
	ADD(v, .kind = OP_UNMAP, .who = 1, .on = 1);
	add_sets(v, 1, m->table[1][1], 0, RW, d, 2);
	add_writes(v, d[0], 0, RW, d, 1);
	add_cpus(v, false);
}

static void runs(const struct model *m, struct moves *v)
{
	const mfn_t *t = m->table[1], *d = m->data, run[4] = {d[2], d[3], d[0], d[1]};
	mfn_t bad[3];

	foreign(m, bad);
	add_sets(v, 1, t[2], 0, LINK, &t[1], 1);
	for (unsigned i = 1; i < 3; i++) {
		add_sets(v, 1, t[2], i, RUN, run, i == 1 ? 3 : 1);
		add_sets(v, 1, t[2], i, LINK, d, 1);
	}
	add_sets(v, 1, t[2], 2, RUN_TEXT, run, 1);
	add_sets(v, 1, t[2], 2, RUN, bad, 3);
	add_sets(v, 1, t[1], 0, RO RW TEXT, run, 3);
	add_sets(v, 1, t[1], 1, RO RW TEXT, &run[1], 1);
	for (unsigned level = 1; level <= 2; level++)
		add_each(v, OP_PIN, 1, run, 3, level);
	add_each(v, OP_PIN, 1, &d[6], 1, 1);
	add_each(v, OP_UNPIN, 1, run, 3, 0);
	add_each(v, OP_UNPIN, 1, &t[2], 1, 0);
	add_each(v, OP_GIVE_BACK, 1, run, 4, 0);
	add_each(v, OP_GIVE_BACK, 2, run, 4, 0);
	add_takes(m, v, OP_ALLOC, 2, 0);
	for (uint8_t who = 1; who <= 2; who++)
		for (uint8_t r = 0; r < m->w.frame_limit / RUN_FRAMES; r++)
			ADD(v, .kind = OP_ALLOC_RUN, .who = who, .at = r);
	for (unsigned i = 0; i < 3; i++) {
		add_writes(v, run[i], 0, RW TEXT, run, 2);
		add_writes(v, run[i], 1, RUN, run, 1);
	}
	ADD(v, .kind = OP_SEAL, .who = 1);
	add_cpus(v, false);
	add_life(v, 1);
}

/* Every frame that a table could grow by; 0: it need not grow, or cannot. */
static void add_reach(const struct model *m, struct moves *v, struct op o, bool map)
{
	for (unsigned f = 0; f < m->w.frame_limit; f++) {
		*(map ? &o.frame : &o.on) = (uint8_t)f;
		if (f != MODEL_STUBS)
			add(v, o);
	}
}

static void devices(const struct model *m, struct moves *v)
{
	const mfn_t *a = m->table[1], *b = m->table[2], *d = m->data, some[5] = {d[2], b[2], d[1], 0, 200};

	for (unsigned i = 0; i < 5; i++) {
		for (uint8_t rights = 1; rights <= 3; rights += 2) {
			struct op enter = {.kind = OP_DMA_ENTER, .who = 2, .frame = name(some[i]), .how = rights};

			if (i == 1)
				add_reach(m, v, enter, false);
			else
				add(v, enter);
		}
		add_each(v, OP_DMA_LEAVE, 2, &some[i], 1, 0);
		add_each(v, OP_DMA_LEAVE, 2, &some[i], i < 2, 1);
	}
	ADD(v, .kind = OP_DMA_FLUSH);
	ADD(v, .kind = OP_FLUSH, .at = 1);
	for (uint8_t flags = GRANT_DMA; flags <= (GRANT_DMA | GRANT_READONLY); flags++)
		add_reach(m, v, (struct op){.kind = OP_MAP, .who = 2, .at = 1, .how = flags}, true);
	ADD(v, .kind = OP_MAP, .who = 2, .at = 1, .how = GRANT_DMA, .on = 1);
	ADD(v, .kind = OP_MAP, .who = 2, .at = 1, .on = 1);
	for (uint8_t door = 0; door < 2; door++)
		ADD(v, .kind = OP_UNMAP, .who = 2, .at = door);
	ADD(v, .kind = OP_UNMAP, .who = 2, .on = 1);
	for (uint8_t flags = 0; flags <= GRANT_TRANSFER; flags++)
		ADD(v, .kind = OP_OFFER, .who = 1, .at = 1, .how = flags, .frame = name(d[1]));
	ADD(v, .kind = OP_OFFER, .who = 2, .at = 1, .how = GRANT_TRANSFER, .frame = name(d[2]));
	for (uint8_t who = 1; who <= 2; who++) {
		ADD(v, .kind = OP_REVOKE, .who = who, .at = 1);
		ADD(v, .kind = OP_ACCEPT, .who = (uint8_t)(3 - who), .at = 1);
		add_each(v, OP_PIN, who, &d[who], 1, 1);
		add_each(v, OP_UNPIN, who, &d[who], 1, 0);
		add_each(v, OP_GIVE_BACK, who, &d[who], 1, 0);
		add_life(v, who);
	}
	add_takes(m, v, OP_ALLOC, 1, 0);
	add_sets(v, 1, a[1], 1, RW TEXT, &d[1], 1);
	add_sets(v, 2, b[1], 0, RO RW TEXT, &d[2], 1);
	add_sets(v, 2, b[2], 0, LINK, &b[1], 1);
	add_writes(v, d[1], 0, RW, &d[2], 1);
	add_writes(v, d[2], 0, RW TEXT, &d[2], 1);
	ADD(v, .kind = OP_SEAL, .who = 2);
	add_cpus(v, true);
}

const struct scenario scenarios[] = {
	{"paging", 16, 4, 3, setup_paging, paging},    {"grants", 24, 5, 4, setup_grants, grants},
	{"death", 24, 5, 4, setup_death, grants},      {"images", 26, 5, 4, setup_images, images},
	{"memory", 18, 5, 4, setup_memory, memory},    {"runs", 20, 5, 4, setup_runs, runs},
	{"devices", 28, 6, 4, setup_devices, devices}, {"orphans", 28, 6, 4, setup_orphans, devices},
};

const unsigned scenario_count = ARRAY_SIZE(scenarios);
