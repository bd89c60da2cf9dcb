// SPDX-License-Identifier: BSD-2-Clause
/*
 * Invariant: a name within one of the places below, or within the suffix, is never asked of anybody. There is nothing in them
 * but the entries, which the plan gives.
 */
#include "dns_zone.h"

#include <string.h>

#include "unikernel/core/dns_bytes.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define HINFO_TTL 3600u

/* Places that belong to nobody, or to each site for itself. */
static const char *const places[] = {
	"internal", "home.arpa", "local", "localhost", "invalid", "test", "onion",
	/* addresses without a meaning elsewhere */
	"10.in-addr.arpa", "16.172.in-addr.arpa", "17.172.in-addr.arpa", "18.172.in-addr.arpa", "19.172.in-addr.arpa",
	"20.172.in-addr.arpa", "21.172.in-addr.arpa", "22.172.in-addr.arpa", "23.172.in-addr.arpa",
	"24.172.in-addr.arpa", "25.172.in-addr.arpa", "26.172.in-addr.arpa", "27.172.in-addr.arpa",
	"28.172.in-addr.arpa", "29.172.in-addr.arpa", "30.172.in-addr.arpa", "31.172.in-addr.arpa",
	"168.192.in-addr.arpa", "127.in-addr.arpa", "0.in-addr.arpa", "254.169.in-addr.arpa",
	"255.255.255.255.in-addr.arpa", "c.f.ip6.arpa", "d.f.ip6.arpa", "8.e.f.ip6.arpa", "9.e.f.ip6.arpa",
	"a.e.f.ip6.arpa", "b.e.f.ip6.arpa", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa"};

bool dns_zone_init(struct dns_zone *zone, const char *text)
{
	zone->count = 0;
	return dns_name_parse(&zone->suffix, text, strlen(text));
}

bool dns_zone_add(struct dns_zone *zone, const char *label, size_t len, const struct dns_address *address)
{
	struct dns_zone_entry *entry = &zone->entries[zone->count];

	if (zone->count == DNS_ZONE_ENTRIES || !dns_name_parse(&entry->name, label, len) ||
	    !dns_name_append(&entry->name, &zone->suffix))
		return false;
	entry->address = *address;
	dns_name_reverse(&entry->reverse, address);
	zone->count++;
	return true;
}

bool dns_zone_has(const struct dns_zone *zone, const struct dns_address *address)
{
	for (unsigned i = 0; i < zone->count; i++)
		if (dns_address_is_equal(&zone->entries[i].address, address))
			return true;
	return false;
}

/* The place that @name lies in, as a name that negative answers are about. False: somebody else's. */
static bool find_place(const struct dns_zone *zone, const struct dns_name *name, struct dns_name *place)
{
	if (dns_name_is_within(name, &zone->suffix)) {
		*place = zone->suffix;
		return true;
	}
	for (size_t i = 0; i < COUNT_OF(places); i++)
		if (dns_name_parse(place, places[i], strlen(places[i])) && dns_name_is_within(name, place))
			return true;
	return false;
}

/* A start of authority as RFC 6303 section 3 has it. */
static void add_soa(struct dns_writer *w, enum dns_section section, const struct dns_name *place)
{
	static const char mailbox[] = "nobody.invalid";
	uint8_t data[2 * DNS_NAME_MAX + 20];
	struct dns_name person;
	size_t len = place->len;

	dns_name_parse(&person, mailbox, sizeof(mailbox) - 1);
	memcpy(data, place->wire, len);
	memcpy(data + len, person.wire, person.len);
	len += person.len;
	put32(data + len, 1);
	put32(data + len + 4, 3600);
	put32(data + len + 8, 1200);
	put32(data + len + 12, 604800);
	put32(data + len + 16, DNS_ZONE_TTL);
	dns_answer_add(w, section, place, DNS_SOA, DNS_ZONE_TTL, data, len + 20);
}

/* Adds what @entry says to a question about its own name. */
static void add_address(struct dns_writer *w, const struct dns_zone_entry *entry, uint16_t type)
{
	if (type == (entry->address.is_v6 ? DNS_AAAA : DNS_A))
		dns_answer_add(w, DNS_ANSWERS, NULL, (enum dns_type)type, DNS_ZONE_TTL, entry->address.bytes,
			       entry->address.is_v6 ? 16 : 4);
}

static void add_pointer(struct dns_writer *w, const struct dns_zone_entry *entry, uint16_t type)
{
	if (type == DNS_PTR)
		dns_answer_add(w, DNS_ANSWERS, NULL, DNS_PTR, DNS_ZONE_TTL, entry->name.wire, entry->name.len);
}

/* Adds what there is; returns whether there is such a name at all, with data or below it one with data. */
static bool add_data(struct dns_writer *w, const struct dns_zone *zone, const struct dns_question *question)
{
	bool exists = false;

	for (unsigned i = 0; i < zone->count; i++) {
		const struct dns_zone_entry *entry = &zone->entries[i];

		if (dns_name_is_equal(&question->name, &entry->name))
			add_address(w, entry, question->type);
		if (dns_name_is_equal(&question->name, &entry->reverse))
			add_pointer(w, entry, question->type);
		exists |= dns_name_is_within(&entry->name, &question->name) ||
			  dns_name_is_within(&entry->reverse, &question->name);
	}
	return exists;
}

/* localhost, and all below it, is this very machine (RFC 6761 section 6.3). */
static bool add_loopback(struct dns_writer *w, const struct dns_question *question)
{
	static const uint8_t v4[4] = {127, 0, 0, 1}, v6[16] = {[15] = 1};
	struct dns_name name;

	if (!dns_name_parse(&name, "localhost", 9) || !dns_name_is_within(&question->name, &name))
		return false;
	if (question->type == DNS_A)
		dns_answer_add(w, DNS_ANSWERS, NULL, DNS_A, DNS_ZONE_TTL, v4, sizeof(v4));
	if (question->type == DNS_AAAA)
		dns_answer_add(w, DNS_ANSWERS, NULL, DNS_AAAA, DNS_ZONE_TTL, v6, sizeof(v6));
	return true;
}

/* Is it the reverse name of one of our addresses? These are ours, wherever they lie. */
static bool is_reverse(const struct dns_zone *zone, const struct dns_name *name)
{
	for (unsigned i = 0; i < zone->count; i++)
		if (dns_name_is_equal(name, &zone->entries[i].reverse))
			return true;
	return false;
}

size_t dns_zone_answer(const struct dns_zone *zone, const struct dns_query *query, uint8_t *bytes, size_t room)
{
	/* RFC 8482 section 4.2: an answer to all who ask for anything. */
	static const uint8_t nothing[] = "\x07"
					 "RFC8482";
	const struct dns_question *question = &query->question;
	struct dns_name place;
	struct dns_writer w;
	bool exists;

	if (!find_place(zone, &question->name, &place)) {
		if (!is_reverse(zone, &question->name))
			return 0;
		place = question->name;
	}
	dns_answer_begin(&w, bytes, room, query, DNS_FLAG_AA);
	exists = add_data(&w, zone, question) || add_loopback(&w, question) ||
		 dns_name_is_equal(&question->name, &place);
	if (exists && question->type == DNS_ANY)
		dns_answer_add(&w, DNS_ANSWERS, NULL, DNS_HINFO, HINFO_TTL, nothing, sizeof(nothing));
	if (question->type == DNS_SOA && dns_name_is_equal(&question->name, &place))
		add_soa(&w, DNS_ANSWERS, &place);
	if (w.counts[DNS_ANSWERS] == 0 && !w.is_over)
		add_soa(&w, DNS_AUTHORITIES, &place);
	return dns_answer_end(&w, query, exists ? DNS_NOERROR : DNS_NXDOMAIN);
}
