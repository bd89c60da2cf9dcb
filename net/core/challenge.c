/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A flood of SYNs from sources that are not there. The invariant: asking keeps nothing, and each question answers one SYN
 * with a segment no longer than that, so that whose address was forged gets no more than was sent in his name.
 */
#include "passage.h"

static struct openers_question question_of(const struct packet_info *info)
{
	return (struct openers_question){info->src, info->dst, info->sport, info->dport};
}

/* Ask who sent the SYN whether he is there. */
static enum verdict ask(struct passage *p)
{
	struct openers_question question = question_of(&p->info);
	uint32_t number = openers_ask(&p->r->flows.openers, &question, p->now);

	p->out->reason = REASON_OPENING_ASKED;
	p->out->out_if = p->in_if;
	return reply_write_question(p->pkt, &p->info, ~number, number) ? VERDICT_REPLY : VERDICT_DROP;
}

bool challenge_admits(struct passage *p, const struct flow_tuple *tuple, const struct flow_tuple *reply, uint8_t out_if,
		      enum verdict *verdict)
{
	if (tuple->proto != IP_PROTO_TCP)
		return true;
	switch (conntrack_judge(&p->r->flows, tuple, reply, p->in_if, out_if, p->now)) {
	case OPENING_ADMIT: return true;
	case OPENING_ASK: *verdict = ask(p); break;
	case OPENING_REFUSE: *verdict = passage_drop(p, REASON_OPENING_REFUSED); break;
	}
	return false;
}

bool challenge_is_answered(struct passage *p)
{
	struct openers_question question = question_of(&p->info);

	if (p->info.proto != IP_PROTO_TCP || !(p->info.tcp_flags & TCP_RST) ||
	    passage_get_in(p)->kind != IFACE_UPLINK ||
	    !openers_is_answer(&p->r->flows.openers, &question, p->info.tcp_seq, p->now))
		return false;
	openers_prove(&p->r->flows.openers, p->info.src, p->now);
	p->out->reason = REASON_OPENING_ANSWERED;
	return true;
}
