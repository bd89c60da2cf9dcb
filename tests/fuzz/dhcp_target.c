/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP: any messages, most of them with what the client waits for where it looks, at any times, to a router whose uplink has a client.
 * What that comes to have is judged by a naive reader, and so is how often it talks.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>
#include <net/core/router.h>

#define SECOND 1000000000ull
#define OPTIONS_MAX 96u
#define MESSAGE (ETH_HEADER_LEN + IPV4_HEADER_LEN + 8u)
#define INNER_NET 0x0a010100u

static const struct mac own = {{2, 0, 0, 0, 1, 0}};

static void uplink_set(struct router *r)
{
	struct iface_config config = {.kind = IFACE_UPLINK, .mac = own, .dhcp = true, .mtu = 1500};

	router_iface_clear(r, 0);
	cr_assert(router_iface_set(r, 0, &config));
}

static void router_make(struct router *r)
{
	struct iface_config config = {.kind = IFACE_INNER,
				      .mac = {{2, 0, 0, 0, 1, 1}},
				      .peer_mac = {{2, 0, 0, 0, 2, 1}},
				      .v4 = {.addr = ip_addr_from_v4(INNER_NET | 1),
					     .peer = ip_addr_from_v4(INNER_NET | 2),
					     .prefix_len = 24},
				      .mtu = 1500};
	size_t len = router_get_memory_size(16);
	void *memory = malloc(len);

	cr_assert(memory && router_init(r, memory, len, (struct router_seed){{1, 2}}));
	cr_assert(router_iface_set(r, 1, &config));
}

/* Is what the uplink has nothing, or an address of a station, its gateway in its subnet, and none of that inside? */
static void judge(const struct router *r)
{
	const struct iface_config *c = &r->iface[0];
	uint32_t addr = ip_addr_to_v4(c->v4.addr), gateway = ip_addr_to_v4(c->v4.peer), rest;

	cr_assert(c->mtu >= 576 && c->mtu <= 1500);
	if (c->v4.prefix_len == 0) {
		cr_assert(addr == 0 && gateway == 0 && c->mtu == 1500);
		return;
	}
	cr_assert(c->v4.prefix_len <= 32);
	rest = (uint32_t)(0xffffffffull >> c->v4.prefix_len);
	cr_assert(addr >> 24 != 0 && addr >> 24 != 127 && addr >> 28 < 14);
	cr_assert((addr & ~rest) != (INNER_NET & ~rest) && addr >> 8 != INNER_NET >> 8);
	cr_assert(rest < 2 || ((addr & rest) != 0 && (addr & rest) != rest));
	cr_assert(gateway == 0 || ((addr ^ gateway) & ~rest) == 0);
	cr_assert(gateway != addr && r->leases[0].client.until > r->leases[0].client.asked);
}

/* Takes what goes out: how many messages. */
static unsigned events_take(struct router *r)
{
	struct router_event event;
	unsigned count = 0;

	while (router_event_next(r, &event)) {
		cr_assert(event.kind == EVENT_SEND && event.out_if == 0);
		cr_assert(event.len == DHCP_FRAME_LEN || event.len == ETH_FRAME_MIN);
		count += event.len == DHCP_FRAME_LEN;
	}
	return count;
}

/* The headers of a message to us with @len bytes. */
static void headers_put(uint8_t *frame, uint32_t len, bool to_all)
{
	uint8_t *ip = frame + ETH_HEADER_LEN;

	memcpy(frame, own.octets, 6);
	if (to_all)
		memset(frame, 0xff, 6);
	memcpy(frame + 6, (uint8_t[]){2, 0, 0, 0, 9, 9, 8, 0}, 8);
	ip[0] = 0x45;
	be16_put(ip + 2, (uint16_t)(28 + len));
	ip[8] = 64;
	ip[9] = IP_PROTO_UDP;
	be32_put(ip + 12, 0xc0a80001u);
	be32_put(ip + 16, 0xffffffffu);
	be16_put(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, ip, 20)));
	be16_put(ip + 20, DHCP_SERVER_PORT);
	be16_put(ip + 22, DHCP_CLIENT_PORT);
	be16_put(ip + 24, (uint16_t)(8 + len));
}

/* A message of which @in says the most; its options are in memory of exactly their size. */
static void message_input(struct router *r, struct fuzz_input *in, uint64_t now)
{
	uint32_t flags = fuzz_byte(in), type = fuzz_byte(in), len = fuzz_below(in, OPTIONS_MAX), at = MESSAGE + 240;
	uint32_t total = at + 9 + len;
	uint8_t *frame = calloc(1, total), *message = frame + MESSAGE;
	struct packet pkt = {.data = frame, .len = total, .head_len = total, .capacity = total};
	struct output out;

	headers_put(frame, total - MESSAGE, flags & 1);
	memcpy(message, (uint8_t[]){2, 1, 6}, 3);
	be32_put(message + 4, r->leases[0].client.xid + (flags >> 1 & 1));
	be32_put(message + 16,
		 flags & 4 ? 0xc0a80005u : fuzz_byte(in) << 24 | fuzz_byte(in) << 16 | 0x100u | fuzz_byte(in));
	memcpy(message + 28, own.octets, 6);
	be32_put(message + 236, 0x63825363u);
	memcpy(frame + at,
	       (uint8_t[]){53, 1, (uint8_t)(type & 7), 54, 4, 0xc0, 0xa8, 0, (uint8_t)(1 + (flags >> 3 & 1))}, 9);
	for (at += 9; at < total; at++)
		frame[at] = (uint8_t)fuzz_byte(in);
	router_input(r, 0, &pkt, now, &out);
	free(frame);
}

static void run(const uint8_t *input, size_t len)
{
	static struct router r;
	struct fuzz_input in = {input, len};
	uint64_t start = SECOND, now = start;
	unsigned said = 0, steps = 0;

	if (!r.fragments)
		router_make(&r);
	uplink_set(&r);
	for (; in.left; steps++) {
		uint32_t op = fuzz_byte(&in);

		if (op & 1) {
			message_input(&r, &in, now);
		} else {
			now += (op & 2 ? op * SECOND : op * SECOND / 100) + 1;
			router_tick(&r, now);
		}
		said += events_take(&r);
		judge(&r);
	}
	/* each question, and the request for what is offered then, at most in three seconds */
	cr_assert(said <= 2 + 2 * ((now - start) / (3 * SECOND)) && said <= 2 * steps);
}

/* Offered, leased, and then left alone, refused, or extended; a mask, a gateway, an end; then what may follow. */
static size_t seed(unsigned n, uint8_t *out)
{
	static const uint8_t wait[] = {202}, second[] = {100};
	static const uint8_t options[] = {1,  4, 255, 255, 255, 0, 3,  4, 0xc0, 0xa8, 0,  1,
					  51, 4, 0,   0,   1,   0, 26, 2, 5,    0,    255};
	static const uint8_t types[][3] = {{2, 5, 5}, {2, 5, 6}, {2, 6, 2}, {2, 5, 2}};
	uint8_t *at = out;

	if (n >= ARRAY_SIZE(types))
		return 0;
	memcpy(at, wait, 1);
	at++;
	for (unsigned i = 0; i < 3; i++) {
		memcpy(at, (uint8_t[]){1, 5, types[n][i], sizeof options}, 4);
		memcpy(at + 4, options, sizeof options);
		at += 4 + sizeof options;
		for (unsigned k = 0; k < 7; k++)
			*at++ = i == 1 && k > 4 ? wait[0] : second[0];
	}
	return (size_t)(at - out);
}

const struct fuzz_target fuzz_dhcp = {"dhcp", run, seed, 512};
