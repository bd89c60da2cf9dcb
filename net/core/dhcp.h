/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where an uplink has its IPv4 address from a DHCP server: the client of RFC 2131, section 4.4. The first offer that fits
 * is taken, its address is probed by ARP before it is used, and while it is held no other server changes anything.
 *
 * The client's own choices: three probes in one second, where RFC 5227 has six to seven; a lease of less than a minute is
 * none; when it has to be extended by any server (REBINDING), another one may extend it, but neither change nor end it.
 */
#ifndef CAMBIUM_NET_CORE_DHCP_H
#define CAMBIUM_NET_CORE_DHCP_H

#include "dhcp_message.h"
#include "siphash.h"

#define DHCP_SECONDS_LEAST 60u

enum dhcp_state {
	DHCP_NONE = 0, /* no client */
	DHCP_START,    /* before anything was asked */
	DHCP_WAITING,  /* with the next question */
	DHCP_SELECTING,
	DHCP_REQUESTING,
	DHCP_PROBING, /* it is ours, unless somebody has it */
	DHCP_DECLINING,
	DHCP_BOUND,
	DHCP_RENEWING,
	DHCP_REBINDING,
};

/* What is worth a line; the last of several. */
enum dhcp_news {
	DHCP_NEWS_NONE = 0,
	DHCP_NEWS_LEASED,
	DHCP_NEWS_NOBODY,  /* answers */
	DHCP_NEWS_UNFIT,   /* was an offer */
	DHCP_NEWS_REFUSED, /* by the server: what was asked for, or what it had leased */
	DHCP_NEWS_TAKEN,   /* somebody has the address already */
	DHCP_NEWS_ENDED,   /* nobody has extended the lease */
};

struct dhcp {
	struct siphash_key key; /* of its random numbers */
	struct mac mac, server_mac;
	struct dhcp_lease lease;             /* offered, or held */
	struct dhcp_request request;         /* to be sent, after DHCP_SEND */
	uint64_t begun;                      /* of the exchange, ns */
	uint64_t asked;                      /* when the last request went out: a lease counts from there */
	uint64_t due;                        /* when something is to be done that only time brings */
	uint64_t renew_at, rebind_at, until; /* of a lease that is held */
	uint64_t drawn;                      /* numbers so far */
	uint32_t xid;
	uint32_t sent;   /* messages or probes, in this state */
	uint8_t state;   /* enum dhcp_state */
	uint8_t news;    /* enum dhcp_news: for whoever tells them, who clears it */
	bool unfit;      /* there was an offer, but none that fits */
	uint8_t refused; /* times in a row */
	bool change;
};

/* What is to be done now. */
enum dhcp_act {
	DHCP_NOTHING,
	DHCP_SEND,   /* request, by dhcp_write() */
	DHCP_PROBE,  /* whether somebody has lease.addr */
	DHCP_CHANGE, /* the interface: it has what dhcp_holds() says */
};

/* A client for the station with @mac, with random numbers that only who has @key knows. */
void dhcp_init(struct dhcp *d, struct siphash_key key, struct mac mac);

/* Is there a lease whose address is used? */
bool dhcp_holds(const struct dhcp *d);

/*
 * Take in the message @m, which came from the station @from; @fits tells whether its address and gateway may be the
 * interface's. False: it is none that the client waits for, and changed nothing. Afterwards dhcp_tick().
 */
bool dhcp_hear(struct dhcp *d, const struct dhcp_message *m, struct mac from, bool fits, uint64_t now);

/* Somebody has the address @addr, or wants it. */
void dhcp_collide(struct dhcp *d, uint32_t addr);

/* Let time pass. Ask again until nothing is left to do. */
enum dhcp_act dhcp_tick(struct dhcp *d, uint64_t now);

#endif
