/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front end of a virtual network interface.
 *
 * States: down (no peer: entry closed, or the back broke a ring), and up. Every change of the device entry's generation
 * goes through connect(), which resets all three rings before it publishes the epoch: until then the back touches
 * nothing. A back that breaks a rule costs the packet (bad slot) or the connection until its next generation (bad
 * index), never more.
 *
 * A receive buffer's state is its byte in `posted`. A slot in the rx ring that names a buffer which is not BUFFER_POSTED
 * is a lie and is dropped, so no buffer is ever posted twice.
 */
#include <cambium/console.h>
#include <cambium/device.h>
#include <cambium/event.h>
#include <cambium/hypercall.h>
#include <drivers/net/netfront.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 4096u

enum {
	BUFFER_OURS = 0,
	BUFFER_POSTED,  /* the back may write it */
	BUFFER_CLAIMED, /* named by the packet in hand */
};

struct netfront {
	struct netfront_user user;
	struct netfront_stats stats;

	/* what the device entry said last */
	unsigned entry;
	uint32_t generation;
	uint32_t port; /* 0: none */
	struct device_net net;

	/* shared memory, fixed */
	struct net_ring_page *page;
	unsigned char *pool;
	uint32_t pool_bytes;

	struct ring_end tx, rx_free, rx;
	uint32_t tx_count; /* buffers for sending, a power of two, at most NET_RING_SLOTS */
	uint32_t rx_first; /* offset of the first receive buffer */
	uint32_t rx_count;
	bool up;
	bool changed;    /* the device page was rewritten: written by a callback */
	bool tx_blocked; /* netfront_tx_buffer refused since the last call of writable */
	struct net_packet packet;
	/* the packet committed last, which is not in the ring yet since it may grow; it has the buffers behind tx.next */
	struct net_slot held[NET_PACKET_SLOTS_MAX];
	uint32_t held_count;
	uint8_t posted[NET_RING_SLOTS];
};

static void on_port(unsigned port, void *arg)
{
	struct netfront *front = arg;

	(void)port;
	front->user.wake(front->user.arg);
}

static void on_device_change(void *arg)
{
	struct netfront *front = arg;

	front->changed = true;
	front->user.wake(front->user.arg);
}

static void notify(struct netfront *front)
{
	front->stats.tx_notified++;
	(void)hc_event_send(front->port);
}

static void break_down(struct netfront *front)
{
	console_puts("netfront: the back end broke its ring; waiting for its restart\n");
	front->stats.broken++;
	front->up = false;
}

/* Offers receive buffer @i to the back, unpublished. */
static void post(struct netfront *front, uint32_t i)
{
	struct net_slot slot = {.offset = front->rx_first + i * NET_BUFFER_BYTES, .len = NET_BUFFER_BYTES};

	if (ring_push(&front->rx_free, &slot) != RING_OK) {
		break_down(front); /* there are no more buffers than slots */
		return;
	}
	front->posted[i] = BUFFER_POSTED;
}

static void *slots_of(const struct netfront *front, unsigned page)
{
	return (unsigned char *)front->page + page * PAGE_BYTES;
}

static void reset_rings(struct netfront *front)
{
	ring_header_reset(&front->page->tx);
	ring_header_reset(&front->page->rx_free);
	ring_header_reset(&front->page->rx);
	ring_init_producer(&front->tx, &front->page->tx, slots_of(front, 1), sizeof(struct net_slot), NET_RING_SLOTS);
	ring_init_producer(&front->rx_free, &front->page->rx_free, slots_of(front, 2), sizeof(struct net_slot),
			   NET_RING_SLOTS);
	ring_init_consumer(&front->rx, &front->page->rx, slots_of(front, 3), sizeof(struct net_slot), NET_RING_SLOTS);
	net_packet_reset(&front->packet);
	front->held_count = 0;
	ring_front_features_publish(&front->page->tx, NET_FEATURE_GSO);
}

static void change_port(struct netfront *front, uint32_t port)
{
	if (port == front->port)
		return;
	if (front->port != 0) {
		event_off(front->port);
		(void)hc_event_close(front->port);
	}
	front->port = port;
	if (port != 0 && event_on(port, on_port, front) != 0)
		front->port = 0;
}

/* Follows the device entry: a new generation means a new peer, or none. */
static void connect_peer(struct netfront *front)
{
	struct device_entry entry;

	front->changed = false;
	if (!device_read(front->entry, &entry) || entry.kind != DEVICE_NET_FRONT ||
	    entry.generation == front->generation)
		return;
	front->generation = entry.generation;
	front->net = entry.net;
	front->up = false;
	if (entry.state != DEVICE_OPEN || entry.port == 0)
		return;
	change_port(front, entry.port);
	reset_rings(front);
	front->stats.resets++;
	front->up = front->port != 0;
	for (uint32_t i = 0; i < front->rx_count && front->up; i++)
		post(front, i);
	(void)ring_publish(&front->rx_free);
	(void)ring_sleep_prepare(&front->rx, 1); /* empty as yet: the back's first packet is to wake us */
	ring_epoch_publish(&front->page->tx, front->generation);
	notify(front);
	front->tx_blocked = true; /* whoever waited for the old peer may go on */
}

struct netfront *netfront_attach(unsigned entry_index, const struct netfront_user *user)
{
	struct netfront *front;
	struct device_entry entry;
	uint32_t half;

	if (!device_read(entry_index, &entry) || entry.kind != DEVICE_NET_FRONT || entry.ring_va == 0 ||
	    entry.pool_va == 0 || entry.pool_pages > NET_POOL_PAGES_MAX)
		return NULL;
	half = entry.pool_pages * PAGE_BYTES / 2 / NET_BUFFER_BYTES;
	if (half == 0)
		return NULL;
	front = calloc(1, sizeof(*front));
	if (front == NULL)
		return NULL;
	front->user = *user;
	front->entry = entry_index;
	front->net = entry.net;
	front->page = (struct net_ring_page *)entry.ring_va;
	front->pool = (unsigned char *)entry.pool_va;
	front->pool_bytes = entry.pool_pages * PAGE_BYTES;
	front->rx_count = half < NET_RING_SLOTS ? half : NET_RING_SLOTS;
	front->rx_first = half * NET_BUFFER_BYTES;
	for (front->tx_count = 1; front->tx_count * 2 <= half && front->tx_count < NET_RING_SLOTS;)
		front->tx_count *= 2;
	front->changed = true;
	if (device_watch(on_device_change, front) != 0) {
		free(front);
		return NULL;
	}
	return front;
}

const struct device_net *netfront_identity(const struct netfront *front)
{
	return &front->net;
}

const struct netfront_stats *netfront_stats(const struct netfront *front)
{
	return &front->stats;
}

void netfront_copy(const struct netfront *front, const struct net_packet *packet, void *to)
{
	unsigned char *p = to;

	for (uint32_t i = 0; i < packet->piece_count; i++) {
		memcpy(p, front->pool + packet->pieces[i].offset, packet->pieces[i].len);
		p += packet->pieces[i].len;
	}
}

/* The packet's buffers are ours again: true when they all really were with the back. */
static bool claim_buffers(struct netfront *front, const struct net_packet *packet)
{
	bool honest = true;

	for (uint32_t i = 0; i < packet->piece_count; i++) {
		uint32_t offset = packet->pieces[i].offset;
		uint32_t buffer = (offset - front->rx_first) / NET_BUFFER_BYTES;

		if (offset < front->rx_first || buffer >= front->rx_count || front->posted[buffer] != BUFFER_POSTED)
			honest = false;
		else
			front->posted[buffer] = BUFFER_CLAIMED;
	}
	return honest;
}

static void post_claimed(struct netfront *front, const struct net_packet *packet)
{
	for (uint32_t i = 0; i < packet->piece_count; i++) {
		uint32_t offset = packet->pieces[i].offset;
		uint32_t buffer = (offset - front->rx_first) / NET_BUFFER_BYTES;

		if (offset >= front->rx_first && buffer < front->rx_count && front->posted[buffer] == BUFFER_CLAIMED)
			post(front, buffer);
	}
}

/* Receives up to @budget packets. True: stopped by the budget. */
static bool receive(struct netfront *front, unsigned budget)
{
	struct net_packet *packet = &front->packet;
	uint32_t taken = 0;
	unsigned done;
	bool wake;

	for (done = 0; done < budget && front->up; done++) {
		enum net_result result = net_packet_take(&front->rx, front->pool_bytes, NET_TO_FRONT, packet);

		if (result == NET_EMPTY)
			break;
		if (result == NET_BROKEN) {
			break_down(front);
			break;
		}
		if (claim_buffers(front, packet) && result == NET_PACKET) {
			front->stats.rx_packets++;
			front->stats.rx_units += packet->gso_size > 0;
			front->user.receive(front->user.arg, front, packet);
		} else {
			front->stats.rx_bad++;
		}
		post_claimed(front, packet);
		taken += packet->slot_count;
		net_packet_reset(packet);
	}
	if (!front->up)
		return false;
	wake = ring_release(&front->rx, taken);
	wake |= ring_publish(&front->rx_free);
	if (wake)
		notify(front);
	return done == budget;
}

/* Asks for a wake-up when half of the buffers for sending are free. True: they are, now. */
static bool tx_wait(struct netfront *front)
{
	uint32_t hidden = NET_RING_SLOTS - front->tx_count;
	uint32_t want = hidden + (front->tx_count + 1) / 2;

	return ring_sleep_prepare(&front->tx, want);
}

bool netfront_poll(struct netfront *front, unsigned budget)
{
	bool more;

	if (front->changed)
		connect_peer(front);
	if (!front->up)
		return false;
	front->stats.rx_wakeups++;
	more = receive(front, budget);
	if (front->up && front->tx_blocked && tx_wait(front)) {
		front->tx_blocked = false;
		front->user.writable(front->user.arg);
	}
	netfront_tx_flush(front);
	return front->up && (more || ring_sleep_prepare(&front->rx, 1));
}

/* Where the next packet's bytes, or the next ones of the packet held, go. */
static unsigned char *tx_place(const struct netfront *front, uint32_t ahead)
{
	return front->pool + ((front->tx.next + ahead) & (front->tx_count - 1)) * NET_BUFFER_BYTES;
}

/* The packet held goes into the ring. */
static void tx_push_held(struct netfront *front)
{
	for (uint32_t i = 0; i < front->held_count; i++) {
		front->held[i].flags |= i + 1 < front->held_count ? NET_MORE : 0;
		(void)ring_push(&front->tx, &front->held[i]); /* there was room, and only we fill it */
	}
	front->stats.tx_packets += front->held_count > 0;
	front->stats.tx_units += front->held_count > 1;
	front->held_count = 0;
}

enum netfront_tx netfront_tx_buffer(struct netfront *front, void **buffer)
{
	uint32_t space;

	if (!front->up) {
		front->stats.tx_down++;
		return NETFRONT_DOWN;
	}
	if (ring_space(&front->tx, &space) != RING_OK) {
		break_down(front);
		return NETFRONT_DOWN;
	}
	if (space <= NET_RING_SLOTS - front->tx_count + front->held_count) {
		netfront_tx_flush(front);
		front->stats.tx_full++;
		front->tx_blocked = true;
		if (tx_wait(front))
			front->user.wake(front->user.arg);
		return NETFRONT_FULL;
	}
	*buffer = tx_place(front, front->held_count);
	return NETFRONT_READY;
}

void netfront_tx_commit(struct netfront *front, size_t len, uint16_t flags, uint16_t csum_start, uint16_t csum_offset)
{
	tx_push_held(front);
	front->held[front->held_count++] = (struct net_slot){
		.offset = (uint32_t)(tx_place(front, 0) - front->pool),
		.len = (uint16_t)len,
		.flags = flags,
		.csum_start = csum_start,
		.csum_offset = csum_offset,
	};
}

bool netfront_tx_may_grow(const struct netfront *front)
{
	return front->held_count && front->held_count < NET_PACKET_SLOTS_MAX &&
	       ring_back_features(&front->page->tx) & NET_FEATURE_GSO;
}

void *netfront_tx_grow(struct netfront *front, size_t len, uint16_t gso_size, uint16_t gso)
{
	uint32_t offset = (uint32_t)(tx_place(front, front->held_count) - front->pool);

	front->held[front->held_count++] = (struct net_slot){.offset = offset, .len = (uint16_t)len};
	front->held[0].gso_size = gso_size;
	front->held[0].flags |= gso;
	return front->pool + front->held[0].offset;
}

void netfront_tx_flush(struct netfront *front)
{
	if (!front->up)
		return;
	tx_push_held(front);
	if (ring_publish(&front->tx))
		notify(front);
}
