/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP inside: two domains that ask, the relay, and the server, which is the services domain's own, and asks the router itself. Questions are any bytes behind
 * headers that are right or nearly so; what the relay passes on is answered by the server, or by bytes of the input. What leaves is
 * judged by a naive reader: it is for whom it should be, says where it is from, and gives nobody another's address.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>
#include <net/core/router.h>

#include "apps/services/dhcp_names.h"
#include "apps/services/dhcp_server.h"

#define MESSAGE 42u
#define OPTIONS 240u
#define OPTIONS_MAX 120u
#define SERVER_IF 3u
#define NET(i) (0x0a010000u | (i) << 8)
#define ALL 0xffffffffu

static struct router r;
static struct dhcp_server server;
static struct dhcp_names names;
static unsigned questions[SERVER_IF], answers[SERVER_IF];

static struct mac mac_of(unsigned iface, uint8_t end)
{
	return (struct mac){{2, 0, 0, 0, (uint8_t)iface, end}};
}

static void iface_make(unsigned i)
{
	struct iface_config config = {
		.kind = IFACE_INNER,
		.mac = mac_of(i, 1),
		.peer_mac = mac_of(i, 2),
		.v4 = {.addr = ip_addr_from_v4(NET(i) | 1), .peer = ip_addr_from_v4(NET(i) | 2), .prefix_len = 24},
		.relay = i == SERVER_IF ? RELAY_SERVER : RELAY_CLIENT,
		.mtu = 1500};

	router_iface_clear(&r, i);
	cr_assert(router_iface_set(&r, i, &config));
}

static void world_make(void)
{
	if (!r.fragments) {
		size_t len = router_get_memory_size(16);
		void *memory = malloc(len);

		cr_assert(memory && router_init(&r, memory, len, (struct router_seed){{1, 2}}));
	}
	server = (struct dhcp_server){.address = NET(SERVER_IF) | 2, .seconds = 3600, .suffix = "cambium.internal"};
	names = (struct dhcp_names){.address = NET(SERVER_IF) | 2, .router = NET(SERVER_IF) | 1};
	for (unsigned i = 1; i <= SERVER_IF; i++) {
		struct dhcp_link link = {.address = NET(i) | 2, .gateway = NET(i) | 1, .prefix = 24, .mtu = 1500};

		iface_make(i);
		cr_assert(i == SERVER_IF || dhcp_server_add(&server, "one", 3, &link));
	}
	memset(questions, 0, sizeof questions);
	memset(answers, 0, sizeof answers);
}

/* How often the option @code stands in the @len bytes of options at @at, which are good; the last value into *@value. */
static unsigned options_count(const uint8_t *at, uint32_t len, uint8_t code, const uint8_t **value)
{
	unsigned count = 0;
	uint32_t i = 0;

	while (i < len && at[i] != 255) {
		if (at[i] == 0) {
			i++;
			continue;
		}
		cr_assert(i + 1 < len && i + 2 + at[i + 1] <= len);
		if (at[i] == code) {
			count++;
			*value = at + i + 1;
		}
		i += 2u + at[i + 1];
	}
	cr_assert(i < len);
	return count;
}

/* What @pkt is, which left at @out_if: headers whose checksums are right, and a message. */
static void headers_judge(const struct packet *pkt, unsigned out_if, unsigned client)
{
	const uint8_t *ip = pkt->data + 14;
	uint32_t len = pkt->len - 34;
	uint32_t sum = checksum_add_pseudo(0, ip_addr_from_v4(be32_get(ip + 12)), ip_addr_from_v4(be32_get(ip + 16)),
					   17, len);

	cr_assert(pkt->len >= MESSAGE + 300 && pkt->len <= pkt->capacity && pkt->head_len == pkt->len && !pkt->flags);
	cr_assert(be16_get(ip + 2) == pkt->len - 14 && be16_get(ip + 24) == len);
	cr_assert(checksum_fold(checksum_add(0, ip, 20)) == 0xffff);
	cr_assert(checksum_fold(checksum_add(sum, ip + 20, len)) == 0xffff);
	cr_assert(!memcmp(pkt->data + 6, mac_of(out_if, 1).octets, 6) && be32_get(ip + 12) == (NET(client) | 1));
	cr_assert(!memcmp(pkt->data + MESSAGE + 28, mac_of(client, 2).octets, 6));
}

static void question_judge(const struct packet *pkt, unsigned client)
{
	const uint8_t *m = pkt->data + MESSAGE, *agent = NULL;

	headers_judge(pkt, SERVER_IF, client);
	cr_assert(be32_get(pkt->data + 30) == (NET(SERVER_IF) | 2) && be16_get(pkt->data + 36) == 67);
	cr_assert(m[0] == 1 && m[3] == 1 && be32_get(m + 24) == (NET(client) | 1));
	cr_assert(be32_get(m + 12) == 0 || be32_get(m + 12) == (NET(client) | 2));
	cr_assert(options_count(m + OPTIONS, pkt->len - MESSAGE - OPTIONS, 82, &agent) == 1);
	cr_assert(!memcmp(agent, (uint8_t[]){3, 1, 1, (uint8_t)client}, 4));
	questions[client]++;
}

static void answer_judge(const struct packet *pkt, unsigned client)
{
	const uint8_t *m = pkt->data + MESSAGE, *none = NULL;
	uint32_t to = be32_get(pkt->data + 30);

	headers_judge(pkt, client, client);
	cr_assert((to == ALL || to == (NET(client) | 2)) && be16_get(pkt->data + 36) == 68);
	cr_assert(m[0] == 2 && (be32_get(m + 16) == 0 || be32_get(m + 16) == (NET(client) | 2)));
	cr_assert_eq(options_count(m + OPTIONS, pkt->len - MESSAGE - OPTIONS, 82, &none), 0);
	cr_assert(++answers[client] <= questions[client]);
}

/* A frame for @len bytes of message from the peer of interface @from, with as much room as the relay needs, at least. */
static struct packet frame_make(unsigned from, uint32_t len, uint32_t src, uint32_t dst, uint16_t sport)
{
	uint32_t capacity = MESSAGE + MAX(len + 16, 300u);
	uint8_t *frame = calloc(1, capacity), *ip = frame + 14;

	memcpy(frame, mac_of(from, 1).octets, 6);
	memcpy(frame + 6, mac_of(from, 2).octets, 6);
	be16_put(frame + 12, 0x0800);
	ip[0] = 0x45;
	be16_put(ip + 2, (uint16_t)(28 + len));
	ip[8] = 64;
	ip[9] = 17;
	be32_put(ip + 12, src);
	be32_put(ip + 16, dst);
	be16_put(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, ip, 20)));
	be16_put(ip + 20, sport);
	be16_put(ip + 22, 67);
	be16_put(ip + 24, (uint16_t)(8 + len));
	return (struct packet){.data = frame, .len = MESSAGE + len, .head_len = MESSAGE + len, .capacity = capacity};
}

/* What comes from the server's peer to the router at interface @client; it may leave only there. */
static void answer_input(const uint8_t *bytes, uint32_t len, unsigned client, uint64_t now)
{
	struct packet pkt = frame_make(SERVER_IF, len, NET(SERVER_IF) | 2, NET(client) | 1, 67);
	struct output out;

	memcpy(pkt.data + MESSAGE, bytes, len);
	if (router_input(&r, SERVER_IF, &pkt, now, &out) == VERDICT_FORWARD) {
		cr_assert_eq(out.out_if, client);
		answer_judge(&pkt, client);
	}
	free(pkt.data);
}

/* The server has a question that the relay passed on, or that somebody else sends it. */
static void server_input(const uint8_t *bytes, uint32_t len, uint32_t from, unsigned client, uint64_t now)
{
	struct dhcp_result result;
	const uint8_t *none;

	dhcp_server_take(&server, from, 67, bytes, len, now / 1000000, &result);
	if (!result.len)
		return;
	cr_assert(result.len >= 300 && result.len <= DHCP_ANSWER_MAX && be32_get(result.bytes + 24) == from);
	cr_assert_eq(options_count(result.bytes + OPTIONS, (uint32_t)result.len - OPTIONS, 53, &none), 1);
	if (client)
		answer_input(result.bytes, (uint32_t)result.len, client, now);
}

/* A message: a good beginning, which @flags spoil, then options of the input, in memory of their own. */
static uint8_t *message_make(struct fuzz_input *in, uint32_t flags, unsigned client, bool is_answer, uint32_t *len)
{
	uint32_t more = fuzz_below(in, OPTIONS_MAX);
	uint8_t *m = calloc(1, OPTIONS + 8 + more), type = (uint8_t)(fuzz_byte(in) & 15);

	*len = OPTIONS + 8 + more;
	memcpy(m, (uint8_t[]){is_answer ? 2 : 1, 1, 6, is_answer}, 4);
	memcpy(m + 28, mac_of(flags & 2 ? 3 - client : client, 2).octets, 6);
	be32_put(m + 12, flags & 4 ? NET(client) | 2 : flags & 8 ? NET(3 - client) | 2 : 0);
	be32_put(m + 16, !is_answer ? 0 : NET(flags & 16 ? 3 - client : client) | 2);
	be32_put(m + 24, is_answer || flags & 32 ? NET(client) | 1 : 0);
	be32_put(m + 236, 0x63825363u);
	memcpy(m + OPTIONS, (uint8_t[]){53, 1, type}, 3);
	if (is_answer)
		memcpy(m + OPTIONS + 3, (uint8_t[]){82, 3, 1, 1, (uint8_t)(flags & 64 ? 3 - client : client)}, 5);
	for (uint32_t i = 0; i < more; i++)
		m[OPTIONS + 8 + i] = (uint8_t)fuzz_byte(in);
	return m;
}

static void question_input(struct fuzz_input *in, uint64_t now)
{
	uint32_t flags = fuzz_byte(in), len;
	unsigned client = 1 + (flags & 1);
	uint8_t *m = message_make(in, flags, client, false, &len);
	struct packet pkt = frame_make(client, len, flags & 4 ? NET(client) | 2 : 0,
				       flags & 64 ? NET(SERVER_IF) | 2 : ALL, 68);
	struct output out;

	memcpy(pkt.data + MESSAGE, m, len);
	if (router_input(&r, client, &pkt, now, &out) == VERDICT_FORWARD) {
		cr_assert_eq(out.out_if, SERVER_IF);
		question_judge(&pkt, client);
		server_input(pkt.data + MESSAGE, pkt.len - MESSAGE, NET(client) | 1, client, now);
	}
	server_input(m, len, NET(client) | 1, 0, now);
	free(pkt.data);
	free(m);
}

/* The server's domain asks for the uplink's name servers, more or less, and hears what it is answered, or any bytes. */
static void inform_input(struct fuzz_input *in, uint64_t now)
{
	uint32_t flags = fuzz_byte(in), len = DHCP_NAMES_ASK, spoilt = fuzz_below(in, DHCP_NAMES_ASK);
	struct packet pkt = frame_make(SERVER_IF, len, names.address, names.router, 68);
	uint8_t *m = pkt.data + MESSAGE;
	const uint8_t *value;
	struct output out;

	dhcp_names_ask(&names, flags, now / 1000000, m);
	m[spoilt] ^= (uint8_t)fuzz_byte(in);
	if (router_input(&r, SERVER_IF, &pkt, now, &out) == VERDICT_REPLY) {
		cr_assert(out.out_if == SERVER_IF && pkt.len == MESSAGE + 300 && m[0] == 2 && be32_get(m + 16) == 0);
		cr_assert_eq(options_count(m + OPTIONS, pkt.len - MESSAGE - OPTIONS, 54, &value), 1);
		cr_assert_eq(options_count(m + OPTIONS, pkt.len - MESSAGE - OPTIONS, 6, &value), 0);
	}
	for (uint32_t i = OPTIONS + 3; (flags & 1) && i < len; i++)
		m[i] = (uint8_t)fuzz_byte(in);
	if (dhcp_names_hear(&names, names.router, 67, m, len, now / 1000000))
		cr_assert(names.count >= 1 && names.count <= DHCP_NAMES_SERVERS && (flags & 1));
	free(pkt.data);
}

static void run(const uint8_t *bytes, size_t len)
{
	struct fuzz_input in = {bytes, len};
	uint64_t now = 1000000000ull;

	world_make();
	while (in.left) {
		uint32_t op = fuzz_byte(&in);

		now += (op >> 2) * 20000000ull;
		if (op & 1) {
			question_input(&in, now);
		} else if (op & 2) {
			inform_input(&in, now);
		} else {
			uint32_t flags = fuzz_byte(&in), size;
			unsigned client = 1 + (flags & 1);
			uint8_t *m = message_make(&in, flags, client, true, &size);

			answer_input(m, size, client, now);
			free(m);
		}
	}
}

/* A question of each type, with an address that is wanted and the server's, from either domain; then an answer of each type. */
static size_t seed(unsigned n, uint8_t *out)
{
	static const uint8_t options[] = {50, 4,  10, 1, 1, 2,  54, 4,   10,  1,   3,
					  2,  61, 2,  1, 9, 12, 3,  'w', 'e', 'b', 255};
	uint8_t *at = out;

	if (n >= 4)
		return 0;
	for (uint8_t type = 1; type <= 8; type++)
		for (uint8_t kind = 0; kind < 2; kind++) {
			unsigned skip = n & 1 ? 0 : 12; /* without address and server */

			*at++ = (uint8_t)(0xc0 | !kind);
			*at++ = (uint8_t)(n & 2 ? 4 : 0);
			*at++ = (uint8_t)(sizeof options - skip);
			*at++ = type;
			memcpy(at, options + skip, sizeof options - skip);
			at += sizeof options - skip;
		}
	return (size_t)(at - out);
}

const struct fuzz_target fuzz_relay = {"relay", run, seed, 2048};
