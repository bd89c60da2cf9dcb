/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive queue of a virtio network card: buffers to it, packets and units from it. No hardware: a test plays the card. */
#ifndef CAMBIUM_VIRTIO_NET_RX_H
#define CAMBIUM_VIRTIO_NET_RX_H

#include "virtio_net_header.h"
#include "virtqueue.h"

struct virtio_net_rx {
	struct virtqueue *ring;
	struct frame_pool *pool;
	uint64_t features;                        /* NET_F_x that were negotiated */
	struct frame *frames[VIRTQUEUE_SIZE_MAX]; /* that the card has, by descriptor */
	/* the packet in hand, whose buffers come one by one */
	struct frame *first, *last;
	unsigned left; /* buffers that are still to come */
};

enum virtio_net_rx_result {
	VIRTIO_NET_RX_PACKET,
	VIRTIO_NET_RX_EMPTY,
	VIRTIO_NET_RX_BAD, /* a packet whose description made no sense was taken and dropped */
	VIRTIO_NET_RX_BROKEN,
};

/* Gives the card what frames there are for the buffers that it lacks. */
void virtio_net_rx_refill(struct virtio_net_rx *rx);

/*
 * The next packet, *@frame, which is now the caller's: of one frame, or of a chain with gso_size > 0 that gso_read() knows
 * as TCP segments of at most FRAME_LEN_MAX bytes.
 */
enum virtio_net_rx_result virtio_net_rx_take(struct virtio_net_rx *rx, struct frame **frame);

#endif
