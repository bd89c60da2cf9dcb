/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The check of a rules table from an untrusted source. What it passes, rules.c may read without
 * looking again: every number is one that the format defines, and a field without meaning for its
 * rule is zero, so that two tables that mean the same are the same bytes.
 */
#include <string.h>

#include "rules.h"

static bool bytes_are_zero(const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len-- > 0) {
		if (*p++ != 0)
			return false;
	}
	return true;
}

static enum rules_error header_check(const struct rules_header *header, size_t len)
{
	if (header->magic != RULES_MAGIC)
		return RULES_ERROR_MAGIC;
	if (header->version != RULES_VERSION)
		return RULES_ERROR_VERSION;
	if (header->header_size != sizeof(struct rules_header) || header->rule_size != sizeof(struct rules_rule) ||
	    header->rule_count > RULES_COUNT_MAX || header->total_size != len ||
	    len != sizeof(struct rules_header) + (size_t)header->rule_count * sizeof(struct rules_rule))
		return RULES_ERROR_SIZE;
	if (!bytes_are_zero(header->reserved, sizeof(header->reserved)))
		return RULES_ERROR_RESERVED;
	return RULES_OK;
}

static enum rules_error prefix_check(const struct rules_prefix *prefix)
{
	uint32_t bits = be32_get(prefix->addr);

	if (!bytes_are_zero(prefix->reserved, sizeof(prefix->reserved)))
		return RULES_ERROR_RESERVED;
	if (prefix->family == RULES_FAMILY_ANY)
		return bytes_are_zero(prefix, sizeof(*prefix)) ? RULES_OK : RULES_ERROR_PREFIX;
	if (prefix->family != RULES_FAMILY_IPV4 || prefix->len > 32 ||
	    !bytes_are_zero(prefix->addr + 4, sizeof(prefix->addr) - 4))
		return RULES_ERROR_PREFIX;
	if (prefix->len < 32 && (bits & (0xffffffffu >> prefix->len)) != 0)
		return RULES_ERROR_PREFIX;
	return RULES_OK;
}

static bool is_number(uint8_t iface)
{
	return iface < RULES_IF_COUNT;
}

static bool is_uplink(uint8_t iface)
{
	return is_number(iface) || iface == RULES_IF_UPLINK;
}

/* As from_if: a number, a side or any; as to_if the router itself too. */
static bool is_place(uint8_t iface, bool as_to)
{
	return is_uplink(iface) || iface == RULES_IF_INNER || iface == RULES_IF_ANY ||
	       (as_to && iface == RULES_IF_SELF);
}

static enum rules_error ifaces_check(const struct rules_rule *rule)
{
	bool good;

	switch (rule->kind) {
	case RULES_KIND_PUBLISH: good = is_uplink(rule->from_if) && is_number(rule->to_if); break;
	case RULES_KIND_MASQUERADE:
		good = is_place(rule->from_if, false) && rule->from_if != RULES_IF_UPLINK && is_uplink(rule->to_if);
		break;
	default: good = is_place(rule->from_if, false) && is_place(rule->to_if, true);
	}
	return good ? RULES_OK : RULES_ERROR_IFACE;
}

static enum rules_error ports_check(const struct rules_rule *rule)
{
	bool has_ports = rule->proto == RULES_PROTO_TCP || rule->proto == RULES_PROTO_UDP;

	if (!has_ports)
		return rule->port_lo == 0 && rule->port_hi == 65535 ? RULES_OK : RULES_ERROR_PORTS;
	return rule->port_lo <= rule->port_hi ? RULES_OK : RULES_ERROR_PORTS;
}

static enum rules_error target_check(const struct rules_rule *rule)
{
	if (rule->kind != RULES_KIND_PUBLISH)
		return rule->target_port == 0 && bytes_are_zero(rule->target_addr, 16) ? RULES_OK : RULES_ERROR_TARGET;
	if (rule->target_port == 0 || rule->port_lo == 0 ||
	    rule->target_port + (rule->port_hi - rule->port_lo) > 65535 || !bytes_are_zero(rule->target_addr + 4, 12))
		return RULES_ERROR_TARGET;
	return RULES_OK;
}

static enum rules_error rule_check(const struct rules_rule *rule)
{
	enum rules_error error;

	if (rule->kind < RULES_KIND_ALLOW || rule->kind > RULES_KIND_PUBLISH)
		return RULES_ERROR_KIND;
	if (rule->proto != RULES_PROTO_ANY && rule->proto != RULES_PROTO_ICMP && rule->proto != RULES_PROTO_TCP &&
	    rule->proto != RULES_PROTO_UDP)
		return RULES_ERROR_PROTO;
	if (rule->kind == RULES_KIND_PUBLISH && (rule->proto == RULES_PROTO_ANY || rule->proto == RULES_PROTO_ICMP))
		return RULES_ERROR_PROTO;
	if (rule->flags & ~RULES_FLAGS_KNOWN)
		return RULES_ERROR_FLAGS;
	if (rule->reserved != 0)
		return RULES_ERROR_RESERVED;
	if ((error = ifaces_check(rule)) != RULES_OK || (error = ports_check(rule)) != RULES_OK ||
	    (error = prefix_check(&rule->from)) != RULES_OK || (error = prefix_check(&rule->to)) != RULES_OK)
		return error;
	return target_check(rule);
}

enum rules_error rules_check(const void *table, size_t len, uint32_t *index)
{
	uint32_t ignored;
	struct rules_table view;
	enum rules_error error;

	if (!index)
		index = &ignored;
	*index = RULE_INDEX_NONE;
	if ((uintptr_t)table % 4 != 0)
		return RULES_ERROR_ALIGNMENT;
	if (len < sizeof(struct rules_header))
		return RULES_ERROR_SHORT;
	error = header_check(table, len);
	if (error != RULES_OK)
		return error;
	view = rules_view(table);
	for (uint32_t i = 0; i < view.count; i++) {
		error = rule_check(&view.rules[i]);
		if (error != RULES_OK) {
			*index = i;
			return error;
		}
	}
	return RULES_OK;
}

const char *rules_error_get_text(enum rules_error error)
{
	switch (error) {
	case RULES_OK: return "good";
	case RULES_ERROR_SHORT: return "the table is shorter than its header";
	case RULES_ERROR_ALIGNMENT: return "the table is not aligned to 4 bytes";
	case RULES_ERROR_MAGIC: return "not a rules table";
	case RULES_ERROR_VERSION: return "a version of the table that is not known here";
	case RULES_ERROR_SIZE: return "sizes or counts that do not fit the table";
	case RULES_ERROR_RESERVED: return "a reserved field is not zero";
	case RULES_ERROR_KIND: return "unknown kind of rule";
	case RULES_ERROR_PROTO: return "unknown protocol, or one that the kind does not take";
	case RULES_ERROR_IFACE: return "no such interface, or none that the kind takes";
	case RULES_ERROR_FLAGS: return "unknown flag";
	case RULES_ERROR_PORTS: return "empty port range, or ports without TCP or UDP";
	case RULES_ERROR_PREFIX: return "malformed address prefix";
	case RULES_ERROR_TARGET: return "target missing, out of range, or without meaning";
	}
	return "unknown error";
}
