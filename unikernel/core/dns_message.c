// SPDX-License-Identifier: BSD-2-Clause
/*
 * Invariant of reading: no byte is looked at that was not found to be within the message, and what is taken is
 * whole: every record of every section, to the last byte. Work is bounded by the message's length, since a record has eleven
 * bytes at least and a name is read in 127 labels at most.
 */
#include "dns_message.h"

#include <string.h>

#include "dns_bytes.h"

/* Nothing is kept for longer (RFC 8767 section 4: a week at most; RFC 2308 section 5: negative answers some hours). */
#define TTL_MAX 86400u
#define NEGATIVE_TTL_MAX 10800u

bool dns_question_read(const uint8_t *bytes, size_t len, size_t *at, struct dns_question *question)
{
	if (!dns_name_read(bytes, len, at, &question->name) || len - *at < 4)
		return false;
	question->type = get16(bytes + *at);
	question->class = get16(bytes + *at + 2);
	*at += 4;
	return true;
}

bool dns_record_read(const uint8_t *bytes, size_t len, size_t *at, struct dns_record *r)
{
	r->start = *at;
	if (!dns_name_read(bytes, len, at, &r->owner) || len - *at < 10)
		return false;
	r->type = get16(bytes + *at);
	r->class = get16(bytes + *at + 2);
	r->ttl_at = *at + 4;
	r->ttl = get32(bytes + r->ttl_at);
	r->data_len = get16(bytes + *at + 8);
	r->data_at = *at + 10;
	if (len - r->data_at < r->data_len)
		return false;
	*at = r->data_at + r->data_len;
	return r->type != DNS_OPT || r->data_at - r->start == 11; /* an OPT record's owner is the root */
}

void dns_opt_write(uint8_t *to, unsigned rcode, bool dnssec_ok)
{
	memset(to, 0, DNS_OPT_LEN);
	put16(to + 1, DNS_OPT);
	put16(to + 3, DNS_PAYLOAD);
	to[5] = (uint8_t)(rcode >> 4);
	to[7] = dnssec_ok ? 0x80 : 0;
}

size_t dns_question_write(uint8_t *to, const struct dns_question *question)
{
	size_t len = question->name.len;

	memcpy(to, question->name.wire, len);
	put16(to + len, question->type);
	put16(to + len + 2, question->class);
	return len + 4;
}

size_t dns_query_write(uint8_t *bytes, uint16_t id, uint16_t flags, const struct dns_question *question, bool dnssec_ok)
{
	size_t len = DNS_HEADER;

	memset(bytes, 0, DNS_HEADER);
	put16(bytes, id);
	put16(bytes + 2, flags);
	put16(bytes + 4, 1);
	put16(bytes + 10, 1);
	len += dns_question_write(bytes + len, question);
	dns_opt_write(bytes + len, 0, dnssec_ok);
	return len + DNS_OPT_LEN;
}

/* The time to live of a negative answer that the SOA record @r gives (RFC 2308 section 5); 0: it is malformed. */
static uint32_t negative_ttl(const uint8_t *bytes, const struct dns_record *r)
{
	size_t end = r->data_at + r->data_len, at = r->data_at;
	struct dns_name name;
	uint32_t minimum;

	if (!dns_name_read(bytes, end, &at, &name) || !dns_name_read(bytes, end, &at, &name) || end - at != 20)
		return 0;
	minimum = get32(bytes + end - 4);
	minimum = minimum < r->ttl ? minimum : r->ttl;
	return minimum < NEGATIVE_TTL_MAX ? minimum : NEGATIVE_TTL_MAX;
}

/* Takes note of a record of section @section (0: answers); the times of negative answers to *@negative. */
static void note(struct dns_response *response, const uint8_t *bytes, const struct dns_record *r, unsigned section,
		 uint32_t *negative)
{
	uint32_t ttl = r->ttl < 0x80000000u ? r->ttl : 0; /* RFC 2181 section 8 */

	if (ttl < response->ttl)
		response->ttl = ttl;
	if (section == 1 && r->type == DNS_SOA)
		*negative = negative_ttl(bytes, r);
}

/* Reads the records of all sections; true when they end where the message does. */
static bool read_sections(const uint8_t *bytes, size_t len, size_t at, struct dns_response *response,
			  uint32_t *negative)
{
	bool has_opt = false;

	for (unsigned section = 0; section < 3; section++)
		for (unsigned left = get16(bytes + 6 + 2 * section); left > 0; left--) {
			struct dns_record r;

			if (!dns_record_read(bytes, len, &at, &r))
				return false;
			if (r.type == DNS_OPT) {
				if (has_opt || section != 2)
					return false;
				has_opt = true;
				response->rcode |= r.ttl >> 24 << 4;
				continue;
			}
			if (has_opt)
				continue;
			response->len = at;
			response->others = (uint16_t)(response->others + (section == 2));
			note(response, bytes, &r, section, negative);
		}
	return at == len;
}

bool dns_response_read(const uint8_t *bytes, size_t len, struct dns_response *response)
{
	size_t at = DNS_HEADER;
	uint32_t negative = 0;

	memset(response, 0, sizeof(*response));
	if (len < DNS_HEADER || len > DNS_MESSAGE_MAX)
		return false;
	response->id = get16(bytes);
	response->flags = get16(bytes + 2);
	response->rcode = response->flags & DNS_RCODE;
	if ((response->flags & DNS_FLAG_QR) == 0 || (response->flags & DNS_OPCODE) != 0 || get16(bytes + 4) != 1)
		return false;
	if (!dns_question_read(bytes, len, &at, &response->question))
		return false;
	response->len = at;
	response->ttl = TTL_MAX;
	if (!read_sections(bytes, len, at, response, &negative))
		return false;
	if (response->rcode == DNS_NXDOMAIN || get16(bytes + 6) == 0)
		response->ttl = response->ttl < negative ? response->ttl : negative;
	response->is_kept = (response->rcode == DNS_NOERROR || response->rcode == DNS_NXDOMAIN) && response->ttl > 0 &&
			    (response->flags & DNS_FLAG_TC) == 0;
	return true;
}
