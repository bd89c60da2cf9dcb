/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of the DNS: their parts, writing queries, reading responses (RFC 1035, EDNS0: RFC 6891). Pure. Programs ask by
 * it (unikernel/posix), and the name server answers (apps/services).
 */
#ifndef UNIKERNEL_CORE_DNS_MESSAGE_H
#define UNIKERNEL_CORE_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns_name.h"

#define DNS_HEADER 12u
#define DNS_QUERY_MAX 1232u /* of a query that is read */
#define DNS_PAYLOAD 1232u   /* what we take, and send at most, by UDP: no fragments (DNS flag day 2020) */
#define DNS_OPT_LEN 11u
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
	DNS_CNAME = 5,
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

/*
 * Reads the question, or the record, at *@at of the message and moves *@at behind it. False: it is none, or not all of it is
 * there; *@at means nothing then.
 */
bool dns_question_read(const uint8_t *bytes, size_t len, size_t *at, struct dns_question *question);

struct dns_record {
	struct dns_name owner;
	uint16_t type, class, data_len;
	uint32_t ttl;
	size_t start, ttl_at, data_at;
};

bool dns_record_read(const uint8_t *bytes, size_t len, size_t *at, struct dns_record *record);

/* Writes a question; returns its length. */
size_t dns_question_write(uint8_t *to, const struct dns_question *question);

/* Writes an OPT record, DNS_OPT_LEN bytes. */
void dns_opt_write(uint8_t *to, unsigned rcode, bool dnssec_ok);

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

#endif
