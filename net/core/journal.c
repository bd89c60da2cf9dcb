/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of flows. The invariant: whatever instruction the writer dies at, each record is either whole, of one moment, or
 * seen not to be: its sequence is odd from before its first byte changes until after its last one did.
 */
#include "journal.h"

#include <stdatomic.h>
#include <string.h>

#include <base/bits.h>
#include <base/check.h>

#include "conntrack.h"

#define CHECKED_FROM offsetof(struct handover_record, deadline_ns)
#define CHECKED_WORDS ((sizeof(struct handover_record) - CHECKED_FROM) / sizeof(uint64_t))

_Static_assert(CHECKED_FROM % 8 == 0 && sizeof(struct handover_record) % 8 == 0, "whole words are checked");
_Static_assert(sizeof(struct flow_tuple) == sizeof(struct handover_tuple) &&
		       offsetof(struct flow_tuple, proto) == offsetof(struct handover_tuple, proto),
	       "a tuple is written as it is");

/* Each step is a permutation of the words there are, so that no change of a single one goes unseen. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

uint64_t journal_check(const struct handover_record *record, uint32_t index)
{
	uint64_t words[CHECKED_WORDS], hash = mix(HANDOVER_MAGIC, (uint64_t)index << 32 | record->sequence);

	memcpy(words, (const uint8_t *)record + CHECKED_FROM, sizeof(words));
	for (size_t i = 0; i < CHECKED_WORDS; i++)
		hash = mix(hash, words[i]);
	return mix(hash, record->reserved0);
}

static bool is_zero(const struct handover_header *header)
{
	static const struct handover_header zero;

	return memcmp(header, &zero, sizeof(zero)) == 0;
}

static enum journal_found header_judge(const struct handover_header *header, uint32_t count)
{
	if (is_zero(header))
		return JOURNAL_NEW;
	if (header->magic != HANDOVER_MAGIC || header->version != HANDOVER_VERSION ||
	    header->record_bytes != sizeof(struct handover_record) || header->record_count != count)
		return JOURNAL_FOREIGN;
	if (header->state == HANDOVER_TAKING)
		return JOURNAL_ABANDONED;
	return header->state == HANDOVER_KEPT ? JOURNAL_RECORDS : JOURNAL_FOREIGN;
}

enum journal_found journal_attach(struct journal *j, void *area, size_t len)
{
	struct handover_header header;
	enum journal_found found;

	CHECK(len >= sizeof(header) + sizeof(*j->records));
	j->header = area;
	j->records = (struct handover_record *)(void *)((uint8_t *)area + sizeof(header));
	j->count = (uint32_t)((len - sizeof(header)) / sizeof(*j->records));
	memcpy(&header, area, sizeof(header));
	found = header_judge(&header, j->count);
	if (found != JOURNAL_RECORDS)
		memset(area, 0, len);
	atomic_thread_fence(memory_order_seq_cst);
	*j->header = (struct handover_header){
		.magic = HANDOVER_MAGIC,
		.version = HANDOVER_VERSION,
		.record_bytes = sizeof(*j->records),
		.record_count = j->count,
		.state = found == JOURNAL_RECORDS ? HANDOVER_TAKING : HANDOVER_KEPT,
	};
	return found;
}

void journal_settle(struct journal *j)
{
	j->header->state = HANDOVER_KEPT;
}

/* Does a restart have to keep @flow? */
static bool is_wanted(const struct flow *flow)
{
	if (flow->tuple[0].proto == IP_PROTO_TCP)
		return flow->tcp.state > TCP_SYN_SENT && flow->tcp.state != TCP_CLOSED;
	return flow->class == FLOW_ASSURED;
}

static struct handover_side side_record(const struct tcp_side *side)
{
	return (struct handover_side){
		.end = side->end,
		.acked = side->acked,
		.max_end = side->max_end,
		.max_window = side->max_window,
		.scale = side->scale,
		.has_scale = side->has_scale,
		.has_fin = side->has_fin,
	};
}

static _Atomic uint32_t *sequence_of(struct handover_record *record)
{
	return (_Atomic uint32_t *)&record->sequence;
}

void journal_write(struct journal *j, uint32_t index, struct flow *flow)
{
	struct handover_record *to, record = {.deadline_ns = flow->deadline, .seen = flow->seen};
	uint32_t before;

	flow->touched = 0;
	if (index >= j->count)
		return;
	flow->recorded = 1;
	to = &j->records[index];
	before = atomic_load_explicit(sequence_of(to), memory_order_relaxed) | 1;
	record.sequence = before + 1 ? before + 1 : 2;
	memcpy(record.tuple, flow->tuple, sizeof(record.tuple));
	for (unsigned d = 0; d < 2; d++) {
		record.iface[d] = flow->iface[d];
		record.peer[d] = j->peer[flow->iface[d]];
	}
	if (flow->tuple[0].proto == IP_PROTO_TCP) {
		record.tcp_state = flow->tcp.state;
		record.side[0] = side_record(&flow->tcp.side[0]);
		record.side[1] = side_record(&flow->tcp.side[1]);
	}
	record.check = journal_check(&record, index);
	/* 1. not whole from here on */
	atomic_store_explicit(sequence_of(to), before, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	/* 2. all but the sequence */
	memcpy((uint8_t *)to + sizeof(to->sequence), (const uint8_t *)&record + sizeof(record.sequence),
	       sizeof(record) - sizeof(record.sequence));
	/* 3. whole, after everything that it vouches for */
	atomic_store_explicit(sequence_of(to), record.sequence, memory_order_release);
}

void journal_erase(struct journal *j, uint32_t index)
{
	if (index < j->count)
		atomic_store_explicit(sequence_of(&j->records[index]), 0, memory_order_release);
}

void journal_note(struct journal *j, uint32_t index, struct flow *flow)
{
	if (is_wanted(flow))
		journal_write(j, index, flow);
	else
		journal_end(j, index, flow);
}

void journal_end(struct journal *j, uint32_t index, struct flow *flow)
{
	if (flow->recorded)
		journal_erase(j, index);
	flow->recorded = 0;
}

void journal_sweep(struct journal *j, struct conntrack *ct, uint32_t count)
{
	if (!j->header)
		return;
	for (count = MIN(count, ct->capacity); count > 0; count--) {
		struct flow *flow = &ct->flows[j->sweep];

		if (flow->in_use && flow->recorded && flow->touched)
			journal_write(j, j->sweep, flow);
		j->sweep = j->sweep + 1 < ct->capacity ? j->sweep + 1 : 0;
	}
}

enum journal_read journal_read(const struct journal *j, uint32_t index, struct handover_record *record)
{
	CHECK(index < j->count);
	memcpy(record, &j->records[index], sizeof(*record));
	atomic_signal_fence(memory_order_seq_cst); /* the copy is what is read from here on */
	if (record->sequence == 0 || record->sequence % 2 != 0)
		return JOURNAL_NOTHING;
	return record->check == journal_check(record, index) ? JOURNAL_FLOW : JOURNAL_DAMAGED;
}
