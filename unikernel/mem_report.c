/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said of memory: figures for programs, one console line when it is short, and for crashes what an address lies in.
 * Nothing here waits or allocates: it is called from within malloc.
 */
#include <stdarg.h>

#include <cambium/clock.h>
#include <cambium/hypercall.h>

#include "core/format.h"
#include "mem_internal.h"

#define SAY_AGAIN_NS 1000000000ull

void mem_say(const char *format, ...)
{
	char line[256];
	va_list list;
	size_t n;

	va_start(list, format);
	n = format_list(line, sizeof line, format, list);
	va_end(list);
	console_note(line, n);
}

void memory_figures(struct memory_figures *out)
{
	struct memory_info info = {.frames = mem.present, .target = mem.present, .maximum = mem.present};

	hc_memory_info(DOMID_SELF, &info);
	*out = (struct memory_figures){
		.room = mem.room.pages - mem.room.first,
		.present = mem.present,
		.spare = mem.spare,
		.taken = mem.taken.count - mem.taken.free - mem.room.first,
		.mapped = mem.mapped,
		.heap = (size_t)(mem.heap_break - unit_va(mem.room.heap)),
		.frames = (size_t)info.frames,
		.target = (size_t)info.target,
		.maximum = (size_t)info.maximum,
		.page_tables = (size_t)info.page_tables,
	};
	for (size_t c = 0; c < mem.room.chunks; c++)
		out->huge += mem.chunks[c].table >> 63;
}

static const char *cause(const struct memory_figures *f, int64_t error)
{
	if (error == -HC_ENOMEM)
		return "the machine has no free memory left: lower another domain's, or stop one";
	if (error != -HC_ELIMIT)
		return "no free run of addresses is that long: raise its memory in the plan";
	return f->target < f->maximum ? "the domain's own target: raise it, by the control console's memory command"
				      : "the domain's own limit: raise its memory in the plan";
}

void mem_short(const char *whom, size_t pages, int64_t error)
{
	static uint64_t last;
	struct memory_figures f;
	uint64_t now = clock_ns();

	if (last && now - last < SAY_AGAIN_NS)
		return;
	last = now;
	memory_figures(&f);
	mem_say("memory: no %zu KiB for %s: the domain has %zu KiB, may have %zu now and %zu at most: %s\n", pages * 4,
		whom, f.frames * 4, f.target * 4, f.maximum * 4, cause(&f, error));
}

static size_t describe_mapping(char *out, size_t size, size_t unit)
{
	const struct chunk *chunk = &mem.chunks[unit / ROOM_CHUNK];
	size_t at = unit % ROOM_CHUNK, first = at, last, base = unit - at;
	const char *access = chunk->frames[at] & FRAMES_NONE ? "no access (PROT_NONE)" : "read-only";

	/* As far as the chunk goes: a mapping's start in the one before is not looked for. */
	while (first && !(chunk->frames[first] & FRAMES_FIRST) &&
	       frames_alike(chunk->frames, first - 1, first + 1) == 2)
		first--;
	last = first + frames_alike(chunk->frames, first, ROOM_CHUNK);
	return format_text(out, size, "in a mapping with %s, 0x%lx-0x%lx", access, unit_va(base + first),
			   unit_va(base + last));
}

size_t mem_describe(uint64_t va, char *out, size_t size)
{
	uint64_t word;
	size_t unit;

	if (!mem.chunks || !is_memory(va))
		return 0;
	unit = unit_of(va);
	if (!mem.chunks[unit / ROOM_CHUNK].frames || span_is(&mem.taken, unit, 1, false))
		return format_text(out, size, "in memory that is not allocated");
	word = *unit_word(unit);
	if (word & FRAMES_MAPPING)
		return describe_mapping(out, size, unit);
	if (word & FRAMES_NONE)
		return format_text(out, size, "in a guard page");
	return format_text(out, size,
			   va < mem.heap_break && va >= unit_va(mem.room.heap) ? "in the heap" : "in allocated pages");
}
