/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structures of the hypercalls in abi/hypercall.def, and their numbers.
 *
 * Registers: number in RAX; arguments RDI RSI RDX R10 R8 R9; result in RAX. RCX and R11 are lost; the other
 * caller-saved registers (RDI RSI RDX R8 R9 R10) come back as zero. Call HYPERCALL_VA, or use SYSCALL directly.
 */
#ifndef CAMBIUM_ABI_HYPERCALL_H
#define CAMBIUM_ABI_HYPERCALL_H

#include <abi/error.h>
#include <abi/reason.h>
#include <abi/shared.h>
#include <abi/trap.h>
#include <abi/types.h>

enum hypercall_number {
#define HC0(number, capability, name) HYPERCALL_##name = number,
#define HC1(number, capability, name, a) HYPERCALL_##name = number,
#define HC2(number, capability, name, a, b) HYPERCALL_##name = number,
#define HC3(number, capability, name, a, b, c) HYPERCALL_##name = number,
#define HC4(number, capability, name, a, b, c, d) HYPERCALL_##name = number,
#include <abi/hypercall.def>
	HYPERCALL_END = 80
};

#define VIRQ_TIMER 0u   /* per vCPU */
#define VIRQ_DOMAIN 1u  /* a domain died; needs CAP_DOMAIN */
#define VIRQ_CONSOLE 2u /* serial input; needs CAP_CONSOLE */
#define VIRQ_MEMORY 3u  /* shared_info.memory_target changed */
#define VIRQ_MAX 4u

struct entry_set {
	uint64_t upcall;          /* guest function; 0: none */
	uint64_t exception;       /* guest function (RDI = frame); 0: exceptions end the domain */
	uint64_t exception_stack; /* top, 16-byte aligned */
};

/*
 * Page-table entries are those of the CPU (Intel SDM vol. 3, 4.5). A guest may set: present, writable, user (must be
 * set), accessed, dirty, no-execute, the frame; PCD on device frames, where it must be set. Never G, PAT, bits that are
 * reserved or "available". An absent entry is exactly zero. Leaf entries that are executable must not be writable.
 *
 * A frame is a page table from MMU_PIN to MMU_UNPIN, and an entry above level 1 names a frame that is pinned as a table of
 * the level below: trees are built from the leaves up. A table that is linked, holds grant mappings or is a vCPU's root
 * stays pinned. MMU_UNPIN leaves the frame full of zeros.
 *
 * PS, at level 2, maps 2 MiB: an aligned run of 512 frames that are all the domain's own, never executable. It is set by
 * an update; a table that is to be pinned must not hold it.
 */
#define PTE_P 0x1ull
#define PTE_W 0x2ull
#define PTE_U 0x4ull
#define PTE_PWT 0x8ull
#define PTE_PCD 0x10ull
#define PTE_A 0x20ull
#define PTE_D 0x40ull
#define PTE_PS 0x80ull
#define PTE_G 0x100ull
#define PTE_GRANT 0x200ull /* set by the hypervisor alone: a grant mapping */
#define PTE_NX 0x8000000000000000ull
#define PTE_FRAME 0x000ffffffffff000ull

#define MMU_OPS_MAX 128u
#define MMU_UPDATE 1u    /* entry number `address` (0-511) of the table frame `mfn` becomes `value` */
#define MMU_UPDATE_VA 2u /* the entry of `level` that maps `address` becomes `value`; the old translation is flushed */
#define MMU_PIN 3u       /* frame `mfn` is validated as a table of level `value` (1-4) and is one from now on */
#define MMU_UNPIN 4u     /* table `mfn` becomes an ordinary frame; HC_EAGAIN: part of its entries are gone, ask again */
#define MMU_BASE 5u      /* switch to the level-4 table `mfn` */
#define MMU_FLUSH 6u     /* flush the translation of `address`; value 1: of everything */
#define MMU_FLUSH_RANGE 7u /* flush the translations of `value` pages from `address` */

struct mmu_op {
	uint32_t op;    /* MMU_x */
	uint32_t level; /* MMU_UPDATE_VA: 1-4, 0 means 1; else 0 */
	uint64_t mfn;
	uint64_t address;
	uint64_t value;
};

struct event_pair {
	/* IN */
	uint32_t a, b; /* domain ids; DOMID_SELF allowed */
	/* OUT */
	uint32_t port_a, port_b;
};

#define GRANT_READONLY 1u
#define GRANT_TRANSFER 2u /* an offer only: the peer may take the frame over (grant_accept) and not map it */
#define GRANT_DMA 4u /* a mapping only: the mapper's devices may reach the frame while it stands, with its rights */
#define GRANT_OFFER_MAX 1024u

struct grant_offer {
	uint32_t peer;  /* domain id */
	uint32_t flags; /* GRANT_READONLY, GRANT_TRANSFER or 0 */
	uint32_t count; /* 1..GRANT_OFFER_MAX */
	uint32_t reserved0;
	uint64_t mfns; /* address of uint64_t[count] */
};

#define GRANT_MAP_MAX 1024u

struct grant_map {
	uint32_t granter; /* domain id */
	uint32_t first;   /* reference */
	uint32_t count;   /* 1..GRANT_MAP_MAX: all or none */
	uint32_t flags;   /* GRANT_READONLY, GRANT_DMA (without effect for a domain that owns no device) */
	uint64_t va;      /* page aligned; the level-1 entries must exist and be zero */
	uint64_t mfns;    /* address of uint64_t[count] for the frame numbers (a device's bus addresses), or 0 */
};

#define GRANT_COPY_MAX 64u
#define GRANT_COPY_SRC_GRANT 1u /* src is (src_domid, src_ref), else an own frame number */
#define GRANT_COPY_DST_GRANT 2u

struct grant_copy {
	uint32_t flags; /* GRANT_COPY_x: at least one */
	uint32_t len;   /* bytes; neither side crosses a page */
	uint32_t src_domid, dst_domid;
	uint64_t src, dst; /* reference or own machine frame number */
	uint32_t src_offset, dst_offset;
};

struct domain_create {
	char name[DOMAIN_NAME_MAX]; /* NUL-terminated */
	uint32_t slot;              /* 1..DOMAIN_SLOTS-1, free */
	uint32_t max_pages;         /* most frames it may ever have, the pages of its own tables of grants included */
	uint32_t capabilities;      /* CAP_x; at most the caller's own */
	uint32_t weight;            /* 1..65535 */
	uint32_t vcpu_count;        /* 1..VCPU_MAX; all but the first start switched off */
	uint32_t reserved_pages;    /* kept free for it until it has as many; at most max_pages */
};

#define DOMAIN_SLOTS 1024u
#define POPULATE_MAX 64u

struct domain_copy {
	uint32_t domid;
	uint32_t offset; /* within the frame */
	uint32_t len;    /* offset + len <= 4096 */
	uint32_t reserved0;
	uint64_t mfn;
	uint64_t buffer; /* address in the caller */
};

struct vcpu_start {
	uint64_t entry, stack, argument; /* rip, rsp, rdi */
};

/* In ns. The first four together are the time since the domain was made. */
struct vcpu_times {
	uint64_t run;     /* on a CPU */
	uint64_t wait;    /* for one, since it woke or gave it away */
	uint64_t steal;   /* for one that was taken from it */
	uint64_t blocked; /* asleep, off or paused */
	uint64_t charged; /* others' work for it, as they say it */
	uint32_t cpu;     /* where it is at home now */
	uint32_t reserved0;
};

/* How a domain's vCPUs compete for CPUs: docs/scheduling.md. Times in ns. */
struct domain_schedule {
	uint32_t domid;
	uint32_t weight; /* 1..65535 */
	uint32_t cap;    /* thousandths of a CPU, for each vCPU; 0: none */
	uint32_t reserved0;
	uint64_t warp;       /* virtual time that it may run ahead of its turn; 0: none */
	uint64_t warp_limit; /* how long it may do so at a stretch; 0: any */
	uint64_t unwarp;     /* and how long it must then do without */
	uint64_t cpus;       /* where it may run, a bit each; those that do not exist do not matter */
};

struct domain_vcpu {
	uint32_t domid;
	uint32_t vcpu;
	uint64_t root;                   /* machine frame number of the level-4 table */
	uint64_t entry, stack, argument; /* RIP, RSP, RDI */
};

#define DOMAIN_CONSTRUCTION 1u
#define DOMAIN_RUNNING 2u
#define DOMAIN_PAUSED 3u
#define DOMAIN_DEAD 4u

struct domain_info {
	uint32_t domid;
	uint32_t state;  /* DOMAIN_x */
	uint32_t reason; /* REASON_x, when dead */
	uint32_t code;   /* exit code */
	char name[DOMAIN_NAME_MAX];
	uint64_t shared_mfn;    /* its shared-info page: to be mapped at SHARED_VA */
	uint64_t hypercall_mfn; /* the hypercall page: to be mapped at HYPERCALL_VA */
	uint64_t root_mfn;
	uint64_t frames; /* owned now */
	uint64_t max_frames;
	uint64_t run_time;                /* ns */
	uint32_t ports, grants, mappings; /* in use */
	uint32_t has_frame;               /* 1: frame is valid (dead or paused) */
	struct trap_frame frame;
};

struct domain_place {
	uint32_t domid;
	uint32_t builder; /* the domain that made it, which may be dead or gone; DOMID_NONE: the hypervisor */
};

/* Frames of one domain. The hypervisor's pages for its ports, grants and mappings count as its own. */
struct memory_info {
	uint64_t frames;      /* now, with table_pages */
	uint64_t target;      /* no more than this now */
	uint64_t maximum;     /* of the target */
	uint64_t reserved;    /* promised by the machine */
	uint64_t table_pages; /* kept by the hypervisor for its ports, grants and mappings */
	uint64_t page_tables; /* own frames that are page tables */
	uint64_t image;       /* frames of the image that it is attached to; not among its own */
	uint64_t reserved0;
};

struct machine_memory {
	uint64_t free, clean; /* free frames; those among them that are scrubbed already */
	uint64_t promised;    /* free frames that are kept for domains below their reservation */
	uint64_t images, image_frames;
	uint64_t reserved0[3];
};

#define MEMORY_MAX 64u /* frames in one call of memory_increase or memory_decrease */
#define MEMORY_RUN 1u  /* memory_increase: an aligned run of RUN_PAGES frames; only the first is told */
#define RUN_PAGES 512u

#define IMAGE_MAX 64u
#define IMAGE_TEXT 1u /* executable; else read-only data */

struct machine_info {
	uint64_t frames_total, frames_free;
	uint64_t frames_hypervisor; /* image, frame table, own tables */
	uint64_t bundle_frames;
	uint32_t domains;
	uint32_t devices;
	uint32_t features; /* FEATURE_x */
	uint32_t unexpected_interrupts;
};

#define DMA_FRAMES_MAX 128u
#define DMA_READ 1u  /* the device may read the frame */
#define DMA_WRITE 2u /* the device may write it: a use as writable, like a mapping with PTE_W */

#define DEVICE_BARS 6u

struct device_info {
	uint16_t segment, bdf; /* bus << 8 | device << 3 | function */
	uint16_t vendor, device;
	uint16_t subsystem_vendor, subsystem;
	uint16_t class_subclass; /* e.g. 0x0200: Ethernet */
	uint8_t prog_if, header_type;
	uint32_t owner;            /* domain id or DOMID_NONE */
	uint32_t msix_entries;     /* 0: no MSI-X */
	uint64_t bar[DEVICE_BARS]; /* physical address; 0: none, or I/O ports */
	uint64_t bar_bytes[DEVICE_BARS];
	uint32_t msix_bar; /* BAR that holds the MSI-X table; its pages cannot be mapped */
	uint32_t faults;   /* accesses that the IOMMU refused since the device was last assigned */
};

ABI_ASSERT(sizeof(struct entry_set) == 24, "entry_set layout");
ABI_ASSERT(sizeof(struct mmu_op) == 32, "mmu_op layout");
ABI_ASSERT(sizeof(struct event_pair) == 16, "event_pair layout");
ABI_ASSERT(sizeof(struct grant_offer) == 24, "grant_offer layout");
ABI_ASSERT(sizeof(struct grant_map) == 32, "grant_map layout");
ABI_ASSERT(sizeof(struct grant_copy) == 40, "grant_copy layout");
ABI_ASSERT(sizeof(struct domain_create) == 40, "domain_create layout");
ABI_ASSERT(sizeof(struct domain_copy) == 32, "domain_copy layout");
ABI_ASSERT(sizeof(struct vcpu_start) == 24, "vcpu_start layout");
ABI_ASSERT(sizeof(struct vcpu_times) == 48, "vcpu_times layout");
ABI_ASSERT(sizeof(struct domain_schedule) == 48, "domain_schedule layout");
ABI_ASSERT(sizeof(struct domain_vcpu) == 40, "domain_vcpu layout");
ABI_ASSERT(sizeof(struct memory_info) == 64, "memory_info layout");
ABI_ASSERT(sizeof(struct machine_memory) == 64, "machine_memory layout");
ABI_ASSERT(sizeof(struct domain_info) == 296, "domain_info layout");
ABI_ASSERT(sizeof(struct domain_place) == 8, "domain_place layout");
ABI_ASSERT(sizeof(struct machine_info) == 48, "machine_info layout");
ABI_ASSERT(sizeof(struct device_info) == 128, "device_info layout");

#endif
