/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where an uplink has its IPv6 address and gateway from the link itself (RFC 4861 section 6.3, RFC 4862): what one of its
 * routers said, and for how long that holds. The first router that offers a prefix is taken, and no other one changes
 * anything while what it said is valid.
 */
#ifndef CAMBIUM_NET_CORE_AUTOCONF_H
#define CAMBIUM_NET_CORE_AUTOCONF_H

#include "nd.h"

/* No address, one that is asked for whether somebody else has it, or one that is used. */
enum autoconf_state {
	AUTOCONF_NONE = 0,
	AUTOCONF_TENTATIVE,
	AUTOCONF_VALID,
	AUTOCONF_TAKEN, /* somebody else has it: none is used any more */
};

struct autoconf {
	struct ip_addr addr;   /* its prefix is a /64 */
	struct ip_addr router; /* all zero: none */
	uint64_t addr_until;   /* ns */
	uint64_t router_until;
	uint64_t due;  /* when the next question goes out, or a tentative address is valid */
	uint8_t state; /* enum autoconf_state */
	uint8_t asked; /* times that routers were asked for */
};

/* What is to be done now. */
enum autoconf_act {
	AUTOCONF_NOTHING,
	AUTOCONF_ASK,    /* for routers */
	AUTOCONF_PROBE,  /* whether somebody has addr */
	AUTOCONF_CHANGE, /* address or gateway of the interface: those of the state VALID, else none */
};

/*
 * Take in what the router @from said, @m of type router advertisement, at the station with @mac. @is_free tells whether
 * the prefix is none of ours. True: the interface has to change.
 */
bool autoconf_hear(struct autoconf *a, const struct nd_message *m, struct ip_addr from, struct mac mac, bool is_free,
		   uint64_t now);

/* Somebody else has the address. */
void autoconf_collide(struct autoconf *a);

/* Let time pass. Ask again until nothing is left to do. */
enum autoconf_act autoconf_tick(struct autoconf *a, uint64_t now);

#endif
