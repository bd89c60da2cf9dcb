/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that drives its network card itself and has it cut TCP packets, those of nic_tso.h. Behind each of them it sends
 * some that a card must not be given; they have to be refused and counted. Ends with 0 when all frames came back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cambium/clock.h>
#include <cambium/device.h>
#include <cambium/mem.h>
#include <cambium/start.h>
#include <cambium/thread.h>
#include <drivers/net/nic_open.h>
#include <drivers/pci/dma.h>

#include "nic_tso.h"

CAMBIUM_NOTE(1024, 1024, NOTE_GROWS);

#define FRAMES (NIC_FRAMES_MAX + 128u)
#define PATIENCE_NS 30000000000ull
#define TURN_NS 1000000ull

#define ETH_LEN 14u

static struct frame_pool pool;
static struct nic *nic;

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t sum16(const uint8_t *p, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static uint32_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Ethernet, IP and TCP headers for a packet; returns their length. The checksums are as for FRAME_CSUM_BLANK. */
static uint32_t headers(struct frame *frame, const struct tso_packet *p)
{
	uint32_t l4 = ETH_LEN + (p->ipv6 ? 40u : 20u), tcp_bytes = TSO_TCP_LEN + p->payload,
		 addresses = p->ipv6 ? 32 : 8;
	uint8_t *ip = frame->data + ETH_LEN, *tcp = frame->data + l4;

	memset(frame->data, 0, l4 + TSO_TCP_LEN);
	memcpy(frame->data, TSO_TO_MAC, 6);
	memcpy(frame->data + 6, nic->mac, 6);
	put16(frame->data + 12, p->ipv6 ? 0x86dd : 0x0800);
	if (p->ipv6) {
		ip[0] = 0x60;
		put16(ip + 4, tcp_bytes);
		memcpy(ip + 6, "\6\100", 2);
		memset(ip + 8, 0xfd, 32);
	} else {
		memcpy(ip, "\105\0\0\0\022\064\100\0\100\6", 10);
		put16(ip + 2, 20 + tcp_bytes);
		memcpy(ip + 12, "\12\0\0\1\12\0\0\2", 8);
		put16(ip + 10, ~fold(sum16(ip, 20)));
	}
	memcpy(tcp, "\0\120\200\0\1\2\3\4\5\6\7\10\200\30\377\377", 16);
	memset(tcp + 20, 1, TSO_TCP_LEN - 20); /* no-ops */
	put16(tcp + 16, fold(sum16(tcp - addresses, addresses) + 6 + tcp_bytes));
	frame->csum_start = (uint16_t)l4;
	frame->csum_offset = 16;
	frame->flags = FRAME_CSUM_BLANK;
	frame->gso_size = p->gso_size;
	return l4 + TSO_TCP_LEN;
}

static void fill(struct frame *frame, uint32_t from, uint32_t count)
{
	for (uint32_t i = from; i < from + count; i++)
		frame->data[frame->len++] = tso_byte(i);
}

static struct frame *build(const struct tso_packet *p)
{
	struct frame *first = frame_get(&pool), *last = first;
	uint32_t done = MIN(p->first_piece, p->payload);

	if (!first)
		return NULL;
	first->len = headers(first, p);
	fill(first, 0, done);
	while (done < p->payload) {
		uint32_t piece = MIN(p->other_pieces, p->payload - done);

		last->more = frame_get(&pool);
		last = last->more;
		if (!last)
			return NULL;
		fill(last, done, piece);
		done += piece;
	}
	return first;
}

/* False: @why names what was not refused, or not counted. */
static bool refused(struct frame *frame, const char *why)
{
	uint64_t dropped = nic->counters.tx_dropped;

	if (frame && !nic_send(nic, frame) && nic->counters.tx_dropped == dropped + 1)
		return true;
	printf("tso: a packet was sent, or not counted, with %s\n", why);
	return false;
}

/* What no card may be given. */
static bool nonsense(void)
{
	const struct tso_packet whole = {false, 3000, 1448, 1000, 1000};
	struct frame *f;

	f = build(&whole);
	f->gso_size = 0;
	if (!refused(f, "more than one frame and no segment size"))
		return false;
	f = build(&whole);
	f->gso_size = (uint16_t)nic->mtu;
	if (!refused(f, "segments longer than the wire takes"))
		return false;
	f = build(&whole);
	put16(f->data + ETH_LEN + 2, 1000);
	if (!refused(f, "a length that is not its own"))
		return false;
	f = build(&whole);
	f->flags = 0;
	return refused(f, "a checksum that is not left to the card");
}

/* Nobody sleeps here. */
static void polled(void *arg)
{
	(void)arg;
}

static bool open_card(void)
{
	char why[NIC_WHY_BYTES] = "there is none";
	struct device_entry entry;

	for (unsigned i = 0; i < device_count() && !nic; i++)
		if (device_read(i, &entry) && entry.kind == DEVICE_PCI)
			nic = nic_open(entry.pci_device, &pool, (struct nic_wake){polled, NULL}, why);
	if (!nic)
		printf("tso: no card: %s\n", why);
	return nic;
}

static bool frames_make(void)
{
	while (pool.count < FRAMES) {
		struct frame *frames = calloc(FRAMES_PER_PAGE, sizeof *frames);
		uint8_t *page = pages_alloc(1);

		if (!frames || !page || dma_allow(page, 1) < 0)
			return false;
		frame_pool_add(&pool, frames, page, pages_mfn(page) << PAGE_SHIFT);
	}
	return true;
}

/* Waits until the card is done with all that it was given to send. */
static bool comes_back(unsigned free_count)
{
	uint64_t end = clock_after(PATIENCE_NS);

	while (pool.free_count != free_count && clock_ns() < end) {
		struct frame *frame;

		while ((frame = nic_receive(nic)))
			frame_put(&pool, frame);
		nic_flush(nic);
		thread_sleep_until(clock_after(TURN_NS));
	}
	return pool.free_count == free_count;
}

int main(void)
{
	const struct tso_packet *p = tso_packets;
	unsigned free_count;

	if (!frames_make() || !open_card())
		return 1;
	free_count = pool.free_count;
	if (!nic->tx_tso)
		return printf("tso: the card does not cut\n") > 0 && refused(build(p), "a segment size") ? 0 : 1;
	printf("tso: the card cuts\n");
	for (; p < tso_packets + TSO_PACKETS; p++) {
		if (!nic_send(nic, build(p)) || !nonsense()) {
			printf("tso: packet %u failed\n", (unsigned)(p - tso_packets));
			return 1;
		}
		nic_flush(nic);
	}
	if (!comes_back(free_count)) {
		printf("tso: %u of %u frames came back\n", pool.free_count, free_count);
		return 1;
	}
	printf("tso: all frames came back\n");
	return 0;
}
