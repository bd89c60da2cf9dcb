/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The balloon: a domain that has more frames than its target gives spare ones back. VIRQ_MEMORY says that the target changed;
 * the work is done by the event's callback, a piece at a time, and whenever pages become free while the domain owes some.
 * It never waits.
 */
#include <cambium/event.h>
#include <cambium/hypercall.h>

#include "core/pending.h"
#include "mem_internal.h"

#define PIECE 1024u /* pages between two looks at other events */

static bool owes;    /* above the target */
static bool told;    /* ... and it was said that nothing more can be given */
static bool running; /* trimming the heap frees pages */
static unsigned port;

static void give_back(void)
{
	size_t excess, frames = frames_now(&excess), piece = MIN(excess, PIECE), gone;

	if (piece > mem.spare)
		heap_trim();
	gone = piece ? frames_release(piece) : 0;
	if (gone == piece && excess > piece) {
		pending_post(SHARED_INFO, 0, port);
		return;
	}
	frames -= gone;
	if (gone < piece) {
		if (!told)
			mem_say("memory: %zu KiB of %zu are to be given back, but are in use: it goes on as they become free\n",
				(excess - gone) * 4, frames * 4);
		told = true;
		return;
	}
	if (owes)
		mem_say("memory: %zu KiB: within the target\n", frames * 4);
	owes = told = false;
}

static void balloon_run(void)
{
	if (running)
		return;
	running = true;
	give_back();
	running = false;
}

static void balloon_event(unsigned fired, void *arg)
{
	size_t excess;

	(void)fired, (void)arg;
	frames_now(&excess);
	owes = owes || excess;
	if (owes)
		balloon_run();
}

void pages_trim(void)
{
	heap_trim();
	frames_release(mem.spare);
}

void balloon_freed(void)
{
	if (owes)
		balloon_run();
}

void balloon_setup(void)
{
	int64_t result = hc_event_bind_virq(VIRQ_MEMORY, 0);

	/* A host without targets has no such interrupt. */
	if (result < 0)
		return;
	port = (unsigned)result;
	event_on(port, balloon_event, NULL);
	if (SHARED_INFO->memory_target) /* told before somebody listened */
		balloon_event(port, NULL);
}
