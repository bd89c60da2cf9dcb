/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames are built whole and sent at once; what comes for others than the one who waits is forgotten. */
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <base/bits.h>

#include "machine.h"

#define IP_AT 14u
#define TCP_AT 34u
#define DATA_AT 54u
#define ARP_LEN 42u
#define FRAME_LEN_MIN 60u
#define CARD "\x52\x54\x00\x12\x34\x56" /* what QEMU gives to a machine's first card */
#define OURS "\x02\xca\x4d\x00\x00\x01"
#define CARD_IP "\x0a\x00\x02\x0f"
#define OUR_NET 10, 0, 2 /* /24 */
#define HOST 77

#define FORGE_PAUSE_MS 5

#define SYN 2u
#define RST 4u
#define PSH 8u
#define ACK 16u

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static uint16_t checksum(const uint8_t *p, size_t len, uint32_t sum)
{
	for (; len > 1; len -= 2, p += 2)
		sum += get16(p);
	sum += len ? (uint32_t)*p << 8 : 0;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void path(struct sockaddr_un *a, const char *name, const char *end)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(a->sun_path, sizeof a->sun_path, "%s", build_path("tests/%s.%s", name, end));
	unlink(a->sun_path);
}

bool wire_open(struct wire *w, const char *name)
{
	w->host = HOST;
	path(&w->ours, name, "wire");
	path(&w->theirs, name, "card");
	snprintf(w->netdev, sizeof w->netdev,
		 "dgram,id=net,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s", w->theirs.sun_path,
		 w->ours.sun_path);
	w->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (w->socket >= 0 && !bind(w->socket, (const struct sockaddr *)&w->ours, sizeof w->ours))
		return true;
	fprintf(stderr, "wire %s: no socket: %s\n", name, strerror(errno));
	return false;
}

void wire_close(struct wire *w)
{
	close(w->socket);
	unlink(w->ours.sun_path);
	unlink(w->theirs.sun_path);
}

static void frame_send(const struct wire *w, const uint8_t *frame, size_t len)
{
	(void)!sendto(w->socket, frame, len, 0, (const struct sockaddr *)&w->theirs, sizeof w->theirs);
}

static void segment_send_from(const struct wire *w, const void *from, const struct wire_caller *c, uint8_t flags,
			      const char *text)
{
	uint8_t frame[WIRE_FRAME_MAX] = CARD OURS "\x08\x00\x45";
	size_t len = strlen(text), tcp_len = DATA_AT - TCP_AT + len;
	uint8_t *ip = frame + IP_AT, *tcp = frame + TCP_AT;

	put16(ip + 2, (uint32_t)(TCP_AT - IP_AT + tcp_len));
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, from, 4);
	memcpy(ip + 16, CARD_IP, 4);
	put16(ip + 10, checksum(ip, TCP_AT - IP_AT, 0));
	put16(tcp, c->port);
	put16(tcp + 2, c->to);
	put32(tcp + 4, c->seq);
	put32(tcp + 8, c->ack);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	put16(tcp + 14, UINT16_MAX);
	memcpy(frame + DATA_AT, text, len);
	put16(tcp + 16,
	      checksum(tcp, tcp_len,
		       (uint32_t)(get16(ip + 12) + get16(ip + 14) + get16(ip + 16) + get16(ip + 18) + 6 + tcp_len)));
	frame_send(w, frame, DATA_AT + len);
}

static void datagram_send(const struct wire *w, uint16_t port, uint16_t to, size_t len)
{
	uint8_t frame[WIRE_FRAME_MAX] = CARD OURS "\x08\x00\x45";
	const uint8_t from[] = {OUR_NET, w->host};
	uint8_t *ip = frame + IP_AT, *udp = frame + TCP_AT;

	put16(ip + 2, (uint32_t)(len - IP_AT));
	ip[8] = 64;
	ip[9] = 17;
	memcpy(ip + 12, from, 4);
	memcpy(ip + 16, CARD_IP, 4);
	put16(ip + 10, checksum(ip, TCP_AT - IP_AT, 0));
	put16(udp, port);
	put16(udp + 2, to);
	put16(udp + 4, (uint32_t)(len - TCP_AT)); /* no checksum */
	frame_send(w, frame, len);
}

void wire_datagram(struct wire *w, uint16_t port, uint16_t to)
{
	datagram_send(w, port, to, FRAME_LEN_MIN);
}

static void segment_send(const struct wire *w, const struct wire_caller *c, uint8_t flags, const char *text)
{
	const uint8_t from[] = {OUR_NET, c->host};

	segment_send_from(w, from, c, flags, text);
}

/* SYNs from 64.0.0.0/2: no two the same for a long time, in no order. */
static void forge(struct wire *w)
{
	for (uint32_t i = 0; i < w->forge; i++) {
		uint32_t n = ++w->forged * 2654435761u;
		uint8_t from[4];

		put32(from, 0x40000000u | n >> 2);
		segment_send_from(w, from, &(struct wire_caller){.port = (uint16_t)n | 1, .to = w->forge_to, .seq = ~n},
				  SYN, "");
	}
}

/* Who asks for an address is given ours, whichever it is. */
static void arp_answer(struct wire *w)
{
	uint8_t *arp = w->frame + IP_AT, asked[4];

	memcpy(asked, arp + 24, sizeof asked);
	memcpy(w->frame, w->frame + 6, 6);
	memcpy(w->frame + 6, OURS, 6);
	put16(arp + 6, 2);
	memcpy(arp + 18, arp + 8, 10);
	memcpy(arp + 8, OURS, 6);
	memcpy(arp + 14, asked, sizeof asked);
	frame_send(w, w->frame, ARP_LEN);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The next segment for @c, until @end: its bytes in *@len, its flags. -1: none. */
static int segment_get(struct wire *w, const struct wire_caller *c, int64_t end, uint32_t *len)
{
	const uint8_t ours[] = {OUR_NET, c->host};

	for (;;) {
		struct pollfd p = {.fd = w->socket, .events = POLLIN};
		int64_t left = end - now_ms();
		ssize_t got;

		if (left <= 0)
			return -1;
		if (w->forge && poll(&p, 1, 0) == 0) {
			forge(w);
			left = MIN(left, FORGE_PAUSE_MS);
		}
		if (poll(&p, 1, (int)left) != 1)
			continue;
		got = recv(w->socket, w->frame, sizeof w->frame, 0);
		if (got >= (ssize_t)ARP_LEN && get16(w->frame + 12) == 0x0806 && get16(w->frame + IP_AT + 6) == 1)
			arp_answer(w);
		if (got < (ssize_t)DATA_AT || get16(w->frame + 12) != 0x0800 || w->frame[IP_AT + 9] != 6 ||
		    memcmp(w->frame + IP_AT + 16, ours, sizeof ours) != 0 || get16(w->frame + TCP_AT + 2) != c->port ||
		    get16(w->frame + TCP_AT) != c->to)
			continue;
		*len = get16(w->frame + IP_AT + 2) - (TCP_AT - IP_AT) - (w->frame[TCP_AT + 12] >> 4) * 4u;
		return w->frame[TCP_AT + 13];
	}
}

/* Answers the segment in w->frame, which acknowledges what was never sent, as any TCP does. */
static void answer_with_reset(const struct wire *w, const struct wire_caller *c)
{
	struct wire_caller there = {.host = c->host, .port = c->port, .to = c->to, .seq = get32(w->frame + TCP_AT + 8)};

	segment_send(w, &there, RST, "");
}

bool wire_call(struct wire *w, struct wire_caller *c, uint16_t port, uint16_t to, unsigned seconds)
{
	*c = (struct wire_caller){.host = w->host, .port = port, .to = to, .seq = port * 65537u};
	for (unsigned i = 0; i < seconds; i++) {
		int64_t end = now_ms() + 1000;
		uint32_t len;
		int flags;

		segment_send(w, c, SYN, "");
		while ((flags = segment_get(w, c, end, &len)) >= 0)
			if ((flags & (SYN | ACK)) == (SYN | ACK) && get32(w->frame + TCP_AT + 8) == c->seq + 1) {
				c->ack = get32(w->frame + TCP_AT + 4) + 1;
				c->seq++;
				segment_send(w, c, ACK, "");
				return true;
			} else if ((flags & (SYN | ACK)) == (SYN | ACK)) {
				answer_with_reset(w, c);
			}
	}
	return false;
}

bool wire_ask(struct wire *w, struct wire_caller *c, const char *text, unsigned seconds)
{
	uint32_t len = 0;

	for (unsigned i = 0; i < seconds && !len; i++) {
		int64_t end = now_ms() + 1000;

		segment_send(w, c, PSH | ACK, text);
		while (segment_get(w, c, end, &len) >= 0 && !len)
			;
	}
	c->seq += (uint32_t)strlen(text);
	return len > 0;
}

uint32_t wire_next(struct wire *w, unsigned seconds)
{
	int64_t end = now_ms() + seconds * INT64_C(1000), left;

	while ((left = end - now_ms()) > 0) {
		struct pollfd p = {.fd = w->socket, .events = POLLIN};
		ssize_t got = poll(&p, 1, (int)left) == 1 ? recv(w->socket, w->frame, sizeof w->frame, 0) : 0;

		if (got >= (ssize_t)ARP_LEN && get16(w->frame + 12) == 0x0806 && get16(w->frame + IP_AT + 6) == 1)
			arp_answer(w);
		else if (got > 0)
			return (uint32_t)got;
	}
	return 0;
}

bool wire_echo(struct wire *w, uint16_t port, uint16_t to, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		uint32_t len;

		datagram_send(w, port, to, FRAME_LEN_MIN + 2);
		while ((len = wire_next(w, 1)) > 0)
			if (len > TCP_AT + 2 && get16(w->frame + 12) == 0x0800 && w->frame[IP_AT + 9] == 17 &&
			    get16(w->frame + TCP_AT) == to && get16(w->frame + TCP_AT + 2) == port)
				return true;
	}
	return false;
}
