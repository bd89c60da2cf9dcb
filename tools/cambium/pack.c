/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Greedy: the last place where the next four bytes stood, by a hash of them. The places are found anew for each piece from
 * what it may look back at, so that a piece depends on the bytes alone.
 */
#include "pack.h"

#include <string.h>

#define PLACES 16384u
#define BACK_MAX 65535u
#define LITERALS_MAX 128u

struct packer {
	const uint8_t *bytes;
	size_t len;
	size_t places[PLACES]; /* one more than where; 0: nowhere */
	uint8_t *out;
	uint32_t used;
	size_t literals; /* first byte that is not in out yet */
};

static size_t *place_of(struct packer *p, size_t at)
{
	uint32_t word;

	memcpy(&word, p->bytes + at, sizeof word);
	return &p->places[word * 0x9e3779b1u >> 18];
}

static void place_note(struct packer *p, size_t at)
{
	if (at + MANAGE_MATCH_MIN <= p->len)
		*place_of(p, at) = at + 1;
}

/* How many bytes from @at on are like those at *@from. */
static uint32_t match_find(struct packer *p, size_t at, size_t *from)
{
	uint32_t n = 0;
	size_t place;

	if (at + MANAGE_MATCH_MIN > p->len)
		return 0;
	place = *place_of(p, at);
	*from = place - 1;
	if (!place || at - *from > BACK_MAX)
		return 0;
	while (n < MANAGE_MATCH_MAX && at + n < p->len && p->bytes[*from + n] == p->bytes[at + n])
		n++;
	return n;
}

/* The bytes up to @end as themselves. */
static void literals_put(struct packer *p, size_t end)
{
	while (p->literals < end) {
		uint32_t n = end - p->literals < LITERALS_MAX ? (uint32_t)(end - p->literals) : LITERALS_MAX;

		p->out[p->used++] = (uint8_t)(n - 1);
		memcpy(p->out + p->used, p->bytes + p->literals, n);
		p->used += n;
		p->literals += n;
	}
}

/* What the bytes up to @end would take as themselves. */
static size_t literals_cost(const struct packer *p, size_t end)
{
	size_t n = end - p->literals;

	return n + (n + LITERALS_MAX - 1) / LITERALS_MAX;
}

uint32_t pack_piece(const uint8_t *bytes, size_t len, size_t *at, uint8_t out[MANAGE_DATA_MAX])
{
	static struct packer p;
	size_t start = *at, end = start;

	p = (struct packer){.bytes = bytes, .len = len, .out = out, .literals = start};
	for (size_t i = start > BACK_MAX ? start - BACK_MAX : 0; i < start; i++)
		place_note(&p, i);
	/* room for the literals so far, one more, and a match */
	while (end < len && end - start + MANAGE_MATCH_MAX <= MANAGE_UNPACKED_MAX &&
	       p.used + literals_cost(&p, end + 1) + 3 <= MANAGE_DATA_MAX) {
		size_t from = 0;
		uint32_t n = match_find(&p, end, &from);

		if (n >= MANAGE_MATCH_MIN) {
			literals_put(&p, end);
			p.out[p.used++] = (uint8_t)(128 + n - MANAGE_MATCH_MIN);
			p.out[p.used++] = (uint8_t)(end - from);
			p.out[p.used++] = (uint8_t)((end - from) >> 8);
			p.literals = end + n;
		} else {
			n = 1;
		}
		for (; n > 0; n--)
			place_note(&p, end++);
	}
	literals_put(&p, end);
	*at = end;
	return p.used;
}
