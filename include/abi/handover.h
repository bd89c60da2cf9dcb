/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hand-over: what a router knows of its open flows, for the one that comes after it.
 *
 * The area belongs to the control domain and is granted read-write to each router that fills the slot, named by its
 * DEVICE_HANDOVER entry: handover_header, then as many handover_record as fit the pages. All zero at first.
 *
 * Only the router that lives writes. A record is written so: sequence odd, everything else, sequence even; who dies between
 * leaves it odd. check covers the record's number, its final sequence and everything behind it. sequence 0 or odd: nothing
 * is recorded there. The reader believes none of it: check finds damage, not malice. Little-endian.
 */
#ifndef CAMBIUM_ABI_HANDOVER_H
#define CAMBIUM_ABI_HANDOVER_H

#include <abi/types.h>

#define HANDOVER_MAGIC 0x53574f4c46424d43ull /* the bytes "CMBFLOWS" */
#define HANDOVER_VERSION 1u
#define HANDOVER_PAGES_MAX 1024u

#define HANDOVER_KEPT 1u   /* records are kept up to date */
#define HANDOVER_TAKING 2u /* a router is taking them over: if it dies over them, they are not tried again */

struct handover_header {
	uint64_t magic;
	uint32_t version;
	uint32_t record_bytes;
	uint32_t record_count;
	uint32_t state; /* HANDOVER_x */
	uint64_t reserved0[5];
};

/* Addresses in network order, those of IPv4 as ::ffff:a.b.c.d; ports are numbers. */
struct handover_tuple {
	uint8_t src[16], dst[16];
	uint16_t sport, dport;
	uint8_t proto;
	uint8_t reserved0[3];
};

/* What one side of a TCP connection has sent: sequence numbers, and the largest window that it offered, scaled. */
struct handover_side {
	uint32_t end, acked, max_end, max_window;
	uint8_t scale, has_scale, has_fin;
	uint8_t reserved0;
};

/*
 * A flow. tuple[0] as packets of the opener arrive, tuple[1] as those of the other side do, at the interfaces iface[0] and
 * iface[1]; peer: the domain ids of those behind them, 0 behind an uplink. seen, tcp_state: as net/core/conntrack.h and tcp.h
 * number them; version changes with them.
 */
struct handover_record {
	uint32_t sequence;
	uint32_t reserved0;
	uint64_t check;
	uint64_t deadline_ns; /* of system time: when it is over, unless there are more packets */
	struct handover_tuple tuple[2];
	uint32_t peer[2];
	struct handover_side side[2];
	uint8_t iface[2];
	uint8_t tcp_state; /* 0: not TCP */
	uint8_t seen;
	uint32_t reserved1;
};

/* Pages of an area with @flows records. */
#define HANDOVER_PAGES(flows)                                                                                          \
	((uint32_t)((sizeof(struct handover_header) + (uint64_t)(flows) * sizeof(struct handover_record) + 4095) /     \
		    4096))
#define HANDOVER_FLOWS_MAX                                                                                             \
	((uint32_t)((HANDOVER_PAGES_MAX * 4096u - sizeof(struct handover_header)) / sizeof(struct handover_record)))

ABI_ASSERT(sizeof(struct handover_header) == 64, "handover_header layout");
ABI_ASSERT(sizeof(struct handover_tuple) == 40, "handover_tuple layout");
ABI_ASSERT(sizeof(struct handover_side) == 20, "handover_side layout");
ABI_ASSERT(sizeof(struct handover_record) == 160, "handover_record layout");

#endif
