/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts by hash. The invariant: each count is the number of half-open connections whose source, or network, has that
 * place, so that it is never less than a source's own.
 */
#include "openers.h"

#include <base/check.h>

/* What is hashed says what for, so that no hash is another's. */
enum purpose { FOR_SOURCE, FOR_NETWORK, FOR_PROVEN, FOR_QUESTION };

struct salt {
	struct ip_addr addr;
	uint32_t purpose, list;
};

struct question_salt {
	struct openers_question question;
	uint32_t purpose;
	uint64_t time;
};

void openers_init(struct openers *openers, struct siphash_key key)
{
	openers->key = key;
}

struct ip_addr openers_source(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? addr : ip_addr_cut(addr, 64);
}

static struct ip_addr network_of(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? ip_addr_from_v4(ip_addr_to_v4(addr) & 0xffffff00u) : ip_addr_cut(addr, 48);
}

static uint64_t hash(const struct openers *openers, enum purpose purpose, struct ip_addr addr, uint32_t list)
{
	struct salt salt = {addr, purpose, list};

	return siphash(&openers->key, &salt, sizeof(salt));
}

static uint32_t hash_question(const struct openers *openers, const struct openers_question *question, uint64_t time)
{
	struct question_salt salt = {*question, FOR_QUESTION, time};

	_Static_assert(sizeof(salt) == 48, "no padding to hash");
	return (uint32_t)siphash(&openers->key, &salt, sizeof(salt));
}

void openers_prove(struct openers *openers, struct ip_addr addr, uint64_t now)
{
	struct ip_addr source = openers_source(addr);
	struct openers_proven *set = openers->proven[hash(openers, FOR_PROVEN, source, 0) % OPENERS_PROVEN_SETS];
	struct openers_proven *place = set;

	for (unsigned i = 0; i < OPENERS_PROVEN_WAYS; i++) {
		if (set[i].until && ip_addr_equal(set[i].source, source)) {
			place = &set[i];
			break;
		}
		if (set[i].until < place->until)
			place = &set[i];
	}
	*place = (struct openers_proven){source, now + OPENERS_PROVEN_NS};
}

bool openers_is_proven(const struct openers *openers, struct ip_addr addr, uint64_t now)
{
	struct ip_addr source = openers_source(addr);
	const struct openers_proven *set = openers->proven[hash(openers, FOR_PROVEN, source, 0) % OPENERS_PROVEN_SETS];

	for (unsigned i = 0; i < OPENERS_PROVEN_WAYS; i++)
		if (now < set[i].until && ip_addr_equal(set[i].source, source))
			return true;
	return false;
}

uint32_t openers_ask(struct openers *openers, const struct openers_question *question, uint64_t now)
{
	openers->asked_ns = now;
	openers->asked++;
	return hash_question(openers, question, now / OPENERS_ANSWER_NS);
}

bool openers_is_answer(const struct openers *openers, const struct openers_question *question, uint32_t number,
		       uint64_t now)
{
	uint64_t time = now / OPENERS_ANSWER_NS;

	if (!openers->asked || now - openers->asked_ns > 2 * OPENERS_ANSWER_NS)
		return false;
	return number == hash_question(openers, question, time) ||
	       (time && number == hash_question(openers, question, time - 1));
}

static uint32_t source_at(const struct openers *openers, struct ip_addr addr, uint32_t list)
{
	return hash(openers, FOR_SOURCE, openers_source(addr), list) % OPENERS_SOURCES;
}

static uint32_t network_at(const struct openers *openers, struct ip_addr addr, uint32_t list)
{
	return hash(openers, FOR_NETWORK, network_of(addr), list) % OPENERS_NETWORKS;
}

uint32_t openers_count_source(const struct openers *openers, struct ip_addr addr, uint32_t list)
{
	return openers->sources[source_at(openers, addr, list)];
}

uint32_t openers_count_network(const struct openers *openers, struct ip_addr addr, uint32_t list)
{
	return openers->networks[network_at(openers, addr, list)];
}

void openers_enter(struct openers *openers, struct ip_addr addr, uint32_t list)
{
	openers->sources[source_at(openers, addr, list)]++;
	openers->networks[network_at(openers, addr, list)]++;
}

void openers_leave(struct openers *openers, struct ip_addr addr, uint32_t list)
{
	uint32_t *source = &openers->sources[source_at(openers, addr, list)];
	uint32_t *network = &openers->networks[network_at(openers, addr, list)];

	CHECK(*source > 0 && *network > 0);
	--*source;
	--*network;
}
