/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hostrun [-m MiB] PROGRAM.elf [argument...]: runs a guest program as a Linux process, for tests of the runtime that
 * need no hypervisor. The program is mapped where it was linked, its hypercall page jumps into this process, which
 * implements the console (by a real console ring), blocking, time, thread bases, page guards and exceptions. No devices,
 * no other domains, no protection of anybody from anybody. The exit status is the program's; 125 when it crashed.
 *
 * The guest's code runs on its own %fs. hypercall_enter swaps it and the stack before any C code of ours runs, and keeps
 * the vector registers, which a hypercall must not touch. A signal handler runs on the guest's %fs and so calls nothing.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <abi/console_ring.h>
#include <abi/hypercall.h>
#include <abi/start.h>
#include <base/bits.h>
#include <base/elf.h>

#define MEM_VA 0x100000000ull
#define P2M_VA 0x300000000ull
#define STACK_VA 0x310000000ull
#define START_VA 0x320000000ull
#define WINDOW_VA 0x330000000ull
#define STACK_PAGES 32u
#define WINDOW_PAGES 4096u
#define CONSOLE_REF 1u
#define CONSOLE_PORT 1u
#define HOST_STACK 65536u
#define CRASHED 125

/* Used by the assembly below. */
extern uint64_t host_fs, guest_fs, guest_rsp;
extern uint8_t host_stack_end[], guest_fpu[];
uint64_t host_fs, guest_fs, guest_rsp;
int64_t hypercall(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
void hypercall_enter(void);
_Noreturn void guest_enter(uint64_t entry, uint64_t stack, uint64_t argument);

__asm__(".bss\n"
	".balign 64\n"
	"guest_fpu: .skip 512\n"
	"host_stack: .skip 65536\n"
	".globl host_stack_end, guest_fpu\n"
	"host_stack_end: .skip 16\n"
	".text\n"
	".globl hypercall_enter\n"
	"hypercall_enter:\n"
	"	mov %rsp, guest_rsp(%rip)\n"
	"	lea host_stack_end(%rip), %rsp\n"
	"	fxsave guest_fpu(%rip)\n"
	"	push %rax; push %rdi; push %rsi; push %rdx\n"
	"	mov $158, %eax\n" /* arch_prctl(ARCH_SET_FS) */
	"	mov $0x1002, %edi\n"
	"	mov host_fs(%rip), %rsi\n"
	"	syscall\n"
	"	pop %rcx; pop %rdx; pop %rsi; pop %rdi\n"
	"	mov %r10, %r8\n"
	"	call hypercall\n"
	"	push %rax; push %rax\n"
	"	mov $158, %eax\n"
	"	mov $0x1002, %edi\n"
	"	mov guest_fs(%rip), %rsi\n"
	"	syscall\n"
	"	pop %rax\n"
	"	fxrstor guest_fpu(%rip)\n"
	"	mov guest_rsp(%rip), %rsp\n"
	"	xor %edi, %edi; xor %esi, %esi; xor %edx, %edx\n"
	"	xor %r8d, %r8d; xor %r9d, %r9d; xor %r10d, %r10d\n"
	"	ret\n"
	".globl guest_enter\n"
	"guest_enter:\n"
	"	mov %rsi, %rsp\n"
	"	mov %rdi, %rax\n"
	"	mov %rdx, %rdi\n"
	"	jmp *%rax\n");

static struct console_ring *ring;
static int ring_fd;
static struct entry_set entries;
static volatile sig_atomic_t in_exception;
static struct shared_info *const shared = (struct shared_info *)SHARED_VA;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "hostrun: %s\n", what);
	exit(CRASHED);
}

static void *map_at(uint64_t va, uint64_t bytes, int prot)
{
	void *p = mmap((void *)(uintptr_t)va, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)(uintptr_t)va)
		fail("a fixed address is not free");
	return p;
}

/* --- hypercalls -------------------------------------------------------------------------------------------------- */

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void drain(void)
{
	uint32_t cons = ring->out.c.cons, prod = __atomic_load_n(&ring->out.p.prod, __ATOMIC_ACQUIRE);
	char bytes[CONSOLE_OUT_BYTES];
	uint32_t n = 0;

	while (cons + n != prod && n < sizeof bytes) {
		bytes[n] = (char)ring->out_bytes[(cons + n) % CONSOLE_OUT_BYTES];
		n++;
	}
	for (uint32_t at = 0; at < n;) {
		ssize_t written = write(1, bytes + at, n - at);

		if (written <= 0)
			break;
		at += (uint32_t)written;
	}
	__atomic_store_n(&ring->out.c.cons, cons + n, __ATOMIC_RELEASE);
	ring->out.c.wake_prod = cons + n + 1;
}

static void raise_event(unsigned port)
{
	shared->pending[port / 64] |= 1ull << (port % 64);
	shared->vcpu[0].pending_sel |= 1ull << (port / 64);
	shared->vcpu[0].upcall_pending = 1;
}

/* Typed input goes into the ring, waiting for it at most @ns. */
static void feed(uint64_t ns)
{
	static bool closed;
	struct pollfd in = {.fd = closed ? -1 : 0, .events = POLLIN};
	struct timespec t = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
	uint32_t prod = ring->in.p.prod, room = CONSOLE_IN_BYTES - (prod - ring->in.c.cons);
	char bytes[CONSOLE_IN_BYTES];
	ssize_t n;

	if (ppoll(&in, 1, &t, NULL) <= 0 || !room)
		return;
	n = read(0, bytes, room);
	closed = n <= 0;
	for (ssize_t i = 0; i < n; i++)
		ring->in_bytes[(prod + (uint32_t)i) % CONSOLE_IN_BYTES] = (uint8_t)bytes[i];
	__atomic_store_n(&ring->in.p.prod, prod + (n > 0 ? (uint32_t)n : 0), __ATOMIC_RELEASE);
	if (n > 0)
		raise_event(CONSOLE_PORT);
}

static int64_t do_block(uint64_t deadline)
{
	drain();
	for (;;) {
		uint64_t now = monotonic_ns();

		if (shared->vcpu[0].upcall_pending)
			return 0;
		if (now >= deadline)
			return 1;
		feed(MIN(deadline - now, 1000000000ull));
	}
}

static _Noreturn void do_shutdown(uint32_t reason, uint32_t code)
{
	drain();
	fflush(stdout);
	fprintf(stderr, "hostrun: %s, code %u\n", domain_reason_text(reason), code);
	_exit(reason == REASON_EXIT ? (int)(code & 0xff) : CRASHED);
}

static int64_t do_mmu_update(const struct mmu_op *ops, uint32_t count, uint32_t *done)
{
	for (uint32_t i = 0; i < count; i++) {
		int prot = ops[i].value ? PROT_READ | PROT_WRITE : PROT_NONE;

		*done = i;
		if (ops[i].op != MMU_UPDATE_VA || ops[i].address % PAGE_SIZE)
			return -HC_EINVAL;
		if (mprotect((void *)(uintptr_t)ops[i].address, PAGE_SIZE, prot) != 0)
			return -HC_EADDRESS;
	}
	*done = count;
	return 0;
}

static int64_t do_grant_map(const struct grant_map *map)
{
	void *at = (void *)(uintptr_t)map->va;

	if (map->first != CONSOLE_REF || map->count != 1)
		return -HC_EGRANT;
	if (mmap(at, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ring_fd, 0) != at)
		return -HC_EADDRESS;
	return 0;
}

int64_t hypercall(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	(void)d;
	switch (number) {
	case HYPERCALL_abi_version: return ABI_VERSION;
	case HYPERCALL_sched_yield: drain(); return 0;
	case HYPERCALL_sched_block: return do_block(a);
	case HYPERCALL_sched_shutdown: do_shutdown((uint32_t)a, (uint32_t)b);
	case HYPERCALL_entry_set: entries = *(const struct entry_set *)a; return 0;
	case HYPERCALL_vcpu_set_base:
		if (a)
			return -HC_EINVAL;
		guest_fs = b;
		return 0;
	case HYPERCALL_mmu_update: return do_mmu_update((const struct mmu_op *)a, (uint32_t)b, (uint32_t *)c);
	case HYPERCALL_mmu_seal: return 0;
	case HYPERCALL_event_send: drain(); return a == CONSOLE_PORT ? 0 : -HC_EPORT;
	case HYPERCALL_event_unmask: return 0;
	case HYPERCALL_grant_map: return do_grant_map((const struct grant_map *)a);
	default: return -HC_ENOSYS;
	}
}

/* --- exceptions -------------------------------------------------------------------------------------------------- */

static _Noreturn void die(const char *text, unsigned len)
{
	syscall(SYS_write, 2, text, len);
	syscall(SYS_exit_group, CRASHED);
	__builtin_unreachable();
}

/* Continues at the guest's exception handler with a frame on its exception stack. */
static void on_signal(int number, siginfo_t *info, void *context)
{
	static const char nested[] = "hostrun: exception inside the exception handler, or none registered\n";
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	struct trap_frame *f = (struct trap_frame *)entries.exception_stack - 1;

	(void)number, (void)info;
	if (in_exception || !entries.exception)
		die(nested, sizeof nested - 1);
	in_exception = 1;
	*f = (struct trap_frame){
		.r15 = (uint64_t)r[REG_R15],
		.r14 = (uint64_t)r[REG_R14],
		.r13 = (uint64_t)r[REG_R13],
		.r12 = (uint64_t)r[REG_R12],
		.rbp = (uint64_t)r[REG_RBP],
		.rbx = (uint64_t)r[REG_RBX],
		.r11 = (uint64_t)r[REG_R11],
		.r10 = (uint64_t)r[REG_R10],
		.r9 = (uint64_t)r[REG_R9],
		.r8 = (uint64_t)r[REG_R8],
		.rax = (uint64_t)r[REG_RAX],
		.rcx = (uint64_t)r[REG_RCX],
		.rdx = (uint64_t)r[REG_RDX],
		.rsi = (uint64_t)r[REG_RSI],
		.rdi = (uint64_t)r[REG_RDI],
		.vector = (uint64_t)r[REG_TRAPNO],
		.error = (uint64_t)r[REG_ERR],
		.rip = (uint64_t)r[REG_RIP],
		.rflags = (uint64_t)r[REG_EFL],
		.rsp = (uint64_t)r[REG_RSP],
		.fs_base = guest_fs,
		.cr2 = r[REG_TRAPNO] == 14 ? (uint64_t)r[REG_CR2] : 0,
	};
	r[REG_RIP] = (greg_t)entries.exception;
	r[REG_RSP] = (greg_t)(uintptr_t)f;
	r[REG_RDI] = (greg_t)(uintptr_t)f;
}

static void catch_exceptions(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
	stack_t stack = {.ss_sp = malloc(HOST_STACK), .ss_size = HOST_STACK};
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

/* --- building the address space ---------------------------------------------------------------------------------- */

static uint64_t load(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	const struct elf_header *h;

	if (fd < 0 || fstat(fd, &st) != 0)
		fail("cannot open the program");
	h = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (h == MAP_FAILED || elf_open(h, (uint64_t)st.st_size, GUEST_LINK_VA, MEM_VA) != ELF_OK)
		fail("not a guest program");
	for (unsigned i = 0; i < h->phnum; i++) {
		const struct elf_segment *s = elf_segment_at(h, i);
		uint64_t first = align_down(s->vaddr, PAGE_SIZE),
			 bytes = align_up(s->vaddr + s->memsz, PAGE_SIZE) - first;
		int prot = PROT_READ | (s->flags & ELF_PF_W ? PROT_WRITE : 0) | (s->flags & ELF_PF_X ? PROT_EXEC : 0);

		if (s->type != ELF_PT_LOAD || !s->memsz)
			continue;
		map_at(first, bytes, PROT_READ | PROT_WRITE);
		memcpy((void *)(uintptr_t)s->vaddr, (const char *)h + s->offset, s->filesz);
		mprotect((void *)(uintptr_t)first, bytes, prot);
	}
	return h->entry;
}

static void build_hypercall_page(void)
{
	uint8_t *page = map_at(HYPERCALL_VA, PAGE_SIZE, PROT_READ | PROT_WRITE);
	uint64_t target = (uintptr_t)hypercall_enter;

	memcpy(page, "\x49\xbb", 2); /* movabs $target, %r11; jmp *%r11 */
	memcpy(page + 2, &target, 8);
	memcpy(page + 10, "\x41\xff\xe3", 3);
	mprotect(page, PAGE_SIZE, PROT_READ | PROT_EXEC);
}

static void build_clock(void)
{
	struct time_record *t = &shared->vcpu[0].time;
	struct timespec wall, pause = {.tv_nsec = 20000000};
	uint64_t tsc = __builtin_ia32_rdtsc(), ns = monotonic_ns(), ticks;

	nanosleep(&pause, NULL);
	ticks = __builtin_ia32_rdtsc() - tsc;
	clock_gettime(CLOCK_REALTIME, &wall);
	t->tsc_base = tsc;
	t->ns_base = ns;
	t->mul = (uint32_t)(((unsigned __int128)(monotonic_ns() - ns) << 32) / ticks);
	shared->wall_clock_base = (uint64_t)wall.tv_sec * 1000000000 + (uint64_t)wall.tv_nsec - monotonic_ns();
}

static void build_start(struct start_info *s, uint64_t pages, char **words)
{
	const char *slash = strrchr(*words, '/'), *name = slash ? slash + 1 : *words;
	uint64_t *p2m = map_at(P2M_VA, align_up(pages * 8, PAGE_SIZE), PROT_READ | PROT_WRITE);
	size_t at, length = strcspn(name, ".");

	*s = (struct start_info){
		.magic = START_MAGIC,
		.abi_version = ABI_VERSION,
		.domid = 0x10001,
		.vcpu_count = 1,
		.mem_va = MEM_VA,
		.mem_pages = pages,
		.p2m_va = P2M_VA,
		.stack_va = STACK_VA,
		.stack_pages = STACK_PAGES,
		.window_va = WINDOW_VA,
		.window_pages = WINDOW_PAGES,
		.console_domid = 0x10000,
		.console_ref = CONSOLE_REF,
		.console_port = CONSOLE_PORT,
	};
	for (uint64_t i = 0; i < pages; i++)
		p2m[i] = 0x100000 + i * 7 % pages;
	memcpy(s->name, name, MIN(length, sizeof s->name - 1));
	at = (size_t)snprintf(s->cmdline, sizeof s->cmdline, "%.*s", (int)MIN(length, 64u), name);
	while (*++words && at + 1 < sizeof s->cmdline)
		at += (size_t)snprintf(s->cmdline + at, sizeof s->cmdline - at, " %s", *words);
	if (getrandom(s->seed, sizeof s->seed, 0) != (ssize_t)sizeof s->seed)
		fail("no randomness");
}

int main(int argc, char **argv)
{
	uint64_t mebibytes = 16, entry;
	struct start_info *start;

	if (argc > 2 && !strcmp(argv[1], "-m")) {
		mebibytes = strtoull(argv[2], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	if (argc < 2 || !mebibytes || mebibytes > 4096)
		fail("usage: hostrun [-m MiB] PROGRAM.elf [argument...]");
	entry = load(argv[1]);
	build_hypercall_page();
	map_at(SHARED_VA, PAGE_SIZE, PROT_READ | PROT_WRITE);
	shared->vcpu[0].upcall_mask = 1;
	build_clock();
	map_at(MEM_VA, mebibytes << 20, PROT_READ | PROT_WRITE);
	map_at(STACK_VA, STACK_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE);
	map_at(WINDOW_VA, WINDOW_PAGES * PAGE_SIZE, PROT_NONE);
	ring_fd = memfd_create("console", 0);
	if (ring_fd < 0 || ftruncate(ring_fd, PAGE_SIZE) != 0)
		fail("no memory for the console ring");
	ring = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd, 0);
	ring->out.c.wake_prod = 1;
	start = map_at(START_VA, PAGE_SIZE, PROT_READ | PROT_WRITE);
	build_start(start, (mebibytes << 20) / PAGE_SIZE, argv + 1);
	mprotect(start, PAGE_SIZE, PROT_READ);
	catch_exceptions();
	syscall(SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, &host_fs);
	guest_fs = host_fs;
	guest_enter(entry, STACK_VA + STACK_PAGES * PAGE_SIZE, START_VA);
}
