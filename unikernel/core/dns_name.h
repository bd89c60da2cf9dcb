/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and addresses of the DNS (RFC 1035 section 3.1, 4.1.4; RFC 4343 for their case). Pure.
 */
#ifndef UNIKERNEL_CORE_DNS_NAME_H
#define UNIKERNEL_CORE_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_MAX 255u
#define DNS_TEXT_MAX 254u /* bytes of a name as text, its NUL among them */

/* A name in wire form without compression, the root's empty label included: `len` of the bytes, at least 1. */
struct dns_name {
	uint8_t len;
	uint8_t wire[DNS_NAME_MAX];
};

/* An address of IPv4 (4 bytes, the others zero) or IPv6, in network order. */
struct dns_address {
	uint8_t bytes[16];
	bool is_v6;
};

/*
 * Reads the name at *@at of the message and moves *@at behind it. A compression pointer leads to what stands before the
 * part it ends, behind the header. False: the name is none; *@at means nothing then.
 */
bool dns_name_read(const uint8_t *message, size_t len, size_t *at, struct dns_name *name);

/* The name that @text says, @len characters: labels of letters, digits, - and _ with dots between them. False: it is none. */
bool dns_name_parse(struct dns_name *name, const char *text, size_t len);

/* The name as text without the last dot. False: it is the root, or has other characters than dns_name_parse takes. */
bool dns_name_format(const struct dns_name *name, char text[DNS_TEXT_MAX]);

/* Puts the labels of @tail behind those of @name. False: that is too long, and nothing has changed. */
bool dns_name_append(struct dns_name *name, const struct dns_name *tail);

bool dns_name_is_equal(const struct dns_name *a, const struct dns_name *b);

/* Is @name @apex, or below it? */
bool dns_name_is_within(const struct dns_name *name, const struct dns_name *apex);

/* The name under in-addr.arpa or ip6.arpa (RFC 3596) that stands for @address. */
void dns_name_reverse(struct dns_name *name, const struct dns_address *address);

bool dns_address_is_equal(const struct dns_address *a, const struct dns_address *b);

/* Are the first @bits of both addresses the same, and they of one family? */
bool dns_address_is_within(const struct dns_address *a, const struct dns_address *net, unsigned bits);

#endif
