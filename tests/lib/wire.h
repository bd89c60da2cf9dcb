/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's card on a wire with nobody at the other end but us: Ethernet frames by a datagram socket. On it are callers
 * that say just what they are told to, and send nothing by themselves: unlike those of a real stack they can vanish.
 */
#ifndef CAMBIUM_TESTS_WIRE_H
#define CAMBIUM_TESTS_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

#define WIRE_FRAME_MAX 2048u

struct wire {
	int socket;
	struct sockaddr_un ours, theirs;
	char netdev[320]; /* for QEMU */
	uint8_t frame[WIRE_FRAME_MAX];
	uint8_t host; /* of the next call; at first 77 */
	/* > 0: while anybody waits, so many SYNs at a time go to port @forge_to, from addresses where nobody is */
	uint32_t forge;
	uint16_t forge_to;
	uint32_t forged; /* sent so far */
};

/* One connection, from 10.0.2.@host:@port to 10.0.2.15:@to. */
struct wire_caller {
	uint8_t host;
	uint16_t port, to;
	uint32_t seq, ack; /* of the next byte here and there */
};

/* @name is unique among tests. False, after saying why: there is no socket. */
bool wire_open(struct wire *w, const char *name);
void wire_close(struct wire *w);

/* Opens a connection, asking again each second; false when none was there after @seconds. Meanwhile questions for addresses
 * (ARP) are answered, and a SYN and ACK that does not fit by a RST. */
bool wire_call(struct wire *w, struct wire_caller *c, uint16_t port, uint16_t to, unsigned seconds);

/* Sends @text, again each second, and waits for bytes that answer it; they are not acknowledged. False: none within @seconds. */
bool wire_ask(struct wire *w, struct wire_caller *c, const char *text, unsigned seconds);

/* Sends a datagram of 18 zeros from 10.0.2.@w->host:@port to 10.0.2.15:@to; waits while the card takes none. */
void wire_datagram(struct wire *w, uint16_t port, uint16_t to);

/* Likewise of 20 zeros, again each second, and waits for what comes back. False: nothing within @seconds. */
bool wire_echo(struct wire *w, uint16_t port, uint16_t to, unsigned seconds);

/* The next frame that is none of ARP, in w->frame, within @seconds: its length; 0: none. */
uint32_t wire_next(struct wire *w, unsigned seconds);

#endif
