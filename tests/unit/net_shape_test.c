// SPDX-License-Identifier: BSD-2-Clause
/* Shaping in simulated time: the rate holds, nothing overtakes, nothing waits for long; and what a table may say of it. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

#include "net/core/shape.h"

#define MBIT 1000000ull
#define MS (SECOND / 1000)

static struct shaper *shaper_new(unsigned i, enum shape_way way, uint64_t rate, uint64_t burst)
{
	struct shaper *shaper = calloc(1, sizeof(*shaper));
	struct rules_iface ifaces[RULES_IF_COUNT] = {{.kind = 0}};
	struct rules_header header = {.magic = 0};
	struct rules_table table = {.header = &header, .ifaces = ifaces};

	ifaces[i].shape[way] = (struct rules_rate){.amount = rate, .burst = burst, .seconds = 1};
	shape_set(shaper, &table);
	return shaper;
}

static uint32_t any_frame(uint64_t *state)
{
	return 60 + (uint32_t)dice(state) % 1455;
}

/* One who always has something to send, woken when he asked to be, or somewhat later. */
Test(net_shape, what_waits_gets_the_rate_over_any_second_and_never_more_than_burst_and_rate)
{
	static const uint64_t rates[] = {64000, MBIT, 20 * MBIT, 50 * MBIT, 1000 * MBIT};

	for (unsigned k = 0; k < sizeof(rates) / sizeof(rates[0]); k++) {
		uint64_t rate = rates[k], burst = rate / 100 > 24000 ? rate / 100 : 24000, state = k + 1;
		struct shaper *shaper = shaper_new(1, SHAPE_IN, rate, burst);
		uint64_t start = 5000 * SECOND, now = start, bits = 0, first = 0;

		while (now < start + 3 * SECOND) {
			uint64_t when = shape_ready_at(shaper, 1, SHAPE_IN, now);
			uint32_t bytes;

			if (when) {
				cr_assert_gt(when, now);
				cr_assert_neq(shape_ready_at(shaper, 1, SHAPE_IN, when - 1), 0, "not a moment before");
				now = when + dice(&state) % MS;
				cr_assert_eq(shape_ready_at(shaper, 1, SHAPE_IN, when > now ? when : now), 0);
				continue;
			}
			bytes = any_frame(&state);
			shape_took(shaper, 1, SHAPE_IN, bytes);
			bits += bytes * 8;
			if (!first && now >= start + SECOND)
				first = bits;
			cr_assert_leq(bits,
				      burst + (uint64_t)((double)(now - start) / SECOND * (double)rate) + 1515 * 8);
		}
		/* in the two seconds behind the first, whose burst is over */
		cr_assert_leq(bits - first, 2 * rate + rate / 100 + 1515 * 8, "rate %lu: %lu", (unsigned long)rate,
			      (unsigned long)(bits - first));
		cr_assert_geq(bits - first + 1515 * 8, 2 * rate - rate / 100, "rate %lu: %lu", (unsigned long)rate,
			      (unsigned long)(bits - first));
		free(shaper);
	}
}

Test(net_shape, who_is_not_shaped_never_waits_and_costs_nothing)
{
	struct shaper *shaper = shaper_new(1, SHAPE_OUT, MBIT, 24000);

	for (unsigned n = 0; n < 1000; n++) {
		cr_assert_eq(shape_ready_at(shaper, 1, SHAPE_IN, 1), 0);
		cr_assert_eq(shape_ready_at(shaper, 2, SHAPE_OUT, 1), 0);
		shape_took(shaper, 1, SHAPE_IN, 1514);
		shape_took(shaper, 2, SHAPE_OUT, 1514);
	}
	cr_assert_eq(shape_ready_at(shaper, 1, SHAPE_OUT, 1), 0, "nor has it taken another's");
	free(shaper);
}

/* What a queue did with numbered frames. */
struct sums {
	uint64_t bits, sent, dropped, longest;
};

/* Frames come every @every ns until @end, and the queue is looked at when it said, or up to a quarter of a millisecond later. */
static struct sums overload(struct shape_queue *queue, struct shaper *shaper, uint64_t now, uint64_t end,
			    uint64_t every)
{
	static uint64_t since[1u << 20];
	static uint32_t bytes[1u << 20];
	uint64_t state = 1, next = now, look = now, in = 0, last = 0;
	struct sums sums = {.bits = 0};

	while (now < end) {
		enum shape_next what;
		uint64_t when = UINT64_MAX;
		void *frame;

		now = next < look ? next : look;
		if (now == next) {
			since[++in] = now;
			bytes[in] = any_frame(&state);
			sums.dropped += !shape_queue_put(queue, (void *)(uintptr_t)in, bytes[in], now);
			next += every;
		}
		while ((what = shape_queue_next(queue, shaper, 3, now, &frame, &when)) == SHAPE_SEND ||
		       what == SHAPE_DROP) {
			uint64_t n = (uintptr_t)frame;

			cr_assert_gt(n, last, "one has overtaken another");
			last = n;
			if (what == SHAPE_DROP) {
				cr_assert_gt(now - since[n], SHAPE_WAIT_NS);
				sums.dropped++;
				continue;
			}
			cr_assert_leq(now - since[n], SHAPE_WAIT_NS);
			sums.sent++;
			sums.bits += bytes[n] * 8;
			sums.longest = now - since[n] > sums.longest ? now - since[n] : sums.longest;
		}
		cr_assert_leq(queue->count, SHAPE_QUEUE_FRAMES);
		look = what == SHAPE_WAIT ? when + dice(&state) % (MS / 4) : UINT64_MAX;
	}
	cr_assert_eq(in, sums.sent + sums.dropped + queue->count);
	cr_assert_eq(queue->dropped, sums.dropped);
	return sums;
}

Test(net_shape, a_queue_sends_at_the_rate_in_order_and_nothing_that_is_old)
{
	static const uint64_t rates[] = {MBIT, 5 * MBIT, 50 * MBIT};

	for (unsigned k = 0; k < 3; k++) {
		struct shape_queue queue = {.count = 0};
		struct shaper *shaper = shaper_new(3, SHAPE_OUT, rates[k], rates[k] / 100 + 24000);
		/* twice as much as the rate takes */
		struct sums sums = overload(&queue, shaper, SECOND, 5 * SECOND, 787 * 8 * SECOND / rates[k] / 2);

		cr_assert_leq(sums.bits, 4 * rates[k] + rates[k] / 50 + 24000 + 1514 * 8);
		cr_assert_geq(sums.bits, 4 * rates[k] - rates[k] / 25, "rate %lu: %lu bits in 4 s",
			      (unsigned long)rates[k], (unsigned long)sums.bits);
		cr_assert_gt(sums.dropped, sums.sent / 2);
		free(shaper);
	}
}

Test(net_shape, what_is_within_the_rate_does_not_wait)
{
	struct shape_queue queue = {.count = 0};
	struct shaper *shaper = shaper_new(3, SHAPE_OUT, 10 * MBIT, 100000);
	struct sums sums = overload(&queue, shaper, SECOND, 5 * SECOND, 2 * 787 * 8 * SECOND / (10 * MBIT));

	cr_assert_eq(sums.dropped, 0);
	cr_assert_leq(sums.longest, 2 * MS);
	free(shaper);
}

Test(net_shape, a_queue_empties_at_once_when_its_interface_is_no_longer_shaped)
{
	struct shape_queue queue = {.count = 0};
	struct shaper *shaper = shaper_new(3, SHAPE_OUT, 8000, 8000);
	uint64_t when;
	void *frame;

	for (uintptr_t n = 1; n <= 10; n++)
		cr_assert(shape_queue_put(&queue, (void *)n, 1000, SECOND));
	while (shape_queue_next(&queue, shaper, 3, SECOND, &frame, &when) == SHAPE_SEND)
		;
	cr_assert_geq(queue.count, 8);
	shape_set(shaper, &(struct rules_table){.header = NULL});
	while (queue.count)
		cr_assert_eq(shape_queue_next(&queue, shaper, 3, SECOND, &frame, &when), SHAPE_SEND);
	cr_assert_eq(shape_queue_next(&queue, shaper, 3, SECOND, &frame, &when), SHAPE_NONE);
	free(shaper);
}

#define SHAPED                                                                                                         \
	"interface net = uplink 0 address 198.51.100.10/24 gateway 198.51.100.1 shape back 50mbit/s\n"                 \
	"interface one = inner 1 address 10.0.1.1/24 peer 10.0.1.2\n"                                                  \
	"	shape forth 20mbit/s back 1mbit/s burst 64kbit\n"                                                            \
	"from inner to net { nat any }\n"

Test(net_shape, the_rules_say_it_and_a_reload_changes_it)
{
	struct world *world = world_new("from inner to net { nat any }", 64);
	size_t len;
	void *table = rules_new(SHAPED, &len);
	struct shaper *shaper = &world->r.shaper;

	cr_assert(shaper->shaped[SHAPE_IN] == 0 && shaper->shaped[SHAPE_OUT] == 0);
	cr_assert(router_rules_set(&world->r, &world->stage, table, len, NULL, NULL));
	cr_assert_eq(shaper->shaped[SHAPE_IN], 1u << 1);
	cr_assert_eq(shaper->shaped[SHAPE_OUT], 1u << 1 | 1u << 0);
	cr_assert_eq(shaper->rates[1][SHAPE_IN].amount, 20 * MBIT);
	cr_assert_eq(shaper->rates[1][SHAPE_IN].burst, 200000, "what the rate gives in 10 ms");
	cr_assert_eq(shaper->rates[1][SHAPE_OUT].amount, MBIT);
	cr_assert_eq(shaper->rates[1][SHAPE_OUT].burst, 64000);
	cr_assert_eq(shaper->rates[0][SHAPE_OUT].burst, 500000);
	/* A debt goes on when the rate does. */
	shape_ready_at(shaper, 1, SHAPE_OUT, world->now);
	for (unsigned n = 0; n < 100; n++)
		shape_took(shaper, 1, SHAPE_OUT, 1514);
	cr_assert(router_rules_set(&world->r, &world->stage, table, len, NULL, NULL));
	cr_assert_gt(shape_ready_at(shaper, 1, SHAPE_OUT, world->now), world->now + SECOND);
	cr_assert(router_rules_set(&world->r, &world->stage, world->rules,
				   ((struct rules_header *)world->rules)->total_size, NULL, NULL));
	cr_assert(shaper->shaped[SHAPE_IN] == 0 && shaper->shaped[SHAPE_OUT] == 0);
	cr_assert_eq(shape_ready_at(shaper, 1, SHAPE_OUT, world->now), 0);
	world_free(world);
	free(table);
}

Test(net_shape, a_table_with_a_shape_that_cannot_be_is_refused)
{
	static const struct {
		unsigned iface, way;
		struct rules_rate rate;
	} bad[] = {
		{0, 0, {.amount = MBIT, .burst = 24000, .seconds = 1}}, /* what comes from outside */
		{5, 1, {.amount = MBIT, .burst = 24000, .seconds = 1}}, /* no interface */
		{1, 0, {.amount = 7999, .burst = 24000, .seconds = 1}},
		{1, 1, {.amount = RULES_RATE_MAX + 1, .burst = 24000, .seconds = 1}},
		{1, 1, {.amount = MBIT, .burst = 7999, .seconds = 1}},
		{1, 1, {.amount = MBIT, .burst = RULES_RATE_MAX + 1, .seconds = 1}},
		{1, 1, {.amount = MBIT, .burst = 24000, .seconds = 0}},
		{1, 1, {.amount = MBIT, .burst = 24000, .seconds = 2}},
		{1, 1, {.amount = MBIT, .burst = 24000, .seconds = 1, .reserved = 1}},
		{1, 1, {.amount = 0, .burst = 24000, .seconds = 1}},
	};
	size_t len;
	uint8_t *table = rules_new(SHAPED, &len);
	struct rules_iface *ifaces = (void *)(table + sizeof(struct rules_header)), before[RULES_IF_COUNT];
	struct rules_header *header = (void *)table;

	memcpy(before, ifaces, sizeof(before));
	cr_assert_eq(rules_check(table, len, RULES_FEATURES_SUPPORTED, NULL), RULES_OK);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ifaces[bad[i].iface].shape[bad[i].way] = bad[i].rate;
		rules_repair(table, len);
		cr_assert_neq(rules_check(table, len, RULES_FEATURES_SUPPORTED, NULL), RULES_OK, "number %u", i);
		memcpy(ifaces, before, sizeof(before));
	}
	header->features &= ~RULES_FEATURE_SHAPE;
	rules_repair(table, len);
	cr_assert_eq(rules_check(table, len, RULES_FEATURES_SUPPORTED, NULL), RULES_ERROR_FEATURES);
	header->features |= RULES_FEATURE_SHAPE;
	rules_repair(table, len);
	cr_assert_eq(rules_check(table, len, RULES_FEATURES_SUPPORTED & ~RULES_FEATURE_SHAPE, NULL),
		     RULES_ERROR_UNSUPPORTED);
	free(table);
}
