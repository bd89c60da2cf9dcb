/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP passed on. The invariant: nothing is written before the whole message was found good, and what is written lies within
 * the *len bytes that came and DHCP_RELAY_ROOM, or within MESSAGE_MIN.
 */
#include "dhcp_relay.h"

#include <string.h>

#include "dhcp_layout.h"

#define ADDR_ALL 0xffffffffu
#define FLAG_BROADCAST 0x80u
#define CIRCUIT_ID 1u /* RFC 3046 section 3.1 */
#define AGENT_LEN 5u  /* the option, with the one octet of its circuit id */
#define OPTION_HEADER 2u

_Static_assert(AGENT_LEN <= DHCP_RELAY_ROOM, "it finds room");

/* What the options of a message say to a relay: where the agent's own stands and where they end, 0: nowhere. */
struct options {
	uint8_t type;
	uint32_t agent, end;
};

static bool option_note(const uint8_t *message, uint32_t at, struct options *o)
{
	switch (message[at]) {
	case OPTION_OVERLOAD: return false;
	case OPTION_TYPE:
		if (o->type || message[at + 1] != 1)
			return false;
		o->type = message[at + OPTION_HEADER];
		return true;
	case OPTION_AGENT:
		if (o->agent)
			return false;
		o->agent = at;
		return true;
	}
	return true;
}

/* False: one reaches beyond the end of @message, comes twice, or there is no end mark. */
static bool options_walk(const uint8_t *message, uint32_t len, struct options *o)
{
	uint32_t at = OPTIONS_AT;

	*o = (struct options){.type = 0};
	while (at < len && message[at] != OPTION_END) {
		if (message[at] == OPTION_PAD) {
			at++;
			continue;
		}
		if (len - at < OPTION_HEADER || message[at + 1] > len - at - OPTION_HEADER ||
		    !option_note(message, at, o))
			return false;
		at += OPTION_HEADER + message[at + 1];
	}
	o->end = at;
	return at < len;
}

/* Is it a message of kind @op about Ethernet, with good options? */
static bool message_read(const uint8_t *message, uint32_t len, uint8_t op, struct options *o)
{
	return len > OPTIONS_AT && len <= DHCP_RELAY_MAX && message[0] == op && message[1] == 1 && message[2] == 6 &&
	       be32_get(message + COOKIE_AT) == COOKIE && options_walk(message, len, o);
}

/* The message ends at @end; it becomes as long as BOOTP has it at least. */
static uint32_t message_close(uint8_t *message, uint32_t end)
{
	if (end >= MESSAGE_MIN)
		return end;
	memset(message + end, 0, MESSAGE_MIN - end);
	return MESSAGE_MIN;
}

static void agent_write(uint8_t *at, uint8_t circuit)
{
	at[0] = OPTION_AGENT;
	at[1] = AGENT_LEN - OPTION_HEADER;
	at[2] = CIRCUIT_ID;
	at[3] = 1;
	at[4] = circuit;
}

/* Is that the option at @at? Where none was found, @at is the message itself, which does not begin so. */
static bool agent_is(const uint8_t *at, uint8_t circuit)
{
	uint8_t own[AGENT_LEN];

	agent_write(own, circuit);
	return memcmp(at, own, OPTION_HEADER) == 0 && memcmp(at, own, AGENT_LEN) == 0;
}

static bool asks(uint8_t type)
{
	return type == DHCP_DISCOVER || type == DHCP_REQUEST || type == DHCP_DECLINE || type == DHCP_RELEASE ||
	       type == DHCP_INFORM;
}

static bool is_addr_or_none(uint32_t addr, const struct dhcp_relay_link *link)
{
	return addr == 0 || addr == link->addr;
}

enum reason dhcp_relay_request(uint8_t *message, uint32_t *len, const struct dhcp_relay_link *link)
{
	struct options o;

	if (!message_read(message, *len, BOOT_REQUEST, &o) || !asks(o.type))
		return REASON_DHCP_INVALID;
	if (message[HOPS_AT] != 0 || be32_get(message + GIADDR_AT) != 0 || o.agent != 0 ||
	    memcmp(message + CHADDR_AT, link->mac.octets, 6) != 0 ||
	    !is_addr_or_none(be32_get(message + CIADDR_AT), link))
		return REASON_DHCP_SPOOF;
	message[HOPS_AT] = 1;
	be32_put(message + GIADDR_AT, link->own);
	agent_write(message + o.end, link->circuit);
	message[o.end + AGENT_LEN] = OPTION_END;
	*len = message_close(message, o.end + AGENT_LEN + 1);
	return REASON_NONE;
}

/* Does an answer of @type give the peer its own address, or none where it has one already or gets none? */
static bool gives_own(const uint8_t *message, uint8_t type, const struct dhcp_relay_link *link)
{
	uint32_t has = be32_get(message + CIADDR_AT), gets = be32_get(message + YIADDR_AT);

	switch (type) {
	case DHCP_OFFER: return gets == link->addr;
	case DHCP_ACK: return gets == link->addr || (gets == 0 && has == link->addr);
	case DHCP_NAK: return gets == 0;
	}
	return false;
}

enum reason dhcp_relay_answer(uint8_t *message, uint32_t *len, const struct dhcp_relay_link *link, uint32_t *to)
{
	struct options o;

	if (!message_read(message, *len, BOOT_REPLY, &o))
		return REASON_DHCP_INVALID;
	if (be32_get(message + GIADDR_AT) != link->own || memcmp(message + CHADDR_AT, link->mac.octets, 6) != 0 ||
	    !agent_is(message + o.agent, link->circuit) || !gives_own(message, o.type, link))
		return REASON_DHCP_ANSWER;
	*to = o.type == DHCP_NAK || (message[FLAGS_AT] & FLAG_BROADCAST) ? ADDR_ALL : link->addr;
	memmove(message + o.agent, message + o.agent + AGENT_LEN, o.end + 1 - o.agent - AGENT_LEN);
	*len = message_close(message, o.end + 1 - AGENT_LEN);
	return REASON_NONE;
}

/* Option @code with @count addresses at @at, if there are any. Behind it. */
static uint8_t *addresses_write(uint8_t *at, uint8_t code, const uint32_t *addresses, unsigned count)
{
	if (count == 0)
		return at;
	at[0] = code;
	at[1] = (uint8_t)(count * 4);
	for (unsigned i = 0; i < count; i++)
		be32_put(at + OPTION_HEADER + i * 4, addresses[i]);
	return at + OPTION_HEADER + count * 4;
}

enum reason dhcp_inform_answer(uint8_t *message, uint32_t *len, uint32_t addr, uint32_t own,
			       const uint32_t names[DHCP_NAMES_MAX])
{
	uint8_t *at = message + OPTIONS_AT;
	struct options o;
	unsigned count = 0;

	if (!message_read(message, *len, BOOT_REQUEST, &o) || o.type != DHCP_INFORM)
		return REASON_DHCP_INVALID;
	if (be32_get(message + CIADDR_AT) != addr || be32_get(message + GIADDR_AT) != 0)
		return REASON_DHCP_SPOOF;
	while (count < DHCP_NAMES_MAX && names[count] != 0)
		count++;
	message[0] = BOOT_REPLY;
	message[HOPS_AT] = 0;
	be32_put(message + YIADDR_AT, 0);
	be32_put(message + YIADDR_AT + 4, 0);
	memset(message + SNAME_AT, 0, COOKIE_AT - SNAME_AT);
	*at++ = OPTION_TYPE;
	*at++ = 1;
	*at++ = DHCP_ACK;
	at = addresses_write(at, OPTION_SERVER, &own, 1);
	at = addresses_write(at, OPTION_NAMES, names, count);
	*at++ = OPTION_END;
	*len = message_close(message, (uint32_t)(at - message));
	return REASON_NONE;
}
