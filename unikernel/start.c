/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the entry point to main() and from there to the end of the domain. The thread pointer, and the stack guard with
 * it, changes within start_early: whoever is on the stack then must not be instrumented by the stack protector.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cambium/console.h>
#include <cambium/hypercall.h>
#include <cambium/start.h>

#include "core/words.h"
#include "runtime.h"

#define MIN_MEM_PAGES 64u
#define STACK_PAGES 32u

void start_early(const struct start_info *start);
_Noreturn void start_late(void);
int main(int argc, char **argv, char **envp);

extern void (*__init_array_start[])(int, char **, char **);
extern void (*__init_array_end[])(int, char **, char **);
extern void (*__fini_array_start[])(void);
extern void (*__fini_array_end[])(void);

/* The ELF note that a builder checks before there is a domain. A program may bring its own. */
struct cambium_note {
	uint32_t name_bytes, data_bytes, type;
	char name[8];
	struct abi_note note;
};

extern const struct cambium_note cambium_note;
const struct cambium_note cambium_note __attribute__((weak, used, section(".cambium.note"), aligned(4))) = {
	.name_bytes = sizeof CAMBIUM_NOTE_OWNER,
	.data_bytes = sizeof(struct abi_note),
	.type = CAMBIUM_NOTE_ABI,
	.name = CAMBIUM_NOTE_OWNER,
	.note = {.abi_version = ABI_VERSION,
		 .min_mem_pages = MIN_MEM_PAGES,
		 .stack_pages = STACK_PAGES,
		 .flags = NOTE_GROWS},
};

static const struct start_info *start_page;
static char *no_words[1];
static char **arguments = no_words;
char **environ = no_words;

const struct start_info *start_info(void)
{
	return start_page;
}

const char *program_name(void)
{
	return arguments[0] ? arguments[0] : start_page->name;
}

_Noreturn void start_fail(const char *why)
{
	static const char head[] = "cambium: cannot start: ";

	hc_console_write(0, head, sizeof head - 1);
	hc_console_write(0, why, (uint32_t)strlen(why));
	hc_console_write(0, "\n", 1);
	for (;;)
		hc_sched_shutdown(REASON_CRASH, 0);
}

__attribute__((no_stack_protector)) void start_early(const struct start_info *start)
{
	thread_early();
	start_page = start;
	if (start->magic != START_MAGIC || start->abi_version != ABI_VERSION)
		start_fail("the start page is of another ABI version");
	mem_setup(start);
	random_setup(start);
	thread_setup(start);
}

static void run_destructors(void)
{
	for (size_t i = (size_t)(__fini_array_end - __fini_array_start); i; i--)
		__fini_array_start[i - 1]();
}

/* The command line becomes environment and arguments. Returns how many arguments. */
static int read_cmdline(void)
{
	uint64_t va = start_page->long_cmdline_va;
	const char *line = va ? (const char *)va : start_page->cmdline;
	size_t bytes = strlen(line) + 1, count = words_bound(line), settings;
	char *copy = malloc(bytes), **words = calloc(count + 2, sizeof(*words));

	if (!copy || !words)
		start_fail("no memory for the command line");
	memcpy(copy, line, bytes);
	count = words_split(copy, words, count);
	settings = words_settings(words, &count);
	memmove(words + settings + 1, words + settings, (count - settings) * sizeof(*words));
	words[settings] = words[count + 1] = NULL;
	environ = words;
	arguments = words + settings + 1;
	return (int)(count - settings);
}

_Noreturn void start_late(void)
{
	int argc;

	entry_setup();
	(void)hc_mmu_seal(); /* nothing of ours becomes executable from here on */
	console_setup(start_page);
	fd_setup();
	balloon_setup();
	device_setup(start_page);

	argc = read_cmdline();
	if (&__fini_array_end[0] != &__fini_array_start[0])
		atexit(run_destructors);
	for (size_t i = 0; i < (size_t)(__init_array_end - __init_array_start); i++)
		__init_array_start[i](argc, arguments, environ);
	exit(main(argc, arguments, environ));
}

_Noreturn void _exit(int code)
{
	console_flush();
	for (;;)
		hc_sched_shutdown(REASON_EXIT, (uint32_t)code);
}
