/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network front end that corrupts its rings, in each of its lives (told apart by the generation of its id) in another
 * way. Indices that make no sense cost it its interface; slots that do are dropped; forged frames go nowhere. It asks
 * the router for its address by ARP to see whether it is still heard.
 */
#include "raw.h"

#include <abi/net_ring.h>
#include <cambium/clock.h>
#include <cambium/device.h>
#include <cambium/thread.h>

#define PATIENCE_NS 200000000000ull /* for what has to come, however busy the machine is */
#define SILENCE_NS 2000000000ull    /* for what must not come */
#define RX_BUFFER (16u * NET_BUFFER_BYTES)
#define ARP_BYTES 42u

static struct device_entry entry;
static volatile struct net_ring_page *page;
static volatile struct net_slot *tx_slots, *free_slots, *rx_slots;
static volatile uint8_t *pool;
static uint32_t pool_bytes, tx, rx;

static void sleep_ms(uint64_t ms)
{
	thread_sleep_until(clock_after(ms * 1000000));
}

static void notify(void)
{
	hc_event_send(entry.port);
}

/* A front end as it should be, with @buffers receive buffers offered. */
static bool attach(uint32_t buffers)
{
	uint64_t deadline = clock_after(PATIENCE_NS);

	while (!device_read(0, &entry) || entry.kind != DEVICE_NET_FRONT || entry.state != DEVICE_OPEN) {
		if (clock_ns() > deadline)
			return false;
		sleep_ms(10);
	}
	page = (volatile struct net_ring_page *)entry.ring_va;
	tx_slots = (volatile struct net_slot *)(entry.ring_va + PAGE_SIZE);
	free_slots = tx_slots + NET_RING_SLOTS;
	rx_slots = free_slots + NET_RING_SLOTS;
	pool = (volatile uint8_t *)entry.pool_va;
	pool_bytes = entry.pool_pages * PAGE_SIZE;
	for (uint32_t i = 0; i < buffers; i++)
		free_slots[i] = (struct net_slot){.offset = RX_BUFFER + i * NET_BUFFER_BYTES, .len = NET_BUFFER_BYTES};
	page->rx_free.p.prod = buffers;
	__atomic_store_n(&page->tx.p.epoch, entry.generation, __ATOMIC_SEQ_CST);
	notify();
	return true;
}

static void publish(uint32_t prod)
{
	__atomic_store_n(&page->tx.p.prod, prod, __ATOMIC_SEQ_CST);
	notify();
}

/* A frame of @len bytes at offset 0 of the pool goes out. */
static void send_frame(uint16_t len)
{
	tx_slots[tx % NET_RING_SLOTS] = (struct net_slot){.offset = 0, .len = len};
	publish(++tx);
}

/* "Who has the router's address?" from @mac and @address. */
static void arp_build(const uint8_t mac[6], uint32_t address)
{
	static const uint8_t head[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};

	for (unsigned i = 0; i < 6; i++) {
		pool[i] = 0xff;
		pool[6 + i] = pool[22 + i] = mac[i];
		pool[32 + i] = 0;
	}
	for (unsigned i = 0; i < sizeof head; i++)
		pool[12 + i] = head[i];
	for (unsigned i = 0; i < 4; i++) {
		pool[28 + i] = (uint8_t)(address >> (24 - 8 * i));
		pool[38 + i] = (uint8_t)(entry.net.gateway >> (24 - 8 * i));
	}
}

/* Whether the router answers an ARP request within @patience. */
static bool is_heard(uint64_t patience)
{
	uint64_t deadline = clock_after(patience);

	arp_build(entry.net.mac, entry.net.address);
	send_frame(ARP_BYTES);
	while (__atomic_load_n(&page->rx.p.prod, __ATOMIC_SEQ_CST) == rx) {
		if (clock_ns() > deadline)
			return false;
		sleep_ms(5);
	}
	rx = page->rx.p.prod;
	__atomic_store_n(&page->rx.c.cons, rx, __ATOMIC_SEQ_CST);
	return true;
}

/* Waits until the router took all slots; false: it does not. */
static bool is_taken(void)
{
	uint64_t deadline = clock_after(PATIENCE_NS);

	while (__atomic_load_n(&page->tx.c.cons, __ATOMIC_SEQ_CST) != tx) {
		if (clock_ns() > deadline)
			return false;
		sleep_ms(5);
	}
	return true;
}

static bool bad_slots(void)
{
	const struct net_slot bad[] = {
		{.offset = pool_bytes, .len = 1},
		{.offset = pool_bytes - 10, .len = 11},
		{.offset = UINT32_MAX, .len = UINT16_MAX},
		{.offset = UINT32_MAX - 10, .len = 60},
		{.offset = 0x80000000, .len = 60},
		{.offset = 0, .len = 0},
		{.offset = 0, .len = UINT16_MAX},
		{.offset = 0, .len = 60, .flags = 0xfff0},
		{.offset = 0, .len = 60, .flags = NET_CSUM_BLANK, .csum_start = UINT16_MAX, .csum_offset = UINT16_MAX},
		{.offset = 0, .len = 60, .flags = NET_CSUM_BLANK, .csum_start = 59, .csum_offset = 0},
		{.offset = 0, .len = 60, .flags = NET_GSO_TCP4 | NET_CSUM_BLANK, .gso_size = 1},
		{.offset = 0, .len = 60, .flags = NET_GSO_TCP4, .gso_size = UINT16_MAX},
		{.offset = 0, .len = 1},
		{.offset = 0, .len = 13},
	};

	for (unsigned i = 0; i < 1000; i++) {
		tx_slots[tx % NET_RING_SLOTS] = bad[i % ARRAY_SIZE(bad)];
		publish(++tx);
		if (i % 200 == 199 && !is_taken())
			return false;
	}
	return is_taken();
}

/* The head of a TCP packet to the router, of @bytes bytes of IP, at the pool's beginning. */
static void tcp_build(uint32_t bytes)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 54; i++)
		pool[i] = 0;
	for (unsigned i = 0; i < 6; i++) {
		pool[i] = entry.net.router_mac[i];
		pool[6 + i] = entry.net.mac[i];
	}
	pool[12] = 8;
	pool[14] = 0x45;
	pool[16] = (uint8_t)(bytes >> 8);
	pool[17] = (uint8_t)bytes;
	pool[22] = 64;
	pool[23] = 6;
	for (unsigned i = 0; i < 4; i++) {
		pool[26 + i] = (uint8_t)(entry.net.address >> (24 - 8 * i));
		pool[30 + i] = (uint8_t)(entry.net.gateway >> (24 - 8 * i));
	}
	for (unsigned i = 14; i < 34; i += 2)
		sum += (uint32_t)pool[i] << 8 | pool[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	pool[24] = (uint8_t)(~sum >> 8);
	pool[25] = (uint8_t)~sum;
	pool[35] = pool[37] = 9;
	pool[46] = 0x50;
	pool[47] = 0x10;
}

/* Units of @count buffers that differ from the truth in one thing each; with no lie at all, policy refuses them. */
static bool lying_units(void)
{
	for (unsigned i = 0; i < 600; i++) {
		unsigned count = 1 + i % NET_PACKET_SLOTS_MAX, lie = i % 13;
		uint32_t total = count * 1460;

		tcp_build(lie == 1 ? total - 13 : lie == 2 ? total - 16 : total - 14);
		if (lie == 3)
			pool[46] = 0xf0; /* a header that is longer than what there may be */
		if (lie == 4)
			pool[23] = 17;
		if (lie == 5)
			pool[20] = 0x20;
		for (unsigned n = 0; n < count; n++) {
			struct net_slot s = {.offset = n * NET_BUFFER_BYTES % pool_bytes, .len = 1460};

			s.flags = n + 1 < count ? NET_MORE : 0;
			if (n == 0 && lie != 6) {
				s.flags |= NET_CSUM_BLANK | (lie == 7 ? NET_GSO_TCP6 : NET_GSO_TCP4);
				s.csum_start = lie == 8 ? 14 : 34;
				s.csum_offset = 16;
				s.gso_size = lie == 9 ? 1 : lie == 10 ? UINT16_MAX : lie == 11 ? 0 : 1406;
			}
			tx_slots[tx++ % NET_RING_SLOTS] = s;
		}
		publish(tx);
		if (!is_taken())
			return false;
	}
	return true;
}

/* Waits until the router took so many slots that no index is too far ahead. */
static bool has_room(void)
{
	uint64_t deadline = clock_after(PATIENCE_NS);

	while (tx - __atomic_load_n(&page->tx.c.cons, __ATOMIC_SEQ_CST) > NET_RING_SLOTS) {
		if (clock_ns() > deadline)
			return false;
		sleep_ms(5);
	}
	return true;
}

/* A packet that never ends. */
static bool endless_chain(void)
{
	for (unsigned i = 0; i < 2000; i++) {
		tx_slots[tx % NET_RING_SLOTS] = (struct net_slot){.offset = 0, .len = 2000, .flags = NET_MORE};
		tx++;
		if (i % 200 == 199) {
			if (!has_room())
				return false;
			publish(tx);
		}
	}
	if (!is_taken())
		return false;
	tx_slots[tx % NET_RING_SLOTS] = (struct net_slot){.offset = 0, .len = 60};
	publish(++tx);
	return is_taken();
}

/* All of slots and pool change under the router's eyes, indices left alone. */
static bool moving_slots(void)
{
	uint64_t seed = 88172645463325252ull, end = clock_after(1000000000);

	while (clock_ns() < end) {
		if (tx - __atomic_load_n(&page->tx.c.cons, __ATOMIC_SEQ_CST) < NET_RING_SLOTS)
			publish(++tx);
		for (unsigned i = 0; i < 500; i++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			((volatile uint64_t *)tx_slots)[seed % (NET_RING_SLOTS * 2)] = seed;
			pool[(seed >> 32) % pool_bytes] = (uint8_t)seed;
		}
		if (seed % 16 == 0)
			sleep_ms(1);
	}
	sleep_ms(500);
	for (unsigned i = 0; i < NET_RING_SLOTS; i++) /* whichever it waits for: the packet ends */
		tx_slots[i] = (struct net_slot){.offset = 0, .len = 60};
	if (tx - __atomic_load_n(&page->tx.c.cons, __ATOMIC_SEQ_CST) < NET_RING_SLOTS)
		publish(++tx);
	return is_taken();
}

static void forged(void)
{
	static const uint8_t other[6] = {0x02, 0xca, 0x4d, 0, 1, 2};

	for (unsigned i = 0; i < 20; i++) {
		arp_build(i % 2 ? other : entry.net.mac, i % 2 ? entry.net.address : 0x0a010102);
		send_frame(ARP_BYTES);
		is_taken();
	}
}

static void say(const char *text)
{
	printf("rings: %s\n", text);
	fflush(stdout);
	console_flush();
}

/* One way to break the rules in each life; what the router says about it is in its own lines. */
static int live(unsigned life)
{
	bool good;

	say(is_heard(PATIENCE_NS) ? "heard" : "HOLE: not heard");
	switch (life) {
	case 1:
		say("a producer one slot too far ahead");
		publish(page->tx.c.cons + NET_RING_SLOTS + 1);
		break;
	case 2:
		say("a producer that runs backwards");
		publish(tx - 1);
		break;
	case 3:
		say("more free buffers than there are slots");
		page->rx_free.p.prod = page->rx_free.c.cons + 0x80000000;
		is_heard(SILENCE_NS);
		break;
	case 4:
		say("a consumer ahead of its producer");
		page->rx.c.cons = page->rx.p.prod + 7;
		is_heard(SILENCE_NS);
		break;
	case 5:
		say("slots out of the pool, then packets without end");
		good = bad_slots() && lying_units() && endless_chain() && moving_slots();
		say(good && is_heard(PATIENCE_NS) ? "all dropped, and still heard" : "HOLE: no longer heard");
		return 5;
	default:
		say("forged senders");
		forged();
		say(is_heard(PATIENCE_NS) ? "still heard" : "HOLE: no longer heard");
		return 0;
	}
	sleep_ms(200);
	say(is_heard(SILENCE_NS) ? "HOLE: still heard" : "no longer heard");
	return (int)life;
}

int main(void)
{
	/* In the third life the router knows of one buffer only, so that it looks for more. */
	if (!attach(DOMID_GENERATION(start_info()->domid) == 3 ? 1 : 64)) {
		say("HOLE: no router");
		return 99;
	}
	return live(DOMID_GENERATION(start_info()->domid));
}
