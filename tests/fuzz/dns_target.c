/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name server: any bytes as queries, by UDP and TCP, and as what upstream says to what it asked, in any order. Whatever it answers
 * is read by its own reader of responses, fits, and has the client's id; the table of questions keeps its bounds.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>

#include "apps/services/dns_server.h"
#include "tests/lib/dns_support.h"

#define STEPS 64u

static struct dns_server server;
static struct dns_result result;

static void server_make(void)
{
	const struct dns_address v4 = {.bytes = {10, 1, 1, 2}}, v6 = {.bytes = {0xfd, [15] = 2}, .is_v6 = true};

	memset(&server, 0, sizeof server);
	cr_assert(dns_zone_init(&server.zone, "cambium.internal"));
	cr_assert(dns_zone_add(&server.zone, "web1", 4, &v4) && dns_zone_add(&server.zone, "a.b", 3, &v6));
	server.upstreams[0] = (struct dns_endpoint){{{9, 9, 9, 9}, false}, 53};
	server.upstreams[1] = (struct dns_endpoint){{{8, 8, 8, 8}, false}, 53};
	server.upstream_count = 2;
	server.nets[0] = (struct dns_net){{{10}, false}, 8};
	server.net_count = 1;
}

/* What the result says is sound. */
static void result_check(void)
{
	struct dns_response r;
	unsigned counts[256] = {0};

	if (result.verdict == DNS_ANSWER) {
		cr_assert(result.len >= DNS_HEADER &&
			  result.len <= (result.client.conn ? DNS_MESSAGE_MAX : DNS_PAYLOAD));
		cr_assert(dns_field(result.bytes, 1) & DNS_FLAG_QR);
		cr_assert(dns_field(result.bytes, 2) == 0 || dns_response_read(result.bytes, result.len, &r) ||
			  (dns_field(result.bytes, 1) & DNS_OPCODE));
	}
	for (unsigned i = 0; i < DNS_PENDING; i++)
		if (server.pending[i].is_used) {
			cr_assert(++counts[server.pending[i].client.from.address.bytes[3]] <= DNS_PER_CLIENT);
			cr_assert(server.pending[i].tries <= 5);
		}
}

/* The next bytes of the input: a length, then as many; in memory of their own. */
static uint8_t *message_next(struct fuzz_input *in, size_t *len)
{
	size_t want = fuzz_below(in, 2048) /* the low byte first */;
	uint8_t *copy;

	*len = MIN(want, in->left);
	copy = malloc(*len + 1);
	memcpy(copy + 1, in->at, *len);
	in->at += *len;
	in->left -= *len;
	return copy;
}

static void query(struct fuzz_input *in, uint32_t what, uint64_t now)
{
	struct dns_client client = {.from = {{{10, 0, 0, (uint8_t)(what & 7)}, false}, 1000}, .conn = what >> 3 & 1};
	size_t len;
	uint8_t *copy = message_next(in, &len);

	dns_server_take(&server, &client, copy + 1, len, now, &result);
	cr_assert(result.verdict != DNS_ANSWER || (len >= 2 && !memcmp(result.bytes, copy + 1, 2)));
	free(copy);
}

/* Bytes from whom the slot was asked, with the number and question that it was asked if @what says so. */
static void response(struct fuzz_input *in, uint32_t what, uint64_t now)
{
	unsigned slot = (what & 0x3f) % DNS_PENDING;
	const struct dns_pending *p = &server.pending[slot];
	size_t len, question = p->question.name.len + 4u;
	uint8_t *copy = message_next(in, &len);

	if ((what & 0x40) && p->is_used && len >= DNS_HEADER + question) {
		copy[1] = (uint8_t)(p->id >> 8), copy[2] = (uint8_t)p->id;
		memcpy(copy + 1 + DNS_HEADER, p->question.name.wire, p->question.name.len);
	}
	dns_server_hear(&server, slot, &server.upstreams[p->upstream], copy + 1, len, now, &result);
	free(copy);
}

static void run(const uint8_t *bytes, size_t len)
{
	struct fuzz_input in = {bytes, len};
	uint8_t random[DNS_ASK_RANDOM];
	uint64_t now = 0;

	server_make();
	for (unsigned i = 0; i < STEPS && in.left; i++) {
		uint32_t what = fuzz_byte(&in);

		result.verdict = DNS_NOTHING;
		now += (what >> 4) * 500;
		if (what & 0x80)
			response(&in, what & 0x7f, now);
		else if ((what & 0x70) == 0x70 && server.pending[what & 15].is_used)
			dns_server_fail(&server, what & 15, &result);
		else
			query(&in, what, now);
		result_check();
		if (result.verdict != DNS_ASK)
			continue;
		fuzz_random(i, random, sizeof random);
		dns_server_ask(&server, result.slot, random, now, &result);
		cr_assert(result.len <= DNS_QUERY_MAX && server.pending[result.slot].is_used);
	}
}

static size_t append(uint8_t *out, size_t at, uint8_t what, const struct dns_bytes *b)
{
	out[at] = what;
	out[at + 1] = (uint8_t)b->len;
	out[at + 2] = (uint8_t)(b->len >> 8);
	memcpy(out + at + 3, b->at, b->len);
	return at + 3 + b->len;
}

/* Questions of each kind, then one for upstream, its answer, and the same once more. */
static size_t seed(unsigned n, uint8_t *out)
{
	static const char *const names[] = {"web1.cambium.internal", "x.cambium.internal", "2.1.1.10.in-addr.arpa",
					    "www.example.com", "localhost"};
	static const unsigned types[] = {1, 28, 12, 255, 6};
	static struct dns_bytes b;
	size_t at = 0;

	if (n > 5)
		return 0;
	for (unsigned i = 0; n < 5 && i < 5; i++) {
		dns_make_query(&b, i, names[n], types[i], i % 2 ? 1232 : 0);
		at = append(out, at, (uint8_t)(i % 2 ? 8 : 0), &b);
	}
	if (n < 5)
		return at;
	for (unsigned i = 0; i < 3; i++) {
		dns_make_query(&b, 7, "www.example.com", 1, 1232);
		at = append(out, at, 0, &b);
		dns_add_header(&b, 7, i == 1 ? 0x8380 : 0x8180, (const unsigned[]){1, 1, 1, 1});
		dns_add_name(&b, "www.example.com");
		dns_add16(&b, 1);
		dns_add16(&b, 1);
		dns_add_record(&b, 1, 300, "\xc0\0\2\7", 4);
		dns_add_record(&b, 6, 300, "\xc0\x0c\xc0\x0c\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", 24);
		dns_add_opt(&b, 1232, 0);
		at = append(out, at, 0xc0, &b); /* slot 0, its number and name put in */
	}
	return at;
}

const struct fuzz_target fuzz_dns = {"dns", run, seed, FUZZ_INPUT_MAX};
