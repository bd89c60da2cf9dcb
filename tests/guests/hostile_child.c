/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains that are hostile from their first instruction on, before any runtime has sealed them: built here by hand, each a
 * page of code that makes the hypercalls of a script and compares every result. They try what a program cannot that was
 * sealed before its main: executable and writable by turns, text made data after the seal, the frames of an image. And what
 * their builder may see of them.
 */
#include "raw_memory.h"

#define SLOT 910u
#define CODE 0x20000000ull
#define DATA (CODE + PAGE_SIZE)
#define PLACE (DATA + PAGE_SIZE) /* two pages to map things at */
#define STEPS_MAX 40u
#define REST offsetof(struct data, rest)

struct step {
	uint64_t number, a[4];
	int64_t expected;
};

struct data {
	struct step steps[STEPS_MAX];
	struct mmu_op ops[STEPS_MAX];
	struct grant_offer offers[8];
	uint64_t mfns[8];
	uint32_t rest;
};

_Static_assert(sizeof(struct data) <= PAGE_SIZE, "a script fits a page");

static struct data script;
static unsigned steps, offers;
static uint32_t child;
static uint64_t code, data, frame, spare, l1; /* frames of the child */

/* RDI: the script. Ends the domain with 0 or with 2^24 + where << 8 + error. */
extern const char child_text[], child_text_end[];
__asm__("	.section .rodata\n"
	"child_text:\n"
	"	mov %rdi, %rbx\n"
	"	mov %rdi, %r12\n"
	"1:	mov (%rbx), %rax\n"
	"	cmp $-1, %rax\n"
	"	je 2f\n"
	"	mov 8(%rbx), %rdi\n"
	"	mov 16(%rbx), %rsi\n"
	"	mov 24(%rbx), %rdx\n"
	"	mov 32(%rbx), %r10\n"
	"	syscall\n"
	"	cmp 40(%rbx), %rax\n"
	"	jne 3f\n"
	"	add $48, %rbx\n"
	"	jmp 1b\n"
	"2:	xor %esi, %esi\n"
	"	jmp 4f\n"
	"3:	neg %rax\n"
	"	movzbl %al, %esi\n"
	"	sub %r12, %rbx\n"
	"	shl $8, %rbx\n"
	"	or %ebx, %esi\n"
	"	or $0x1000000, %esi\n"
	"4:	mov $1, %edi\n"
	"	mov $6, %eax\n"
	"	syscall\n"
	"	ud2\n"
	"child_text_end:\n"
	"	.text\n");

static void step(uint64_t number, uint64_t a, uint64_t b, uint64_t c, int64_t expected)
{
	script.steps[steps++] = (struct step){number, {a, b, c, 0}, expected};
}

static void mmu(uint32_t op, uint64_t mfn, uint64_t address, uint64_t value, enum abi_error expected)
{
	uint64_t at = DATA + offsetof(struct data, ops) + steps * sizeof script.ops[0];

	script.ops[steps] = (struct mmu_op){.op = op, .mfn = mfn, .address = address, .value = value};
	step(HYPERCALL_mmu_update, at, 1, DATA + REST, -(int64_t)expected);
}

/* Frame @mfn at place @place (0 or 1) with @rights. */
static void map(unsigned place, uint64_t mfn, uint64_t rights, enum abi_error expected)
{
	mmu(MMU_UPDATE_VA, 0, PLACE + place * PAGE_SIZE, raw_entry(mfn, rights), expected);
}

static void unmap(unsigned place)
{
	mmu(MMU_UPDATE_VA, 0, PLACE + place * PAGE_SIZE, 0, HC_OK);
}

static void give(uint64_t mfn, enum abi_error expected)
{
	script.mfns[offers] = mfn;
	step(HYPERCALL_memory_decrease, DATA + offsetof(struct data, mfns) + offers++ * 8, 1, 0, -(int64_t)expected);
}

static void offer(uint64_t mfn, uint32_t flags, int64_t expected)
{
	uint64_t at = DATA + offsetof(struct data, mfns) + offers * 8;

	script.mfns[offers] = mfn;
	script.offers[offers] = (struct grant_offer){
		.peer = start_info()->domid, .flags = flags, .count = 1, .mfns = at};
	step(HYPERCALL_grant_offer, DOMID_SELF,
	     DATA + offsetof(struct data, offers) + offers++ * sizeof script.offers[0], 0, expected);
}

static int64_t build(uint32_t op, uint64_t mfn, uint64_t index, uint64_t value)
{
	struct mmu_op o = {.op = op, .mfn = mfn, .address = index, .value = value};
	uint32_t done;

	return hc_domain_mmu(child, &o, 1, &done);
}

static void fill(uint64_t mfn, const void *from, size_t len)
{
	struct domain_copy c = {.domid = child, .len = (uint32_t)len, .mfn = mfn, .buffer = (uint64_t)from};

	raw_expect("filled", hc_domain_write(&c), HC_OK);
}

/* A domain with code, data, two frames of its own, and its tables; its code not yet mapped. */
static uint64_t child_make(uint32_t slot)
{
	struct domain_create c = {.name = "child", .slot = slot, .max_pages = 64, .weight = 256, .vcpu_count = 1};
	int64_t id = hc_domain_create(&c);
	uint64_t f[8] = {0};

	child = (uint32_t)id;
	raw_expect_number("its frames", hc_domain_populate(child, f, 8), 8);
	code = f[0], data = f[1], frame = f[2], spare = f[3], l1 = f[4];
	fill(code, child_text, (size_t)(child_text_end - child_text));
	for (unsigned level = 1; level <= 4; level++) {
		raw_expect("a table of it", build(MMU_PIN, f[3 + level], 0, level), HC_OK);
		if (level > 1)
			raw_expect("linked",
				   build(MMU_UPDATE, f[3 + level], CODE >> (PAGE_SHIFT + 9 * (level - 1)) & 511,
					 f[2 + level] << PAGE_SHIFT | LINK),
				   HC_OK);
	}
	raw_expect("its code", build(MMU_UPDATE, l1, 0, raw_entry(code, 0)), HC_OK);
	memset(&script, 0, sizeof script);
	steps = offers = 0;
	return f[7];
}

static void child_start(uint64_t root)
{
	struct domain_vcpu vcpu = {.domid = child, .root = root, .entry = CODE, .argument = DATA};

	step(UINT64_MAX, 0, 0, 0, 0);
	fill(data, &script, sizeof script);
	raw_expect("its data", build(MMU_UPDATE, l1, 1, raw_entry(data, RW)), HC_OK);
	raw_expect("its vCPU", hc_domain_vcpu_setup(&vcpu), HC_OK);
	raw_expect("started", hc_domain_start(child), HC_OK);
}

/* Waits for its end, which must be that of a script gone through. */
static void child_end(const char *name)
{
	struct domain_info info;

	while (!hc_domain_info(child, &info) && info.state != DOMAIN_DEAD)
		hc_sched_block(raw_now() + 1000000);
	raw_attempts += steps;
	if (info.reason != REASON_EXIT || info.code)
		raw_hole("%s: reason %u, step %lu of %u: result -%u", name, info.reason,
			 (info.code >> 8 & 0xffff) / sizeof(struct step) + 1, steps, info.code & 0xff);
}

static void child_release(void)
{
	int64_t result;

	while ((result = hc_domain_release(child)) == -HC_EAGAIN)
		;
	raw_expect("released", result, HC_OK);
}

/*
 * Its own frame as code and as data by turns, while that is allowed; then sealed: what was text then stays text, or the
 * domain could write its next code into it and wait for someone who jumps there.
 */
static void own_text(void)
{
	uint64_t root = child_make(SLOT);
	int64_t result;

	map(0, frame, 0, HC_OK);
	map(1, frame, RW, HC_ETYPE);
	map(1, frame, PTE_W, HC_EENTRY);
	map(0, frame, RW, HC_ETYPE);
	mmu(MMU_PIN, frame, 0, 1, HC_ETYPE);
	give(frame, HC_EBUSY);
	unmap(0);
	map(0, frame, RW, HC_OK);
	map(1, frame, 0, HC_ETYPE);
	unmap(0);
	map(0, frame, 0, HC_OK);
	step(HYPERCALL_mmu_seal, 0, 0, 0, 0);
	map(1, frame, 0, HC_ESEALED);
	map(1, spare, 0, HC_ESEALED);
	unmap(0);
	map(0, frame, RW, HC_ETEXT);
	map(0, frame, 0, HC_ESEALED);
	for (unsigned level = 1; level <= 4; level++)
		mmu(MMU_PIN, frame, 0, level, HC_ETEXT);
	give(frame, HC_ETEXT);
	map(0, frame, RO, HC_OK);
	unmap(0);
	map(0, code, RW, HC_ETYPE);
	offer(frame, GRANT_TRANSFER, 1);
	step(HYPERCALL_sched_block, TIME_NEVER, 0, 0, 0);
	child_start(root);
	while ((result = hc_grant_accept(child, 1)) == -HC_EGRANT)
		hc_sched_block(raw_now() + 1000000);
	raw_expect("sealed text taken over", result, HC_ETEXT);
	if (result == -HC_ENODOM)
		child_end("own text");
	else
		raw_expect("destroyed", hc_domain_destroy(child), HC_OK);
	raw_attempts += steps;
	child_release();
}

/* The frames of an image: text to run, data to read; whatever else would be felt by every domain that shares them. */
static void image_frames(void)
{
	uint32_t image = (uint32_t)hc_image_create();
	uint64_t text = 0, constant = 0, root;

	raw_expect_number("text of an image", hc_image_populate(image, &text, 1, IMAGE_TEXT), 1);
	raw_expect_number("data of an image", hc_image_populate(image, &constant, 1, 0), 1);
	raw_expect("sealed", hc_image_seal(image), HC_OK);
	root = child_make(SLOT + 1);
	raw_expect("a frame of an image that it has not", build(MMU_UPDATE, l1, 2, raw_entry(text, 0)), HC_EFRAME);
	raw_expect("one of its data", build(MMU_UPDATE, l1, 2, raw_entry(constant, RO)), HC_EFRAME);
	raw_expect("attached", hc_image_attach(child, image), HC_OK);
	raw_expect("written by its builder", build(MMU_UPDATE, l1, 2, raw_entry(constant, RW)), HC_EFRAME);
	map(0, text, 0, HC_OK);
	map(1, text, RW, HC_EFRAME);
	map(0, text, PTE_W, HC_EENTRY);
	map(1, text, RO, HC_OK);
	map(1, constant, 0, HC_EFRAME);
	map(1, constant, RW, HC_EFRAME);
	map(1, constant, RO, HC_OK);
	mmu(MMU_PIN, text, 0, 1, HC_EFRAME);
	mmu(MMU_PIN, constant, 0, 1, HC_EFRAME);
	give(text, HC_EFRAME);
	give(constant, HC_EFRAME);
	offer(text, GRANT_READONLY, -HC_EFRAME);
	offer(constant, 0, -HC_EREADONLY);
	offer(constant, GRANT_TRANSFER, -HC_EREADONLY);
	offer(constant, GRANT_READONLY, 1);
	step(HYPERCALL_mmu_seal, 0, 0, 0, 0);
	unmap(0);
	map(0, text, 0, HC_ESEALED);
	child_start(root);
	child_end("image");
	raw_expect("dropped while the dead still maps it", hc_image_drop(image), HC_OK);
	raw_expect("dropped twice", hc_image_drop(image), HC_EIMAGE);
	child_release();
	raw_expect("it went with its last domain", hc_image_drop(image), HC_EIMAGE);
}

static int64_t look(uint32_t domid, uint64_t mfn, uint32_t offset, void *to)
{
	struct domain_copy c = {.domid = domid, .offset = offset, .len = 8, .mfn = mfn, .buffer = (uint64_t)to};

	return hc_domain_read(&c);
}

/* What its builder wrote into its frame. */
static void reads(const char *when)
{
	uint64_t found = 0;

	raw_expect(when, look(child, frame, 8, &found), HC_OK);
	raw_expect_number(when, (int64_t)found, 77);
}

/* Who builds a domain writes into it until it starts, and reads it while it stands still: its own frames and no others. */
static void contents(void)
{
	static const uint64_t words[2] = {66, 77};
	struct domain_copy c = {.len = 8, .buffer = (uint64_t)words};
	uint64_t root = child_make(SLOT + 2), own = raw_frame(), found;

	fill(frame, words, sizeof words);
	step(HYPERCALL_sched_block, TIME_NEVER, 0, 0, 0);
	raw_refused("read under construction", look(child, frame, 8, &found), HC_ESTATE);
	child_start(root);
	raw_refused("read while it runs", look(child, frame, 8, &found), HC_ESTATE);
	raw_expect("paused", hc_domain_pause(child), HC_OK);
	reads("read while it is paused");
	raw_refused("read beyond the frame", look(child, frame, 4089, &found), HC_EINVAL);
	raw_refused("the builder's frame read as its", look(child, own, 0, &found), HC_EINVAL);
	raw_refused("the hypervisor read as its", look(child, RAW_FOREIGN, 0, &found), HC_EINVAL);
	raw_refused("nothing read as its", look(child, RAW_HOLE, 0, &found), HC_EINVAL);
	raw_refused("read to a read-only page", look(child, frame, 8, (void *)start_info()), HC_EFAULT);
	raw_refused("read to the hypervisor", look(child, frame, 8, (void *)0xffff800008000000), HC_EFAULT);
	c.domid = child;
	c.mfn = frame;
	raw_refused("written while it is paused", hc_domain_write(&c), HC_ESTATE);
	raw_expect("goes on", hc_domain_unpause(child), HC_OK);
	raw_refused("read while it runs again", look(child, frame, 8, &found), HC_ESTATE);
	raw_refused("written while it runs", hc_domain_write(&c), HC_ESTATE);
	raw_expect("destroyed", hc_domain_destroy(child), HC_OK);
	reads("read when it is dead");
	raw_refused("written when it is dead", hc_domain_write(&c), HC_ESTATE);
	child_release();
	raw_refused("read when it is gone", look(child, frame, 8, &found), HC_ENODOM);
	raw_refused("the control domain read", look(0x10000, frame, 8, &found), HC_ESTATE);
	raw_refused("itself read", look(DOMID_SELF, own, 0, &found), HC_ESTATE);
	raw_expect_number("given back", raw_give(own), 1);
}

int main(void)
{
	raw_start(0);
	own_text();
	image_frames();
	contents();
	return raw_end("child");
}
