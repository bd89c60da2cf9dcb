/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The check of a rules table from an untrusted source: header, interfaces, limits, blocks and rules; what leads to a
 * rule is in rules_check_lookup.c. What it passes, rules.c may read without looking again: every number is one that the
 * format defines, the parts lie one behind the other, and a field without meaning is zero.
 */
#include <base/sha256.h>
#include <string.h>

#include "rules_check.h"

#define DIGEST_PART 8192u /* bytes between two pauses */

bool rules_bytes_are_zero(const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len-- > 0) {
		if (*p++ != 0)
			return false;
	}
	return true;
}

static void digest_make(const void *table, size_t len, const struct rules_pause *pause, uint8_t digest[SHA256_LEN])
{
	size_t at = offsetof(struct rules_header, sha256) + SHA256_LEN, part;
	const uint8_t *bytes = table;
	struct sha256 state;

	sha256_init(&state);
	sha256_update(&state, bytes, at - SHA256_LEN);
	for (; at < len; at += part) {
		part = len - at < DIGEST_PART ? len - at : DIGEST_PART;
		sha256_update(&state, bytes + at, part);
		rules_pause_now(pause);
	}
	sha256_final(&state, digest);
}

void rules_get_digest(const void *table, size_t len, uint8_t digest[32])
{
	digest_make(table, len, NULL, digest);
}

static bool digest_is_right(const struct rules_header *header, size_t len, const struct rules_pause *pause)
{
	uint8_t digest[SHA256_LEN];

	digest_make(header, len, pause, digest);
	return memcmp(digest, header->sha256, SHA256_LEN) == 0;
}

static bool counts_are_right(const struct rules_header *h)
{
	return h->block_count <= RULES_BLOCK_MAX && h->rule_count <= RULES_COUNT_MAX &&
	       h->target_count <= RULES_TARGET_MAX && h->limit_count <= RULES_LIMIT_MAX &&
	       h->log_count <= RULES_LOG_MAX && h->counter_count <= RULES_COUNTER_MAX &&
	       h->prefix_count <= RULES_PREFIX_MAX && h->tuple_count <= RULES_TUPLE_MAX &&
	       h->group_count <= RULES_GROUP_MAX && h->range_count <= RULES_RANGE_MAX &&
	       h->slot_count <= RULES_SLOT_MAX;
}

static enum rules_error header_check(const struct rules_header *h, size_t len, const struct rules_pause *pause)
{
	if (h->magic != RULES_MAGIC)
		return RULES_ERROR_MAGIC;
	if (h->version != RULES_VERSION)
		return RULES_ERROR_VERSION;
	if (h->header_size != sizeof(*h) || h->total_size != len || !counts_are_right(h) || rules_get_size(h) != len)
		return RULES_ERROR_SIZE;
	if (!rules_bytes_are_zero(h->reserved, sizeof(h->reserved)))
		return RULES_ERROR_RESERVED;
	if (h->first_block != RULES_BLOCK_NONE && h->first_block >= h->block_count)
		return RULES_ERROR_BLOCK;
	return digest_is_right(h, len, pause) ? RULES_OK : RULES_ERROR_DIGEST;
}

/* A name in a zero-padded field of @size bytes, which shows in lines of the console. */
static bool name_is_valid(const char *name, size_t size)
{
	size_t len = 0;

	for (; len < size && name[len] != 0; len++) {
		char c = name[len];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		      c == '_' || c == '.'))
			return false;
	}
	return len > 0 && len < size && rules_bytes_are_zero(name + len, size - len);
}

static bool addresses_are_right(uint8_t len, uint8_t len_max, const uint8_t *addr, const uint8_t *peer, size_t size)
{
	if (len == 0)
		return rules_bytes_are_zero(addr, size) && rules_bytes_are_zero(peer, size);
	return len <= len_max && !rules_bytes_are_zero(addr, size);
}

static bool rate_is_right(const struct rules_rate *rate, bool must_be)
{
	if (rate->amount == 0)
		return !must_be && rules_bytes_are_zero(rate, sizeof(*rate));
	return rate->amount <= RULES_RATE_MAX && rate->burst >= 1 && rate->burst <= RULES_RATE_MAX &&
	       rate->seconds >= 1 && rate->seconds <= RULES_RATE_SECONDS_MAX && rate->reserved == 0;
}

/* What comes from outside is there already, so that it cannot be made to wait. */
static bool shape_is_right(const struct rules_iface *iface)
{
	for (unsigned way = 0; way < 2; way++) {
		const struct rules_rate *rate = &iface->shape[way];

		if (!rate_is_right(rate, false))
			return false;
		if (rate->amount && (rate->amount < RULES_SHAPE_MIN || rate->burst < RULES_SHAPE_BURST_MIN ||
				     rate->seconds != 1 || (way == 0 && iface->kind != RULES_IF_INNER)))
			return false;
	}
	return true;
}

static enum rules_error iface_check(const struct rules_iface *iface)
{
	if (iface->kind == RULES_IF_NONE)
		return rules_bytes_are_zero(iface, sizeof(*iface)) ? RULES_OK : RULES_ERROR_IFACE;
	if (!rules_bytes_are_zero(iface->reserved, sizeof(iface->reserved)))
		return RULES_ERROR_RESERVED;
	if (!name_is_valid(iface->name, sizeof(iface->name)))
		return RULES_ERROR_NAME;
	if (iface->kind > RULES_IF_UPLINK || !addresses_are_right(iface->len4, 32, iface->addr4, iface->peer4, 4) ||
	    !addresses_are_right(iface->len6, 128, iface->addr6, iface->peer6, 16))
		return RULES_ERROR_IFACE;
	return shape_is_right(iface) ? RULES_OK : RULES_ERROR_RATE;
}

static enum rules_error limit_check(const struct rules_limit *limit)
{
	if (!name_is_valid(limit->name, sizeof(limit->name)))
		return RULES_ERROR_NAME;
	if (!rate_is_right(&limit->flows, false))
		return RULES_ERROR_RATE;
	for (unsigned way = 0; way < 2; way++) {
		if (!rate_is_right(&limit->bits[way], false) || !rate_is_right(&limit->packets[way], false))
			return RULES_ERROR_RATE;
	}
	return RULES_OK;
}

static bool index_is_right(uint16_t index, uint32_t count)
{
	return index == RULES_INDEX_NONE || index < count;
}

static enum rules_error target_check(const struct rules_table *t, const struct rules_target *target)
{
	if (target->reserved != 0)
		return RULES_ERROR_RESERVED;
	if (target->iface >= RULES_IF_COUNT || t->ifaces[target->iface].kind != RULES_IF_INNER || target->port == 0)
		return RULES_ERROR_TARGET;
	return RULES_OK;
}

/* Check @rule, whose targets begin at number @target if it has any. */
static enum rules_error rule_check(const struct rules_table *t, const struct rules_rule *rule, uint32_t target)
{
	const struct rules_header *h = t->header;

	if (rule->action < RULES_ACTION_ALLOW || rule->action > RULES_ACTION_PUBLISH)
		return RULES_ERROR_ACTION;
	if (rule->reserved0 != 0)
		return RULES_ERROR_RESERVED;
	if (!index_is_right(rule->limit, h->limit_count) || !index_is_right(rule->log, h->log_count) ||
	    !index_is_right(rule->counter, h->counter_count))
		return RULES_ERROR_INDEX;
	if (rule->limit != RULES_INDEX_NONE &&
	    (rule->action == RULES_ACTION_DROP || rule->action == RULES_ACTION_REJECT))
		return RULES_ERROR_INDEX;
	if (rule->action != RULES_ACTION_PUBLISH)
		return rule->first_target == 0 && rule->target_count == 0 && rule->port_lo == 0 ? RULES_OK
												: RULES_ERROR_TARGET;
	if (rule->target_count == 0 || rule->port_lo == 0 || rule->first_target != target ||
	    rule->target_count > h->target_count - target)
		return RULES_ERROR_TARGET;
	for (uint32_t i = 0; i < rule->target_count; i++) {
		enum rules_error error = target_check(t, &t->targets[target + i]);

		if (error != RULES_OK)
			return error;
	}
	return RULES_OK;
}

/* May a packet go the way from @from to @to, both in range, and take a rule of @action there? */
static bool way_takes(const struct rules_table *t, uint32_t from, uint32_t to, uint8_t action)
{
	bool to_uplink = to < RULES_IF_COUNT && t->ifaces[to].kind == RULES_IF_UPLINK;

	switch (action) {
	case RULES_ACTION_MASQUERADE: return t->ifaces[from].kind == RULES_IF_INNER && to_uplink;
	case RULES_ACTION_PUBLISH: return t->ifaces[from].kind == RULES_IF_UPLINK && to == RULES_TO_SELF;
	}
	return true;
}

static enum rules_error pair_check(const struct rules_table *t, uint32_t from, uint32_t to)
{
	uint8_t number = t->pairs->block[from][to];
	const struct rules_block *block;

	if (number == RULES_BLOCK_NONE)
		return RULES_OK;
	if (number >= t->header->block_count || number == t->header->first_block ||
	    t->ifaces[from].kind == RULES_IF_NONE || (to < RULES_IF_COUNT && t->ifaces[to].kind == RULES_IF_NONE))
		return RULES_ERROR_PAIR;
	block = &t->blocks[number];
	for (uint32_t i = 0; i < block->rule_count; i++) {
		if (!way_takes(t, from, to, t->rules[block->first_rule + i].action))
			return RULES_ERROR_PAIR;
	}
	return RULES_OK;
}

static enum rules_error pairs_check(const struct rules_table *t, uint32_t *index)
{
	for (uint32_t i = 0; i < RULES_IF_COUNT * RULES_TO_COUNT; i++) {
		enum rules_error error = pair_check(t, i / RULES_TO_COUNT, i % RULES_TO_COUNT);

		*index = i;
		if (error != RULES_OK)
			return error;
	}
	return RULES_OK;
}

static enum rules_error blocks_check(const struct rules_table *t, uint32_t *index)
{
	uint32_t rules = 0, tuples = 0;

	for (uint32_t i = 0; i < t->header->block_count; i++) {
		const struct rules_block *block = &t->blocks[i];

		*index = i;
		if (block->reserved != 0)
			return RULES_ERROR_RESERVED;
		if (block->first_rule != rules || block->rule_count > t->count - rules ||
		    block->first_tuple != tuples || block->tuple_count > t->header->tuple_count - tuples)
			return RULES_ERROR_BLOCK;
		rules += block->rule_count;
		tuples += block->tuple_count;
		for (uint32_t k = block->first_rule; k < rules && i == t->header->first_block; k++) {
			if (t->rules[k].action != RULES_ACTION_DROP && t->rules[k].action != RULES_ACTION_REJECT)
				return RULES_ERROR_BLOCK;
		}
	}
	return rules == t->count && tuples == t->header->tuple_count ? RULES_OK : RULES_ERROR_BLOCK;
}

static enum rules_error rules_each_check(const struct rules_table *t, const struct rules_pause *pause, uint32_t *used,
					 uint32_t *index)
{
	uint32_t target = 0;

	for (uint32_t i = 0; i < t->count; i++) {
		const struct rules_rule *rule = &t->rules[i];
		enum rules_error error = rule_check(t, rule, target);

		rules_pause_at(pause, i);
		*index = i;
		if (error != RULES_OK)
			return error;
		target += rule->target_count;
		*used |= (rule->target_count > 1 ? RULES_FEATURE_BALANCE : 0) |
			 (rule->limit != RULES_INDEX_NONE ? RULES_FEATURE_LIMIT : 0) |
			 (rule->log != RULES_INDEX_NONE ? RULES_FEATURE_LOG : 0) |
			 (rule->counter != RULES_INDEX_NONE ? RULES_FEATURE_COUNT : 0);
	}
	return target == t->header->target_count ? RULES_OK : RULES_ERROR_TARGET;
}

/* Interfaces, limits, logs and counters: what stands for itself. */
static enum rules_error singles_check(const struct rules_table *t, uint32_t *index)
{
	enum rules_error error;

	for (*index = 0; *index < RULES_IF_COUNT; ++*index) {
		if ((error = iface_check(&t->ifaces[*index])) != RULES_OK)
			return error;
	}
	for (*index = 0; *index < t->header->limit_count; ++*index) {
		if ((error = limit_check(&t->limits[*index])) != RULES_OK)
			return error;
	}
	for (*index = 0; *index < t->header->log_count; ++*index) {
		if (!rate_is_right(&t->logs[*index], true))
			return RULES_ERROR_RATE;
	}
	for (*index = 0; *index < t->header->counter_count; ++*index) {
		if (!name_is_valid(t->counters[*index].name, RULES_NAME_MAX))
			return RULES_ERROR_NAME;
	}
	return RULES_OK;
}

static enum rules_error parts_check(const struct rules_table *t, const struct rules_pause *pause, uint32_t *used,
				    uint32_t *index)
{
	enum rules_error error;

	for (uint32_t i = 0; i < RULES_IF_COUNT; i++)
		*used |= t->ifaces[i].shape[0].amount || t->ifaces[i].shape[1].amount ? RULES_FEATURE_SHAPE : 0;
	if ((error = singles_check(t, index)) != RULES_OK ||
	    (error = rules_each_check(t, pause, used, index)) != RULES_OK ||
	    (error = blocks_check(t, index)) != RULES_OK || (error = pairs_check(t, index)) != RULES_OK)
		return error;
	return rules_check_lookup(t, pause, used, index);
}

enum rules_error rules_check(const void *table, size_t len, uint32_t features, uint32_t *index)
{
	return rules_check_slowly(table, len, features, NULL, index);
}

enum rules_error rules_check_slowly(const void *table, size_t len, uint32_t features, const struct rules_pause *pause,
				    uint32_t *index)
{
	const struct rules_header *header = table;
	uint32_t ignored, used = 0;
	struct rules_table view;
	enum rules_error error;

	if (!index)
		index = &ignored;
	*index = RULE_INDEX_NONE;
	if ((uintptr_t)table % 8 != 0)
		return RULES_ERROR_ALIGNMENT;
	if (len < sizeof(struct rules_header))
		return RULES_ERROR_SHORT;
	error = header_check(header, len, pause);
	if (error != RULES_OK)
		return error;
	if (header->features & ~features)
		return RULES_ERROR_UNSUPPORTED;
	view = rules_view(table);
	error = parts_check(&view, pause, &used, index);
	if (error != RULES_OK)
		return error;
	*index = RULE_INDEX_NONE;
	return used == header->features ? RULES_OK : RULES_ERROR_FEATURES;
}

const char *rules_error_get_text(enum rules_error error)
{
	static const char *const texts[RULES_ERROR_COUNT] = {
		[RULES_OK] = "good",
		[RULES_ERROR_SHORT] = "the table is shorter than its header",
		[RULES_ERROR_ALIGNMENT] = "the table is not aligned to 8 bytes",
		[RULES_ERROR_MAGIC] = "not a rules table",
		[RULES_ERROR_VERSION] = "a version of the table that is not known here: compile the rules again",
		[RULES_ERROR_SIZE] = "sizes or counts that do not fit the table",
		[RULES_ERROR_RESERVED] = "a reserved field is not zero",
		[RULES_ERROR_DIGEST] = "its digest is another: it was damaged on the way",
		[RULES_ERROR_UNSUPPORTED] = "it asks for something that is not supported by this router yet",
		[RULES_ERROR_FEATURES] = "it does not name the features that it uses",
		[RULES_ERROR_IFACE] = "an interface of no known kind, or a malformed address there",
		[RULES_ERROR_RATE] = "a rate out of range",
		[RULES_ERROR_NAME] = "a malformed name",
		[RULES_ERROR_PAIR] = "a block for a way that there is not, or that its rules do not take",
		[RULES_ERROR_BLOCK] = "blocks that do not lie one behind the other, or a first block that allows",
		[RULES_ERROR_ACTION] = "unknown action",
		[RULES_ERROR_TARGET] = "target missing, out of range, or without meaning",
		[RULES_ERROR_INDEX] = "no such limit, log or counter, or none that the action takes",
		[RULES_ERROR_PREFIX] = "malformed address prefix",
		[RULES_ERROR_TUPLE] = "malformed tuple",
		[RULES_ERROR_GROUP] = "malformed group",
		[RULES_ERROR_RANGE] = "ranges that overlap, are not in order, or belong to no rule of their block",
		[RULES_ERROR_SLOT] = "a hash table that does not lead to each of its groups",
	};

	return error < RULES_ERROR_COUNT && texts[error] ? texts[error] : "unknown error";
}
