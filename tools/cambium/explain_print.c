/* SPDX-License-Identifier: BSD-2-Clause */
/* Explanations in words, and as JSON. */
#include <string.h>

#include "explain.h"

static const char *action_text(enum rules_action action)
{
	switch (action) {
	case RULES_DROP: return "drop";
	case RULES_REJECT: return "reject";
	case RULES_ALLOW: return "allow";
	case RULES_MASQUERADE: return "nat";
	case RULES_PUBLISH: return "publish";
	}
	return "?";
}

/* A router that was asked as a whole, and refused what the rules let pass or before it asked them. */
static bool refused_otherwise(const struct explanation *e)
{
	return e->whole && !e->passes && e->reason != REASON_POLICY_DEFAULT && e->reason != REASON_POLICY_DROP &&
	       e->reason != REASON_POLICY_REJECT;
}

const char *explanation_summary(const struct policy *policy, const struct explanation *e, char text[EXPLAIN_TEXT_MAX])
{
	const char *out = policy_place_name(policy, e->out_if);

	if (refused_otherwise(e))
		snprintf(text, EXPLAIN_TEXT_MAX, "drop: %s", reason_get_text(e->reason));
	else if (e->rule == RULE_INDEX_NONE)
		snprintf(text, EXPLAIN_TEXT_MAX, "drop by default");
	else if (!e->passes)
		snprintf(text, EXPLAIN_TEXT_MAX, "%s", action_text(e->action));
	else if (e->action == RULES_PUBLISH && policy->rules[e->rule].target_count > 1)
		snprintf(text, EXPLAIN_TEXT_MAX, "publish to one of %u:%u", policy->rules[e->rule].target_count,
			 e->becomes.dport);
	else if (e->action == RULES_PUBLISH)
		snprintf(text, EXPLAIN_TEXT_MAX, "publish to %s:%u", out, e->becomes.dport);
	else
		snprintf(text, EXPLAIN_TEXT_MAX, "%s to %s", action_text(e->action), out);
	return text;
}

/* Line @number of the text, without blanks in front. */
static void line_put(const char *text, size_t len, uint32_t number, FILE *out)
{
	const char *at = text, *end = text + len, *stop;

	while (--number && at)
		at = memchr(at, '\n', (size_t)(end - at)), at = at ? at + 1 : NULL;
	if (!at)
		return;
	stop = memchr(at, '\n', (size_t)(end - at));
	stop = stop ? stop : end;
	while (at < stop && (*at == ' ' || *at == '\t'))
		at++;
	fprintf(out, "%.*s", (int)(stop - at < 200 ? stop - at : 200), at);
}

static void rate_put(const char *what, const struct rules_rate *rate, const char *unit, FILE *out)
{
	if (rate->amount)
		fprintf(out, " %s %llu%s in %u s burst %llu", what, (unsigned long long)rate->amount, unit,
			rate->seconds, (unsigned long long)rate->burst);
}

static void options_put(const struct policy *policy, const struct policy_rule *rule, FILE *out)
{
	if (rule->limit != RULES_INDEX_NONE) {
		const struct rules_limit *limit = &policy->limits[rule->limit];

		fprintf(out, "limit:   %s:", limit->name);
		rate_put("new flows of a source", &limit->flows, "", out);
		rate_put("forth", &limit->bits[0], " bit", out);
		rate_put("forth", &limit->packets[0], " packets", out);
		rate_put("back", &limit->bits[1], " bit", out);
		rate_put("back", &limit->packets[1], " packets", out);
		fputc('\n', out);
	}
	if (rule->counter != RULES_INDEX_NONE)
		fprintf(out, "count:   %s\n", policy->counters[rule->counter].name);
	if (rule->log != RULES_INDEX_NONE)
		fprintf(out, "log:     %llu lines in %u s, burst %llu\n",
			(unsigned long long)policy->logs[rule->log].amount, policy->logs[rule->log].seconds,
			(unsigned long long)policy->logs[rule->log].burst);
}

/* What makes the packet wait. */
static void shape_put(const struct rules_iface *iface, unsigned way, FILE *out)
{
	if (!iface->shape[way].amount)
		return;
	fprintf(out, "shaped:  at %s:", iface->name);
	rate_put(way ? "what goes out" : "what comes in", &iface->shape[way], " bit", out);
	fputc('\n', out);
}

void explanation_print(const struct policy *policy, const char *text, size_t len, const struct explanation *e,
		       FILE *out)
{
	char words[EXPLAIN_TEXT_MAX];
	const struct policy_rule *rule = e->rule == RULE_INDEX_NONE ? NULL : &policy->rules[e->rule];

	fprintf(out, "packet:  %s\n", described_text(&e->packet, words));
	fprintf(out, "way:     from %s to %s\n", policy->ifaces[e->packet.from].name,
		policy_place_name(policy, e->place));
	fprintf(out, "verdict: %s\n", explanation_summary(policy, e, words));
	if (rule) {
		fprintf(out, "rule:    %s:%u: ", policy->file, rule->place.line);
		line_put(text, len, rule->place.line, out);
		fputc('\n', out);
	}
	if (e->passes)
		fprintf(out, "leaves:  as %s\n", described_text(&e->becomes, words));
	if (rule)
		options_put(policy, rule, out);
	if (e->passes) {
		shape_put(&policy->ifaces[e->packet.from], 0, out);
		if (e->out_if < RULES_IF_COUNT)
			shape_put(&policy->ifaces[e->out_if], 1, out);
	}
	if (!e->whole)
		fputs("note:    the rules alone were asked; a router drops forged sources before it asks them\n", out);
}

void explanation_print_json(const struct policy *policy, const struct explanation *e, FILE *out)
{
	char words[EXPLAIN_TEXT_MAX];
	const struct policy_rule *rule = e->rule == RULE_INDEX_NONE ? NULL : &policy->rules[e->rule];

	fprintf(out, "{\"passes\":%s,\"verdict\":", e->passes ? "true" : "false");
	json_put_string(out, explanation_summary(policy, e, words));
	fprintf(out, ",\"action\":\"%s\",\"line\":%u,\"to\":", action_text(e->action), rule ? rule->place.line : 0);
	json_put_string(out, policy_place_name(policy, e->passes ? e->out_if : e->place));
	if (e->passes) {
		fputs(",\"leaves\":", out);
		json_put_string(out, described_text(&e->becomes, words));
	}
	if (rule && rule->limit != RULES_INDEX_NONE) {
		fputs(",\"limit\":", out);
		json_put_string(out, policy->limits[rule->limit].name);
	}
	fprintf(out, ",\"whole_router\":%s}\n", e->whole ? "true" : "false");
}
