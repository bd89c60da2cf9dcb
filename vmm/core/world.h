/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's state, as plain data: frames, domains, vCPUs, ports, grants. The cores work on a struct world that is
 * handed in, reach machine memory as world->memory + (mfn << 12), and touch neither hardware nor globals; the same files
 * run in the product, under the sanitizers on the host, and in a model checker.
 *
 * Results of core functions are enum abi_error (HC_OK or the rule that was broken). Two more values never reach a guest:
 * CORE_FLUSH_FIRST asks the caller to flush the TLB of every CPU, call frame_flushed() for each and ask again; nothing has
 * changed.
 */
#pragma once

#include <abi/hypercall.h>
#include <base/bits.h>
#include <base/check.h>

#include "bvt.h"
#include "lock.h"

#define CORE_FLUSH_FIRST ((enum abi_error)1000)

/*
 * Entries of a page table, those of a level-4 table that are a guest's, the first of the upper half; frames of a 2 MiB
 * mapping. A model checker makes them fewer.
 */
#ifndef TABLE_ENTRIES
#define TABLE_ENTRIES 512u
#define TABLE_GUEST 255u
#define TABLE_UPPER 256u
#define RUN_FRAMES 512u
#endif

/* Bits of a frame number that one level of a DMA table decides; likewise. */
#ifndef DMA_BITS
#define DMA_BITS 9u
#endif
#define DMA_LEVELS_MAX 4u

#define CPU_MAX 8u

/* Guest addresses: the lower canonical half without its top level-4 slot, which stays unmapped for ever. */
#define GUEST_TOP 0x00007f8000000000ull

typedef uint64_t mfn_t;
typedef uint32_t domid_t;

/* Frame types exclude each other: a frame with a type count above 0 is used as this and nothing else. */
enum frame_type {
	FRAME_NONE = 0,
	FRAME_L1 = 1,
	FRAME_L2 = 2,
	FRAME_L3 = 3,
	FRAME_L4 = 4,
	FRAME_WRITABLE,
	FRAME_EXEC,
};

/* Owners that are not domains. Domain ids have a generation above 0, so they are > 0xffff. */
#define OWNER_NONE 0u       /* not RAM, or firmware's */
#define OWNER_FREE 1u       /* on the free list */
#define OWNER_HYPERVISOR 2u /* the hypervisor's own */
#define OWNER_BUNDLE 3u     /* the bundle: read-only to CAP_DOMAIN */
#define OWNER_STUBS 4u      /* the hypercall page: read and execute for everybody */
#define OWNER_IMAGE 0x100u  /* + index: an image */

#define FRAME_CLEAN 1u /* free and scrubbed */
#define FRAME_TEXT 2u  /* of an image: may be executed */

/*
 * One machine frame. Several CPUs may be at it: references and types change under its lock, links under that of the list; its owner
 * is a domain only between two calls of that domain, so whoever compares it with its own id may read it at any time. References: one while a domain or an image owns it, one for each mapping, offer, grant mapping, link
 * or pin. The type count counts the typed ones among them. The frame is free when references reach 0.
 */
struct frame {
	uint32_t owner;
	uint32_t refs;
	uint32_t type_count;
	uint8_t type; /* enum frame_type; FRAME_NONE while type_count is 0 */
	uint8_t flags;
	uint8_t last_type;   /* the type before it became FRAME_NONE, until the frame is freed */
	uint8_t lock;        /* a short one */
	uint32_t next, prev; /* a free list, or the owner's list; 0: none */
	uint64_t stamp;      /* world->flush_clock when a mapping or type was last dropped */
};

enum port_state { PORT_FREE = 0, PORT_WAITING, PORT_CONNECTED, PORT_VIRQ, PORT_DEVICE, PORT_ORPHAN };

struct port {
	uint8_t state; /* enum port_state */
	uint8_t vcpu;
	uint16_t reserved0;
	uint32_t peer;      /* domain: who may bind (WAITING) or is connected */
	uint32_t peer_port; /* CONNECTED: its port; VIRQ: the virq; DEVICE: number of its binding */
	uint32_t reserved1;
};

#define PORTS_PER_PAGE (PAGE_SIZE / (uint32_t)sizeof(struct port))
#define PORT_PAGES (EVENT_PORT_MAX / PORTS_PER_PAGE)

/* An offer of one frame to one peer. */
struct grant {
	uint32_t peer; /* DOMID_NONE: the reference is free */
	uint32_t flags;
	uint32_t maps;   /* live mappings */
	uint32_t copies; /* under way */
	uint64_t mfn;
	uint64_t reserved1;
};

#define GRANTS_PER_PAGE (PAGE_SIZE / (uint32_t)sizeof(struct grant))
#define GRANT_PAGES 64u
#define GRANT_MAX (GRANTS_PER_PAGE * GRANT_PAGES)

/* A grant mapping, on the mapper's side: the page-table entry it occupies and the offer behind it. */
struct mapping {
	uint32_t next; /* in its hash chain, index + 1; free list likewise */
	uint32_t granter;
	uint32_t ref;
	uint32_t flags;
	uint64_t entry; /* table mfn << 9 | index; 0: free */
	uint64_t mfn;
};

#define MAPPINGS_PER_PAGE (PAGE_SIZE / (uint32_t)sizeof(struct mapping))
#define MAPPING_PAGES 128u
#define MAPPING_BUCKETS (PAGE_SIZE / 4u)

struct domain;
struct vcpu;

struct timer {
	struct timer *next, *prev;
	uint64_t deadline; /* ns; TIME_NEVER: not queued */
	struct vcpu *vcpu;
	uint32_t kind; /* TIMER_x, the owner's to know */
};

#define TIMER_GUEST 1u /* timer_set */
#define TIMER_BLOCK 2u /* deadline of sched_block */

enum vcpu_state { VCPU_OFF = 0, VCPU_RUNNABLE, VCPU_BLOCKED };

struct vcpu {
	struct domain *domain;
	uint32_t id;
	/* under the lock of its home's queue; whoever runs it, or takes it home with both locks, writes `cpu` */
	uint32_t cpu;  /* its home */
	uint8_t state; /* enum vcpu_state; it runs only while its domain is DOMAIN_RUNNING */
	uint8_t evict; /* it has to leave the CPU that it is on, registers and all */
	struct bvt_entity sched;
	struct timer timer;          /* timer_set */
	struct timer block_deadline; /* sched_block */
	/* of the CPU that it is on */
	uint32_t time_seen; /* which change of the clock's rate its time record has, + 1 */
	uint64_t settled;   /* its run time when its ledger was taken last */
	uint8_t in_exception;
	uint8_t doomed; /* enum domain_reason: its domain is to end of what it did; 0: not */
	uint32_t doom_code;
	uint32_t virq_port[VIRQ_MAX];
	/* guest state while it is not on a CPU */
	struct trap_frame frame;
	mfn_t root;
	void *fpu;
	/* entry_set */
	uint64_t upcall, exception, exception_stack;
};

struct domain {
	domid_t id, builder; /* builder: who made it; the first one has none */
	uint32_t state;      /* DOMAIN_x */
	uint32_t reason, code;
	char name[DOMAIN_NAME_MAX];
	uint32_t capabilities;
	uint8_t sealed, devices_owned, release_step;
	uint8_t has_frame;
	struct lock lock;    /* one call at a time changes its memory, tables and grants */
	uint8_t grants_lock; /* a short one: peers take what it offers */
	/* memory: own frames and the hypervisor's for its tables are counted together against target and reserve */
	uint32_t frame_list; /* first owned frame */
	uint32_t image;      /* owner of the frames that it may map beside its own; 0: none */
	uint64_t frame_count, table_count;
	uint64_t frame_max, frame_target, frame_reserve;
	uint32_t tables[5];  /* own frames that are page tables, by level */
	uint32_t release_at; /* the frame at which its release goes on; 0: the first */
	mfn_t self_mfn, shared_mfn;
	struct shared_info *shared;
	/* devices */
	uint64_t links[DOMAIN_SLOTS / 64]; /* slots that it serves, whose time it may claim: a bit each */
	uint32_t refused_claims;
	mfn_t dma_root; /* the table of what its devices may reach; 0: none */
	uint64_t dma_count;
	/* events */
	struct port *ports[PORT_PAGES];
	uint32_t port_count, port_hint;
	/* grants */
	struct grant *grants[GRANT_PAGES];
	uint32_t grant_count, grant_hint;
	struct mapping *mappings[MAPPING_PAGES];
	uint32_t *buckets;
	uint32_t mapping_count, mapping_free, mapping_pages;
	uint32_t vcpu_count;
	struct vcpu *others[VCPU_MAX - 1];
	struct vcpu vcpu; /* the first */
};

_Static_assert(sizeof(struct domain) <= PAGE_SIZE, "a domain fits a page");

enum image_state { IMAGE_FREE = 0, IMAGE_OPEN, IMAGE_SEALED };

/* The read-only and text frames of an ELF file, shared by the domains that are attached to it. */
struct image {
	uint16_t generation;
	uint8_t state; /* enum image_state */
	uint8_t held;  /* by its builder */
	uint32_t users;
	uint32_t frame_list;
	uint32_t frame_count;
};

struct world {
	uint8_t *memory;      /* machine memory: frame m is at memory + (m << 12) */
	struct frame *frames; /* [frame_limit] */
	uint64_t frame_limit;
	uint64_t frames_total, frames_free, frames_hypervisor, frames_bundle;
	uint64_t frames_clean;          /* free ones that are scrubbed */
	uint64_t frames_promised;       /* free ones kept for domains below their reserve */
	uint32_t free_list, clean_list; /* these, the counts above and the runs below: under `pool`, a short one */
	uint8_t pool;
	uint16_t *runs; /* free frames of each aligned run of RUN_FRAMES */
	uint64_t run_hint;
	/* Flushes of the CPUs' TLBs in their order; flushed: the oldest among the latest of each CPU. */
	uint64_t flush_clock, flushed, cpu_flushed[CPU_MAX];
	uint32_t cpu_count;  /* that there are; some may not be up yet */
	uint64_t work;       /* on all CPUs: table entries validated or released so far, for callers that bound it */
	uint32_t dma_levels; /* of the tables of what devices may reach: 3 or 4 */
	bool dma_stale;      /* an entry of one has gone since the IOTLBs were invalidated, at dma_flushed */
	uint64_t dma_flushed;
	mfn_t stubs_mfn;
	const uint64_t *upper_half; /* entries 256..511 of every level-4 table */
	uint32_t features;
	uint32_t unexpected_interrupts; /* of devices, that no port waits for */
	struct domain *domains[DOMAIN_SLOTS];
	uint16_t generations[DOMAIN_SLOTS];
	uint32_t domain_count;
	struct image images[IMAGE_MAX];
	/* What the cores ask of the CPU side; set before the first domain exists. */
	void (*wake)(struct vcpu *v);                          /* an event became pending for it */
	bool (*io_allowed)(const struct domain *d, mfn_t mfn); /* no RAM: registers of a device of its own */
	void (*dma_written)(const void *at, uint64_t bytes); /* part of a DMA table; NULL: the IOMMU sees the caches */
	/*
	 * A search for writes to free frames, by devices above all; NULL: none. The sum of a frame is taken when it is freed
	 * and again when it is handed out: then @freed_check is called. 0: it was never in use. The contents are left alone
	 * meanwhile, so that a device that goes on finds the queues in which it would go on.
	 */
	uint64_t *freed_sums; /* [frame_limit] */
	void (*freed_check)(mfn_t mfn, uint32_t intact);
};

static inline void *world_page(const struct world *w, mfn_t mfn)
{
	return w->memory + (mfn << PAGE_SHIFT);
}

static inline struct vcpu *domain_vcpu(struct domain *d, uint32_t id)
{
	return id ? d->others[id - 1] : &d->vcpu;
}

/* For each vCPU @v of @d. */
#define EACH_VCPU(v, d) for (uint32_t each_ = 0; each_ < (d)->vcpu_count && ((v) = domain_vcpu(d, each_)); each_++)

/* Entries that were validated or released. */
static inline void world_worked(struct world *w, uint64_t count)
{
	__atomic_add_fetch(&w->work, count, __ATOMIC_RELAXED);
}

static inline uint64_t world_work(const struct world *w)
{
	return __atomic_load_n(&w->work, __ATOMIC_RELAXED);
}

static inline uint32_t frame_owner(const struct world *w, mfn_t mfn)
{
	return __atomic_load_n(&w->frames[mfn].owner, __ATOMIC_RELAXED);
}
