// SPDX-License-Identifier: BSD-2-Clause
/* The language of rules: what its parser understands, and how it refuses. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"
#include "tools/cambium/claims.h"
#include "tools/cambium/compile.h"
#include "tools/cambium/lexer.h"

#define IFACES                                                                                                         \
	"interface net = uplink 0\ninterface web = inner 1 address 10.0.1.1/24 peer 10.0.1.2\ninterface db = inner 2\n"

static struct report report_of(const char *text)
{
	struct report report = {.file = "rules", .text = text, .len = strlen(text)};

	policy_free(policy_read_checked(&report));
	return report;
}

Test(net_rules_lang, words_have_their_places_and_kinds)
{
	static const char text[] = "a-b.c 10.0.0.0/8 # all, of = this\n\tfd00::1,80-90=}";
	static const struct {
		enum token_kind kind;
		const char *word;
		uint32_t line, column;
	} expected[] = {{TOKEN_NAME, "a-b.c", 1, 1},
			{TOKEN_NUMBER, "10.0.0.0/8", 1, 7},
			{TOKEN_ADDRESS, "fd00::1", 2, 2},
			{TOKEN_SIGN, ",", 2, 9},
			{TOKEN_NUMBER, "80-90", 2, 10},
			{TOKEN_SIGN, "=", 2, 15},
			{TOKEN_SIGN, "}", 2, 16},
			{TOKEN_END, "", 2, 17},
			{TOKEN_END, "", 2, 17}};
	struct lexer lexer;

	lexer_begin(&lexer, text, sizeof text - 1);
	for (unsigned i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		struct token token = lexer_next(&lexer);

		cr_assert_eq(token.kind, expected[i].kind, "word %u", i);
		cr_assert(token_is(&token, expected[i].word), "word %u", i);
		cr_assert(token.place.line == expected[i].line && token.place.column == expected[i].column, "word %u",
			  i);
	}
}

Test(net_rules_lang, each_mistake_is_named_with_its_place_and_a_remedy)
{
	static const struct {
		const char *text;
		uint32_t line, column;
		const char *reason;
	} mistakes[] = {
		{"bogus", 1, 1, "`bogus` stands where a statement was expected"},
		{"zone = web", 1, 6, "a name was expected"},
		{"zone drop = any", 1, 6, "a name was expected"},
		{"interface a = uplink 32", 1, 22, "an interface number was expected"},
		{"interface a = bridge 1", 1, 15, "`inner` or `uplink`"},
		{"interface a = inner 1\ninterface b = inner 1", 2, 21, "interface 1 is `a` already"},
		{"interface a = inner 1\nzone a = a", 2, 6, "was declared in line 1 already"},
		{"interface a = inner 1 peer 10.0.0.2", 1, 23, "without the router's own"},
		{"interface a = inner 1 address 10.0.0.1/0", 1, 23, "no address that an interface can have"},
		{"interface a = inner 1 address 0.0.0.0/8", 1, 23, "no address that an interface can have"},
		{"interface a = inner 1 address fd00::1/64 peer fd00::2/64", 1, 42,
		 "no address that an interface can have"},
		{"interface a234567890123456 = inner 1", 1, 11, "more than 15 characters"},
		{IFACES "from net to any { }\ninterface late = inner 3", 5, 11, "which would not mean it"},
		{IFACES "zone z = inner\ninterface late = inner 3", 5, 11, "which would not mean it"},
		{"interface a = inner 1 shape", 1, 28, "the text ends where `forth` or `back` was expected"},
		{"interface a = inner 1 shape 9mbit/s", 1, 29, "`forth` or `back` was expected"},
		{"interface a = inner 1 shape forth 9", 1, 35, "a rate was expected"},
		{"interface a = inner 1 shape forth 500packets/s", 1, 29, "a rate that is none of bits"},
		{"interface a = inner 1 shape back 20/s", 1, 29, "a rate that is none of bits"},
		{"interface a = inner 1 shape back 7kbit/s", 1, 29, "less than 8kbit/s"},
		{"interface a = inner 1 shape back 9mbit/s burst 7kbit", 1, 29, "a burst of less than 8kbit"},
		{"interface a = inner 1 shape back 9mbit/s back 8mbit/s", 1, 42, "shaped twice"},
		{"interface a = inner 1 shape back 9mbit/s shape back 8mbit/s", 1, 48, "shaped twice"},
		{"interface a = uplink 1 shape back 9mbit/s forth 9mbit/s", 1, 43, "it is there already"},
		{"zone shape = any", 1, 6, "a name was expected"},
		{"host a = 10.0.0.300", 1, 10, "an address was expected"},
		{"host a = 10.0.0.0/33", 1, 10, "a prefix was expected"},
		{"host a = 10.0.0.1/24", 1, 10, "inside the network"},
		{"host a = 10.0.0.9-10.0.0.1", 1, 10, "an empty range of addresses"},
		{"host a = 10.0.0.9-fd00::1", 1, 10, "a range of addresses was expected"},
		{"service a = tcp 0", 1, 17, "a port or a range of ports"},
		{"service a = tcp 90-80", 1, 17, "an empty range of ports"},
		{"service a = tcp 65536", 1, 17, "a port or a range of ports"},
		{"service a = gre", 1, 13, "a service was expected"},
		{"host a = 10.0.0.1\nservice b = a", 2, 13, "is a host or a set of hosts (line 1)"},
		{"set a = 10.0.0.1", 1, 9, "before the elements of the set"},
		{"set a = { tcp 80, 10.0.0.1 }", 1, 19, "a port or a range of ports"},
		{"limit a { }", 1, 11, "`new`, `forth` or `back` was expected"},
		{"limit a { new 10mbit/s }", 1, 11, "a unit that `new` does not take"},
		{"limit a { new 10/s burst 5mbit }", 1, 26, "a burst in another unit"},
		{"limit a { new 0/s }", 1, 15, "a rate was expected"},
		{"limit a { back 11gbit/s }", 1, 16, "a rate was expected"},
		{"limit a { new 1/s new 2/s }", 1, 19, "limited twice"},
		{"from net to router { }", 1, 6, "a zone or an interface behind `from`"},
		{IFACES "from router to net { }", 4, 6, "no way begins there"},
		{IFACES "from net to router { allow }", 4, 28, "a service was expected"},
		{IFACES "from net to router { allow tcp 80", 4, 34, "the text ends"},
		{IFACES "from net to router { permit tcp }", 4, 22, "a rule or `}`"},
		{IFACES "from net to router { publish tcp 80 }", 4, 37, "and the interface that is published"},
		{IFACES "from net to router { publish tcp 80 to net }", 4, 40, "an inner interface was expected"},
		{IFACES "from net to router { publish icmp to web }", 4, 22, "only ports of TCP and UDP"},
		{IFACES "from net to router { publish tcp to web }", 4, 22, "only ports of TCP and UDP"},
		{IFACES "from net to router { publish tcp 80, 82 to web port 8080 }", 4, 22, "one port cannot stand"},
		{IFACES "from net to router { publish tcp 80-90 to web port 65530 }", 4, 22, "one port cannot stand"},
		{IFACES "from net to web { publish tcp 80 to web }", 4, 19, "to the router's own address only"},
		{IFACES "from net to web { nat any }", 4, 19, "from inner interfaces to uplinks only"},
		{IFACES "from net to web { allow any from 10.0.0.1 to fd00::1 }", 4, 19, "no packet is like that"},
		{IFACES "from net to db { allow any to db }", 4, 31, "has no peer address"},
		{IFACES "from net to web { allow any limit slow }", 4, 35, "the name of a limit"},
		{IFACES "limit l { new 1/s }\nfrom net to web { drop any limit l }", 5, 34,
		 "nothing of a refused flow"},
		{IFACES "from net to web { drop any log 1mbit/s }", 4, 32, "a log in lines of another unit"},
		{IFACES "from net to web { drop any log log }", 4, 32, "`log` stands twice"},
		{IFACES "from net to web { allow tcp ; }", 4, 29, "a character that means nothing here"},
		{IFACES "first { drop tcp }\nfirst { drop udp }", 5, 7, "a second first block"},
		{IFACES "first { allow tcp }", 4, 9, "can only drop and reject"},
		{IFACES "from net to web { }\nfrom net to web { }", 5, 6, "neither lies inside the other"},
		{IFACES "from net to inner { }\nfrom net, db to web { }", 5, 6, "neither lies inside the other"},
		{IFACES "from net to web { drop tcp allow tcp 80 }", 4, 28, "contradicts line 4"},
		{IFACES "assert from net to web { tcp 80 }", 4, 26, "`never` or `always`"},
	};

	for (unsigned i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		struct report report = report_of(mistakes[i].text);
		const struct message *m = &report.messages[0];

		cr_assert_geq(report.errors, 1, "no error: %s", mistakes[i].text);
		cr_expect(strstr(m->reason, mistakes[i].reason), "%s: %s", mistakes[i].text, m->reason);
		cr_expect(m->place.line == mistakes[i].line && m->place.column == mistakes[i].column, "%s: %u:%u",
			  mistakes[i].text, m->place.line, m->place.column);
		cr_expect(m->remedy[0], "no remedy: %s", mistakes[i].text);
	}
}

Test(net_rules_lang, one_run_finds_the_errors_of_several_statements)
{
	struct report report = report_of(IFACES "zone z = nobody\n"
						"from net to router {\n"
						"	publish tcp 80 web\n"
						"	alow tcp 80\n"
						"	allow tcp 99999\n"
						"}\n"
						"host h = 1.2.3\n"
						"from web to net { allow tcp $ }\n"
						"from web to db { allow any }\n");
	static const uint32_t lines[] = {4, 6, 7, 8, 10, 11};

	cr_assert_eq(report.errors, 6);
	for (unsigned i = 0; i < 6; i++)
		cr_assert_eq(report.messages[i].place.line, lines[i], "%u", report.messages[i].place.line);
}

Test(net_rules_lang, a_message_shows_the_line_with_a_caret)
{
	struct report report = report_of("host ok = 10.0.0.1\n\thost a = 10.0.0.1/24 # x\n");
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	report_print(&report, out);
	fclose(out);
	cr_assert_eq(strcmp(text, "rules:2:11: error: an address inside the network where a prefix belongs\n"
				  "    \thost a = 10.0.0.1/24 # x\n"
				  "    \t         ^~~~~~~~~~~\n"
				  "    remedy: write 10.0.0.0/24 for the network, or leave the length out\n"),
		     0, "%s", text);
	free(text);
}

Test(net_rules_lang, order_of_blocks_means_nothing)
{
	static const char narrow[] = "from web to net { nat tcp }\n", wide[] = "from any to any { allow udp }\n";
	char a[1024], b[1024];
	static const struct rules_query query = {.from_if = 1,
						 .from_side = RULES_SIDE_INNER,
						 .to_side = RULES_SIDE_UPLINK,
						 .family = RULES_FAMILY_IPV4,
						 .proto = IP_PROTO_TCP};
	size_t len;

	snprintf(a, sizeof a, "%s%s%s", IFACES, narrow, wide);
	snprintf(b, sizeof b, "%s%s%s", IFACES, wide, narrow);
	for (int i = 0; i < 2; i++) {
		void *table = rules_new(i ? a : b, &len);
		struct rules_table view = rules_view(table);

		cr_assert_eq(rules_decide(&view, &query).action, RULES_MASQUERADE);
		free(table);
	}
}

Test(net_rules_lang, a_third_block_decides_where_two_overlap)
{
	struct report bad = report_of(IFACES "from web to any { drop tcp }\nfrom any to db { allow tcp }\n");
	struct report good = report_of(
		IFACES "from web to any { drop tcp }\nfrom any to db { allow tcp }\nfrom web to db { allow udp }\n");

	cr_assert_eq(bad.errors, 1);
	cr_assert(strstr(bad.messages[0].reason, "from web to db"));
	cr_assert_eq(good.errors, 0);
}

Test(net_rules_lang, a_range_of_addresses_is_exactly_that)
{
	uint64_t state = 17;

	for (int round = 0; round < 300; round++) {
		uint32_t lo = IP(10, 0, 0, 0) + (uint32_t)(dice(&state) % 70000),
			 hi = lo + (uint32_t)(dice(&state) % 5000);
		char text[512];
		struct rules_table view;
		size_t len;
		void *table;

		snprintf(text, sizeof text, IFACES "from net to web { allow any from %u.%u.%u.%u-%u.%u.%u.%u }",
			 lo >> 24, lo >> 16 & 255, lo >> 8 & 255, lo & 255, hi >> 24, hi >> 16 & 255, hi >> 8 & 255,
			 hi & 255);
		table = rules_new(text, &len);
		view = rules_view(table);
		for (int i = 0; i < 40; i++) {
			uint32_t at = i == 0   ? lo
				      : i == 1 ? hi
				      : i == 2 ? lo - 1
				      : i == 3 ? hi + 1
					       : lo - 2000 + (uint32_t)(dice(&state) % 9000);
			struct rules_query query = {.to_if = 1,
						    .from_side = RULES_SIDE_UPLINK,
						    .to_side = RULES_SIDE_INNER,
						    .family = RULES_FAMILY_IPV4,
						    .src = ip_addr_from_v4(at)};

			cr_assert_eq(rules_decide(&view, &query).action == RULES_ALLOW, at >= lo && at <= hi);
		}
		free(table);
	}
}

Test(net_rules_lang, too_much_of_anything_is_refused)
{
	size_t room = 8u << 20;
	char *text = malloc(room);
	struct report report = {.file = "rules", .text = text};
	size_t len = 0;

	/* names */
	for (unsigned i = 0; i <= POLICY_NAMES_MAX; i++)
		len += (size_t)sprintf(text + len, "host h%u = 10.0.0.1\n", i);
	report.len = len;
	policy_free(policy_read(&report));
	cr_assert(report.errors == 1 && strstr(report.messages[0].reason, "more than"));
	/* bytes */
	memset(text, ' ', room);
	report = (struct report){.file = "rules", .text = text, .len = POLICY_TEXT_MAX + 1};
	policy_free(policy_read(&report));
	cr_assert(report.errors == 1 && strstr(report.messages[0].reason, "more than 4 MiB"));
	/* rules */
	len = (size_t)sprintf(text, IFACES "from net to web {\n");
	for (unsigned i = 0; i <= RULES_COUNT_MAX; i++)
		len += (size_t)sprintf(text + len, "allow tcp %u from 10.%u.0.0/16\n", 1 + i % 65535, i / 65535);
	len += (size_t)sprintf(text + len, "}\n");
	report = (struct report){.file = "rules", .text = text, .len = len};
	policy_free(policy_read(&report));
	cr_assert(report.errors == 1 && strstr(report.messages[0].reason, "more than 16384 rules"), "%u %s",
		  report.errors, report.messages[0].reason);
	/* messages */
	memset(text, '$', 1000);
	report = (struct report){.file = "rules", .text = text, .len = 1000};
	policy_free(policy_read(&report));
	cr_assert_leq(report.count, REPORT_MAX);
	free(text);
}

Test(net_rules_lang, a_policy_too_large_for_a_table_is_refused_with_the_line)
{
	size_t room = 4u << 20, len;
	char *text = malloc(room);
	struct report report = {.file = "rules", .text = text};
	struct policy *policy;

	/* a thousand sources by a thousand services are a million pairs */
	len = (size_t)sprintf(text, IFACES "from net to web {\nallow ");
	for (unsigned i = 0; i < 1000; i++)
		len += (size_t)sprintf(text + len, "%stcp %u", i ? ", " : "", 2 * i + 1);
	for (unsigned i = 0; i < 1000; i++)
		len += (size_t)sprintf(text + len, "%s10.0.%u.%u", i ? ", " : " from ", i / 100, 2 * (i % 100));
	len += (size_t)sprintf(text + len, "\n}\n");
	report.len = len;
	policy = policy_read(&report);
	cr_assert_eq(report.errors, 0);
	cr_assert_null(policy_compile(policy, &report, &len));
	cr_assert(report.errors == 1 && report.messages[0].place.line == 5, "%s", report.messages[0].reason);
	policy_free(policy);
	free(text);
}

Test(net_rules_lang, the_same_text_gives_the_same_table)
{
	size_t len[2];
	uint8_t *tables[2];

	for (int i = 0; i < 2; i++)
		tables[i] = rules_new(
			IFACES "set s = { 10.0.0.0/8, fd00::/8 }\nfrom net to web { allow tcp 1-9 from s }\n", &len[i]);
	cr_assert_eq(len[0], len[1]);
	cr_assert_eq(memcmp(tables[0], tables[1], len[0]), 0);
	free(tables[0]);
	free(tables[1]);
}
