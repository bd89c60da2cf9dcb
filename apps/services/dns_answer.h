/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name server's side of messages: reading queries, writing answers. Pure.
 */
#ifndef SERVICES_DNS_ANSWER_H
#define SERVICES_DNS_ANSWER_H

#include "unikernel/core/dns_message.h"

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
