/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames through the router.
 *
 * Invariant: a frame that comes in here is sent, held under the number that the router chose, or given back to the
 * pool, exactly once. The router sees only private memory, whole packets but of a unit (gso_size), of which it sees the
 * first frame, and decides before anything is sent. A unit passes as it is, and is cut only for who takes none.
 */
#include "domain.h"

#include <string.h>

#include <abi/manage.h>
#include <drivers/net/cut.h>

#include <cambium/crash.h>

#define RESET_PATIENCE_NS 20000000ull
#define QUESTION_ROOM 16u /* places in the NIC's queue that questions to whoever opens connections leave to all else */
#define ETH_LEN 14u

_Static_assert(FRAME_CSUM_BLANK == PACKET_CSUM_BLANK && FRAME_CSUM_VALID == PACKET_CSUM_VALID, "same bits");
_Static_assert(FRAME_LEN_MAX >= PACKET_HEAD_MIN, "a unit's first frame has what the router looks at");

static bool send_inner(struct router_domain *d, unsigned index, struct frame *frame);
static bool send_uplink(struct router_domain *d, struct frame *frame);

/* Sends @unit, of which the other side takes only segments, in these, and gives it back. False: not all were sent. */
static bool send_cut(struct router_domain *d, unsigned index, struct frame *unit)
{
	struct gso_cut cut;
	bool sent = gso_cut_begin(&cut, unit);

	d->counters.cut += sent;
	while (sent) {
		struct frame *segment = frame_get(&d->frames);

		if (!segment) {
			sent = false;
		} else if (!gso_cut_next(&cut, segment)) {
			frame_put(&d->frames, segment);
			break;
		} else {
			sent = index == UPLINK ? send_uplink(d, segment) : send_inner(d, index, segment);
		}
	}
	frame_put(&d->frames, unit);
	return sent;
}

/* A front that is not there takes nothing, and need not be waited for. */
static bool back_has_room(struct netback *back)
{
	return back->state != NETBACK_OPEN || netback_has_room(&back->rings);
}

/* What goes to an interface with a queue waits there, and is sent when there may be room again. */
static void full_set(struct router_domain *d, uint32_t mask)
{
	d->full = mask;
	router_set_full(&d->brain, mask & ~d->brain.shaper.shaped[SHAPE_OUT] & ~d->queued);
}

void full_look(struct router_domain *d)
{
	uint32_t full = d->full;

	for (uint32_t left = full; left; left &= left - 1) {
		unsigned index = (unsigned)__builtin_ctz(left);

		full &= ~((uint32_t)back_has_room(&d->backs[index]) << index);
	}
	if (d->full)
		full_set(d, full);
}

static bool send_inner(struct router_domain *d, unsigned index, struct frame *frame)
{
	struct netback *back = &d->backs[index];
	enum netback_result result = NETBACK_EMPTY;

	if (back->state == NETBACK_OPEN && !netback_takes(&back->rings, frame))
		return send_cut(d, index, frame);
	if (back->state == NETBACK_OPEN)
		result = netback_send(&back->rings, frame);
	frame_put(&d->frames, frame);
	if (result == NETBACK_EMPTY && !back_has_room(back))
		full_set(d, d->full | 1u << index);
	if (result == NETBACK_BROKEN)
		iface_detach(d, index, "its rings make no sense");
	return result == NETBACK_FRAME;
}

static bool send_uplink(struct router_domain *d, struct frame *frame)
{
	if (d->nic && frame->gso_size && !d->nic->tx_tso)
		return send_cut(d, UPLINK, frame);
	if (d->nic && (d->nic->tx_csum || frame_complete_csum(frame)))
		return nic_send(d->nic, frame);
	frame_put(&d->frames, frame);
	return false;
}

/* A flood has the router ask as many questions: is there room for one? */
static bool question_has_room(const struct router_domain *d)
{
	return d->nic && nic_get_room(d->nic) > QUESTION_ROOM;
}

void frame_send(struct router_domain *d, unsigned index, struct frame *frame)
{
	bool sent;

	capture_frame(index, frame, MANAGE_OUT);
	sent = index == UPLINK ? send_uplink(d, frame) : send_inner(d, index, frame);

	d->counters.not_sent += !sent;
}

/* The segments of @unit are sent at interface @index, each when its time has come: the whole of it would hold up all others. */
static void unit_shape(struct router_domain *d, unsigned index, struct frame *unit)
{
	struct frame *segment = NULL;
	struct gso_cut cut;
	bool more = gso_cut_begin(&cut, unit);

	d->counters.cut += more;
	while (more && (segment = frame_get(&d->frames))) {
		more = gso_cut_next(&cut, segment);
		if (more)
			shape_send(d, index, segment);
		else
			frame_put(&d->frames, segment);
	}
	d->counters.not_sent += more;
	frame_put(&d->frames, unit);
}

/* Sends @frame at interface @index when its time has come. */
static void frame_leave(struct router_domain *d, unsigned index, struct frame *frame)
{
	if (!((d->brain.shaper.shaped[SHAPE_OUT] | d->queued) >> index & 1))
		frame_send(d, index, frame);
	else if (frame->gso_size)
		unit_shape(d, index, frame);
	else
		shape_send(d, index, frame);
}

/* How the router is shown @frame. */
static struct packet packet_of(const struct frame *frame)
{
	struct packet pkt = {.data = frame->data,
			     .len = frame->len,
			     .head_len = frame->len,
			     .capacity = FRAME_LEN_MAX,
			     .csum_start = frame->csum_start,
			     .csum_offset = frame->csum_offset,
			     .flags = frame->flags};

	if (!frame->gso_size)
		return pkt;
	pkt.len = frame_get_total(frame);
	pkt.gso_size = frame->gso_size;
	pkt.gso_type = be16_get(frame->data + ETH_LEN - 2) == ETHERTYPE_IPV6 ? PACKET_GSO_TCP6 : PACKET_GSO_TCP4;
	return pkt;
}

/* What the router made of the packet goes back into the frame's description. What is no unit any more is an answer. */
static void frame_take_over(struct router_domain *d, struct frame *frame, const struct packet *pkt)
{
	if (pkt->gso_type == PACKET_GSO_NONE) {
		if (frame->more)
			frame_put(&d->frames, frame->more);
		frame->more = NULL;
		frame->gso_size = 0;
		frame->len = pkt->len;
	}
	frame->flags = pkt->flags;
	frame->csum_start = pkt->csum_start;
	frame->csum_offset = pkt->csum_offset;
}

/* A line about a new flow: which rule, what became of it, from whom to whom. */
__attribute__((noinline)) static void log_flow(const struct router_domain *d, const struct output *out, unsigned index)
{
	static const char *const actions[] = {[RULES_ALLOW] = "allowed",
					      [RULES_REJECT] = "rejected",
					      [RULES_DROP] = "dropped",
					      [RULES_MASQUERADE] = "translated",
					      [RULES_PUBLISH] = "published"};
	const struct rules_table *rules = &d->brain.rules;
	char src[REPORT_ADDRESS_MAX], dst[REPORT_ADDRESS_MAX];

	report("line %u %s: from %.15s protocol %u %s:%u > %s:%u", (unsigned)rules->rules[out->rule].line,
	       actions[rules->rules[out->rule].action], rules->ifaces[index].name, (unsigned)out->opening.proto,
	       address_text(src, out->opening.src), (unsigned)out->opening.sport, address_text(dst, out->opening.dst),
	       (unsigned)out->opening.dport);
}

/* A unit that has to wait would take too many frames: it is lost, and TCP sends it again. */
static void frame_hold(struct router_domain *d, unsigned number, struct frame *frame)
{
	d->held[number] = frame->more ? NULL : frame;
	if (!frame->more)
		return;
	frame_put(&d->frames, frame);
	d->counters.not_sent++;
}

void frame_pass(struct router_domain *d, unsigned index, struct frame *frame, uint64_t now)
{
	struct packet pkt = packet_of(frame);
	struct output out;
	enum verdict verdict;

	capture_frame(index, frame, MANAGE_IN);
	d->counters.frames++;
	d->counters.units += frame->gso_size > 0;
	if (d->counters.frames == d->options.die_after)
		crash("die-after=%u: asked to crash here", (unsigned)d->options.die_after);
	verdict = router_input(&d->brain, index, &pkt, now, &out);
	if (out.log)
		log_flow(d, &out, index);
	if (out.reason == REASON_OPENING_ASKED && verdict == VERDICT_REPLY && !question_has_room(d)) {
		d->counters.not_sent++;
		verdict = VERDICT_DROP;
	}
	switch (verdict) {
	case VERDICT_FORWARD:
	case VERDICT_REPLY:
		d->counters.forwarded++;
		frame_take_over(d, frame, &pkt);
		frame_leave(d, out.out_if, frame);
		break;
	case VERDICT_HOLD:
		frame_take_over(d, frame, &pkt);
		frame_hold(d, out.hold, frame);
		break;
	case VERDICT_DROP:
	case VERDICT_CONSUMED:
	case VERDICT_PIECES: frame_put(&d->frames, frame); break;
	}
	if (router_has_events(&d->brain))
		events_do(d);
	pay_for_frame(d, index, verdict, &out);
}

/* A frame of the @len bytes at @bytes, which the router wrote itself; NULL, and counted, where there is no room. */
static struct frame *frame_make(struct router_domain *d, const uint8_t *bytes, uint32_t len)
{
	struct frame *frame = len <= FRAME_LEN_MAX ? frame_get(&d->frames) : NULL;

	if (!frame) {
		d->counters.not_sent++;
		return NULL;
	}
	memcpy(frame->data, bytes, len);
	frame->len = len;
	return frame;
}

static void event_send(struct router_domain *d, const struct router_event *event, const uint8_t *bytes)
{
	struct frame *frame = frame_make(d, bytes, event->len);

	if (frame)
		frame_leave(d, event->out_if, frame);
}

/* The next hop of a held frame is known, or nobody answers there. */
static void event_release(struct router_domain *d, const struct router_event *event)
{
	struct frame *frame = d->held[event->hold];

	d->held[event->hold] = NULL;
	if (!frame)
		return; /* a piece for which there was no room, or a unit */
	if (event->kind == EVENT_DISCARD) {
		frame_put(&d->frames, frame);
		return;
	}
	memcpy(frame->data, event->mac.octets, sizeof event->mac.octets);
	d->counters.forwarded++;
	frame_leave(d, event->out_if, frame);
}

/* Is there room for the next RST? Where there has been none for long it is lost, so that the others go on. */
static bool reset_may_go(struct router_domain *d)
{
	uint64_t *since;
	uint8_t index;

	if (!router_get_reset_if(&d->brain, &index))
		return true;
	since = &d->reset_full_since[index];
	if (index == UPLINK ? question_has_room(d) : back_has_room(&d->backs[index]))
		*since = 0;
	else if (!*since)
		*since = d->now;
	return !*since || d->now - *since >= RESET_PATIENCE_NS;
}

void events_do(struct router_domain *d)
{
	struct router_event event;

	d->brain.resets_wait = !reset_may_go(d);
	while (router_event_next(&d->brain, &event)) {
		switch (event.kind) {
		case EVENT_SEND: event_send(d, &event, event.frame); break;
		case EVENT_PIECE:
			d->counters.forwarded++;
			event_send(d, &event, event.bytes);
			break;
		case EVENT_HOLD_PIECE: d->held[event.hold] = frame_make(d, event.bytes, event.len); break;
		case EVENT_RELEASE:
		case EVENT_DISCARD: event_release(d, &event); break;
		}
		d->brain.resets_wait = !reset_may_go(d);
	}
}
