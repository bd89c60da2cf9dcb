/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal of open flows (abi/handover.h): what conntrack.c writes for the router that comes after this one.
 *
 * Flows are recorded that a restart would be noticed by: TCP connections from the answer to the SYN until they are over, and
 * exchanges of datagrams. A record is written when the state of its flow changes, and within a second or so after other packets,
 * so that a packet that changes no state costs nothing here.
 */
#ifndef CAMBIUM_NET_CORE_JOURNAL_H
#define CAMBIUM_NET_CORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include <abi/handover.h>
#include <abi/rules.h>

struct conntrack;
struct flow;

/* All zero: nothing is recorded. */
struct journal {
	struct handover_header *header;
	struct handover_record *records; /* number i is that of flow i; flows from `count` on have none */
	uint32_t count;
	uint32_t sweep;                /* where journal_sweep() goes on */
	uint32_t peer[RULES_IF_COUNT]; /* who is behind each interface: a number that nobody else ever has; 0: nobody */
};

enum journal_found {
	JOURNAL_NEW,       /* all zero: there was no router before */
	JOURNAL_RECORDS,   /* records to be taken over, or not; they are marked as being taken */
	JOURNAL_FOREIGN,   /* of another version or size, or damaged: wiped */
	JOURNAL_ABANDONED, /* who was to take them over before died at it: wiped */
};

/*
 * Have @j keep its records in the @len bytes at @area, which is 8-byte aligned, stays the journal's, and is at least as long as a
 * header and a record. Says what was there.
 */
enum journal_found journal_attach(struct journal *j, void *area, size_t len);

/* What was found has been taken over: who dies from now on is asked for it again. */
void journal_settle(struct journal *j);

/* Record @flow, number @index, as it is now; its state has changed; it ends. */
void journal_write(struct journal *j, uint32_t index, struct flow *flow);
void journal_note(struct journal *j, uint32_t index, struct flow *flow);
void journal_end(struct journal *j, uint32_t index, struct flow *flow);

/* There is no record number @index from now on. */
void journal_erase(struct journal *j, uint32_t index);

/* Bring the records of up to @count more flows of @ct, whose journal @j is, up to date. */
void journal_sweep(struct journal *j, struct conntrack *ct, uint32_t count);

enum journal_read {
	JOURNAL_NOTHING, /* no record there, or one that was not finished */
	JOURNAL_DAMAGED, /* its check is wrong */
	JOURNAL_FLOW,
};

/* Copy record number @index, once, to @record. Nothing of it has been looked at but its check. */
enum journal_read journal_read(const struct journal *j, uint32_t index, struct handover_record *record);

/* The check that @record as number @index has to have. */
uint64_t journal_check(const struct handover_record *record, uint32_t index);

#endif
