/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets in words, both ways. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"

/* The words that are left, and where the complaint goes. */
struct reader {
	char *next; /* strtok_r's */
	char *word;
	char *why;
};

static bool wrong(struct reader *r, const char *what)
{
	snprintf(r->why, EXPLAIN_TEXT_MAX, "`%.60s` stands where %s was expected", r->word ? r->word : "nothing", what);
	return false;
}

static void advance(struct reader *r)
{
	r->word = strtok_r(NULL, " \t", &r->next);
}

static bool is_word(const struct reader *r, const char *word)
{
	return r->word && !strcmp(r->word, word);
}

static bool interface_read(struct reader *r, const struct policy *policy, uint8_t *number)
{
	const struct name *name = r->word ? policy_find_name(policy, r->word, strlen(r->word)) : NULL;

	if (!name || name->kind != NAME_IFACE)
		return wrong(r, "the name of an interface");
	*number = (uint8_t)name->index;
	advance(r);
	return true;
}

static bool proto_read(struct reader *r, uint8_t *proto)
{
	if (is_word(r, "tcp"))
		*proto = RULES_PROTO_TCP;
	else if (is_word(r, "udp"))
		*proto = RULES_PROTO_UDP;
	else if (is_word(r, "icmp"))
		*proto = RULES_PROTO_ICMP;
	else
		return wrong(r, "tcp, udp or icmp");
	advance(r);
	return true;
}

/* ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT. */
static bool end_read(struct reader *r, bool has_port, struct ip_addr *addr, uint8_t *family, uint16_t *port)
{
	char text[80], *colon = NULL, *rest;
	uint8_t octets[16];
	bool is_v4;
	unsigned long number = 0;

	snprintf(text, sizeof text, "%s", r->word ? r->word : "");
	if (has_port) {
		colon = strrchr(text, ':');
		if (!colon || colon == text || colon[1] < '0' || colon[1] > '9')
			return wrong(r, "ADDRESS:PORT");
		number = strtoul(colon + 1, &rest, 10);
		if (*rest || number < 1 || number > 65535)
			return wrong(r, "a port from 1 to 65535 behind the address");
		*colon = 0;
	}
	if (text[0] == '[' && colon && colon[-1] == ']') {
		colon[-1] = 0;
		memmove(text, text + 1, strlen(text));
	}
	is_v4 = inet_pton(AF_INET, text, octets) == 1;
	if (!is_v4 && inet_pton(AF_INET6, text, octets) != 1)
		return wrong(r, "an address");
	*addr = ip_addr_read(octets, is_v4);
	*family = ip_addr_is_v4(*addr) ? RULES_FAMILY_IPV4 : RULES_FAMILY_IPV6;
	*port = (uint16_t)number;
	advance(r);
	return true;
}

static bool place_read(struct reader *r, const struct policy *policy, int *place)
{
	uint8_t number;

	*place = -1;
	if (!is_word(r, "to"))
		return true;
	advance(r);
	if (is_word(r, "router") || is_word(r, "nowhere")) {
		*place = is_word(r, "router") ? (int)RULES_TO_SELF : (int)RULES_TO_NOWHERE;
		advance(r);
		return true;
	}
	if (!interface_read(r, policy, &number))
		return false;
	*place = number;
	return true;
}

bool described_read(const struct policy *policy, const char *words, struct described *packet,
		    char why[EXPLAIN_TEXT_MAX])
{
	char copy[EXPLAIN_PACKET_MAX];
	struct reader r = {.why = why};
	uint8_t family;
	bool has_ports;

	memset(packet, 0, sizeof *packet);
	snprintf(copy, sizeof copy, "%s", words);
	r.word = strtok_r(copy, " \t", &r.next);
	if (!is_word(&r, "from"))
		return wrong(&r, "from INTERFACE");
	advance(&r);
	if (!interface_read(&r, policy, &packet->from) || !place_read(&r, policy, &packet->to) ||
	    !proto_read(&r, &packet->proto))
		return false;
	has_ports = packet->proto != RULES_PROTO_ICMP;
	if (!end_read(&r, has_ports, &packet->src, &packet->family, &packet->sport))
		return false;
	if (!is_word(&r, ">"))
		return wrong(&r, "`>` (quote it in a shell)");
	advance(&r);
	if (!end_read(&r, has_ports, &packet->dst, &family, &packet->dport))
		return false;
	if (is_word(&r, "syn") && packet->proto == RULES_PROTO_TCP)
		advance(&r);
	if (r.word)
		return wrong(&r, "the end");
	if (family != packet->family) {
		snprintf(why, EXPLAIN_TEXT_MAX, "one address is IPv4 and the other IPv6");
		return false;
	}
	if (packet->family == RULES_FAMILY_IPV6 && packet->proto == RULES_PROTO_ICMP)
		packet->proto = RULES_PROTO_ICMP6;
	return true;
}

const char *described_text(const struct described *p, char text[EXPLAIN_TEXT_MAX])
{
	int af = p->family == RULES_FAMILY_IPV4 ? AF_INET : AF_INET6;
	bool v6 = af == AF_INET6;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	inet_ntop(af, ip_addr_get_octets(&p->src), src, sizeof src);
	inet_ntop(af, ip_addr_get_octets(&p->dst), dst, sizeof dst);
	if (p->proto == RULES_PROTO_TCP || p->proto == RULES_PROTO_UDP)
		snprintf(text, EXPLAIN_TEXT_MAX, "%s %s%s%s:%u > %s%s%s:%u",
			 p->proto == RULES_PROTO_TCP ? "tcp" : "udp", v6 ? "[" : "", src, v6 ? "]" : "", p->sport,
			 v6 ? "[" : "", dst, v6 ? "]" : "", p->dport);
	else
		snprintf(text, EXPLAIN_TEXT_MAX, "icmp %s > %s", src, dst);
	return text;
}
