/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams too long for a frame, from this host's kernel to a domain and back, and fragments that no kernel sends. */
#include "system.h"
#include "tests/lib/outside.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#define TIMEOUT 400
#define SECONDS 60u
#define DATA 64u /* of a fragment here */

static const char *const words[] = {
	"-6 addr add 2001:db8:1::1/64 dev card nodad",
	"addr add 10.0.2.2/24 dev card",
	"-6 route add fdca:4d00::/32 via 2001:db8:1::10",
	NULL,
};

/* The fragment of a UDP datagram for @to at @offset. False: it could not be sent. */
static bool fragment4_send(struct outside *o, const char *to, unsigned offset, bool more)
{
	struct {
		struct iphdr ip;
		uint8_t data[DATA];
	} packet = {.ip = {.ihl = 5,
			   .version = 4,
			   .tot_len = htons(sizeof packet),
			   .id = htons(0x4242),
			   .frag_off = htons((uint16_t)((more ? IP_MF : 0) | offset / 8)),
			   .ttl = 64,
			   .protocol = IPPROTO_UDP,
			   .saddr = htonl(0x0a000202)},
		    .data = {1, 2, 0x1e, 0x61, 1, 0}};

	inet_pton(AF_INET, to, &packet.ip.daddr);
	return outside_sends(o, to, &packet, sizeof packet);
}

static bool fragment6_send(struct outside *o, const char *to, unsigned offset, bool more)
{
	struct {
		struct ip6_hdr ip;
		struct ip6_frag fragment;
		uint8_t data[DATA];
	} packet = {.ip = {.ip6_flow = htonl(6u << 28),
			   .ip6_plen = htons(sizeof packet - sizeof packet.ip),
			   .ip6_nxt = IPPROTO_FRAGMENT,
			   .ip6_hlim = 64},
		    .fragment = {.ip6f_nxt = IPPROTO_UDP,
				 .ip6f_offlg = htons((uint16_t)(offset | more)),
				 .ip6f_ident = htonl(0x42424242)},
		    .data = {1, 2, 0, 7, 1, 0}};

	inet_pton(AF_INET6, "2001:db8:1::1", &packet.ip.ip6_src);
	inet_pton(AF_INET6, to, &packet.ip.ip6_dst);
	return outside_sends(o, to, &packet, sizeof packet);
}

Test(fragments, long_datagrams_reach_a_domain_and_come_back_and_overlaps_are_refused_and_counted, .timeout = TIMEOUT)
{
	struct outside o = {.card = -1};
	const char *why = outside_open(&o, words);
	struct machine_options options = {.log = "fragments", .config = "fragments", .door = MACHINE_PVH};
	struct machine *m;

	if (why)
		cr_skip_test("%s", why);
	options.netdev = o.netdev;
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect_from(m, 0, "^mirror| mirror: waiting at port 7$"));
	cr_assert(outside_is_mirrored(&o, "10.0.2.15", 7777, 4000, SECONDS), "published, by IPv4");
	cr_assert(outside_is_mirrored(&o, "2001:db8:1::10", 7777, 4000, SECONDS), "published, by IPv6");
	cr_assert(outside_is_mirrored(&o, "fdca:4d00:0:1::2", 7, 4000, SECONDS), "directly");
	cr_assert(outside_is_mirrored(&o, "10.0.2.15", 7777, 20000, SECONDS), "fourteen fragments");
	cr_assert(outside_is_mirrored(&o, "fdca:4d00:0:1::2", 7, 20000, SECONDS), "fourteen fragments by IPv6");
	cr_assert(outside_pings_with(&o, "2001:db8:1::10", 2000, SECONDS), "the router answers a long ping");

	cr_assert(fragment4_send(&o, "10.0.2.15", 0, true) && fragment4_send(&o, "10.0.2.15", DATA - 8, true));
	cr_assert(fragment6_send(&o, "fdca:4d00:0:1::2", 0, true) && fragment6_send(&o, "fdca:4d00:0:1::2", 8, false));
	MUST(machine_expect_within(m, "^router| router: stats: 2 fragment that overlaps or contradicts another",
				   SECONDS));
	/* what would have made them whole comes too late */
	cr_assert(fragment4_send(&o, "10.0.2.15", DATA, false) && fragment6_send(&o, "fdca:4d00:0:1::2", DATA, false));
	MUST(machine_expect_within(m, "^router| router: stats: 2 fragment of a datagram that was refused before$",
				   SECONDS));
	cr_assert(outside_is_mirrored(&o, "10.0.2.15", 7777, 4000, SECONDS));
	machine_is_well(m);
	machine_stop(m);
	outside_close(&o);
}
