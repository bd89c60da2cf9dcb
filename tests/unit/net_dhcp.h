/* SPDX-License-Identifier: BSD-2-Clause */
/* The world of net_support.h with an uplink that asks for its address, and a server that a test speaks for. */
#ifndef CAMBIUM_TESTS_NET_DHCP_H
#define CAMBIUM_TESTS_NET_DHCP_H

#include "net_support.h"

#define SERVER_IP IP(198, 51, 100, 5)
#define ROGUE_IP IP(198, 51, 100, 66)
#define LEASED_IP IP(198, 51, 100, 44)
#define SECONDS 4000u /* of a lease: T1 is 2000, T2 3500 */
#define ALL 0xffffffffu

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK };

/* What the server says, and the client is to take; a test changes something of it. */
struct answer {
	uint8_t type;
	uint32_t xid, addr, server, gateway, mask, seconds, src, dst;
	struct mac mac_src, mac_dst;
	uint16_t sport, dport, mtu;
	uint8_t more[64];       /* options behind those */
	unsigned more_len, cut; /* bytes that the message lacks at its end */
	bool no_csum;
};

/* What the client said last. */
struct asked {
	uint8_t type;
	uint32_t xid, src, dst, ciaddr, wanted, server;
	uint16_t secs;
	bool broadcast;
};

/* The uplink has no address; every other one of these has asked: up to the request for what was offered, up to the lease. */
struct world *world_dhcp(void);
struct world *world_requesting(struct asked *a);
struct world *world_bound(struct asked *a);

void world_pass(struct world *world, uint64_t ns);

/* The uplink's network, and whether its address is @addr; 0: none. */
const struct iface_net *uplink_net(const struct world *world);
bool uplink_has(const struct world *world, uint32_t addr);

/* Takes what goes out at the uplink: how many messages, and into *@probes how many probes for the address. The last message is in @a. */
unsigned client_sent(struct world *world, struct asked *a, unsigned *probes);
/* Lets time pass until a message goes out, for at most @ns. */
void client_says(struct world *world, struct asked *a, uint8_t type, uint64_t ns);

/* A good answer of @type to @a; built and handed in without net/core, and why it was taken or not; both at once. */
struct answer server_answer(uint8_t type, const struct asked *a);
enum reason server_says(struct world *world, const struct answer *s);
enum reason server_says_usual(struct world *world, uint8_t type, const struct asked *a);

/* Options for the end of an answer @s. */
#define MORE(...)                                                                                                      \
	do {                                                                                                           \
		const uint8_t more[] = {__VA_ARGS__};                                                                  \
		memcpy(s.more, more, sizeof more);                                                                     \
		s.more_len = sizeof more;                                                                              \
	} while (0)

#endif
