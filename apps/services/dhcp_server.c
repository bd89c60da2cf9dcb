// SPDX-License-Identifier: BSD-2-Clause
/* Invariant: an address is given only at the link that has it, and nothing but the time of the next line is remembered. */
#include "dhcp_server.h"

#include <string.h>

#define SERVER_PORT 67u

static bool is_terms(const struct dhcp_link *l)
{
	uint32_t host = l->prefix >= 1 && l->prefix <= 30 ? 0xffffffffu >> l->prefix : 0;

	return l->address != l->gateway && ((l->address ^ l->gateway) & ~host) == 0 && (l->address & host) != 0 &&
	       (l->address & host) != host && (l->gateway & host) != 0 && (l->gateway & host) != host && l->mtu >= 576;
}

bool dhcp_server_add(struct dhcp_server *server, const char *name, size_t len, const struct dhcp_link *terms)
{
	struct dhcp_link *link = &server->links[server->count];

	if (server->count == DHCP_LINKS || len == 0 || len > DHCP_NAME_MAX || !is_terms(terms))
		return false;
	for (unsigned i = 0; i < server->count; i++)
		if (server->links[i].address == terms->address || server->links[i].gateway == terms->gateway)
			return false;
	*link = *terms;
	memset(link->name, 0, sizeof(link->name));
	memcpy(link->name, name, len);
	link->line_ms = 0;
	server->count++;
	return true;
}

static struct dhcp_link *find_link(struct dhcp_server *server, uint32_t relay)
{
	for (unsigned i = 0; i < server->count; i++)
		if (server->links[i].gateway == relay)
			return &server->links[i];
	return NULL;
}

/* One question, and what becomes of it. */
struct deal {
	const struct dhcp_server *server;
	const struct dhcp_link *link;
	const struct dhcp_query *query;
	struct dhcp_result *result;
};

static void answer(const struct deal *d, enum dhcp_kind kind, enum dhcp_event event)
{
	bool leases = d->query->kind != DHCP_KIND_INFORM;
	struct dhcp_terms terms = {.server = d->server->address,
				   .gateway = d->link->gateway,
				   .resolver = d->server->address,
				   .prefix = d->link->prefix,
				   .mtu = d->link->mtu,
				   .seconds = leases ? d->server->seconds : 0,
				   .suffix = d->server->suffix,
				   .name = d->link->name};
	uint32_t address = kind != DHCP_KIND_NAK && leases ? d->link->address : 0;

	d->result->len = dhcp_answer_write(d->result->bytes, d->query, kind, address, &terms);
	d->result->event = event;
}

/* What a client wants to have that is @address: it is the link's own, or the client is told that it is not. */
static void confirm(const struct deal *d, uint32_t address, enum dhcp_event event)
{
	if (address == d->link->address)
		answer(d, DHCP_KIND_ACK, event);
	else
		answer(d, DHCP_KIND_NAK, DHCP_EVENT_REFUSED);
}

/* REQUEST, in the four states of RFC 2131 table 4; one that fits none of them is not answered. */
static void serve_request(const struct deal *d)
{
	const struct dhcp_query *q = d->query;

	if (q->server != 0) { /* SELECTING */
		if (q->server == d->server->address && q->wanted != 0 && q->client == 0)
			confirm(d, q->wanted, DHCP_EVENT_LEASED);
	} else if (q->wanted != 0) { /* INIT-REBOOT */
		if (q->client == 0)
			confirm(d, q->wanted, DHCP_EVENT_LEASED);
	} else if (q->client != 0) { /* RENEWING, REBINDING */
		confirm(d, q->client, DHCP_EVENT_EXTENDED);
	}
}

static void serve(const struct deal *d)
{
	const struct dhcp_query *q = d->query;

	switch (q->kind) {
	case DHCP_KIND_DISCOVER: answer(d, DHCP_KIND_OFFER, DHCP_EVENT_NONE); break;
	case DHCP_KIND_REQUEST: serve_request(d); break;
	case DHCP_KIND_DECLINE:
		if (q->server == d->server->address && q->wanted == d->link->address)
			d->result->event = DHCP_EVENT_DECLINED;
		break;
	case DHCP_KIND_RELEASE:
		if (q->server == d->server->address && q->client == d->link->address)
			d->result->event = DHCP_EVENT_RELEASED;
		break;
	case DHCP_KIND_INFORM:
		if (q->client == d->link->address)
			answer(d, DHCP_KIND_ACK, DHCP_EVENT_NONE);
		break;
	}
}

void dhcp_server_take(struct dhcp_server *server, uint32_t from, uint16_t port, const uint8_t *bytes, size_t len,
		      uint64_t now_ms, struct dhcp_result *result)
{
	struct dhcp_query query;
	struct dhcp_link *link;

	result->len = 0;
	result->event = DHCP_EVENT_NONE;
	if (port != SERVER_PORT || !dhcp_query_read(bytes, len, &query) || query.relay != from)
		return;
	link = find_link(server, query.relay);
	if (link == NULL)
		return;
	result->link = link;
	serve(&(struct deal){server, link, &query, result});
	if (result->event == DHCP_EVENT_NONE)
		return;
	if (now_ms < link->line_ms)
		result->event = DHCP_EVENT_NONE;
	else
		link->line_ms = now_ms + DHCP_LINE_MS;
}
