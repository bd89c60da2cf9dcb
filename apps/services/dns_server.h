/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name server without its sockets: what to do about a query, about what an upstream server says, about a time that is over.
 * Pure: whoever owns the sockets brings messages, time and random bytes, and does what the result says.
 *
 * Names of the zone are told to whoever the router lets ask. Others are asked for, of the upstream servers in turn,
 * on behalf of those inside: the domains of the zone, and networks that the plan names.
 */
#ifndef SERVICES_DNS_SERVER_H
#define SERVICES_DNS_SERVER_H

#include "dns_cache.h"
#include "dns_zone.h"

#define DNS_UPSTREAMS 4u
#define DNS_NETS 8u
#define DNS_PENDING 48u    /* questions under way; each has a socket */
#define DNS_PER_CLIENT 12u /* of these, by one client: an IPv4 address or an IPv6 /64 */
#define DNS_ASK_RANDOM 34u /* random bytes that a question takes */

struct dns_endpoint {
	struct dns_address address;
	uint16_t port;
};

struct dns_net {
	struct dns_address address;
	unsigned bits;
};

/* Who asked: by UDP, or by the TCP connection `conn`, a number that is never used again. 0: UDP. */
struct dns_client {
	struct dns_endpoint from;
	uint64_t conn;
};

/* A question under way. */
struct dns_pending {
	bool is_used;
	bool by_tcp;              /* this time */
	unsigned tries, upstream; /* how often it was asked, and of whom */
	unsigned strange;         /* what came to its socket and was not the answer */
	uint64_t since_ms, deadline_ms;
	struct dns_client client;
	struct dns_query query; /* as the client asked it */
	uint16_t id;            /* as we did */
	struct dns_question question;
};

struct dns_counts {
	uint64_t queries, local, cached, asked, answered, failed, refused,
		strange; /* strange: not from whom we asked */
};

struct dns_server {
	struct dns_zone zone;
	unsigned upstream_count, net_count;
	struct dns_endpoint upstreams[DNS_UPSTREAMS];
	struct dns_net nets[DNS_NETS];
	struct dns_pending pending[DNS_PENDING];
	struct dns_counts counts;
	struct dns_cache cache;
};

enum dns_verdict {
	DNS_NOTHING, /* nothing is to be done */
	DNS_ANSWER,  /* `bytes` are for `client` */
	DNS_ASK, /* pending[slot] is to be asked: dns_server_ask, from a new socket; an old one of that slot is of no use */
};

struct dns_result {
	enum dns_verdict verdict;
	struct dns_client client;
	unsigned slot;
	size_t len;
	uint8_t bytes[DNS_MESSAGE_MAX];
};

/* A query came. */
void dns_server_take(struct dns_server *server, const struct dns_client *client, const uint8_t *bytes, size_t len,
		     uint64_t now_ms, struct dns_result *result);

/*
 * Writes what to ask for pending[slot] to result->bytes: with an id and a mixture of upper and lower case (0x20) that @random
 * gives. To whom, and whether by TCP, says the slot.
 */
void dns_server_ask(struct dns_server *server, unsigned slot, const uint8_t random[DNS_ASK_RANDOM], uint64_t now_ms,
		    struct dns_result *result);

/*
 * The socket of pending[slot] has received @bytes from @from. DNS_NOTHING: they are not the answer, which may still come.
 * DNS_ANSWER: the slot is free.
 */
void dns_server_hear(struct dns_server *server, unsigned slot, const struct dns_endpoint *from, const uint8_t *bytes,
		     size_t len, uint64_t now_ms, struct dns_result *result);

/* Whoever was asked for pending[slot] cannot be reached, or its time is over. */
void dns_server_fail(struct dns_server *server, unsigned slot, struct dns_result *result);

/* How many questions of the TCP connection @conn are under way. */
unsigned dns_server_count(const struct dns_server *server, uint64_t conn);

#endif
