/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of the DNS: reading queries and responses, writing answers (RFC 1035, EDNS0: RFC 6891). Pure.
 */
#ifndef SERVICES_DNS_MESSAGE_H
#define SERVICES_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns_name.h"

#define DNS_HEADER 12u
#define DNS_QUERY_MAX 1232u    /* of a query that is read */
#define DNS_PAYLOAD 1232u      /* what we take, and send at most, by UDP: no fragments (DNS flag day 2020) */
#define DNS_MESSAGE_MAX 16384u /* of any message, by TCP */

#define DNS_FLAG_QR 0x8000u
#define DNS_FLAG_AA 0x0400u
#define DNS_FLAG_TC 0x0200u
#define DNS_FLAG_RD 0x0100u
#define DNS_FLAG_RA 0x0080u
#define DNS_FLAG_CD 0x0010u
#define DNS_OPCODE 0x7800u
#define DNS_RCODE 0x000fu

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_BADVERS = 16, /* needs an OPT record */
};

enum dns_type {
	DNS_A = 1,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_HINFO = 13,
	DNS_AAAA = 28,
	DNS_OPT = 41,
	DNS_TKEY = 249, /* from here to 254: no types of data */
	DNS_MAILA = 254,
	DNS_ANY = 255,
};

#define DNS_IN 1u

struct dns_question {
	struct dns_name name;
	uint16_t type, class;
};

struct dns_query {
	uint16_t id, flags;
	bool has_question; /* else the rest is nothing */
	struct dns_question question;
	bool has_edns, dnssec_ok;
	uint16_t payload;
};

/*
 * Reads a query. Returns what to answer: DNS_NOERROR when it can be looked into, or another of enum dns_rcode, with as much
 * of @query as was understood. -1: nothing is to be answered (no header, or a response).
 */
int dns_query_read(const uint8_t *bytes, size_t len, struct dns_query *query);

/* The most bytes of an answer to @query that came by TCP or not. */
size_t dns_query_room(const struct dns_query *query, bool by_tcp);

/* Writes the query that @question asks, with @id, @flags and an OPT record; returns its length. @room: DNS_QUERY_MAX. */
size_t dns_query_write(uint8_t *bytes, uint16_t id, uint16_t flags, const struct dns_question *question,
		       bool dnssec_ok);

/* A response, checked whole. */
struct dns_response {
	uint16_t id, flags;
	unsigned rcode; /* with the bits of an OPT record */
	struct dns_question question;
	size_t len;      /* without the OPT record and what follows it */
	uint16_t others; /* additional records in that */
	bool is_kept;    /* it may be kept for `ttl` seconds: RFC 2308 where it says that there is nothing */
	uint32_t ttl;
};

/* False: it is not a response to one question, or it is malformed. */
bool dns_response_read(const uint8_t *bytes, size_t len, struct dns_response *response);

/* Lowers the time to live of all records of a message that dns_response_read took, and that ends with its `len`. */
void dns_response_age(uint8_t *bytes, size_t len, uint32_t seconds);

/* An answer in the making. What does not fit is left out, and DNS_FLAG_TC says so in the end. */
struct dns_writer {
	uint8_t *bytes;
	size_t room, len;
	bool is_over;
	uint16_t flags;
	uint16_t counts[3]; /* answers, authorities, others */
};

enum dns_section { DNS_ANSWERS, DNS_AUTHORITIES };

/* Begins an answer to @query in @bytes, which end after @room (at least DNS_HEADER), with room kept for an OPT record. */
void dns_answer_begin(struct dns_writer *w, uint8_t *bytes, size_t room, const struct dns_query *query, uint16_t flags);

/* Adds a record; sections in their order. @owner: its name; NULL: that of the question. */
void dns_answer_add(struct dns_writer *w, enum dns_section section, const struct dns_name *owner, enum dns_type type,
		    uint32_t ttl, const void *data, size_t len);

/* Ends it; returns its length. */
size_t dns_answer_end(struct dns_writer *w, const struct dns_query *query, unsigned rcode);

/*
 * Makes the message in @bytes, @len of them as of a dns_response, the answer to @query, in place: id, flags, the question as
 * it was asked, our OPT record. Where that is more than @room, it becomes a truncated one. Returns its length.
 */
size_t dns_answer_adopt(uint8_t *bytes, size_t len, uint16_t others, const struct dns_query *query, size_t room);

#endif
