/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers, addresses and rates: the words that begin with a digit or hold a colon. */
#include <arpa/inet.h>
#include <string.h>

#include <base/bits.h>
#include <net/core/rules.h>
#include "parser.h"

#define WORD_MAX 96u

/* The next word as a string; one too long for any value is cut, and then is none. */
static const char *word_text(const struct parser *p, char text[WORD_MAX])
{
	size_t len = p->token.place.length < WORD_MAX ? p->token.place.length : WORD_MAX - 1;

	memcpy(text, p->token.text, len);
	text[len] = 0;
	return text;
}

/* The decimal number at *@text, which moves on. False: there is none, or it is above @max. */
static bool digits_take(const char **text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; ++*text) {
		value = value * 10 + (uint64_t)(**text - '0');
		if (value > max)
			return false;
	}
	*number = value;
	return true;
}

bool parse_number(struct parser *p, const char *what, uint32_t min, uint32_t max, uint32_t *number)
{
	char text[WORD_MAX], remedy[80];
	const char *at = word_text(p, text);
	uint64_t value;

	snprintf(remedy, sizeof remedy, "give a whole number from %u to %u", min, max);
	if (p->token.kind != TOKEN_NUMBER || !digits_take(&at, max, &value) || *at || value < min)
		return parser_unexpected(p, what, remedy);
	*number = (uint32_t)value;
	parser_advance(p);
	return true;
}

bool parse_ports(struct parser *p, uint32_t *lo, uint32_t *hi)
{
	char text[WORD_MAX];
	const char *at = word_text(p, text);
	uint64_t low, high;
	bool good = p->token.kind == TOKEN_NUMBER && digits_take(&at, 65535, &low);

	high = good ? low : 0;
	if (good && *at == '-')
		good = *++at && digits_take(&at, 65535, &high);
	if (!good || *at || low < 1)
		return parser_unexpected(p, "a port or a range of ports",
					 "write 80, or 8000-8100; ports are 1 to 65535");
	if (low > high) {
		report_error(p->report, p->token.place, "write the smaller port first", "an empty range of ports");
		return false;
	}
	*lo = (uint32_t)low;
	*hi = (uint32_t)high;
	parser_advance(p);
	return true;
}

bool parser_sees_address(const struct parser *p)
{
	return p->token.kind == TOKEN_ADDRESS || p->token.kind == TOKEN_NUMBER;
}

static bool address_read(const char *text, struct rules_prefix *prefix)
{
	*prefix = (struct rules_prefix){.family = RULES_FAMILY_IPV4, .len = 32};
	if (inet_pton(AF_INET, text, prefix->addr) == 1)
		return true;
	*prefix = (struct rules_prefix){.family = RULES_FAMILY_IPV6, .len = 128};
	return inet_pton(AF_INET6, text, prefix->addr) == 1;
}

#define ADDRESS_REMEDY "write 10.0.0.1, 10.0.0.0/24, 10.0.0.5-10.0.0.9, or the like with IPv6"

/* An address and perhaps a length; bits behind the length stay. */
static bool prefix_read(struct parser *p, struct rules_prefix *prefix)
{
	char text[WORD_MAX];
	char *slash = strchr(word_text(p, text), '/');
	const char *at = slash ? slash + 1 : NULL;
	uint64_t len;

	if (slash)
		*slash = 0;
	if (!parser_sees_address(p) || !address_read(text, prefix))
		return parser_unexpected(p, "an address", ADDRESS_REMEDY);
	if (!slash)
		return true;
	if (!digits_take(&at, prefix->len, &len) || *at)
		return parser_unexpected(p, "a prefix", "the length is at most 32 for IPv4 and 128 for IPv6");
	prefix->len = (uint8_t)len;
	return true;
}

bool parse_interface_address(struct parser *p, struct rules_prefix *prefix)
{
	if (!prefix_read(p, prefix))
		return false;
	parser_advance(p);
	return true;
}

static void key_write(struct rules_key key, uint8_t addr[16])
{
	for (int i = 0; i < 8; i++) {
		addr[i] = (uint8_t)(key.hi >> (56 - 8 * i));
		addr[8 + i] = (uint8_t)(key.lo >> (56 - 8 * i));
	}
}

static bool hosts_add(struct parser *p, struct hosts *hosts, const struct rules_prefix *prefix)
{
	if (hosts->count >= POLICY_LIST_MAX) {
		report_error(p->report, p->token.place, "use prefixes instead of single addresses",
			     "more than %u addresses in one list", POLICY_LIST_MAX);
		return false;
	}
	*(struct rules_prefix *)arena_append(&p->policy->arena, &hosts->items, &hosts->count, sizeof *prefix) = *prefix;
	return true;
}

typedef unsigned __int128 wide_t;

static wide_t wide_of(const struct rules_prefix *prefix)
{
	struct rules_key key = rules_key_of(prefix->addr);

	return (wide_t)key.hi << 64 | key.lo;
}

/* The addresses @low .. @high as the fewest prefixes. */
static bool hosts_add_range(struct parser *p, struct hosts *hosts, const struct rules_prefix *low,
			    const struct rules_prefix *high)
{
	unsigned shift = 128u - low->len; /* an IPv4 address stands at the top */
	wide_t at = wide_of(low) >> shift, last = wide_of(high) >> shift;

	for (;;) {
		struct rules_prefix prefix = *low;
		unsigned bits = 0; /* behind the prefix */
		wide_t wide;

		while (bits < low->len && !(at >> bits & 1) && (at | (((wide_t)2 << bits) - 1)) <= last)
			bits++;
		wide = at << shift;
		key_write((struct rules_key){(uint64_t)(wide >> 64), (uint64_t)wide}, prefix.addr);
		prefix.len = (uint8_t)(low->len - bits);
		if (!hosts_add(p, hosts, &prefix))
			return false;
		at |= bits ? (((wide_t)1 << (bits - 1)) - 1) << 1 | 1 : 0;
		if (at >= last)
			return true;
		at++;
	}
}

static bool parse_address_range(struct parser *p, struct hosts *hosts)
{
	char text[WORD_MAX];
	struct rules_prefix low, high;
	char *dash = strchr(word_text(p, text), '-');

	*dash = 0;
	if (!address_read(text, &low) || !address_read(dash + 1, &high) || low.family != high.family)
		return parser_unexpected(p, "a range of addresses", ADDRESS_REMEDY);
	if (wide_of(&low) > wide_of(&high)) {
		report_error(p->report, p->token.place, "write the smaller address first",
			     "an empty range of addresses");
		return false;
	}
	if (!hosts_add_range(p, hosts, &low, &high))
		return false;
	parser_advance(p);
	return true;
}

bool parse_address(struct parser *p, struct hosts *hosts)
{
	char text[WORD_MAX], shown[INET6_ADDRSTRLEN], remedy[100];
	struct rules_prefix prefix, cut;

	if (parser_sees_address(p) && strchr(word_text(p, text), '-'))
		return parse_address_range(p, hosts);
	if (!prefix_read(p, &prefix))
		return false;
	cut = prefix;
	key_write(rules_key_cut(rules_key_of(prefix.addr), prefix.len), cut.addr);
	if (memcmp(cut.addr, prefix.addr, sizeof cut.addr)) {
		inet_ntop(prefix.family == RULES_FAMILY_IPV4 ? AF_INET : AF_INET6, cut.addr, shown, sizeof shown);
		snprintf(remedy, sizeof remedy, "write %s/%u for the network, or leave the length out", shown,
			 prefix.len);
		report_error(p->report, p->token.place, remedy, "an address inside the network where a prefix belongs");
		return false;
	}
	if (!hosts_add(p, hosts, &prefix))
		return false;
	parser_advance(p);
	return true;
}

/* Units of rates. A period of 0: a burst, which has none. */
static const struct {
	const char *word;
	uint64_t scale;
	uint32_t seconds;
	enum rate_unit unit;
} units[] = {
	{"/s", 1, 1, RATE_EVENTS},
	{"/min", 1, 60, RATE_EVENTS},
	{"/h", 1, 3600, RATE_EVENTS},
	{"bit/s", 1, 1, RATE_BITS},
	{"kbit/s", 1000, 1, RATE_BITS},
	{"mbit/s", 1000000, 1, RATE_BITS},
	{"gbit/s", 1000000000, 1, RATE_BITS},
	{"packets/s", 1, 1, RATE_PACKETS},
	{"", 1, 0, RATE_EVENTS},
	{"bit", 1, 0, RATE_BITS},
	{"kbit", 1000, 0, RATE_BITS},
	{"mbit", 1000000, 0, RATE_BITS},
	{"packets", 1, 0, RATE_PACKETS},
};

#define AMOUNT_MAX 1000000u /* in its unit */

/* A number with a unit; a period where @is_rate, none where not. */
static bool parse_quantity(struct parser *p, bool is_rate, uint64_t *amount, uint32_t *seconds, enum rate_unit *unit)
{
	char text[WORD_MAX];
	const char *at = word_text(p, text);
	bool good = p->token.kind == TOKEN_NUMBER && digits_take(&at, AMOUNT_MAX, amount) && *amount > 0;

	for (size_t i = 0; good && i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(at, units[i].word) || is_rate != (units[i].seconds > 0) ||
		    *amount > RULES_RATE_MAX / units[i].scale)
			continue;
		*amount *= units[i].scale;
		*seconds = units[i].seconds;
		*unit = units[i].unit;
		parser_advance(p);
		return true;
	}
	return parser_unexpected(
		p, is_rate ? "a rate" : "a burst",
		is_rate ? "write it in one word: 20/s, 5/min, 100/h, 10mbit/s, 500packets/s; 10gbit/s at most"
			: "write it in one word: 40, 64kbit, 100packets; at most 1000000");
}

bool parse_rate(struct parser *p, const struct burst_default *otherwise, struct rules_rate *rate, enum rate_unit *unit)
{
	enum rate_unit burst_unit;
	uint32_t ignored;
	struct place place;

	*rate = (struct rules_rate){0};
	if (!parse_quantity(p, true, &rate->amount, &rate->seconds, unit))
		return false;
	rate->burst = *unit == RATE_BITS ? MAX((rate->amount + otherwise->part - 1) / otherwise->part, otherwise->least)
					 : rate->amount;
	if (!parser_accept(p, "burst"))
		return true;
	place = p->token.place;
	if (!parse_quantity(p, false, &rate->burst, &ignored, &burst_unit))
		return false;
	if (burst_unit == *unit || (*unit == RATE_PACKETS && burst_unit == RATE_EVENTS))
		return true;
	report_error(p->report, place, "give the burst in the rate's unit: 20/s burst 40, 10mbit/s burst 1mbit",
		     "a burst in another unit than its rate");
	return false;
}
