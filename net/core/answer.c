/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers within a budget. The invariant: at each interface the router says at most REPLY_BURST
 * things unasked at once and REPLY_RATE a second, so that nobody can use it to flood a third party.
 * (Echo replies are asked for, and as large as the request.)
 */
#include "passage.h"

#define SECOND 1000000000ull

#define REPLY_RATE 100u
#define REPLY_BURST 100u

bool budget_take_of(struct reply_budget *budget, uint32_t rate, uint32_t burst, uint64_t now)
{
	uint64_t earned = (now - budget->refilled_ns) / (SECOND / rate);

	if (earned >= burst) {
		budget->tokens = burst;
		budget->refilled_ns = now;
	} else if (earned > 0) {
		budget->tokens += (uint32_t)earned;
		budget->refilled_ns += earned * (SECOND / rate);
	}
	if (budget->tokens > burst)
		budget->tokens = burst;
	if (budget->tokens == 0)
		return false;
	budget->tokens--;
	return true;
}

bool budget_take(struct reply_budget *budget, uint64_t now)
{
	return budget_take_of(budget, REPLY_RATE, REPLY_BURST, now);
}

enum verdict answer_error(struct passage *p, enum reason reason, enum reply_error error, uint16_t mtu)
{
	p->out->reason = reason;
	p->out->out_if = p->in_if;
	if (!budget_take(&p->r->budget[p->in_if], p->now))
		return VERDICT_DROP;
	return reply_write_error(p->pkt, &p->info, iface_get_net(passage_get_in(p), p->info.src)->addr, error, mtu)
		       ? VERDICT_REPLY
		       : VERDICT_DROP;
}

enum verdict answer_reset(struct passage *p, enum reason reason)
{
	p->out->reason = reason;
	p->out->out_if = p->in_if;
	if (!budget_take(&p->r->budget[p->in_if], p->now))
		return VERDICT_DROP;
	return reply_write_reset(p->pkt, &p->info) ? VERDICT_REPLY : VERDICT_DROP;
}

enum verdict answer_reject(struct passage *p)
{
	if (p->info.proto != IP_PROTO_TCP)
		return answer_error(p, REASON_POLICY_REJECT, REPLY_PROHIBITED, 0);
	return answer_reset(p, REASON_POLICY_REJECT);
}

enum verdict answer_self(struct passage *p)
{
	if (p->info.icmp_kind != ICMP_KIND_REQUEST)
		return passage_drop(p, REASON_NO_SERVICE);
	if (p->info.option_binds)
		return passage_drop(p, REASON_IP6_OPTION);
	p->out->reason = REASON_SELF_ECHO;
	p->out->out_if = p->in_if;
	return reply_write_echo(p->pkt, &p->info) ? VERDICT_REPLY : VERDICT_DROP;
}
