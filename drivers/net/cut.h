/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP packets longer than the wire's, cut by us, for a card or a front that does not do it. */
#ifndef CAMBIUM_NET_CUT_H
#define CAMBIUM_NET_CUT_H

#include "gso.h"

struct gso_cut {
	const struct frame *unit;
	struct gso gso;
	const struct frame *piece; /* where the next payload byte stands, and how far into it */
	uint32_t piece_at;
	uint32_t done; /* bytes of payload */
	uint16_t count;
};

/*
 * Begins to cut @unit, which stays the caller's and unchanged meanwhile. False when gso_read() refuses it, or when its
 * segments do not fit a frame.
 */
bool gso_cut_begin(struct gso_cut *cut, const struct frame *unit);

/*
 * Writes the next segment to the empty frame @segment: headers as RFC 9293 wants them for its part of the payload (IPv4
 * identifications count up, FIN and PSH are the last one's, CWR the first one's: RFC 3168), its checksum blank. False, and
 * nothing written: that was all.
 */
bool gso_cut_next(struct gso_cut *cut, struct frame *segment);

#endif
