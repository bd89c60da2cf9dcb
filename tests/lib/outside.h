/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world outside the machine's card: a network namespace of the test's own with the other end of a tap, where this
 * host's kernel speaks both families as any station does. Needs root or user namespaces, /dev/net/tun and ip(8).
 */
#ifndef CAMBIUM_TESTS_OUTSIDE_H
#define CAMBIUM_TESTS_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct outside {
	int card;     /* for QEMU: -netdev tap,fd=N */
	pid_t keeper; /* a process in the namespace, which keeps it */
	int asks, answers;
	char netdev[64];
};

#define OUTSIDE_ANSWER_MAX 65536u
#define OUTSIDE_DATAGRAM_MAX 65507u
#define OUTSIDE_PACKET_MAX 2048u
#define OUTSIDE_ROUTER "fe80::1" /* its link-local address */

/*
 * Makes the namespace, in which the device `card` is up, and has ip(8) do each of @words, NULL-terminated, there ("addr add
 * 192.0.2.1/24 dev card"). NULL, or why there can be none here.
 */
const char *outside_open(struct outside *o, const char *const *words);

/*
 * Asks @port of @address by HTTP for /, again and again for at most @seconds until an answer begins; the answer, NUL-terminated,
 * goes to @answer. False: none. *@refused tells whether the last try was refused.
 */
bool outside_fetch(struct outside *o, const char *address, uint16_t port, unsigned seconds,
		   char answer[OUTSIDE_ANSWER_MAX], bool *refused);

/* Is the IPv6 address @address there? Pings it by echo requests of @bytes bytes of data, for at most @seconds. */
bool outside_pings_with(struct outside *o, const char *address, unsigned bytes, unsigned seconds);
bool outside_pings(struct outside *o, const char *address, unsigned seconds); /* with none */

/*
 * Sends datagrams of @bytes bytes (UDP, OUTSIDE_DATAGRAM_MAX at most) to @port of @address, each second another one, for at most @seconds until one comes
 * back as it was. This host's kernel cuts and joins them.
 */
bool outside_is_mirrored(struct outside *o, const char *address, uint16_t port, unsigned bytes, unsigned seconds);

/* Sends the IP packet of @len bytes (OUTSIDE_PACKET_MAX at most) at @packet as it is to @address, its destination. False: it could not. */
bool outside_sends(struct outside *o, const char *address, const void *packet, unsigned len);

/* Says once, as a router on the link, that hosts may make themselves addresses in the /64 @prefix. False: it could not. */
bool outside_advertises(struct outside *o, const char *prefix);

void outside_close(struct outside *o);

#endif
