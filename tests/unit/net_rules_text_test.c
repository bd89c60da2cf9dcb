// SPDX-License-Identifier: BSD-2-Clause
/*
 * That a compiled table decides as its text says. Random policies are made as plain structures, written out as text,
 * compiled, and asked about random packets; a naive interpreter walks the structures rule by rule. It shares nothing
 * with parser, compiler and look-up.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules_model.h"

static void agree(const struct policy_model *m, const struct rules_table *view, const struct naive_packet *p,
		  const char *text)
{
	static const unsigned actions[] = {RULES_ALLOW, RULES_REJECT, RULES_DROP, RULES_MASQUERADE, RULES_PUBLISH};
	struct rules_query query = query_of(p);
	struct decision decision = rules_decide(view, &query);
	struct rules_instance instance;
	unsigned number = 0, lowest = 65535;
	const struct rule *rule = naive_decide(m, p, &number);

	if (!rule) {
		cr_assert(decision.action == RULES_DROP && decision.rule == RULE_INDEX_NONE, "rule %u of\n%s",
			  decision.rule, text);
		return;
	}
	cr_assert_eq(decision.rule, number, "rule %u instead of %u of\n%s", decision.rule, number, text);
	cr_assert_eq(decision.action, actions[rule->action]);
	if (rule->action != PUBLISH)
		return;
	instance = rules_get_instance(view, decision.rule, 0, (uint16_t)p->port);
	for (unsigned i = 0; i < rule->service_count; i++)
		lowest = rule->services[i].lo < lowest ? rule->services[i].lo : lowest;
	cr_assert_eq(instance.iface, model_ifaces[rule->target].number);
	cr_assert_eq(instance.port, rule->target_port ? rule->target_port + p->port - lowest : p->port);
}

Test(net_rules_text, a_compiled_policy_decides_as_a_naive_reading_of_it, .timeout = 120)
{
	uint64_t state = 4711;
	unsigned decided = 0, rounds = getenv("RULES_ROUNDS") ? (unsigned)atoi(getenv("RULES_ROUNDS")) : 1000;

	for (unsigned round = 0; round < rounds; round++) {
		static struct text text;
		struct policy_model model;
		struct rules_table view;
		unsigned ignored;
		size_t len;
		void *table;

		model_random(&state, &model);
		model_put(&text, &model);
		table = rules_new(text.bytes, &len);
		cr_assert_eq(rules_check(table, len, ~0u, NULL), RULES_OK);
		view = rules_view(table);
		for (unsigned i = 0; i < 200; i++) {
			struct naive_packet packet = packet_random(&state);

			agree(&model, &view, &packet, text.bytes);
			decided += naive_decide(&model, &packet, &ignored) != NULL;
		}
		free(table);
	}
	/* not by the default alone */
	cr_assert_gt(decided, rounds * 40);
}

/* @count rules of three usual shapes: published ports, hosts that may use a service, networks that may not. */
static void *usual_new(unsigned count, size_t *len)
{
	size_t room = 4096 + 64 * (size_t)count, at;
	char *text = malloc(room);
	void *table;

	at = (size_t)snprintf(text, room, "%sfrom net to router {\n", WORLD_INTERFACES);
	for (unsigned i = 0; i < count; i++)
		switch (i % 3) {
		case 0: at += (size_t)snprintf(text + at, room - at, "publish tcp %u to one\n", 1000 + i); break;
		case 1:
			at += (size_t)snprintf(text + at, room - at, "allow tcp 22 from 203.0.%u.%u\n", i / 256 % 256,
					       i % 256);
			break;
		default:
			at += (size_t)snprintf(text + at, room - at, "drop udp from 11.%u.%u.0/24\n", i / 256, i % 256);
		}
	snprintf(text + at, room - at, "}\n");
	table = rules_new(text, len);
	free(text);
	return table;
}

Test(net_rules_text, a_decision_costs_the_same_among_ten_rules_and_ten_thousand, .timeout = 60)
{
	static const unsigned counts[] = {10, 1000, 10000};
	uint32_t tuples = 0;

	for (unsigned c = 0; c < 3; c++) {
		size_t len;
		void *table = usual_new(counts[c], &len);
		struct rules_table view = rules_view(table);

		cr_assert_eq(view.count, counts[c]);
		/* what a decision does: a look-up in each tuple, a bounded search there, a search among a group's ranges */
		cr_assert(c == 0 || view.header->tuple_count == tuples);
		tuples = view.header->tuple_count;
		for (uint32_t i = 0; i < tuples; i++)
			cr_assert_leq(view.tuples[i].probe_max, 8);
		for (uint32_t i = 0; i < view.header->group_count; i++)
			cr_assert_eq(view.groups[i].range_count, 1);
		free(table);
	}
}
