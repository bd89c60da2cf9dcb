/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front end of a virtual network interface (abi/net_ring.h), for a protocol stack above it.
 *
 * Nothing blocks. All functions but the wake callback are called by one thread at a time. The back end may be restarted
 * at any time: netfront_poll() sees it in the device entry, resets the rings and goes on; packets of the time between
 * are lost, as on a wire.
 *
 * Buffers. The first half of the pool is for sending: slot i of the tx ring always uses buffer i, since the back gives
 * slots back in order. The second half is for receiving: a buffer is either posted in rx_free, or with the back, or in
 * the rx ring; a packet is given to the stack for the time of one call, and its buffers are posted again at once, so
 * that a program which does not read cannot starve the interface.
 */
#ifndef CAMBIUM_NETFRONT_H
#define CAMBIUM_NETFRONT_H

#include <abi/device.h>
#include <drivers/ring/net_packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netfront;

/* What the stack above gives to netfront_attach; @arg is passed on. */
struct netfront_user {
	void *arg;
	/* There may be work: make some thread call netfront_poll(). Called from event callbacks, must not block. */
	void (*wake)(void *arg);
	/* One received packet, checked (see net_packet.h); netfront_copy() fetches its bytes, within this call only. */
	void (*receive)(void *arg, const struct netfront *front, const struct net_packet *packet);
	/* There is room to send again, after netfront_tx_buffer() has refused. */
	void (*writable)(void *arg);
};

struct netfront_stats {
	uint64_t rx_packets, rx_units, rx_bad, rx_wakeups;
	uint64_t tx_packets, tx_units, tx_full, tx_down, tx_notified;
	uint64_t resets, broken;
};

/* Attaches to entry @entry of the device page, which is a DEVICE_NET_FRONT. Copies *@user. NULL: there is no such
 * entry, its ring or pool is unusable, or memory is short. Call netfront_poll() once afterwards. */
struct netfront *netfront_attach(unsigned entry, const struct netfront_user *user);

/* The identity of the interface as its device entry has it now. */
const struct device_net *netfront_identity(const struct netfront *front);

const struct netfront_stats *netfront_stats(const struct netfront *front);

/* Does what there is to do: follows a restarted back end, hands up to @budget packets to user->receive, calls
 * user->writable. True: there is more, call again. False: user->wake will be called when there is. */
bool netfront_poll(struct netfront *front, unsigned budget);

/* Copies the @packet's bytes, packet->total of them, to @to. Only within user->receive. */
void netfront_copy(const struct netfront *front, const struct net_packet *packet, void *to);

enum netfront_tx {
	NETFRONT_READY,
	NETFRONT_FULL, /* all buffers are on their way; user->writable will be called */
	NETFRONT_DOWN, /* no back end: drop the packet */
};

/* Stores in *@buffer where to put a frame of up to NET_BUFFER_BYTES. The memory is shared: write it, never read it. */
enum netfront_tx netfront_tx_buffer(struct netfront *front, void **buffer);

/* Sends the @len bytes put into the buffer that netfront_tx_buffer gave last. @flags: 0, NET_CSUM_VALID, or
 * NET_CSUM_BLANK with @csum_start and @csum_offset (abi/net_ring.h). Seen by the back after netfront_tx_flush(). */
void netfront_tx_commit(struct netfront *front, size_t len, uint16_t flags, uint16_t csum_start, uint16_t csum_offset);

/* True when the packet committed last may still grow: the back takes units, and has not been shown it. */
bool netfront_tx_may_grow(const struct netfront *front);

/* Adds the @len bytes put into the buffer that netfront_tx_buffer gave last to that packet, which is a unit of segments of
 * @gso_size from now on, with @gso, its NET_GSO_x. Returns the packet's first buffer: its headers are the caller's to write. */
void *netfront_tx_grow(struct netfront *front, size_t len, uint16_t gso_size, uint16_t gso);

/* Publishes what was committed and notifies the back if it sleeps. */
void netfront_tx_flush(struct netfront *front);

#endif
