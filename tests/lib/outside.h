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

/* Is the IPv6 address @address there? Pings it, for at most @seconds. */
bool outside_pings(struct outside *o, const char *address, unsigned seconds);

/* Says once, as a router on the link, that hosts may make themselves addresses in the /64 @prefix. False: it could not. */
bool outside_advertises(struct outside *o, const char *prefix);

void outside_close(struct outside *o);

#endif
