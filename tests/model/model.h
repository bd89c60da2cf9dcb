/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model checker for the hypervisor's memory: the same cores, compiled for tables of three entries, driven through all
 * sequences of operations in a small world. A state is the world and what the TLB of each CPU may know; it is packed into
 * some 300 bytes, and two states that pack alike are one.
 *
 * What packing leaves out, and why nothing depends on it: the order of free lists and of domains' lists (an operation that
 * takes a free frame has the frame as a parameter, so each order is tried; who walks a domain's list visits all of it);
 * which mapping record serves a mapping; flush clocks but for their order against each frame's stamp; the contents of free
 * frames that are not scrubbed (they come back as rubbish, the worst case).
 */
#ifndef CAMBIUM_TESTS_MODEL_H
#define CAMBIUM_TESTS_MODEL_H

#include <setjmp.h>
#include <stdio.h>

#include <vmm/core/world.h>

#define MODEL_FRAMES 32u /* at most */
#define MODEL_CPUS 2u
#define MODEL_SLOTS 3u /* domains live in slots 1 and 2 */
#define MODEL_REFS 3u  /* grant references 1 and 2 */
#define MODEL_MAPS 3u  /* live mappings of one domain */
#define MODEL_STUBS 1u
#define PACKED_MAX 1024u

/* What a TLB or a page walk cache may know of a frame: a way to read, write, execute it, to use it as a table. */
#define KNOWN_READ 1u
#define KNOWN_WRITE 2u
#define KNOWN_EXEC 4u
#define KNOWN_TABLE(level) (4u << (level))

struct ghost_cpu {
	uint8_t runs; /* slot of the domain whose vCPU is loaded; 0: none */
	uint8_t known[MODEL_FRAMES];
};

enum page_kind {
	PAGE_PLAIN = 0,
	PAGE_OPAQUE,
	PAGE_DOMAIN,
	PAGE_GRANTS,
	PAGE_MAPPINGS,
	PAGE_BUCKETS,
	PAGE_DMA,
	PAGE_UNKNOWN
};

struct packed {
	uint32_t len, caution; /* all of it; its first part, before what costs a flush at most */
	uint8_t bytes[PACKED_MAX];
};

struct scenario;

struct model {
	struct world w;
	struct frame frames[MODEL_FRAMES];
	uint16_t runs[MODEL_FRAMES / RUN_FRAMES];
	struct ghost_cpu cpus[MODEL_CPUS];
	uint8_t iotlb[MODEL_SLOTS]
		     [MODEL_FRAMES]; /* KNOWN_READ, KNOWN_WRITE: what the devices of each domain may know */
	uint8_t text[MODEL_FRAMES];  /* text of a domain that sealed itself */
	const struct scenario *scenario;
	/* names that a scenario's set-up gives to frames */
	mfn_t table[MODEL_SLOTS][5], data[8];
	uint32_t image_id;
	/* a domain's record as set-up left it, and where it lies */
	struct domain template[MODEL_SLOTS];
	mfn_t home[MODEL_SLOTS];
	uint8_t live[MODEL_FRAMES]; /* enum page_kind of what the page holds beyond its first words */
	bool moved;
	/* a violation: its text, and the way out */
	jmp_buf out;
	char violation[256];
};

enum entry_kind {
	ENTRY_NONE = 0,
	ENTRY_RO,
	ENTRY_RW,
	ENTRY_TEXT,
	ENTRY_LINK,
	ENTRY_RUN,
	ENTRY_RUN_RO,
	ENTRY_RUN_TEXT,
	ENTRY_WX,
	ENTRY_GLOBAL,
	ENTRY_SUPERVISOR,
	ENTRY_GRANT,
	ENTRY_ABSENT, /* not present and not zero */
};

/* Each with the fields of struct op that it reads. */
enum op_kind {
	OP_ALLOC,     /* who, frame: the free frame that comes next, 0: there is none */
	OP_ALLOC_RUN, /* who, at: the run from which the search starts */
	OP_GIVE_BACK, /* who, frame */
	OP_PIN,       /* who, frame, at: level */
	OP_UNPIN,     /* who, frame */
	OP_SET,       /* who, frame, at: index, how, on: entry */
	OP_WRITE,     /* frame, at: word, how, on: what a guest writes there */
	OP_BASE,      /* who, frame */
	OP_SEAL,      /* who */
	OP_FLUSH,     /* every CPU; at: 0 the IOTLB, too, when it is stale */
	OP_SWITCH,    /* at: CPU, who: slot or 0; the same again: a reload */
	OP_OFFER,     /* who, at: ref, how: flags, frame */
	OP_REVOKE,    /* who, at: ref */
	OP_MAP,   /* who, at: ref, how: flags, on: index in the first table, frame: what its DMA tables grow by, or 0 */
	OP_UNMAP, /* who, on: index, at: 1 the door invalidates the IOTLB */
	OP_ACCEPT,      /* who, at: ref */
	OP_COPY,        /* who, at: ref, frame: own, how: 0 from the grant, 1 into it */
	OP_POPULATE,    /* how: text, frame: as for alloc */
	OP_IMAGE_WRITE, /* frame */
	OP_IMAGE_SEAL,
	OP_ATTACH, /* who */
	OP_DROP,
	OP_TARGET,    /* who, at: target, how: reserve */
	OP_SCRUB,     /* frame: as for alloc */
	OP_GROW,      /* who, frame: as for alloc */
	OP_DMA_ENTER, /* who, frame, how: rights, on: what the tables grow by, as for alloc, or 0 */
	OP_DMA_LEAVE, /* who, frame, at: 1 the door invalidates the IOTLB */
	OP_DMA_FLUSH, /* the IOTLB alone */
	OP_END,       /* who */
	OP_RELEASE,   /* who, at: 0 one call, 1 all of them */
};

struct op {
	uint8_t kind, who, frame, at, how, on;
};

#define OPS_MAX 2048u

struct moves {
	struct op ops[OPS_MAX];
	unsigned count;
};

struct scenario {
	const char *name;
	unsigned frames;
	unsigned depth, slice; /* operations in a row: for make model, for make model-slice */
	void (*setup)(struct model *m);
	void (*moves)(const struct model *m, struct moves *v);
};

extern const struct scenario scenarios[];
extern const unsigned scenario_count;

/* What the search saw. */
struct tally {
	unsigned depth; /* that was searched completely */
	bool complete;  /* to the depth asked for */
	uint64_t states, transitions, refusals;
	double seconds;
	char *violation; /* malloc'ed text with the operations that lead to it; NULL: none */
};

/* Leaves the operation: an invariant does not hold. */
_Noreturn void model_violation(struct model *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline uint64_t *model_words(const struct model *m, mfn_t mfn)
{
	return world_page(&m->w, mfn);
}

static inline struct domain *model_domain(const struct model *m, unsigned slot)
{
	return m->w.domains[slot];
}

/* setup.c: a world as the scenario has it. */
struct model *model_new(const struct scenario *s);
void model_free(struct model *m);

/* state.c */
void state_kinds(const struct model *m, uint8_t kinds[MODEL_FRAMES]);
void state_pack(struct model *m, struct packed *p);
void state_unpack(struct model *m, const struct packed *p);

/* lists.c: the lists of free frames, of domains and of the image, in order of frame numbers. */
void state_lists(struct model *m);

/* ghost.c */
void ghost_fill(struct model *m);
/* What CPU @c can reach now, were its TLB empty. */
void ghost_reach(const struct model *m, unsigned c, uint8_t known[MODEL_FRAMES]);
void ghost_flush(struct model *m, unsigned c);
void ghost_flush_cpus(struct model *m);
/* As tlb_flush_all(): the IOTLB before the CPUs, if it is stale. */
void ghost_flush_all(struct model *m);
/* What any CPU or device may know. */
static inline unsigned ghost_known(const struct model *m, mfn_t mfn)
{
	return m->cpus[0].known[mfn] | m->cpus[1].known[mfn] | m->iotlb[1][mfn] | m->iotlb[2][mfn];
}

/* devices.c */
void devices_watch(struct model *m);
void devices_flush(struct model *m);
/* Those of the domain in @slot reach nothing any more. */
void devices_cut(struct model *m, unsigned slot);
void devices_kinds(const struct model *m, const struct domain *d, uint8_t kinds[MODEL_FRAMES]);
/*
 * For an operation that lets devices of @d reach frame @mfn: whether its parameter @takes fits: the frame that a missing
 * table takes, and none when none is missing.
 */
bool devices_growth(struct model *m, const struct domain *d, mfn_t mfn, mfn_t takes);

/* recount.c: every invariant of one state. */
void recount(struct model *m);

/* perform.c: one operation, as its hypercall's door does it. OP_DISABLED: it does not exist in this state. */
#define OP_DISABLED ((enum abi_error)1001)
enum abi_error op_perform(struct model *m, const struct op *o);
enum abi_error devices_perform(struct model *m, struct domain *d, const struct op *o);
/* Puts @mfn at the head of its free list; false: it is not among those that the core may take next. */
bool free_first(struct model *m, mfn_t mfn, bool scrub);
uint64_t op_entry(unsigned kind, mfn_t mfn);
void op_print(const struct op *o, char *text, size_t size);

/*
 * step.c: performs @o on the state @before, which is unpacked in @m, with all checks of a transition (@before NULL: without
 * that for refusals). m->moved says whether @m is no longer in that state.
 */
enum step { STEP_DISABLED, STEP_REFUSED, STEP_DONE };
enum step model_step(struct model *m, const struct op *o, const struct packed *before);

/* search.c: breadth first over all sequences of up to @depth operations, or until @seconds are over. */
struct tally search(const struct scenario *s, unsigned depth, double seconds);

#endif
