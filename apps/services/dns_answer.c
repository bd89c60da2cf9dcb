// SPDX-License-Identifier: BSD-2-Clause
/*
 * Writing. Invariant: `len` never grows beyond `room`, in which the OPT record that the query asks for has its place from
 * the start; a record is there whole or not at all.
 */
#include <string.h>

#include "dns_answer.h"
#include "unikernel/core/dns_bytes.h"

#define QUESTION_AT 0xc00cu /* a compression pointer to the question's name */

static size_t opt_len(const struct dns_query *query)
{
	return query->has_edns ? DNS_OPT_LEN : 0;
}

/* What of the query's flags every answer repeats. */
static uint16_t answer_flags(const struct dns_query *query)
{
	return (uint16_t)(DNS_FLAG_QR | DNS_FLAG_RA | (query->flags & (DNS_OPCODE | DNS_FLAG_RD | DNS_FLAG_CD)));
}

void dns_answer_begin(struct dns_writer *w, uint8_t *bytes, size_t room, const struct dns_query *query, uint16_t flags)
{
	memset(w, 0, sizeof(*w));
	w->bytes = bytes;
	w->room = room - opt_len(query);
	w->flags = (uint16_t)(answer_flags(query) | flags);
	w->len = DNS_HEADER;
	memset(bytes, 0, DNS_HEADER);
	put16(bytes, query->id);
	if (!query->has_question)
		return;
	put16(bytes + 4, 1);
	w->len += dns_question_write(bytes + w->len, &query->question);
}

void dns_answer_add(struct dns_writer *w, enum dns_section section, const struct dns_name *owner, enum dns_type type,
		    uint32_t ttl, const void *data, size_t len)
{
	size_t owner_len = owner != NULL ? owner->len : 2;
	uint8_t *to = w->bytes + w->len;

	if (w->is_over || w->room - w->len < owner_len + 10 + len) {
		w->is_over = true;
		return;
	}
	if (owner != NULL)
		memcpy(to, owner->wire, owner_len);
	else
		put16(to, QUESTION_AT);
	to += owner_len;
	put16(to, (uint16_t)type);
	put16(to + 2, DNS_IN);
	put32(to + 4, ttl);
	put16(to + 8, (uint16_t)len);
	memcpy(to + 10, data, len);
	w->len += owner_len + 10 + len;
	w->counts[section]++;
}

size_t dns_answer_end(struct dns_writer *w, const struct dns_query *query, unsigned rcode)
{
	if (query->has_edns) {
		dns_opt_write(w->bytes + w->len, rcode, query->dnssec_ok);
		w->len += DNS_OPT_LEN;
		w->counts[2]++;
	}
	put16(w->bytes + 2, (uint16_t)(w->flags | (w->is_over ? DNS_FLAG_TC : 0) | (rcode & DNS_RCODE)));
	for (unsigned i = 0; i < 3; i++)
		put16(w->bytes + 6 + 2 * i, w->counts[i]);
	return w->len;
}

size_t dns_answer_adopt(uint8_t *bytes, size_t len, uint16_t others, const struct dns_query *query, size_t room)
{
	uint16_t kept = get16(bytes + 2) & (DNS_FLAG_TC | DNS_RCODE);
	struct dns_writer w;

	if (len + opt_len(query) > room) {
		dns_answer_begin(&w, bytes, room, query, DNS_FLAG_TC);
		return dns_answer_end(&w, query, kept & DNS_RCODE);
	}
	put16(bytes, query->id);
	put16(bytes + 2, (uint16_t)(answer_flags(query) | kept));
	put16(bytes + 10, (uint16_t)(others + (query->has_edns ? 1 : 0)));
	dns_question_write(bytes + DNS_HEADER, &query->question);
	if (query->has_edns)
		dns_opt_write(bytes + len, 0, query->dnssec_ok);
	return len + opt_len(query);
}
