/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of incomplete datagrams. The invariants: the fragments of a datagram do not overlap, stand in the order of their
 * offsets, and none reaches beyond the end that its last one names; so it is whole when their lengths add up to that. Each
 * block is free or in one fragment; the counts of use are sums over the datagrams.
 */
#include "fragment.h"
#include "fragment_blocks.h"

#include <string.h>

#include <base/check.h>

#define SECOND 1000000000ull
#define IP_LEN_MAX 65535u

_Static_assert(sizeof(struct fragment_key) == 40, "no padding to compare or hash");
_Static_assert(IP_LEN_MAX / FRAGMENT_BLOCK_BYTES < FRAGMENT_BLOCK_COUNT / 4, "a source may have one of the longest");

void fragment_init(struct fragment_table *t, struct siphash_key key)
{
	memset(t, 0, sizeof(*t));
	t->key = key;
}

void fragment_lend(struct fragment_table *t, void *room, uint64_t now)
{
	CHECK(!t->blocks);
	t->blocks = room;
	t->added_ns = now;
	t->free = 0;
	fragment_blocks_chain(t->blocks);
}

void *fragment_give_back(struct fragment_table *t, uint64_t now)
{
	void *room = t->blocks;

	if (t->all.datagrams > 0 || now - t->added_ns < FRAGMENT_IDLE_NS)
		return NULL;
	t->blocks = NULL;
	return room;
}

/* --- room --- */

static void use_change(struct fragment_table *t, const struct fragment_datagram *d, int datagrams, int blocks)
{
	struct fragment_use *uses[] = {&t->all, &t->iface[d->key.in_if], &t->source[d->source]};

	for (unsigned i = 0; i < sizeof uses / sizeof uses[0]; i++) {
		uses[i]->datagrams += (uint32_t)datagrams;
		uses[i]->blocks += (uint32_t)blocks;
	}
}

static void blocks_free(struct fragment_table *t, struct fragment_datagram *d)
{
	for (uint16_t part = d->first, next; part != FRAGMENT_NONE; part = next) {
		uint16_t last = part;

		next = t->blocks[part].next_part;
		while (t->blocks[last].next != FRAGMENT_NONE)
			last = t->blocks[last].next;
		t->blocks[last].next = t->free;
		t->free = part;
	}
	use_change(t, d, 0, -(int)d->block_count);
	d->first = FRAGMENT_NONE;
	d->block_count = d->part_count = 0;
	d->have = d->total = 0;
}

static void datagram_free(struct fragment_table *t, struct fragment_datagram *d)
{
	blocks_free(t, d);
	use_change(t, d, -1, 0);
	if (d->state == FRAGMENT_LATE)
		t->late_count--;
	d->state = FRAGMENT_FREE;
}

static void datagram_refuse(struct fragment_table *t, struct fragment_datagram *d)
{
	blocks_free(t, d);
	d->state = FRAGMENT_REFUSED;
}

static bool is_beyond(const struct fragment_use *use, uint32_t datagrams, uint32_t blocks, uint32_t share)
{
	return use->datagrams + datagrams > FRAGMENT_DATAGRAM_COUNT / share ||
	       use->blocks + blocks > FRAGMENT_BLOCK_COUNT / share;
}

/* The oldest datagram at @iface, and of @source unless that is FRAGMENT_SOURCE_COUNT; NULL when there is none. */
static struct fragment_datagram *oldest_find(struct fragment_table *t, uint32_t iface, uint32_t source)
{
	struct fragment_datagram *oldest = NULL;

	for (uint32_t i = 0; i < FRAGMENT_DATAGRAM_COUNT; i++) {
		struct fragment_datagram *d = &t->datagrams[i];

		if (d->state != FRAGMENT_FREE && d->key.in_if == iface &&
		    (source == FRAGMENT_SOURCE_COUNT || d->source == source) && (!oldest || d->serial < oldest->serial))
			oldest = d;
	}
	return oldest;
}

/* The interface that has most of what is short. */
static uint32_t iface_find_largest(const struct fragment_table *t, bool of_blocks)
{
	uint32_t largest = 0;

	for (uint32_t i = 1; i < RULES_IF_COUNT; i++)
		if (of_blocks ? t->iface[i].blocks > t->iface[largest].blocks
			      : t->iface[i].datagrams > t->iface[largest].datagrams)
			largest = i;
	return largest;
}

/*
 * Make room for @datagrams and @blocks more of @source at @iface. Each round takes a datagram away, so that it ends. False: @d,
 * which wants them, was the next to go.
 */
static bool room_make(struct fragment_table *t, const struct fragment_datagram *d, uint8_t iface, uint8_t source,
		      uint32_t datagrams, uint32_t blocks)
{
	for (;;) {
		struct fragment_datagram *victim;

		if (is_beyond(&t->source[source], datagrams, blocks, 4))
			victim = oldest_find(t, iface, source);
		else if (is_beyond(&t->iface[iface], datagrams, blocks, 2))
			victim = oldest_find(t, iface, FRAGMENT_SOURCE_COUNT);
		else if (is_beyond(&t->all, datagrams, blocks, 1))
			victim = oldest_find(t, iface_find_largest(t, blocks > 0), FRAGMENT_SOURCE_COUNT);
		else
			return true;
		if (!victim || victim == d)
			return false;
		datagram_free(t, victim);
		t->evicted++;
	}
}

/* --- datagrams --- */

static struct fragment_datagram *datagram_find(struct fragment_table *t, const struct fragment_key *key, uint32_t hash)
{
	if (t->all.datagrams == 0)
		return NULL;
	for (uint32_t i = 0; i < FRAGMENT_DATAGRAM_COUNT; i++) {
		struct fragment_datagram *d = &t->datagrams[i];

		if (d->hash == hash && (d->state == FRAGMENT_WAITING || d->state == FRAGMENT_REFUSED) &&
		    memcmp(&d->key, key, sizeof(*key)) == 0)
			return d;
	}
	return NULL;
}

static uint32_t key_hash(const struct fragment_table *t, const struct fragment_key *key)
{
	return (uint32_t)siphash(&t->key, key, sizeof(*key));
}

/* Who is counted as one source. */
static uint8_t source_of(const struct fragment_table *t, const struct fragment_key *key)
{
	struct fragment_key who = {.src = ip_addr_is_v4(key->src) ? key->src : ip_addr_cut(key->src, 64),
				   .in_if = key->in_if};

	return (uint8_t)(siphash(&t->key, &who, sizeof(who)) % FRAGMENT_SOURCE_COUNT);
}

static struct fragment_datagram *datagram_open(struct fragment_table *t, const struct fragment_key *key, uint64_t now)
{
	uint8_t source = source_of(t, key);
	struct fragment_datagram *d = t->datagrams;

	if (!room_make(t, NULL, key->in_if, source, 1, 0))
		return NULL;
	while (d->state != FRAGMENT_FREE)
		d++;
	*d = (struct fragment_datagram){
		.key = *key,
		.deadline = now + FRAGMENT_SECONDS * SECOND,
		.serial = t->serial++,
		.hash = key_hash(t, key),
		.first = FRAGMENT_NONE,
		.source = source,
		.state = FRAGMENT_WAITING,
	};
	use_change(t, d, 1, 0);
	return d;
}

/* --- fragments --- */

/* Is a datagram of @total bytes of data behind @head_len of headers too long for its length field, which for IPv6 does not
 * count the fixed header? The fragment header goes. */
static bool is_too_long(uint32_t total, uint32_t head_len, uint16_t pointer_at)
{
	return total + head_len > IP_LEN_MAX + (pointer_at ? IPV6_HEADER_LEN + 8 : 0);
}

/* A fragment that no datagram can have. */
static enum reason part_check(const struct fragment_part *part)
{
	uint32_t end = part->offset + part->len;

	if (part->len == 0 || (part->more && part->len % 8 != 0))
		return REASON_FRAGMENT_LENGTH;
	return is_too_long(end, part->head_len, part->pointer_at) ? REASON_FRAGMENT_LENGTH : REASON_NONE;
}

/*
 * Where @part goes in @d: behind block *@before, FRAGMENT_NONE for the beginning. REASON_NONE, or _DUPLICATE, or _OVERLAP for
 * whatever contradicts what is here.
 */
static enum reason place_find(struct fragment_table *t, const struct fragment_datagram *d,
			      const struct fragment_part *part, uint16_t *before)
{
	uint32_t end = part->offset + part->len, reach = 0;
	uint16_t next = d->first;

	*before = FRAGMENT_NONE;
	while (next != FRAGMENT_NONE && t->blocks[next].offset < part->offset) {
		*before = next;
		reach = t->blocks[next].offset + t->blocks[next].len;
		next = t->blocks[next].next_part;
	}
	if (d->total ? (part->more ? end >= d->total : end != d->total) : !part->more && next != FRAGMENT_NONE)
		return REASON_FRAGMENT_OVERLAP;
	if (next != FRAGMENT_NONE && fragment_bytes_equal(t->blocks, next, part))
		return REASON_FRAGMENT_DUPLICATE;
	if (reach > part->offset || (next != FRAGMENT_NONE && t->blocks[next].offset < end))
		return REASON_FRAGMENT_OVERLAP;
	return REASON_NONE;
}

/* @part, for which there are free blocks, becomes one of @d, behind @before. */
static void part_insert(struct fragment_table *t, struct fragment_datagram *d, const struct fragment_part *part,
			uint16_t before, uint32_t blocks)
{
	uint16_t first = t->free, last = first;
	uint16_t *link = before == FRAGMENT_NONE ? &d->first : &t->blocks[before].next_part;
	uint32_t head_len = part->offset == 0 ? part->head_len : 0;

	for (uint32_t i = 1; i < blocks; i++)
		last = t->blocks[last].next;
	CHECK(last != FRAGMENT_NONE);
	t->free = t->blocks[last].next;
	t->blocks[last].next = FRAGMENT_NONE;
	t->blocks[first].next_part = *link;
	t->blocks[first].offset = (uint16_t)part->offset;
	t->blocks[first].len = (uint16_t)part->len;
	t->blocks[first].head_len = (uint16_t)head_len;
	*link = first;
	fragment_bytes_write(t->blocks, first, 0, part->head, head_len);
	fragment_bytes_write(t->blocks, first, head_len, part->data, part->len);
	d->part_count++;
	d->block_count = (uint16_t)(d->block_count + blocks);
	use_change(t, d, 0, (int)blocks);
}

static void part_note(struct fragment_datagram *d, const struct fragment_part *part)
{
	d->have += part->len;
	d->ecn_seen |= (uint8_t)(1u << part->ecn);
	d->dont_fragment |= part->dont_fragment;
	if (!part->more)
		d->total = part->offset + part->len;
	if (part->offset > 0)
		return;
	d->head_len = (uint16_t)part->head_len;
	d->pointer_at = part->pointer_at;
	d->from = part->from;
}

/* What says that congestion can be told, and what says that it cannot, are not of one datagram (RFC 3168 section 5.3). */
static bool ecn_contradicts(uint8_t seen)
{
	return (seen & 1) && (seen & 0xe);
}

static enum reason part_take(struct fragment_table *t, struct fragment_datagram *d, const struct fragment_part *part)
{
	uint32_t blocks = (part->len + (part->offset == 0 ? part->head_len : 0) + FRAGMENT_BLOCK_BYTES - 1) /
			  FRAGMENT_BLOCK_BYTES;
	uint16_t before;
	enum reason reason = place_find(t, d, part, &before);

	if (reason != REASON_NONE)
		return reason;
	if (d->part_count == FRAGMENT_PART_COUNT || !room_make(t, d, d->key.in_if, d->source, 0, blocks))
		return REASON_FRAGMENT_FULL;
	part_insert(t, d, part, before, blocks);
	part_note(d, part);
	if (ecn_contradicts(d->ecn_seen))
		return REASON_FRAGMENT_OVERLAP;
	if (is_too_long(d->total, d->head_len, d->pointer_at))
		return REASON_FRAGMENT_LENGTH;
	return d->total && d->have == d->total ? REASON_NONE : REASON_FRAGMENT_WAITS;
}

enum reason fragment_add(struct fragment_table *t, const struct fragment_key *key, const struct fragment_part *part,
			 uint64_t now, uint16_t *index)
{
	struct fragment_datagram *d = datagram_find(t, key, key_hash(t, key));
	enum reason reason = part_check(part);

	CHECK(key->in_if < RULES_IF_COUNT && t->blocks);
	t->added_ns = now;
	if (d && d->state == FRAGMENT_REFUSED)
		return REASON_FRAGMENT_REFUSED;
	if (!d && reason == REASON_NONE)
		d = datagram_open(t, key, now);
	if (!d)
		return reason == REASON_NONE ? REASON_FRAGMENT_FULL : reason;
	if (reason == REASON_NONE)
		reason = part_take(t, d, part);
	if (reason == REASON_NONE)
		*index = (uint16_t)(d - t->datagrams);
	else if (reason != REASON_FRAGMENT_WAITS && reason != REASON_FRAGMENT_DUPLICATE)
		datagram_refuse(t, d);
	return reason;
}

void fragment_refuse(struct fragment_table *t, const struct fragment_key *key)
{
	struct fragment_datagram *d = datagram_find(t, key, key_hash(t, key));

	if (d)
		datagram_refuse(t, d);
}

uint32_t fragment_take(struct fragment_table *t, uint16_t index, uint8_t *head, uint8_t *data, uint16_t *ends)
{
	struct fragment_datagram *d = &t->datagrams[index];
	uint32_t len = 0;

	CHECK(index < FRAGMENT_DATAGRAM_COUNT && d->state != FRAGMENT_FREE);
	for (uint16_t part = d->first; part != FRAGMENT_NONE; part = t->blocks[part].next_part) {
		const struct fragment_block *b = &t->blocks[part];

		if (b->offset != len)
			break;
		fragment_bytes_read(t->blocks, part, 0, head, b->head_len);
		fragment_bytes_read(t->blocks, part, b->head_len, data + len, b->len);
		len += b->len;
		*ends++ = (uint16_t)len;
	}
	datagram_free(t, d);
	return len;
}

uint32_t fragment_expire(struct fragment_table *t, uint64_t now)
{
	uint32_t count = 0;

	for (uint32_t i = 0; t->all.datagrams > 0 && i < FRAGMENT_DATAGRAM_COUNT; i++) {
		struct fragment_datagram *d = &t->datagrams[i];

		if (d->state == FRAGMENT_FREE || d->state == FRAGMENT_LATE || now < d->deadline)
			continue;
		count += d->state == FRAGMENT_WAITING;
		if (d->state == FRAGMENT_WAITING && d->head_len) {
			d->state = FRAGMENT_LATE;
			t->late_count++;
		} else {
			datagram_free(t, d);
		}
	}
	return count;
}

uint16_t fragment_find_late(const struct fragment_table *t)
{
	for (uint16_t i = 0; t->late_count > 0 && i < FRAGMENT_DATAGRAM_COUNT; i++)
		if (t->datagrams[i].state == FRAGMENT_LATE)
			return i;
	return FRAGMENT_NONE;
}

void fragment_clear_iface(struct fragment_table *t, uint8_t iface)
{
	for (uint32_t i = 0; t->iface[iface].datagrams > 0 && i < FRAGMENT_DATAGRAM_COUNT; i++) {
		struct fragment_datagram *d = &t->datagrams[i];

		if (d->state != FRAGMENT_FREE && d->key.in_if == iface)
			datagram_free(t, d);
	}
}
