/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpus: a domain with two vCPUs, which meet in its memory: they hand a turn to and fro without a hypercall, add up one array,
 * see each other's page tables change, and take upcalls of their own. Where the machine has one CPU the same things happen, one
 * after the other. Says at the end how often they were on two CPUs at once, which the system test knows.
 */
#include "raw.h"

#include <abi/shared.h>

#define TURNS 2000u /* on two CPUs; on one each takes a slice */
#define TURNS_ALONE 20u
#define TRIES 100u /* the other CPU may come late */
#define PAUSE_NS 50000000ull
#define NUMBERS 65536u
#define REMAPS 300u
#define UPCALLS 300u

enum job { JOB_NONE, JOB_TURNS, JOB_SUM, JOB_LOOK, JOB_UPCALLS, JOB_STOP };

/* What the other vCPU works on. */
static struct {
	volatile uint32_t job, done; /* done: jobs */
	volatile uint32_t turn, turns;
	const uint32_t *numbers;
	uint64_t sum;
	const volatile uint64_t *page;
	uint64_t seen;
	volatile uint32_t upcalls, spoilt;
} shared;

static uint8_t stack[16384] __attribute__((aligned(4096)));
static uint64_t tls[64];

static struct vcpu_shared *other_shared(void)
{
	return &((struct shared_info *)SHARED_VA)->vcpu[1];
}

static void take_turns(uint32_t mine)
{
	while (shared.turn < shared.turns)
		if (shared.turn % 2 == mine)
			__atomic_fetch_add(&shared.turn, 1, __ATOMIC_SEQ_CST);
}

static uint64_t sum_half(uint32_t half)
{
	uint64_t sum = 0;

	for (uint32_t i = half * NUMBERS / 2; i < (half + 1) * NUMBERS / 2; i++)
		sum += shared.numbers[i];
	return sum;
}

/* By the stub of the other vCPU, in the middle of spin_checked(). */
static void on_upcall(void)
{
	struct vcpu_shared *s = other_shared();

	__atomic_store_n(&s->upcall_pending, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&s->pending_sel, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&((struct shared_info *)SHARED_VA)->pending[0], 0, __ATOMIC_SEQ_CST);
	shared.upcalls++;
}

/*
 * uint64_t spin_checked(volatile uint32_t *count, uint32_t old): until *count is not @old, with known values in all caller-saved registers and in
 * the red zone; 0 when they were the same afterwards.
 */
uint64_t spin_checked(volatile uint32_t *count, uint32_t old);
__asm__("	.text\n"
	"spin_checked:\n"
	"	mov $11, %eax\n"
	"	mov $12, %ecx\n"
	"	mov $13, %edx\n"
	"	mov $18, %r8d\n"
	"	mov $19, %r9d\n"
	"	mov $20, %r10d\n"
	"	mov $21, %r11d\n"
	"	movq $77, -8(%rsp)\n"
	"	movq $78, -128(%rsp)\n"
	"1:	cmp %esi, (%rdi)\n"
	"	je 1b\n"
	"	sub $11, %rax\n"
	"	sub $12, %rcx\n"
	"	sub $13, %rdx\n"
	"	sub $18, %r8\n"
	"	sub $19, %r9\n"
	"	sub $20, %r10\n"
	"	sub $21, %r11\n"
	"	subq $77, -8(%rsp)\n"
	"	subq $78, -128(%rsp)\n"
	"	or %rcx, %rax\n"
	"	or %rdx, %rax\n"
	"	or %r8, %rax\n"
	"	or %r9, %rax\n"
	"	or %r10, %rax\n"
	"	or %r11, %rax\n"
	"	or -8(%rsp), %rax\n"
	"	or -128(%rsp), %rax\n"
	"	ret\n");

static void take_upcalls(void)
{
	struct entry_set set = {(uint64_t)on_upcall, (uint64_t)raw_exception, (uint64_t)raw_stack + sizeof raw_stack};
	int64_t port = hc_event_bind_virq(VIRQ_TIMER, 1);

	if (port <= 0 || port >= 64 || hc_entry_set(&set)) {
		shared.spoilt = 1000;
		return;
	}
	__atomic_store_n(&other_shared()->upcall_mask, 0, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < UPCALLS; i++) {
		uint32_t before = shared.upcalls;

		hc_timer_set(clock_ns() + 20000 + i % 7 * 1000);
		shared.spoilt += spin_checked(&shared.upcalls, before) != 0;
	}
	__atomic_store_n(&other_shared()->upcall_mask, 1, __ATOMIC_SEQ_CST);
	hc_event_close((uint32_t)port);
}

static void other_main(uint64_t argument)
{
	uint32_t last = 0;

	(void)argument;
	tls[0] = (uint64_t)tls;
	hc_vcpu_set_base(0, (uint64_t)tls);
	for (;;) {
		while (shared.done == shared.job >> 8)
			if (hc_sched_yield() < 0)
				break;
		last = shared.job;
		switch (last & 0xff) {
		case JOB_TURNS: take_turns(1); break;
		case JOB_SUM: shared.sum = sum_half(1); break;
		case JOB_LOOK: shared.seen = *shared.page; break;
		case JOB_UPCALLS: take_upcalls(); break;
		case JOB_STOP:
			__atomic_store_n(&shared.done, last >> 8, __ATOMIC_SEQ_CST);
			hc_vcpu_stop();
			break;
		default: break;
		}
		__atomic_store_n(&shared.done, last >> 8, __ATOMIC_SEQ_CST);
	}
}

static void other_begin(enum job job)
{
	uint32_t number = (shared.job >> 8) + 1;

	__atomic_store_n(&shared.job, number << 8 | job, __ATOMIC_SEQ_CST);
}

static void other_wait(void)
{
	while (shared.done != shared.job >> 8)
		hc_sched_yield();
}

static struct vcpu_times times_of(uint32_t vcpu)
{
	struct vcpu_times t = {0};

	raw_expect("times", hc_vcpu_times(DOMID_SELF, vcpu, &t), HC_OK);
	return t;
}

static uint64_t run_sum(void)
{
	return times_of(0).run + times_of(1).run;
}

/* True when both have run for longer together than the time was that it took. */
static bool turns_at_once(uint32_t turns)
{
	uint64_t ran = run_sum(), began = clock_ns(), took;

	shared.turn = 0;
	shared.turns = turns;
	other_begin(JOB_TURNS);
	take_turns(0);
	other_wait();
	took = clock_ns() - began;
	return run_sum() - ran > took + took / 3;
}

/* Two addresses whose frames change places again and again; what stands there is read by the other vCPU each time. */
static void looks(void)
{
	uint64_t *pages = pages_alloc(2), frame[2];

	pages[0] = 1;
	pages[512] = 2;
	frame[0] = pages_mfn(pages);
	frame[1] = pages_mfn(pages + 512);
	shared.page = pages;
	for (uint32_t i = 0; i < REMAPS; i++) {
		struct mmu_op op = {.op = MMU_UPDATE_VA, .address = (uint64_t)pages};
		uint32_t done;

		op.value = frame[i % 2] << PAGE_SHIFT | PTE_P | PTE_U | PTE_W | PTE_NX;
		if (!raw_expect("frames change places", hc_mmu_update(&op, 1, &done), HC_OK))
			return;
		other_begin(JOB_LOOK);
		other_wait();
		raw_attempts++;
		if (shared.seen != i % 2 + 1)
			raw_hole("the other vCPU still sees the old frame in round %u: %lu", i, shared.seen);
	}
}

static void refusals(const struct vcpu_start *start)
{
	struct domain_schedule schedule = {.domid = DOMID_SELF, .weight = 1, .cpus = 1};
	struct vcpu_start bad = *start;

	raw_expect("a vCPU that is on is started", hc_vcpu_start(0, start), HC_EBUSY);
	raw_expect("a vCPU that does not exist is started", hc_vcpu_start(2, start), HC_EINVAL);
	bad.entry = 0x00007f8000000000;
	raw_expect("a vCPU is started nowhere", hc_vcpu_start(1, &bad), HC_EADDRESS);
	bad = *start;
	bad.stack = UINT64_MAX;
	raw_expect("a vCPU is started without a stack", hc_vcpu_start(1, &bad), HC_EADDRESS);
	raw_expect("the last vCPU is stopped", hc_vcpu_stop(), HC_EBUSY);
	raw_expect("times of no vCPU", hc_vcpu_times(DOMID_SELF, 2, &(struct vcpu_times){0}), HC_EINVAL);
	raw_expect("times of another domain", hc_vcpu_times(1, 0, &(struct vcpu_times){0}), HC_EPERM);
	raw_expect("its own share is changed", hc_domain_schedule(&schedule), HC_EPERM);
}

int main(void)
{
	struct vcpu_start start = {(uint64_t)other_main, (uint64_t)stack + sizeof stack - 8, 0},
			  bad = {UINT64_MAX, 0, 0};
	uint32_t *numbers = pages_alloc(NUMBERS * sizeof *numbers / PAGE_SIZE);
	uint64_t sum = 0;
	bool at_once;

	raw_mask(1);
	raw_start(0);
	refusals(&start);
	for (unsigned i = 0; i < 2; i++) {
		/* Twice: what is stopped can be started again. */
		raw_expect("the other vCPU starts", hc_vcpu_start(1, &start), HC_OK);
		at_once = false;
		for (unsigned try = 0; try < TRIES && !at_once; try++) {
			hc_sched_block(clock_ns() + PAUSE_NS * (try != 0));
			at_once = turns_at_once(TURNS_ALONE) && turns_at_once(TURNS);
		}
		for (uint32_t n = 0; n < NUMBERS; n++)
			sum += numbers[n] = n * 2654435761u;
		shared.numbers = numbers;
		other_begin(JOB_SUM);
		sum -= sum_half(0);
		other_wait();
		raw_attempts++;
		if (sum != shared.sum)
			raw_hole("two halves do not make a whole");
		sum = 0;
		looks();
		other_begin(JOB_UPCALLS);
		other_wait();
		raw_attempts++;
		if (shared.spoilt || shared.upcalls != UPCALLS * (i + 1))
			raw_hole("%u upcalls, %u of them spoilt something", shared.upcalls, shared.spoilt);
		other_begin(JOB_STOP);
		other_wait();
		while (hc_vcpu_start(1, &bad) == -HC_EBUSY)
			hc_sched_yield(); /* it says that it is done just before it stops */
	}
	printf("two vCPUs were on two CPUs %s\n", at_once ? "at once" : "never at once");
	return raw_end("cpus");
}
