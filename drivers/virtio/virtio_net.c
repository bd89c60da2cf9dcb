/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-net, modern.
 *
 * Invariant: a frame whose descriptor the device has is owned by the receiver or tx_frames[], under the number of its
 * descriptor, and by nobody else, so that the device never writes into or sends from a frame that somebody uses. The
 * device's own header stands in the frame's headroom directly before the packet, so one descriptor carries both.
 */
#include "virtio_net.h"

#include <stdlib.h>
#include <string.h>

#include <cambium/event.h>
#include <drivers/net/gso.h>

#include "virtio_net_rx.h"
#include "virtio_pci.h"

#define VIRTIO_TYPE_NET 1u
#define QUEUE_RX 0u
#define QUEUE_TX 1u

/* Section 5.1.4. */
#define CONFIG_MAC 0u
#define CONFIG_STATUS 6u
#define CONFIG_MTU 10u
#define STATUS_LINK_UP 1u

#define ETH_LEN 14u
#define ETH_PADDED_LEN 60u
#define RECLAIM_BATCH 96u

_Static_assert(2 * VIRTQUEUE_SIZE_MAX <= NIC_FRAMES_MAX, "one frame a descriptor");

struct virtio_net {
	struct nic nic; /* first */
	struct virtio_device dev;
	struct virtio_queue rx, tx;
	struct frame_pool *pool;
	struct nic_wake wake;
	bool config_changed;
	bool rx_armed, tx_armed;
	struct virtio_net_rx receiver;
	struct frame *tx_frames[VIRTQUEUE_SIZE_MAX];
};

static struct virtio_net *net_of(struct nic *nic)
{
	return (struct virtio_net *)(void *)nic;
}

static void config_update(struct virtio_net *net)
{
	uint16_t status = STATUS_LINK_UP;

	net->config_changed = false;
	if ((net->dev.features & NET_F_STATUS) && !virtio_config_read(&net->dev, CONFIG_STATUS, &status, 2))
		status = 0;
	net->nic.link_up = status & STATUS_LINK_UP;
	if (virtio_is_failed(&net->dev))
		net->nic.broken = "the device asks for a reset";
}

static struct frame *net_receive(struct nic *nic)
{
	struct virtio_net *net = net_of(nic);

	if (net->config_changed)
		config_update(net);
	for (;;) {
		struct frame *frame;

		switch (virtio_net_rx_take(&net->receiver, &frame)) {
		case VIRTIO_NET_RX_PACKET:
			nic->counters.rx_packets++;
			nic->counters.rx_bytes += frame_get_total(frame);
			return frame;
		case VIRTIO_NET_RX_BAD: nic->counters.rx_errors++; break;
		case VIRTIO_NET_RX_BROKEN: nic->broken = "the receive queue makes no sense"; return NULL;
		case VIRTIO_NET_RX_EMPTY: return NULL;
		}
	}
}

static void tx_reclaim(struct virtio_net *net)
{
	enum virtq_result result;
	uint16_t head;
	uint32_t written;

	while ((result = virtqueue_take(&net->tx.ring, &head, &written)) == VIRTQ_OK) {
		frame_put(net->pool, net->tx_frames[head]);
		net->tx_frames[head] = NULL;
	}
	if (result == VIRTQ_BROKEN)
		net->nic.broken = "the transmit queue makes no sense";
}

static unsigned net_get_room(struct nic *nic)
{
	struct virtio_net *net = net_of(nic);

	if (net->tx.ring.free_count < RECLAIM_BATCH)
		tx_reclaim(net);
	return nic->broken ? 0 : net->tx.ring.free_count;
}

/* The part of the header that says how to cut; *@len becomes the length of all pieces. */
static bool tx_describe_gso(const struct virtio_net *net, struct frame *frame, uint32_t *len)
{
	struct net_header *h = net_header_of(frame);
	struct gso gso;

	if (!net->nic.tx_tso || !gso_read(frame, net->nic.mtu, &gso))
		return false;
	*len = gso.len;
	if (!gso.whole) {
		h->gso_type = gso.ipv6 ? HDR_GSO_TCPV6 : HDR_GSO_TCPV4;
		h->hdr_len = gso.header_len;
		h->gso_size = frame->gso_size;
	}
	return gso.len >= ETH_PADDED_LEN || !frame->more;
}

/* Writes the device's header for @frame. False: the frame asks for what was not negotiated, or is too long or short. */
static bool tx_describe(const struct virtio_net *net, struct frame *frame)
{
	struct net_header *h = net_header_of(frame);
	uint32_t len = frame->len;

	*h = (struct net_header){0};
	if (frame->gso_size ? !tx_describe_gso(net, frame, &len)
			    : frame->more || len < ETH_LEN || len > net->nic.mtu + ETH_LEN)
		return false;
	if (frame->flags & FRAME_CSUM_BLANK) {
		if (!net->nic.tx_csum || !range_within((uint64_t)frame->csum_start + frame->csum_offset, 2, frame->len))
			return false;
		h->flags = HDR_NEEDS_CSUM;
		h->csum_start = frame->csum_start;
		h->csum_offset = frame->csum_offset;
	}
	if (len < ETH_PADDED_LEN) {
		memset(frame->data + len, 0, ETH_PADDED_LEN - len);
		frame->len = ETH_PADDED_LEN;
	}
	return true;
}

/* Gives the device @frame, which is described, with all its pieces. False: there is no room for it. */
static bool tx_add_chain(struct virtio_net *net, const struct frame *frame, uint16_t *head)
{
	struct virtq_piece pieces[GSO_PIECES_MAX];
	uint32_t len = 0, count = 0;

	for (const struct frame *f = frame; f; f = f->more) {
		pieces[count++] = (struct virtq_piece){f->bus, f->len, false};
		len += f->len;
	}
	pieces[0].addr -= sizeof(struct net_header);
	pieces[0].len += (uint32_t)sizeof(struct net_header);
	if (!virtqueue_add(&net->tx.ring, pieces, count, head))
		return false;
	net->nic.counters.tx_bytes += len;
	return true;
}

/* Likewise, of one piece or more. */
static bool tx_add(struct virtio_net *net, struct frame *frame)
{
	struct virtq_piece piece = {frame->bus - sizeof(struct net_header),
				    frame->len + (uint32_t)sizeof(struct net_header), false};
	uint16_t head;

	if (frame->more) {
		if (!tx_add_chain(net, frame, &head))
			return false;
	} else {
		if (!virtqueue_add_one(&net->tx.ring, piece, &head))
			return false;
		net->nic.counters.tx_bytes += frame->len;
	}
	net->tx_frames[head] = frame;
	net->nic.counters.tx_packets++;
	return true;
}

static bool net_send(struct nic *nic, struct frame *frame)
{
	struct virtio_net *net = net_of(nic);

	if (net_get_room(nic) && tx_describe(net, frame) && tx_add(net, frame))
		return true;
	nic->counters.tx_dropped++;
	frame_put(net->pool, frame);
	return false;
}

static void net_flush(struct nic *nic)
{
	struct virtio_net *net = net_of(nic);

	tx_reclaim(net);
	virtio_net_rx_refill(&net->receiver);
	if (virtqueue_publish(&net->rx.ring)) {
		virtio_notify(&net->rx);
		nic->counters.kicks++;
	}
	if (virtqueue_publish(&net->tx.ring)) {
		virtio_notify(&net->tx);
		nic->counters.kicks++;
	}
}

static bool net_arm(struct nic *nic, bool room)
{
	struct virtio_net *net = net_of(nic);
	bool pending = net->config_changed;

	net->rx_armed = true;
	pending |= virtqueue_arm(&net->rx.ring);
	if (room) {
		net->tx_armed = true;
		pending |= virtqueue_arm(&net->tx.ring);
	}
	return pending && !nic->broken;
}

static const struct nic_ops net_ops = {net_receive, net_send, net_get_room, net_flush, net_arm};

/* An interrupt: be quiet from now on, and let somebody poll. */
static void rx_interrupt(unsigned port, void *arg)
{
	struct virtio_net *net = arg;

	(void)port;
	net->nic.counters.interrupts++;
	if (net->rx_armed)
		virtqueue_disarm(&net->rx.ring);
	net->rx_armed = false;
	net->wake.fn(net->wake.arg);
}

static void tx_interrupt(unsigned port, void *arg)
{
	struct virtio_net *net = arg;

	(void)port;
	net->nic.counters.interrupts++;
	if (net->tx_armed)
		virtqueue_disarm(&net->tx.ring);
	net->tx_armed = false;
	net->wake.fn(net->wake.arg);
}

static void config_interrupt(unsigned port, void *arg)
{
	struct virtio_net *net = arg;

	(void)port;
	net->nic.counters.interrupts++;
	net->config_changed = true;
	net->wake.fn(net->wake.arg);
}

static const char *vector_bind(struct virtio_net *net, uint32_t entry, void (*fn)(unsigned port, void *arg))
{
	int64_t port = pci_msix_bind(&net->dev.pci, entry);

	if (port < 0)
		return "an MSI-X vector was refused";
	return event_on((unsigned)port, fn, net) < 0 ? "no callback for an interrupt" : NULL;
}

/* MSI-X entries: 0 receive, 1 transmit, 2 configuration. */
static const char *net_setup(struct virtio_net *net, uint32_t index)
{
	struct virtio_device *dev = &net->dev;
	uint16_t mtu = 0;
	uint64_t wanted = VIRTIO_F_EVENT_IDX | NET_F_CUTS | NET_F_GUEST_CSUM | NET_F_MTU | NET_F_STATUS;
	const char *why = virtio_open(dev, index, VIRTIO_TYPE_NET);

	if (!why && (virtio_get_offered(dev) & NET_F_JOINS) == NET_F_JOINS)
		wanted |= NET_F_JOINS;
	if (!why)
		why = virtio_negotiate(dev, wanted, NET_F_MAC);
	if (!why && dev->pci.info.msix_entries < 3)
		why = "it has less than three MSI-X vectors";
	if (!why)
		why = vector_bind(net, QUEUE_RX, rx_interrupt);
	if (!why)
		why = vector_bind(net, QUEUE_TX, tx_interrupt);
	if (!why)
		why = vector_bind(net, 2, config_interrupt);
	if (!why && !virtio_set_config_vector(dev, 2))
		why = "it refuses an interrupt vector";
	if (!why)
		why = virtio_queue_setup(dev, &net->rx, QUEUE_RX, QUEUE_RX);
	if (!why)
		why = virtio_queue_setup(dev, &net->tx, QUEUE_TX, QUEUE_TX);
	if (!why && !virtio_config_read(dev, CONFIG_MAC, net->nic.mac, sizeof net->nic.mac))
		why = "it tells no MAC address";
	if (why)
		return why;
	net->nic.mtu = FRAME_LEN_MAX - ETH_LEN;
	if ((dev->features & NET_F_MTU) && virtio_config_read(dev, CONFIG_MTU, &mtu, 2))
		net->nic.mtu = MIN(net->nic.mtu, mtu);
	net->receiver = (struct virtio_net_rx){.ring = &net->rx.ring, .pool = net->pool, .features = dev->features};
	net->nic.past_iommu = !(dev->features & VIRTIO_F_ACCESS_PLATFORM);
	net->nic.tx_csum = dev->features & NET_F_CSUM;
	net->nic.tx_tso = (dev->features & NET_F_CUTS) == NET_F_CUTS;
	virtio_start(dev);
	config_update(net);
	net_flush(&net->nic);
	return net->nic.broken;
}

struct nic *virtio_net_open(uint32_t index, struct frame_pool *pool, struct nic_wake wake, const char **why)
{
	struct virtio_net *net = calloc(1, sizeof *net);

	*why = "memory is short";
	if (!net)
		return NULL;
	net->nic.ops = &net_ops;
	net->pool = pool;
	net->wake = wake;
	*why = net_setup(net, index);
	if (!*why)
		return &net->nic;
	/* its pages may be known to the device: they are free again only when it confirms that it has stopped */
	if (net->dev.common)
		(void)virtio_reset(&net->dev);
	return NULL; /* the caller gives up: nothing is freed */
}

bool virtio_net_drives(uint16_t vendor, uint16_t device)
{
	return vendor == VIRTIO_VENDOR && device == VIRTIO_DEVICE_MODERN + VIRTIO_TYPE_NET;
}
