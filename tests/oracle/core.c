// SPDX-License-Identifier: BSD-2-Clause
/*
 * The router's core as a filter. usage: core TABLE [IFACE=MTU]...
 *
 * The interfaces are those that the table of rules tells the addresses of. Standard input: for each frame its length (4
 * bytes), interface (4), time in nanoseconds (8), and the frame. Standard output, for each: verdict, the length of the
 * reason's name, the number of frames that left (1 byte each), 1 byte of nothing, the name, and for each frame that left its
 * interface and length (4 each) and the frame. After the last frame: for each rule its line and how many new flows it decided (8 each).
 * Integers are little-endian.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/router.h"

#define FLOWS 4096u
#define ROOM 70000u

struct arrival {
	uint32_t len, iface;
	uint64_t now;
};

struct held {
	uint8_t *bytes;
	uint32_t len;
};

/* What left because of one frame. */
struct departures {
	uint8_t *bytes;
	size_t len;
	uint8_t count;
};

static struct held held[NEIGHBOUR_HOLD_COUNT];

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "error: %s\n", what);
	exit(2);
}

static void *file_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	void *bytes = malloc(1 << 22);

	if (!f || !bytes)
		die("the table cannot be read");
	*len = fread(bytes, 1, 1 << 22, f);
	fclose(f);
	return bytes;
}

static struct iface_net net_of(const uint8_t *addr, const uint8_t *peer, uint8_t len, bool is_v4)
{
	if (len == 0)
		return (struct iface_net){0};
	return (struct iface_net){
		.addr = ip_addr_read(addr, is_v4),
		.peer = ip_addr_read(peer, is_v4),
		.prefix_len = len,
	};
}

static void ifaces_set(struct router *r, const struct rules_iface *ifaces, const uint16_t *mtu)
{
	for (unsigned i = 0; i < RULES_IF_COUNT; i++) {
		const struct rules_iface *from = &ifaces[i];
		struct iface_config config = {
			.kind = from->kind == RULES_IF_INNER ? IFACE_INNER : IFACE_UPLINK,
			.mac = {{2, 0, 0, 0, 1, (uint8_t)i}},
			.v4 = net_of(from->addr4, from->peer4, from->len4, true),
			.v6 = net_of(from->addr6, from->peer6, from->len6, false),
			.mtu = mtu[i],
			.flow_limit = FLOWS,
		};

		if (from->kind == RULES_IF_NONE)
			continue;
		if (from->kind == RULES_IF_INNER)
			config.peer_mac = (struct mac){{2, 0, 0, 0, 2, (uint8_t)i}};
		if (!router_iface_set(r, i, &config))
			die("the router refuses an interface");
	}
}

static void departures_add(struct departures *all, uint8_t iface, const uint8_t *frame, uint32_t len)
{
	uint32_t head[2] = {iface, len};

	all->bytes = realloc(all->bytes, all->len + sizeof(head) + len);
	if (!all->bytes || all->count == UINT8_MAX)
		die("too much leaves");
	memcpy(all->bytes + all->len, head, sizeof(head));
	memcpy(all->bytes + all->len + sizeof(head), frame, len);
	all->len += sizeof(head) + len;
	all->count++;
}

static void hold(uint16_t number, const uint8_t *bytes, uint32_t len)
{
	held[number].bytes = malloc(len);
	if (!held[number].bytes)
		die("no memory");
	memcpy(held[number].bytes, bytes, len);
	held[number].len = len;
}

static void events_take(struct router *r, struct departures *all)
{
	struct router_event event;

	while (router_event_next(r, &event)) {
		struct held *h;

		if (event.kind == EVENT_SEND || event.kind == EVENT_PIECE) {
			departures_add(all, event.out_if, event.kind == EVENT_SEND ? event.frame : event.bytes,
				       event.len);
			continue;
		}
		if (event.kind == EVENT_HOLD_PIECE) {
			hold(event.hold, event.bytes, event.len);
			continue;
		}
		h = &held[event.hold];
		memcpy(h->bytes, event.mac.octets, 6);
		if (event.kind == EVENT_RELEASE)
			departures_add(all, event.out_if, h->bytes, h->len);
		free(h->bytes);
		*h = (struct held){0};
	}
}

static void frame_take(struct router *r, const struct arrival *arrival, uint8_t *frame)
{
	struct packet pkt = {.data = frame, .len = arrival->len, .head_len = arrival->len, .capacity = ROOM};
	struct departures all = {0};
	struct output out;
	enum verdict verdict = router_input(r, arrival->iface, &pkt, arrival->now, &out);
	const char *name = reason_get_name(out.reason);
	uint8_t head[4] = {(uint8_t)verdict, (uint8_t)strlen(name)};

	if (verdict == VERDICT_FORWARD || verdict == VERDICT_REPLY)
		departures_add(&all, out.out_if, pkt.data, pkt.len);
	else if (verdict == VERDICT_HOLD)
		hold(out.hold, pkt.data, pkt.len);
	events_take(r, &all);
	head[2] = all.count;
	fwrite(head, sizeof(head), 1, stdout);
	fwrite(name, head[1], 1, stdout);
	if (all.count > 0)
		fwrite(all.bytes, 1, all.len, stdout);
	free(all.bytes);
	if (fflush(stdout) != 0)
		die("nobody listens");
}

int main(int argc, char **argv)
{
	static struct router r;
	static struct rules_stage stage;
	static struct fragment_block blocks[FRAGMENT_BLOCK_COUNT];
	uint16_t mtu[RULES_IF_COUNT];
	size_t memory_len = router_get_memory_size(FLOWS), table_len;
	void *memory = malloc(memory_len), *table;
	struct arrival arrival;
	static uint8_t frame[ROOM];

	if (argc < 2)
		die("usage: core TABLE [IFACE=MTU]...");
	table = file_read(argv[1], &table_len);
	for (unsigned i = 0; i < RULES_IF_COUNT; i++)
		mtu[i] = 1500;
	for (int i = 2; i < argc; i++) {
		unsigned iface, value;

		if (sscanf(argv[i], "%u=%u", &iface, &value) == 2 && iface < RULES_IF_COUNT)
			mtu[iface] = (uint16_t)value;
	}
	if (!memory || !router_init(&r, memory, memory_len, (struct router_seed){{1, 2}}) ||
	    !router_rules_set(&r, &stage, table, table_len, NULL, NULL))
		die("the router refuses the table");
	fragment_lend(r.fragments, blocks, 0);
	ifaces_set(&r, (const struct rules_iface *)(const void *)((const char *)table + sizeof(struct rules_header)),
		   mtu);
	while (fread(&arrival, sizeof(arrival), 1, stdin) == 1) {
		if (arrival.len > ROOM || fread(frame, 1, arrival.len, stdin) != arrival.len)
			die("half a frame");
		frame_take(&r, &arrival, frame);
	}
	for (uint32_t i = 0; i < r.rules.header->rule_count; i++)
		fwrite((uint64_t[]){r.rules.rules[i].line, r.rule_hits[i]}, sizeof(uint64_t), 2, stdout);
	free(memory);
	free(table);
	return 0;
}
