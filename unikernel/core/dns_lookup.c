/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invariant: what an answer gives belongs to the name asked for, or to where its CNAME records lead, in that very message; a chain is
 * followed DNS_LOOKUP_CHAIN times at most, so that a circle ends.
 */
#include "dns_lookup.h"

#include <string.h>

#include "dns_bytes.h"

static bool add_name(struct dns_name *to, const char *text, size_t len, const struct dns_name *suffix)
{
	return dns_name_parse(to, text, len) && (suffix == NULL || dns_name_append(to, suffix));
}

unsigned dns_lookup_names(const char *name, const char *search, struct dns_name names[DNS_LOOKUP_NAMES])
{
	size_t len = 0;
	unsigned count = 0;
	bool has_dot = false;

	for (; name[len] != '\0'; len++)
		has_dot |= name[len] == '.';
	if (len > 0 && name[len - 1] == '.')
		return add_name(names, name, len - 1, NULL);
	if (has_dot && !add_name(&names[count++], name, len, NULL))
		return 0;
	while (search != NULL && *search != '\0' && count + 1u - has_dot < DNS_LOOKUP_NAMES) {
		struct dns_name suffix;
		size_t n = 0;

		while (search[n] != '\0' && search[n] != ' ')
			n++;
		if (dns_name_parse(&suffix, search, n) && add_name(&names[count], name, len, &suffix))
			count++;
		search += n + (search[n] == ' ');
	}
	if (!has_dot && !add_name(&names[count++], name, len, NULL))
		return 0;
	return count;
}

static bool read_name_data(const uint8_t *bytes, const struct dns_record *r, struct dns_name *name)
{
	size_t at = r->data_at, end = r->data_at + r->data_len;

	return dns_name_read(bytes, end, &at, name) && at == end;
}

/* Takes what the record says, if it is of the type asked for. */
static void take(const uint8_t *bytes, const struct dns_record *r, struct dns_found *found)
{
	struct dns_address *to = &found->addresses[found->count];

	if (r->type == DNS_PTR) {
		found->count += found->count == 0 && read_name_data(bytes, r, &found->pointer);
		return;
	}
	if (found->count == DNS_LOOKUP_ADDRESSES || r->data_len != (r->type == DNS_AAAA ? 16 : 4))
		return;
	memset(to, 0, sizeof(*to));
	to->is_v6 = r->type == DNS_AAAA;
	memcpy(to->bytes, bytes + r->data_at, r->data_len);
	found->count++;
}

/* Takes all that the message has of found->name; true: it has a CNAME record instead, which found->name becomes. */
static bool follow(const uint8_t *bytes, size_t len, const struct dns_question *question, struct dns_found *found)
{
	struct dns_question asked;
	struct dns_name target;
	size_t at = DNS_HEADER;
	bool leads_on = false;

	(void)dns_question_read(bytes, len, &at, &asked);
	for (unsigned left = get16(bytes + 6); left > 0; left--) {
		struct dns_record r;

		if (!dns_record_read(bytes, len, &at, &r))
			return false;
		if (r.class != DNS_IN || !dns_name_is_equal(&r.owner, &found->name))
			continue;
		if (r.type == question->type)
			take(bytes, &r, found);
		else if (r.type == DNS_CNAME && !leads_on)
			leads_on = read_name_data(bytes, &r, &target);
	}
	if (found->count > 0 || !leads_on)
		return false;
	found->name = target;
	return true;
}

static bool is_same_question(const struct dns_question *a, const struct dns_question *b)
{
	return a->type == b->type && a->class == b->class && dns_name_is_equal(&a->name, &b->name);
}

enum dns_verdict dns_lookup_read(const uint8_t *bytes, size_t len, uint16_t id, const struct dns_question *question,
				 struct dns_found *found)
{
	struct dns_response response;

	found->count = 0;
	found->name = question->name;
	if (!dns_response_read(bytes, len, &response) || response.id != id ||
	    !is_same_question(&response.question, question))
		return DNS_VERDICT_NONE;
	if ((response.flags & DNS_FLAG_TC) != 0)
		return DNS_VERDICT_TRUNCATED;
	if (response.rcode == DNS_SERVFAIL)
		return DNS_VERDICT_FAILED;
	if (response.rcode != DNS_NOERROR && response.rcode != DNS_NXDOMAIN)
		return DNS_VERDICT_REFUSED;
	for (unsigned i = 0; i <= DNS_LOOKUP_CHAIN && follow(bytes, len, question, found); i++)
		;
	if (found->count > 0)
		return DNS_VERDICT_FOUND;
	return response.rcode == DNS_NXDOMAIN ? DNS_VERDICT_NO_NAME : DNS_VERDICT_NO_DATA;
}
