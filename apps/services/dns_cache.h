/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers of others, kept for as long as they say (RFC 1035, negative ones RFC 2308). A table of fixed size. Pure.
 */
#ifndef SERVICES_DNS_CACHE_H
#define SERVICES_DNS_CACHE_H

#include "dns_answer.h"

#define DNS_CACHE_SETS 64u
#define DNS_CACHE_WAYS 4u
#define DNS_CACHE_BYTES 1232u /* longer answers are not kept */

struct dns_kept {
	uint64_t from_ms, until_ms; /* until 0: nothing is here */
	struct dns_question question;
	bool dnssec_ok, checking_disabled;
	uint16_t len, others;
	uint8_t bytes[DNS_CACHE_BYTES];
};

struct dns_cache {
	uint64_t key; /* a secret, so that nobody can choose whose answers make room for his */
	struct dns_kept kept[DNS_CACHE_SETS][DNS_CACHE_WAYS];
};

/* @cache is all zero but for its key. Keeps the message @bytes that @response was read from, which answers @query. */
void dns_cache_put(struct dns_cache *cache, const struct dns_query *query, const uint8_t *bytes,
		   const struct dns_response *response, uint64_t now_ms);

/* Answers @query in @bytes, of which @room may be used; returns the answer's length; 0: nothing is kept for it. */
size_t dns_cache_answer(const struct dns_cache *cache, const struct dns_query *query, uint64_t now_ms, uint8_t *bytes,
			size_t room);

#endif
