// SPDX-License-Identifier: BSD-2-Clause
/* The naive side of the tests of net/core for IPv6, as net_support.h is for IPv4. */
#ifndef CAMBIUM_TESTS_NET_SUPPORT6_H
#define CAMBIUM_TESTS_NET_SUPPORT6_H

#include "net_support.h"

#define UPLINK6 "2001:db8:100::10"
#define GATEWAY6 "2001:db8:100::1"
#define ONE6 "2001:db8:1::2"
#define TWO6 "2001:db8:2::2"
#define FAR6 "2001:db8:ffff::77"

/* The address that @text says, "2001:db8::1" or "10.0.0.1". */
struct ip_addr address(const char *text);

/* A packet, as struct spec is one of IPv4. Of ICMPv6, flags is the type and sport the identifier. */
struct spec6 {
	struct mac mac_src, mac_dst;
	struct ip_addr src, dst;
	uint8_t hops, proto;
	uint16_t sport, dport;
	uint8_t flags, code;
	uint32_t seq, ack;
	uint16_t window;
	uint32_t payload_len;
	bool blank;
	const uint8_t *extension; /* its last header's first byte is proto */
	uint32_t extension_len;
	uint8_t next; /* what the fixed header says comes first, where there are extensions */
};

void frame6_build(struct frame *frame, const struct spec6 *spec);

/* An ICMPv6 message of type spec->flags whose body behind the checksum is the @len bytes at @body. */
void frame6_build_icmp(struct frame *frame, const struct spec6 *spec, const uint8_t *body, uint32_t len);

/* Read back; false when a length or checksum is wrong. A blank checksum is completed first. No extensions. */
bool frame6_read(const struct frame *frame, struct spec6 *spec);

bool frame6_payload_is_intact(const struct frame *frame, const struct spec6 *spec);

bool address_is(struct ip_addr addr, const char *text);

/* A packet from inner interface @index's peer, or from @src at the gateway, to the router. */
struct spec6 spec6_from_inner(unsigned index, uint8_t proto, const char *dst, uint16_t sport, uint16_t dport);
struct spec6 spec6_from_outside(uint8_t proto, const char *src, const char *dst, uint16_t sport, uint16_t dport);

/* The policy of the tests of the whole router, its gateway known by IPv6 too; build and hand in; it must be dropped. */
struct world *world6_new_usual(void);
enum verdict world6_send(struct world *world, unsigned in_if, struct frame *frame, const struct spec6 *spec);
void world6_drops(struct world *world, unsigned in_if, const struct spec6 *spec, enum reason reason);

#endif
