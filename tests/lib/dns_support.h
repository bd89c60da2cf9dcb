/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of the DNS for tests, written byte by byte. */
#ifndef CAMBIUM_TESTS_DNS_SUPPORT_H
#define CAMBIUM_TESTS_DNS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_bytes {
	size_t len;
	uint8_t at[20000];
};

void dns_add(struct dns_bytes *b, const void *bytes, size_t len);
void dns_add16(struct dns_bytes *b, unsigned value);
void dns_add32(struct dns_bytes *b, uint32_t value);
/* Labels of @text, and the empty one. */
void dns_add_name(struct dns_bytes *b, const char *text);
/* A header with the counts of questions, answers, authorities and others. */
void dns_add_header(struct dns_bytes *b, unsigned id, unsigned flags, const unsigned counts[4]);
/* A record whose owner is the question's name. */
void dns_add_record(struct dns_bytes *b, unsigned type, uint32_t ttl, const void *data, size_t len);
void dns_add_opt(struct dns_bytes *b, unsigned payload, uint32_t ttl);

/* A query for @name with recursion desired; with an OPT record for @payload, unless that is 0. */
void dns_make_query(struct dns_bytes *b, unsigned id, const char *name, unsigned type, unsigned payload);

/* Number @i of 16 bits in the header: id, flags, and the counts. */
unsigned dns_field(const uint8_t *message, unsigned i);

#endif
