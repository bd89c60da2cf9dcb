/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory: the runtime's memory tries itself out, one line for each property, and exits with the number of those that do not
 * hold. `memory balloon` then holds half of what it may have and follows its target, until the target is back.
 */
#include "raw.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cambium/thread.h>

#define RUN_BYTES (2u << 20)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

extern char __text_start[];

static int failures;

static void report(const char *property, bool holds)
{
	printf("%s: %s\n", holds ? "holds" : "FAILS", property);
	fflush(stdout);
	failures += !holds;
}

static struct memory_figures figures(void)
{
	struct memory_figures f;

	memory_figures(&f);
	return f;
}

static void *map(size_t bytes, int prot)
{
	return mmap(NULL, bytes, prot, ANONYMOUS, -1, 0);
}

/* Whether the byte can be read, written, executed. */
static bool can(void (*how)(uint64_t, uint64_t), const void *at)
{
	return !raw_try(how, (uint64_t)at, 7);
}

static bool all_zero(const uint8_t *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i])
			return false;
	return true;
}

/* --- growth ------------------------------------------------------------------------------------------------------ */

/* Before anything else ran. */
static bool start_is_small(const struct memory_figures *f)
{
	printf("at the start of main: %zu pages of memory present, %zu of them spare, %zu frames of at most %zu, %zu tables\n",
	       f->present, f->spare, f->frames, f->maximum, f->page_tables);
	return f->present <= 128 && f->frames < f->maximum / 2;
}

/* Takes pages until there are no more, in pieces, each checked to be zero. */
static bool grows_to_the_limit(void)
{
	struct memory_figures before = figures(), full;
	uint8_t **first = NULL;
	size_t pages = 0;
	bool zero = true;

	for (unsigned piece = 64; piece; piece /= 8) {
		for (uint8_t *p; (p = pages_alloc(piece)) != NULL; pages += piece) {
			zero = zero && all_zero(p, piece * PAGE_SIZE);
			memset(p, 0xa5, piece * PAGE_SIZE);
			((uint8_t **)p)[0] = (uint8_t *)first;
			((size_t *)p)[1] = piece;
			first = (uint8_t **)p;
		}
	}
	full = figures();
	errno = 0;
	zero = zero && map(PAGE_SIZE * 8, PROT_READ) == MAP_FAILED && errno == ENOMEM && !malloc(1u << 20);
	while (first) {
		uint8_t **next = (uint8_t **)first[0];

		pages_free(first, ((size_t *)first)[1]);
		first = next;
	}
	printf("took %zu pages: %zu frames of %zu\n", pages, full.frames, full.target);
	return zero && full.frames == full.target && full.spare == 0 && figures().taken == before.taken;
}

/* Frames that are spare in one place serve another, when the domain may have no more. */
static bool spare_frames_move(void)
{
	size_t bytes = figures().target * PAGE_SIZE / 10 * 6;
	uint8_t *heap = malloc(bytes), *mapping;
	bool ok = heap != NULL;

	if (heap)
		memset(heap, 1, bytes);
	free(heap);
	mapping = map(bytes, PROT_READ | PROT_WRITE);
	ok = ok && mapping != MAP_FAILED && all_zero(mapping, bytes);
	if (mapping != MAP_FAILED)
		memset(mapping, 2, bytes);
	ok = ok && !munmap(mapping, bytes);
	heap = calloc(1, bytes);
	ok = ok && heap && all_zero(heap, bytes);
	free(heap);
	return ok && figures().heap < 1u << 20;
}

/* --- mappings ---------------------------------------------------------------------------------------------------- */

static bool fails(const void *result, int error)
{
	return result == MAP_FAILED && errno == error;
}

static bool arguments_are_checked(void)
{
	uint8_t *p = map(3 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	bool ok = fails(map(0, PROT_READ), EINVAL) && fails(map(1, PROT_READ | PROT_EXEC), ENOTSUP) &&
		  fails(map((size_t)1 << 40, PROT_READ), ENOMEM) && fails(map(SIZE_MAX, PROT_READ), ENOMEM) &&
		  fails(mmap(p, 1, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0), ENOTSUP) &&
		  fails(mmap(NULL, 1, PROT_READ, MAP_PRIVATE, 1, 0), ENODEV) &&
		  fails(mmap(NULL, 1, PROT_READ, MAP_PRIVATE, 77, 0), EBADF) &&
		  fails(mmap(NULL, 1, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);

	ok = ok && munmap(p + 1, 1) == -1 && errno == EINVAL && munmap(p, 0) == -1 && errno == EINVAL;
	ok = ok && mprotect(p, PAGE_SIZE, PROT_EXEC) == -1 && errno == ENOTSUP;
	ok = ok && mprotect(p + 1, PAGE_SIZE, PROT_READ) == -1 && errno == EINVAL;
	ok = ok && !munmap(p + PAGE_SIZE, PAGE_SIZE) && !munmap(p + PAGE_SIZE, PAGE_SIZE);
	ok = ok && mprotect(p, 3 * PAGE_SIZE, PROT_READ) == -1 && errno == ENOMEM && can(raw_write, p);
	return ok && !munmap(p, 3 * PAGE_SIZE) && mprotect(p, PAGE_SIZE, PROT_READ) == -1 && errno == ENOMEM;
}

static bool protection_is_real(void)
{
	uint8_t *p = map(5 * PAGE_SIZE, PROT_READ | PROT_WRITE), *reserved = map(RUN_BYTES, PROT_NONE);
	size_t present = figures().present;
	bool ok = p != MAP_FAILED && reserved != MAP_FAILED;

	memset(p, 0x5a, 5 * PAGE_SIZE);
	ok = ok && !mprotect(p + PAGE_SIZE, PAGE_SIZE, PROT_NONE) && !mprotect(p + 3 * PAGE_SIZE, 1, PROT_READ);
	ok = ok && !can(raw_read, p + PAGE_SIZE) && !can(raw_write, p + PAGE_SIZE) && can(raw_write, p + 2 * PAGE_SIZE);
	ok = ok && can(raw_read, p + 3 * PAGE_SIZE) && !can(raw_write, p + 3 * PAGE_SIZE);
	ok = ok && !can(raw_execute, p) && !can(raw_execute, p + 3 * PAGE_SIZE);
	ok = ok && !mprotect(p, 5 * PAGE_SIZE, PROT_READ | PROT_WRITE) && p[PAGE_SIZE] == 0x5a &&
	     p[4 * PAGE_SIZE - 1] == 0x5a && can(raw_write, p + 3 * PAGE_SIZE);
	ok = ok && !can(raw_read, reserved) && !mprotect(reserved + PAGE_SIZE, PAGE_SIZE, PROT_WRITE) &&
	     all_zero(reserved + PAGE_SIZE, PAGE_SIZE) && !can(raw_read, reserved) && figures().present <= present + 1;
	return ok && !munmap(p, 5 * PAGE_SIZE) && !munmap(reserved, RUN_BYTES) && !can(raw_execute, p);
}

static bool large_mappings_split_and_join(void)
{
	size_t huge = figures().huge;
	uint8_t *p = map(3 * RUN_BYTES, PROT_READ | PROT_WRITE), *middle = p + RUN_BYTES + 7 * PAGE_SIZE;
	bool ok = p != MAP_FAILED && figures().huge == huge + 3 && (uintptr_t)p % RUN_BYTES == 0;

	printf("large mapping at %p: %zu of 3 pieces by one entry\n", (void *)p, figures().huge - huge);
	ok = ok && all_zero(p, 3 * RUN_BYTES);
	for (size_t i = 0; ok && i < 3 * RUN_BYTES; i += PAGE_SIZE)
		p[i] = (uint8_t)(i / PAGE_SIZE % 251);
	ok = ok && !mprotect(p, RUN_BYTES, PROT_READ) && figures().huge == huge + 3 && !can(raw_write, p + PAGE_SIZE);
	ok = ok && !mprotect(middle, PAGE_SIZE, PROT_NONE) && figures().huge == huge + 2 && !can(raw_read, middle) &&
	     can(raw_write, middle - PAGE_SIZE) && can(raw_write, middle + PAGE_SIZE);
	ok = ok && !mprotect(p, 3 * RUN_BYTES, PROT_READ | PROT_WRITE) && figures().huge == huge + 3;
	middle[-(ptrdiff_t)PAGE_SIZE] = (uint8_t)((RUN_BYTES / PAGE_SIZE + 6) % 251);
	middle[PAGE_SIZE] = (uint8_t)((RUN_BYTES / PAGE_SIZE + 8) % 251);
	for (size_t i = 0; ok && i < 3 * RUN_BYTES; i += PAGE_SIZE)
		ok = p[i] == (uint8_t)(i / PAGE_SIZE % 251);
	ok = ok && !munmap(p + 2 * RUN_BYTES, PAGE_SIZE) &&
	     p[2 * RUN_BYTES + PAGE_SIZE] == (uint8_t)((2 * RUN_BYTES / PAGE_SIZE + 1) % 251);
	return !munmap(p, 3 * RUN_BYTES) && ok;
}

/* --- against a model --------------------------------------------------------------------------------------------- */

#define SLOTS 24u
#define SLOT_PAGES 700u

static struct {
	uint8_t *at; /* NULL: none */
	size_t pages;
	uint8_t mapped[SLOT_PAGES], prot[SLOT_PAGES], value[SLOT_PAGES]; /* value: of each page's first and last byte */
} slots[SLOTS];

static unsigned random_below(unsigned n)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

static const int protections[3] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};

static bool page_agrees(unsigned s, size_t i)
{
	uint8_t *p = slots[s].at + i * PAGE_SIZE;

	if (!slots[s].mapped[i])
		return true;
	if (random_below(16) == 0 && (can(raw_read, p) != (slots[s].prot[i] > 0)))
		return false;
	if (!slots[s].prot[i])
		return true;
	if (p[0] != slots[s].value[i] || p[PAGE_SIZE - 1] != slots[s].value[i])
		return false;
	if (slots[s].prot[i] == 2)
		slots[s].value[i] = p[0] = p[PAGE_SIZE - 1] = (uint8_t)random_below(256);
	return true;
}

static void slot_map(unsigned s)
{
	size_t pages = 1 + random_below(random_below(12) ? 40 : SLOT_PAGES);
	unsigned prot = random_below(3);
	uint8_t *p = map(pages * PAGE_SIZE, protections[prot]);

	if (p == MAP_FAILED)
		return;
	slots[s].at = p;
	slots[s].pages = pages;
	memset(slots[s].mapped, 1, pages);
	memset(slots[s].prot, (int)prot, pages);
	memset(slots[s].value, 0, pages);
}

static bool slot_change(unsigned s)
{
	size_t first = random_below((unsigned)slots[s].pages);
	size_t n = 1 + random_below((unsigned)(slots[s].pages - first));
	unsigned prot = random_below(3);
	uint8_t *p = slots[s].at + first * PAGE_SIZE;
	bool whole = true;

	if (random_below(3) == 0) {
		memset(slots[s].mapped + first, 0, n);
		return !munmap(p, n * PAGE_SIZE);
	}
	for (size_t i = first; i < first + n; i++)
		whole = whole && slots[s].mapped[i];
	if (mprotect(p, n * PAGE_SIZE, protections[prot]))
		return errno == ENOMEM;
	memset(slots[s].prot + first, (int)prot, n);
	return whole;
}

/* What was unmapped may be another slot's by now: only what is still this one's goes. */
static bool slot_end(unsigned s)
{
	bool ok = true;

	for (size_t i = 0; i < slots[s].pages; i++)
		if (slots[s].mapped[i])
			ok = ok && !munmap(slots[s].at + i * PAGE_SIZE, PAGE_SIZE);
	slots[s].at = NULL;
	return ok;
}

/* A slot with a hole is ended or left alone, since a range across the hole may meet others. */
static bool has_hole(unsigned s)
{
	return memchr(slots[s].mapped, 0, slots[s].pages) != NULL;
}

static bool random_operations_agree(unsigned count)
{
	for (unsigned step = 0; step < count; step++) {
		unsigned s = random_below(SLOTS);
		bool ok = true;

		if (!slots[s].at)
			slot_map(s);
		else if (has_hole(s) || random_below(4) == 0)
			ok = slot_end(s);
		else
			ok = slot_change(s);
		for (unsigned i = 0; ok && slots[s].at && i < slots[s].pages; i++)
			ok = page_agrees(s, i);
		if (!ok) {
			printf("step %u, slot %u of %zu pages\n", step, s, slots[s].pages);
			return false;
		}
	}
	for (unsigned s = 0; s < SLOTS; s++)
		if (slots[s].at && !slot_end(s))
			return false;
	return true;
}

/* --- what is executable ------------------------------------------------------------------------------------------ */

static bool nothing_is_writable_and_executable(void)
{
	static const uint8_t constant[16] = "constant";
	static uint8_t data[16] = {0xc3};
	uint8_t stack[16] = {0xc3}, *heap = malloc(16);
	bool ok = can(raw_read, __text_start) && !can(raw_write, __text_start);

	heap[0] = 0xc3;
	ok = ok && can(raw_read, constant) && !can(raw_write, constant) && !can(raw_execute, constant);
	ok = ok && can(raw_write, data + 8) && !can(raw_execute, data);
	ok = ok && can(raw_write, stack + 8) && !can(raw_execute, stack);
	ok = ok && can(raw_write, heap + 8) && !can(raw_execute, heap);
	ok = ok && !can(raw_write, start_info()) && !can(raw_write, (void *)(uintptr_t)HYPERCALL_VA);
	free(heap);
	return ok;
}

/* --- the balloon ------------------------------------------------------------------------------------------------- */

static void wait_for(const char *what, bool (*true_now)(const struct memory_figures *))
{
	struct memory_figures f = figures();

	printf("balloon: waiting: %s\n", what);
	fflush(stdout);
	for (; !true_now(&f); f = figures())
		thread_sleep_until(clock_ns() + 5000000);
	printf("balloon: %s: %zu frames of %zu\n", what, f.frames, f.target);
	fflush(stdout);
}

static bool lowered(const struct memory_figures *f)
{
	return f->target < f->maximum / 2;
}

static bool met(const struct memory_figures *f)
{
	return f->frames <= f->target;
}

static bool exhausted(const struct memory_figures *f)
{
	return f->spare == 0;
}

static bool restored(const struct memory_figures *f)
{
	return f->target > f->maximum / 10 * 9;
}

/* The test lowers the target below what is held, and raises it when it was met. */
static bool balloon_works(void)
{
	size_t bytes = figures().maximum / 2 * PAGE_SIZE;
	uint8_t *held = malloc(bytes), *again;
	bool ok;

	memset(held, 1, bytes);
	wait_for("the target is lowered", lowered);
	wait_for("all that is spare is given", exhausted);
	ok = figures().frames > figures().target && held[0] == 1 && held[bytes - 1] == 1;
	free(held);
	wait_for("the target is met", met);
	/* The console says once a second why there is none: that second has to be another. */
	thread_sleep_until(clock_ns() + 1100000000);
	again = malloc(bytes);
	ok = ok && !again;
	wait_for("the target is restored", restored);
	again = malloc(bytes);
	ok = ok && again && figures().frames > bytes / PAGE_SIZE;
	free(again);
	return ok;
}

int main(int argc, char **argv)
{
	struct memory_figures first = figures(), before, after;

	raw_start(0);
	report("a small start", start_is_small(&first));
	report("nothing is writable and executable, text and constants are read-only",
	       nothing_is_writable_and_executable());
	report("large mappings take 2 MiB entries, which split and join", large_mappings_split_and_join());
	report("memory grows to the limit, and then says no", grows_to_the_limit());
	report("spare frames serve whoever needs some", spare_frames_move());
	report("arguments are checked", arguments_are_checked());
	report("protection is real and keeps contents", protection_is_real());
	before = figures();
	report("10000 random operations agree with a model", random_operations_agree(10000));
	after = figures();
	printf("before: %zu taken, %zu mapped, %zu present; after: %zu, %zu, %zu\n", before.taken, before.mapped,
	       before.present, after.taken, after.mapped, after.present);
	report("nothing leaks", before.taken == after.taken && !after.mapped && after.heap <= before.heap &&
					after.present == after.spare + after.taken);
	if (argc > 1 && !strcmp(argv[1], "balloon"))
		report("the balloon follows the target", balloon_works());
	printf("memory: %d failures\n", failures);
	return failures;
}
