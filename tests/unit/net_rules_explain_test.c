// SPDX-License-Identifier: BSD-2-Clause
/* Explanations, and the examples of docs/router.md: each policy is good, and each packet fares as the page says. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"
#include "tools/cambium/claims.h"
#include "tools/cambium/explain.h"

static struct policy *policy_good(const char *text, size_t len)
{
	struct report report = {.file = "rules", .text = text, .len = len};
	struct policy *policy = policy_read_checked(&report);

	if (report.count)
		report_print(&report, stderr);
	cr_assert_eq(report.errors + report.warnings, 0);
	return policy;
}

static const char *explain(const struct policy *policy, const char *words, struct explanation *e)
{
	static char text[EXPLAIN_TEXT_MAX];

	cr_assert(policy_explain(policy, words, e), "%s: %s", words, e->why);
	return explanation_summary(policy, e, text);
}

/* The line `WORDS => VERDICT`, from @at to @end. */
static void packet_check(const struct policy *policy, const char *at, const char *end)
{
	char line[512], *arrow, *verdict;
	struct explanation e;

	snprintf(line, sizeof line, "%.*s", (int)(end - at), at);
	arrow = strstr(line, "=>");
	cr_assert(arrow, "no verdict: %s", line);
	verdict = arrow + 2 + strspn(arrow + 2, " ");
	while (arrow > line && arrow[-1] == ' ')
		arrow--;
	*arrow = 0;
	cr_expect_eq(strcmp(explain(policy, line, &e), verdict), 0, "%s: %s", line, explain(policy, line, &e));
}

Test(net_rules_explain, every_example_of_the_page_is_good_and_decides_as_the_page_says)
{
	static char page[1 << 17];
	FILE *f = fopen("docs/router.md", "r");
	struct policy *policy = NULL;
	unsigned policies = 0, packets = 0;
	const char *begin = NULL;

	cr_assert(f, "run from the root of the project");
	page[fread(page, 1, sizeof page - 1, f)] = 0;
	fclose(f);
	for (char *at = page, *end; (end = strchr(at, '\n')); at = end + 1) {
		if (!strncmp(at, "```rules\n", 9)) {
			policy_free(policy);
			policy = NULL;
			begin = end + 1;
		} else if (!strncmp(at, "```packets\n", 11)) {
			for (at = end + 1; strncmp(at, "```", 3); at = end + 1, packets++) {
				end = strchr(at, '\n');
				packet_check(policy, at, end);
			}
			end = strchr(at, '\n');
		} else if (!strncmp(at, "```\n", 4) && begin) {
			policy = policy_good(begin, (size_t)(at - begin));
			policies++;
			begin = NULL;
		}
	}
	policy_free(policy);
	cr_assert_eq(policies, 10);
	cr_assert_geq(packets, 35);
}

static const char text[] = WORLD_INTERFACES "limit slow { new 20/s burst 40 back 1mbit/s }\n"
					    "from net to router {\n"
					    "	publish tcp 80-89 to one port 8000 limit slow count web log 5/min\n"
					    "	publish udp 53 to one, two\n"
					    "	reject tcp 22\n"
					    "	allow icmp\n"
					    "}\n"
					    "from inner to net { nat any }\n"
					    "from one to two { allow tcp }\n";

Test(net_rules_explain, tells_rule_translation_and_limit)
{
	struct policy *policy = policy_good(text, sizeof text - 1);
	struct explanation e;
	char *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	explain(policy, "from net tcp 203.0.113.9:40000 > 198.51.100.10:85 syn", &e);
	cr_assert(e.passes && e.whole && e.rule == 0 && e.out_if == 1);
	explanation_print(policy, text, sizeof text - 1, &e, f);
	explanation_print_json(policy, &e, f);
	fclose(f);
	cr_assert_eq(
		strcmp(out,
		       "packet:  tcp 203.0.113.9:40000 > 198.51.100.10:85\n"
		       "way:     from net to router\n"
		       "verdict: publish to one:8005\n"
		       "rule:    rules:6: publish tcp 80-89 to one port 8000 limit slow count web log 5/min\n"
		       "leaves:  as tcp 203.0.113.9:40000 > 10.0.1.2:8005\n"
		       "limit:   slow: new flows of a source 20 in 1 s burst 40 back 1000000 bit in 1 s burst 100000\n"
		       "count:   web\n"
		       "log:     5 lines in 60 s, burst 5\n"
		       "{\"passes\":true,\"verdict\":\"publish to one:8005\",\"action\":\"publish\",\"line\":6,"
		       "\"to\":\"one\",\"leaves\":\"tcp 203.0.113.9:40000 > 10.0.1.2:8005\",\"limit\":\"slow\","
		       "\"whole_router\":true}\n"),
		0, "%s", out);
	free(out);
	policy_free(policy);
}

Test(net_rules_explain, tells_what_makes_the_packet_wait)
{
	static const char shaped[] = "interface net = uplink 0 address 198.51.100.10/24 gateway 198.51.100.1\n"
				     "	shape back 9mbit/s\n"
				     "interface one = inner 1 address 10.0.1.1/24 peer 10.0.1.2 shape forth 2mbit/s\n"
				     "	back 1mbit/s\n"
				     "from inner to net { nat any }\n";
	struct policy *policy = policy_good(shaped, sizeof shaped - 1);
	struct explanation e;
	char *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	explain(policy, "from one udp 10.0.1.2:5 > 203.0.113.1:53", &e);
	explanation_print(policy, shaped, sizeof shaped - 1, &e, f);
	fclose(f);
	cr_assert(strstr(out, "shaped:  at one: what comes in 2000000 bit in 1 s burst 24000\n"
			      "shaped:  at net: what goes out 9000000 bit in 1 s burst 90000\n"),
		  "%s", out);
	free(out);
	policy_free(policy);
}

Test(net_rules_explain, tells_what_the_router_does_before_and_after_the_rules)
{
	static const struct {
		const char *packet, *verdict;
	} cases[] = {
		{"from one udp 10.0.1.2:5 > 203.0.113.1:53", "nat to net"},
		{"from one udp 10.0.2.2:5 > 203.0.113.1:53", "drop: source address is not the interface's own"},
		{"from net tcp 10.0.1.2:5 > 198.51.100.10:80", "drop: source address is not the interface's own"},
		{"from net tcp 203.0.113.9:5 > 198.51.100.10:22", "reject"},
		{"from net icmp 203.0.113.9 > 198.51.100.10", "allow to router"},
		{"from net udp 203.0.113.9:5 > 198.51.100.10:53", "publish to one of 2:53"},
		{"from one tcp 10.0.1.2:5 > 10.0.2.2:80 syn", "allow to two"},
		{"from one tcp 10.0.1.2:5 > 10.0.2.1:80 syn", "drop by default"},
		{"from one udp 10.0.1.2:5 > 224.0.0.1:80", "drop: broadcast or multicast destination"},
		{"from one to two tcp 192.0.2.1:5 > 192.0.2.2:80", "allow to two"},
	};
	struct policy *policy = policy_good(text, sizeof text - 1);
	struct explanation e;

	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
		cr_expect_eq(strcmp(explain(policy, cases[i].packet, &e), cases[i].verdict), 0, "%s: %s",
			     cases[i].packet, explain(policy, cases[i].packet, &e));
	policy_free(policy);
}

Test(net_rules_explain, a_description_that_is_none_is_refused_with_the_word)
{
	static const struct {
		const char *words, *why;
	} cases[] = {
		{"", "`nothing` stands where from INTERFACE"},
		{"tcp", "`tcp` stands where from INTERFACE"},
		{"from here tcp", "`here` stands where the name of an interface"},
		{"from net gre 1.2.3.4 > 1.2.3.4", "`gre` stands where tcp, udp or icmp"},
		{"from net tcp 1.2.3.4 > 1.2.3.4", "`1.2.3.4` stands where ADDRESS:PORT"},
		{"from net tcp 1.2.3.4:0 > 1.2.3.4:1", "a port from 1 to 65535"},
		{"from net tcp 1.2.3.4:1 1.2.3.4:1", "`>`"},
		{"from net tcp 1.2.3.4:1 > 1.2.3.4:70000", "a port from 1 to 65535"},
		{"from net tcp 1.2.3.4:1 > 1.2.3.4:7 ack", "`ack` stands where the end"},
		{"from net tcp 1.2.3.4:1 > [fd00::1]:7", "one address is IPv4"},
		{"from net to where tcp 1.2.3.4:1 > 1.2.3.4:7", "`where` stands"},
	};
	struct policy *policy = policy_good(text, sizeof text - 1);
	struct explanation e;

	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cr_expect_not(policy_explain(policy, cases[i].words, &e), "%s", cases[i].words);
		cr_expect(strstr(e.why, cases[i].why), "%s: %s", cases[i].words, e.why);
	}
	policy_free(policy);
}
