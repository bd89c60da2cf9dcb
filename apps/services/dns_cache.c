// SPDX-License-Identifier: BSD-2-Clause
/*
 * Invariant: what is kept is a message that dns_response_read took, without its OPT record, so that it can be aged and adopted.
 * An answer is for one question alone: nothing else in it is ever used, so nobody can slip in an answer to another.
 */
#include "dns_cache.h"

#include <string.h>

/* A keyed mix of the folded name and the type; enough to spread, since all but the key is checked again. */
static unsigned set_of(const struct dns_cache *cache, const struct dns_question *question)
{
	uint64_t h = cache->key ^ question->type;

	for (unsigned i = 0; i < question->name.len; i++) {
		uint8_t c = question->name.wire[i];

		h = (h ^ (c >= 'A' && c <= 'Z' ? c | 0x20u : c)) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	return (unsigned)((h ^ cache->key) % DNS_CACHE_SETS);
}

static bool is_for(const struct dns_kept *kept, const struct dns_query *query)
{
	return kept->question.type == query->question.type && kept->question.class == query->question.class &&
	       kept->dnssec_ok == query->dnssec_ok && kept->checking_disabled == ((query->flags & DNS_FLAG_CD) != 0) &&
	       dns_name_is_equal(&kept->question.name, &query->question.name);
}

void dns_cache_put(struct dns_cache *cache, const struct dns_query *query, const uint8_t *bytes,
		   const struct dns_response *response, uint64_t now_ms)
{
	struct dns_kept *set = cache->kept[set_of(cache, &query->question)], *place = set;

	if (!response->is_kept || response->len > DNS_CACHE_BYTES)
		return;
	for (unsigned i = 0; i < DNS_CACHE_WAYS; i++) {
		if (set[i].until_ms != 0 && is_for(&set[i], query)) {
			place = &set[i];
			break;
		}
		if (set[i].until_ms < place->until_ms)
			place = &set[i];
	}
	place->from_ms = now_ms;
	place->until_ms = now_ms + (uint64_t)response->ttl * 1000;
	place->question = query->question;
	place->dnssec_ok = query->dnssec_ok;
	place->checking_disabled = (query->flags & DNS_FLAG_CD) != 0;
	place->len = (uint16_t)response->len;
	place->others = response->others;
	memcpy(place->bytes, bytes, response->len);
}

size_t dns_cache_answer(const struct dns_cache *cache, const struct dns_query *query, uint64_t now_ms, uint8_t *bytes,
			size_t room)
{
	const struct dns_kept *set = cache->kept[set_of(cache, &query->question)];

	for (unsigned i = 0; i < DNS_CACHE_WAYS; i++) {
		const struct dns_kept *kept = &set[i];

		if (kept->until_ms <= now_ms || !is_for(kept, query))
			continue;
		memcpy(bytes, kept->bytes, kept->len);
		dns_response_age(bytes, kept->len, (uint32_t)((now_ms - kept->from_ms) / 1000));
		return dns_answer_adopt(bytes, kept->len, kept->others, query, room);
	}
	return 0;
}
