// SPDX-License-Identifier: BSD-2-Clause
/* Invariant: an answer is never longer than DHCP_ANSWER_MAX. */
#include "dhcp_query.h"
#include "dhcp_options.h"
#include "unikernel/core/dns_bytes.h"

#include <string.h>

#define MESSAGE_MIN 300u /* of BOOTP */
#define FLAG_BROADCAST 0x8000u

_Static_assert(AT_OPTIONS + 3 + 7 * 6 + 4 + 2 + DHCP_NAME_MAX + 2 + DHCP_SUFFIX_MAX + 2 + DHCP_CLIENT_ID_MAX + 2 +
			       DHCP_AGENT_MAX + 1 <=
		       DHCP_ANSWER_MAX,
	       "the longest answer");

static bool take_number(const uint8_t *value, uint8_t len, uint32_t *to)
{
	if (len == 4 && *to == 0)
		*to = get32(value);
	else
		return false;
	return *to != 0;
}

static bool take_echo(const uint8_t *value, uint8_t len, uint8_t most, struct dhcp_echo *to)
{
	if (len == 0 || len > most || to->len != 0)
		return false;
	memcpy(to->bytes, value, len);
	to->len = len;
	return true;
}

static bool take_kind(const uint8_t *value, uint8_t len, uint8_t *to)
{
	if (len != 1 || *to != 0)
		return false;
	*to = value[0];
	return *to != 0;
}

static bool take_option(void *query, uint8_t code, const uint8_t *value, uint8_t len)
{
	struct dhcp_query *q = query;

	switch (code) {
	case OPTION_WANTED: return take_number(value, len, &q->wanted);
	case OPTION_KIND: return take_kind(value, len, &q->kind);
	case OPTION_SERVER: return take_number(value, len, &q->server);
	case OPTION_CLIENT_ID: return take_echo(value, len, DHCP_CLIENT_ID_MAX, &q->id);
	case OPTION_AGENT: return take_echo(value, len, DHCP_AGENT_MAX, &q->agent);
	}
	return true;
}

bool dhcp_query_read(const uint8_t *bytes, size_t len, struct dhcp_query *query)
{
	memset(query, 0, sizeof(*query));
	if (len <= AT_OPTIONS || bytes[0] != 1 || bytes[1] != 1 || bytes[2] != 6)
		return false;
	query->xid = get32(bytes + AT_XID);
	query->flags = (uint16_t)(bytes[AT_FLAGS] << 8 | bytes[AT_FLAGS + 1]);
	query->client = get32(bytes + AT_CLIENT);
	query->relay = get32(bytes + AT_RELAY);
	memcpy(query->station, bytes + AT_STATION, sizeof(query->station));
	return dhcp_options_read(bytes, len, take_option, query) && query->kind != 0;
}

static uint8_t *put_option(uint8_t *at, uint8_t code, const void *value, size_t len)
{
	if (len == 0)
		return at;
	at[0] = code;
	at[1] = (uint8_t)len;
	memcpy(at + 2, value, len);
	return at + 2 + len;
}

static uint8_t *put_number(uint8_t *at, uint8_t code, uint32_t number)
{
	uint8_t value[4];

	put32(value, number);
	return put_option(at, code, value, sizeof(value));
}

/* What a lease is for, and until when; T1 and T2 as RFC 2131 section 4.4.5 has them. */
static uint8_t *put_terms(uint8_t *at, const struct dhcp_terms *t)
{
	size_t suffix = t->suffix == NULL ? 0 : strlen(t->suffix);
	uint8_t mtu[2] = {(uint8_t)(t->mtu >> 8), (uint8_t)t->mtu};

	if (t->seconds != 0) {
		at = put_number(at, OPTION_LEASE, t->seconds);
		at = put_number(at, OPTION_RENEW, t->seconds / 2);
		at = put_number(at, OPTION_REBIND, t->seconds - t->seconds / 8);
	}
	at = put_number(at, OPTION_MASK, t->prefix == 0 ? 0 : 0xffffffffu << (32 - t->prefix));
	at = put_number(at, OPTION_ROUTER, t->gateway);
	at = put_number(at, OPTION_NAMES, t->resolver);
	at = put_option(at, OPTION_MTU, mtu, sizeof(mtu));
	at = put_option(at, OPTION_HOST, t->name, strlen(t->name));
	return put_option(at, OPTION_SUFFIX, t->suffix, suffix > DHCP_SUFFIX_MAX ? 0 : suffix);
}

size_t dhcp_answer_write(uint8_t *bytes, const struct dhcp_query *query, enum dhcp_kind kind, uint32_t address,
			 const struct dhcp_terms *terms)
{
	uint16_t flags = (uint16_t)(query->flags & FLAG_BROADCAST);
	uint8_t *at = bytes + AT_OPTIONS;

	/* A refusal has to be heard by one that may believe in another address (RFC 2131 section 4.3.2). */
	if (kind == DHCP_KIND_NAK)
		flags = FLAG_BROADCAST;
	memset(bytes, 0, DHCP_ANSWER_MAX);
	memcpy(bytes, (const uint8_t[]){2, 1, 6}, 3);
	put32(bytes + AT_XID, query->xid);
	bytes[AT_FLAGS] = (uint8_t)(flags >> 8);
	put32(bytes + AT_CLIENT, kind == DHCP_KIND_ACK ? query->client : 0);
	put32(bytes + AT_YOURS, address);
	put32(bytes + AT_RELAY, query->relay);
	memcpy(bytes + AT_STATION, query->station, sizeof(query->station));
	put32(bytes + AT_COOKIE, DHCP_COOKIE);
	at = put_option(at, OPTION_KIND, (const uint8_t[]){(uint8_t)kind}, 1);
	at = put_number(at, OPTION_SERVER, terms->server);
	if (kind != DHCP_KIND_NAK)
		at = put_terms(at, terms);
	at = put_option(at, OPTION_CLIENT_ID, query->id.bytes, query->id.len); /* RFC 6842 */
	at = put_option(at, OPTION_AGENT, query->agent.bytes, query->agent.len);
	*at++ = OPTION_END;
	return at - bytes < MESSAGE_MIN ? MESSAGE_MIN : (size_t)(at - bytes);
}
