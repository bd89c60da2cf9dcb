// SPDX-License-Identifier: BSD-2-Clause
/* What the tests of hand-over share. */
#include "net_handover.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world *world_new_recorded(const char *blocks, uint32_t flows)
{
	struct world *world = world_new(blocks, flows);

	world->area_len = sizeof(struct handover_header) + flows * sizeof(struct handover_record);
	world->area = calloc(1, world->area_len);
	cr_assert_eq(handover_begin(&world->r, world->area, world->area_len, world->now), JOURNAL_NEW);
	return world;
}

void world_inherit(struct world *heir, const struct world *from, struct handover_tally *tally)
{
	uint32_t first = 0;

	memset(tally, 0, sizeof(*tally));
	heir->now = from->now;
	heir->area_len = from->area_len;
	heir->area = malloc(from->area_len);
	memcpy(heir->area, from->area, from->area_len);
	if (handover_begin(&heir->r, heir->area, heir->area_len, heir->now) != JOURNAL_RECORDS)
		return;
	while (handover_take(&heir->r, first, 7, heir->now, tally))
		first += 7;
}

struct world *world_heir(const struct world *from, struct handover_tally *tally)
{
	struct world *heir = world_new_bare(from->r.flows.capacity, 9);

	world_inherit(heir, from, tally);
	return heir;
}

void world_give_rules(struct world *heir, const char *blocks)
{
	char text[4096];
	size_t len;

	snprintf(text, sizeof(text), "%s%s", WORLD_INTERFACES, blocks);
	heir->rules = rules_new(text, &len);
	cr_assert(router_rules_set(&heir->r, &heir->stage, heir->rules, len, NULL, NULL));
	while (router_review(&heir->r, heir->now, 16))
		;
	journal_settle(&heir->r.flows.journal);
}

struct talk talk_established(struct world *world, uint16_t sport)
{
	struct talk t = {.in_if = {0, 1}, .steps = 3};
	struct frame *frame = frame_new();

	t.spec[0] = spec_from_outside(IP_PROTO_TCP, FAR_IP, UPLINK_IP, sport, 80);
	t.spec[1] = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 8080, sport);
	t.spec[0].seq = 1000;
	cr_assert_eq(world_send(world, 0, frame, &t.spec[0]), VERDICT_FORWARD);
	t.spec[1].flags = TCP_SYN | TCP_ACK;
	t.spec[1].seq = 70000;
	t.spec[1].ack = 1001;
	cr_assert_eq(world_send(world, 1, frame, &t.spec[1]), VERDICT_FORWARD);
	t.spec[0].seq = 1001;
	t.spec[0].ack = t.spec[1].seq = 70001;
	t.spec[0].flags = t.spec[1].flags = TCP_ACK;
	cr_assert_eq(world_send(world, 0, frame, &t.spec[0]), VERDICT_FORWARD);
	frame_free(frame);
	return t;
}
