/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU of a storm (storm.c): what it has, what it found wrong, and what stands in the pages that it sees. */
#ifndef CAMBIUM_TESTS_STORM_WORKER_H
#define CAMBIUM_TESTS_STORM_WORKER_H

#include "storm.h"

#define WORDS (PAGE_SIZE / 8)
#define STRIDE 8u  /* words looked at: one of so many */
#define NOTHING 1u /* a word that stands nowhere */
#define OK (1ull << HC_OK)
#define OR(error) (1ull << (error))
/* What may be said of a reference that is revoked at this moment, and perhaps offered again for something else. */
#define GONE (OR(HC_EGRANT) | OR(HC_ETYPE) | OR(HC_EREADONLY))

struct worker {
	uint32_t number, random, serial, phase;
	struct storm_lane *mine;
	const struct storm_lane *theirs;
	uint64_t va[STORM_OBJECTS], mfn[STORM_OBJECTS];
	uint64_t scratch, scratch_mfn; /* a page for copies */
	uint64_t window;               /* two addresses where nothing is mapped */
	_Atomic uint32_t maps;         /* odd: something may be mapped at the first of them */
	uint64_t port_seen, time;
	const char *hole; /* the first */
	int64_t hole_result;
};

static struct storm_board *board;
static uint32_t own_slot, peer_slot;

static void hole(struct worker *w, const char *what, int64_t result)
{
	if (board->phase == STORM_END)
		return; /* the judge has seen one elsewhere, and the peer is leaving */
	if (!w->hole) {
		w->hole = what;
		w->hole_result = result;
	}
	w->mine->holes++;
}

/* @result is one of @allowed; true: it is HC_OK. */
static bool may(struct worker *w, const char *what, int64_t result, uint64_t allowed)
{
	if (result > 0 || result <= -64 || !(allowed >> -result & 1))
		hole(w, what, result);
	return result == 0;
}

static bool number(struct worker *w, const char *what, int64_t result, int64_t expected)
{
	if (result != expected)
		hole(w, what, result);
	return result == expected;
}

static uint32_t draw(struct worker *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 17;
	w->random ^= w->random << 5;
	return w->random % below;
}

/* --- what stands in a page --- */

static uint32_t tag_of(uint32_t slot, uint32_t kind, uint32_t serial)
{
	return slot << 24 | kind << 20 | (serial & 0xfffff);
}

static uint64_t word_of(uint32_t tag, uint32_t index)
{
	uint32_t mixed = (tag ^ index * 0x9e3779b9u) * 0x85ebca6bu;

	return (uint64_t)tag << 32 | mixed | 1;
}

static void fill(struct worker *w, uint64_t va, uint32_t kind)
{
	uint32_t tag = tag_of(own_slot, kind, ++w->serial);

	for (uint32_t i = 0; i < WORDS; i++)
		((volatile uint64_t *)va)[i] = word_of(tag, i);
}

/* One page of @kind by the domain in @slot, in one piece; its tag, 0: it is not. */
static uint32_t whole(struct worker *w, uint64_t va, uint32_t slot, uint32_t kind)
{
	const volatile uint64_t *word = (const volatile uint64_t *)va;
	uint32_t tag = (uint32_t)(word[0] >> 32);

	if (tag >> 20 != tag_of(slot, kind, 0) >> 20)
		return 0;
	for (uint32_t i = draw(w, STRIDE); i < WORDS; i += STRIDE)
		if (word[i] != word_of(tag, i))
			return 0;
	return tag;
}

/* Each word is of a letter, of either domain, or else @other. */
static bool letters(struct worker *w, uint64_t va, uint64_t other)
{
	for (uint32_t i = draw(w, STRIDE); i < WORDS; i += STRIDE) {
		uint64_t word = ((const volatile uint64_t *)va)[i];
		uint32_t tag = (uint32_t)(word >> 32), slot = tag >> 24;
		bool letter = word == word_of(tag, i) && (tag >> 20 & 15) == STORM_MAIL;

		if (word != other && !(letter && (slot == own_slot || slot == peer_slot)))
			return false;
	}
	return true;
}

static bool zeros(struct worker *w, uint64_t va)
{
	for (uint32_t i = draw(w, STRIDE); i < WORDS; i += STRIDE)
		if (((const volatile uint64_t *)va)[i])
			return false;
	return true;
}

#endif
