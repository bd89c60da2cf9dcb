/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * soak ROUNDS: makes a domain and ends it again, that many times and in every way that it can end, each time with grants
 * in both directions, ports and a share of one image; then the counters of the machine and of this domain must be what
 * they were. The builder is written out by hand, so that every object of a domain's life is made here.
 * Exits with 0, or with 1 behind a line that says which counter is off.
 *
 * soak ROUNDS beside: the same beside others, who change the machine's counters; only this domain's own are compared.
 * soak ROUNDS left: makes so many and ends none, for whoever looks after a builder that ends.
 * soak 0 JUDGE FIRST: so, too, in slots from FIRST on, as long as the judge says, who compares the machine's (storm.h).
 */
#include "storm.h"

#define WARM_UP 20u /* rounds until tables have grown to what the rounds need */
#define REPORT 10000u
#define FIRST_SLOT 100u
#define SLOTS 800u
#define SLOTS_BESIDE 16u /* fewer than WARM_UP: what an earlier life left in one is met at once */
#define PAUSE_NS 20000000u

enum { L4, L3, L2, L1_FIXED, L1_TEXT, DATA, OFFERED, SPARE, FRAMES };
enum way { BY_ITSELF, WHILE_BLOCKED, WHILE_MAPPED, PAUSED, UNSTARTED, BY_FAULT, WAYS };

/* Everything that could leak, as the hypervisor counts it. */
struct counters {
	uint64_t free, promised, images, image_frames, hypervisor, domains;
	uint64_t frames, ports, grants, mappings;
};

struct child {
	uint32_t id;
	enum way way;
	uint64_t mfn[FRAMES];
	struct event_pair pair;
	uint32_t to_child, from_child; /* references */
	uint32_t moving;               /* a frame of ours that is offered for good, and never taken */
	bool mapped;
};

static uint32_t image;
static uint64_t text_mfn, window;
static void *page, *gift;
static bool alone = true;
static struct storm_board *board; /* NULL: there is no judge */
static uint32_t first_slot = FIRST_SLOT, slots = SLOTS;

/* sched_shutdown(REASON_EXIT, 0), sched_block(never) or a division by zero, by the child's RDI. */
__asm__(".section .rodata\n"
	".globl child_text, child_text_end\n"
	"child_text:\n"
	"	cmp $1, %edi\n"
	"	je 1f\n"
	"	ja 2f\n"
	"	mov $6, %eax\n"
	"	mov $1, %edi\n"
	"	xor %esi, %esi\n"
	"	syscall\n"
	"1:	mov $4, %eax\n"
	"	mov $-1, %rdi\n"
	"	syscall\n"
	"	jmp 1b\n"
	"2:	xor %ecx, %ecx\n"
	"	div %ecx\n"
	"child_text_end:\n"
	".text\n");
extern const uint8_t child_text[], child_text_end[];
_Static_assert(HYPERCALL_sched_shutdown == 6 && HYPERCALL_sched_block == 4 && REASON_EXIT == 1, "child_text");

static int64_t must(int64_t result, const char *what)
{
	if (result < 0) {
		printf("soak: %s: %s\n", what, abi_error_text(result));
		exit(1);
	}
	return result;
}

static void write_frame(uint32_t id, uint64_t mfn, const void *from, uint32_t len)
{
	struct domain_copy copy = {.domid = id, .len = len, .mfn = mfn, .buffer = (uintptr_t)from};

	must(hc_domain_write(&copy), "domain_write");
}

static void image_make(void)
{
	struct domain_copy copy = {.len = (uint32_t)(child_text_end - child_text), .buffer = (uintptr_t)child_text};

	image = (uint32_t)must(hc_image_create(), "image_create");
	must(hc_image_populate(image, &text_mfn, 1, IMAGE_TEXT), "image_populate");
	copy.domid = image;
	copy.mfn = text_mfn;
	must(hc_image_write(&copy), "image_write");
	must(hc_image_seal(image), "image_seal");
}

static void table_entry(struct child *c, unsigned table, unsigned index, uint64_t mfn, uint64_t rights)
{
	uint64_t entry = mfn << PAGE_SHIFT | PTE_P | PTE_U | rights;
	struct domain_copy copy = {.domid = c->id, .offset = index * 8, .len = 8, .mfn = c->mfn[table]};

	copy.buffer = (uintptr_t)&entry;
	must(hc_domain_write(&copy), "domain_write of an entry");
}

static void tables_make(struct child *c)
{
	struct mmu_op ops[5];
	struct domain_info info;
	uint32_t done;

	must(hc_domain_info(c->id, &info), "domain_info");
	table_entry(c, L4, 0, c->mfn[L3], PTE_W);
	table_entry(c, L3, 0, c->mfn[L2], PTE_W);
	table_entry(c, L2, HYPERCALL_VA >> 21, c->mfn[L1_FIXED], PTE_W);
	table_entry(c, L2, GUEST_LINK_VA >> 21, c->mfn[L1_TEXT], PTE_W);
	table_entry(c, L1_FIXED, 0, info.hypercall_mfn, 0);
	table_entry(c, L1_FIXED, 1, info.shared_mfn, PTE_W | PTE_NX);
	table_entry(c, L1_TEXT, 0, text_mfn, 0);
	table_entry(c, L1_TEXT, 1, c->mfn[DATA], PTE_W | PTE_NX);
	for (unsigned i = 0; i < 5; i++)
		ops[i] = (struct mmu_op){.op = MMU_PIN, .mfn = c->mfn[4 - i], .value = i < 2 ? 1 : i};
	must(hc_domain_mmu(c->id, ops, 5, &done), "domain_mmu");
}

static uint32_t offer(uint32_t domid, uint32_t peer, uint64_t mfn, uint32_t flags)
{
	struct grant_offer o = {.peer = peer, .flags = flags, .count = 1, .mfns = (uintptr_t)&mfn};

	return (uint32_t)must(hc_grant_offer(domid, &o), "grant_offer");
}

/* In a slot that nobody has a domain in: another builder that was ended may have left one, for an instant. */
static uint32_t create_somewhere(struct domain_create *create)
{
	int64_t result;

	for (uint32_t tries = 0; (result = hc_domain_create(create)) == -HC_ENOSLOT && tries < slots; tries++)
		create->slot = first_slot + (create->slot - first_slot + 1) % slots;
	return (uint32_t)must(result, "domain_create");
}

static void build(struct child *c, uint32_t round)
{
	struct domain_create create = {.name = "soak-child",
				       .slot = first_slot + round % slots,
				       .max_pages = 64,
				       .weight = 1 + round % 1000,
				       .vcpu_count = 1,
				       .reserved_pages = round % 32};

	c->way = round % WAYS;
	c->id = create_somewhere(&create);
	must(hc_domain_populate(c->id, c->mfn, FRAMES), "domain_populate");
	must(hc_image_attach(c->id, image), "image_attach");
	tables_make(c);
	write_frame(c->id, c->mfn[OFFERED], &round, sizeof round);
	c->pair = (struct event_pair){.a = DOMID_SELF, .b = c->id};
	must(hc_event_pair(&c->pair), "event_pair");
	c->from_child = offer(c->id, start_info()->domid, c->mfn[OFFERED], 0);
	c->to_child = offer(DOMID_SELF, c->id, pages_mfn(page), GRANT_READONLY);
	c->moving = offer(DOMID_SELF, c->id, pages_mfn(gift), GRANT_TRANSFER);
}

static void run(struct child *c)
{
	struct domain_vcpu vcpu = {.domid = c->id, .root = c->mfn[L4], .entry = GUEST_LINK_VA};

	vcpu.argument = c->way == BY_ITSELF ? 0 : c->way == BY_FAULT ? 2 : 1;
	vcpu.stack = GUEST_LINK_VA + 2 * PAGE_SIZE;
	must(hc_domain_vcpu_setup(&vcpu), "domain_vcpu_setup");
	must(hc_domain_start(c->id), "domain_start");
	if (c->way == WHILE_MAPPED) {
		struct grant_map map = {.granter = c->id, .first = c->from_child, .count = 1, .va = window};

		must(hc_grant_map(&map), "grant_map");
		c->mapped = true;
	}
	hc_sched_yield();
	must(hc_event_send(c->pair.port_a), "event_send");
	if (c->way == PAUSED)
		must(hc_domain_pause(c->id), "domain_pause");
}

/* The child is dead afterwards, by itself or by us. */
static void end(const struct child *c)
{
	struct domain_info info;

	if (c->way != BY_ITSELF && c->way != BY_FAULT) {
		must(hc_domain_destroy(c->id), "domain_destroy");
		return;
	}
	do {
		hc_sched_yield();
		must(hc_domain_info(c->id, &info), "domain_info");
	} while (info.state != DOMAIN_DEAD);
	if (info.reason != (c->way == BY_ITSELF ? REASON_EXIT : REASON_EXCEPTION)) {
		printf("soak: a child ended by reason %u\n", info.reason);
		exit(1);
	}
}

static void release(struct child *c, uint32_t round)
{
	int64_t result;

	must(hc_event_close(c->pair.port_a), "event_close");
	must(hc_grant_revoke(c->to_child, 1), "grant_revoke");
	must(hc_grant_revoke(c->moving, 1), "grant_revoke of a transfer");
	do
		result = hc_domain_release(c->id);
	while (result == -HC_EAGAIN);
	must(result, "domain_release");
	if (c->mapped) {
		/* It outlived its owner. */
		if (*(volatile uint32_t *)(uintptr_t)window != round) {
			printf("soak: a mapped frame changed when its owner died\n");
			exit(1);
		}
		must(hc_grant_unmap(window, 1), "grant_unmap");
	}
}

static struct counters count(void)
{
	struct machine_info machine = {0};
	struct machine_memory memory = {0};
	struct domain_info self;

	if (alone) {
		must(hc_machine_info(&machine), "machine_info");
		must(hc_machine_memory(&memory), "machine_memory");
	}
	must(hc_domain_info(DOMID_SELF, &self), "domain_info");
	return (struct counters){
		memory.free,     memory.promised, memory.images, memory.image_frames, machine.frames_hypervisor,
		machine.domains, self.frames,     self.ports,    self.grants,         self.mappings};
}

static void say(uint32_t rounds, const struct counters *c)
{
	printf("soak: %u rounds: free %lu, promised %lu, images %lu of %lu frames, hypervisor %lu, domains %lu; own frames %lu, "
	       "ports %lu, grants %lu, mappings %lu\n",
	       rounds, c->free, c->promised, c->images, c->image_frames, c->hypervisor, c->domains, c->frames, c->ports,
	       c->grants, c->mappings);
}

static void round_make(uint32_t round)
{
	struct child c = {0};

	build(&c, round);
	if (c.way != UNSTARTED)
		run(&c);
	end(&c);
	release(&c, round);
}

static void warm_up(struct counters *before)
{
	for (uint32_t round = 0; round < WARM_UP; round++)
		round_make(round);
	*before = count();
	say(0, before);
}

static bool same(const struct counters *before, uint32_t rounds)
{
	struct counters now = count();

	if (memcmp(&now, before, sizeof now)) {
		say(rounds, &now);
		printf("soak: round %u left something behind\n", rounds);
		return false;
	}
	if (rounds % REPORT == 0)
		say(rounds, &now);
	return true;
}

/* Makes domains in each odd phase and holds nothing in the even ones. False: something was left behind. */
static bool beside_others(const struct counters *before)
{
	struct storm_lane *lane = &board->lane[0];

	for (uint32_t phase = 0; phase != STORM_END; phase = board->phase) {
		if (phase % 2 == 0) {
			lane->answered = phase;
			storm_wait();
			continue;
		}
		round_make(WARM_UP + lane->rounds++);
		hc_sched_block(raw_now() + PAUSE_NS); /* so that the others come to something, too */
		if (!same(before, lane->rounds)) {
			lane->holes++;
			return false;
		}
	}
	return true;
}

static _Noreturn void leave(uint32_t rounds)
{
	for (uint32_t round = 0; round < rounds; round++) {
		struct child c = {0};

		build(&c, round);
		if (c.way != UNSTARTED)
			run(&c);
	}
	printf("soak: %u domains are there\n", rounds);
	fflush(stdout);
	for (;;)
		hc_sched_block(TIME_NEVER);
}

static void board_offer(uint32_t judge)
{
	board = pages_alloc(1);
	if (!board)
		exit(2);
	board->lanes = 1;
	raw_mask(1);
	storm_offer(judge, STORM_JUDGE_REF, 0, pages_mfn(board));
}

int main(int argc, char **argv)
{
	uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000;
	struct counters before;

	alone = argc <= 2;
	if (!alone)
		slots = SLOTS_BESIDE;
	if (argc > 3) {
		first_slot = (uint32_t)strtoul(argv[3], NULL, 10);
		board_offer((uint32_t)strtoul(argv[2], NULL, 10));
	}
	page = pages_alloc(1);
	gift = pages_alloc(1);
	window = window_alloc(1);
	if (!page || !gift || !window || page_guard(gift) < 0)
		return 2;
	image_make();
	if (argc == 3 && !strcmp(argv[2], "left"))
		leave(rounds);
	warm_up(&before);
	for (uint32_t round = 0; round < rounds; round++) {
		round_make(WARM_UP + round);
		if (!same(&before, round + 1))
			return 1;
	}
	if (board && !beside_others(&before))
		return 1;
	must(hc_image_drop(image), "image_drop");
	say(board ? board->lane[0].rounds : rounds, &before);
	printf("soak: nothing is left behind\n");
	return 0;
}
