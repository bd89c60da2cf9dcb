/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segmentation by the network card, seen from the other end of the wire: a guest sends TCP packets longer than the wire's
 * (guests/nic_tso.c), and every segment of them has to arrive once, in order, with the right headers and checksums.
 */
#include <string.h>

#include "../guests/nic_tso.h"
#include "../lib/tap.h"
#include "system.h"

#define TIMEOUT 200
#define PATIENCE 30u
#define ETH_LEN 14u
#define TCP_PSH 8u

static struct tap tap;
static struct tap_packet packet;
static uint8_t segment[TAP_FRAME_MAX];

static uint32_t read16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t read32(const uint8_t *p)
{
	return read16(p) << 16 | read16(p + 2);
}

/* The folded sum of @len bytes and @more; 0xffff where a checksum among them is right. */
static uint32_t sum(const uint8_t *p, uint32_t len, uint32_t more)
{
	for (; len > 1; len -= 2, p += 2)
		more += read16(p);
	more += len ? (uint32_t)*p << 8 : 0;
	while (more >> 16)
		more = (more & 0xffff) + (more >> 16);
	return more;
}

/* The next frame that the guest sent; the kernel has things of its own to say on any wire. */
static uint32_t segment_read(void)
{
	uint32_t len;

	do {
		len = (uint32_t)tap_read(&tap, segment, PATIENCE);
		cr_assert(len, "a segment did not come");
	} while (len < ETH_LEN || memcmp(segment, TSO_TO_MAC, 6));
	return len;
}

/* Checks the segment of @p's payload from byte @from on; returns how many bytes it has. */
static uint32_t segment_check(const struct tso_packet *p, uint32_t from, uint32_t len)
{
	uint32_t l4 = ETH_LEN + (p->ipv6 ? 40 : 20), headers = l4 + TSO_TCP_LEN, want, tcp_bytes = len - l4;
	const uint8_t *ip = segment + ETH_LEN, *tcp = segment + l4;

	want = p->payload - from < p->gso_size ? p->payload - from : p->gso_size;
	cr_assert_eq(len, headers + want, "byte %u: a segment of %u bytes", from, len);
	cr_assert_eq(read16(segment + 12), p->ipv6 ? 0x86dd : 0x0800);
	if (p->ipv6) {
		cr_assert_eq(read16(ip + 4), tcp_bytes, "byte %u: IPv6 length", from);
		cr_assert_eq(sum(ip + 8, 32 + tcp_bytes, 6 + tcp_bytes), 0xffff, "byte %u: TCP checksum", from);
	} else {
		cr_assert_eq(read16(ip + 2), 20 + tcp_bytes, "byte %u: IPv4 length", from);
		cr_assert_eq(sum(ip, 20, 0), 0xffff, "byte %u: IPv4 checksum", from);
		cr_assert_eq(read16(ip + 6), 0x4000, "byte %u: a fragment", from);
		cr_assert_eq(sum(ip + 12, 8 + tcp_bytes, 6 + tcp_bytes), 0xffff, "byte %u: TCP checksum", from);
	}
	cr_assert_eq(read32(tcp + 4), TSO_SEQUENCE + from, "byte %u: sequence number", from);
	cr_assert_eq((tcp[13] & TCP_PSH) != 0, from + want == p->payload, "byte %u: the push flag is the last's", from);
	for (uint32_t i = 0; i < want; i++)
		if (segment[headers + i] != tso_byte(from + i))
			cr_assert_fail("byte %u differs", from + i);
	return want;
}

static void packet_comes_in_segments(const struct tso_packet *p)
{
	do
		MUST(tap_receive(&tap, &packet, PATIENCE));
	while (memcmp(packet.bytes, TSO_TO_MAC, 6));
	cr_assert_eq(packet.len, ETH_LEN + (p->ipv6 ? 40 : 20) + TSO_TCP_LEN + p->payload, "the card cut it by itself");
	cr_assert_eq(packet.gso_size, p->payload > p->gso_size ? p->gso_size : 0);
	for (uint32_t from = 0; from < p->payload;)
		from += segment_check(p, from, segment_read());
}

static void card_cuts(const char *log, const char *nic)
{
	static const char *const iommu[] = {"-device", "intel-iommu,intremap=on", NULL};
	struct machine_options options = {
		.log = log, .config = "nic", .door = MACHINE_PVH, .nic = nic, .netdev = tap.netdev, .extra = iommu};
	const char *why = tap_open(&tap);
	struct machine *m;

	if (why)
		cr_skip_test("%s", why);
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect(m, "^tso| tso: the card cuts$"));
	for (unsigned i = 0; i < TSO_PACKETS; i++)
		packet_comes_in_segments(&tso_packets[i]);
	MUST(machine_expect(m, "^tso| tso: all frames came back$"));
	MUST(machine_expect(m, "^control: tso died: exited, code 0$"));
	cr_assert_eq(machine_count(m, 0, "^vmm: dma: "), 0, "the card was refused something");
	machine_is_well(m);
	machine_stop(m);
	tap_close(&tap);
}

Test(tso, virtio_cuts_tcp_packets_into_segments, .timeout = TIMEOUT)
{
	card_cuts("tso-virtio", "virtio-net-pci,disable-legacy=on,iommu_platform=on");
}

Test(tso, e1000e_cuts_tcp_packets_into_segments, .timeout = TIMEOUT)
{
	card_cuts("tso-e1000e", "e1000e");
}

/* QEMU's user network takes no virtio headers, so virtio offers no segmentation there. */
Test(tso, a_card_that_does_not_cut_is_given_no_long_packet, .timeout = TIMEOUT)
{
	struct machine_options options = {.log = "tso-none", .config = "nic", .door = MACHINE_PVH};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^tso| tso: the card does not cut$"));
	MUST(machine_expect(m, "^control: tso died: exited, code 0$"));
	machine_is_well(m);
	machine_stop(m);
}
