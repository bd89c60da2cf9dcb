/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flows of the router before this one, where the plan has it so. They are taken over when the interfaces are known and before any
 * packet passes; what came of it is told once the first rules have decided about each of them.
 */
#include <inttypes.h>
#include <stdio.h>

#include <cambium/clock.h>
#include <cambium/device.h>
#include <cambium/grant.h>
#include <net/core/handover.h>

#include "domain.h"

#define TAKE_BATCH 1024u /* records between two looks at the time */
#define LINE_BYTES 200u

static struct {
	bool untold; /* the rules have not decided yet */
	struct handover_tally tally;
	uint64_t cut_before;
	uint32_t forbidden;
} handover;

static void flows_take(struct router_domain *d)
{
	uint32_t first = 0;

	while (handover_take(&d->brain, first, TAKE_BATCH, clock_ns(), &handover.tally))
		first += TAKE_BATCH;
	handover.untold = true;
	handover.cut_before = d->brain.flows_cut;
}

static void area_use(struct router_domain *d, void *area, uint32_t pages)
{
	switch (handover_begin(&d->brain, area, (size_t)pages * PAGE_SIZE, clock_ns())) {
	case JOURNAL_NEW: break;
	case JOURNAL_RECORDS: flows_take(d); break;
	case JOURNAL_FOREIGN: report("handed over: nothing: the records are of another version, or damaged"); break;
	case JOURNAL_ABANDONED:
		report("handed over: nothing: the router before died while it took the flows over");
		break;
	}
	if (d->brain.flows.journal.count < router_get_flow_capacity(&d->brain))
		report("only the first %u of %u flows can be handed over: raise `handover` in the plan, or lower flows=",
		       (unsigned)d->brain.flows.journal.count, (unsigned)router_get_flow_capacity(&d->brain));
}

void handover_start(struct router_domain *d)
{
	for (unsigned i = 0; i < device_count(); i++) {
		struct device_entry entry;
		void *area;

		if (!device_read(i, &entry) || entry.kind != DEVICE_HANDOVER)
			continue;
		area = grant_map_range(entry.peer, entry.ring_ref, entry.pool_pages, false, NULL, NULL);
		if (area)
			area_use(d, area, entry.pool_pages);
		else
			report("flows cannot be handed over: their pages cannot be mapped");
	}
}

uint32_t handover_get_kept(void)
{
	return handover.tally.counts[HANDOVER_TAKEN] - handover.forbidden;
}

uint32_t handover_get_lost(void)
{
	uint32_t lost = handover.forbidden;

	for (unsigned i = HANDOVER_TAKEN + 1; i < HANDOVER_FATE_COUNT; i++)
		lost += handover.tally.counts[i];
	return lost;
}

/* "N kept, M dropped: A damaged, B forbidden" into @line. */
static void line_write(char line[LINE_BYTES])
{
	uint32_t lost = handover_get_lost();
	const char *comma = ":";
	int len = snprintf(line, LINE_BYTES, "%" PRIu32 " flows kept, %" PRIu32 " dropped", handover_get_kept(), lost);

	for (unsigned i = HANDOVER_TAKEN + 1; i <= HANDOVER_FATE_COUNT; i++) {
		uint32_t count = i < HANDOVER_FATE_COUNT ? handover.tally.counts[i] : handover.forbidden;

		if (!count)
			continue;
		len += snprintf(line + len, LINE_BYTES - (size_t)len, "%s %" PRIu32 " %s", comma, count,
				i < HANDOVER_FATE_COUNT ? handover_get_text((enum handover_fate)i)
							: "forbidden by the rules");
		comma = ",";
	}
}

void handover_tell(struct router_domain *d)
{
	char line[LINE_BYTES];

	if (!handover.untold || !d->brain.epoch || d->brain.review_left > 0)
		return;
	handover.untold = false;
	handover.forbidden = (uint32_t)(d->brain.flows_cut - handover.cut_before);
	journal_settle(&d->brain.flows.journal);
	line_write(line);
	report("handed over: %s", line);
}

void handover_stats(void)
{
	char line[LINE_BYTES];

	if (!handover_get_kept() && !handover_get_lost())
		return;
	line_write(line);
	printf("router: stats: handed over: %s\n", line);
}
