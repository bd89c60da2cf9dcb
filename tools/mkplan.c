/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mkplan OUT [RULES]: writes the plan that is linked in (tools/plan_source.h) as the flat table of abi/plan.h, with the
 * policy that `cambium rules compile` wrote to RULES. Invariant: what is written passed the very check that the control
 * domain makes, the policy the one that the router makes, and the two agree about the router's interfaces. The words `@names`
 * and `@leases` on a command line become the domains' names and addresses (lib/plan_names.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/sha256.h>
#include <net/core/rules.h>
#include <unikernel/control/core/plan_check.h>
#include "lib/plan_names.h"
#include "plan_source.h"

/* The policy as it goes into the plan; no bytes: none. */
struct policy_file {
	void *table;
	uint32_t bytes;
};

static uint8_t *append(uint8_t *at, const void *data, size_t bytes)
{
	if (bytes)
		memcpy(at, data, bytes);
	return at + bytes;
}

/* Puts the command line @line of the domain @d of the table @plan there, a long one at *@at, which moves behind it. */
static void line_put(uint8_t *plan, struct plan_domain *d, const char *line, uint32_t *at)
{
	size_t bytes = strlen(line) + 1;

	memset(d->cmdline, 0, sizeof d->cmdline);
	if (bytes <= sizeof d->cmdline) {
		memcpy(d->cmdline, line, bytes);
		return;
	}
	d->long_cmdline = *at;
	memcpy(plan + *at, line, bytes);
	*at += (uint32_t)bytes;
}

/* The plan as one allocated table, with the compiled policy and the command lines in it; its length to *@length. */
static uint8_t *plan_write(const struct plan_source *s, const struct policy_file *policy, uint32_t *length)
{
	size_t domains = s->domain_count * sizeof *s->domains, links = s->link_count * sizeof *s->links;
	struct plan_header h = {.magic = PLAN_MAGIC, .version = PLAN_VERSION};
	struct plan_domain *d;
	uint8_t *table, *at;

	h.domain_count = s->domain_count;
	h.link_count = s->link_count;
	h.rules_offset = (uint32_t)align_up(sizeof h + domains + links, 8);
	h.rules_bytes = policy->bytes;
	h.length = h.rules_offset + h.rules_bytes;
	table = calloc(1, h.length + (size_t)s->domain_count * PLAN_CMDLINE_MAX);
	if (!table)
		return NULL;
	d = (struct plan_domain *)(void *)(table + sizeof h);
	at = append(table + sizeof h, s->domains, domains);
	append(at, s->links, links);
	append(table + h.rules_offset, policy->table, policy->bytes);
	for (uint32_t i = 0; i < s->domain_count; i++)
		line_put(table, &d[i], s->lines[i], &h.length);
	sha256(table + sizeof h, h.length - sizeof h, h.sha256);
	append(table, &h, sizeof h);
	*length = h.length;
	return table;
}

/* Says what is wrong with the plan, by name where it has one; true when nothing is. */
static bool plan_complain(const struct plan_source *s, const uint8_t *table, uint32_t length)
{
	struct plan_view view;
	struct plan_verdict v = plan_check(table, length, &view);
	const char *whose = plan_error_whose(v.error);
	bool domain = v.error && !strcmp(whose, "domain");

	if (v.error)
		fprintf(stderr, "mkplan: error: %s: %s %u%s%.15s: %s\n", s->file, whose, v.index, domain ? ", " : "",
			domain ? s->domains[v.index].name : "", plan_error_text(v.error));
	return !v.error;
}

/* The compiled policy in the file @path. False, and a line: it cannot be read, or the router would refuse it. */
static bool policy_load(const char *path, struct policy_file *policy)
{
	FILE *f = fopen(path, "rb");
	enum rules_error error;
	long size;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET)) {
		perror(path);
		return false;
	}
	policy->bytes = (uint32_t)size;
	policy->table = malloc(policy->bytes + 1);
	if (!policy->table || fread(policy->table, 1, policy->bytes, f) != policy->bytes)
		policy->bytes = 0;
	fclose(f);
	error = rules_check(policy->table, policy->bytes, RULES_FEATURES_SUPPORTED, NULL);
	if (error)
		fprintf(stderr, "mkplan: error: %s: %s\n", path, rules_error_get_text(error));
	return !error;
}

static bool refuse_iface(const struct plan_source *s, unsigned number, const struct rules_iface *iface, const char *why)
{
	fprintf(stderr, "mkplan: error: %s: interface %u, `%.16s` in the rules: %s\n", s->file, number, iface->name,
		why);
	return false;
}

/* An address of four octets in host order. */
static uint32_t host_order(const uint8_t octets[4])
{
	return IPV4(octets[0], octets[1], octets[2], octets[3]);
}

static bool same_link(const struct rules_iface *iface, uint32_t own, uint32_t peer, uint32_t prefix)
{
	return !iface->len4 ||
	       (host_order(iface->addr4) == own && host_order(iface->peer4) == peer && iface->len4 == prefix);
}

static bool same_link6(const struct rules_iface *iface, const uint8_t own[16], const uint8_t peer[16], uint32_t prefix)
{
	return !iface->len6 ||
	       (!memcmp(iface->addr6, own, 16) && !memcmp(iface->peer6, peer, 16) && iface->len6 == prefix);
}

/* Is what the policy believes of the interface @number of the domain @taker what the plan says? */
static bool iface_agrees(const struct plan_source *s, uint32_t taker, unsigned number, const struct rules_iface *iface)
{
	const struct plan_uplink *uplink = &s->domains[taker].uplink;
	const struct plan_net6 *uplink6 = &s->domains[taker].uplink6;

	if (iface->kind == RULES_IF_UPLINK) {
		if (number != 0 || !s->domains[taker].pci_class)
			return refuse_iface(s, number, iface, "the only uplink is number 0, of a domain with a card");
		if (uplink->dhcp && iface->len4)
			return refuse_iface(
				s, number, iface,
				"the plan has the uplink's IPv4 from DHCP: give it no address of IPv4 here");
		return (same_link(iface, uplink->address, uplink->gateway, uplink->prefix) &&
			same_link6(iface, uplink6->address, uplink6->gateway, uplink6->prefix)) ||
		       refuse_iface(s, number, iface, "the plan gives the uplink other addresses");
	}
	for (uint32_t i = 0; i < s->link_count; i++) {
		const struct plan_link *link = &s->links[i];

		if (link->back != taker || link->index != number)
			continue;
		if (strcmp(iface->name, s->domains[link->front].name))
			return refuse_iface(s, number, iface, "the plan has another domain there: give it that name");
		return (same_link(iface, link->gateway, link->address, link->prefix) &&
			same_link6(iface, link->net6.gateway, link->net6.address, link->net6.prefix)) ||
		       refuse_iface(s, number, iface, "the plan gives the link other addresses");
	}
	return refuse_iface(s, number, iface, "the plan has no such link");
}

/* Does the policy fit the plan's interfaces? */
static bool policy_agrees(const struct plan_source *s, const struct policy_file *policy)
{
	struct rules_table view = rules_view(policy->table);
	uint32_t taker = 0;
	bool good = true;

	while (taker < s->domain_count && !s->domains[taker].takes_rules)
		taker++;
	if (taker == s->domain_count) {
		fprintf(stderr, "mkplan: error: %s: rules, but no domain with takes_rules\n", s->file);
		return false;
	}
	for (unsigned i = 0; i < RULES_IF_COUNT; i++)
		if (view.ifaces[i].kind != RULES_IF_NONE)
			good &= iface_agrees(s, taker, i, &view.ifaces[i]);
	return good;
}

static bool file_write(const char *path, const uint8_t *bytes, uint32_t length)
{
	FILE *f = fopen(path, "wb");
	bool ok = f && fwrite(bytes, 1, length, f) == length;

	ok = f && !fclose(f) && ok;
	if (!ok) {
		perror(path);
		fprintf(stderr, "mkplan: error: cannot write %s: is there room, and may you write there?\n", path);
	}
	return ok;
}

/* The command line of domain @i as it is written down; NULL: it has no end. */
static const char *line_source(const struct plan_source *s, uint32_t i)
{
	const struct plan_domain *d = &s->domains[i];

	if (s->lines && s->lines[i])
		return s->lines[i];
	return memchr(d->cmdline, 0, sizeof d->cmdline) ? d->cmdline : NULL;
}

/* The command lines of all domains, with what words of theirs stand for; allocated. NULL, and a line: one is none. */
static const char **lines_expand(const struct plan_source *s)
{
	const struct plan_tables tables = {s->domains, s->links, s->domain_count, s->link_count};
	const char **lines = calloc(s->domain_count + 1, sizeof *lines);
	char *text = malloc((size_t)(s->domain_count + 1) * PLAN_CMDLINE_MAX);
	const char *fault = lines && text ? NULL : "no memory";

	for (uint32_t i = 0; i < s->domain_count && !fault; i++) {
		const char *line = line_source(s, i);
		char *expanded = text + (size_t)i * PLAN_CMDLINE_MAX;

		lines[i] = expanded;
		fault = line ? plan_line_expand(expanded, line, &tables, i)
			     : "its .cmdline has 256 characters or more: give it in .lines of the plan";
		if (fault)
			fprintf(stderr, "mkplan: error: %s: domain %.15s: %s\n", s->file, s->domains[i].name, fault);
	}
	if (!fault)
		return lines;
	free(lines);
	free(text);
	return NULL;
}

int main(int argc, char **argv)
{
	struct plan_source source = plan_source;
	const struct plan_source *s = &source;
	struct policy_file policy = {0};
	uint32_t length;
	uint8_t *table;
	bool ok;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: mkplan OUT [RULES]\n");
		return 2;
	}
	if (s->domain_count > PLAN_DOMAIN_MAX || s->link_count > PLAN_LINK_MAX) {
		fprintf(stderr, "mkplan: error: %s: more than %u domains or %u links\n", s->file, PLAN_DOMAIN_MAX,
			PLAN_LINK_MAX);
		return 1;
	}
	if (argc == 3 && (!policy_load(argv[2], &policy) || !policy_agrees(s, &policy))) {
		free(policy.table);
		return 1;
	}
	source.lines = lines_expand(s);
	table = source.lines ? plan_write(s, &policy, &length) : NULL;
	ok = table && plan_complain(s, table, length) && file_write(argv[1], table, length);
	free(table);
	free(policy.table);
	return ok ? 0 : 1;
}
