// SPDX-License-Identifier: BSD-2-Clause
/*
 * Invariants: at most DNS_PENDING questions are under way, and of one client at most DNS_PER_CLIENT. Where all are taken, the
 * oldest of the client that has the most gives way to one that has fewer. Each ends: with an answer, or after TRIES of
 * bounded time. An answer is taken only from the address and port that were asked, with the id and the very letters
 * that were sent (RFC 5452); from an upstream that does not keep the letters, by TCP, which nobody can answer from elsewhere.
 */
#include "dns_server.h"

#include <string.h>

#include "unikernel/core/dns_bytes.h"

#define TRIES 4u
#define UDP_MS 1000u
#define TCP_MS 2000u
/* After so many wrong answers somebody is guessing: the question is asked by TCP. */
#define STRANGE_MAX 16u

static void answer(struct dns_result *result, const struct dns_client *client, size_t len)
{
	result->verdict = DNS_ANSWER;
	result->client = *client;
	result->len = len;
}

/* An answer that says no more than @rcode. */
static void refuse(struct dns_result *result, const struct dns_client *client, const struct dns_query *query,
		   unsigned rcode)
{
	struct dns_writer w;

	dns_answer_begin(&w, result->bytes, dns_query_room(query, client->conn != 0), query, 0);
	answer(result, client, dns_answer_end(&w, query, rcode));
}

static bool is_inside(const struct dns_server *server, const struct dns_address *address)
{
	for (unsigned i = 0; i < server->net_count; i++)
		if (dns_address_is_within(address, &server->nets[i].address, server->nets[i].bits))
			return true;
	return dns_zone_has(&server->zone, address);
}

static bool is_same_client(const struct dns_client *a, const struct dns_client *b)
{
	return dns_address_is_within(&a->from.address, &b->from.address, a->from.address.is_v6 ? 64 : 32);
}

/* How many questions of @client are under way, and the oldest of them. */
static unsigned count_of(const struct dns_server *server, const struct dns_client *client, unsigned *oldest)
{
	unsigned count = 0;

	for (unsigned i = 0; i < DNS_PENDING; i++) {
		const struct dns_pending *p = &server->pending[i];

		if (!p->is_used || !is_same_client(&p->client, client))
			continue;
		if (count == 0 || p->since_ms < server->pending[*oldest].since_ms)
			*oldest = i;
		count++;
	}
	return count;
}

/* The oldest question of the client that has the most, which are at least two more than @own. DNS_PENDING: none. */
static unsigned find_victim(const struct dns_server *server, unsigned own)
{
	unsigned most = own + 1, victim = DNS_PENDING;

	for (unsigned i = 0; i < DNS_PENDING; i++) {
		unsigned oldest = i, count = count_of(server, &server->pending[i].client, &oldest);

		if (count > most) {
			most = count;
			victim = oldest;
		}
	}
	return victim;
}

/* A slot for a question of @client; DNS_PENDING: there is none for it. */
static unsigned find_slot(const struct dns_server *server, const struct dns_client *client)
{
	unsigned oldest = 0, own = count_of(server, client, &oldest);

	if (own >= DNS_PER_CLIENT)
		return DNS_PENDING;
	for (unsigned i = 0; i < DNS_PENDING; i++)
		if (!server->pending[i].is_used)
			return i;
	return find_victim(server, own);
}

static void begin(struct dns_server *server, const struct dns_client *client, const struct dns_query *query,
		  uint64_t now_ms, struct dns_result *result)
{
	unsigned slot = find_slot(server, client);
	struct dns_pending *p = &server->pending[slot];

	if (slot == DNS_PENDING) {
		server->counts.failed++;
		refuse(result, client, query, DNS_SERVFAIL);
		return;
	}
	server->counts.asked++;
	memset(p, 0, sizeof(*p));
	p->is_used = true;
	p->by_tcp = client->conn != 0;
	p->since_ms = now_ms;
	p->client = *client;
	p->query = *query;
	result->verdict = DNS_ASK;
	result->slot = slot;
}

/* What is refused whatever the name is; DNS_NOERROR: nothing. */
static unsigned objection(const struct dns_question *question)
{
	if (question->class != DNS_IN)
		return DNS_REFUSED;
	return question->type == DNS_OPT || (question->type >= DNS_TKEY && question->type <= DNS_MAILA) ? DNS_NOTIMP
													: DNS_NOERROR;
}

/* A question that only others can answer. */
static void forward(struct dns_server *server, const struct dns_client *client, const struct dns_query *query,
		    uint64_t now_ms, struct dns_result *result)
{
	size_t len;

	if (!is_inside(server, &client->from.address) || (query->flags & DNS_FLAG_RD) == 0 ||
	    query->question.type == DNS_ANY || server->upstream_count == 0) {
		server->counts.refused++;
		refuse(result, client, query, DNS_REFUSED);
		return;
	}
	len = dns_cache_answer(&server->cache, query, now_ms, result->bytes, dns_query_room(query, client->conn != 0));
	if (len == 0) {
		begin(server, client, query, now_ms, result);
		return;
	}
	server->counts.cached++;
	answer(result, client, len);
}

void dns_server_take(struct dns_server *server, const struct dns_client *client, const uint8_t *bytes, size_t len,
		     uint64_t now_ms, struct dns_result *result)
{
	struct dns_query query;
	int rcode = dns_query_read(bytes, len, &query);
	size_t answer_len;

	result->verdict = DNS_NOTHING;
	if (rcode < 0)
		return;
	server->counts.queries++;
	if (rcode == DNS_NOERROR)
		rcode = (int)objection(&query.question);
	if (rcode != DNS_NOERROR) {
		server->counts.refused++;
		refuse(result, client, &query, (unsigned)rcode);
		return;
	}
	answer_len = dns_zone_answer(&server->zone, &query, result->bytes, dns_query_room(&query, client->conn != 0));
	if (answer_len == 0) {
		forward(server, client, &query, now_ms, result);
		return;
	}
	server->counts.local++;
	answer(result, client, answer_len);
}

/* The letters of @name in the cases that @random chooses. */
static void mix(struct dns_name *name, const uint8_t *random)
{
	for (unsigned i = 0; i < name->len; i++) {
		uint8_t lower = name->wire[i] | 0x20;

		if (lower >= 'a' && lower <= 'z' && name->wire[i] > 63)
			name->wire[i] = (uint8_t)(lower ^ (random[i / 8] >> i % 8 & 1) << 5);
	}
}

void dns_server_ask(struct dns_server *server, unsigned slot, const uint8_t random[DNS_ASK_RANDOM], uint64_t now_ms,
		    struct dns_result *result)
{
	struct dns_pending *p = &server->pending[slot];

	p->tries++;
	p->id = get16(random);
	p->question = p->query.question;
	mix(&p->question.name, random + 2);
	p->deadline_ms = now_ms + (p->by_tcp ? TCP_MS : UDP_MS);
	result->len = dns_query_write(result->bytes, p->id, (uint16_t)(DNS_FLAG_RD | (p->query.flags & DNS_FLAG_CD)),
				      &p->question, p->query.dnssec_ok);
}

void dns_server_fail(struct dns_server *server, unsigned slot, struct dns_result *result)
{
	struct dns_pending *p = &server->pending[slot];

	if (p->tries < TRIES) {
		p->upstream = (p->upstream + 1) % server->upstream_count;
		p->by_tcp = p->client.conn != 0;
		result->verdict = DNS_ASK;
		result->slot = slot;
		return;
	}
	server->counts.failed++;
	refuse(result, &p->client, &p->query, DNS_SERVFAIL);
	p->is_used = false;
}

/* Does @response answer what pending @p asked, but for the case of letters? */
static bool is_answer(const struct dns_pending *p, const struct dns_response *response)
{
	return response->id == p->id && response->question.type == p->question.type &&
	       response->question.class == p->question.class &&
	       dns_name_is_equal(&response->question.name, &p->question.name);
}

static bool keeps_letters(const struct dns_pending *p, const struct dns_response *response)
{
	return memcmp(response->question.name.wire, p->question.name.wire, p->question.name.len) == 0;
}

static void ask_by_tcp(struct dns_pending *p, unsigned slot, struct dns_result *result)
{
	p->by_tcp = true;
	result->verdict = DNS_ASK;
	result->slot = slot;
}

/* Hands a response on. */
static void relay(struct dns_server *server, struct dns_pending *p, const uint8_t *bytes,
		  const struct dns_response *response, uint64_t now_ms, struct dns_result *result)
{
	server->counts.answered++;
	dns_cache_put(&server->cache, &p->query, bytes, response, now_ms);
	memcpy(result->bytes, bytes, response->len);
	answer(result, &p->client,
	       dns_answer_adopt(result->bytes, response->len, response->others, &p->query,
				dns_query_room(&p->query, p->client.conn != 0)));
	p->is_used = false;
}

void dns_server_hear(struct dns_server *server, unsigned slot, const struct dns_endpoint *from, const uint8_t *bytes,
		     size_t len, uint64_t now_ms, struct dns_result *result)
{
	struct dns_pending *p = &server->pending[slot];
	const struct dns_endpoint *asked = &server->upstreams[p->upstream];
	struct dns_response response;

	result->verdict = DNS_NOTHING;
	if (!p->is_used || from->port != asked->port || !dns_address_is_equal(&from->address, &asked->address) ||
	    !dns_response_read(bytes, len, &response) || !is_answer(p, &response)) {
		server->counts.strange++;
		if (p->is_used && !p->by_tcp && ++p->strange == STRANGE_MAX)
			ask_by_tcp(p, slot, result);
		return;
	}
	if (!p->by_tcp && !keeps_letters(p, &response)) {
		ask_by_tcp(p, slot, result);
		return;
	}
	if (response.rcode != DNS_NOERROR && response.rcode != DNS_NXDOMAIN) {
		dns_server_fail(server, slot, result);
		return;
	}
	relay(server, p, bytes, &response, now_ms, result);
}

unsigned dns_server_count(const struct dns_server *server, uint64_t conn)
{
	unsigned count = 0;

	for (unsigned i = 0; i < DNS_PENDING; i++)
		count += server->pending[i].is_used && server->pending[i].client.conn == conn;
	return count;
}
