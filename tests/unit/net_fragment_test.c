// SPDX-License-Identifier: BSD-2-Clause
/* The table of incomplete datagrams, against a map of bytes; its bounds, recounted; and who pays when it is full. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/fragment.h"
#include "net_fragment_recount.h"
#include "net_support.h"

#define KEYS 6u
#define SPAN 400u /* of the small datagrams of the property */

static struct fragment_table *table_new(void)
{
	struct fragment_table *t = malloc(sizeof(*t));

	memset(t, 0xa5, sizeof(*t));
	fragment_init(t, (struct siphash_key){{3, 4}});
	fragment_lend(t, memset(malloc(FRAGMENT_ROOM_BYTES), 0xa5, FRAGMENT_ROOM_BYTES), 0);
	return t;
}

static void table_free(struct fragment_table *t)
{
	free(t->blocks);
	free(t);
}

static struct fragment_key key_make(uint8_t in_if, uint32_t src, uint32_t id)
{
	return (struct fragment_key){.src = ip_addr_from_v4(src),
				     .dst = ip_addr_from_v4(UPLINK_IP),
				     .id = id,
				     .proto = IP_PROTO_UDP,
				     .in_if = in_if};
}

static struct fragment_part part_make(const uint8_t *data, uint32_t offset, uint32_t len, bool more)
{
	static const uint8_t head[20] = {0x45, 1, 2, 3};

	return (struct fragment_part){.head = head,
				      .head_len = sizeof(head),
				      .data = data + offset,
				      .len = len,
				      .offset = offset,
				      .more = more};
}

/* --- the naive second implementation: who covers which byte --- */

struct naive {
	bool here, refused;
	uint64_t deadline;
	uint32_t total, count;
	uint8_t ecn;
	int owner[SPAN + 64]; /* number of the part, -1: nobody */
	uint8_t bytes[SPAN + 64];
	struct {
		uint32_t from, to;
	} parts[SPAN];
};

static void naive_forget(struct naive *n)
{
	memset(n, 0, sizeof(*n));
	for (unsigned i = 0; i < SPAN + 64; i++)
		n->owner[i] = -1;
}

static bool naive_has(const struct naive *n, const struct fragment_part *p)
{
	for (uint32_t i = 0; i < n->count; i++)
		if (n->parts[i].from == p->offset && n->parts[i].to == p->offset + p->len)
			return memcmp(n->bytes + p->offset, p->data, p->len) == 0;
	return false;
}

static bool naive_clashes(const struct naive *n, const struct fragment_part *p)
{
	uint32_t end = p->offset + p->len;

	for (uint32_t i = 0; i < SPAN + 64; i++) {
		if (n->owner[i] < 0)
			continue;
		if ((i >= p->offset && i < end) || (!p->more && i >= end))
			return true;
	}
	return n->total && (p->more ? end >= n->total : end != n->total);
}

static enum reason naive_refuse(struct naive *n, enum reason reason)
{
	uint64_t deadline = n->deadline;

	if (!n->here)
		return reason;
	naive_forget(n);
	n->here = n->refused = true;
	n->deadline = deadline;
	return reason;
}

static enum reason naive_add(struct naive *n, const struct fragment_part *p, uint64_t now)
{
	uint32_t end = p->offset + p->len, covered = 0;
	bool known;

	if (n->here && n->refused)
		return REASON_FRAGMENT_REFUSED;
	if (p->len == 0 || (p->more && p->len % 8))
		return naive_refuse(n, REASON_FRAGMENT_LENGTH);
	if (!n->here) {
		naive_forget(n);
		n->here = true;
		n->deadline = now + 30 * SECOND;
	}
	/* the same again, and with the same idea of where the end is */
	known = naive_has(n, p);
	if (known && (n->total ? (p->more ? end < n->total : end == n->total) : p->more))
		return REASON_FRAGMENT_DUPLICATE;
	if (known || naive_clashes(n, p))
		return naive_refuse(n, REASON_FRAGMENT_OVERLAP);
	for (uint32_t i = p->offset; i < end; i++) {
		n->owner[i] = (int)n->count;
		n->bytes[i] = p->data[i - p->offset];
	}
	n->parts[n->count].from = p->offset;
	n->parts[n->count++].to = end;
	n->ecn |= (uint8_t)(1u << p->ecn);
	if (!p->more)
		n->total = end;
	if ((n->ecn & 1) && n->ecn != 1)
		return naive_refuse(n, REASON_FRAGMENT_OVERLAP);
	for (uint32_t i = 0; i < SPAN + 64; i++)
		covered += n->owner[i] >= 0;
	return n->total && covered == n->total ? REASON_NONE : REASON_FRAGMENT_WAITS;
}

/* What comes out is what the map has. */
static void whole_judge(struct fragment_table *t, uint16_t index, const struct naive *n)
{
	static uint8_t head[FRAGMENT_HEAD_MAX], data[70000];
	uint16_t ends[FRAGMENT_PART_COUNT];
	uint32_t parts = t->datagrams[index].part_count, cuts = 0;

	cr_assert_eq(t->datagrams[index].ecn_seen, n->ecn);
	cr_assert_eq(t->datagrams[index].head_len, 20);
	cr_assert_eq(fragment_take(t, index, head, data, ends), n->total);
	cr_assert(head[0] == 0x45 && head[3] == 3);
	cr_assert_arr_eq(data, n->bytes, n->total);
	for (uint32_t i = 1; i < n->total; i++)
		if (n->owner[i] != n->owner[i - 1])
			cr_assert_eq(ends[cuts++], i);
	cr_assert(cuts + 1 == parts && ends[cuts] == n->total);
}

static struct fragment_part part_roll(uint64_t *state, uint8_t *data, uint32_t total)
{
	uint32_t offset = (uint32_t)(dice(state) % (total / 8 + 1)) * 8, len = (uint32_t)(1 + dice(state) % 6) * 8;
	struct fragment_part part;

	/* mostly pieces that fit each other */
	if (dice(state) % 20) {
		offset = offset / 16 * 16;
		len = 16;
	}
	if (offset >= total)
		offset = 0;
	if (len > total - offset)
		len = total - offset;
	part = part_make(data, offset, len, offset + len < total);
	switch (dice(state) % 300) {
	case 0: part.more = !part.more; break;
	case 1: part.len = (uint32_t)(dice(state) % 64); break;
	case 2: part.offset += 8; break;
	case 3: data[offset] ^= 1; break; /* and stays so */
	case 4: part.ecn = 0; break;
	case 5: part.ecn = 3; break;
	default: part.ecn = (uint8_t)(1 + dice(state) % 2);
	}
	return part;
}

Test(net_fragment, the_table_agrees_with_a_map_of_bytes, .timeout = 300)
{
	struct fragment_table *t = table_new();
	struct naive *naive = calloc(KEYS, sizeof(*naive));
	uint32_t totals[KEYS], wholes = 0, refusals = 0, duplicates = 0;
	static uint8_t data[KEYS][SPAN + 128];
	uint64_t state = 77, now = 5;

	for (unsigned i = 0; i < KEYS; i++)
		totals[i] = 0;
	for (unsigned round = 0; round < 300000; round++) {
		unsigned k = (unsigned)(dice(&state) % KEYS);
		struct fragment_key key = key_make((uint8_t)(k % 3), FAR_IP + k / 3, 7);
		struct fragment_part part;
		uint16_t index = FRAGMENT_NONE;
		enum reason want, got;

		if (!naive[k].here) {
			totals[k] = 24 + (uint32_t)(dice(&state) % (dice(&state) % 4 ? 60 : SPAN - 24));
			for (unsigned i = 0; i < sizeof(data[k]); i++)
				data[k][i] = (uint8_t)dice(&state);
		}
		part = part_roll(&state, data[k], totals[k]);
		want = naive_add(&naive[k], &part, now);
		got = fragment_add(t, &key, &part, now, &index);
		cr_assert_eq(got, want, "round %u: %s, not %s", round, reason_get_name(got), reason_get_name(want));
		refusals += want == REASON_FRAGMENT_OVERLAP;
		duplicates += want == REASON_FRAGMENT_DUPLICATE;
		if (want == REASON_NONE) {
			whole_judge(t, index, &naive[k]);
			naive_forget(&naive[k]);
			wholes++;
		}
		if (round % 8 == 0)
			fragment_recount(t);
		now += dice(&state) % (SECOND / 4);
		fragment_expire(t, now);
		while ((index = fragment_find_late(t)) != FRAGMENT_NONE) {
			static uint8_t head[FRAGMENT_HEAD_MAX], late[70000];
			uint16_t ends[FRAGMENT_PART_COUNT];

			fragment_take(t, index, head, late, ends);
		}
		for (unsigned i = 0; i < KEYS; i++)
			if (naive[i].here && now >= naive[i].deadline)
				naive_forget(&naive[i]);
	}
	cr_expect(wholes > 500 && refusals > 500 && duplicates > 300, "%u %u %u", wholes, refusals, duplicates);
	free(naive);
	table_free(t);
}

static uint8_t zeros[70000];

static enum reason add(struct fragment_table *t, struct fragment_key key, uint32_t offset, uint32_t len, bool more)
{
	struct fragment_part part = part_make(zeros, offset, len, more);
	uint16_t index = FRAGMENT_NONE;
	enum reason reason = fragment_add(t, &key, &part, 1, &index);

	if (reason == REASON_NONE) {
		static uint8_t head[FRAGMENT_HEAD_MAX], data[70000];
		uint16_t ends[FRAGMENT_PART_COUNT];

		fragment_take(t, index, head, data, ends);
	}
	return reason;
}

Test(net_fragment, a_sender_of_endless_first_fragments_has_a_quarter_and_pays_himself)
{
	struct fragment_table *t = table_new();
	struct fragment_key honest = key_make(0, FAR_IP + 1, 9);
	uint32_t flooder;

	cr_assert_eq(add(t, honest, 0, 1480, true), REASON_FRAGMENT_WAITS);
	for (uint32_t i = 0; i < 5000; i++)
		cr_assert_eq(add(t, key_make(0, FAR_IP, i), 0, 1480, true), REASON_FRAGMENT_WAITS);
	fragment_recount(t);
	flooder = t->all.blocks;
	cr_expect(flooder <= FRAGMENT_BLOCK_COUNT / 4 + 5, "%u", flooder);
	cr_expect(t->evicted >= 5000 - FRAGMENT_DATAGRAM_COUNT / 4);
	cr_assert_eq(add(t, honest, 1480, 20, false), REASON_NONE, "the other's is still there");
	table_free(t);
}

Test(net_fragment, an_interface_has_half_whatever_sources_it_claims)
{
	struct fragment_table *t = table_new();
	struct fragment_key inner[8];
	uint64_t state = 5;

	for (uint32_t i = 0; i < 8; i++) {
		inner[i] = key_make(1, ONE_IP, i);
		cr_assert_eq(add(t, inner[i], 0, 1480, true), REASON_FRAGMENT_WAITS);
	}
	for (uint32_t i = 0; i < 20000; i++)
		cr_assert_eq(add(t, key_make(0, (uint32_t)dice(&state), i), 0, dice(&state) % 2 ? 1480 : 8, true),
			     REASON_FRAGMENT_WAITS);
	fragment_recount(t);
	for (uint32_t i = 0; i < 8; i++)
		cr_assert_eq(add(t, inner[i], 1480, 20, false), REASON_NONE);
	table_free(t);
}

Test(net_fragment, a_datagram_whose_fragments_follow_closely_passes_a_flood_from_anywhere)
{
	struct fragment_table *t = table_new();
	uint64_t state = 6;

	for (uint32_t i = 0; i < 3000; i++) {
		struct fragment_key honest = key_make(0, FAR_IP, i);

		cr_assert_eq(add(t, honest, 0, 1480, true), REASON_FRAGMENT_WAITS);
		for (uint32_t k = 0; k < 100; k++)
			add(t, key_make(0, (uint32_t)dice(&state), i), 0, 1480, true);
		cr_assert_eq(add(t, honest, 1480, 1480, true), REASON_FRAGMENT_WAITS);
		cr_assert_eq(add(t, honest, 2960, 1048, false), REASON_NONE, "datagram %u", i);
	}
	fragment_recount(t);
	table_free(t);
}

Test(net_fragment, the_longest_datagram_fits_and_nothing_longer)
{
	struct fragment_table *t = table_new();
	struct fragment_key key = key_make(0, FAR_IP, 1);

	for (uint32_t at = 0; at + 1480 < 65515; at += 1480)
		cr_assert_eq(add(t, key, at, 1480, true), REASON_FRAGMENT_WAITS);
	cr_assert_eq(add(t, key, 65120, 65515 - 65120, false), REASON_NONE, "20 + 65515");
	cr_assert_eq(add(t, key, 65120, 65516 - 65120, false), REASON_FRAGMENT_LENGTH);
	cr_assert_eq(add(t, key, 65528, 8, true), REASON_FRAGMENT_LENGTH);
	fragment_recount(t);
	/* in pieces of eight bytes there is an end to what is kept */
	for (uint32_t i = 0; i < FRAGMENT_PART_COUNT; i++)
		cr_assert_eq(add(t, key, i * 8, 8, true), REASON_FRAGMENT_WAITS);
	cr_assert_eq(add(t, key, FRAGMENT_PART_COUNT * 8, 8, true), REASON_FRAGMENT_FULL);
	cr_assert_eq(add(t, key, FRAGMENT_PART_COUNT * 8, 8, true), REASON_FRAGMENT_REFUSED);
	fragment_recount(t);
	table_free(t);
}

Test(net_fragment, the_first_fragments_headers_count_for_all)
{
	struct fragment_table *t = table_new();
	struct fragment_key key = {.src = {{0x20, 1}}, .dst = {{0x20, 2}}, .id = 4};
	static uint8_t head[200], data[70000];
	uint16_t index, ends[FRAGMENT_PART_COUNT];

	for (uint32_t more = 0; more < 2; more++) {
		/* the other fragments have 48 bytes before their data, the first one 200 */
		uint32_t total = 65535 - (200 - 48) + more;
		struct fragment_part part;
		enum reason reason;

		key.id++;
		for (uint32_t at = 1480; at < total; at += 1480) {
			part = part_make(zeros, at, at + 1480 < total ? 1480 : total - at, at + 1480 < total);
			part.head = head;
			part.head_len = 48;
			part.pointer_at = 6;
			cr_assert_eq(fragment_add(t, &key, &part, 1, &index), REASON_FRAGMENT_WAITS);
		}
		part = part_make(zeros, 0, 1480, true);
		part.head = head;
		part.head_len = sizeof(head);
		part.pointer_at = 40;
		reason = fragment_add(t, &key, &part, 1, &index);
		cr_assert_eq(reason, more ? REASON_FRAGMENT_LENGTH : REASON_NONE);
		if (!more)
			cr_assert_eq(fragment_take(t, index, head, data, ends), total);
	}
	fragment_recount(t);
	table_free(t);
}

Test(net_fragment, any_sequence_of_floods_keeps_the_bounds, .timeout = 300)
{
	struct fragment_table *t = table_new();
	uint64_t state = 8;

	for (uint32_t i = 0; i < 30000; i++) {
		struct fragment_key key = key_make((uint8_t)(dice(&state) % 5 % RULES_IF_COUNT),
						   FAR_IP + (uint32_t)(dice(&state) % 90),
						   (uint32_t)(dice(&state) % 4));

		add(t, key, (uint32_t)(dice(&state) % 40) * 8,
		    (uint32_t)(dice(&state) % (dice(&state) % 2 ? 2000 : 60)), dice(&state) % 8 != 0);
		if (dice(&state) % 500 == 0)
			fragment_clear_iface(t, (uint8_t)(dice(&state) % 5));
		if (i % 64 == 0)
			fragment_recount(t);
	}
	table_free(t);
}
