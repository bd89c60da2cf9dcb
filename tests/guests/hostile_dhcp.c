/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * liar OWN ROUTER OTHER OTHERS-ROUTER: a front end that has to ask for its address by DHCP, and lies: about who it is, where it is
 * and what it has, as a relay and as a server, and without end. It says what each lie was answered with, and at last that of an honest question.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cambium/device.h>
#include <drivers/net/netfront.h>

#define ALL 0xffffffffu
#define MESSAGE 42u
#define OPTIONS (MESSAGE + 240u)
#define PAUSE_MS 700u /* between two questions: the router passes two a second on */
#define FLOOD 1000u

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK };

static struct {
	struct netfront *front;
	uint32_t own, router, other, others_router;
	uint8_t frame[600];
	unsigned options;                   /* where the next one goes */
	unsigned count, offers, acks, naks; /* messages that came since the last question */
	uint32_t given, server;             /* in the last one */
	bool foreign;                       /* one was not for us, or gave another address than ours */
} t;

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put(unsigned at, unsigned bytes, uint32_t value)
{
	while (bytes-- > 0) {
		t.frame[at + bytes] = (uint8_t)value;
		value >>= 8;
	}
}

static void hear(void *arg, const struct netfront *front, const struct net_packet *packet)
{
	static uint8_t f[NET_BUFFER_BYTES];
	const uint8_t *at = f + OPTIONS;
	unsigned type = 0;

	(void)arg;
	if (packet->total > sizeof f)
		return;
	netfront_copy(front, packet, f);
	if (packet->total < OPTIONS + 10 || f[12] != 8 || f[23] != 17 || f[37] != 68)
		return;
	for (; at < f + packet->total - 8 && *at != 255; at += *at ? at[1] + 2 : 1) {
		if (*at == 53)
			type = at[2];
		if (*at == 54)
			t.server = be32(at + 2);
		t.foreign |= *at == 82;
	}
	t.given = be32(f + MESSAGE + 16);
	t.foreign |= (t.given != 0 && t.given != t.own) || memcmp(f + MESSAGE + 28, netfront_identity(front)->mac, 6);
	t.count++;
	t.offers += type == OFFER;
	t.acks += type == ACK;
	t.naks += type == NAK;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void pass(unsigned ms)
{
	for (unsigned i = 0; i < ms; i += 10) {
		while (netfront_poll(t.front, 64))
			;
		usleep(10000);
	}
}

static void option(uint8_t code, uint8_t len, uint32_t value)
{
	t.frame[t.options] = code;
	t.frame[t.options + 1] = len;
	put(t.options + 2, len, value);
	t.options += 2u + len;
	t.frame[t.options] = 255;
}

/* A question of @type, as it should be. */
static void question(uint8_t type)
{
	const struct device_net *net = netfront_identity(t.front);

	memset(t.frame, 0, sizeof t.frame);
	memset(t.frame, 0xff, 6);
	memcpy(t.frame + 6, net->mac, 6);
	put(12, 2, 0x0800);
	put(14, 1, 0x45);
	put(22, 2, 64 << 8 | 17);
	put(30, 4, ALL);
	put(34, 2, 68);
	put(36, 2, 67);
	put(MESSAGE, 4, 0x01010600);
	put(MESSAGE + 4, 4, 0x1a7e0000u + type);
	memcpy(t.frame + MESSAGE + 28, net->mac, 6);
	put(MESSAGE + 236, 4, 0x63825363);
	t.options = OPTIONS;
	option(53, 1, type);
}

static void send_now(void)
{
	unsigned len = t.options + 1 > MESSAGE + 300 ? t.options + 1 : MESSAGE + 300;
	uint32_t sum = 0;
	void *buffer;

	put(16, 2, len - 14);
	put(38, 2, len - 34);
	put(24, 2, 0);
	for (unsigned i = 14; i < 34; i += 2)
		sum += (uint32_t)t.frame[i] << 8 | t.frame[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put(24, 2, ~(sum + (sum >> 16)));
	if (netfront_tx_buffer(t.front, &buffer) != NETFRONT_READY)
		return;
	memcpy(buffer, t.frame, len);
	netfront_tx_commit(t.front, len, 0, 0, 0);
	netfront_tx_flush(t.front);
}

static void send_and_wait(void)
{
	t.count = t.offers = t.acks = t.naks = 0;
	send_now();
	pass(PAUSE_MS);
}

static void told(const char *lie)
{
	send_and_wait();
	printf("liar: %s: %u answers\n", lie, t.count);
}

static void lies(void)
{
	question(DISCOVER);
	put(MESSAGE + 33, 1, t.frame[MESSAGE + 33] ^ 1u);
	told("another station");
	question(DISCOVER);
	put(MESSAGE + 24, 4, t.others_router);
	told("another link");
	question(DISCOVER);
	put(MESSAGE + 24, 4, t.router);
	option(82, 3, 0x010102);
	told("a relay");
	question(DISCOVER);
	option(82, 3, 0x010102);
	told("another circuit");
	question(REQUEST);
	put(MESSAGE + 12, 4, t.other);
	told("another's address that it has");
	question(REQUEST);
	put(26, 4, t.other);
	put(MESSAGE + 12, 4, t.other);
	told("another's address that it sends from");
	question(REQUEST); /* an answer of the server to the other */
	put(MESSAGE, 1, 2);
	put(26, 4, t.own);
	put(30, 4, t.others_router);
	put(34, 2, 67);
	memcpy(t.frame, netfront_identity(t.front)->router_mac, 6);
	put(MESSAGE + 16, 4, t.own);
	put(MESSAGE + 24, 4, t.others_router);
	option(82, 3, 0x010102);
	told("a server");
}

static void flood(void)
{
	unsigned sent = 0;

	t.count = t.offers = 0;
	for (; sent < FLOOD; sent++) {
		question(DISCOVER);
		send_now();
		if (sent % 16 == 15)
			pass(10);
	}
	pass(PAUSE_MS);
	printf("liar: %u questions at once: %u offers\n", sent, t.offers);
}

static void honest(void)
{
	char text[INET_ADDRSTRLEN];
	uint32_t order;

	question(REQUEST);
	option(50, 4, t.other);
	send_and_wait();
	printf("liar: wants another's address: %s\n",
	       t.count == 1 && t.naks == 1 && !t.given ? "refused" : "not refused");
	question(DISCOVER);
	send_and_wait();
	question(REQUEST);
	option(50, 4, t.given);
	option(54, 4, t.server);
	if (t.offers == 1)
		send_and_wait();
	order = htonl(t.given);
	printf("liar: asks: %s %s\n", t.acks == 1 ? "has" : "has not", inet_ntop(AF_INET, &order, text, sizeof text));
}

static uint32_t address(const char *text)
{
	struct in_addr a = {0};

	(void)inet_pton(AF_INET, text, &a);
	return ntohl(a.s_addr);
}

int main(int argc, char **argv)
{
	struct netfront_user user = {.wake = nothing, .receive = hear, .writable = nothing};

	if (argc != 5)
		return 2;
	t.own = address(argv[1]);
	t.router = address(argv[2]);
	t.other = address(argv[3]);
	t.others_router = address(argv[4]);
	t.front = netfront_attach(0, &user);
	if (t.front == NULL)
		return 1;
	printf("liar: is told %s\n", netfront_identity(t.front)->address ? "an address" : "no address");
	for (unsigned i = 0; i < 60 && t.offers == 0; i++) { /* until router and server are there */
		question(DISCOVER);
		send_and_wait();
	}
	pass(5000);
	lies();
	flood();
	pass(5000);
	honest();
	printf("liar: %s\n", t.foreign ? "HOLE: what came was not ours alone" : "nothing came that was another's");
	fflush(stdout);
	return 0;
}
