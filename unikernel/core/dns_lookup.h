/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking a name up: what to ask a name server for, and what its answer says. Pure. */
#ifndef UNIKERNEL_CORE_DNS_LOOKUP_H
#define UNIKERNEL_CORE_DNS_LOOKUP_H

#include "dns_message.h"

#define DNS_LOOKUP_ADDRESSES 16u /* of one answer; what is more is left out */
#define DNS_LOOKUP_NAMES 7u      /* the name itself, and with six suffixes */
#define DNS_LOOKUP_CHAIN 8u      /* CNAME records that are followed */

/*
 * The names to ask for in turn when a program asks for @name: with a dot in it (ndots 1) first itself, then with each suffix
 * of @search, words between blanks, NULL: none; without one itself comes last; with one at its end it is alone. Returns
 * how many; 0: it is no name. Suffixes that are no names, or too long with it, are left out.
 */
unsigned dns_lookup_names(const char *name, const char *search, struct dns_name names[DNS_LOOKUP_NAMES]);

enum dns_verdict {
	DNS_VERDICT_NONE,      /* nothing that answers the question: somebody else's, or malformed */
	DNS_VERDICT_FOUND,     /* there is what was asked for */
	DNS_VERDICT_NO_DATA,   /* the name has nothing of that kind */
	DNS_VERDICT_NO_NAME,   /* there is no such name */
	DNS_VERDICT_TRUNCATED, /* ask by TCP */
	DNS_VERDICT_FAILED,    /* the server could not: ask another one */
	DNS_VERDICT_REFUSED,   /* it does not want to, or does not understand */
};

/* Of an answer that was found: addresses, or the name that an address has. @name: where the CNAME records led. */
struct dns_found {
	struct dns_name name, pointer;
	unsigned count;
	struct dns_address addresses[DNS_LOOKUP_ADDRESSES];
};

/* Reads the message as the answer to @question, of type A, AAAA or PTR, that was asked with @id; fills in *@found. */
enum dns_verdict dns_lookup_read(const uint8_t *bytes, size_t len, uint16_t id, const struct dns_question *question,
				 struct dns_found *found);

#endif
