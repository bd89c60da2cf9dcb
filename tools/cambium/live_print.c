/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of a running router in lines, or as JSON. Names from the machine are printed only where they are plain. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include <abi/rules.h>

#include "live.h"
#include "text.h"

#define SECOND_NS 1000000000.0

struct printer {
	struct serial *serial;
	FILE *out;
	bool json;
	const char *comma; /* before the next JSON record */
	uint64_t now_ns;
};

const char *digest_text(const uint8_t digest[32], char text[DIGEST_TEXT_MAX])
{
	for (unsigned i = 0; i < (DIGEST_TEXT_MAX - 1) / 2; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return text;
}

static bool digest_is_none(const uint8_t digest[32])
{
	static const uint8_t none[32];

	return !memcmp(digest, none, sizeof none);
}

/* @text of at most @size bytes, without what a terminal would obey. */
static void text_copy(char *to, const char *text, size_t size)
{
	size_t i = 0;

	for (; i + 1 < size && text[i]; i++)
		to[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	to[i] = 0;
}

static const char *action_name(uint32_t action)
{
	static const char *const names[] = {"?", "allow", "reject", "drop", "nat", "publish"};

	return action < sizeof names / sizeof names[0] ? names[action] : names[0];
}

static void rule_print(struct printer *p, const void *record)
{
	struct manage_rule rule;

	memcpy(&rule, record, sizeof rule);
	if (p->json)
		fprintf(p->out, "%s{\"line\":%u,\"action\":\"%s\",\"flows\":%" PRIu64 "}", p->comma, rule.line,
			action_name(rule.action), rule.hits);
	else if (rule.hits)
		fprintf(p->out, "rule in line %u: %s: %" PRIu64 " flows\n", rule.line, action_name(rule.action),
			rule.hits);
}

static void counter_print(struct printer *p, const void *record)
{
	struct manage_counter c;
	char name[sizeof c.name];

	memcpy(&c, record, sizeof c);
	text_copy(name, c.name, sizeof name);
	if (p->json)
		fprintf(p->out,
			"%s{\"name\":\"%s\",\"flows\":%" PRIu64 ",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 "}",
			p->comma, name, c.flows, c.packets, c.bytes);
	else
		fprintf(p->out, "count %s: %" PRIu64 " flows, %" PRIu64 " packets, %" PRIu64 " bytes\n", name, c.flows,
			c.packets, c.bytes);
}

static void iface_print(struct printer *p, const void *record)
{
	struct manage_iface i;

	memcpy(&i, record, sizeof i);
	if (p->json)
		fprintf(p->out,
			"%s{\"number\":%u,\"kind\":\"%s\",\"rx_packets\":%" PRIu64 ",\"rx_bytes\":%" PRIu64
			",\"rx_dropped\":%" PRIu64 ",\"tx_packets\":%" PRIu64 ",\"tx_bytes\":%" PRIu64
			",\"shaped_in\":%s,\"shaped_out\":%s,\"waiting\":%u,\"wait_dropped\":%" PRIu64 "}",
			p->comma, i.number,
			i.kind == RULES_IF_NONE    ? "none"
			: i.kind == RULES_IF_INNER ? "inner"
						   : "uplink",
			i.rx_packets, i.rx_bytes, i.rx_dropped, i.tx_packets, i.tx_bytes,
			i.shaped & MANAGE_SHAPED_IN ? "true" : "false", i.shaped & MANAGE_SHAPED_OUT ? "true" : "false",
			i.waiting, i.wait_dropped);
	else if (i.kind != RULES_IF_NONE)
		fprintf(p->out,
			"interface %u: in %" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64 " dropped; out %" PRIu64
			" packets, %" PRIu64 " bytes\n",
			i.number, i.rx_packets, i.rx_bytes, i.rx_dropped, i.tx_packets, i.tx_bytes);
	if (!p->json && i.shaped)
		fprintf(p->out,
			"interface %u: shaped%s%s: %u frames wait, %" PRIu64 " had waited too long or found no room\n",
			i.number, i.shaped & MANAGE_SHAPED_IN ? " forth" : "",
			i.shaped & MANAGE_SHAPED_OUT ? " back" : "", i.waiting, i.wait_dropped);
}

static void end_text(const struct manage_drop *d, const uint8_t addr[16], uint16_t port, char text[80])
{
	char address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(d->family == RULES_FAMILY_IPV6 ? AF_INET6 : AF_INET, addr, address, sizeof address);
	snprintf(text, 80, d->family == RULES_FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", address, port);
}

static void drop_print(struct printer *p, const void *record)
{
	struct manage_drop d;
	char src[80] = "", dst[80] = "", reason[sizeof d.reason];
	double ago;

	memcpy(&d, record, sizeof d);
	text_copy(reason, d.reason, sizeof reason);
	ago = p->now_ns > d.when_ns ? (double)(p->now_ns - d.when_ns) / SECOND_NS : 0;
	if (d.family) {
		end_text(&d, d.src, d.sport, src);
		end_text(&d, d.dst, d.dport, dst);
	}
	if (p->json)
		fprintf(p->out,
			"%s{\"seconds_ago\":%.3f,\"interface\":%u,\"protocol\":%u,\"source\":\"%s\",\"destination\":\"%s\","
			"\"reason\":\"%s\"}",
			p->comma, ago, d.iface, d.proto, src, dst, reason);
	else if (d.family)
		fprintf(p->out, "dropped %.1f s ago at interface %u: protocol %u %s > %s: %s\n", ago, d.iface, d.proto,
			src, dst, reason);
	else
		fprintf(p->out, "dropped %.1f s ago at interface %u: %s\n", ago, d.iface, reason);
}

/* All records of one kind. */
static bool records_print(struct printer *p, uint32_t what, uint32_t size, const char *name,
			  void (*print)(struct printer *p, const void *record))
{
	struct manage_query query = {.what = what};
	struct manage_message answer;

	if (p->json)
		fprintf(p->out, ",\"%s\":[", name);
	p->comma = "";
	do {
		if (!serial_ask(p->serial, MANAGE_QUERY, &query, sizeof query, 0, &answer))
			return false;
		for (uint32_t at = 0; at + size <= answer.length; at += size, query.first++) {
			print(p, answer.payload + at);
			p->comma = ",";
		}
	} while (answer.length >= size);
	if (p->json)
		fputc(']', p->out);
	return true;
}

static void status_print(const struct printer *p, const struct manage_status *s)
{
	char active[DIGEST_TEXT_MAX], before[DIGEST_TEXT_MAX];

	digest_text(s->sha256, active);
	digest_text(s->previous, before);
	if (p->json) {
		fprintf(p->out,
			"{\"in_force\":\"%s\",\"before\":\"%s\",\"rules\":%u,\"seconds_left\":%.3f,\"switches\":%u,"
			"\"rolled_back\":%u,\"flows\":%u,\"flows_most\":%u,\"half_open\":%u,\"flows_cut\":%" PRIu64
			",\"openings_asked\":%" PRIu64 ",\"half_open_evicted\":%" PRIu64
			",\"flows_handed_over\":%u,\"flows_not_handed_over\":%u,\"dropped\":%" PRIu64,
			digest_is_none(s->sha256) ? "" : active, digest_is_none(s->previous) ? "" : before,
			s->rule_count, (double)s->left_ns / SECOND_NS, s->switch_count, s->rollback_count,
			s->flow_count, s->flow_capacity, s->half_open_count, s->flows_cut, s->openings_asked,
			s->half_open_evicted, s->flows_kept, s->flows_lost, s->drop_count);
		return;
	}
	if (digest_is_none(s->sha256))
		fprintf(p->out, "in force: nothing, everything is dropped\n");
	else
		fprintf(p->out, "in force: %s, %u rules\n", active, s->rule_count);
	if (s->left_ns)
		fprintf(p->out, "on trial: %.1f s left to confirm it, then %s comes back\n",
			(double)s->left_ns / SECOND_NS, before);
	else if (!digest_is_none(s->previous))
		fprintf(p->out, "before:   %s\n", before);
	fprintf(p->out, "policies: %u were put in force, %u of them since nobody confirmed the one before\n",
		s->switch_count, s->rollback_count);
	fprintf(p->out, "flows:    %u of %u at most, %" PRIu64 " cut by new rules\n", s->flow_count, s->flow_capacity,
		s->flows_cut);
	fprintf(p->out, "openings: %u half-open, %" PRIu64 " gave way, %" PRIu64 " asked whether anybody is there\n",
		s->half_open_count, s->half_open_evicted, s->openings_asked);
	if (s->flows_kept || s->flows_lost)
		fprintf(p->out, "flows:    %u handed over by the router before, %u not\n", s->flows_kept,
			s->flows_lost);
	fprintf(p->out, "packets:  %" PRIu64 " dropped or refused\n", s->drop_count);
}

bool live_status_print(struct serial *serial, bool json, FILE *out)
{
	struct printer p = {.serial = serial, .out = out, .json = json};
	struct manage_status status;
	bool good;

	if (!live_status(serial, &status))
		return false;
	p.now_ns = status.now_ns;
	status_print(&p, &status);
	good = records_print(&p, MANAGE_RULES, sizeof(struct manage_rule), "per_rule", rule_print) &&
	       records_print(&p, MANAGE_COUNTERS, sizeof(struct manage_counter), "counters", counter_print) &&
	       records_print(&p, MANAGE_IFACES, sizeof(struct manage_iface), "interfaces", iface_print) &&
	       records_print(&p, MANAGE_DROPS, sizeof(struct manage_drop), "last_drops", drop_print);
	if (json)
		fputs("}\n", out);
	return good;
}
