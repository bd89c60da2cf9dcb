/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The router's policy: any text through parser, checks and compiler; any table through the router's check. What passes is
 * used: a decision names a rule that there is, and a target that the check promised.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>
#include <net/core/rules.h>
#include <net/core/shape.h>
#include <tools/cambium/claims.h>
#include <tools/cambium/compile.h>

static const char *const texts[] = {
	("interface net = uplink 0 address 10.0.2.15/24 gateway 10.0.2.2\n"
	 "interface web = inner 1 address 10.1.1.1/24 peer 10.1.1.2\n"
	 "from net to router { publish tcp 8080-8089 to web port 80 allow icmp }\n"
	 "from web to net { reject udp 1900 nat any }\n"),
	("interface a = inner 1 interface b = inner 2 interface u = uplink 3\nzone z = a, b\n"
	 "host h = 10.0.0.0/8, fd00::/8, 10.0.0.5-10.0.0.77\nservice s = tcp 80, 443, udp 53, icmp\nset m = { h, 192.0.2.1 }\n"
	 "first { drop any from 192.0.2.0/24 log 5/min }\nfrom z to z { allow s from m to h count c }\n"
	 "from u to router { publish tcp 1-9, udp 5 to a, b }\nassert from u to z { never tcp 22 }\n"),
	("interface a = inner 1 shape forth 64kbit/s back 1gbit/s burst 64kbit interface u = uplink 0 shape back 9mbit/s\nlimit l { new 2/s burst 3 forth 1mbit/s back 9packets/s }\n"
	 "from a to u { drop tcp 1-5 allow tcp 3-9 limit l nat udp to 8.8.0.0/16 }\nfrom any to any { reject any }\n"),
};

/* What is shaped waits for a time that comes, whatever the rates. */
static void use_shapes(const struct rules_table *t, uint32_t seed)
{
	static struct shaper shaper;
	uint64_t now = (uint64_t)seed << 32;

	shape_set(&shaper, t);
	for (unsigned i = 0; i < 2 * RULES_IF_COUNT; i++) {
		enum shape_way way = i % 2 ? SHAPE_OUT : SHAPE_IN;

		for (unsigned n = 0; n < 4; n++) {
			uint64_t when = shape_ready_at(&shaper, i / 2, way, now);

			cr_assert(when == 0 || (shaper.shaped[way] >> i / 2 & 1 && when > now));
			cr_assert(!when || !shape_ready_at(&shaper, i / 2, way, when));
			now = when > now ? when : now;
			shape_took(&shaper, i / 2, way, 65535);
		}
	}
	memset(&shaper, 0, sizeof(shaper));
}

/* Ask about packets that the seed chooses. */
static void use_table(const struct rules_table *t, uint32_t seed)
{
	for (uint32_t i = 0; i < 16; i++, seed = seed * 1664525u + 1013904223u) {
		struct rules_query q = {.from_if = (uint8_t)(seed >> 8 & 3),
					.to_if = (uint8_t)(seed >> 10 & 3),
					.from_side = (enum rules_side)(seed >> 12 & 1),
					.to_side = (enum rules_side)(seed >> 13 & 3),
					.family = seed >> 15 & 1 ? RULES_FAMILY_IPV4 : RULES_FAMILY_IPV6,
					.proto = seed >> 16 & 1 ? RULES_PROTO_TCP : RULES_PROTO_UDP,
					.dport = (uint16_t)(seed >> 17 & 127)};
		struct decision d = rules_decide(t, &q);

		cr_assert(d.rule == RULE_INDEX_NONE || d.rule < t->count);
		if (d.action == RULES_PUBLISH) {
			uint32_t which = seed % t->rules[d.rule].target_count;
			struct rules_instance to = rules_get_instance(t, d.rule, which, q.dport);

			cr_assert(t->ifaces[to.iface].kind == RULES_IF_INNER && to.port > 0);
		}
	}
}

static void run_text(const uint8_t *input, size_t len)
{
	char *text = malloc(len + 1);
	struct report report = {.file = "rules", .text = text, .len = len};
	struct policy *policy;

	memcpy(text, input, len);
	policy = policy_read_checked(&report);
	cr_assert(report.count <= REPORT_MAX && report.count <= report.errors + report.warnings);
	if (!report.errors) {
		size_t bytes;
		void *table = policy_compile(policy, &report, &bytes);

		/* the compiler reports its own faults: there are none */
		cr_assert(table || !strstr(report.messages[report.count - 1].reason, "its own check"));
		if (table) {
			struct rules_table view = rules_view(table);

			use_table(&view, (uint32_t)len);
		}
		free(table);
	}
	policy_free(policy);
	free(text);
}

static size_t seed_text(unsigned n, uint8_t *out)
{
	if (n >= ARRAY_SIZE(texts))
		return 0;
	memcpy(out, texts[n], strlen(texts[n]));
	return strlen(texts[n]);
}

/* The first byte's high bit has the digest repaired. */
static void run_table(const uint8_t *input, size_t len)
{
	static struct rules_published published;
	size_t total = len > 8 ? len - 8 : 0;
	uint8_t *table = malloc(total + 1);
	uint32_t index;

	if (total)
		memcpy(table, input + 8, total);
	if (total >= sizeof(struct rules_header) && input[0] & 0x80)
		rules_get_digest(table, total, ((struct rules_header *)(void *)table)->sha256);
	if (rules_check(table, total, ~0u, &index) == RULES_OK) {
		struct rules_table view = rules_view(table);

		use_table(&view, input[1]);
		use_shapes(&view, input[2]);
		rules_collect_published(&view, NULL, &published);
	}
	free(table);
}

static size_t seed_table(unsigned n, uint8_t *out)
{
	struct report report = {.file = "rules"};
	struct policy *policy;
	size_t len = 0;
	void *table;

	if (n >= ARRAY_SIZE(texts))
		return 0;
	report.text = texts[n];
	report.len = strlen(texts[n]);
	policy = policy_read(&report);
	table = policy_compile(policy, &report, &len);
	cr_assert(table && len + 8 <= FUZZ_INPUT_MAX, "a seed has %zu bytes", len);
	out[0] = 0x80;
	memcpy(out + 8, table, len);
	free(table);
	policy_free(policy);
	return len + 8;
}

const struct fuzz_target fuzz_rules_text = {"rules_text", run_text, seed_text, 2048};
const struct fuzz_target fuzz_rules_table = {"rules_table", run_table, seed_table, FUZZ_INPUT_MAX};
