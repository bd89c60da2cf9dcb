/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fragments that wait for the rest of their datagram (RFC 791, 8200), in private copies and in bounded memory.
 *
 * A datagram is known by its key. Its fragments may come in any order, an exact copy is ignored; when they overlap, contradict
 * each other or cannot be, the whole datagram is refused, and what still comes of it until its time is over (RFC 1858, 3128, 5722).
 *
 * Room: one source (an IPv4 address, an IPv6 /64) at one interface has at most a quarter of the datagrams and of the memory,
 * one interface at most half; whoever has that much pays for more with his own oldest datagram. Sources are counted by a keyed
 * hash (stochastic fairness, McKenney 1990), so that two may share a quarter, but nobody can choose with whom. Where memory
 * is short in spite of that, the oldest datagram of the interface that has most goes: one whose fragments come closely
 * behind each other gets through a flood from any number of sources.
 */
#ifndef CAMBIUM_NET_CORE_FRAGMENT_H
#define CAMBIUM_NET_CORE_FRAGMENT_H

#include <abi/rules.h>

#include "packet.h"
#include "siphash.h"

#define FRAGMENT_DATAGRAM_COUNT 256u /* incomplete or refused */
#define FRAGMENT_BLOCK_COUNT 1024u
#define FRAGMENT_BLOCK_BYTES 372u
#define FRAGMENT_PART_COUNT 128u /* fragments of one datagram */
#define FRAGMENT_SOURCE_COUNT 64u
#define FRAGMENT_SECONDS 30u
#define FRAGMENT_HEAD_MAX PACKET_HEAD_MIN /* an IP header with its extensions, fragment header included */
#define FRAGMENT_NONE 0xffffu             /* a datagram or block number that means none */

/* Which datagram. @proto is 0 for IPv6. The layout has no padding. */
struct fragment_key {
	struct ip_addr src, dst;
	uint32_t id;
	uint8_t proto;
	uint8_t in_if;
	uint8_t reserved[2];
};

/*
 * One fragment. @head is what stands before its data, from the IP header on, fragment header included; @pointer_at is where in
 * @head it stands that an IPv6 fragment header follows; both are taken from the first fragment alone (RFC 8200 section 4.5).
 */
struct fragment_part {
	const uint8_t *head, *data;
	uint32_t head_len, len, offset;
	uint16_t pointer_at;
	uint8_t ecn; /* the two bits (RFC 3168) */
	bool more, dont_fragment;
	struct mac from;
};

/* A piece of a fragment; in the first one, what is known of it. */
struct fragment_block {
	uint16_t next;      /* of this fragment, or in the chain of free ones */
	uint16_t next_part; /* by offset */
	uint16_t offset, len, head_len, reserved;
	uint8_t bytes[FRAGMENT_BLOCK_BYTES];
};

enum fragment_state {
	FRAGMENT_FREE = 0,
	FRAGMENT_WAITING,
	FRAGMENT_REFUSED, /* has no blocks, and takes none until its time is over */
	FRAGMENT_LATE,    /* its time is over, which its sender is to hear */
};

struct fragment_datagram {
	struct fragment_key key;
	uint64_t deadline, serial;
	uint32_t hash;
	uint32_t total; /* bytes of data, once the last fragment is here; else 0 */
	uint32_t have;
	uint16_t first; /* block, by offset */
	uint16_t part_count, block_count;
	uint16_t head_len, pointer_at; /* of the first fragment, 0 without */
	uint8_t source;                /* its number among the counted ones */
	uint8_t state;                 /* enum fragment_state */
	uint8_t ecn_seen;              /* bit i: i was */
	bool dont_fragment;            /* one of them says so */
	struct mac from;               /* of the first fragment */
};

struct fragment_use {
	uint32_t datagrams, blocks;
};

struct fragment_table {
	struct siphash_key key;
	uint64_t serial;
	uint64_t evicted; /* datagrams that went for want of room */
	struct fragment_use all, iface[RULES_IF_COUNT], source[FRAGMENT_SOURCE_COUNT];
	uint16_t free; /* block */
	uint16_t late_count;
	struct fragment_datagram datagrams[FRAGMENT_DATAGRAM_COUNT];
	struct fragment_block
		*blocks;   /* FRAGMENT_BLOCK_COUNT of them; NULL: there is no room now, and nothing was added */
	uint64_t added_ns; /* when somebody tried last */
};

#define FRAGMENT_ROOM_BYTES (FRAGMENT_BLOCK_COUNT * sizeof(struct fragment_block))

/* Make @t empty, without room. */
void fragment_init(struct fragment_table *t, struct siphash_key key);

/*
 * @room is of FRAGMENT_ROOM_BYTES, 8-byte aligned, holds anything, and is @t's, which has none, until it is given back: that does
 * nothing, and is NULL, before @t has been empty for FRAGMENT_IDLE_NS.
 */
void fragment_lend(struct fragment_table *t, void *room, uint64_t now);
void *fragment_give_back(struct fragment_table *t, uint64_t now);

#define FRAGMENT_IDLE_NS 60000000000ull

/*
 * Take in @part of the datagram @key. REASON_NONE: with it, number *@index is whole, to be taken at once by fragment_take().
 * REASON_FRAGMENT_WAITS: it was copied. REASON_FRAGMENT_DUPLICATE: it was here already. Else it is refused, and so is
 * its datagram; what for is in the reason.
 */
enum reason fragment_add(struct fragment_table *t, const struct fragment_key *key, const struct fragment_part *part,
			 uint64_t now, uint16_t *index);

/* The datagram @key cannot be good: what is here of it goes, and what comes is refused. Does nothing where nothing is here. */
void fragment_refuse(struct fragment_table *t, const struct fragment_key *key);

/*
 * Copy the head of datagram number @index, of datagrams[index].head_len bytes, to @head and its data, as far as they are here
 * from the beginning, to @data, 65,535 bytes at most; where each of its fragments ends, to @ends, FRAGMENT_PART_COUNT at
 * most. Then it is forgotten. The bytes of data.
 */
uint32_t fragment_take(struct fragment_table *t, uint16_t index, uint8_t *head, uint8_t *data, uint16_t *ends);

/*
 * Forget datagrams whose time is over, but those with a first fragment, which become LATE. The number of those that were not
 * refused before.
 */
uint32_t fragment_expire(struct fragment_table *t, uint64_t now);

/* The number of a LATE datagram, to be taken by fragment_take(); FRAGMENT_NONE: there is none. */
uint16_t fragment_find_late(const struct fragment_table *t);

/* Forget what came in at @iface. */
void fragment_clear_iface(struct fragment_table *t, uint8_t iface);

#endif
