/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mkplan OUT: writes the plan that is linked in (tools/plan_source.h) as the flat table of abi/plan.h. Invariant: what is
 * written passed the very check that the control domain makes, and the rules the one that the router makes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/sha256.h>
#include <net/core/rules.h>
#include <unikernel/control/core/plan_check.h>
#include "plan_source.h"

static uint8_t *append(uint8_t *at, const void *data, size_t bytes)
{
	if (bytes)
		memcpy(at, data, bytes);
	return at + bytes;
}

/* The plan as one allocated table; its length to *@length. */
static uint8_t *plan_write(const struct plan_source *s, uint32_t *length)
{
	size_t domains = s->domain_count * sizeof *s->domains, links = s->link_count * sizeof *s->links;
	size_t rules = s->rule_count * sizeof *s->rules;
	struct plan_header h = {.magic = PLAN_MAGIC, .version = PLAN_VERSION};
	struct rules_header r = {.magic = RULES_MAGIC, .version = RULES_VERSION};
	uint8_t *table, *at;

	h.domain_count = s->domain_count;
	h.link_count = s->link_count;
	h.rules_offset = (uint32_t)align_up(sizeof h + domains + links, 8);
	h.rules_bytes = s->rule_count ? (uint32_t)(sizeof r + rules) : 0;
	h.length = h.rules_offset + h.rules_bytes;
	r.header_size = sizeof(struct rules_header);
	r.rule_size = sizeof(struct rules_rule);
	r.rule_count = (uint16_t)s->rule_count;
	r.total_size = h.rules_bytes;
	table = calloc(1, h.length);
	if (!table)
		return NULL;
	at = append(table + sizeof h, s->domains, domains);
	append(at, s->links, links);
	if (s->rule_count)
		append(append(table + h.rules_offset, &r, sizeof r), s->rules, rules);
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
	enum rules_error error = RULES_OK;
	uint32_t rule = 0;

	if (v.error) {
		const char *whose = plan_error_whose(v.error);
		bool domain = !strcmp(whose, "domain");
		fprintf(stderr, "mkplan: error: %s: %s %u%s%.15s: %s\n", s->file, whose, v.index, domain ? ", " : "",
			domain ? s->domains[v.index].name : "", plan_error_text(v.error));
		return false;
	}
	if (view.rules)
		error = rules_check(view.rules, view.rules_bytes, &rule);
	if (error)
		fprintf(stderr, "mkplan: error: %s: rule %u: %s\n", s->file, rule, rules_error_get_text(error));
	return !error;
}

int main(int argc, char **argv)
{
	const struct plan_source *s = &plan_source;
	uint32_t length;
	uint8_t *table;
	FILE *f;
	bool ok;

	if (argc != 2) {
		fprintf(stderr, "usage: mkplan OUT\n");
		return 2;
	}
	if (s->domain_count > PLAN_DOMAIN_MAX || s->link_count > PLAN_LINK_MAX || s->rule_count > RULES_COUNT_MAX) {
		fprintf(stderr, "mkplan: error: %s: more than %u domains, %u links or %u rules\n", s->file,
			PLAN_DOMAIN_MAX, PLAN_LINK_MAX, RULES_COUNT_MAX);
		return 1;
	}
	table = plan_write(s, &length);
	if (!table || !plan_complain(s, table, length)) {
		free(table);
		return 1;
	}
	f = fopen(argv[1], "wb");
	ok = f && fwrite(table, 1, length, f) == length;
	ok = f && !fclose(f) && ok;
	free(table);
	if (!ok) {
		perror(argv[1]);
		fprintf(stderr, "mkplan: error: cannot write %s: is there room, and may you write there?\n", argv[1]);
	}
	return ok ? 0 : 1;
}
