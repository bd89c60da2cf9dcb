/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fpu SEED LOOKS: has values of its own in the registers of x87, SSE and AVX, leaves the CPU in each way that there is, and looks
 * whether they are still there. Looks at its registers with its first instructions, and LOOKS times at those of its second
 * vCPU with its first: each must find what a CPU has after a reset, whoever ran before. With LOOKS it ends, else it goes on.
 */
#include "raw.h"

#include <stdlib.h>

#define AREA_BYTES 4096u
#define REPORT 20u
#define YIELDS 3u
#define SLEEP_NS 200000u
#define TURNS 500000u /* of a loop: longer than a slice */
#define X87_CONTROL 0x37f
#define MXCSR_START 0x1f80u
#define MXCSR_ROUND 13
#define MXCSR_FLUSH 0x8000u
#define ST_BYTES 10u /* of the 16 that each has */
#define XSTATES 7u   /* x87, SSE, AVX */

enum way { BY_YIELD, BY_SLEEP, BY_FORCE, WAYS };

/* What XSAVE writes, and FXSAVE the first part of it: Intel SDM 1, 13.4. */
struct state {
	uint16_t control, status;
	uint8_t tags, reserved0;
	uint16_t opcode;
	uint64_t ip, data;
	uint32_t mxcsr, mxcsr_mask;
	uint64_t st[8][2];
	uint64_t xmm[16][2];
	uint8_t reserved1[96];
	uint64_t present, reserved2[7];
	uint64_t ymm[16][2];
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct state, mxcsr) == 24 && offsetof(struct state, st) == 32 &&
		       offsetof(struct state, xmm) == 160 && offsetof(struct state, present) == 512 &&
		       offsetof(struct state, ymm) == 576,
	       "the layout of the CPU");

struct area {
	struct state state;
	uint8_t rest[AREA_BYTES - sizeof(struct state)]; /* of what else there may be */
};

extern struct area fpu_first, fpu_other;   /* as found by the first instructions of either vCPU */
extern uint32_t fpu_xsave, fpu_other_done; /* XSAVE is to be used; the other vCPU has looked */
struct area fpu_first, fpu_other;
uint32_t fpu_xsave, fpu_other_done;

/* Loads @want, leaves the CPU by @way, and saves to @got. @amount: yields, a deadline, or turns of a loop. */
void fpu_through(const struct area *want, struct area *got, enum way way, uint64_t amount);
/* Where the other vCPU starts. */
void fpu_other_start(void);

/*
 * _start: a look at the registers, then the runtime. XSAVE is there when the hypervisor has switched it on: bit 27 of CPUID's
 * leaf 1.
 */
__asm__("	.macro SAVE_STATE to\n"
	"	mov $7, %eax\n"
	"	xor %edx, %edx\n"
	"	cmpl $0, fpu_xsave(%rip)\n"
	"	je 8f\n"
	"	xsave64 \\to\n"
	"	jmp 9f\n"
	"8:	fxsave64 \\to\n"
	"9:\n"
	"	.endm\n"
	"	.section .text._start, \"ax\", @progbits\n"
	"	.globl _start\n"
	"_start:\n"
	"	mov $1, %eax\n"
	"	cpuid\n"
	"	shr $27, %ecx\n"
	"	and $1, %ecx\n"
	"	mov %ecx, fpu_xsave(%rip)\n"
	"	SAVE_STATE fpu_first(%rip)\n"
	"	jmp start_runtime\n"
	"	.text\n"
	"fpu_other_start:\n"
	"	SAVE_STATE fpu_other(%rip)\n"
	"	movl $1, fpu_other_done(%rip)\n"
	"	mov $67, %eax\n"
	"	syscall\n"
	"	ud2\n"
	"fpu_through:\n"
	"	push %rbx\n"
	"	push %rbp\n"
	"	push %r12\n"
	"	mov %rsi, %rbx\n"
	"	mov %rdx, %rbp\n"
	"	mov %rcx, %r12\n"
	"	mov $7, %eax\n"
	"	xor %edx, %edx\n"
	"	cmpl $0, fpu_xsave(%rip)\n"
	"	je 1f\n"
	"	xrstor64 (%rdi)\n"
	"	jmp 2f\n"
	"1:	fxrstor64 (%rdi)\n"
	"2:	cmp $1, %ebp\n"
	"	je 4f\n"
	"	ja 5f\n"
	"3:	mov $3, %eax\n"
	"	syscall\n"
	"	dec %r12\n"
	"	jnz 3b\n"
	"	jmp 6f\n"
	"4:	mov $4, %eax\n"
	"	mov %r12, %rdi\n"
	"	syscall\n"
	"	jmp 6f\n"
	"5:	dec %r12\n"
	"	jnz 5b\n"
	"6:	SAVE_STATE (%rbx)\n"
	"	fninit\n"
	"	pushq $0x1f80\n"
	"	ldmxcsr (%rsp)\n"
	"	pop %rax\n"
	"	pop %r12\n"
	"	pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n");
_Static_assert(HYPERCALL_sched_yield == 3 && HYPERCALL_sched_block == 4 && HYPERCALL_vcpu_stop == 67, "the code above");

static bool has_avx(void)
{
	uint32_t low, high;

	if (!fpu_xsave)
		return false;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low & 4;
}

static void is_same(const char *when, const char *what, const void *found, const void *expected, size_t bytes)
{
	const uint8_t *f = found, *e = expected;

	raw_attempts++;
	for (size_t i = 0; i < bytes; i++)
		if (f[i] != e[i]) {
			raw_hole("%s: byte %lu of %s is %02x, not %02x", when, i, what, f[i], e[i]);
			return;
		}
}

static void is_as(const char *when, const struct area *found, const struct area *expected)
{
	const struct state *f = &found->state, *e = &expected->state;

	is_same(when, "x87's control word", &f->control, &e->control, sizeof f->control);
	is_same(when, "x87's status word", &f->status, &e->status, sizeof f->status);
	is_same(when, "x87's tags", &f->tags, &e->tags, sizeof f->tags);
	is_same(when, "MXCSR", &f->mxcsr, &e->mxcsr, sizeof f->mxcsr);
	for (unsigned i = 0; i < 8; i++)
		is_same(when, "a register of x87", f->st[i], e->st[i], ST_BYTES);
	is_same(when, "the XMM registers", f->xmm, e->xmm, sizeof f->xmm);
	if (has_avx())
		is_same(when, "the upper halves of the YMM registers", f->ymm, e->ymm, sizeof f->ymm);
}

static void is_as_reset(const char *when, const struct area *found)
{
	static const struct area reset = {.state = {.control = X87_CONTROL, .mxcsr = MXCSR_START}};

	is_as(when, found, &reset);
}

/* Values that differ by seed, by round and by register. */
static void values(struct area *a, uint32_t seed, uint32_t round)
{
	struct state *s = &a->state;
	uint64_t base = (uint64_t)seed << 56 | (uint64_t)round << 16;

	memset(a, 0, sizeof *a);
	s->control = (uint16_t)(X87_CONTROL ^ (seed & 3) << 10);
	s->status = (uint16_t)((seed & 7) << 11); /* top of the stack */
	s->tags = 0xff;
	s->mxcsr = MXCSR_START | (seed & 3) << MXCSR_ROUND | (round & 1 ? MXCSR_FLUSH : 0);
	for (unsigned i = 0; i < 16; i++) {
		for (unsigned half = 0; half < 2; half++) {
			s->xmm[i][half] = base | i << 8 | half;
			s->ymm[i][half] = base | i << 8 | half | 0x80;
		}
		if (i < 8) {
			s->st[i][0] = 1ull << 63 | base | i << 8;
			s->st[i][1] = 0x3fff + i;
		}
	}
	s->present = has_avx() ? XSTATES : XSTATES & 3;
}

static void one_round(uint32_t seed, uint32_t round)
{
	static const char *const names[WAYS] = {"behind a yield", "behind a sleep", "behind a loop"};
	static struct area want, got;

	for (enum way way = 0; way < WAYS; way++) {
		values(&want, seed, round);
		memset(&got, 0xff, sizeof got);
		fpu_through(&want, &got, way,
			    way == BY_YIELD   ? YIELDS
			    : way == BY_SLEEP ? clock_ns() + SLEEP_NS
					      : TURNS);
		is_as(names[way], &got, &want);
	}
}

/* The other vCPU starts while this one has values of its own, and others have. */
static void look(uint32_t seed, uint32_t round)
{
	struct vcpu_start start = {(uint64_t)fpu_other_start, 0, 0};
	int64_t result;

	memset(&fpu_other, 0xff, sizeof fpu_other);
	memset(&fpu_other.state.present, 0, 64); /* as XSAVE wants its header */
	fpu_other_done = 0;
	while ((result = hc_vcpu_start(1, &start)) == -HC_EBUSY)
		hc_sched_yield(); /* it has looked, and not stopped yet */
	raw_expect("the other vCPU starts", result, HC_OK);
	while (!__atomic_load_n(&fpu_other_done, __ATOMIC_ACQUIRE))
		one_round(seed, round);
	is_as_reset("at the start of a vCPU", &fpu_other);
}

int main(int argc, char **argv)
{
	uint32_t seed, looks;
	struct vcpu_times times = {0};

	if (argc < 3)
		return 2;
	seed = (uint32_t)strtoul(argv[1], NULL, 10);
	looks = (uint32_t)strtoul(argv[2], NULL, 10);
	raw_mask(1);
	is_as_reset("at the start of the domain", &fpu_first);
	for (uint32_t round = 1; !looks || round <= looks; round++) {
		if (looks)
			look(seed, round);
		one_round(seed, round);
		if (!looks && round % REPORT == 0) {
			printf("fpu: %u rounds\n", round);
			fflush(stdout);
		}
	}
	raw_expect("times", hc_vcpu_times(DOMID_SELF, 0, &times), HC_OK);
	if (!times.wait || !times.steal)
		raw_hole("nobody else wanted the CPU");
	raw_attempts = looks;
	return raw_end(has_avx() ? "fpu: with AVX" : fpu_xsave ? "fpu: with XSAVE" : "fpu: with FXSAVE");
}
