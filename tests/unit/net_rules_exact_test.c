// SPDX-License-Identifier: BSD-2-Clause
/* Statements about all packets: assertions, rules that never decide, the difference of two policies. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules_model.h"
#include "tools/cambium/claims.h"
#include "tools/cambium/command.h"
#include "tools/cambium/compile.h"
#include "tools/cambium/decompile.h"
#include "tools/cambium/diff.h"

static struct report report_of(const char *text)
{
	char whole[4096];
	struct report report = {.file = "rules"};

	snprintf(whole, sizeof whole, "%s%s", WORLD_INTERFACES, text);
	report.text = whole;
	report.len = strlen(whole);
	policy_free(policy_read_checked(&report));
	report.text = NULL;
	return report;
}

static void holds(const char *text)
{
	struct report report = report_of(text);

	cr_expect_eq(report.errors, 0, "%s: %s", text, report.messages[0].reason);
}

static void fails(const char *text, const char *reason)
{
	struct report report = report_of(text);

	cr_expect_eq(report.errors, 1, "%s", text);
	cr_expect(strstr(report.messages[0].reason, reason), "%s: %s", text, report.messages[0].reason);
}

Test(net_rules_exact, what_must_never_pass_is_found_with_a_packet)
{
	holds("from net to router { publish tcp 80 to one } assert from net to one { never tcp 22 never udp }");
	fails("from net to router { publish tcp 80 to one } assert from net to one { never tcp 80 }",
	      "must never pass to one, but line 4 lets it: from net tcp 203.0.113.9:40000 > 198.51.100.10:80");
	/* the port that it is published as is another */
	fails("from net to router { publish tcp 80 to one port 8080 } assert from net to one { never tcp 8080 }",
	      "198.51.100.10:80");
	holds("from net to router { publish tcp 80 to one port 8080 } assert from net to one { never tcp 80 }");
	fails("from net to router { publish tcp 80-99 to one port 8000 } assert from net to inner { never tcp 8010-9000 }",
	      "198.51.100.10:90");
	/* a rule before it takes those packets */
	holds("from net to router { drop tcp 80 from 10.0.0.0/8 publish tcp 80 to one }"
	      "assert from net to one { never tcp 80 from 10.1.0.0/16 }");
	fails("from one to two { allow tcp 5000-6000 } assert from one to two { never tcp 5432 }",
	      "line 4 lets it: from one tcp 10.0.1.2:40000 > 10.0.2.2:5432");
	/* of what the peer cannot send, nothing counts */
	holds("from one to two { allow tcp from 192.0.2.1 } assert from one to two { never tcp }");
	fails("from one to net { nat any } assert from any to any { never udp 53 to 8.8.8.8 }", "8.8.8.8:53");
	holds("first { drop any } from one to two { reject tcp } assert from any to any { never any }");
}

Test(net_rules_exact, what_must_always_pass_is_found_with_a_packet)
{
	holds("from one to two { allow tcp 5432 } assert from one to two { always tcp 5432 }");
	fails("from one to two { drop tcp 5432 from one allow tcp } assert from one to two { always tcp 5430-5440 }",
	      "must always pass to two, but line 4 refuses: from one tcp 10.0.1.2:40000 > 10.0.2.2:5432");
	fails("assert from one to two { always udp 53 }", "no rule allows: from one udp 10.0.1.2:40000 > 10.0.2.2:53");
	holds("from one to two { allow tcp 5432 from 10.0.0.0/8 } assert from one to two { always tcp 5432 }");
	fails("from net to router { publish tcp 80 from 0.0.0.0/1 to one } assert from net to router { always tcp 80 from ipv4 }",
	      "from net tcp 203.0.113.9:40000 > 198.51.100.10:80");
	fails("first { drop any from 192.0.2.0/24 } from net to router { publish tcp 80 to one }"
	      "assert from net to router { always tcp 80 from ipv4 }",
	      "192.0.2.0:40000");
}

Test(net_rules_exact, a_rule_that_never_decides_is_told)
{
	struct report report = report_of("from one to two { allow tcp 1-100 allow tcp 101-200 allow tcp 50-150 }");

	cr_assert(report.errors == 0 && report.warnings == 1);
	cr_assert(strstr(report.messages[0].reason, "never decides"));
	fails("from one to two { allow tcp 1-100 drop tcp 101-200 allow tcp 50-150 }", "contradicts line 4");
	fails("first { drop tcp } from one to two { allow tcp 80 }", "contradicts line 4");
	holds("from one to two { drop tcp 80 from 10.0.0.0/9 allow tcp 80 from 10.0.0.0/8 }");
	holds("from one to two { allow tcp 80 from ipv4 drop tcp 80 }");
}

/* --- diff --- */

/* The parts of a difference, with their ways by the numbers of the model. */
struct found {
	struct diff_part part;
	bool from[IFACES];
	unsigned to;
};

struct findings {
	struct found *items;
	uint32_t count;
	struct arena arena;
};

static void part_visit(void *arg, const struct diff_part *part, const char *const *from, uint32_t from_count,
		       const char *to)
{
	struct findings *f = arg;
	struct found *found = arena_append(&f->arena, &f->items, &f->count, sizeof *found);

	*found = (struct found){.part = *part, .to = SELF};
	for (unsigned k = 0; k < IFACES; k++) {
		for (uint32_t i = 0; i < from_count; i++)
			found->from[k] |= !strcmp(from[i], model_ifaces[k].name);
		if (!strcmp(to, model_ifaces[k].name))
			found->to = k;
	}
}

static bool span_holds(const struct span *span, wide_t at)
{
	return at >= span->lo && at <= span->hi;
}

static wide_t wide_address(unsigned family, uint32_t bits)
{
	return family == 4 ? bits : (wide_t)0xfd << 120 | bits;
}

/* Is the packet in this part? */
static bool holds_packet(const struct found *found, const struct naive_packet *p)
{
	const struct box *box = &found->part.box;

	if (!found->from[p->from] || found->to != p->to ||
	    !span_holds(&box->dim[REGION_SERVICE], RULES_SERVICE(p->proto, p->port)))
		return false;
	return box->family == RULES_FAMILY_ANY ||
	       (box->family == p->family && span_holds(&box->dim[REGION_SRC], wide_address(p->family, p->src)) &&
		span_holds(&box->dim[REGION_DST], wide_address(p->family, p->dst)));
}

static bool passes(const struct rule *rule)
{
	return rule && (rule->action == ALLOW || rule->action == NAT || rule->action == PUBLISH);
}

static struct policy *policy_of(const struct policy_model *model, struct text *text)
{
	struct report report = {.file = "rules", .text = text->bytes};
	struct policy *policy;

	model_put(text, model);
	report.len = text->len;
	policy = policy_read(&report);
	cr_assert_eq(report.errors, 0);
	return policy;
}

/* Another policy, or nearly the same. */
static void model_change(uint64_t *state, struct policy_model *model)
{
	unsigned k = model->count ? (unsigned)(dice(state) % model->count) : 0;

	if (dice(state) % 3 == 0)
		model_random(state, model);
	else if (model->count && model->blocks[k].count)
		model->blocks[k].count--;
}

Test(net_rules_exact, the_difference_holds_each_packet_that_differs_once_and_no_other, .timeout = 120)
{
	uint64_t state = 2024;
	unsigned differing = 0;

	for (unsigned round = 0; round < 60; round++) {
		static struct text text;
		struct policy_model old, new;
		struct policy *a, *b;
		struct findings f = {NULL};

		model_random(&state, &old);
		new = old;
		model_change(&state, &new);
		a = policy_of(&old, &text);
		b = policy_of(&new, &text);
		cr_assert(policy_diff(a, b, part_visit, &f));
		for (unsigned i = 0; i < 500; i++) {
			struct naive_packet packet = packet_random(&state);
			unsigned number, found[DIFF_CHANGES] = {0};
			bool before = passes(naive_decide(&old, &packet, &number));
			bool after = passes(naive_decide(&new, &packet, &number));

			for (uint32_t k = 0; k < f.count && packet.to != NOWHERE; k++)
				found[f.items[k].part.change] += holds_packet(&f.items[k], &packet);
			if (packet.to == NOWHERE)
				continue;
			cr_assert_eq(found[DIFF_ALLOWED], !before && after, "round %u", round);
			cr_assert_eq(found[DIFF_REFUSED], before && !after, "round %u", round);
			cr_assert_leq(found[DIFF_OTHERWISE], before && after, "round %u", round);
			differing += before != after;
		}
		arena_free(&f.arena);
		policy_free(a);
		policy_free(b);
	}
	cr_assert_gt(differing, 300, "%u", differing);
}

static char *diff_of(const char *old, const char *new)
{
	struct report reports[2] = {{.file = "old", .text = old, .len = strlen(old)},
				    {.file = "new", .text = new, .len = strlen(new)}};
	struct policy *a = policy_read(&reports[0]), *b = policy_read(&reports[1]);
	uint32_t parts;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	cr_assert_eq(reports[0].errors + reports[1].errors, 0);
	cr_assert(policy_diff_print(a, b, false, out, &parts));
	fclose(out);
	policy_free(a);
	policy_free(b);
	return text;
}

Test(net_rules_exact, a_difference_reads_as_ranges)
{
	char *text = diff_of(WORLD_INTERFACES "from net to router { publish tcp 80 to one allow icmp }\n",
			     WORLD_INTERFACES
			     "set bad = { 192.0.2.0/24 }\nfrom net to router {\n drop tcp 80 from bad\n"
			     "publish tcp 80 to two\n publish udp 1000-1999 to two }\n");

	cr_assert_eq(
		strcmp(text,
		       "- from net to router: icmp: allow (old:4) -> no rule\n"
		       "~ from net to router: tcp 80 from 0.0.0.0-192.0.1.255: publish to one (old:4) -> publish to two (new:7)\n"
		       "- from net to router: tcp 80 from 192.0.2.0/24: publish to one (old:4) -> drop (new:6)\n"
		       "~ from net to router: tcp 80 from 192.0.3.0-255.255.255.255: publish to one (old:4) -> publish to two (new:7)\n"
		       "~ from net to router: tcp 80 (IPv6): publish to one (old:4) -> publish to two (new:7)\n"
		       "+ from net to router: udp 1000-1999: no rule -> publish to two (new:8)\n"
		       "- from net to router: icmp6: allow (old:4) -> no rule\n"),
		0, "%s", text);
	free(text);
	text = diff_of(WORLD_INTERFACES "from one to two { allow tcp 80 }\n",
		       "interface two = inner 9\ninterface one = inner 4\ninterface net = uplink 2\n"
		       "from one to two { allow tcp 1-79\nallow tcp 80-90 }\n");
	cr_assert_eq(strcmp(text, "+ from one to two: tcp 1-79: no rule -> allow (new:4)\n"
				  "+ from one to two: tcp 81-90: no rule -> allow (new:5)\n"),
		     0, "%s", text);
	free(text);
}

Test(net_rules_exact, a_difference_names_what_is_shaped_otherwise)
{
	static const char rest[] = "from inner to net { nat any }\n";
	char old[400], new[400], *text;

	snprintf(old, sizeof old,
		 "interface net = uplink 0 shape back 9mbit/s\n"
		 "interface web = inner 1 shape forth 2mbit/s\ninterface gone = inner 2 shape back 1mbit/s\n%s",
		 rest);
	snprintf(new, sizeof new,
		 "interface net = uplink 0 shape back 9mbit/s\n"
		 "interface web = inner 3 shape forth 2mbit/s burst 64kbit back 1gbit/s\n%s",
		 rest);
	text = diff_of(old, new);
	cr_assert(strstr(text,
			 "~ interface web: shape forth: 2000000bit/s burst 24000bit -> 2000000bit/s burst 64000bit\n"
			 "~ interface web: shape back: not shaped -> 1000000000bit/s burst 10000000bit\n"
			 "~ interface gone: shape back: 1000000bit/s burst 24000bit -> not shaped\n"),
		  "%s", text);
	cr_assert_not(strstr(text, "interface net"), "%s", text);
	free(text);
	text = diff_of(old, old);
	cr_assert_str_empty(text);
	free(text);
}

Test(net_rules_exact, the_command_says_yes_no_or_how_to_use_it)
{
	char *check[] = {"check", "configs/demo/rules", "--json"}, *nothing[] = {"check", "no/such/file"},
	     *bad[] = {"diff", "one"}, *same[] = {"diff", "configs/demo/rules", "configs/demo/rules"},
	     *packet[] = {"explain", "configs/demo/rules", "from net tcp 203.0.113.9:4000 > 10.0.2.15:8080 syn"},
	     *closed[] = {"explain", "configs/demo/rules", "from net tcp 203.0.113.9:4000 > 10.0.2.15:8079"},
	     *words[] = {"explain", "configs/demo/rules", "hello"}, *help[] = {"--help"};

	cr_expect_eq(command_rules(3, check), EXIT_YES);
	cr_expect_eq(command_rules(2, nothing), EXIT_NO);
	cr_expect_eq(command_rules(2, bad), EXIT_USAGE);
	cr_expect_eq(command_rules(3, same), EXIT_YES);
	cr_expect_eq(command_rules(3, packet), EXIT_YES);
	cr_expect_eq(command_rules(3, closed), EXIT_NO);
	cr_expect_eq(command_rules(3, words), EXIT_USAGE);
	cr_expect_eq(command_rules(1, help), EXIT_YES);
	cr_expect_eq(command_rules(0, NULL), EXIT_USAGE);
}

/* --- from a table back to a policy --- */

Test(net_rules_exact, a_policy_read_back_from_its_table_decides_the_same)
{
	static struct text text, other;
	uint64_t state = 63;

	for (unsigned round = 0; round < 60; round++) {
		struct policy_model a, b;
		struct policy *policy, *back, *second;
		struct report report = {.file = "rules"};
		uint32_t parts = 0, straight = 0, roundabout = 0;
		FILE *null = fopen("/dev/null", "w");
		size_t len;
		void *table;

		model_random(&state, &a);
		model_random(&state, &b);
		policy = policy_of(&a, &text);
		second = policy_of(&b, &other);
		table = policy_compile(policy, &report, &len);
		back = policy_decompile(table, "in force");
		cr_assert(policy_diff_print(back, policy, false, null, &parts));
		cr_assert_eq(parts, 0, "round %u", round);
		/* and differs from others as the policy itself does */
		cr_assert(policy_diff_print(policy, second, false, null, &straight));
		cr_assert(policy_diff_print(back, second, false, null, &roundabout));
		cr_assert_eq(straight == 0, roundabout == 0);
		fclose(null);
		free(table);
		policy_free(policy);
		policy_free(back);
		policy_free(second);
	}
}
