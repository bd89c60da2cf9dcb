/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a network card is to the router, whatever stands behind it.
 *
 * A NIC is polled: nic_receive() until NULL, nic_send() any number of times, nic_flush() once per round. Its interrupts
 * are quiet meanwhile; nic_arm() before sleeping asks for one, which calls the wake function that it was opened with.
 */
#ifndef CAMBIUM_NET_NIC_H
#define CAMBIUM_NET_NIC_H

#include "frame.h"

#define NIC_FRAMES_MAX 512u /* that a card holds at a time, for receiving and sending */

struct nic;

struct nic_ops {
	struct frame *(*receive)(struct nic *nic);
	bool (*send)(struct nic *nic, struct frame *frame);
	unsigned (*get_room)(struct nic *nic);
	void (*flush)(struct nic *nic);
	bool (*arm)(struct nic *nic, bool room);
};

struct nic_counters {
	uint64_t rx_packets, rx_bytes, rx_errors; /* errors: frames whose description made no sense */
	uint64_t tx_packets, tx_bytes, tx_dropped;
	uint64_t interrupts;
	uint64_t kicks; /* writes to a doorbell */
};

struct nic {
	const struct nic_ops *ops;
	uint8_t mac[6];
	bool link_up;
	bool tx_csum;       /* completes FRAME_CSUM_BLANK; else send refuses such frames */
	bool tx_tso;        /* cuts frames with gso_size > 0; else send refuses them */
	bool past_iommu;    /* it reaches memory without asking the IOMMU (an emulated card may) */
	uint32_t mtu;       /* bytes of IP packet that it takes, at most */
	const char *broken; /* what the device did, when it cannot be used any more */
	struct nic_counters counters;
};

/* Called from an event callback when a NIC has something: only wake whoever polls. */
struct nic_wake {
	void (*fn)(void *arg);
	void *arg;
};

/* The next frame from the wire, now the caller's; NULL: none. */
static inline struct frame *nic_receive(struct nic *nic)
{
	return nic->ops->receive(nic);
}

/* Takes @frame in any case; sends it, padded to the least Ethernet length, or cut where gso_size says so. False: it was
 * dropped and counted. */
static inline bool nic_send(struct nic *nic, struct frame *frame)
{
	return nic->ops->send(nic, frame);
}

/* How many frames nic_send() would take now; in a chain each counts. */
static inline unsigned nic_get_room(struct nic *nic)
{
	return nic->ops->get_room(nic);
}

/* Tells the device about frames to send and fresh buffers; what was sent is free again. */
static inline void nic_flush(struct nic *nic)
{
	nic->ops->flush(nic);
}

/* Asks for a wake-up when a frame comes in, and with @room also when one was sent. True: do not sleep, poll again. */
static inline bool nic_arm(struct nic *nic, bool room)
{
	return nic->ops->arm(nic, room);
}

#endif
