/* SPDX-License-Identifier: BSD-2-Clause */
/* The difference of two policies in lines, or as JSON. */
#include <string.h>

#include "diff.h"

struct printer {
	const struct policy *sides[2];
	bool json;
	uint32_t parts;
	FILE *out;
};

static void rule_put(const struct printer *d, int side, uint32_t number, FILE *out)
{
	const struct policy *policy = d->sides[side];
	const struct policy_rule *rule = &policy->rules[number];

	if (number == RULES_RULE_NONE) {
		fputs("no rule", out);
		return;
	}
	switch (rule->action) {
	case RULES_ACTION_ALLOW: fputs("allow", out); break;
	case RULES_ACTION_REJECT: fputs("reject", out); break;
	case RULES_ACTION_DROP: fputs("drop", out); break;
	case RULES_ACTION_MASQUERADE: fputs("nat", out); break;
	case RULES_ACTION_PUBLISH:
		fputs("publish to", out);
		for (uint32_t i = 0; i < rule->target_count; i++)
			fprintf(out, "%s %s", i ? "," : "", policy->ifaces[rule->targets[i]].name);
		if (rule->target_port)
			fprintf(out, " port %u", rule->target_port);
		break;
	}
	if (rule->limit != RULES_INDEX_NONE)
		fprintf(out, " limit %s", policy->limits[rule->limit].name);
	fprintf(out, " (%s:%u)", policy->file, rule->place.line);
}

/* What of the box is not everything, in words. */
static void box_put(const struct box *box, FILE *out)
{
	static const char *const words[REGION_DIMS] = {" from ", " to ", " "};
	static const unsigned order[] = {REGION_SERVICE, REGION_SRC, REGION_DST};
	char text[BOX_TEXT_MAX];
	bool addresses = false;

	for (unsigned i = 0; i < REGION_DIMS; i++) {
		if (box->family == RULES_FAMILY_ANY && order[i] != REGION_SERVICE)
			continue;
		span_text(&box->dim[order[i]], order[i], box->family, text);
		if (!*text && order[i] == REGION_SERVICE)
			strcpy(text, "any");
		if (!*text)
			continue;
		addresses |= order[i] != REGION_SERVICE;
		fprintf(out, "%s%s", words[order[i]], text);
	}
	if (!addresses && box->family != RULES_FAMILY_ANY)
		fprintf(out, " (%s)", box->family == RULES_FAMILY_IPV4 ? "IPv4" : "IPv6");
}

static void part_put(struct printer *d, const struct diff_part *part, const char *const *from, uint32_t from_count,
		     const char *to)
{
	static const char signs[] = {'+', '-', '~'};

	fprintf(d->out, "%c from ", signs[part->change]);
	for (uint32_t i = 0; i < from_count; i++)
		fprintf(d->out, "%s%s", i ? ", " : "", from[i]);
	fprintf(d->out, " to %s:", to);
	box_put(&part->box, d->out);
	fputs(": ", d->out);
	rule_put(d, 0, part->rules[0], d->out);
	fputs(" -> ", d->out);
	rule_put(d, 1, part->rules[1], d->out);
	fputc('\n', d->out);
}

static void part_put_json(struct printer *d, const struct diff_part *part, const char *const *from, uint32_t from_count,
			  const char *to)
{
	static const char *const kinds[] = {"allowed", "refused", "otherwise"};
	static const char *const names[REGION_DIMS] = {"source", "destination", "service"};
	char text[BOX_TEXT_MAX];

	fprintf(d->out, "%s{\"change\":\"%s\",\"family\":%u,\"from\":[", d->parts > 1 ? "," : "", kinds[part->change],
		part->box.family);
	for (uint32_t i = 0; i < from_count; i++) {
		fputs(i ? "," : "", d->out);
		json_put_string(d->out, from[i]);
	}
	fputs("],\"to\":", d->out);
	json_put_string(d->out, to);
	for (unsigned i = 0; i < REGION_DIMS; i++) {
		fprintf(d->out, ",\"%s\":", names[i]);
		*text = 0;
		if (part->box.family != RULES_FAMILY_ANY || i == REGION_SERVICE)
			span_text(&part->box.dim[i], i, part->box.family, text);
		json_put_string(d->out, *text ? text : "any");
	}
	for (int side = 0; side < 2; side++)
		fprintf(d->out, ",\"%s\":%u", side ? "new_line" : "old_line",
			part->rules[side] == RULES_RULE_NONE ? 0 : d->sides[side]->rules[part->rules[side]].place.line);
	fputc('}', d->out);
}

static void part_visit(void *arg, const struct diff_part *part, const char *const *from, uint32_t from_count,
		       const char *to)
{
	struct printer *d = arg;

	d->parts++;
	if (d->json)
		part_put_json(d, part, from, from_count, to);
	else
		part_put(d, part, from, from_count, to);
}

/* The interface called @name; one that is nothing where there is none. */
static const struct rules_iface *iface_called(const struct policy *policy, const char *name)
{
	static const struct rules_iface none;

	for (unsigned i = 0; i < RULES_IF_COUNT; i++)
		if (policy->ifaces[i].kind != RULES_IF_NONE && !strcmp(policy->ifaces[i].name, name))
			return &policy->ifaces[i];
	return &none;
}

static void rate_put(const struct rules_rate *rate, FILE *out)
{
	if (rate->amount)
		fprintf(out, "%llubit/s burst %llubit", (unsigned long long)rate->amount,
			(unsigned long long)rate->burst);
	else
		fputs("not shaped", out);
}

static void shape_put(struct printer *d, const char *name, const char *way, const struct rules_rate *old,
		      const struct rules_rate *new)
{
	d->parts++;
	if (d->json) {
		fprintf(d->out, "%s{\"change\":\"shape\",\"interface\":", d->parts > 1 ? "," : "");
		json_put_string(d->out, name);
		fprintf(d->out, ",\"way\":\"%s\",\"old\":%llu,\"new\":%llu}", way, (unsigned long long)old->amount,
			(unsigned long long)new->amount);
		return;
	}
	fprintf(d->out, "~ interface %s: shape %s: ", name, way);
	rate_put(old, d->out);
	fputs(" -> ", d->out);
	rate_put(new, d->out);
	fputc('\n', d->out);
}

/* Interfaces that @only one side has are looked at once: with the other side's that is nothing. */
static void shapes_compare(struct printer *d, const struct policy *of, bool only)
{
	for (unsigned i = 0; i < RULES_IF_COUNT; i++) {
		const char *name = of->ifaces[i].name;
		const struct rules_iface *old = iface_called(d->sides[0], name), *new = iface_called(d->sides[1], name);

		if (of->ifaces[i].kind == RULES_IF_NONE || (only && new->kind != RULES_IF_NONE))
			continue;
		for (unsigned way = 0; way < 2; way++)
			if (memcmp(&old->shape[way], &new->shape[way], sizeof old->shape[way]))
				shape_put(d, name, way ? "back" : "forth", &old->shape[way], &new->shape[way]);
	}
}

bool policy_diff_print(const struct policy *old, const struct policy *new, bool json, FILE *out, uint32_t *parts)
{
	struct printer d = {.sides = {old, new}, .json = json, .out = out};
	bool whole;

	if (json)
		fputc('[', out);
	whole = policy_diff(old, new, part_visit, &d);
	shapes_compare(&d, new, false);
	shapes_compare(&d, old, true);
	if (json)
		fputs("]\n", out);
	*parts = d.parts;
	return whole;
}
