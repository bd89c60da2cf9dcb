// SPDX-License-Identifier: BSD-2-Clause
/* Reading queries. Invariant: what is not understood whole is answered by its fault, or not at all. */
#include <string.h>

#include "dns_answer.h"
#include "unikernel/core/dns_bytes.h"

/* What stands behind the question of a query: at most one OPT record, and others that mean nothing to us. */
static int read_additional(const uint8_t *bytes, size_t len, size_t at, struct dns_query *query)
{
	unsigned version = 0;

	for (unsigned left = get16(bytes + 10); left > 0; left--) {
		struct dns_record r;

		if (!dns_record_read(bytes, len, &at, &r) || (r.type == DNS_OPT && query->has_edns))
			return DNS_FORMERR;
		if (r.type != DNS_OPT)
			continue;
		query->has_edns = true;
		query->payload = r.class;
		query->dnssec_ok = (r.ttl & 0x8000u) != 0;
		version = r.ttl >> 16 & 0xffu;
	}
	if (at != len)
		return DNS_FORMERR;
	return version == 0 ? DNS_NOERROR : DNS_BADVERS;
}

int dns_query_read(const uint8_t *bytes, size_t len, struct dns_query *query)
{
	size_t at = DNS_HEADER;

	memset(query, 0, sizeof(*query));
	if (len < DNS_HEADER)
		return -1;
	query->id = get16(bytes);
	query->flags = get16(bytes + 2);
	if ((query->flags & DNS_FLAG_QR) != 0)
		return -1;
	if ((query->flags & DNS_OPCODE) != 0)
		return DNS_NOTIMP;
	if (get16(bytes + 4) != 1 || get32(bytes + 6) != 0 || len > DNS_QUERY_MAX)
		return DNS_FORMERR;
	if (!dns_question_read(bytes, len, &at, &query->question))
		return DNS_FORMERR;
	query->has_question = true;
	return read_additional(bytes, len, at, query);
}

size_t dns_query_room(const struct dns_query *query, bool by_tcp)
{
	if (by_tcp)
		return DNS_MESSAGE_MAX;
	if (!query->has_edns || query->payload < 512)
		return 512;
	return query->payload < DNS_PAYLOAD ? query->payload : DNS_PAYLOAD;
}

void dns_response_age(uint8_t *bytes, size_t len, uint32_t seconds)
{
	struct dns_question question;
	size_t at = DNS_HEADER;
	struct dns_record r;

	if (!dns_question_read(bytes, len, &at, &question))
		return;
	while (at < len && dns_record_read(bytes, len, &at, &r))
		put32(bytes + r.ttl_at, r.ttl > seconds ? r.ttl - seconds : 0);
}
